/** How often each row counts: all ones for the sample itself, the draws of a row for a resample. */
export type Weights = Uint8Array;

export function ones(rows: number): Weights {
  return new Uint8Array(rows).fill(1);
}

/** The mean of a loss per row. Zero rows: NaN. */
export function weightedMean(values: Float64Array, weights: Weights): number {
  // Two sums side by side, because one would wait for each addition.
  let even = 0;
  let odd = 0;
  let rows = 0;
  const pairs = values.length - (values.length & 1);
  for (let i = 0; i < pairs; i += 2) {
    const first = weights[i]!;
    const second = weights[i + 1]!;
    even += first * values[i]!;
    odd += second * values[i + 1]!;
    rows += first + second;
  }
  if (pairs < values.length) {
    even += weights[pairs]! * values[pairs]!;
    rows += weights[pairs]!;
  }
  return (even + odd) / rows;
}
