import type { DuckDBVector } from '@duckdb/node-api';
import { CodedTexts, codeIn } from '@rastro/metrics';
import type { ColumnData, ColumnKind } from '@rastro/usecases';
import { TextReader } from './text-reader.ts';
import { isValid, validityOf } from './validity.ts';

/** Rows of a vector, and where they go in a batch. */
export interface Part {
  readonly from: number;
  readonly count: number;
  readonly to: number;
}

/** Takes a column out of the engine, batch by batch. */
export interface ColumnReader {
  begin(rows: number): void;
  take(vector: DuckDBVector, part: Part): void;
  /** The first `rows` rows of the batch. */
  end(rows: number): ColumnData<ColumnKind>;
}

/** Doubles, NaN for null. */
export function numbers(spare: SpareColumns): ColumnReader {
  return numberReader(spare, () => {});
}

/** Doubles, NaN for null. An infinite one is an error. */
export function finiteNumbers(spare: SpareColumns): ColumnReader {
  return numberReader(spare, refuseInfinite);
}

/** Columns that were read and given back. New memory for every batch would keep the garbage collector busy. */
export class SpareColumns {
  readonly #columns: Float64Array[] = [];

  put(columns: readonly ColumnData<ColumnKind>[]): void {
    this.#columns.push(...columns.filter((column) => column instanceof Float64Array));
  }

  take(rows: number): Float64Array {
    const column = this.#columns.pop();
    return column?.length === rows ? column : new Float64Array(rows);
  }
}

function numberReader(spare: SpareColumns, check: (copied: Float64Array) => void): ColumnReader {
  let column: Float64Array = new Float64Array(0);
  return {
    begin(rows) {
      column = spare.take(rows);
    },
    take(vector, { from, count, to }) {
      // The vector's own array is many times faster than its items one by one.
      const { items } = vector as unknown as { items: Float64Array };
      const copied = column.subarray(to, to + count);
      copied.set(items.subarray(from, from + count));
      const validity = validityOf(vector);
      for (let row = 0; validity && row < count; row++) {
        if (!isValid(validity, from + row)) copied[row] = Number.NaN;
      }
      check(copied);
    },
    end: (rows) => (rows === column.length ? column : column.slice(0, rows)),
  };
}

function refuseInfinite(values: Float64Array): void {
  // Not a number as soon as one value is none or is infinite, which is what there is to look for in earnest.
  let zero = 0;
  for (let row = 0; row < values.length; row++) zero += values[row]! - values[row]!;
  if (zero !== 0 && values.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY)) {
    throw new RangeError('a number is infinite');
  }
}

/** Texts, null for null. */
export function texts(): ColumnReader {
  const reader = new TextReader<string | null>((text) => text);
  let column: (string | null)[] = [];
  return {
    begin(rows) {
      column = new Array<string | null>(rows);
    },
    take: (vector, part) => reader.read(vector, { column, ...part }),
    end: (rows) => column.slice(0, rows),
  };
}

/** Texts that are coded as they come: those of all batches by the same list. */
export function codesOfTexts(): ColumnReader {
  const known = new Known();
  const reader = new TextReader<number>((text) => known.code(text));
  return {
    begin: (rows) => known.begin(rows),
    take: (vector, part) => reader.read(vector, { column: known.codes, ...part }),
    end: (rows) => known.end(rows),
  };
}

const SLOTS = 1024;

/** The texts of whole numbers of 64 bits, coded. */
export function codesOfIntegers(): ColumnReader {
  const known = new Known();
  // Most are small, and came lately.
  const integers = new Int32Array(SLOTS);
  const codes = new Int32Array(SLOTS).fill(-1);
  const codeOf = (words: Int32Array, row: number, items: BigInt64Array): number => {
    const low = words[2 * row]!;
    if (words[2 * row + 1] !== low >> 31) return known.code(String(items[row]));
    const slot = low & (SLOTS - 1);
    if (integers[slot] !== low || codes[slot] === -1) {
      integers[slot] = low;
      codes[slot] = known.code(String(low));
    }
    return codes[slot]!;
  };
  return {
    begin: (rows) => known.begin(rows),
    take(vector, { from, count, to }) {
      const { items } = vector as unknown as { items: BigInt64Array };
      const words = new Int32Array(items.buffer, items.byteOffset, 2 * items.length);
      const validity = validityOf(vector);
      for (let row = from; row < from + count; row++) {
        const isThere = validity === undefined || isValid(validity, row);
        known.codes[to + row - from] = isThere ? codeOf(words, row, items) : known.code(null);
      }
    },
    end: (rows) => known.end(rows),
  };
}

/** The texts of a column so far, and the codes of the batch that is being read. */
class Known {
  readonly #codes = new Map<string | null, number>();
  readonly #texts: (string | null)[] = [];
  codes = new Uint32Array(0);

  begin(rows: number): void {
    this.codes = new Uint32Array(rows);
  }

  code(text: string | null): number {
    const code = codeIn(this.#codes, text);
    if (code === this.#texts.length) this.#texts.push(text);
    return code;
  }

  end(rows: number): CodedTexts {
    return new CodedTexts(rows === this.codes.length ? this.codes : this.codes.slice(0, rows), this.#texts);
  }
}
