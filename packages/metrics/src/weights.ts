/** How often each row counts: all ones for the sample itself, the draws of a row for a resample. */
export type Weights = Uint8Array;

export function ones(rows: number): Weights {
  return new Uint8Array(rows).fill(1);
}

export function total(weights: Weights): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]!;
  return sum;
}

/** The mean of a loss per row. Zero rows: NaN. */
export function weightedMean(values: Float64Array, weights: Weights): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights[i]!;
    sum += weight * values[i]!;
    count += weight;
  }
  return sum / count;
}
