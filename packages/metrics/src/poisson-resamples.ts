import { type FixedPoint, fixedPointOf, LIMB, type Limbs, writeLimbs } from './fixed-point.ts';
import { POISSON_RESAMPLES_BINARY } from './poisson-resamples-binary.ts';
import { poissonTable } from './poisson-table.ts';
import { aligned, type ProgramMemory, reserve, startProgram } from './program.ts';
import type { Resamples } from './random.ts';

/** What assembly/poisson-resamples.ts exports. Addresses are positions in its memory. */
interface Exports {
  readonly memory: ProgramMemory;
  heapBase(): number;
  setUp(table: number, limits: number, groups: number, words: number): void;
  draw(state: number, counts: number, rows: number): void;
  add(
    resamples: number,
    states: number,
    sums: number,
    sumBytes: number,
    rows: number,
    counts: number,
    wide: number,
    limbs: number,
    limbCount: number,
    aparts: number,
    apartCount: number,
  ): void;
}

/** So many rows of some columns and their counts stay in the nearest cache. Part of how random numbers are used, see below. */
const BLOCK = 2048;
/** Words of random state that a resample starts from. */
const SEED_WORDS = 16;
/** Resamples that are summed side by side: they share the work of reading a block of the columns. */
const MOST_AT_ONCE = 4096;
/** Resamples of one call: the engine swaps in code that it has compiled better only between calls. */
const CALL = 256;
/** Sums of a column: of its three limbs, and of its values apart. */
const SUMS = 4;

/** One for all calls, as each would reserve much of the address space. */
let program: Program | undefined;

interface Program {
  readonly exports: Exports;
  readonly counts: number;
  readonly wide: number;
  readonly free: number;
}

/**
 * Poisson resamples one after another, with the means of columns under each. Sixteen numbers of `next` are the state of four
 * streams of xoshiro128++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021) that are a resample's own:
 * the first word of each, then the second, and so on. It is drawn in blocks of 2048 rows, 32 rows at a time, from three steps of the
 * streams: bytes that decide the first 16 rows, the second, and bytes whose low half chooses the column of the first 16 and whose
 * high half that of the second. Rows that are undecided then take a word each, in their order, four from each further step.
 */
export class PoissonResamples implements Resamples {
  readonly means: Float64Array;
  readonly #weights: Uint8Array;
  readonly #columns: readonly Column[];
  readonly #next: () => number;
  #left: number;
  #seeds: Uint32Array<ArrayBuffer> = new Uint32Array();
  /** Of all columns for each resample of these seeds. */
  #means: Float64Array = new Float64Array();
  #at = -1;
  #isDrawn = false;

  constructor(rows: number, columns: readonly Float64Array[], count: number, next: () => number) {
    this.means = new Float64Array(columns.length);
    this.#weights = new Uint8Array(rows);
    this.#columns = columns.map((values) => ({ values, fixedPoint: fixedPointOf(values) }));
    this.#next = next;
    this.#left = count;
  }

  /** Drawn when it is asked for: means do without. */
  get weights(): Uint8Array {
    if (!this.#isDrawn) drawPoisson(this.#weights, this.#seeds.subarray(this.#at * SEED_WORDS));
    this.#isDrawn = true;
    return this.#weights;
  }

  next(): void {
    this.#at++;
    this.#isDrawn = false;
    if (this.#at * SEED_WORDS === this.#seeds.length) this.#advance();
    const width = this.means.length;
    this.means.set(this.#means.subarray(this.#at * width, (this.#at + 1) * width));
  }

  #advance(): void {
    const count = Math.min(this.#left, MOST_AT_ONCE);
    if (count === 0) throw new RangeError('there are no more resamples');
    this.#left -= count;
    this.#seeds = poissonSeeds(count, this.#next);
    this.#means = meansOf(this.#columns, this.#weights.length, this.#seeds);
    this.#at = 0;
  }
}

/** What `count` resamples start from. */
export function poissonSeeds(count: number, next: () => number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(count * SEED_WORDS).map(next);
}

/** Sets `counts` to how often each row stands in the resample that starts from the first of the seeds. */
export function drawPoisson(counts: Uint8Array, seeds: Uint32Array): void {
  program ??= start();
  const { exports, free } = program;
  const { memory, draw } = exports;
  reserve(memory, free + 4 * SEED_WORDS);
  new Uint32Array(memory.buffer, free, SEED_WORDS).set(seeds.subarray(0, SEED_WORDS));
  for (let from = 0; from < counts.length; from += BLOCK) {
    const rows = Math.min(BLOCK, counts.length - from);
    draw(free, program.counts, rows);
    counts.set(new Uint8Array(memory.buffer, program.counts, rows), from);
  }
}

interface Column {
  readonly values: Float64Array;
  readonly fixedPoint: FixedPoint;
}

/** Where the sums of some columns under some resamples have their places. */
interface Layout {
  readonly states: number;
  readonly sums: number;
  /** Sums of one resample: how many rows it drew, and then those of each column. */
  readonly sumsOfOne: number;
  readonly limbs: number;
  readonly limbList: number;
  readonly aparts: number;
  readonly end: number;
}

function layoutOf(columns: number, resamples: number, free: number): Layout {
  const sumsOfOne = 1 + SUMS * columns;
  const sums = free + 4 * SEED_WORDS * resamples;
  const limbs = aligned(sums + 8 * sumsOfOne * resamples);
  const limbList = limbs + 3 * columns * 2 * BLOCK;
  const aparts = aligned(limbList + 3 * columns * 8);
  return { states: free, sums, sumsOfOne, limbs, limbList, aparts, end: aparts + columns * BLOCK * 16 };
}

/** The means of all columns under the resample of each seed, one resample after another. */
function meansOf(columns: readonly Column[], rows: number, seeds: Uint32Array): Float64Array {
  const count = seeds.length / SEED_WORDS;
  if (columns.length === 0) return new Float64Array();
  program ??= start();
  const { exports, counts, wide, free } = program;
  const layout = layoutOf(columns.length, count, free);
  const { states, sums, sumsOfOne, limbList, aparts } = layout;
  reserve(exports.memory, layout.end);
  const { buffer } = exports.memory;
  new Uint32Array(buffer, states, seeds.length).set(seeds);
  const summed = new Float64Array(buffer, sums, sumsOfOne * count).fill(0);
  for (let from = 0; from < rows; from += BLOCK) {
    const inBlock = Math.min(BLOCK, rows - from);
    const { limbCount, apartCount } = writeBlock(columns, { from, rows: inBlock }, layout, buffer);
    for (let each = 0; each < count; each += CALL) {
      exports.add(
        Math.min(CALL, count - each),
        states + 4 * SEED_WORDS * each,
        sums + 8 * sumsOfOne * each,
        8 * sumsOfOne,
        inBlock,
        counts,
        wide,
        limbList,
        limbCount,
        aparts,
        apartCount,
      );
    }
  }
  const means = new Float64Array(count * columns.length);
  for (let at = 0, each = 0; each < count; each++) {
    const ofOne = summed.subarray(each * sumsOfOne, (each + 1) * sumsOfOne);
    for (const [index, { fixedPoint }] of columns.entries()) {
      const [high, middle, low, apart] = ofOne.subarray(1 + SUMS * index);
      const whole = (high! * LIMB + middle!) * LIMB + low!;
      means[at++] = (whole * fixedPoint.unit + apart!) / ofOne[0]!;
    }
  }
  return means;
}

/** Puts some rows of all columns where the program adds them. */
function writeBlock(
  columns: readonly Column[],
  { from, rows }: { from: number; rows: number },
  { limbs, limbList, aparts }: Layout,
  buffer: ArrayBuffer,
): { limbCount: number; apartCount: number } {
  const limbWords = new Uint32Array(buffer, limbList);
  const apartValues = new Float64Array(buffer, aparts);
  const apartWords = new Uint32Array(buffer, aparts);
  let limbCount = 0;
  let apartCount = 0;
  for (const [index, { values, fixedPoint }] of columns.entries()) {
    const sum = 1 + SUMS * index;
    const placeOf = (limb: number) => limbs + (3 * index + limb) * 2 * BLOCK;
    const written: Limbs = [
      new Int16Array(buffer, placeOf(0), rows),
      new Int16Array(buffer, placeOf(1), rows),
      new Int16Array(buffer, placeOf(2), rows),
    ];
    const { isUsed, apart } = writeLimbs(values, fixedPoint, from, written);
    for (const [limb, used] of isUsed.entries()) {
      if (used) limbWords.set([placeOf(limb), sum + limb], 2 * limbCount++);
    }
    for (const row of apart) {
      apartValues[2 * apartCount] = values[from + row]!;
      apartWords.set([row, sum + 3], 4 * apartCount++ + 2);
    }
  }
  return { limbCount, apartCount };
}

/** Compiles the program, and puts the table in its memory. */
function start(): Program {
  const exports = startProgram<Exports>(POISSON_RESAMPLES_BINARY);
  const { memory } = exports;
  const { columns, limits } = poissonTable();
  const within = Uint32Array.from(limits.filter((limit) => limit < 2 ** 32));
  const table = aligned(exports.heapBase());
  const words = aligned(table + 4 * columns.length + within.byteLength);
  const groups = words + 16;
  const counts = aligned(groups + (4 * BLOCK) / 32);
  const wide = counts + BLOCK;
  const free = wide + 2 * BLOCK;
  reserve(memory, free);
  const put = (at: number, bytes: readonly number[]) =>
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
  put(
    table,
    columns.map(({ cut }) => cut),
  );
  put(
    table + 16,
    columns.map(({ other }) => other),
  );
  put(
    table + 32,
    columns.map(({ below, other }) => below ^ other),
  );
  put(
    table + 48,
    columns.map(() => columns.length - 1),
  );
  new Uint32Array(memory.buffer, table + 64, within.length).set(within);
  exports.setUp(table, within.length, groups, words);
  return { exports, counts, wide, free };
}
