/** What can be wrong with the structure of a file. */
export type StructureCode =
  | 'empty'
  | 'encoding'
  | 'line-ends'
  | 'nul'
  | 'quotes'
  | 'field-count'
  | 'header'
  | 'json';

/** A structural fault, and the first places where it shows. Rows with such a fault are counted, but not judged further. */
export interface StructureFault {
  readonly code: StructureCode;
  readonly count: number;
  readonly places: readonly { readonly line?: number; readonly note: string }[];
}

/** What reading one file told of it. */
export interface FileFacts {
  readonly path: string;
  /** The names in the header, or the positions `1`, `2`… where there is none. */
  readonly columns: readonly string[];
  /** The physical line of the header, where the file has one. */
  readonly headerLine?: number;
  /** Rows in the file, header not counted. */
  readonly rows: number;
  /** Rows whose structure is broken: part of `rows`, and not judged. */
  readonly dropped: number;
  readonly faults: readonly StructureFault[];
}

/** A row that breaks a check: where, and the values of the fields that the check shows. */
export interface SeenOffender {
  readonly file: string;
  readonly line?: number;
  readonly row?: number;
  readonly shown: readonly (string | null)[];
  /** A mark of what is in the whole row. */
  readonly print: string;
  /** Line or row where the same key came first, and its file when that is another one. */
  readonly first?: { readonly file: string; readonly position: number };
}

/** What a check was answered: how many rows break it, or the measure; offenders when there are any. */
export interface Answer {
  readonly check: string;
  /** The count of rows, or the measure; null when there is nothing to measure. */
  readonly value: number | null;
  readonly offenders: readonly SeenOffender[];
}

/** All that an engine saw. Checks that it could not ask have no answer. */
export interface Observation {
  readonly files: readonly FileFacts[];
  readonly answers: readonly Answer[];
  /** Values of the first rows, for each field of the plan that asks for them. */
  readonly samples: ReadonlyMap<number, readonly (string | null)[]>;
}
