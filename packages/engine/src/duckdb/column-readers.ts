import type { DuckDBVector } from '@duckdb/node-api';
import { CodedTexts, codeIn } from '@rastro/metrics';
import type { ColumnData, ColumnKind } from '@rastro/usecases';
import { freeMemory } from '../free-memory.ts';
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
  /** Whether the vector's own values are kept as the column: nobody else may have them. */
  take(vector: DuckDBVector, part: Part): boolean;
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

/** Columns kept to be filled again; a batch rarely has more. */
const MOST_SPARE = 64;

/** Columns that were read and given back. New memory for every batch would keep the garbage collector busy. */
export class SpareColumns {
  readonly #columns: Float64Array[] = [];

  put(columns: readonly ColumnData<ColumnKind>[]): void {
    for (const column of columns) {
      if (!(column instanceof Float64Array)) continue;
      if (this.#columns.length < MOST_SPARE) this.#columns.push(column);
      else freeMemory(column);
    }
  }

  take(rows: number): Float64Array {
    const column = this.#columns.pop();
    return column?.length === rows ? column : new Float64Array(rows);
  }
}

function numberReader(spare: SpareColumns, check: (values: Float64Array) => void): ColumnReader {
  let rows = 0;
  let column: Float64Array | undefined;
  return {
    begin(most) {
      rows = most;
      column = undefined;
    },
    take(vector, { from, count, to }) {
      // The vector's own array is many times faster than its items one by one.
      const { items } = vector as unknown as { items: Float64Array };
      const isAll = count === rows && count === items.length;
      column ??= isAll ? items : spare.take(rows);
      const values = isAll ? items : column.subarray(to, to + count);
      if (!isAll) values.set(items.subarray(from, from + count));
      const validity = validityOf(vector);
      for (let row = 0; validity && row < count; row++) {
        if (!isValid(validity, from + row)) values[row] = Number.NaN;
      }
      check(values);
      return isAll;
    },
    end: (filled) => (filled === column!.length ? column! : column!.slice(0, filled)),
  };
}

function refuseInfinite(values: Float64Array): void {
  // Not a number as soon as one value is none or is infinite, which is what there is to look for in earnest. Four sums, because one
  // would wait for each addition.
  let [a, b, c, d] = [0, 0, 0, 0];
  const fours = values.length - (values.length & 3);
  for (let row = 0; row < fours; row += 4) {
    a += values[row]! * 0;
    b += values[row + 1]! * 0;
    c += values[row + 2]! * 0;
    d += values[row + 3]! * 0;
  }
  for (let row = fours; row < values.length; row++) a += values[row]! * 0;
  if (a + b + c + d === 0) return;
  if (values.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY)) {
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
    take(vector, part) {
      reader.read(vector, { column, ...part });
      return false;
    },
    end: (rows) => column.slice(0, rows),
  };
}

/** Texts that are coded as they come: those of all batches by the same list. */
export function codesOfTexts(): ColumnReader {
  const known = new Known();
  const reader = new TextReader<number>((text) => known.code(text));
  return {
    begin: (rows) => known.begin(rows),
    take(vector, part) {
      reader.read(vector, { column: known.codes, ...part });
      return false;
    },
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
      return false;
    },
    end: (rows) => known.end(rows),
  };
}

/** Texts whose codes a byte holds. */
const BYTE_CODES = 256;

/** The texts of a column so far, and the codes of the batch that is being read. */
class Known {
  readonly #codes = new Map<string | null, number>();
  readonly #texts: (string | null)[] = [];
  codes = new Uint32Array(0);

  begin(rows: number): void {
    if (this.codes.length !== rows) this.codes = new Uint32Array(rows);
  }

  code(text: string | null): number {
    const code = codeIn(this.#codes, text);
    if (code === this.#texts.length) this.#texts.push(text);
    return code;
  }

  end(rows: number): CodedTexts {
    const codes = this.codes.subarray(0, rows);
    const isNarrow = this.#texts.length <= BYTE_CODES;
    return new CodedTexts(isNarrow ? Uint8Array.from(codes) : codes.slice(), this.#texts);
  }
}
