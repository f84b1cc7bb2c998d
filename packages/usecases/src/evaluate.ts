import { type Document, didYouMean } from '@rastro/document';
import { type Fault, fault, InputError } from '@rastro/fault';
import type { Project } from '@rastro/lineage';
import {
  type EvaluationRecord,
  flatMetrics,
  knownMetric,
  measuredValue,
  metricNamed,
  metricsOf,
  plotFiles,
  writeRecord,
} from '@rastro/metrics';
import type { Report } from '@rastro/report';
import { z } from 'zod';
import { isCustom } from './custom-metrics.ts';
import { isByInputs, projectOfInputs } from './evaluate-inputs.ts';
import { evaluateReport } from './evaluate-report.ts';
import { type Judgement, type JudgePorts, judgeModel } from './judge-model.ts';
import type { Latency } from './latency.ts';
import type { Outcome } from './outcome.ts';
import type { Ports, Workspace } from './ports/index.ts';
import { datasetFiles, loadProject, type NamedModel, pickDataset, pickModels } from './project.ts';
import { figure } from './report.ts';
import { noteRun } from './run-notes.ts';
import { latencyBreaches, specificationBreaches } from './specification.ts';

export { modelMissing } from './model-question.ts';

const WITHOUT = 'Without rastro.yaml:';

export const EvaluateRequest = z.strictObject({
  model: z
    .array(z.string())
    .default([])
    .describe(`Models to evaluate, by their names in rastro.yaml. Default: all. ${WITHOUT} the ONNX file.`),
  predictions: z
    .string()
    .optional()
    .describe(`${WITHOUT} file with predictions in place of a model, one row per row of the data.`),
  data: z.string().optional().describe(`${WITHOUT} file with the rows to judge on.`),
  target: z.string().optional().describe(`${WITHOUT} column of the data with the truth.`),
  task: z
    .enum(['binary', 'multiclass', 'regression'])
    .optional()
    .describe(`${WITHOUT} what the model answers.`),
  features: z
    .array(z.string())
    .optional()
    .describe(`${WITHOUT} columns that the model reads, in its order. Default: all but the target.`),
  prediction: z
    .string()
    .optional()
    .describe(`${WITHOUT} column of the predictions with the label or value. Default: prediction.`),
  score: z
    .string()
    .optional()
    .describe(`${WITHOUT} column of the predictions with the probability of the positive class.`),
  positive: z.string().optional().describe(`${WITHOUT} label that counts as positive in a binary task.`),
  slices: z.array(z.string()).optional().describe(`${WITHOUT} columns to tell every metric apart by.`),
});
export type EvaluateRequest = z.output<typeof EvaluateRequest>;

/** One evaluated model: where its record is, its metrics, and what of `rastro.yaml` it does not keep. */
export interface EvaluateRecord {
  readonly model: string;
  readonly path: string;
  readonly sha256: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly breaches: readonly string[];
  readonly latency: Latency | null;
}

export type EvaluatePorts = JudgePorts & Pick<Ports, 'clock' | 'sha256'>;

/** Where the evaluation record of a model is. */
export function recordPath(model: string): string {
  return `metrics/${model}.json`;
}

/**
 * Scores models on their evaluation data and writes `metrics/<model>.json`; the same model, data and versions give the
 * same bytes.
 * @throws InputError when a model, its data or a column is missing, or they do not fit each other.
 */
export async function evaluate(
  request: EvaluateRequest,
  ports: EvaluatePorts,
): Promise<Outcome<EvaluateRecord[]>> {
  const byInputs = isByInputs(request);
  const project = byInputs ? projectOfInputs(request) : await loadProject(ports.workspace);
  const records: EvaluateRecord[] = [];
  const reports: Report[] = [];
  for (const model of judgedModels(project, byInputs ? [] : request.model)) {
    const { judgement, breaches } = await judgeNamed(model, project, ports);
    const { record, latency } = judgement;
    const text = writeRecord(record);
    await ports.workspace.write(recordPath(model.name), text);
    await noteRun(ports, { verb: 'evaluate', subject: model.name, sha256: ports.sha256(text) });
    await writeFilesForOthers(model, record, ports.workspace);
    records.push({
      model: model.name,
      path: recordPath(model.name),
      sha256: record.model.sha256,
      metrics: Object.fromEntries(
        Object.entries(record.evaluation.metrics).map(([name, { value }]) => [name, value]),
      ),
      breaches,
      latency: latency ?? null,
    });
    const repeat = byInputs ? repeatedInputs(request) : ['--model', model.name];
    reports.push(evaluateReport(model, judgement, { breaches, repeat }));
  }
  return {
    status: records.some(({ breaches }) => breaches.length > 0) ? 'breach' : 'pass',
    reports,
    record: records,
  };
}

/** Judges a model on its evaluation data, and writes nothing. `breaches` is what of `rastro.yaml` it does not keep. */
export async function judgeNamed(
  model: NamedModel,
  project: Document<Project>,
  ports: EvaluatePorts,
): Promise<{ judgement: Judgement; breaches: string[] }> {
  refuseUnknownMetrics(model, project);
  const dataset = model.config.evaluate!.data;
  const found = pickDataset(project, dataset, ['models', model.name, 'evaluate', 'data']);
  const files = await datasetFiles(ports.workspace, dataset, found);
  ports.progress.step(`${model.name}: evaluating on ${dataset}`);
  const judgement = await judgeModel(model, { data: { name: dataset, files }, project }, ports);
  const { record, latency } = judgement;
  const { specification } = model.config.evaluate!;
  return { judgement, breaches: [...breachesOf(model, record), ...latencyBreaches(specification, latency)] };
}

/** The models that were asked for; without names, all that are to be evaluated. */
function judgedModels(project: Document<Project>, names: readonly string[]): NamedModel[] {
  const models = pickModels(project, names);
  const judged = models.filter(({ config }) => config.evaluate);
  const lacking = names.length > 0 ? models.find(({ config }) => !config.evaluate) : undefined;
  if (!lacking && judged.length > 0) return judged;
  throw new InputError(
    fault(
      'nothing-to-evaluate',
      lacking ? `${lacking.name} has no "evaluate:" section` : 'no model has an "evaluate:" section',
      project.placeOf(lacking ? ['models', lacking.name] : ['models']),
      'Add "evaluate:" with its data.',
    ),
  );
}

/** The inputs as options of the command line. */
function repeatedInputs(request: EvaluateRequest): string[] {
  return Object.entries(request).flatMap(([name, value]) => {
    const text = value === undefined ? '' : [value].flat().join(',');
    return text === '' ? [] : [`--${name}`, text];
  });
}

async function writeFilesForOthers(
  { config }: NamedModel,
  record: EvaluationRecord,
  workspace: Workspace,
): Promise<void> {
  const { metrics, plots } = config.evaluate!.files ?? {};
  if (metrics !== undefined) await workspace.write(metrics, flatMetrics(record));
  if (plots === undefined) return;
  for (const [name, text] of plotFiles(record)) await workspace.write(`${plots}/${name}`, text);
}

/** Metrics that nobody knows, and those of the user's own that nobody can judge. */
function refuseUnknownMetrics({ name, config }: NamedModel, project: Document<Project>): void {
  const { task } = config;
  const known = metricsOf(task).map((metric) => metric.name);
  const faults = Object.entries(config.evaluate!.metrics).flatMap(([metric, asked]): Fault[] => {
    const at = project.placeOfKey(['models', name, 'evaluate', 'metrics', metric]);
    const found = knownMetric(metric);
    if (isCustom(asked)) {
      if (found)
        return [
          fault('metric-name-taken', `"${metric}" is a metric already`, at, 'Give yours another name.'),
        ];
      return asked.goal === undefined && asked.target === undefined
        ? [
            fault(
              'metric-goal-missing',
              `"${metric}" does not say which way is better`,
              at,
              'Add "goal: max", "goal: min" or "target:".',
            ),
          ]
        : [];
    }
    if (found?.tasks.includes(task)) return [];
    const nearest = didYouMean(metric, known);
    return [
      fault(
        'unknown-metric',
        `"${metric}" is not a metric of a ${task} model`,
        at,
        nearest ? `Did you mean "${nearest}"?` : `Known: ${known.join(', ')}; or define it with "sql:".`,
      ),
    ];
  });
  const { importance } = config.evaluate!;
  if (importance?.metric !== undefined) metricNamed(importance.metric, task);
  if (faults.length > 0) throw new InputError(faults);
}

/**
 * What of `rastro.yaml` a record does not keep, each as a phrase: bounds of metrics (one that was not measured breaks
 * every bound), the specification, behavioural tests. Speed is not in a record.
 */
export function breachesOf({ config }: Pick<NamedModel, 'config'>, record: EvaluationRecord): string[] {
  const { evaluation, tests = [] } = record;
  const bounds = Object.entries(config.evaluate?.metrics ?? {}).flatMap(([name, { min, max }]) => {
    if (min === undefined && max === undefined) return [];
    const value = measuredValue(evaluation.metrics[name]) ?? undefined;
    if (value === undefined) return [`${name} has no value`];
    if (min !== undefined && value < min) return [`${name} is ${figure(value)}, below ${min}`];
    return max !== undefined && value > max ? [`${name} is ${figure(value)}, above ${max}`] : [];
  });
  const failed = tests.filter(({ passed }) => !passed);
  return [
    ...bounds,
    ...specificationBreaches(config.evaluate?.specification, record),
    ...failed.map(({ name, failed, checked }) => `"${name}" fails ${failed} of ${checked} times`),
  ];
}
