import { z } from 'zod';
import { Name, RepositoryPath, Scalar } from './config-values.ts';
import { BehaviouralTest, Specification } from './specification-config.ts';

const Metric = z
  .strictObject({
    goal: z
      .enum(['max', 'min'])
      .optional()
      .describe('Which way is better. Default: the usual one for a known metric.'),
    target: z.number().optional().describe('The value to be near to, in place of a goal.'),
    tolerance: z
      .number()
      .nonnegative()
      .default(0)
      .describe('A worsening up to this much is not a regression.'),
    relative_tolerance: z
      .number()
      .nonnegative()
      .default(0)
      .describe('The same as a share of the value of the baseline; the greater of both counts.'),
    min: z.number().optional().describe('Lowest value that passes.'),
    max: z.number().optional().describe('Highest value that passes.'),
    sql: z
      .string()
      .min(1)
      .optional()
      .describe(
        'For a metric of your own: a SQL aggregate over truth, prediction, score (of the positive class) and "columns".',
      ),
    columns: z
      .array(z.string())
      .optional()
      .describe('Columns of the data that the SQL or the command reads besides.'),
    command: z
      .string()
      .min(1)
      .optional()
      .describe(
        'For a metric of your own: a command that reads the CSV file at RASTRO_PREDICTIONS and writes the number to the file at RASTRO_METRIC.',
      ),
  })
  .refine((metric) => metric.sql === undefined || metric.command === undefined, {
    message: 'give either "sql" or "command", and not both',
  })
  .refine((metric) => metric.columns === undefined || (metric.sql ?? metric.command) !== undefined, {
    message: '"columns" is for a metric with "sql" or "command"',
  })
  .describe('What is asked of one metric.');

const Predictions = z
  .strictObject({
    path: RepositoryPath.describe(
      'Predictions file (CSV, JSON Lines or Parquet), one row per row of the data.',
    ),
    id: z
      .string()
      .optional()
      .describe(
        'Column that names each row, in the predictions and in the data. Default: rows go by their order.',
      ),
    prediction: z.string().optional().describe('Column with the predicted label or value.'),
    score: z.string().optional().describe('Column with the probability of the positive class.'),
    scores: z
      .record(z.string(), z.string())
      .optional()
      .describe('Class name to the column with its probability.'),
  })
  .describe('Judge these predictions instead of running the model.');

const Slice = z.union([
  z.string().min(1),
  z.strictObject({
    column: z.string().min(1).describe('A numeric column, told apart by ranges.'),
    edges: z
      .array(z.number())
      .min(1)
      .optional()
      .describe('Borders between the ranges; a value on a border belongs above it. Default: the quartiles.'),
  }),
  z.strictObject({
    name: z.string().min(1).describe('What the slice is called in reports.'),
    where: z.string().min(1).describe('SQL condition on the columns of the data.'),
  }),
]);

/** Where a rule chooses. */
const tuning = {
  data: Name.optional().describe(
    'Dataset that the rule chooses on, other than the rows that the model is judged on. Default: these rows themselves.',
  ),
  predictions: RepositoryPath.optional().describe(
    'Where predictions are judged: those for that dataset, with the same columns.',
  ),
};

const ThresholdRule = z.union([
  z.number().min(0).max(1),
  z.strictObject({
    maximise: z.enum(['f1', 'youden']).describe('What the threshold makes greatest.'),
    ...tuning,
  }),
  z.strictObject({
    min_precision: z.number().min(0).max(1).describe('Best recall at this precision.'),
    ...tuning,
  }),
  z.strictObject({
    min_recall: z.number().min(0).max(1).describe('Best precision at this recall.'),
    ...tuning,
  }),
  z.strictObject({
    false_positive: z.number().nonnegative().describe('Cost of one.'),
    false_negative: z.number().nonnegative().describe('Cost of one. The least sum is chosen.'),
    ...tuning,
  }),
]);

const Importance = z
  .strictObject({
    metric: z.string().optional().describe('What suffers. Default: the first metric that decides.'),
    repeats: z.number().int().min(2).max(100).default(5).describe('Permutations of each column.'),
    max_rows: z.number().int().positive().default(20_000).describe('At most this many rows, from the first.'),
  })
  .describe('Tell how much each feature matters, by permutation.');

const Latency = z
  .strictObject({
    runs: z.number().int().min(20).max(100_000).default(500).describe('Warm runs of one row.'),
    batch: z.number().int().positive().default(1024).describe('Rows of a batch for the throughput.'),
  })
  .describe('Measure the time of one row and of a batch on this runner.');

const Forecast = z
  .strictObject({
    training: Name.describe('Dataset with the series that the model was trained on, in order of time.'),
    season: z.number().int().positive().default(1).describe('Rows after which the series repeats itself.'),
  })
  .describe('Scale the error of a forecast by that of the naive one: the metric mase.');

const Exports = z
  .strictObject({
    metrics: RepositoryPath.optional().describe('Flat JSON of name to number, as "dvc metrics" reads it.'),
    plots: RepositoryPath.optional().describe('Folder for curves as JSON, as "dvc plots" reads them.'),
  })
  .describe('Files for other tools, written beside the record.');

/** The section `evaluate:` of a model. */
export const Evaluate = z
  .strictObject({
    data: Name.describe('Dataset that the model is judged on.'),
    predictions: Predictions.optional(),
    positive: Scalar.optional().describe(
      'The label that counts as positive in a binary task. Default: 1, true, yes, or the greater label.',
    ),
    threshold: ThresholdRule.optional().describe(
      'Probability from which a row counts as positive, or the rule that chooses it, on these rows or on other data. Default: the labels as the model gives them.',
    ),
    metrics: z
      .record(z.string(), Metric.prefault({}))
      .default({})
      .describe('The metrics that decide, by name. Default: the usual ones of the task.'),
    slices: z
      .array(Slice)
      .default([])
      .describe('How to tell every metric apart: columns, ranges of a column, SQL conditions.'),
    min_slice_rows: z
      .number()
      .int()
      .positive()
      .default(50)
      .describe('A slice with fewer rows is not judged.'),
    confidence: z.number().gt(0).lt(1).default(0.95).describe('Confidence of the intervals.'),
    interval: z
      .enum(['percentile', 'bca'])
      .default('percentile')
      .describe('How the bootstrap makes an interval: percentiles, or bias-corrected and accelerated.'),
    resamples: z
      .number()
      .int()
      .min(0)
      .max(100_000)
      .default(1000)
      .describe(
        'Bootstrap resamples behind the intervals; 0 for none. Their time grows with rows times resamples.',
      ),
    seed: z.number().int().nonnegative().default(0).describe('Seed of the bootstrap.'),
    alpha: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe('Share of false alarms that a comparison bears, over all its metrics and slices.'),
    group: z
      .string()
      .min(1)
      .optional()
      .describe('For a ranking: the column that names the query of a row. Adds ndcg_at_10, map and mrr.'),
    forecast: Forecast.optional(),
    specification: Specification.optional(),
    tests: z.array(BehaviouralTest).default([]).describe('Behavioural tests that the model must pass.'),
    latency: Latency.optional(),
    importance: Importance.optional(),
    files: Exports.optional(),
  })
  .describe('How the model is judged.');
