import { type Confusion, classCounts, rowsCounted } from './confusion.ts';

/** How far the slices of a column lie apart, each in [0, 1]; null when fewer than two slices define it. */
export interface FairnessGap {
  readonly column: string;
  /** Greatest minus least share of rows called positive (Fairlearn `demographic_parity_difference`). */
  readonly demographic_parity: number | null;
  /** The greater of the gaps in true and in false positive rate (Hardt et al. 2016; `equalized_odds_difference`). */
  readonly equalized_odds: number | null;
}

/** Over the binary confusions (class 1 positive) of the slices of one column that have support. */
export function fairnessGap(column: string, confusions: readonly Confusion[]): FairnessGap {
  const positive = confusions.map((confusion) => ({
    ...classCounts(confusion, 1),
    rows: rowsCounted(confusion),
  }));
  const selection = gap(positive.map(({ predicted, rows }) => predicted / rows));
  const found = gap(positive.map(({ hits, support }) => hits / support));
  const alarmed = gap(
    positive.map(({ hits, support, predicted, rows }) => (predicted - hits) / (rows - support)),
  );
  return {
    column,
    demographic_parity: selection,
    equalized_odds: found === null || alarmed === null ? null : Math.max(found, alarmed),
  };
}

function gap(rates: readonly number[]): number | null {
  const known = rates.filter((rate) => Number.isFinite(rate));
  return known.length < 2 ? null : Math.max(...known) - Math.min(...known);
}
