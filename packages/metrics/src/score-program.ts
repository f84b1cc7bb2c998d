import type { Codes } from './coded-texts.ts';
import type { PositiveScores } from './positive-scores.ts';
import type { BinSums } from './probabilities.ts';
import { aligned, type ProgramMemory, reserve, startProgram } from './program.ts';
import { SCORE_PASSES_BINARY } from './score-passes-binary.ts';
import { SortedRows, STEP } from './sorted-rows.ts';

/** Class 0 or 1 of each row: that of its code. */
export interface ClassCodes {
  readonly codes: Codes;
  readonly classOf: Uint8Array;
}

/** Rows of two classes with a score each. */
export interface ScoredRows {
  readonly rows: number;
  readonly scores: PositiveScores;
  readonly truth: ClassCodes;
  /** What the rows were called, where it is not by their scores. */
  readonly labels?: ClassCodes | undefined;
}

/** What rows add up to, each once. Losses and bins are those of probabilities: scores beyond 0 and 1 are put there. */
export interface RowSums {
  /** The first row with a score that is not a number, or -1. Nothing else is worth anything then. */
  readonly firstNaN: number;
  /** The first row whose scores are no probabilities (see `whyNotProbabilities`), or -1. */
  readonly firstUnclear: number;
  /** Counts of rows by truth and by whether their score is at least the threshold; and by truth and label. */
  readonly byScore: Float64Array;
  readonly byLabel: Float64Array;
  /** Rows whose label is not the one of a threshold of 0.5, those with that score left out. */
  readonly disagreements: number;
  /** Sums of `logLosses` and `brierLosses`. */
  readonly logLoss: number;
  readonly brierLoss: number;
  /** By probability of the positive class: see `binByConfidence`. */
  readonly bins: BinSums;
}

interface Global {
  value: number;
}

/** What assembly/score-passes.ts exports. Addresses are positions in its memory. */
interface Exports {
  readonly memory: ProgramMemory;
  readonly CHUNK: Global;
  readonly GIVEN: Global;
  readonly CODES: Global;
  readonly BIN_ROWS: Global;
  readonly BIN_SUMS: Global;
  readonly firstNaN: Global;
  readonly firstUnclear: Global;
  readonly called: Global;
  readonly calledRightly: Global;
  readonly labelled: Global;
  readonly labelledRightly: Global;
  readonly disagreements: Global;
  readonly logLoss: Global;
  readonly brierLoss: Global;
  readonly positives: Global;
  readonly wins: Global;
  readonly precisions: Global;
  readonly bestRows: Global;
  readonly bestPositives: Global;
  heapBase(): number;
  startRows(): void;
  check(rows: number, width: number, first: number): void;
  takeScores(rows: number, width: number, column: number): void;
  takeTruth(rows: number, bytes: number, classOf: number): void;
  takeLabels(rows: number, bytes: number, classOf: number): void;
  addRows(rows: number, threshold: number): void;
  startKeys(): void;
  addKeys(rows: number, keys: number): number;
  addWideKeys(rows: number, keys: number, classes: number): void;
  sort(keys: number, spare: number, rows: number): number;
  sortWide(keys: number, spare: number, classes: number, spareClasses: number, rows: number): number;
  narrow(wide: number, classes: number, keys: number, rows: number): void;
  sweep(keys: number, rows: number, before: number): void;
  findBest(keys: number, rows: number, goal: number, first: number, second: number): void;
}

const BINS = 10;
/** A memory never shrinks: one that has become larger than this is not kept for the next sample. */
const KEPT_BYTES = 2 ** 26;

/** One for all calls, as each would reserve much of the address space. */
let kept: Exports | undefined;

/** What the rows add up to, in one pass over them; `threshold` is the score from which one is called positive. */
export function sumRows(given: ScoredRows, threshold: number): RowSums {
  return withProgram((program) => {
    const { scores, labels } = given;
    program.startRows();
    everyChunk(program, given, (rows, first) => {
      program.check(rows, scores.width, first);
      program.addRows(rows, threshold);
      return true;
    });
    const counts = new Uint32Array(program.memory.buffer, program.BIN_ROWS.value, 4 * BINS);
    const sums = new Float64Array(program.memory.buffer, program.BIN_SUMS.value, 4 * BINS);
    const bins = { length: BINS };
    // By bin and class, for even rows and then for odd ones.
    const both = (list: Uint32Array | Float64Array, at: number) => list[at]! + list[2 * BINS + at]!;
    const outcome = Float64Array.from(bins, (_, bin) => both(counts, 2 * bin + 1));
    const positives = outcome.reduce((sum, count) => sum + count, 0);
    const cells = (called: number, rightly: number) =>
      Float64Array.of(
        given.rows - positives - called + rightly,
        called - rightly,
        positives - rightly,
        rightly,
      );
    return {
      firstNaN: program.firstNaN.value,
      firstUnclear: program.firstUnclear.value,
      byScore: cells(program.called.value, program.calledRightly.value),
      byLabel: labels ? cells(program.labelled.value, program.labelledRightly.value) : new Float64Array(4),
      disagreements: labels ? program.disagreements.value : 0,
      logLoss: program.logLoss.value,
      brierLoss: program.brierLoss.value,
      bins: {
        rows: Float64Array.from(bins, (_, bin) => both(counts, 2 * bin) + outcome[bin]!),
        confidence: Float64Array.from(bins, (_, bin) => both(sums, 2 * bin) + both(sums, 2 * bin + 1)),
        outcome,
      },
    };
  });
}

/** What `read` makes of the rows from the highest score to the lowest, which are there for it alone. Scores must not be NaN. */
export function readSorted<T>(given: ScoredRows, read: (sorted: SortedRows) => T): T {
  return withProgram((program) => {
    const { rows, truth } = given;
    const steps = Math.ceil(rows / STEP);
    const before = aligned(program.heapBase() + truth.classOf.length);
    const free = aligned(before + 4 * steps);
    const { keys, scoreOf } = sortSingles(program, given, free) ?? sortDoubles(program, given, free);
    program.sweep(keys, rows, before);
    const positives = program.positives.value;
    const best = () => ({ rows: program.bestRows.value, positives: program.bestPositives.value });
    const { buffer } = program.memory;
    return read(
      new SortedRows({
        keys: new Uint32Array(buffer, keys, rows),
        before: new Uint32Array(buffer, before, steps),
        positives,
        scoreOf,
        rocAuc: program.wins.value / (positives * (rows - positives)),
        averagePrecision: program.precisions.value / positives,
        bestF1: best(),
        findBest: (goal, first, second) => {
          program.findBest(keys, rows, goal, first, second);
          return best();
        },
      }),
    );
  });
}

interface SortedKeys {
  /** Where they are, ascending, four bytes each: see `SortedRows`. */
  readonly keys: number;
  /** The score of a key and its place. */
  readonly scoreOf: (key: number, place: number) => number;
}

/** Undefined where a score is no float32 from 0 up. */
function sortSingles(program: Exports, given: ScoredRows, free: number): SortedKeys | undefined {
  const { rows } = given;
  const spare = aligned(free + 4 * rows);
  reserve(program.memory, spare + 4 * rows);
  program.startKeys();
  const isFit = everyChunk(
    program,
    { ...given, labels: undefined },
    (count, first) => program.addKeys(count, free + 4 * first) !== 0,
  );
  if (!isFit) return undefined;
  const bits = new Uint32Array(1);
  const score = new Float32Array(bits.buffer);
  return {
    // An address beyond 2 GiB comes as a number below 0.
    keys: program.sort(free, spare, rows) >>> 0,
    scoreOf: (key) => {
      bits[0] = key >>> 1;
      return score[0]!;
    },
  };
}

function sortDoubles(program: Exports, given: ScoredRows, free: number): SortedKeys {
  const { rows } = given;
  const spare = free + 8 * rows;
  const classes = spare + 8 * rows;
  const spareClasses = classes + rows;
  reserve(program.memory, spareClasses + rows);
  program.startKeys();
  everyChunk(program, { ...given, labels: undefined }, (count, first) => {
    program.addWideKeys(count, free + 8 * first, classes + first);
    return true;
  });
  const isMoved = program.sortWide(free, spare, classes, spareClasses, rows) !== 0;
  const [wide, keys] = isMoved ? [spare, free] : [free, spare];
  program.narrow(wide, isMoved ? spareClasses : classes, keys, rows);
  const scores = new Float64Array(program.memory.buffer, wide, rows);
  return { keys, scoreOf: (_, place) => scores[place]! };
}

/** Puts the rows into the memory of the program, some at a time, and has it take their scores and classes, while `work` holds. */
function everyChunk(
  program: Exports,
  { rows, scores, truth, labels }: ScoredRows,
  work: (rows: number, first: number) => boolean,
): boolean {
  const { values, width, column } = scores;
  const truthAt = program.heapBase();
  const labelsAt = truthAt + truth.classOf.length;
  reserve(program.memory, labelsAt + (labels?.classOf.length ?? 0));
  const { buffer } = program.memory;
  const most = program.CHUNK.value;
  const given = new Float64Array(buffer, program.GIVEN.value, most * width);
  const bytes = new Uint8Array(buffer, program.CODES.value, most);
  const words = new Uint32Array(buffer, program.CODES.value, most);
  /** Puts the codes, and answers of how many bytes each is. */
  const put = (codes: Codes, first: number, end: number) => {
    const room = codes instanceof Uint8Array ? bytes : words;
    room.set(codes.subarray(first, end));
    return room.BYTES_PER_ELEMENT;
  };
  new Uint8Array(buffer).set(truth.classOf, truthAt);
  if (labels) new Uint8Array(buffer).set(labels.classOf, labelsAt);
  for (let first = 0; first < rows; first += most) {
    const end = Math.min(rows, first + most);
    given.set(values.subarray(first * width, end * width));
    program.takeScores(end - first, width, column);
    program.takeTruth(end - first, put(truth.codes, first, end), truthAt);
    if (labels) program.takeLabels(end - first, put(labels.codes, first, end), labelsAt);
    if (!work(end - first, first)) return false;
  }
  return true;
}

function withProgram<T>(work: (program: Exports) => T): T {
  const program = kept ?? startProgram<Exports>(SCORE_PASSES_BINARY);
  // Whoever is asked for by the work itself gets another one.
  kept = undefined;
  const made = work(program);
  if (program.memory.buffer.byteLength <= KEPT_BYTES) kept = program;
  return made;
}
