import { type Document, readDocument } from '@rastro/document';
import { z } from 'zod';

const Name = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9/_-]*[a-zA-Z0-9])?$/,
    'use letters, digits, "-", "_" and "/", with a letter or digit at both ends',
  );

const RepositoryPath = z
  .string()
  .min(1)
  .refine(
    (path) => !path.startsWith('/') && !/^[a-zA-Z]:/.test(path),
    'give a path relative to the repository',
  )
  .refine((path) => !path.split(/[\\/]/).includes('..'), 'a path may not leave the repository');

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

const Dataset = z
  .strictObject({
    path: z
      .union([RepositoryPath, z.array(RepositoryPath).min(1)])
      .describe('File, or globs of files, relative to the repository.'),
    contract: RepositoryPath.optional().describe(
      'The data contract that these files must keep. Default: contracts/<name>.yaml when it is there.',
    ),
  })
  .describe('A named dataset.');

const Train = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .optional()
      .describe('Command line that trains the model and writes its outputs, in any language.'),
    builtin: z
      .enum(['gradient-boosting', 'linear'])
      .optional()
      .describe('Train with the embedded trainer instead of a command.'),
    data: z.union([Name, z.array(Name).min(1)]).describe('Datasets that training reads.'),
    deps: z
      .array(RepositoryPath)
      .default([])
      .describe('Further files that training reads: code, configuration. Globs are allowed.'),
    params: z
      .record(z.string(), Scalar)
      .default({})
      .describe(
        'Parameters. A command finds each as RASTRO_PARAM_<NAME> and all of them as JSON in RASTRO_PARAMS.',
      ),
    outputs: z.array(RepositoryPath).default([]).describe('Files that training writes besides the model.'),
    seed: z.number().int().nonnegative().default(0).describe('Seed; a command finds it as RASTRO_SEED.'),
  })
  .refine(
    (train) => (train.command === undefined) !== (train.builtin === undefined),
    'give either "command" or "builtin", and not both',
  )
  .describe('How the model is made.');

const Metric = z
  .strictObject({
    goal: z
      .enum(['max', 'min'])
      .optional()
      .describe('Which way is better. Default: the usual one for a known metric.'),
    tolerance: z
      .number()
      .nonnegative()
      .default(0)
      .describe('A worsening up to this much is not a regression.'),
    min: z.number().optional().describe('Lowest value that passes.'),
    max: z.number().optional().describe('Highest value that passes.'),
  })
  .describe('What is asked of one metric.');

const Evaluate = z
  .strictObject({
    data: Name.describe('Dataset that the model is judged on.'),
    predictions: z
      .strictObject({
        path: RepositoryPath.describe(
          'Predictions file (CSV, JSON Lines or Parquet), one row per row of the data.',
        ),
        prediction: z.string().optional().describe('Column with the predicted label or value.'),
        score: z.string().optional().describe('Column with the probability of the positive class.'),
        scores: z
          .record(z.string(), z.string())
          .optional()
          .describe('Class name to the column with its probability.'),
      })
      .optional()
      .describe('Judge these predictions instead of running the model.'),
    positive: Scalar.optional().describe(
      'The label that counts as positive in a binary task. Default: 1, true, yes, or the greater label.',
    ),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Probability from which a row counts as positive. Default: the labels as the model gives them.'),
    metrics: z
      .record(z.string(), Metric.prefault({}))
      .default({})
      .describe('The metrics that decide, by name. Default: the usual ones of the task.'),
    slices: z.array(z.string()).default([]).describe('Columns to tell every metric apart by.'),
    min_slice_rows: z
      .number()
      .int()
      .positive()
      .default(50)
      .describe('A slice with fewer rows is not judged.'),
    confidence: z.number().gt(0).lt(1).default(0.95).describe('Confidence of the intervals.'),
    resamples: z
      .number()
      .int()
      .min(0)
      .max(100_000)
      .default(1000)
      .describe('Bootstrap resamples behind the intervals; 0 for none.'),
    seed: z.number().int().nonnegative().default(0).describe('Seed of the bootstrap.'),
  })
  .describe('How the model is judged.');

const Deploy = z
  .strictObject({
    target: z.enum(['local']).describe('Where to: "local" is the embedded inference server on this machine.'),
    port: z
      .number()
      .int()
      .min(0)
      .max(65_535)
      .default(8080)
      .describe('Port of the local server; 0 takes a free one.'),
  })
  .describe('One environment that the model is deployed to.');

const Model = z
  .strictObject({
    description: z.string().optional().describe('What the model is for, in a sentence.'),
    task: z.enum(['binary', 'multiclass', 'regression']).describe('What the model answers.'),
    model: RepositoryPath.optional().describe('The ONNX file. Default: models/<name>.onnx.'),
    target: z.string().min(1).describe('Column with the truth.'),
    features: z
      .array(z.string())
      .min(1)
      .optional()
      .describe(
        'Columns that the model reads, in its order. Default: what training recorded, or every column but the target.',
      ),
    train: Train.optional(),
    evaluate: Evaluate.optional(),
    deploy: z.record(Name, Deploy).default({}).describe('Environments by name.'),
  })
  .describe('A model of this repository.');

const Monitor = z
  .strictObject({
    data: Name.describe(
      'Dataset with the current rows, compared with the rows that the released version was trained on.',
    ),
    columns: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Columns to watch. Default: the features and the target.'),
    psi: z
      .number()
      .positive()
      .default(0.2)
      .describe('Population stability index from which a column counts as drifted.'),
    alpha: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe('Significance that a drifted column must also reach, after Benjamini-Hochberg.'),
    share: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe('Share of drifted columns from which the model counts as drifted. Default: any column.'),
    min_rows: z.number().int().positive().default(200).describe('Fewer rows than this are not judged.'),
    environment: Name.default('prod').describe('Environment whose version is watched.'),
    retrain: z
      .boolean()
      .default(false)
      .describe(
        'On drift, train again on the training data as it is now, on a branch, and open a pull request.',
      ),
  })
  .describe('The scheduled check for decay of one model.');

/** The schema of `rastro.yaml`. Closed at every level. */
export const Project = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    data: z.record(Name, Dataset).default({}).describe('Datasets by name.'),
    models: z.record(Name, Model).default({}).describe('Models by name.'),
    monitor: z.record(Name, Monitor).default({}).describe('Scheduled checks, by model.'),
  })
  .describe('A Rastro project.');
export type Project = z.output<typeof Project>;
export type ModelConfig = Project['models'][string];
export type DatasetConfig = Project['data'][string];
export type MonitorConfig = Project['monitor'][string];

export const PROJECT_FILE = 'rastro.yaml';

/** Reads `rastro.yaml`. @throws InputError with every fault, each at its line and column. */
export function readProject(text: string, file = PROJECT_FILE): Document<Project> {
  return readDocument(text, file, Project);
}
