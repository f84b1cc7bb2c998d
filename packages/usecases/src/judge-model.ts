import type { Document } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import { type ModelConfig, type Project, readTrainLock, trainLockPath } from '@rastro/lineage';
import {
  type Answers,
  type EvaluationRecord,
  evaluate as judge,
  knownMetric,
  metricsOf,
  naiveError,
  type Question,
} from '@rastro/metrics';
import { givenAnswers, modelAnswers } from './answers.ts';
import { atPlace } from './at-place.ts';
import { type BehaviouralResult, runTests } from './behaviour.ts';
import { withCustomMetrics } from './custom-metrics.ts';
import { explain } from './explanation.ts';
import type { JudgedRows } from './judged-columns.ts';
import { DEFAULT_LATENCY, type Latency, measureLatency } from './latency.ts';
import { loadRows } from './loaded-rows.ts';
import {
  featuresOf,
  judgedQuestion,
  metricNames,
  modelMissing,
  questionOf,
  scoringOf,
} from './model-question.ts';
import type { LoadedModel, ModelSignature, Ports, ScoringRequest, TableSource } from './ports/index.ts';
import { datasetFiles, type NamedModel, pickDataset, tableOf } from './project.ts';
import { readColumns } from './read-columns.ts';
import { limitsSpeed } from './specification.ts';
import { type SettledThreshold, settleThreshold } from './threshold.ts';

export type JudgePorts = Pick<Ports, 'workspace' | 'data' | 'runtime' | 'context' | 'commands' | 'progress'>;

/** Everything that is known of a model after it was judged. */
export interface Judgement {
  readonly record: EvaluationRecord;
  readonly tests: readonly BehaviouralResult[];
  /** Measured when it was asked for, or has a limit. */
  readonly latency: Latency | undefined;
}

interface JudgedData {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** Judges one model file, or its predictions. @throws InputError when model, data and what is asked do not fit. */
export async function judgeModel(
  model: NamedModel,
  { data, project }: { data: JudgedData; project: Document<Project> },
  ports: JudgePorts,
): Promise<Judgement> {
  const { workspace } = ports;
  const { config } = model;
  const source = tableOf(workspace, data.files);
  if (config.evaluate!.predictions) {
    refuseWithoutModel(model, project);
    const { judged, ...given } = await predictedAnswers(config, source, ports);
    const threshold = await settleThreshold(model, project, {
      workspace,
      answersTo: (tuning, path) => answersIn(path!, config, tuning, ports),
    });
    const record = await recordOf(
      model,
      { ...given, ...threshold, data, source, project, judged, signature: undefined, versions: {} },
      ports,
    );
    return { record, tests: [], latency: undefined };
  }
  const digest = await workspace.digest(model.file);
  if (!digest) throw await modelMissing(model, ports.workspace);
  const runtime = await ports.runtime();
  const loaded = await runtime.load(workspace.absolute(model.file));
  try {
    const scoring = scoringOf(config, await featuresOf(model, source, ports));
    const scored = await modelAnswers(loaded, { ...judgedQuestion(config), source, scoring }, ports);
    const threshold = await settleThreshold(model, project, {
      workspace,
      answersTo: (tuning) =>
        modelAnswers(loaded, { ...judgedQuestion(config), slices: [], source: tuning, scoring }, ports),
    });
    const versions = await runtime.versions();
    const given = { ...scored, ...threshold, data, source, project, judged: digest, versions };
    const record = await recordOf(model, given, ports);
    return await examined({ model, loaded, scoring, record, source, project, ...scored }, ports);
  } finally {
    await loaded.close();
  }
}

interface Given extends SettledThreshold {
  readonly answers: Answers;
  readonly rows: JudgedRows;
  readonly signature: ModelSignature | undefined;
  readonly data: JudgedData;
  readonly source: TableSource;
  readonly project: Document<Project>;
  /** Digest and size of what was judged: the model file, or the predictions. */
  readonly judged: { readonly sha256: string; readonly size: number };
  readonly versions: Record<string, string>;
}

async function recordOf(model: NamedModel, given: Given, ports: JudgePorts): Promise<EvaluationRecord> {
  const { answers, rows, signature, data, source, judged, versions, threshold, tuning } = given;
  const { config } = model;
  const { metrics, min_slice_rows, confidence, interval, resamples, seed } = config.evaluate!;
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
  const asked = questionOf(config, rows, await naiveErrorOf(config, given.project, ports));
  const question: Question = { ...asked, threshold };
  const asWritten = given.project.placeOf(['models', model.name, 'evaluate', 'data']);
  const known = await atPlace(asWritten, async () =>
    judge({
      ...question,
      ...answers,
      metrics: askedNames(config),
      slices: rows.slices,
      minSliceRows: min_slice_rows,
      confidence,
      interval,
      resamples,
      seed,
    }),
  );
  const evaluation = await withCustomMetrics(
    metrics,
    {
      model: model.name,
      source,
      question,
      answers,
      slices: rows.slices,
      evaluation: known,
      placeOf: (name) => given.project.placeOfKey(['models', model.name, 'evaluate', 'metrics', name]),
    },
    ports,
  );
  const lock = await ports.workspace.readText(trainLockPath(model.name));
  return {
    schema: 'rastro/evaluation/v1',
    model: { name: model.name, ...judged },
    data: {
      name: data.name,
      files: data.files.map(({ path, sha256 }) => ({ path, sha256 })),
      rows: rows.rows,
    },
    ...(tuning ? { tuning } : {}),
    evaluator: { name: 'rastro', version: ports.context.version, versions },
    ...(signature ? { signature: signatureOf(signature) } : {}),
    params: lock === undefined ? {} : readTrainLock(lock, trainLockPath(model.name)).params,
    evaluation,
  };
}

/** Undefined for all of the task, so that those which the model cannot answer are left out and not told as missing. */
function askedNames(config: ModelConfig): string[] | undefined {
  const names = metricNames(config);
  return names.length === metricsOf(config.task).length ? undefined : names;
}

/** Behavioural tests, importance and speed, as far as they are asked for: what needs the model itself and not only its answers. */
async function examined(
  given: {
    model: NamedModel;
    loaded: LoadedModel;
    scoring: ScoringRequest;
    record: EvaluationRecord;
    source: TableSource;
    project: Document<Project>;
    rows: JudgedRows;
  },
  ports: JudgePorts,
): Promise<Judgement> {
  const { model, loaded, scoring, record, source, project, rows } = given;
  const { tests, importance, latency, specification, min_slice_rows, seed, confidence } =
    model.config.evaluate!;
  const engine = await ports.data();
  const { positive } = record.evaluation;
  const datasetOf = async (name: string) => {
    const config = pickDataset(project, name, ['models', model.name, 'evaluate', 'tests']);
    return tableOf(ports.workspace, await datasetFiles(ports.workspace, name, config));
  };
  if (tests.length > 0) ports.progress.step(`${model.name}: ${tests.length} behavioural tests`);
  const results = await runTests(tests, {
    model: loaded,
    scoring,
    positive,
    engine,
    source,
    datasetOf,
    placeOf: (index) => project.placeOf(['models', model.name, 'evaluate', 'tests', index]),
  });
  const question: Question = { ...questionOf(model.config, rows, undefined), positive };
  if (importance) ports.progress.step(`${model.name}: importance of ${scoring.features.length} features`);
  const explained =
    importance &&
    (await explain(
      { ...importance, metric: importance.metric ?? importanceMetric(model.config) },
      {
        model: loaded,
        scoring,
        engine,
        source,
        question: { ...question, threshold: record.evaluation.threshold },
        slices: rows.slices,
        minSliceRows: min_slice_rows,
        seed,
        confidence,
      },
    ));
  const timed = latency ?? (limitsSpeed(specification) ? DEFAULT_LATENCY : undefined);
  const first = timed && (await loadRows(engine, source, loaded.columns(scoring), { atMost: timed.batch }));
  return {
    record: {
      ...record,
      ...(tests.length > 0 ? { tests: results.map(({ failures: _, ...result }) => result) } : {}),
      ...(explained ? { importance: explained } : {}),
    },
    tests: results,
    latency: timed && first && (await measureLatency(loaded, scoring, first.columns, timed)),
  };
}

/** The first metric that decides and is not the user's own, or the first usual one of the task. */
function importanceMetric({ task, evaluate }: ModelConfig): string {
  const known = Object.keys(evaluate!.metrics).find((name) => knownMetric(name)?.tasks.includes(task));
  return known ?? metricsOf(task).find(({ usual }) => usual)!.name;
}

/** The error of the naive forecast, when the metric that needs it is asked for. */
export async function naiveErrorOf(
  { target, evaluate }: ModelConfig,
  project: Document<Project>,
  { workspace, data }: Pick<Ports, 'workspace' | 'data'>,
): Promise<number | undefined> {
  const { forecast } = evaluate!;
  if (!forecast) return undefined;
  const files = await datasetFiles(workspace, forecast.training, pickDataset(project, forecast.training));
  const [series] = await readColumns(await data(), tableOf(workspace, files), [
    { name: target, as: 'number' },
  ]);
  return naiveError(series as Float64Array, forecast.season);
}

async function predictedAnswers(config: ModelConfig, source: TableSource, ports: JudgePorts) {
  const { path } = config.evaluate!.predictions!;
  const judged = await ports.workspace.digest(path);
  if (!judged) {
    throw new InputError(
      fault(
        'predictions-missing',
        `the predictions file ${path} is not there`,
        place(path),
        'Write it before this step.',
      ),
    );
  }
  return { ...(await answersIn(path, config, source, ports)), judged };
}

/** The answers of a predictions file to the rows of a table. */
function answersIn(path: string, config: ModelConfig, source: TableSource, ports: JudgePorts) {
  return givenAnswers(
    { path, columns: config.evaluate!.predictions!, source: tableOf(ports.workspace, [{ path }]) },
    { ...judgedQuestion(config), source },
    ports,
  );
}

/** Predictions answer nothing but their own rows. */
function refuseWithoutModel({ name, config }: NamedModel, project: Document<Project>): void {
  const { tests, importance, latency, specification } = config.evaluate!;
  const asked = Object.entries({
    tests: tests.length > 0 ? tests : undefined,
    importance,
    latency,
    specification,
  }).find(([, value]) => value !== undefined);
  if (!asked) return;
  throw new InputError(
    fault(
      'needs-a-model',
      `"${asked[0]}:" needs the model itself, and ${name} is judged by its predictions`,
      project.placeOfKey(['models', name, 'evaluate', asked[0]]),
      'Judge the ONNX file, or leave it out.',
    ),
  );
}

function signatureOf({ inputs, outputs, opset }: ModelSignature): NonNullable<EvaluationRecord['signature']> {
  const tensors = (list: ModelSignature['inputs']) =>
    list.map(({ name, type, shape }) => ({ name, type, shape: [...shape] }));
  return { inputs: tensors(inputs), outputs: tensors(outputs), opset };
}
