/** Below this share of the mean square, a variance from means has lost some of its digits: two passes keep them. */
const CANCELLED = 1e-3;

/** Values less their mean, so that the square of a resample's mean is small beside its mean square. */
export function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

export function squared(values: Float64Array): Float64Array {
  return values.map((value) => value * value);
}

/** The variance by the means of centred values and of their squares. Undefined where it has next to nothing of them. */
export function varianceOf(mean: number, square: number): number | undefined {
  const variance = square - mean * mean;
  return variance > CANCELLED * square ? variance : undefined;
}
