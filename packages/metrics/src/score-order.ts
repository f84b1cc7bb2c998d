import { argsort } from './argsort.ts';
import type { Weights } from './weights.ts';

/** Binary rows from the highest score to the lowest, sorted once so that a resample is one pass. */
export interface ScoreOrder {
  readonly rows: Uint32Array;
  /** Bit 0: the row is positive. Bit 1: it is the last of those with its score. */
  readonly marks: Uint8Array;
  readonly scores: Float64Array;
}

const POSITIVE = 1;
const LAST_OF_TIE = 2;

/** `isPositive[i]` is 1 for a positive row. `subset` keeps only these rows, told by their number in the whole sample. */
export function orderByScore(scores: Float64Array, isPositive: Uint8Array, subset?: Uint32Array): ScoreOrder {
  const count = scores.length;
  const ascending = argsort(scores);
  const rows = new Uint32Array(count);
  const marks = new Uint8Array(count);
  const sorted = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const here = ascending[count - 1 - i]!;
    rows[i] = subset ? subset[here]! : here;
    sorted[i] = scores[here]!;
    marks[i] = isPositive[here] === 1 ? POSITIVE : 0;
  }
  for (let i = 0; i < count; i++) if (sorted[i] !== sorted[i + 1]) marks[i]! |= LAST_OF_TIE;
  return { rows, marks, scores: sorted };
}

/**
 * The chance that a positive row scores above a negative one, ties counting half, in [0, 1]: the Mann-Whitney statistic
 * (sklearn `roc_auc_score`). One class only: NaN.
 */
export function rocAuc({ rows, marks }: ScoreOrder, weights: Weights): number {
  let positives = 0;
  let negatives = 0;
  let tiedPositives = 0;
  let tiedNegatives = 0;
  let wins = 0;
  for (let i = 0; i < rows.length; i++) {
    const weight = weights[rows[i]!]!;
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
 * `average_precision_score`). No positive row: NaN.
 */
export function averagePrecision({ rows, marks }: ScoreOrder, weights: Weights): number {
  let positives = 0;
  let seen = 0;
  let gained = 0;
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    const weight = weights[rows[i]!]!;
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
export function liftAt({ rows, marks }: ScoreOrder, weights: Weights, share: number): number {
  let all = 0;
  let positives = 0;
  for (let i = 0; i < rows.length; i++) {
    const weight = weights[rows[i]!]!;
    all += weight;
    positives += weight & -(marks[i]! & POSITIVE);
  }
  const cut = Math.max(1, Math.round(all * share));
  let seen = 0;
  let found = 0;
  let tied = 0;
  let tiedPositives = 0;
  for (let i = 0; i < rows.length && seen < cut; i++) {
    const weight = weights[rows[i]!]!;
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

/** Calls `visit` with the counts at every distinct score, from the highest threshold to the lowest. */
function eachThreshold(
  { marks, scores }: ScoreOrder,
  visit: (threshold: number, tp: number, fp: number) => void,
): void {
  let tp = 0;
  for (let i = 0; i < marks.length; i++) {
    tp += marks[i]! & POSITIVE;
    if ((marks[i]! & LAST_OF_TIE) !== 0) visit(scores[i]!, tp, i + 1 - tp);
  }
}

function positivesIn({ marks }: ScoreOrder): number {
  let positives = 0;
  for (let i = 0; i < marks.length; i++) positives += marks[i]! & POSITIVE;
  return positives;
}

function thresholdRow(order: ScoreOrder, threshold: number, tp: number, fp: number): ThresholdRow {
  const positives = positivesIn(order);
  return { threshold, tp, fp, fn: positives - tp, tn: order.marks.length - positives - fp };
}

/** The counts at the given thresholds, in their order. */
export function thresholdTable(order: ScoreOrder, thresholds: readonly number[]): ThresholdRow[] {
  return thresholds.map((threshold) => {
    const called = rowsAtLeast(order.scores, threshold);
    let tp = 0;
    for (let i = 0; i < called; i++) tp += order.marks[i]! & POSITIVE;
    return thresholdRow(order, threshold, tp, called - tp);
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
  const positives = positivesIn(order);
  const negatives = order.marks.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  let best: ThresholdRow | undefined;
  let bestWorth = Number.NEGATIVE_INFINITY;
  eachThreshold(order, (threshold, tp, fp) => {
    const worth = worthOf(goal, { tp, fp, positives, negatives });
    if (worth <= bestWorth) return;
    bestWorth = worth;
    best = { threshold, tp, fp, fn: positives - tp, tn: negatives - fp };
  });
  return best;
}

function worthOf(
  goal: ThresholdGoal,
  { tp, fp, positives, negatives }: { tp: number; fp: number; positives: number; negatives: number },
): number {
  const precision = tp / (tp + fp);
  const recall = tp / positives;
  if ('minimise' in goal) return -(goal.falsePositive * fp + goal.falseNegative * (positives - tp));
  switch (goal.maximise) {
    case 'f1':
      return (2 * tp) / (tp + fp + positives);
    case 'youden':
      return recall - fp / negatives;
    case 'recall':
      return precision >= goal.minPrecision ? recall : Number.NEGATIVE_INFINITY;
    case 'precision':
      return recall >= goal.minRecall ? precision : Number.NEGATIVE_INFINITY;
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
  eachThreshold(order, (_, tp, fp) => {
    roc.add(fp / negatives, tp / positives);
    pr.add(tp / positives, tp / (tp + fp));
  });
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
    if (Math.abs(x - this.#keptX) + Math.abs(y - this.#keptY) >= this.#step) this.#keep();
  }

  finish(): [number, number][] {
    if (this.#isPending) this.#keep();
    return this.#kept;
  }

  #keep(): void {
    this.#kept.push([this.#x, this.#y]);
    this.#keptX = this.#x;
    this.#keptY = this.#y;
    this.#isPending = false;
  }
}
