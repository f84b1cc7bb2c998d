import type { DuckDBVector } from '@duckdb/node-api';

const SLOTS = 1024;
/** DuckDB keeps a text as four words: its length, and either its bytes (up to 12) or where they are. */
const WORDS = 4;
const LONGEST_INLINE = 12;

/**
 * Reads the texts of a column. Labels and categories come again and again, so a short text that came lately is known by its
 * bytes and not decoded anew; that is twenty times faster, and equal texts are one text in memory.
 */
export class TextReader {
  readonly #words = new Int32Array(SLOTS * WORDS).fill(-1);
  readonly #texts = new Array<string>(SLOTS);

  /** Writes `count` texts from row `from` of a vector of VARCHAR to `column[to]` and after it. */
  read(
    vector: DuckDBVector,
    { column, from, count, to }: { column: (string | null)[]; from: number; count: number; to: number },
  ): void {
    const { dataView, validity } = vector as unknown as {
      dataView: DataView;
      validity: { data: BigUint64Array | null };
    };
    const words = new Int32Array(dataView.buffer, dataView.byteOffset, vector.itemCount * WORDS);
    const { data } = validity;
    const valid = data && new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let row = from; row < from + count; row++) {
      const isMissing = valid !== null && ((valid[row >> 3]! >> (row & 7)) & 1) === 0;
      column[to + row - from] = isMissing ? null : this.#text(words, row, vector);
    }
  }

  #text(words: Int32Array, row: number, vector: DuckDBVector): string {
    const at = row * WORDS;
    const length = words[at]!;
    if (length > LONGEST_INLINE) return vector.getItem(row) as string;
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
      return this.#texts[slot]!;
    }
    const text = vector.getItem(row) as string;
    cache.set([length, first, second, third], known);
    this.#texts[slot] = text;
    return text;
  }
}
