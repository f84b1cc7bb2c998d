import type { Document } from '@rastro/document';
import type { ModelConfig, Project } from '@rastro/lineage';
import { type EvaluationRecord, evaluate as measure, type PairedRows } from '@rastro/metrics';
import { type Baseline, baselineModel } from './baseline.ts';
import { withCustomMetrics } from './custom-metrics.ts';
import { featuresOf, metricNames, scoringOf } from './model-question.ts';
import { pairedAnswers } from './paired-answers.ts';
import type { Ports } from './ports/index.ts';
import { datasetFiles, type NamedModel, pickDataset, tableOf } from './project.ts';

type PairPorts = Pick<Ports, 'workspace' | 'repository' | 'data' | 'runtime' | 'commands' | 'progress'>;

/** One comparison to make. `commit` is that of the candidate's record; undefined for the record of this checkout. */
export interface Subject {
  readonly name: string;
  readonly config: ModelConfig | undefined;
  readonly file: string | undefined;
  readonly path: string;
  readonly candidate: EvaluationRecord;
  readonly commit: string | null | undefined;
}

/**
 * The answers of both models to the same rows; why they cannot be had, when the baseline does not fit the present rows; or
 * undefined when its file is not there, or the candidate is not the model of this checkout.
 */
export async function pairedRows(
  { name, config, file, candidate }: Subject,
  baseline: Baseline | undefined,
  project: Document<Project> | undefined,
  ports: PairPorts,
): Promise<PairedRows | string | undefined> {
  if (!config?.evaluate || !project || file === undefined || !baseline?.record) return undefined;
  const { workspace, data } = ports;
  const { evaluate } = config;
  if (evaluate.predictions || !(await workspace.digest(file))) return undefined;
  const model: NamedModel = { name, config, file };
  const old = await baselineModel(baseline, model, ports);
  if (!old) return undefined;
  const files = await datasetFiles(workspace, evaluate.data, pickDataset(project, evaluate.data));
  const source = tableOf(workspace, files);
  const available = new Set((await (await data()).describe(source)).columns.map((column) => column.name));
  const features = await featuresOf(model, source, ports);
  const oldFeatures = old.features ?? features;
  if (!oldFeatures.every((feature) => available.has(feature))) return undefined;
  return pairedAnswers(
    {
      model,
      project,
      source,
      baseline: {
        path: old.path,
        scoring: scoringOf({ ...old.config, task: config.task }, oldFeatures),
        evaluation: baseline.record.evaluation,
      },
      candidate: { path: file, scoring: scoringOf(config, features), evaluation: candidate.evaluation },
    },
    ports,
  );
}

/**
 * The baseline's record as it would be on the candidate's rows; undefined when it is of these rows already. Two records of
 * different data say nothing about two models. Metrics that a command gives are not asked again.
 */
export async function onSameRows(
  baseline: EvaluationRecord,
  { name, candidate, config }: Subject,
  paired: PairedRows,
  project: Document<Project>,
  ports: PairPorts,
): Promise<EvaluationRecord | undefined> {
  const digests = ({ data }: EvaluationRecord) => data.files.map(({ sha256 }) => sha256).join();
  if (digests(baseline) === digests(candidate)) return undefined;
  const { baseline: old, slices = [], candidate: _, ...question } = paired;
  const { threshold, ...answers } = old;
  const { data, min_slice_rows, confidence, seed, metrics } = config!.evaluate!;
  const evaluation = measure({
    ...question,
    threshold,
    slices,
    ...answers,
    metrics: metricNames(config!),
    minSliceRows: min_slice_rows,
    confidence,
    seed,
    resamples: 0,
  });
  const files = await datasetFiles(ports.workspace, data, pickDataset(project, data));
  return {
    ...baseline,
    data: candidate.data,
    evaluation: await withCustomMetrics(
      Object.fromEntries(Object.entries(metrics).filter(([, { sql }]) => sql !== undefined)),
      {
        model: name,
        source: tableOf(ports.workspace, files),
        question: { ...question, threshold },
        answers,
        slices,
        evaluation,
        placeOf: (metric) => project.placeOfKey(['models', name, 'evaluate', 'metrics', metric]),
      },
      ports,
    ),
  };
}
