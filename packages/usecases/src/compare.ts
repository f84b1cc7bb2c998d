import { fault, InputError, place } from '@rastro/fault';
import {
  type CompareResult,
  type Comparison,
  type EvaluationRecord,
  compare as judge,
  type MetricVerdict,
  evaluate as measure,
  type PairedRows,
  readRecord,
} from '@rastro/metrics';
import type { Report, Section, Status, Text } from '@rastro/report';
import { z } from 'zod';
import { modelAnswers } from './answers.ts';
import { type Baseline, baselineModel, findBaseline } from './baseline.ts';
import { featuresOf, recordPath } from './evaluate.ts';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { datasetFiles, loadProject, type NamedModel, pickDataset, pickModels, tableOf } from './project.ts';
import { count, figure, report, table } from './report.ts';

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
      describe(model, comparison, { baseline, candidate, request, rescored: rescored !== undefined }),
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

const WORD: Record<MetricVerdict, string> = {
  improved: '✅ improved',
  inconclusive: '➖ inconclusive',
  regressed: '❌ regressed',
  missing: '❌ missing',
  breach: '❌ below what is asked',
  'no-baseline': '➖ nothing to compare with',
};

interface Told {
  readonly baseline: Baseline | undefined;
  readonly candidate: EvaluationRecord;
  readonly request: CompareRequest;
  /** The evaluation data changed, and the baseline was scored again on the present rows. */
  readonly rescored: boolean;
}

function describe(model: NamedModel, comparison: CompareResult, told: Told): Report {
  return report(
    'compare',
    model.name,
    { status: statusOf(comparison, told.request), sentence: sentenceOf(model.name, comparison, told) },
    [
      metricsSection(comparison, told),
      slicesSection(comparison),
      churnSection(comparison),
      differencesSection(comparison),
    ],
  );
}

function statusOf(comparison: CompareResult, request: CompareRequest): Status {
  if (isFailure(comparison.verdict, request)) return request.failOn === 'never' ? 'warn' : 'fail';
  return comparison.verdict === 'improved' ? 'pass' : comparison.verdict === 'no-baseline' ? 'info' : 'pass';
}

function sentenceOf(
  model: string,
  { verdict, metrics, slices, dataDiffers }: CompareResult,
  { baseline }: Told,
): string {
  const against = baseline ? ` against ${baseline.name}` : '';
  const list = (wanted: MetricVerdict) =>
    [...metrics, ...slices]
      .filter((each) => each.verdict === wanted)
      .slice(0, 3)
      .map(
        (each) =>
          `${each.metric}${each.slice ? ` in ${each.slice.column}=${each.slice.value}` : ''}${each.delta === null ? '' : ` ${signed(each.delta)}`}`,
      )
      .join(', ');
  const data = dataDiffers ? ' The evaluation data changed too, so this compares different rows.' : '';
  switch (verdict) {
    case 'improved':
      return `${model} improved${against}: ${list('improved')}.${data}`;
    case 'regressed':
      return `${model} regressed${against}: ${list('regressed')}.${data}`;
    case 'missing':
      return `${model} lacks metrics that the baseline has: ${list('missing')}.`;
    case 'breach':
      return `${model} does not reach what is asked: ${list('breach')}.`;
    case 'inconclusive':
      return `${model} cannot be told apart from the baseline${against}.${data}`;
    case 'no-baseline':
      return `${model} has no baseline to compare with.`;
  }
}

function metricsSection({ metrics }: CompareResult, { baseline, candidate, rescored }: Told): Section {
  const method = metrics.find((each) => each.method !== null)?.method ?? null;
  return {
    id: 'metrics',
    title: 'Metrics',
    importance: 95,
    blocks: [
      table(
        [
          'Metric',
          ['Baseline', 'right'],
          ['Candidate', 'right'],
          ['Change', 'right'],
          [`${100 * candidate.evaluation.confidence} % interval`, 'right'],
          'Verdict',
        ],
        metrics.map((each) => [
          each.metric,
          figure(each.baseline),
          figure(each.candidate),
          signed(each.delta),
          interval(each),
          `${WORD[each.verdict]}${each.verdict === 'missing' || each.verdict === 'breach' ? `: ${each.reason}` : ''}`,
        ]),
      ),
      {
        kind: 'paragraph',
        text: baseline?.record
          ? [
              'Baseline: ',
              { code: baseline.name },
              `. On ${count(candidate.evaluation.rows, 'row')}, judged by ${methodWords(method)}, corrected for ${metrics.length} metrics and their slices (Benjamini-Hochberg).${rescored ? ' The evaluation data changed, so the baseline was scored again on the present rows.' : ''}`,
            ]
          : 'There is no evaluation record to compare with.',
      },
    ],
  };
}

function methodWords(method: Comparison['method']): string {
  switch (method) {
    case 'intervals':
      return 'the intervals of both records';
    case 'point':
    case null:
      return 'the bare values';
    default:
      return `paired tests on the same rows (${method})`;
  }
}

function slicesSection({ slices, hiddenRegressions }: CompareResult): Section | undefined {
  const moved = slices.filter(({ verdict }) => verdict === 'improved' || verdict === 'regressed');
  if (moved.length === 0) return undefined;
  const worstFirst = [...moved].sort(
    (a, b) => Number(b.verdict === 'regressed') - Number(a.verdict === 'regressed'),
  );
  const shown = worstFirst.slice(0, 20);
  const rows = shown.map((each): Text[] => [
    `${each.slice!.column} = ${each.slice!.value}`,
    each.metric,
    figure(each.baseline),
    figure(each.candidate),
    signed(each.delta),
    WORD[each.verdict],
  ]);
  return {
    id: 'slices',
    title: 'Slices that moved',
    importance: 75,
    blocks: [
      ...(hiddenRegressions.length > 0
        ? [
            {
              kind: 'paragraph' as const,
              text: `${count(hiddenRegressions.length, 'slice')} regressed though the total did not.`,
            },
          ]
        : []),
      table(
        ['Slice', 'Metric', ['Baseline', 'right'], ['Candidate', 'right'], ['Change', 'right'], 'Verdict'],
        rows,
        moved.length - shown.length,
      ),
    ],
  };
}

function churnSection({ churn }: CompareResult): Section | undefined {
  if (!churn) return undefined;
  const share = (n: number) => `${n} (${((100 * n) / churn.rows).toFixed(1)} %)`;
  return {
    id: 'churn',
    title: 'Changed answers',
    importance: 45,
    blocks: [
      {
        kind: 'facts',
        items: [
          { label: 'Rows with another answer', value: share(churn.changed) },
          ...(churn.mended === null
            ? []
            : [{ label: 'Wrong before, right now', value: share(churn.mended) }]),
          ...(churn.broken === null
            ? []
            : [{ label: 'Right before, wrong now', value: share(churn.broken) }]),
          ...(churn.meanChange === null ? [] : [{ label: 'Mean change', value: figure(churn.meanChange) }]),
        ],
      },
    ],
  };
}

function differencesSection({ differences }: CompareResult): Section | undefined {
  if (differences.length === 0) return undefined;
  return {
    id: 'differences',
    title: 'What else changed',
    importance: 50,
    blocks: [
      table(
        ['Part', 'Before', 'Now'],
        differences.map(({ kind, what, before, after }) => [
          what === kind ? kind : `${kind} ${what}`,
          before ?? '–',
          after ?? '–',
        ]),
      ),
    ],
  };
}

function interval({ low, high }: Comparison): string {
  return low === null || high === null ? '–' : `${signed(low)} to ${signed(high)}`;
}

function signed(value: number | null): string {
  if (value === null) return '–';
  return value > 0 ? `+${figure(value)}` : figure(value);
}
