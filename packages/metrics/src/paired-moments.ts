import type { ValueSample } from './sample.ts';
import type { Weights } from './weights.ts';

/** Both models' values of a metric under weights, from means over rows that one pass gives. */
export type PairedMoments = (weights: Weights) => {
  readonly baseline: number;
  readonly candidate: number;
};

/** Below this share of the mean square, a variance from means has lost half of its digits: two passes keep them. */
const CANCELLED = 1e-8;

/**
 * The metrics of squared errors (`mse`, `rmse`, `r2`) for a pair with the same truth; undefined for any other. `exact` measures
 * a resample whose truth has next to no spread of its own.
 */
export function pairedMoments(
  { baseline, candidate }: { baseline: ValueSample; candidate: ValueSample },
  metric: string,
  exact: PairedMoments,
): PairedMoments | undefined {
  const errors = [squaredErrors(baseline), squaredErrors(candidate)] as const;
  if (metric === 'mse' || metric === 'rmse') {
    const value = metric === 'mse' ? (mean: number) => mean : Math.sqrt;
    return (weights) => {
      const [before, after] = twoMeans(errors, weights);
      return { baseline: value(before), candidate: value(after) };
    };
  }
  if (metric !== 'r2') return undefined;
  const centred = centre(baseline.truth);
  const spreads = [centred, centred.map((value) => value * value)] as const;
  return (weights) => {
    const [mean, square] = twoMeans(spreads, weights);
    const variance = square - mean * mean;
    if (!(variance > CANCELLED * square)) return exact(weights);
    const [before, after] = twoMeans(errors, weights);
    return { baseline: 1 - before / variance, candidate: 1 - after / variance };
  };
}

function squaredErrors({ truth, predicted }: ValueSample): Float64Array {
  return truth.map((value, row) => (value - predicted[row]!) ** 2);
}

/** The values less their mean, so that the square of a resample's mean is small beside its mean square. */
function centre(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** The means of two columns in one pass, which costs little more than that of one. No rows: NaN. */
function twoMeans(
  [first, second]: readonly [Float64Array, Float64Array],
  weights: Weights,
): [number, number] {
  let firstSum = 0;
  let secondSum = 0;
  let firstOdd = 0;
  let secondOdd = 0;
  let rows = 0;
  const pairs = first.length - (first.length & 1);
  for (let i = 0; i < pairs; i += 2) {
    const even = weights[i]!;
    const odd = weights[i + 1]!;
    firstSum += even * first[i]!;
    firstOdd += odd * first[i + 1]!;
    secondSum += even * second[i]!;
    secondOdd += odd * second[i + 1]!;
    rows += even + odd;
  }
  if (pairs < first.length) {
    firstSum += weights[pairs]! * first[pairs]!;
    secondSum += weights[pairs]! * second[pairs]!;
    rows += weights[pairs]!;
  }
  return [(firstSum + firstOdd) / rows, (secondSum + secondOdd) / rows];
}
