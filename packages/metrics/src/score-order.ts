import { argsort } from './argsort.ts';
import { LAST_OF_TIE, POSITIVE, sortScores } from './score-sort.ts';
import { isOnes, type Weights } from './weights.ts';

/** Binary rows from the highest score to the lowest, sorted once so that a resample is one pass. */
export interface ScoreOrder {
  readonly scores: Float64Array;
  /** `POSITIVE` and `LAST_OF_TIE`. */
  readonly marks: Uint8Array;
  /** Which row stands where. */
  readonly rows: Uint32Array;
}

/** `isPositive[i]` is 1 for a positive row. `subset` keeps only these rows, told by their number in the whole sample. */
export function orderByScore(scores: Float64Array, isPositive: Uint8Array, subset?: Uint32Array): ScoreOrder {
  const sorted = sortScores(scores, isPositive);
  let rows: Uint32Array | undefined;
  return {
    scores: sorted.scores,
    marks: sorted.marks,
    // Only a resample asks which row it was.
    get rows() {
      rows ??= numbered(sorted.rows ?? argsort(scores).reverse(), subset);
      return rows;
    },
  };
}

function numbered(rows: Uint32Array, subset: Uint32Array | undefined): Uint32Array {
  return subset ? rows.map((row) => subset[row]!) : rows;
}

/** The weights of rows in the order of their scores, as the measures below read them. */
export function weightsByRank(order: ScoreOrder, weights: Weights): Weights {
  if (isOnes(weights)) return weights;
  const { rows } = order;
  const ranked = new Uint8Array(rows.length);
  for (let i = 0; i < ranked.length; i++) ranked[i] = weights[rows[i]!]!;
  return ranked;
}

/**
 * The chance that a positive row scores above a negative one, ties counting half, in [0, 1]: the Mann-Whitney statistic
 * (sklearn `roc_auc_score`). One class only: NaN.
 */
export function rocAuc({ marks }: ScoreOrder, ranked: Weights): number {
  let positives = 0;
  let negatives = 0;
  let tiedPositives = 0;
  let tiedNegatives = 0;
  let wins = 0;
  for (let i = 0; i < marks.length; i++) {
    const weight = ranked[i]!;
    const mark = marks[i]!;
    // Without a branch on the class, which no processor can foresee.
    const found = weight & -(mark & POSITIVE);
    tiedPositives += found;
    tiedNegatives += weight - found;
    if ((mark & LAST_OF_TIE) !== 0) {
      wins += tiedNegatives * (positives + tiedPositives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
      tiedPositives = 0;
      tiedNegatives = 0;
    }
  }
  return wins / (positives * negatives);
}

/**
 * Precision at each distinct score, weighted by the recall gained there, in [0, 1]; no interpolation (sklearn
 * `average_precision_score`). No positive row: NaN; see `valueByConvention`.
 */
export function averagePrecision({ marks }: ScoreOrder, ranked: Weights): number {
  let positives = 0;
  let seen = 0;
  let gained = 0;
  let sum = 0;
  for (let i = 0; i < marks.length; i++) {
    const weight = ranked[i]!;
    const mark = marks[i]!;
    seen += weight;
    gained += weight & -(mark & POSITIVE);
    if (gained > 0 && (mark & LAST_OF_TIE) !== 0) {
      positives += gained;
      sum += gained * (positives / seen);
      gained = 0;
    }
  }
  return sum / positives;
}

/**
 * How many times the share of positives among the best-scored `share` of the rows is that of all rows; 1 is no better
 * than chance. Rows that tie at the cut count by their average, so that their order does not matter. No positive: NaN.
 */
export function liftAt({ marks }: ScoreOrder, ranked: Weights, share: number): number {
  let all = 0;
  let positives = 0;
  for (let i = 0; i < marks.length; i++) {
    const weight = ranked[i]!;
    all += weight;
    positives += weight & -(marks[i]! & POSITIVE);
  }
  const cut = Math.max(1, Math.round(all * share));
  let seen = 0;
  let found = 0;
  let tied = 0;
  let tiedPositives = 0;
  for (let i = 0; i < marks.length && seen < cut; i++) {
    const weight = ranked[i]!;
    tied += weight;
    if ((marks[i]! & POSITIVE) !== 0) tiedPositives += weight;
    if ((marks[i]! & LAST_OF_TIE) !== 0 && tied > 0) {
      const taken = Math.min(tied, cut - seen);
      found += tiedPositives * (taken / tied);
      seen += taken;
      tied = 0;
      tiedPositives = 0;
    }
  }
  return found / cut / (positives / all);
}

/** Counts at one threshold: a row is called positive when its score is at least the threshold. */
export interface ThresholdRow {
  readonly threshold: number;
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

function positivesIn({ marks }: ScoreOrder): number {
  return positivesBetween(marks, 0, marks.length);
}

function positivesBetween(marks: Uint8Array, start: number, end: number): number {
  let positives = 0;
  for (let i = start; i < end; i++) positives += marks[i]! & POSITIVE;
  return positives;
}

/** The counts at the given thresholds, in their order. */
export function thresholdTable(order: ScoreOrder, thresholds: readonly number[]): ThresholdRow[] {
  const { scores, marks } = order;
  const called = thresholds.map((threshold) => rowsAtLeast(scores, threshold));
  const hits = new Map<number, number>();
  let at = 0;
  let tp = 0;
  for (const end of called.toSorted((a, b) => a - b)) {
    tp += positivesBetween(marks, at, end);
    at = end;
    hits.set(end, tp);
  }
  const positives = positivesIn(order);
  return thresholds.map((threshold, i) => {
    const tp = hits.get(called[i]!)!;
    const fp = called[i]! - tp;
    return { threshold, tp, fp, fn: positives - tp, tn: marks.length - positives - fp };
  });
}

function rowsAtLeast(descending: Float64Array, threshold: number): number {
  let low = 0;
  let high = descending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (descending[middle]! >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What the chosen threshold is best at. A bound that no threshold keeps gives undefined. */
export type ThresholdGoal =
  | { readonly maximise: 'f1' | 'youden' }
  | { readonly maximise: 'recall'; readonly minPrecision: number }
  | { readonly maximise: 'precision'; readonly minRecall: number }
  | { readonly minimise: 'cost'; readonly falsePositive: number; readonly falseNegative: number };

/** The best of all distinct scores as a threshold; of equals the highest. One class only: undefined. */
export function chooseThreshold(order: ScoreOrder, goal: ThresholdGoal): ThresholdRow | undefined {
  const { scores, marks } = order;
  const positives = positivesIn(order);
  const negatives = marks.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  const worth = worthBy(goal, positives, negatives);
  let best: { readonly at: number; readonly tp: number } | undefined;
  let bestWorth = Number.NEGATIVE_INFINITY;
  let tp = 0;
  let tried = -1;
  for (let at = 0; at < marks.length; at++) {
    tp += marks[at]! & POSITIVE;
    // Negative rows alone make no threshold better.
    if ((marks[at]! & LAST_OF_TIE) === 0 || tp === tried) continue;
    tried = tp;
    const found = worth(tp, at + 1 - tp);
    if (found <= bestWorth) continue;
    bestWorth = found;
    best = { at, tp };
  }
  if (!best) return undefined;
  const fp = best.at + 1 - best.tp;
  return {
    threshold: scores[best.at]!,
    tp: best.tp,
    fp,
    fn: positives - best.tp,
    tn: negatives - fp,
  };
}

/** What a threshold is worth by the rows that it calls rightly and wrongly; greater is better. */
function worthBy(
  goal: ThresholdGoal,
  positives: number,
  negatives: number,
): (tp: number, fp: number) => number {
  if ('minimise' in goal) {
    const { falsePositive, falseNegative } = goal;
    return (tp, fp) => -(falsePositive * fp + falseNegative * (positives - tp));
  }
  switch (goal.maximise) {
    case 'f1':
      return (tp, fp) => (2 * tp) / (tp + fp + positives);
    case 'youden':
      return (tp, fp) => tp / positives - fp / negatives;
    case 'recall':
      return (tp, fp) => (tp / (tp + fp) >= goal.minPrecision ? tp / positives : Number.NEGATIVE_INFINITY);
    case 'precision':
      return (tp, fp) => (tp / positives >= goal.minRecall ? tp / (tp + fp) : Number.NEGATIVE_INFINITY);
  }
}

export interface Curve {
  /** [false positive rate, true positive rate] from (0, 0) to (1, 1). */
  readonly roc: [number, number][];
  /** [recall, precision] from the highest threshold to the lowest. */
  readonly pr: [number, number][];
}

/**
 * The ROC and precision-recall curves, thinned for drawing: about `points` of each, the first and the last among them,
 * spread evenly along the curve. One class only: undefined.
 */
export function curves(order: ScoreOrder, points: number): Curve | undefined {
  const positives = positivesIn(order);
  const negatives = order.marks.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  const roc = new Thinned(points);
  const pr = new Thinned(points);
  roc.add(0, 0);
  const { marks } = order;
  const all = marks.length;
  // The rows from which a curve may have come far enough. Whatever is skipped would not have been kept.
  let rocFrom = roc.missing * Math.min(positives, negatives);
  let prFrom = 0;
  let tp = 0;
  let rows = 0;
  while (rows < all) {
    const next = Math.min(all, Math.max(rows + 1, Math.ceil(Math.min(rocFrom, prFrom))));
    tp += positivesBetween(marks, rows, next);
    rows = next;
    for (; (marks[rows - 1]! & LAST_OF_TIE) === 0; rows++) tp += marks[rows]! & POSITIVE;
    if (rows >= rocFrom || rows === all) {
      roc.add((rows - tp) / negatives, tp / positives);
      rocFrom = rows + roc.missing * Math.min(positives, negatives);
    }
    if (rows >= prFrom || rows === all) {
      pr.add(tp / positives, tp / rows);
      prFrom = rows + pr.missing / (1 / positives + 1 / rows);
    }
  }
  return { roc: roc.finish(), pr: pr.finish() };
}

/** A curve inside the unit square that keeps a point each time it has come 2 / points further along either axis. */
class Thinned {
  readonly #kept: [number, number][] = [];
  readonly #step: number;
  // Numbers and not points: a point for each of a million thresholds would be garbage.
  #keptX = Number.POSITIVE_INFINITY;
  #keptY = 0;
  #x = 0;
  #y = 0;
  #isPending = false;

  constructor(points: number) {
    this.#step = 2 / points;
  }

  add(x: number, y: number): void {
    this.#x = x;
    this.#y = y;
    this.#isPending = true;
    if (this.#distance() >= this.#step) this.#keep();
  }

  /** How far a point must at least be from the one that was added last to be kept, less what rounding may add. */
  get missing(): number {
    return (this.#step - this.#distance()) * (1 - 1e-9) - 1e-12;
  }

  finish(): [number, number][] {
    if (this.#isPending) this.#keep();
    return this.#kept;
  }

  #distance(): number {
    return Math.abs(this.#x - this.#keptX) + Math.abs(this.#y - this.#keptY);
  }

  #keep(): void {
    this.#kept.push([this.#x, this.#y]);
    this.#keptX = this.#x;
    this.#keptY = this.#y;
    this.#isPending = false;
  }
}
