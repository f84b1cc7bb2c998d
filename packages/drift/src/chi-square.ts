import { chiSquareTail } from '@rastro/metrics';

export interface ChiSquare {
  readonly statistic: number;
  readonly freedom: number;
  readonly p: number;
  /** Strength of the association, in [0, 1] (Cramér 1946). */
  readonly cramersV: number;
}

/**
 * Whether two lists of counts over the same categories come from the same population (Pearson's test of homogeneity; scipy
 * `chi2_contingency(correction=False)`). Categories that occur in neither are left out. Fewer than two left, or a side
 * without rows: p is 1.
 */
export function chiSquare(reference: ArrayLike<number>, current: ArrayLike<number>): ChiSquare {
  const [before, after] = [Float64Array.from(reference), Float64Array.from(current)];
  const beforeRows = before.reduce((sum, count) => sum + count, 0);
  const afterRows = after.reduce((sum, count) => sum + count, 0);
  const all = beforeRows + afterRows;
  let statistic = 0;
  let categories = 0;
  for (let i = 0; i < before.length; i++) {
    const both = before[i]! + after[i]!;
    if (both === 0) continue;
    categories++;
    const expectedBefore = (both * beforeRows) / all;
    const expectedAfter = (both * afterRows) / all;
    statistic += (before[i]! - expectedBefore) ** 2 / expectedBefore;
    statistic += (after[i]! - expectedAfter) ** 2 / expectedAfter;
  }
  const freedom = Math.max(0, categories - 1);
  if (freedom === 0 || beforeRows === 0 || afterRows === 0) {
    return { statistic: 0, freedom, p: 1, cramersV: 0 };
  }
  return {
    statistic,
    freedom,
    p: chiSquareTail(statistic, freedom),
    cramersV: Math.sqrt(statistic / all),
  };
}
