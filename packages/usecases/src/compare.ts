import { fault, InputError, place } from '@rastro/fault';
import {
  type CompareResult,
  type EvaluationRecord,
  compare as judge,
  type MetricVerdict,
  evaluate as measure,
  type PairedRows,
  readRecord,
} from '@rastro/metrics';
import type { Report, Status } from '@rastro/report';
import { z } from 'zod';
import { modelAnswers } from './answers.ts';
import { type Baseline, baselineModel, findBaseline } from './baseline.ts';
import { compareReport } from './compare-report.ts';
import { featuresOf, recordPath } from './evaluate.ts';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { datasetFiles, loadProject, type NamedModel, pickDataset, pickModels, tableOf } from './project.ts';
import { releaseHistory } from './release-history.ts';

export const CompareRequest = z.strictObject({
  model: z
    .array(z.string())
    .default([])
    .describe('Models to compare, by their names in rastro.yaml. Default: all that are evaluated.'),
  baseline: z
    .string()
    .min(1)
    .default('merge-base')
    .describe(
      'What to compare with: merge-base, a stage such as prod, a version such as v1.2.0, or a Git revision.',
    ),
  failOn: z
    .enum(['regression', 'never'])
    .default('regression')
    .describe('Whether a regressed or missing metric fails the step.'),
  requireBaseline: z.boolean().default(false).describe('Fail when there is nothing to compare with.'),
});
export type CompareRequest = z.output<typeof CompareRequest>;

export interface CompareRecord {
  readonly model: string;
  readonly result: MetricVerdict;
  readonly baseline: string | null;
  /** Candidate minus baseline, by metric. */
  readonly changes: Readonly<Record<string, number | null>>;
  readonly comparison: CompareResult;
}

type ComparePorts = Pick<
  Ports,
  'workspace' | 'repository' | 'data' | 'runtime' | 'context' | 'progress' | 'sha256'
>;

/**
 * Compares the evaluation records of the workspace with those of a baseline. Where the model files of both can be scored
 * on the same rows, the comparison is paired, row by row; otherwise it rests on the intervals of the records, and says so.
 * @throws InputError when a record is missing or broken, or the baseline names nothing.
 */
export async function compare(
  request: CompareRequest,
  ports: ComparePorts,
): Promise<Outcome<CompareRecord[]>> {
  const project = await loadProject(ports.workspace);
  const models = pickModels(project, request.model).filter(({ config }) => config.evaluate);
  const records: CompareRecord[] = [];
  const reports: Report[] = [];
  for (const model of models) {
    const candidate = await candidateRecord(model, ports);
    const baseline = await findBaseline(request.baseline, model, ports);
    const dataset = model.config.evaluate!.data;
    const files = await datasetFiles(ports.workspace, dataset, pickDataset(project, dataset));
    ports.progress.step(`${model.name}: comparing with ${baseline?.name ?? 'nothing'}`);
    const paired = baseline?.record ? await pairedRows(model, candidate, baseline, files, ports) : undefined;
    const rescored =
      paired && baseline?.record ? onSameRows(baseline.record, candidate, paired, model) : undefined;
    const comparison = judge({
      baseline: rescored ?? baseline?.record,
      candidate,
      specs: Object.entries(model.config.evaluate!.metrics).map(([metric, spec]) => ({ metric, ...spec })),
      paired,
    });
    records.push({
      model: model.name,
      result: comparison.verdict,
      baseline: baseline?.record ? baseline.name : null,
      changes: Object.fromEntries(comparison.metrics.map(({ metric, delta }) => [metric, delta])),
      comparison,
    });
    reports.push(
      compareReport(model.name, comparison, {
        baseline: baseline?.record ? { ...baseline, record: rescored ?? baseline.record } : undefined,
        candidate,
        commit: ports.context.pullRequest?.head ?? (await (await ports.repository()).head()),
        releases: await releaseHistory(model.name, ports),
        askedBaseline: request.baseline,
        isRescored: rescored !== undefined,
        status: statusOf(comparison.verdict, request),
      }),
    );
  }
  const failed = request.failOn === 'regression' && records.some(({ result }) => isFailure(result, request));
  return { status: failed ? 'breach' : 'pass', reports, record: records };
}

function isFailure(verdict: MetricVerdict, { requireBaseline }: CompareRequest): boolean {
  switch (verdict) {
    case 'regressed':
    case 'missing':
    case 'breach':
      return true;
    case 'improved':
    case 'inconclusive':
      return false;
    case 'no-baseline':
      return requireBaseline;
  }
}

function statusOf(verdict: MetricVerdict, request: CompareRequest): Status {
  if (isFailure(verdict, request)) return request.failOn === 'never' ? 'warn' : 'fail';
  return verdict === 'no-baseline' ? 'info' : 'pass';
}

async function candidateRecord(
  { name, file, config }: NamedModel,
  { workspace }: ComparePorts,
): Promise<EvaluationRecord> {
  const path = recordPath(name);
  const text = await workspace.readText(path);
  if (text === undefined) {
    throw new InputError(
      fault(
        'record-missing',
        `there is no evaluation record ${path}`,
        place(path),
        'Run "rastro evaluate" first.',
      ),
    );
  }
  const record = readRecord(text, path);
  const model = config.evaluate?.predictions?.path ?? file;
  const digest = await workspace.digest(model);
  if (digest && digest.sha256 !== record.model.sha256) {
    throw new InputError(
      fault(
        'record-stale',
        `${path} is about another ${model} than the one that is here`,
        place(path),
        'Run "rastro evaluate" again.',
      ),
    );
  }
  return record;
}

/** The answers of both models to the same rows, or undefined when the baseline's file cannot be had or does not fit the rows. */
async function pairedRows(
  model: NamedModel,
  candidate: EvaluationRecord,
  baseline: Baseline,
  files: readonly { readonly path: string }[],
  ports: ComparePorts,
): Promise<PairedRows | undefined> {
  const { config } = model;
  const evaluate = config.evaluate!;
  const { workspace, runtime, data } = ports;
  if (evaluate.predictions || !(await workspace.digest(model.file))) return undefined;
  const old = await baselineModel(baseline, model, ports);
  if (!old) return undefined;
  const source = tableOf(workspace, files);
  const available = new Set((await (await data()).describe(source)).columns.map(({ name }) => name));
  const features = await featuresOf(model, source, ports);
  const oldFeatures = old.features ?? features;
  if (!oldFeatures.every((name) => available.has(name))) return undefined;
  const engine = await runtime();
  const asked = { source, task: config.task, target: config.target, slices: evaluate.slices };
  const score = async (path: string, columns: readonly string[]) => {
    const loaded = await engine.load(workspace.absolute(path));
    try {
      return await modelAnswers(loaded, { ...asked, features: columns }, ports);
    } finally {
      await loaded.close();
    }
  };
  const before = await score(old.path, oldFeatures);
  const after = await score(model.file, features);
  return {
    task: config.task,
    truth: after.rows.truth,
    positive: candidate.evaluation.positive,
    threshold: evaluate.threshold,
    baseline: before.answers,
    candidate: after.answers,
    slices: after.rows.slices,
    resamples: evaluate.resamples,
    seed: evaluate.seed,
  };
}

/**
 * The baseline's record as it would be on the candidate's rows; undefined when it is of these rows already. Two records of
 * different data say nothing about two models.
 */
function onSameRows(
  baseline: EvaluationRecord,
  candidate: EvaluationRecord,
  paired: PairedRows,
  { config }: NamedModel,
): EvaluationRecord | undefined {
  const digests = ({ data }: EvaluationRecord) => data.files.map(({ sha256 }) => sha256).join();
  if (digests(baseline) === digests(candidate)) return undefined;
  const { baseline: answers, truth, task, slices, positive, threshold } = paired;
  const { min_slice_rows, confidence, seed } = config.evaluate!;
  const evaluation = measure({
    task,
    truth,
    slices,
    positive,
    threshold,
    ...answers,
    minSliceRows: min_slice_rows,
    confidence,
    seed,
    resamples: 0,
  });
  return { ...baseline, data: candidate.data, evaluation };
}
