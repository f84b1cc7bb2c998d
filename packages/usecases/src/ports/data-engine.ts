import type { CheckPlan, CheckResult, TableProfile } from '@rastro/contract';
import type { CodedTexts } from '@rastro/metrics';

/** Where rows come from: files (absolute paths) of one format. Options that are left out are the format's usual ones. */
export interface TableSource {
  readonly files: readonly string[];
  readonly format: 'csv' | 'tsv' | 'jsonl' | 'json' | 'parquet';
  readonly delimiter?: string;
  readonly quote?: string;
  readonly encoding?: string;
  readonly header?: boolean;
  /** What a line begins with that is skipped. Default: no line is. */
  readonly comment?: string;
  /** White space around a field is not part of its value. */
  readonly trim?: boolean;
  /** Texts that stand for a missing value, besides the empty text. */
  readonly missingValues?: readonly string[];
}

export type ColumnType = 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime' | 'time' | 'other';

export interface ColumnDescription {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * What a column is read as: `number` gives NaN for null, and 1 and 0 for true and false; `string` gives texts with null for null;
 * `coded` the same texts, each distinct one once.
 */
export type ColumnKind = 'number' | 'string' | 'coded';

/** With `sql` it is the value of that expression on the columns of the row, and `name` is only what it is called. */
export interface ColumnRequest<Kind extends ColumnKind = 'number' | 'string'> {
  readonly name: string;
  readonly as: Kind;
  readonly sql?: string;
}

export type ColumnData<Kind extends ColumnKind = 'number' | 'string'> = {
  number: Float64Array;
  string: (string | null)[];
  coded: CodedTexts;
}[Kind];

/** Rows of a table by column, in file order. */
export interface Batch<Kind extends ColumnKind = 'number' | 'string'> {
  readonly rows: number;
  readonly columns: readonly ColumnData<Kind>[];
  /** How many rows come after it, where that is known. */
  readonly after?: number;
  /** Gives columns of numbers back when they are no longer read, to be filled again. Those that are kept are simply not given. */
  release?(columns: readonly ColumnData<Kind>[]): void;
}

/** What one check may use; the engine's own choice where it does not say. */
export interface EngineResources {
  /** Memory before it spills to disk, such as `512MB`. */
  readonly memoryLimit?: string;
  readonly threads?: number;
}

/** Reads tables. Same files and request, same rows in the same order. */
export interface DataEngine {
  describe(source: TableSource): Promise<{ columns: ColumnDescription[]; rows: number }>;
  /** Measures every column, to infer a contract from. @throws InputError when the structure of a file is broken. */
  profile(source: TableSource): Promise<TableProfile>;
  /**
   * Streams the requested columns in batches of at most `batchRows`, optionally only rows where a SQL condition holds.
   * @throws InputError when a column is not there (naming the nearest) or a value is not a number.
   */
  read<Kind extends ColumnKind>(
    source: TableSource,
    columns: readonly ColumnRequest<Kind>[],
    options?: { batchRows?: number; where?: string },
  ): AsyncIterable<Batch<Kind>>;
  /**
   * The values of SQL aggregates over columns in memory, each of all rows and of the rows without each of `leaveOut` parts
   * (row r is in part r mod leaveOut). Null where SQL gives null or no finite number.
   * @throws InputError `sql-metric` when one cannot be asked, or does not give one number.
   */
  aggregate(
    columns: readonly { readonly name: string; readonly values: ColumnData }[],
    expressions: readonly string[],
    options: { leaveOut: number },
  ): Promise<{ value: number | null; without: (number | null)[] }[]>;
  /** Runs the plan of a data contract. @throws InputError when the files break structure so far that nothing can be told. */
  check(plan: CheckPlan, resources?: EngineResources): Promise<CheckResult>;
  close(): Promise<void>;
}
