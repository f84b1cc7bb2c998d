import { normalQuantile, normalTail } from './distributions.ts';
import type { RandomSource } from './random.ts';
import { type Measurer, readingsOf, readingUnder } from './reading.ts';
import { ones } from './weights.ts';

export type IntervalMethod = 'percentile' | 'bca';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A share of resamples without a value above this leaves no interval: it would be that of other data. */
const MOST_UNDEFINED = 0.1;
const JACKKNIFE_GROUPS = 200;

/**
 * The values of each metric over resamples of the rows (as many rows drawn with replacement), one array a metric, in the
 * order drawn, NaN where a resample leaves the metric undefined.
 */
export function replicates(
  measurer: Measurer,
  rows: number,
  { resamples, random }: { resamples: number; random: RandomSource },
): Float64Array[] {
  const columns = measurer.columns();
  const drawn = random.resamples(rows, columns, resamples);
  const readingOf = readingsOf(columns);
  const values = measurer.names.map(() => new Float64Array(resamples));
  for (let round = 0; round < resamples; round++) {
    drawn.next();
    const measured = measurer.measure(readingOf(drawn.means, () => drawn.weights));
    for (let i = 0; i < values.length; i++) values[i]![round] = measured[i]!;
  }
  return values;
}

/**
 * The percentile interval (Efron 1979): quantiles of the replicates, interpolated linearly as numpy does. Undefined when
 * there are fewer than two or more than a tenth of the replicates is NaN.
 */
export function percentileInterval(replicates: Float64Array, confidence: number): Interval | undefined {
  const sorted = defined(replicates);
  const tail = (1 - confidence) / 2;
  return sorted && { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

/**
 * The bias-corrected and accelerated interval (Efron, "Better bootstrap confidence intervals", 1987), as in scipy's
 * `bootstrap(method="BCa")`. Where it is undefined (no spread), the percentile interval.
 */
export function bcaInterval(
  replicates: Float64Array,
  estimate: number,
  jackknife: Float64Array,
  confidence: number,
): Interval | undefined {
  const sorted = defined(replicates);
  if (!sorted) return undefined;
  const below = sorted.filter((value) => value < estimate).length;
  const same = sorted.filter((value) => value === estimate).length;
  const bias = normalQuantile((below + same / 2) / sorted.length);
  const acceleration = accelerationOf(jackknife);
  const adjusted = (share: number) => {
    const z = bias + normalQuantile(share);
    return 1 - normalTail(bias + z / (1 - acceleration * z));
  };
  const tail = (1 - confidence) / 2;
  const [low, high] = [adjusted(tail), adjusted(1 - tail)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return percentileInterval(replicates, confidence);
  return { low: quantile(sorted, low), high: quantile(sorted, high) };
}

/** Skewness of the jackknife's influence, over six. */
export function accelerationOf(jackknife: Float64Array): number {
  const mean = jackknife.reduce((sum, value) => sum + value, 0) / jackknife.length;
  let squares = 0;
  let cubes = 0;
  for (const value of jackknife) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

/** Each metric with one group of rows left out at a time: single rows up to 200, above that 200 groups by row number. */
export function jackknife(measurer: Measurer, rows: number): Float64Array[] {
  const groups = Math.min(rows, JACKKNIFE_GROUPS);
  const values = measurer.names.map(() => new Float64Array(groups));
  const weights = ones(rows);
  for (let group = 0; group < groups; group++) {
    for (let row = group; row < rows; row += groups) weights[row] = 0;
    const measured = measurer.measure(readingUnder(weights));
    for (let i = 0; i < values.length; i++) values[i]![group] = measured[i]!;
    for (let row = group; row < rows; row += groups) weights[row] = 1;
  }
  return values;
}

/**
 * A normal interval from values of which each leaves out one of equal parts of the rows: the delete-a-group jackknife
 * (Wolter, "Introduction to Variance Estimation", 2007, ch. 4), for statistics that are smooth in the rows. Undefined when a
 * part left the statistic without a value.
 */
export function jackknifeInterval(
  value: number,
  without: readonly (number | null)[],
  confidence: number,
): Interval | undefined {
  const known = without.filter((each) => each !== null);
  if (known.length < 2 || known.length < without.length) return undefined;
  const mean = known.reduce((sum, each) => sum + each, 0) / known.length;
  const squares = known.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  const reach =
    normalQuantile((1 + confidence) / 2) * Math.sqrt(((known.length - 1) / known.length) * squares);
  return { low: value - reach, high: value + reach };
}

function defined(replicates: Float64Array): Float64Array | undefined {
  const values = replicates.filter((value) => !Number.isNaN(value)).sort();
  const missing = replicates.length - values.length;
  return values.length < 2 || missing > replicates.length * MOST_UNDEFINED ? undefined : values;
}

function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}
