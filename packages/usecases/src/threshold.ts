import type { Document } from '@rastro/document';
import { fault, InputError } from '@rastro/fault';
import type { ModelConfig, Project } from '@rastro/lineage';
import { type Answers, chosenThreshold, type EvaluationRecord, type ThresholdGoal } from '@rastro/metrics';
import type { JudgedRows } from './judged-columns.ts';
import { questionOf } from './model-question.ts';
import type { TableSource, Workspace } from './ports/index.ts';
import { datasetFiles, type NamedModel, pickDataset, tableOf } from './project.ts';

type ThresholdConfig = NonNullable<NonNullable<ModelConfig['evaluate']>['threshold']>;

/** From which score a row counts as positive. */
export interface SettledThreshold {
  /** A rule chooses on the judged rows themselves; undefined for the labels as the model gives them. */
  readonly threshold: number | ThresholdGoal | undefined;
  /** The other data that it was chosen on. */
  readonly tuning?: EvaluationRecord['tuning'];
}

/** Answers to the rows of another dataset; `predictions` is their file where predictions are judged. */
export type AnswersTo = (
  source: TableSource,
  predictions: string | undefined,
) => Promise<{ rows: JudgedRows; answers: Answers }>;

/**
 * The threshold as `rastro.yaml` gives it; a rule that names other data has chosen on these.
 * @throws InputError when that data is not there, or no threshold keeps what is asked there
 */
export async function settleThreshold(
  { name, config }: NamedModel,
  project: Document<Project>,
  { workspace, answersTo }: { workspace: Workspace; answersTo: AnswersTo },
): Promise<SettledThreshold> {
  const asked = config.evaluate!.threshold;
  if (asked === undefined || typeof asked === 'number') return { threshold: asked };
  const rule = goalOf(asked);
  if (asked.data === undefined) return { threshold: rule };
  const path = ['models', name, 'evaluate', 'threshold'];
  if ((asked.predictions === undefined) !== (config.evaluate!.predictions === undefined)) {
    throw new InputError(
      fault(
        'tuning-predictions',
        asked.predictions === undefined
          ? `the threshold is to be chosen on ${asked.data}, but the predictions for it are not named`
          : 'the threshold names predictions, but a model is judged that can be run',
        project.placeOf(path),
        asked.predictions === undefined
          ? 'Name their file with "predictions:" beside "data:", with the same columns as those that are judged.'
          : 'Leave "predictions:" out there.',
      ),
    );
  }
  const files = await datasetFiles(
    workspace,
    asked.data,
    pickDataset(project, asked.data, [...path, 'data']),
  );
  const { rows, answers } = await answersTo(tableOf(workspace, files), asked.predictions);
  return {
    threshold: chosenThreshold(questionOf(config, rows, undefined), answers, rule),
    tuning: {
      name: asked.data,
      files: files.map(({ path: file, sha256 }) => ({ path: file, sha256 })),
      rows: rows.rows,
    },
  };
}

function goalOf(rule: Exclude<ThresholdConfig, number>): ThresholdGoal {
  if ('maximise' in rule) return { maximise: rule.maximise };
  if ('min_precision' in rule) return { maximise: 'recall', minPrecision: rule.min_precision };
  if ('min_recall' in rule) return { maximise: 'precision', minRecall: rule.min_recall };
  return { minimise: 'cost', falsePositive: rule.false_positive, falseNegative: rule.false_negative };
}
