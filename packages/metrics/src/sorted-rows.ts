/** As many rows at a time it is known how many positive ones come before. */
export const STEP = 16;

interface Sorted {
  /** Ascending: a key orders as its score does, and its last bit is 1 for a positive row. */
  readonly keys: Uint32Array;
  /** The positive rows before every 16th, from the highest score. */
  readonly before: Uint32Array;
  readonly positives: number;
  /** The score of a key, and of its place among them. */
  readonly scoreOf: (key: number, place: number) => number;
  readonly rocAuc: number;
  readonly averagePrecision: number;
  readonly bestF1: FirstRows;
  readonly findBest: (goal: number, first: number, second: number) => FirstRows;
}

/** The best-scored rows, down to some score: how many they are, and how many of them are positive. */
export interface FirstRows {
  readonly rows: number;
  readonly positives: number;
}

/** Rows of two classes from the highest score to the lowest, each counted once. */
export class SortedRows {
  readonly #sorted: Sorted;

  constructor(sorted: Sorted) {
    this.#sorted = sorted;
  }

  get rows(): number {
    return this.#sorted.keys.length;
  }

  get positives(): number {
    return this.#sorted.positives;
  }

  /**
   * The chance that a positive row scores above a negative one, ties counting half, in [0, 1]: the Mann-Whitney statistic
   * (sklearn `roc_auc_score`). One class only: NaN.
   */
  get rocAuc(): number {
    return this.#sorted.rocAuc;
  }

  /**
   * Precision at each distinct score, weighted by the recall gained there, in [0, 1]; no interpolation (sklearn
   * `average_precision_score`). No positive row: NaN; see `valueByConvention`.
   */
  get averagePrecision(): number {
    return this.#sorted.averagePrecision;
  }

  /** The rows down to the threshold of the best F1: see `chooseThreshold`, which is for any goal. */
  get bestF1(): FirstRows {
    return this.#sorted.bestF1;
  }

  /** The rows down to the threshold that is best at a goal of assembly/score-passes.ts; none where no threshold is. */
  findBest(goal: number, first: number, second: number): FirstRows {
    return this.#sorted.findBest(goal, first, second);
  }

  /** The score of the row at a rank from 0 up. */
  scoreAt(rank: number): number {
    return this.#sorted.scoreOf(this.#keyAt(rank), this.rows - 1 - rank);
  }

  /** How many of the first `count` rows are positive. */
  positivesAmong(count: number): number {
    if (count === this.rows) return this.positives;
    const block = Math.floor(count / STEP);
    let found = this.#sorted.before[block]!;
    for (let rank = block * STEP; rank < count; rank++) found += this.#keyAt(rank) & 1;
    return found;
  }

  /** The least number of rows, from `count` up, that does not part rows of one score. */
  endOfTie(count: number): number {
    const score = this.#keyAt(count - 1) >>> 1;
    if (count < this.rows && this.#keyAt(count) >>> 1 < score) return count;
    return this.#firstWhere(count, (rank) => this.#keyAt(rank) >>> 1 < score);
  }

  /** The greatest number of rows, up to `count`, that parts no rows of one score. */
  startOfTie(count: number): number {
    if (count === this.rows) return count;
    const score = this.#keyAt(count) >>> 1;
    return this.#firstWhere(0, (rank) => this.#keyAt(rank) >>> 1 <= score);
  }

  /** How many rows score at least `threshold`. */
  rowsAtLeast(threshold: number): number {
    return this.#firstWhere(0, (rank) => !(this.scoreAt(rank) >= threshold));
  }

  /** The first rank from `low` up that is past a point in the order. */
  #firstWhere(low: number, isPast: (rank: number) => boolean): number {
    let high = this.rows;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isPast(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #keyAt(rank: number): number {
    const { keys } = this.#sorted;
    return keys[keys.length - 1 - rank]!;
  }
}
