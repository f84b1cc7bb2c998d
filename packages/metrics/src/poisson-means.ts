import { POISSON_MEANS_BINARY } from './poisson-means-binary.ts';
import { PAIR_LIMITS, PAIR_OF_TOP, PAIRS } from './poisson-pairs.ts';

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};
declare function atob(base64: string): string;

/** What assembly/poisson-means.ts exports. Addresses are positions in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
  heapBase(): number;
  tables(pairOfTop: number, pairs: number, limits: number, count: number): void;
  mean(state: number, values: number, rows: number, spare: number): number;
  draw(state: number, counts: number, rows: number, spare: number): void;
  drawTwoMeans(
    state: number,
    counts: number,
    rows: number,
    spare: number,
    first: number,
    second: number,
    out: number,
  ): void;
  twoMeans(counts: number, rows: number, first: number, second: number, out: number): void;
}

const PAGE = 65_536;
/** More rows would not leave all of their room within the 4 GiB of a memory. */
export const MOST_ROWS = 2 ** 28;

/** One for all calls, as each would reserve much of the address space. `holder` is whose columns are in its memory. */
let program: { readonly exports: Exports; readonly free: number; holder?: object | undefined } | undefined;

/**
 * Sets each of `means` to the mean of the values under the next Poisson resample, and moves on the four words of the random
 * numbers. A processor takes two rows at a time, which JavaScript cannot ask of it.
 */
export function fillPoissonMeans(means: Float64Array, values: Float64Array, state: Int32Array): void {
  program ??= start();
  program.holder = undefined;
  const { memory, mean } = program.exports;
  const at = {
    state: program.free,
    values: program.free + 16,
    spare: program.free + 16 + values.byteLength,
  };
  reserve(memory, at.spare + 8 * (values.length >>> 2));
  const own = new Int32Array(memory.buffer, at.state, state.length);
  own.set(state);
  new Float64Array(memory.buffer, at.values, values.length).set(values);
  for (let i = 0; i < means.length; i++) means[i] = mean(at.state, at.values, values.length, at.spare);
  state.set(own);
}

/** Poisson resamples one after another; `state` is the four words of the random numbers, which each one moves on. */
export class PoissonResamples {
  readonly weights: Uint8Array;
  readonly means: Float64Array;
  readonly #columns: readonly Float64Array[];
  readonly #state: Int32Array;

  constructor(rows: number, columns: readonly Float64Array[], state: Int32Array) {
    this.weights = new Uint8Array(rows);
    this.means = new Float64Array(columns.length);
    this.#columns = columns;
    this.#state = state;
  }

  /** Whether so many values leave room for all else within the 4 GiB of a memory. */
  static holds(rows: number, columns: number): boolean {
    return rows * (columns + 1) <= MOST_ROWS;
  }

  next(): void {
    program ??= start();
    const { memory, draw, drawTwoMeans, twoMeans } = program.exports;
    const rows = this.weights.length;
    const count = this.#columns.length;
    const state = program.free;
    const out = state + 16;
    const columns = aligned(out + 8 * (count + 1));
    const counts = columns + 8 * rows * count;
    const spare = aligned(counts + rows);
    reserve(memory, spare + 8 * (rows >>> 2));
    if (program.holder !== this) {
      for (const [index, values] of this.#columns.entries()) {
        new Float64Array(memory.buffer, columns + 8 * rows * index, rows).set(values);
      }
      program.holder = this;
    }
    const own = new Int32Array(memory.buffer, state, this.#state.length);
    own.set(this.#state);
    const at = (index: number) => columns + 8 * rows * Math.min(index, count - 1);
    if (count === 0) draw(state, counts, rows, spare);
    else drawTwoMeans(state, counts, rows, spare, at(0), at(1), out);
    this.#state.set(own);
    for (let index = 2; index < count; index += 2) {
      twoMeans(counts, rows, at(index), at(index + 1), out + 8 * index);
    }
    this.means.set(new Float64Array(memory.buffer, out, count));
    this.weights.set(new Uint8Array(memory.buffer, counts, rows));
  }
}

/** Compiles the program, and puts the tables in its memory. */
function start(): { exports: Exports; free: number } {
  const bytes = Uint8Array.from(atob(POISSON_MEANS_BINARY), (byte) => byte.charCodeAt(0));
  const exports = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
  const { memory } = exports;
  const limits = Uint32Array.from(PAIR_LIMITS.filter((limit) => limit < 2 ** 32));
  const pairOfTop = aligned(exports.heapBase());
  const pairs = aligned(pairOfTop + PAIR_OF_TOP.byteLength);
  const limitsAt = aligned(pairs + PAIRS.byteLength);
  const free = aligned(limitsAt + limits.byteLength);
  reserve(memory, free);
  new Uint16Array(memory.buffer, pairOfTop).set(PAIR_OF_TOP);
  new Uint16Array(memory.buffer, pairs).set(PAIRS);
  new Uint32Array(memory.buffer, limitsAt).set(limits);
  exports.tables(pairOfTop, pairs, limitsAt, limits.length);
  return { exports, free };
}

function reserve(memory: Exports['memory'], bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

function aligned(address: number): number {
  return Math.ceil(address / 16) * 16;
}
