import { kolmogorovTail } from './kolmogorov.ts';

/** Sorted, without missing values. */
export type Sorted = Float64Array;

export function sortedValues(values: Float64Array): Sorted {
  return values.filter((value) => !Number.isNaN(value)).sort();
}

/**
 * The greatest distance between the two empirical distributions, in [0, 1]: the two-sample statistic of Smirnov 1939 (scipy
 * `ks_2samp`). A side without values: NaN.
 */
export function ksDistance(reference: Sorted, current: Sorted): number {
  if (reference.length === 0 || current.length === 0) return Number.NaN;
  let most = 0;
  let i = 0;
  let j = 0;
  while (i < reference.length && j < current.length) {
    const value = Math.min(reference[i]!, current[j]!);
    while (i < reference.length && reference[i]! <= value) i++;
    while (j < current.length && current[j]! <= value) j++;
    most = Math.max(most, Math.abs(i / reference.length - j / current.length));
  }
  return most;
}

/**
 * The p-value of the distance by the limit of large samples (scipy `method="asymp"`): that of one sample of the rounded
 * size n m / (n + m).
 */
export function ksAsymptoticP(distance: number, n: number, m: number): number {
  return kolmogorovTail(Math.max(1, roundHalfEven((n * m) / (n + m))), distance);
}

/** As numpy rounds, so that the p-value is the same one. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest === 0.5 ? below + (below % 2) : Math.round(value);
}

/**
 * The exact p-value without ties (scipy `method="exact"`): the chance that a random path from (0, 0) to (n, m) leaves the
 * band where the empirical distributions are nearer than the distance. Work grows with n m.
 */
export function ksExactP(distance: number, n: number, m: number): number {
  const common = greatestCommonDivisor(n, m);
  const [stepRight, stepUp] = [m / common, n / common];
  const bound = Math.round(distance * stepRight * n);
  if (bound === 0) return 1;
  // leaving[j]: the chance that a path to (i, j) has left the band. Its last step came from the left with chance i / (i + j).
  const leaving = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * stepRight - j * stepUp) >= bound) leaving[j] = 1;
      else if (i === 0 || j === 0) leaving[j] = j === 0 ? leaving[0]! : leaving[j - 1]!;
      else leaving[j] = (i * leaving[j]! + j * leaving[j - 1]!) / (i + j);
    }
  }
  return leaving[m]!;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * The area between the two empirical distributions, in the column's unit: how far values had to be moved, on average (the
 * first Wasserstein distance; scipy `wasserstein_distance`). A side without values: NaN.
 */
export function wasserstein(reference: Sorted, current: Sorted): number {
  if (reference.length === 0 || current.length === 0) return Number.NaN;
  let area = 0;
  let i = 0;
  let j = 0;
  let value = Math.min(reference[0]!, current[0]!);
  while (i < reference.length || j < current.length) {
    const next = Math.min(reference[i] ?? Number.POSITIVE_INFINITY, current[j] ?? Number.POSITIVE_INFINITY);
    area += Math.abs(i / reference.length - j / current.length) * (next - value);
    value = next;
    while (i < reference.length && reference[i]! <= value) i++;
    while (j < current.length && current[j]! <= value) j++;
  }
  return area;
}

/** Standard deviation with n - 1 below the line. Fewer than two values: NaN. */
export function standardDeviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
