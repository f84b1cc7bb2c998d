import { type Document, readDocument } from '@rastro/document';
import { z } from 'zod';
import { Name, RepositoryPath, Scalar } from './config-values.ts';
import { Evaluate } from './evaluate-config.ts';
import { Sweep } from './sweep-config.ts';

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

const Outputs = z
  .strictObject({
    label: z.string().optional().describe('Output with the label.'),
    scores: z.string().optional().describe('Output with one score per class, or that of the positive class.'),
    logits: z
      .boolean()
      .optional()
      .describe('Whether the scores are logits. Default: whether their name says so.'),
    value: z.string().optional().describe('Output with the predicted value of a regression.'),
  })
  .describe('Which outputs of the ONNX model are what, where it has several.');

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
    inputs: z
      .record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]))
      .optional()
      .describe(
        'Input of the ONNX model to the column or columns that go into it. Default: inputs have the names of columns, or a single one takes all features.',
      ),
    outputs: Outputs.optional(),
    classes: z
      .array(Scalar)
      .min(2)
      .optional()
      .describe('Classes in the order of the scores. Default: as the model says.'),
    train: Train.optional(),
    sweep: Sweep.optional(),
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
