import { argsort } from './argsort.ts';
import type { Weights } from './weights.ts';

/** Truth and prediction, with what every measure needs made once. Errors are truth minus prediction. */
export interface RegressionRows {
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  readonly errors: Float64Array;
  readonly absolute: Float64Array;
  /** Rows by absolute error, ascending. */
  readonly byError: Uint32Array;
  /** Rows by truth, ascending. */
  readonly byTruth: Uint32Array;
}

export function regressionRows(truth: Float64Array, predicted: Float64Array): RegressionRows {
  const errors = truth.map((value, row) => value - predicted[row]!);
  const absolute = errors.map(Math.abs);
  let byError: Uint32Array | undefined;
  let byTruth: Uint32Array | undefined;
  return {
    truth,
    predicted,
    errors,
    absolute,
    // Sorted for those who ask: most measures do without.
    get byError() {
      byError ??= argsort(absolute);
      return byError;
    },
    get byTruth() {
      byTruth ??= argsort(truth);
      return byTruth;
    },
  };
}

/** Mean squared error, in the target's unit squared (sklearn `mean_squared_error`). No rows: NaN. */
function mse({ errors }: RegressionRows, weights: Weights): number {
  let sum = 0;
  let rows = 0;
  for (let i = 0; i < errors.length; i++) {
    const weight = weights[i]!;
    sum += weight * errors[i]! * errors[i]!;
    rows += weight;
  }
  return sum / rows;
}

/**
 * 1 - residual / total sum of squares, at most 1 (sklearn `r2_score`). Constant truth or fewer than two rows: NaN;
 * `valueByConvention` tells what scikit-learn answers then.
 */
export function r2(rows: RegressionRows, weights: Weights): number {
  const spread = squaredSpread(rows.truth, weights);
  return spread === 0 ? Number.NaN : 1 - mse(rows, weights) / spread;
}

/**
 * 1 - variance of the errors / variance of the truth (sklearn `explained_variance_score`). Constant truth: NaN; see
 * `valueByConvention`.
 */
export function explainedVariance(rows: RegressionRows, weights: Weights): number {
  const spread = squaredSpread(rows.truth, weights);
  return spread === 0 ? Number.NaN : 1 - squaredSpread(rows.errors, weights) / spread;
}

/**
 * The mean squared distance from the mean, in two passes so that a large mean costs no digits, and from the first value on,
 * so that equal values have no spread at all.
 */
function squaredSpread(values: Float64Array, weights: Weights): number {
  const from = values[weights.findIndex((weight) => weight > 0)] ?? 0;
  let shifted = 0;
  let rows = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights[i]!;
    shifted += weight * (values[i]! - from);
    rows += weight;
  }
  const mean = shifted / rows;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += weights[i]! * (values[i]! - from - mean) ** 2;
  return sum / rows;
}

/**
 * |error| / |truth| of each row, whose mean is a fraction (sklearn `mean_absolute_percentage_error`). A truth of zero: NaN, where
 * scikit-learn divides by 2.2e-16: see `valueByConvention`.
 */
export function mapeLosses({ truth, absolute }: RegressionRows): Float64Array {
  return absolute.map((error, row) => (truth[row] === 0 ? Number.NaN : error / Math.abs(truth[row]!)));
}

/** 2 |error| / (|truth| + |prediction|) of each row, in [0, 2] (Makridakis 1993). Both zero: the row counts 0. */
export function smapeLosses({ truth, predicted, absolute }: RegressionRows): Float64Array {
  return absolute.map((error, row) => {
    const size = Math.abs(truth[row]!) + Math.abs(predicted[row]!);
    return size > 0 ? (2 * error) / size : 0;
  });
}

/** Median of |error|, in the target's unit (sklearn `median_absolute_error`). No rows: NaN. */
export function medianAbsoluteError({ absolute, byError }: RegressionRows, weights: Weights): number {
  return sortedQuantile(absolute, byError, weights, 0.5);
}

/** Greatest |error|, in the target's unit (sklearn `max_error`). No rows: NaN. */
export function maxError({ absolute, byError }: RegressionRows, weights: Weights): number {
  for (let i = byError.length - 1; i >= 0; i--) {
    if (weights[byError[i]!]! > 0) return absolute[byError[i]!]!;
  }
  return Number.NaN;
}

/**
 * Pinball loss of each row at quantile `alpha` in [0, 1]: alpha x error where the prediction is too low, (1 - alpha) x |error|
 * where it is too high; in the target's unit (the mean is sklearn's `mean_pinball_loss`).
 */
export function pinballLosses({ errors }: RegressionRows, alpha: number): Float64Array {
  return errors.map((error) => pinball(error, alpha));
}

function pinball(error: number, alpha: number): number {
  return error >= 0 ? alpha * error : (alpha - 1) * error;
}

/**
 * D2: 1 - `loss`, the mean of the pinball losses, / that of always answering the truth's `alpha` quantile; at most 1 (sklearn
 * `d2_pinball_score`, and `d2_absolute_error_score` at 0.5). Constant truth: NaN; see `valueByConvention`.
 */
export function d2Pinball(
  { truth, byTruth }: RegressionRows,
  weights: Weights,
  { alpha, loss }: { alpha: number; loss: number },
): number {
  const quantile = sortedQuantile(truth, byTruth, weights, alpha);
  let sum = 0;
  let rows = 0;
  for (let i = 0; i < truth.length; i++) {
    sum += weights[i]! * pinball(truth[i]! - quantile, alpha);
    rows += weights[i]!;
  }
  return sum === 0 ? Number.NaN : 1 - loss / (sum / rows);
}

/**
 * The value that at least `share` of the rows do not exceed and at least the rest do not fall below, each row standing as
 * often as its weight says; where two values fit, their mean (at 0.5 the usual median). No constant has less pinball loss.
 */
function sortedQuantile(
  values: Float64Array,
  ascending: Uint32Array,
  weights: Weights,
  share: number,
): number {
  let rows = 0;
  for (let i = 0; i < weights.length; i++) rows += weights[i]!;
  const needed = share * rows;
  let seen = 0;
  let lower = Number.NaN;
  for (let i = 0; i < ascending.length; i++) {
    const row = ascending[i]!;
    if (weights[row] === 0) continue;
    if (!Number.isNaN(lower)) return (lower + values[row]!) / 2;
    seen += weights[row]!;
    if (seen > needed) return values[row]!;
    if (seen === needed) lower = values[row]!;
  }
  return lower;
}
