import { fault, InputError, place } from '@rastro/fault';
import {
  type DataLock,
  dataLockPath,
  type Project,
  readDataLock,
  readTrainLock,
  type TrainLock,
  trainLockPath,
} from '@rastro/lineage';
import { type EvaluationRecord, measuredValue, readRecord } from '@rastro/metrics';
import type { ModelFacts } from '@rastro/registry';
import type { Finding } from '@rastro/report';
import type { StatedEvaluation, TrailEvent } from '@rastro/trail';
import { modelMissing, recordPath } from './evaluate.ts';
import type { Ports, Workspace } from './ports/index.ts';
import type { NamedModel } from './project.ts';
import { timeOfRun } from './run-notes.ts';

/** What the workspace holds about a model, all of it about one and the same file. */
export interface ModelEvidence {
  readonly sha256: string;
  readonly size: number;
  readonly record: EvaluationRecord;
  /** Digest of the record's file. */
  readonly recordSha256: string;
  /** Milliseconds since the epoch. */
  readonly evaluatedAt: number;
  readonly lock: TrainLock | undefined;
  readonly checks: readonly DataLock[];
}

/**
 * Gathers the evidence for a release and holds it together: the evaluation record, the training lock and the data checks
 * must speak of the model file and the data files that are here.
 * @throws InputError naming what is missing, or speaks of another file.
 */
export async function gatherEvidence(
  model: NamedModel,
  project: Project,
  ports: Pick<Ports, 'workspace' | 'repository' | 'sha256'>,
): Promise<ModelEvidence> {
  const { workspace, sha256 } = ports;
  const digest = await workspace.digest(model.file);
  if (!digest) throw await modelMissing(model, workspace);
  const path = recordPath(model.name);
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
  if (record.model.sha256 !== digest.sha256) throw stale(path, model.file, 'Run "rastro evaluate" again.');
  const lock = await trainLock(model, digest.sha256, workspace);
  const recordSha256 = sha256(text);
  return {
    ...digest,
    record,
    recordSha256,
    evaluatedAt: await evaluatedAt(model, recordSha256, ports),
    lock,
    checks: await dataChecks(lock, model, project, workspace),
  };
}

/** A notice when the commit that is released does not hold the evaluation record: then the trail alone speaks for the metrics. */
export async function unkeptRecord(
  model: NamedModel,
  { recordSha256 }: ModelEvidence,
  { repository, sha256 }: Pick<Ports, 'repository' | 'sha256'>,
): Promise<Finding[]> {
  const file = recordPath(model.name);
  const git = await repository();
  const committed = await git.readFile(await git.head(), file);
  if (committed && sha256(committed) === recordSha256) return [];
  const why = committed
    ? 'The commit holds another evaluation record than this one'
    : 'The commit holds no evaluation record';
  const message = `${why}: for an audit the trail alone vouches for its metrics. Committing ${file} before the release lets Git vouch for them, too.`;
  return [{ severity: 'notice', title: 'record-not-committed', message, file }];
}

async function trainLock(
  model: NamedModel,
  sha256: string,
  workspace: Workspace,
): Promise<TrainLock | undefined> {
  const path = trainLockPath(model.name);
  const text = await workspace.readText(path);
  if (text === undefined) return undefined;
  const lock = readTrainLock(text, path);
  if (lock.outs.find((out) => out.path === model.file)?.sha256 !== sha256)
    throw stale(path, model.file, 'Run "rastro train" again.');
  return lock;
}

/** The time of the evaluation when this checkout made it; else that of the commit that brought it, which is no younger. */
async function evaluatedAt(
  model: NamedModel,
  recordSha256: string,
  { workspace, repository }: Pick<Ports, 'workspace' | 'repository'>,
): Promise<number> {
  const noted = await timeOfRun(workspace, { verb: 'evaluate', subject: model.name, sha256: recordSha256 });
  if (noted !== undefined) return noted;
  const git = await repository();
  const info = await git.commitInfo(await git.head());
  return (info?.committedAt ?? 0) * 1000;
}

/** The checks of the datasets that training read; a dataset whose files have changed since its check counts as not checked. */
async function dataChecks(
  lock: TrainLock | undefined,
  model: NamedModel,
  project: Project,
  workspace: Workspace,
): Promise<DataLock[]> {
  const names = new Set([model.config.train?.data ?? []].flat());
  const checks: DataLock[] = [];
  for (const name of Object.keys(project.data).filter((dataset) => names.has(dataset))) {
    const path = dataLockPath(name);
    const text = await workspace.readText(path);
    if (text === undefined) continue;
    const check = readDataLock(text, path);
    const known = new Set(check.files.map(({ sha256 }) => sha256));
    if (
      lock?.data.some(
        ({ path: file, sha256 }) =>
          check.files.some((checked) => checked.path === file) && !known.has(sha256),
      )
    ) {
      throw stale(path, `the data of ${name}`, 'Run "rastro validate" again.');
    }
    checks.push(check);
  }
  return checks;
}

function stale(path: string, what: string, next: string): InputError {
  return new InputError(
    fault(
      'evidence-stale',
      `${path} is about another version of ${what} than the one that is here`,
      place(path),
      next,
    ),
  );
}

/** What the registry compares between two versions to tell how far apart they are. */
export function factsOf({ record, lock }: Pick<ModelEvidence, 'record' | 'lock'>): ModelFacts {
  const { signature, evaluation } = record;
  return {
    inputs: signature?.inputs ?? [],
    outputs: signature?.outputs ?? [],
    opset: signature?.opset ?? null,
    ...(evaluation.classes ? { labels: evaluation.classes } : {}),
    ...(lock?.features ? { features: lock.features.map((name) => ({ name, required: true })) } : {}),
    ...(lock ? { architecture: lock.cmd, params: lock.params } : {}),
  };
}

/** The evidence as entries of the trail, in the order in which it came about. */
export function evidenceEvents(
  model: NamedModel,
  evidence: ModelEvidence,
  environment: { code: string; version: string },
): TrailEvent[] {
  const { lock, record, checks } = evidence;
  const files = (list: readonly { path: string; sha256: string }[]) =>
    list.map(({ path, sha256 }) => ({ path, sha256 }));
  return [
    ...checks.map(
      (check): TrailEvent => ({
        kind: 'data-check',
        event: {
          dataset: check.dataset,
          files: files(check.files),
          contract: { path: check.contract.path, sha256: check.contract.sha256 },
          verdict: check.verdict === 'pass' ? 'pass' : 'breach',
          findings: { error: check.errors, warning: check.warnings, notice: 0 },
        },
      }),
    ),
    ...(lock
      ? [
          {
            kind: 'train' as const,
            event: {
              model: model.name,
              sha256: evidence.sha256,
              code: environment.code,
              data: files(lock.data),
              params: lock.params,
              seed: lock.seed,
              how: lock.cmd.startsWith('builtin ')
                ? { builtin: lock.cmd.slice('builtin '.length) }
                : { command: lock.cmd },
              environment: { rastro: environment.version },
            },
          },
        ]
      : []),
    {
      kind: 'evaluate',
      event: {
        model: model.name,
        sha256: evidence.sha256,
        recordSha256: evidence.recordSha256,
        ...statedOf(record),
        data: files(record.data.files),
        evaluatedAt: `${new Date(Math.floor(evidence.evaluatedAt / 1000) * 1000).toISOString().slice(0, 19)}Z`,
      },
    },
  ];
}

/** What an entry states of an evaluation record. An audit holds old entries to it: another answer takes another record schema. */
export function statedOf(record: EvaluationRecord): StatedEvaluation {
  return {
    metrics: mapValues(record.evaluation.metrics, measuredValue),
    goals: mapValues(record.evaluation.metrics, ({ goal }) => goal),
    slices: slicesByColumn(record),
  };
}

function slicesByColumn({ evaluation }: EvaluationRecord) {
  const columns: Record<string, Record<string, Record<string, number | null>>> = {};
  for (const { column, value, judged, metrics } of evaluation.slices) {
    // The one name that no entry can hold, and that would be every object's prototype here.
    if (!judged || column === '__proto__') continue;
    columns[column] ??= {};
    columns[column][value] = mapValues(metrics, measuredValue);
  }
  return columns;
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
