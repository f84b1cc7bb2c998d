import type { Document } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import {
  type ModelConfig,
  type Project,
  readTrainLock,
  type TrainLock,
  trainLockPath,
} from '@rastro/lineage';
import {
  type CompareResult,
  type EvaluationRecord,
  compare as judge,
  type MetricSpec,
  type MetricVerdict,
  readRecord,
} from '@rastro/metrics';
import type { Report, Status } from '@rastro/report';
import { z } from 'zod';
import { findBaseline, isRecordFile, recordFile } from './baseline.ts';
import { compareReport } from './compare-report.ts';
import { recordPath } from './evaluate.ts';
import type { Outcome } from './outcome.ts';
import { onSameRows, pairedRows, type Subject } from './paired-models.ts';
import type { Ports } from './ports/index.ts';
import { findProject, loadProject, type NamedModel, pickModels } from './project.ts';
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
      'What to compare with: merge-base, a stage such as prod, a version such as v1.2.0, a Git revision, or a record file (.json).',
    ),
  candidate: z
    .string()
    .min(1)
    .optional()
    .describe(
      'What is compared: a record file (.json), or a Git revision that holds the record. Default: the record of this checkout. Needs no rastro.yaml when it is a file.',
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
  'workspace' | 'repository' | 'data' | 'runtime' | 'context' | 'commands' | 'progress' | 'sha256'
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
  const project = await findProject(ports.workspace);
  const records: CompareRecord[] = [];
  const reports: Report[] = [];
  for (const subject of await subjectsOf(request, project, ports)) {
    const { name, config, candidate } = subject;
    const baseline = await findBaseline(request.baseline, subject, ports);
    ports.progress.step(`${name}: comparing with ${baseline?.name ?? 'nothing'}`);
    const found = await pairedRows(subject, baseline, project, ports);
    const paired = typeof found === 'string' ? undefined : found;
    const rescored =
      paired && project && baseline?.record
        ? await onSameRows(baseline.record, subject, paired, project, ports)
        : undefined;
    const comparison = judge({
      baseline: rescored ?? baseline?.record,
      candidate,
      specs: config?.evaluate ? specsOf(config.evaluate) : [],
      paired,
      alpha: config?.evaluate?.alpha,
    });
    records.push({
      model: name,
      result: comparison.verdict,
      baseline: baseline?.record ? baseline.name : null,
      changes: Object.fromEntries(comparison.metrics.map(({ metric, delta }) => [metric, delta])),
      comparison,
    });
    reports.push(
      compareReport(name, comparison, {
        baseline: baseline?.record ? { ...baseline, record: rescored ?? baseline.record } : undefined,
        candidate,
        commit: await candidateCommit(subject, ports),
        trained: subject.commit === undefined ? await lockOf(name, ports) : undefined,
        releases: subject.commit === undefined ? await releaseHistory(name, ports) : [],
        askedBaseline: request.baseline,
        isRescored: rescored !== undefined,
        unpaired: typeof found === 'string' ? found : undefined,
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

/** The models to compare with their candidates: of the project, or the one that a record file is about. */
async function subjectsOf(
  { model: names, candidate: asked }: CompareRequest,
  project: Document<Project> | undefined,
  ports: ComparePorts,
): Promise<Subject[]> {
  if (asked !== undefined && isRecordFile(asked)) {
    const candidate = await recordFile(asked, ports.workspace);
    const { name } = candidate.model;
    const config = project?.value.models[name];
    return [{ name, config, file: undefined, path: asked, candidate, commit: null }];
  }
  const known = project ?? (await loadProject(ports.workspace));
  const models = pickModels(known, names).filter(({ config }) => config.evaluate);
  if (models.length === 0) {
    throw new InputError(
      fault(
        'nothing-to-compare',
        'none of these models is evaluated',
        known.placeOf(['models']),
        'Add "evaluate:" to one, and run "rastro evaluate".',
      ),
    );
  }
  const subjects: Subject[] = [];
  for (const { name, config, file } of models) {
    const path = recordPath(name);
    if (asked === undefined) {
      const candidate = await candidateRecord({ name, config, file }, ports);
      subjects.push({ name, config, file, path, candidate, commit: undefined });
    } else {
      const { commit, record } = await recordAt(asked, path, ports);
      subjects.push({ name, config, file: undefined, path, candidate: record, commit });
    }
  }
  return subjects;
}

async function recordAt(
  revision: string,
  path: string,
  { repository }: ComparePorts,
): Promise<{ commit: string; record: EvaluationRecord }> {
  const git = await repository();
  const commit = await git.resolve(revision);
  const bytes = commit === undefined ? undefined : await git.readFile(commit, path);
  if (commit !== undefined && bytes)
    return { commit, record: readRecord(new TextDecoder().decode(bytes), path) };
  throw new InputError(
    fault(
      commit === undefined ? 'unknown-candidate' : 'record-missing',
      commit === undefined
        ? `"${revision}" is neither a record file nor a Git revision`
        : `there is no ${path} at ${revision}`,
      undefined,
      'Give a record file that ends in .json, or a revision that holds the record.',
    ),
  );
}

/** The commit that the report is about. Two files can be compared where there is no repository at all. */
async function candidateCommit(
  { commit }: Subject,
  { context, repository }: ComparePorts,
): Promise<string | undefined> {
  if (commit !== undefined) return commit ?? undefined;
  return context.pullRequest?.head ?? (await (await repository()).head());
}

function specsOf({ metrics }: NonNullable<ModelConfig['evaluate']>): MetricSpec[] {
  return Object.entries(metrics).map(([metric, asked]) => ({
    metric,
    goal: asked.goal,
    target: asked.target,
    tolerance: asked.tolerance,
    relativeTolerance: asked.relative_tolerance,
    min: asked.min,
    max: asked.max,
  }));
}

async function lockOf(model: string, { workspace }: ComparePorts): Promise<TrainLock | undefined> {
  const path = trainLockPath(model);
  const text = await workspace.readText(path);
  return text === undefined ? undefined : readTrainLock(text, path);
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
