import { type Curve, curves } from './curves.ts';
import { readSorted, type ScoredRows } from './score-program.ts';
import type { SortedRows } from './sorted-rows.ts';
import { chooseThreshold, type ThresholdRow, thresholdTable } from './thresholds.ts';

const CURVE_POINTS = 100;
const THRESHOLDS = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/** What the order of all rows by their score tells, each counted once. */
export interface ScoreRanking {
  /** See `SortedRows`. */
  readonly rocAuc: number;
  readonly averagePrecision: number;
  /** The lift at 1 % to 100 % of the rows. */
  readonly lifts: Float64Array;
  /** The counts at 0.05, 0.1 … 0.95. */
  readonly thresholds: readonly ThresholdRow[];
  /** One class only: undefined, as are the curves. */
  readonly bestF1: ThresholdRow | undefined;
  readonly curves: Curve | undefined;
}

export function rankScores(rows: ScoredRows): ScoreRanking {
  return readSorted(rows, (sorted) => ({
    rocAuc: sorted.rocAuc,
    averagePrecision: sorted.averagePrecision,
    lifts: Float64Array.from({ length: 100 }, (_, i) => liftAmong(sorted, (i + 1) / 100)),
    thresholds: thresholdTable(sorted, THRESHOLDS),
    bestF1: chooseThreshold(sorted, { maximise: 'f1' }),
    curves: curves(sorted, CURVE_POINTS),
  }));
}

/**
 * How many times the share of positives among the best-scored `share` of the rows is that of all rows; 1 is no better
 * than chance. Rows that tie at the cut count by their average, so that their order does not matter. No positive: NaN.
 */
export function liftAmong(sorted: SortedRows, share: number): number {
  const { rows, positives } = sorted;
  if (positives === 0) return Number.NaN;
  const cut = Math.max(1, Math.round(rows * share));
  const start = sorted.startOfTie(cut);
  let found = sorted.positivesAmong(start);
  if (start < cut) {
    const end = sorted.endOfTie(cut);
    found += (sorted.positivesAmong(end) - found) * ((cut - start) / (end - start));
  }
  return found / cut / (positives / rows);
}
