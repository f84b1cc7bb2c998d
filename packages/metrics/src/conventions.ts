import type { Sample } from './sample.ts';

/** The distance from 0 that scikit-learn keeps a divisor at: the epsilon of a double. */
const EPSILON = 2 ** -52;

/**
 * What scikit-learn answers for a metric that the rows do not define, by its defaults; undefined where it answers nothing
 * either (NaN, or an error):
 *
 * - precision, recall, specificity and F scores of classes that no row counts for: 0 (`zero_division="warn"`), and the
 *   average precision without a positive row: 0;
 * - `r2`, `explained_variance` and D2 of a constant truth: 1 where the errors leave nothing to explain, 0 for any other
 *   (`force_finite=True`); with one row only `explained_variance` has an answer;
 * - `mape` with a zero in the truth: the error of that row by 2.2e-16, which is huge where it is not 0.
 *
 * Such a value measures nothing: 0 for a constant truth, say, is the same however far off the answers are. It has no
 * interval, and no gate and no comparison goes by it (`measuredValue`).
 */
export function valueByConvention(name: string, sample: Sample): number | undefined {
  if (sample.task !== 'regression') return isZeroByConvention(name, sample.task) ? 0 : undefined;
  const { truth, predicted } = sample;
  const error = (row: number) => truth[row]! - predicted[row]!;
  if (name === 'mape') {
    const share = (row: number) => Math.abs(error(row)) / Math.max(Math.abs(truth[row]!), EPSILON);
    const mean = truth.reduce((sum, _, row) => sum + share(row), 0) / truth.length;
    return Number.isFinite(mean) ? mean : undefined;
  }
  if (name === 'explained_variance') return Number(truth.every((_, row) => error(row) === error(0)));
  if (name !== 'r2' && !name.startsWith('d2_')) return undefined;
  return truth.length < 2 ? undefined : Number(truth.every((_, row) => error(row) === 0));
}

function isZeroByConvention(name: string, task: 'binary' | 'multiclass'): boolean {
  return task === 'binary' && /^(precision|recall|specificity|average_precision|f\d.*)$/.test(name);
}
