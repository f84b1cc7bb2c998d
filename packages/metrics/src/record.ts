import { fault, InputError, place } from '@rastro/fault';
import { z } from 'zod';
import { canonicalJson } from './canonical-json.ts';

const SCHEMA = 'rastro/evaluation/v1';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a lower-case sha256');
const Count = z.number().int().nonnegative();
const Finite = z.number();
const Point = z.tuple([Finite, Finite]);

/** A metric of a record. No value: `note` says why. No interval: none was asked for, or it is undefined. */
export const MetricValue = z
  .strictObject({
    value: Finite.nullable(),
    low: Finite.nullable(),
    high: Finite.nullable(),
    goal: z.enum(['max', 'min']),
    note: z.string().optional(),
    /** The rows do not define the metric: the value is a convention (see `valueByConvention`), `note` says why. */
    defined: z.literal(false).optional(),
  })
  .refine(({ low, high }) => low === null || high === null || low <= high, {
    message: 'the interval ends before it begins: "low" is above "high"',
  });
export type MetricValue = z.output<typeof MetricValue>;

/** The value that gates and comparisons go by: null where there is none, or only by convention. */
export function measuredValue(metric: MetricValue | undefined): number | null {
  return metric === undefined || metric.defined === false ? null : metric.value;
}

const Metrics = z.record(z.string(), MetricValue);

const SliceResult = z.strictObject({
  column: z.string(),
  value: z.string(),
  rows: Count,
  /** False when the slice has fewer rows than asked for: it is counted, and has no metrics. */
  judged: z.boolean(),
  metrics: Metrics,
});

const Tensor = z.strictObject({
  name: z.string(),
  type: z.string(),
  shape: z.array(z.union([z.number(), z.string(), z.null()])),
});

const Signature = z.strictObject({
  inputs: z.array(Tensor),
  outputs: z.array(Tensor),
  opset: Count.nullable(),
});

const ThresholdCounts = z.strictObject({
  threshold: Finite,
  tp: Count,
  fp: Count,
  fn: Count,
  tn: Count,
});

/** What judging one sample yields: the part of a record that is computed from rows. */
export const Evaluation = z.strictObject({
  task: z.enum(['binary', 'multiclass', 'regression']),
  rows: Count,
  seed: Count,
  resamples: Count,
  confidence: z.number().gt(0).lt(1),
  interval: z.enum(['percentile', 'bca']),
  /** Negative first for two classes; the order of the model for more. */
  classes: z.array(z.string()).optional(),
  positive: z.string().optional(),
  threshold: Finite.optional(),
  /** Rows whose label is not the one that the scores call for; told when there are any. */
  disagreements: Count.optional(),
  metrics: Metrics,
  slices: z.array(SliceResult),
  fairness: z
    .array(
      z.strictObject({
        column: z.string(),
        demographic_parity: Finite.nullable(),
        equalized_odds: Finite.nullable(),
      }),
    )
    .optional(),
  /** Rows by truth (outer) and prediction (inner), in the order of `classes`. */
  confusion: z.array(z.array(Count)).optional(),
  per_class: z
    .array(
      z.strictObject({
        class: z.string(),
        rows: Count,
        precision: Finite,
        recall: Finite,
        f1: Finite,
        roc_auc: Finite.nullable(),
      }),
    )
    .optional(),
  calibration: z
    .array(
      z.strictObject({
        from: Finite,
        to: Finite,
        rows: Count,
        confidence: Finite.nullable(),
        outcome: Finite.nullable(),
      }),
    )
    .optional(),
  curves: z.strictObject({ roc: z.array(Point), pr: z.array(Point) }).optional(),
  thresholds: z.array(ThresholdCounts).optional(),
  /** The threshold of highest F1 on these rows. */
  best_f1: ThresholdCounts.optional(),
});
export type Evaluation = z.output<typeof Evaluation>;

/** How a behavioural test went. */
export const TestResult = z.strictObject({
  kind: z.enum(['invariance', 'direction', 'functionality', 'golden']),
  name: z.string(),
  /** Answers that were checked, and those that were not as asked. */
  checked: Count,
  failed: Count,
  passed: z.boolean(),
});
export type TestResult = z.output<typeof TestResult>;

const ImportanceResult = z.strictObject({
  column: z.string(),
  slice: z.strictObject({ column: z.string(), value: z.string() }).optional(),
  mean: Finite.nullable(),
  low: Finite.nullable(),
  high: Finite.nullable(),
});

const JudgedData = z.strictObject({
  name: z.string().min(1),
  files: z.array(z.strictObject({ path: z.string().min(1), sha256: Sha256 })),
  rows: Count,
});

/** `metrics/<model>.json`: what a model was measured to do, on which data, by what. Closed at every level. */
export const EvaluationRecord = z.strictObject({
  schema: z.literal(SCHEMA),
  model: z.strictObject({ name: z.string().min(1), sha256: Sha256, size: Count }),
  data: JudgedData,
  /** The data that the threshold was chosen on, where it is other data. */
  tuning: JudgedData.optional(),
  evaluator: z.strictObject({
    name: z.string(),
    version: z.string(),
    versions: z.record(z.string(), z.string()),
  }),
  signature: Signature.optional(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  evaluation: Evaluation,
  tests: z.array(TestResult).optional(),
  /** What a metric suffers, in its unit, when a column is shuffled. */
  importance: z
    .strictObject({ metric: z.string(), rows: Count, columns: z.array(ImportanceResult) })
    .optional(),
});
export type EvaluationRecord = z.output<typeof EvaluationRecord>;

/**
 * The record as JSON, the same bytes for the same record: keys in the order of the schema, names of metrics, versions
 * and parameters in code-unit order, numbers as the shortest text that reads back the same, one newline at the end.
 * @throws InputError when it is no valid record: a NaN or an infinity among its numbers, say.
 */
export function writeRecord(record: EvaluationRecord): string {
  const result = EvaluationRecord.safeParse(record);
  if (!result.success) throw invalid(result.error.issues, undefined);
  return canonicalJson(sortMaps(result.data));
}

/** @throws InputError when the text is not JSON or not a record; every fault names its path. */
export function readRecord(text: string, file: string): EvaluationRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputError(
      fault(
        'record-syntax',
        `${file} is not JSON: ${(cause as Error).message}`,
        place(file),
        'Evaluate the model again to write the record anew.',
      ),
      { cause },
    );
  }
  const result = EvaluationRecord.safeParse(value);
  if (result.success) return result.data;
  const schema = Object(value).schema;
  if (typeof schema === 'string' && schema !== SCHEMA) throw otherSchema(schema, file);
  throw invalid(result.error.issues, file);
}

function otherSchema(schema: string, file: string): InputError {
  return new InputError(
    fault(
      'record-schema',
      `${file} is of the schema "${schema}", and this version of Rastro reads "${SCHEMA}"`,
      place(file),
      'Use the version that wrote it, or evaluate the model again with this one.',
    ),
  );
}

function invalid(issues: readonly z.core.$ZodIssue[], file: string | undefined): InputError {
  return new InputError(
    issues.map((issue) =>
      fault(
        'record-invalid',
        `${issue.path.map(String).join('.') || 'the record'}: ${issue.message}`,
        file === undefined ? undefined : place(file),
        'Evaluate the model again with this version to write the record anew.',
      ),
    ),
  );
}

function sortMaps(record: EvaluationRecord): EvaluationRecord {
  const { evaluation, evaluator } = record;
  return {
    ...record,
    evaluator: { ...evaluator, versions: sortKeys(evaluator.versions) },
    params: sortKeys(record.params),
    evaluation: {
      ...evaluation,
      metrics: sortKeys(evaluation.metrics),
      slices: evaluation.slices.map((slice) => ({ ...slice, metrics: sortKeys(slice.metrics) })),
    },
  };
}

function sortKeys<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Whether a metric of a record has a value to compare. */
export function hasValue(metric: MetricValue | undefined): metric is MetricValue & { value: number } {
  return isValue(measuredValue(metric));
}

export function isValue(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
