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
 * Mean of |error| / |truth|, a fraction (sklearn `mean_absolute_percentage_error`). A truth of zero: NaN, where
 * scikit-learn divides by 2.2e-16: see `valueByConvention`.
 */
export function mape({ truth, absolute }: RegressionRows, weights: Weights): number {
  let sum = 0;
  let rows = 0;
  for (let i = 0; i < truth.length; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    if (truth[i] === 0) return Number.NaN;
    sum += (weight * absolute[i]!) / Math.abs(truth[i]!);
    rows += weight;
  }
  return sum / rows;
}

/** Mean of 2 |error| / (|truth| + |prediction|), a fraction in [0, 2] (Makridakis 1993). Both zero: the row counts 0. */
export function smape({ truth, predicted, absolute }: RegressionRows, weights: Weights): number {
  let sum = 0;
  let rows = 0;
  for (let i = 0; i < truth.length; i++) {
    const weight = weights[i]!;
    const size = Math.abs(truth[i]!) + Math.abs(predicted[i]!);
    if (size > 0) sum += (weight * 2 * absolute[i]!) / size;
    rows += weight;
  }
  return sum / rows;
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
 * Mean pinball loss at quantile `alpha` in [0, 1]: alpha x error where the prediction is too low, (1 - alpha) x |error|
 * where it is too high; in the target's unit (sklearn `mean_pinball_loss`). No rows: NaN.
 */
export function pinball({ errors }: RegressionRows, weights: Weights, alpha: number): number {
  return meanPinball(errors, weights, alpha, 0);
}

/** Of `values - offset`. */
function meanPinball(values: Float64Array, weights: Weights, alpha: number, offset: number): number {
  let sum = 0;
  let rows = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights[i]!;
    const error = values[i]! - offset;
    sum += weight * (error >= 0 ? alpha * error : (alpha - 1) * error);
    rows += weight;
  }
  return sum / rows;
}

/**
 * D2: 1 - pinball loss / that of always answering the truth's `alpha` quantile; at most 1 (sklearn `d2_pinball_score`,
 * and `d2_absolute_error_score` at 0.5). Constant truth: NaN; see `valueByConvention`.
 */
export function d2Pinball(rows: RegressionRows, weights: Weights, alpha: number): number {
  const quantile = sortedQuantile(rows.truth, rows.byTruth, weights, alpha);
  const bestConstant = meanPinball(rows.truth, weights, alpha, quantile);
  return bestConstant === 0 ? Number.NaN : 1 - pinball(rows, weights, alpha) / bestConstant;
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
