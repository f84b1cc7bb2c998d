import { fault, InputError } from '@rastro/fault';
import { countBins, quantileBins } from './bins.ts';
import { type ChiSquare, chiSquare } from './chi-square.ts';
import {
  hellinger,
  jensenShannon,
  lInfinity,
  proportions,
  psi,
  psiNoise,
  totalVariation,
} from './proportions.ts';
import {
  ksAsymptoticP,
  ksDistance,
  ksExactP,
  type Sorted,
  sortedValues,
  standardDeviation,
  wasserstein,
} from './two-samples.ts';

/** Numbers with NaN for a missing value, or texts with null. */
export type ColumnValues = Float64Array | readonly (string | null)[];

/** What both kinds of column have. Shares are in [0, 1]. Null where a side without values leaves a measure undefined. */
interface Common {
  readonly referenceRows: number;
  readonly currentRows: number;
  /** Rows without a value. */
  readonly referenceMissing: number;
  readonly currentMissing: number;
  /** Homogeneity of missing and present rows; p is 1 when no row is missing. */
  readonly missing: ChiSquare;
  /** PSI of the values alone, and with bins for missing values and for values that the reference never had. */
  readonly psi: number | null;
  readonly psiTotal: number;
  /** The PSI to expect without any drift, from the numbers of rows and bins. */
  readonly psiNoise: number | null;
  /** Over the same bins or categories, to base 2. */
  readonly jensenShannon: number | null;
  readonly hellinger: number | null;
  readonly lInfinity: number | null;
}

export interface NumericComparison extends Common {
  readonly kind: 'numeric';
  /** Greatest distance of the empirical distributions and its p-value. */
  readonly ks: number | null;
  readonly ksP: number;
  readonly ksMethod: 'exact' | 'asymptotic';
  /** In the column's unit, and over the reference's standard deviation (n - 1); null where that is undefined. */
  readonly wasserstein: number | null;
  readonly wassersteinScaled: number | null;
  /** Share of the current values below the reference's least and above its greatest. */
  readonly underflow: number;
  readonly overflow: number;
}

export interface CategoricalComparison extends Common {
  readonly kind: 'categorical';
  /** Over every category, as it is. */
  readonly chiSquare: ChiSquare;
  /** Over the categories that expect at least five rows on both sides, the others as one: the test that is valid. */
  readonly pooled: ChiSquare;
  readonly totalVariation: number;
  readonly categories: number;
  /** Categories that only the current data has, most rows first, and the share of its values that they hold. */
  readonly newCategories: readonly string[];
  readonly newShare: number;
  /** Categories that only the reference has. */
  readonly lostCategories: readonly string[];
}

export type ColumnComparison = NumericComparison | CategoricalComparison;

/** Work of the exact test, n x m, above which the asymptotic p-value is taken; both agree to three digits there. */
const EXACT_WORK = 1_000_000;
const LEAST_EXPECTED = 5;

/**
 * How far the current values of a column lie from those of the reference: distances, tests, and what is new. Missing values
 * are left out of every measure of values and told apart. A side without values leaves distances null and p at 1.
 * @throws InputError when one side is numbers and the other texts.
 */
export function compareColumns(reference: ColumnValues, current: ColumnValues): ColumnComparison {
  if (reference instanceof Float64Array && current instanceof Float64Array) {
    return compareNumeric(reference, current);
  }
  if (!(reference instanceof Float64Array) && !(current instanceof Float64Array)) {
    return compareCategorical(reference, current);
  }
  throw new InputError(
    fault(
      'column-type-differs',
      'a column is numbers on one side and texts on the other',
      undefined,
      'Read the column as the same type in the reference and in the current data.',
    ),
  );
}

function compareNumeric(reference: Float64Array, current: Float64Array): NumericComparison {
  const before = sortedValues(reference);
  const after = sortedValues(current);
  const bins = quantileBins(before);
  const [counts, others] = [countBins(before, bins), countBins(after, bins)];
  const below = outside(before, after, (value, least) => value < least);
  const above = outside(before, after, (value, _, greatest) => value > greatest);
  const inside = countBins(
    after.filter((value) => value >= before[0]! && value <= before.at(-1)!),
    bins,
  );
  const total = psi(
    proportions([...counts, 0, 0, reference.length - before.length]),
    proportions([...inside, below, above, current.length - after.length]),
  );
  const distance = ksDistance(before, after);
  const area = wasserstein(before, after);
  return {
    kind: 'numeric',
    ...common(reference.length, before.length, current.length, after.length),
    ...shares(counts, others),
    psiTotal: total,
    ks: finite(distance),
    ...ksTest(distance, before.length, after.length),
    wasserstein: finite(area),
    wassersteinScaled: finite(area / standardDeviation(before)),
    underflow: after.length === 0 ? 0 : below / after.length,
    overflow: after.length === 0 ? 0 : above / after.length,
  };
}

function ksTest(distance: number, n: number, m: number) {
  if (n === 0 || m === 0) return { ksP: 1, ksMethod: 'exact' as const };
  return n * m <= EXACT_WORK
    ? { ksP: ksExactP(distance, n, m), ksMethod: 'exact' as const }
    : { ksP: ksAsymptoticP(distance, n, m), ksMethod: 'asymptotic' as const };
}

function outside(
  reference: Sorted,
  current: Sorted,
  isOutside: (value: number, least: number, greatest: number) => boolean,
): number {
  if (reference.length === 0) return 0;
  return current.filter((value) => isOutside(value, reference[0]!, reference.at(-1)!)).length;
}

function compareCategorical(
  reference: readonly (string | null)[],
  current: readonly (string | null)[],
): CategoricalComparison {
  const before = countCategories(reference);
  const after = countCategories(current);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const counts = Float64Array.from(names, (name) => before.get(name) ?? 0);
  const others = Float64Array.from(names, (name) => after.get(name) ?? 0);
  const [beforeRows, afterRows] = [sum(counts), sum(others)];
  const pooled = pool(counts, others);
  const fresh = names.filter((name) => !before.has(name));
  fresh.sort((a, b) => after.get(b)! - after.get(a)!);
  const freshRows = fresh.reduce((so, name) => so + after.get(name)!, 0);
  return {
    kind: 'categorical',
    ...common(reference.length, beforeRows, current.length, afterRows),
    ...shares(counts, others),
    psiTotal: psi(
      proportions([...pooled.reference, reference.length - beforeRows]),
      proportions([...pooled.current, current.length - afterRows]),
    ),
    psiNoise: finite(psiNoise(pooled.reference.length, beforeRows, afterRows)),
    chiSquare: chiSquare(counts, others),
    pooled: chiSquare(pooled.reference, pooled.current),
    totalVariation: totalVariation(proportions(counts), proportions(others)),
    categories: before.size,
    newCategories: fresh,
    newShare: afterRows === 0 ? 0 : freshRows / afterRows,
    lostCategories: names.filter((name) => !after.has(name)),
  };
}

function countCategories(values: readonly (string | null)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Categories too rare for the chi-square test as one. */
function pool(reference: Float64Array, current: Float64Array): { reference: number[]; current: number[] } {
  const [before, after] = [sum(reference), sum(current)];
  const isCommon = (i: number) => {
    const both = reference[i]! + current[i]!;
    return (both * Math.min(before, after)) / (before + after) >= LEAST_EXPECTED;
  };
  const kept = [...reference.keys()].filter(isCommon);
  const rest = (counts: Float64Array, rows: number) => rows - kept.reduce((so, i) => so + counts[i]!, 0);
  const list = (counts: Float64Array, rows: number) => [...kept.map((i) => counts[i]!), rest(counts, rows)];
  return { reference: list(reference, before), current: list(current, after) };
}

function common(referenceRows: number, referenceValues: number, currentRows: number, currentValues: number) {
  const [referenceMissing, currentMissing] = [referenceRows - referenceValues, currentRows - currentValues];
  return {
    referenceRows,
    currentRows,
    referenceMissing,
    currentMissing,
    missing: chiSquare([referenceMissing, referenceValues], [currentMissing, currentValues]),
  };
}

function shares(referenceCounts: Float64Array, currentCounts: Float64Array) {
  const [before, after] = [proportions(referenceCounts), proportions(currentCounts)];
  const isEmpty = sum(referenceCounts) === 0 || sum(currentCounts) === 0;
  const unlessEmpty = (distance: number) => (isEmpty ? null : distance);
  return {
    psi: unlessEmpty(psi(before, after)),
    psiNoise: finite(psiNoise(before.length, sum(referenceCounts), sum(currentCounts))),
    jensenShannon: unlessEmpty(jensenShannon(before, after)),
    hellinger: unlessEmpty(hellinger(before, after)),
    lInfinity: unlessEmpty(lInfinity(before, after)),
  };
}

function sum(counts: Float64Array): number {
  return counts.reduce((so, count) => so + count, 0);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
