import { metricNamed } from './catalogue.ts';
import { normalQuantile } from './distributions.ts';
import { measurer } from './measurer.ts';
import { randomSource } from './random.ts';
import { type Answers, type Question, readSample, type Sample, subsetOf } from './sample.ts';
import type { Slice } from './slices.ts';

export interface ImportanceRequest extends Question {
  readonly columns: readonly string[];
  readonly metric: string;
  /**
   * The model's answers to all rows, with the values of `column` taken from the rows in `order` (row i gets the value of row
   * `order[i]`); both undefined for the rows as they are.
   */
  readonly answer: (column?: string, order?: Uint32Array) => Promise<Answers>;
  readonly slices?: readonly Slice[] | undefined;
  /** Slices with fewer rows are left out. Default 50. */
  readonly minSliceRows?: number | undefined;
  /** Permutations of each column, at least 2. Default 5. */
  readonly repeats?: number | undefined;
  readonly seed?: number | undefined;
  /** Default 0.95. */
  readonly confidence?: number | undefined;
}

export interface Importance {
  readonly column: string;
  /** Undefined for the whole sample. */
  readonly slice?: { readonly column: string; readonly value: string };
  /** How much worse the metric is, in its unit, when the column tells nothing: the mean over the permutations. */
  readonly mean: number | null;
  /** Normal interval of that mean. */
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * Permutation importance: how much the metric suffers when one column is shuffled (Breiman 2001; sklearn
 * `permutation_importance`). Columns that tell the same thing share it, and each may then look unimportant. A slice on
 * which the metric is undefined has no value.
 */
export async function permutationImportance(request: ImportanceRequest): Promise<Importance[]> {
  const { columns, answer, slices = [], minSliceRows = 50, repeats = 5, seed = 0 } = request;
  const { goal } = metricNamed(request.metric, request.task);
  const groups = [undefined, ...slices.filter(({ rows }) => rows.length >= minSliceRows)];
  const measureAll = (answers: Answers) => {
    const sample = readSample(request, answers);
    return groups.map((slice) => metricOf(slice ? subsetOf(sample, slice.rows) : sample, request.metric));
  };
  const whole = measureAll(await answer());
  const found: Importance[] = [];
  for (const column of columns) {
    const random = randomSource(seed, column);
    const losses = groups.map(() => new Float64Array(repeats));
    for (let repeat = 0; repeat < repeats; repeat++) {
      const values = measureAll(await answer(column, random.permutation(request.truth.length)));
      for (const [i, value] of values.entries()) {
        losses[i]![repeat] = goal === 'max' ? whole[i]! - value : value - whole[i]!;
      }
    }
    for (const [i, slice] of groups.entries()) {
      const where = slice ? { slice: { column: slice.column, value: slice.value } } : {};
      found.push({ column, ...where, ...meanWithInterval(losses[i]!, request.confidence ?? 0.95) });
    }
  }
  return found;
}

function metricOf(sample: Sample, metric: string): number {
  return measurer(sample, [metric]).measure()[0]!;
}

function meanWithInterval(losses: Float64Array, confidence: number) {
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  if (!Number.isFinite(mean)) return { mean: null, low: null, high: null };
  const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
  const error = Math.sqrt(squares / (losses.length - 1) / losses.length);
  const reach = normalQuantile((1 + confidence) / 2) * error;
  return { mean, low: mean - reach, high: mean + reach };
}
