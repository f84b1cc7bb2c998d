import type { FirstRows, SortedRows } from './sorted-rows.ts';

/** Counts at one threshold: a row is called positive when its score is at least the threshold. */
export interface ThresholdRow {
  readonly threshold: number;
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

/** The counts at the given thresholds, in their order. */
export function thresholdTable(sorted: SortedRows, thresholds: readonly number[]): ThresholdRow[] {
  return thresholds.map((threshold) => {
    const rows = sorted.rowsAtLeast(threshold);
    return rowOf(sorted, threshold, { rows, positives: sorted.positivesAmong(rows) });
  });
}

/** The counts when the first rows are called positive. */
function rowOf(sorted: SortedRows, threshold: number, { rows, positives: tp }: FirstRows): ThresholdRow {
  const fn = sorted.positives - tp;
  return { threshold, tp, fp: rows - tp, fn, tn: sorted.rows - rows - fn };
}

/** What the chosen threshold is best at. A bound that no threshold keeps gives undefined. */
export type ThresholdGoal =
  | { readonly maximise: 'f1' | 'youden' }
  | { readonly maximise: 'recall'; readonly minPrecision: number }
  | { readonly maximise: 'precision'; readonly minRecall: number }
  | { readonly minimise: 'cost'; readonly falsePositive: number; readonly falseNegative: number };

/** The best of all distinct scores as a threshold; of equals the highest. One class only: undefined. */
export function chooseThreshold(sorted: SortedRows, goal: ThresholdGoal): ThresholdRow | undefined {
  if (sorted.positives === 0 || sorted.positives === sorted.rows) return undefined;
  const best = firstRowsBy(goal, sorted);
  return best.rows === 0 ? undefined : rowOf(sorted, sorted.scoreAt(best.rows - 1), best);
}

/** Goals by their number in assembly/score-passes.ts, which says what a threshold is worth. */
function firstRowsBy(goal: ThresholdGoal, sorted: SortedRows): FirstRows {
  if ('minimise' in goal) return sorted.findBest(3, goal.falsePositive, goal.falseNegative);
  switch (goal.maximise) {
    case 'f1':
      return sorted.bestF1;
    case 'youden':
      return sorted.findBest(0, 0, 0);
    case 'recall':
      return sorted.findBest(1, goal.minPrecision, 0);
    case 'precision':
      return sorted.findBest(2, goal.minRecall, 0);
  }
}
