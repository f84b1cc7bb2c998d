/** Where the score of the positive class of each row is, as a model gave its scores: nothing is copied until it is asked for. */
export interface PositiveScores {
  /** Row-major [rows, width], a score for each of two classes; with a width of 1 that of the second class alone. */
  readonly values: Float64Array;
  readonly width: 1 | 2;
  /** Which of the two classes is positive. */
  readonly column: 0 | 1;
}

/** The scores of the positive class, one a row. */
export function columnOfPositive({ values, width, column }: PositiveScores): Float64Array {
  if (width === 1) return column === 1 ? values : values.map((score) => 1 - score);
  const scores = new Float64Array(values.length / 2);
  for (let row = 0; row < scores.length; row++) scores[row] = values[2 * row + column]!;
  return scores;
}
