import { didYouMean, type Places } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import { readTrainLock, trainLockPath } from '@rastro/lineage';
import {
  type Answers,
  type EvaluationRecord,
  evaluate as judge,
  knownMetric,
  type MetricValue,
  metricsOf,
  writeRecord,
} from '@rastro/metrics';
import { confusionTable, type Report, type Section } from '@rastro/report';
import { z } from 'zod';
import { givenAnswers, type JudgedRows, modelAnswers } from './answers.ts';
import { curvesSection } from './evaluation-charts.ts';
import type { Outcome } from './outcome.ts';
import type { ModelSignature, Ports, Workspace } from './ports/index.ts';
import { datasetFiles, loadProject, type NamedModel, pickDataset, pickModels, tableOf } from './project.ts';
import { bytes, count, figure, report, short, table, withCommand } from './report.ts';
import { noteRun } from './run-notes.ts';

export const EvaluateRequest = z.strictObject({
  model: z
    .array(z.string())
    .default([])
    .describe('Models to evaluate, by their names in rastro.yaml. Default: all.'),
});
export type EvaluateRequest = z.output<typeof EvaluateRequest>;

/** One evaluated model: where its record is, its metrics, and the bounds of `rastro.yaml` that they break. */
export interface EvaluateRecord {
  readonly model: string;
  readonly path: string;
  readonly sha256: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly breaches: readonly string[];
}

export type EvaluatePorts = Pick<
  Ports,
  'workspace' | 'data' | 'runtime' | 'context' | 'clock' | 'sha256' | 'progress'
>;

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
  const project = await loadProject(ports.workspace);
  const records: EvaluateRecord[] = [];
  const reports: Report[] = [];
  for (const model of pickModels(project, request.model)) {
    if (!model.config.evaluate) {
      if (request.model.length === 0) continue;
      throw new InputError(
        fault(
          'nothing-to-evaluate',
          `${model.name} has no "evaluate:" section`,
          project.placeOf(['models', model.name]),
          'Add "evaluate:" with its data.',
        ),
      );
    }
    refuseUnknownMetrics(model, project);
    const dataset = model.config.evaluate.data;
    const files = await datasetFiles(
      ports.workspace,
      dataset,
      pickDataset(project, dataset, ['models', model.name, 'evaluate', 'data']),
    );
    ports.progress.step(`${model.name}: evaluating on ${dataset}`);
    const record = await recordOf(model, { name: dataset, files }, ports);
    const text = writeRecord(record);
    await ports.workspace.write(recordPath(model.name), text);
    await noteRun(ports, { verb: 'evaluate', subject: model.name, sha256: ports.sha256(text) });
    const breaches = breachesOf(model, record);
    records.push({
      model: model.name,
      path: recordPath(model.name),
      sha256: record.model.sha256,
      metrics: Object.fromEntries(
        Object.entries(record.evaluation.metrics).map(([name, { value }]) => [name, value]),
      ),
      breaches,
    });
    reports.push(describe(model, record, breaches));
  }
  if (records.length === 0) {
    throw new InputError(
      fault(
        'nothing-to-evaluate',
        'no model has an "evaluate:" section',
        project.placeOf(['models']),
        'Add "evaluate:" with its data.',
      ),
    );
  }
  return {
    status: records.some(({ breaches }) => breaches.length > 0) ? 'breach' : 'pass',
    reports,
    record: records,
  };
}

interface JudgedData {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** Judges one model file, or its predictions, and gives the record. */
export async function recordOf(
  model: NamedModel,
  data: JudgedData,
  ports: EvaluatePorts,
): Promise<EvaluationRecord> {
  const config = model.config.evaluate!;
  const { answers, rows, signature, judged, versions } = await answersOf(model, data, ports);
  if (rows.rows === 0) {
    throw new InputError(
      fault(
        'no-rows',
        `dataset ${data.name} has no rows`,
        place(data.files[0]!.path),
        'Look at the data that the model is judged on.',
      ),
    );
  }
  const evaluation = judge({
    task: model.config.task,
    truth: rows.truth,
    ...answers,
    metrics: metricNames(model),
    slices: rows.slices,
    positive: config.positive === undefined ? undefined : String(config.positive),
    threshold: config.threshold,
    minSliceRows: config.min_slice_rows,
    confidence: config.confidence,
    resamples: config.resamples,
    seed: config.seed,
  });
  const lock = await ports.workspace.readText(trainLockPath(model.name));
  return {
    schema: 'rastro/evaluation/v1',
    model: { name: model.name, ...judged },
    data: {
      name: data.name,
      files: data.files.map(({ path, sha256 }) => ({ path, sha256 })),
      rows: rows.rows,
    },
    evaluator: { name: 'rastro', version: ports.context.version, versions },
    ...(signature ? { signature: signatureOf(signature) } : {}),
    params: lock === undefined ? {} : readTrainLock(lock, trainLockPath(model.name)).params,
    evaluation,
  };
}

interface GivenAnswers {
  readonly answers: Answers;
  readonly rows: JudgedRows;
  readonly signature: ModelSignature | undefined;
  /** Digest and size of what was judged: the model file, or the predictions. */
  readonly judged: { readonly sha256: string; readonly size: number };
  readonly versions: Record<string, string>;
}

async function answersOf(model: NamedModel, data: JudgedData, ports: EvaluatePorts): Promise<GivenAnswers> {
  const { workspace, runtime } = ports;
  const config = model.config.evaluate!;
  const source = tableOf(workspace, data.files);
  const asked = { source, task: model.config.task, target: model.config.target, slices: config.slices };
  if (config.predictions) {
    const { path, ...columns } = config.predictions;
    const digest = await workspace.digest(path);
    if (!digest)
      throw new InputError(
        fault(
          'predictions-missing',
          `the predictions file ${path} is not there`,
          place(path),
          'Write it before this step.',
        ),
      );
    const given = await givenAnswers({ path, columns, source: tableOf(workspace, [{ path }]) }, asked, ports);
    return { ...given, signature: undefined, judged: digest, versions: {} };
  }
  const digest = await workspace.digest(model.file);
  if (!digest) throw modelMissing(model);
  const engine = await runtime();
  const loaded = await engine.load(workspace.absolute(model.file));
  try {
    const features = await featuresOf(model, source, ports);
    const scored = await modelAnswers(loaded, { ...asked, features }, ports);
    return { ...scored, judged: digest, versions: await engine.versions() };
  } finally {
    await loaded.close();
  }
}

export function modelMissing({ name, file }: Pick<NamedModel, 'name' | 'file'>): InputError {
  return new InputError(
    fault(
      'model-not-found',
      `the model file ${file} of ${name} is not there`,
      place(file),
      'Run "rastro train", fetch the file, or correct "model:" in rastro.yaml.',
    ),
  );
}

/** What the model reads: as `rastro.yaml` says, as training recorded, or every column but the target. */
export async function featuresOf(
  { name, config }: Pick<NamedModel, 'name' | 'config'>,
  source: Parameters<Awaited<ReturnType<Ports['data']>>['describe']>[0],
  { workspace, data }: { workspace: Workspace; data: Ports['data'] },
): Promise<readonly string[]> {
  if (config.features) return config.features;
  const lock = await workspace.readText(trainLockPath(name));
  const trained = lock === undefined ? undefined : readTrainLock(lock, trainLockPath(name)).features;
  if (trained) return trained;
  const { columns } = await (await data()).describe(source);
  return columns.map((column) => column.name).filter((column) => column !== config.target);
}

function signatureOf({ inputs, outputs, opset }: ModelSignature): NonNullable<EvaluationRecord['signature']> {
  const tensors = (list: ModelSignature['inputs']) =>
    list.map(({ name, type, shape }) => ({ name, type, shape: [...shape] }));
  return { inputs: tensors(inputs), outputs: tensors(outputs), opset };
}

function refuseUnknownMetrics({ name, config }: NamedModel, project: Places): void {
  const { task } = config;
  const unknown = Object.keys(config.evaluate!.metrics).filter(
    (metric) => !knownMetric(metric)?.tasks.includes(task),
  );
  if (unknown.length === 0) return;
  const known = metricsOf(task).map((metric) => metric.name);
  throw new InputError(
    unknown.map((metric) => {
      const nearest = didYouMean(metric, known);
      return fault(
        'unknown-metric',
        `"${metric}" is not a metric of a ${task} model`,
        project.placeOfKey(['models', name, 'evaluate', 'metrics', metric]),
        nearest ? `Did you mean "${nearest}"?` : `Known: ${known.join(', ')}.`,
      );
    }),
  );
}

/** All metrics of the task, and those that were asked for besides, such as another quantile. */
function metricNames({ config }: NamedModel): string[] | undefined {
  const usual = metricsOf(config.task).map(({ name }) => name);
  const more = Object.keys(config.evaluate!.metrics).filter((name) => !usual.includes(name));
  return more.length === 0 ? undefined : [...usual, ...more];
}

/** The bounds of `rastro.yaml` that a record breaks, each as a phrase; a metric without a value breaks every bound. */
export function breachesOf(
  { config }: Pick<NamedModel, 'config'>,
  { evaluation }: EvaluationRecord,
): string[] {
  return Object.entries(config.evaluate?.metrics ?? {}).flatMap(([name, { min, max }]) => {
    if (min === undefined && max === undefined) return [];
    const value = evaluation.metrics[name]?.value ?? undefined;
    if (value === undefined) return [`${name} has no value`];
    if (min !== undefined && value < min) return [`${name} is ${figure(value)}, below ${min}`];
    return max !== undefined && value > max ? [`${name} is ${figure(value)}, above ${max}`] : [];
  });
}

function describe(
  { name, config }: NamedModel,
  record: EvaluationRecord,
  breaches: readonly string[],
): Report {
  const { evaluation } = record;
  const deciding = Object.keys(config.evaluate!.metrics);
  const lead = (deciding.length > 0 ? deciding : Object.keys(evaluation.metrics))
    .slice(0, 2)
    .map((metric) => `${metric} ${figure(evaluation.metrics[metric]?.value)}`)
    .join(', ');
  const sentence =
    breaches.length > 0
      ? `${name} does not reach what is asked: ${breaches.join('; ')}.`
      : `${name} on ${count(evaluation.rows, 'row')}: ${lead}.`;
  const made = report('evaluate', name, { status: breaches.length > 0 ? 'fail' : 'pass', sentence }, [
    gatesSection(config, record),
    metricsSection(evaluation.metrics, evaluation.confidence, deciding),
    disagreementSection(record),
    slicesSection(record, deciding),
    confusionSection(record),
    curvesSection([{ name: 'model', record }]),
    {
      id: 'lineage',
      title: 'Judged',
      importance: 20,
      blocks: [
        {
          kind: 'facts',
          items: [
            {
              label: 'Model',
              value: [{ code: short(record.model.sha256) }, `, ${bytes(record.model.size)}`],
            },
            {
              label: 'Data',
              value: [
                record.data.name,
                ...record.data.files.slice(0, 5).flatMap(({ sha256 }) => [' ', { code: short(sha256) }]),
              ],
            },
            {
              label: 'Evaluator',
              value: Object.entries({ rastro: record.evaluator.version, ...record.evaluator.versions })
                .map((pair) => pair.join(' '))
                .join(', '),
            },
          ],
        },
      ],
    },
  ]);
  return withCommand(made, ['--model', name]);
}

/** The bounds that `rastro.yaml` sets, each with its answer; undefined when there are none. */
function gatesSection(config: NamedModel['config'], { evaluation }: EvaluationRecord): Section | undefined {
  const rows = Object.entries(config.evaluate?.metrics ?? {}).flatMap(([name, { min, max }]) => {
    const value = evaluation.metrics[name]?.value ?? undefined;
    const row = (asked: string, passes: boolean) => [
      [{ strong: name }],
      asked,
      figure(value),
      passes ? '✅ pass' : '❌ fail',
    ];
    return [
      ...(min === undefined ? [] : [row(`at least ${min}`, value !== undefined && value >= min)]),
      ...(max === undefined ? [] : [row(`at most ${max}`, value !== undefined && value <= max)]),
    ];
  });
  if (rows.length === 0) return undefined;
  return {
    id: 'gates',
    title: 'Gates',
    importance: 85,
    blocks: [table(['Metric', 'Asked', ['Found', 'right'], 'Answer'], rows)],
  };
}

function metricsSection(
  metrics: Readonly<Record<string, MetricValue>>,
  confidence: number,
  deciding: readonly string[],
): Section {
  const names = [
    ...deciding.filter((name) => metrics[name]),
    ...Object.keys(metrics).filter((name) => !deciding.includes(name)),
  ];
  const columns = [
    'Metric',
    ['Value', 'right'],
    [`${100 * confidence} % interval`, 'right'],
    'Better',
    'Note',
  ] as const;
  const row = (name: string) => {
    const { value, low, high, goal, note } = metrics[name]!;
    return [
      name,
      figure(value),
      low === null ? '–' : `${figure(low)} to ${figure(high)}`,
      goal === 'max' ? '↑ higher' : '↓ lower',
      note ?? '',
    ];
  };
  const shown = deciding.length > 0 ? names.slice(0, deciding.length) : names;
  const rest = names.slice(shown.length);
  return {
    id: 'metrics',
    title: 'Metrics',
    importance: 70,
    blocks: [
      table(columns, shown.map(row)),
      ...(rest.length > 0
        ? [
            {
              kind: 'details' as const,
              summary: `${rest.length} more metrics`,
              blocks: [table(columns, rest.map(row))],
            },
          ]
        : []),
    ],
  };
}

/** Labels and probabilities of one model that disagree are a threshold of its own, or a mistake of the converter. */
function disagreementSection({ evaluation }: EvaluationRecord): Section | undefined {
  const { disagreements, rows } = evaluation;
  if (!disagreements) return undefined;
  return {
    id: 'disagreements',
    title: 'Labels that are not the most probable',
    importance: 65,
    blocks: [
      {
        kind: 'paragraph',
        text: `On ${count(disagreements, 'row')} of ${rows} the label is not the class of the highest probability: the model has a threshold of its own, or was converted wrongly.`,
      },
    ],
  };
}

function slicesSection({ evaluation }: EvaluationRecord, deciding: readonly string[]): Section | undefined {
  const judged = evaluation.slices.filter((slice) => slice.judged);
  if (judged.length === 0) return undefined;
  const names = (deciding.length > 0 ? deciding : Object.keys(evaluation.metrics)).slice(0, 3);
  const small = evaluation.slices.length - judged.length;
  return {
    id: 'slices',
    title: 'Slices',
    importance: 40,
    blocks: [
      {
        kind: 'details',
        summary: `${count(judged.length, 'slice')}${small > 0 ? `; ${small} more with too few rows to judge` : ''}`,
        blocks: [
          table(
            ['Slice', ['Rows', 'right'], ...names.map((name) => [name, 'right'] as const)],
            judged.map(({ column, value, rows, metrics }) => [
              `${column} = ${value}`,
              String(rows),
              ...names.map((name) => figure(metrics[name]?.value)),
            ]),
          ),
        ],
      },
    ],
  };
}

function confusionSection({ evaluation }: EvaluationRecord): Section | undefined {
  const { confusion, classes } = evaluation;
  if (!confusion || !classes) return undefined;
  return {
    id: 'confusion',
    title: 'Confusion matrix',
    importance: 32,
    blocks: [
      {
        kind: 'details',
        summary: 'rows by truth (down) and prediction (across)',
        blocks: [confusionTable({ classes, counts: confusion })],
      },
    ],
  };
}
