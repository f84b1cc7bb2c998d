import type { ValueSample } from './sample.ts';
import { centred, squared, varianceOf } from './spread.ts';
import type { Weights } from './weights.ts';

/** A metric's values of both models. */
export interface PairedValues {
  readonly baseline: number;
  readonly candidate: number;
}

/** What both models' values of a metric are made of. */
export interface PairedMoments {
  /** Of which the means under a resample are asked. */
  readonly columns: readonly Float64Array[];
  /** The values, from the means of the columns under the resample, and its weights where they are needed. */
  values(means: Float64Array, weights: () => Weights): PairedValues;
}

/**
 * The metrics of squared errors (`mse`, `rmse`, `r2`) for a pair with the same truth; undefined for any other. `exact` measures
 * a resample whose truth has next to no spread of its own.
 */
export function pairedMoments(
  { baseline, candidate }: { baseline: ValueSample; candidate: ValueSample },
  metric: string,
  exact: (weights: Weights) => PairedValues,
): PairedMoments | undefined {
  const errors = () => [squaredErrors(baseline), squaredErrors(candidate)];
  if (metric === 'mse' || metric === 'rmse') {
    const value = metric === 'mse' ? (mean: number) => mean : Math.sqrt;
    return {
      columns: errors(),
      values: ([before, after]) => ({ baseline: value(before!), candidate: value(after!) }),
    };
  }
  if (metric !== 'r2') return undefined;
  const truth = centred(baseline.truth);
  return {
    columns: [...errors(), truth, squared(truth)],
    values([before, after, mean, square], weights) {
      const variance = varianceOf(mean!, square!);
      if (variance === undefined) return exact(weights());
      return { baseline: 1 - before! / variance, candidate: 1 - after! / variance };
    },
  };
}

function squaredErrors({ truth, predicted }: ValueSample): Float64Array {
  return truth.map((value, row) => (value - predicted[row]!) ** 2);
}
