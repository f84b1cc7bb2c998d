import { type ColumnDrift, type DriftVerdict, judgeDrift, type NamedColumn } from '@rastro/drift';
import { fault, InputError } from '@rastro/fault';
import { COMMENT_BUDGET, type Report, renderMarkdown } from '@rastro/report';
import { type Chain, type EntryOf, modelState, standingEntries } from '@rastro/trail';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { ColumnRequest, DataEngine, Ports, TableSource } from './ports/index.ts';
import { datasetFiles, loadProject, type NamedModel, pickDataset, pickModels, tableOf } from './project.ts';
import { readColumns } from './read-columns.ts';
import { count, figure, report, table } from './report.ts';
import { retrain } from './retrain.ts';
import { onTrail, readTrail } from './trail.ts';

export const MonitorRequest = z.strictObject({
  model: z
    .array(z.string())
    .default([])
    .describe('Models to check, by their names in rastro.yaml. Default: all under "monitor:".'),
  issue: z
    .boolean()
    .default(true)
    .describe('Keep one GitHub issue per model: opened on drift, closed when it is over.'),
  retrain: z
    .enum(['configured', 'never'])
    .default('configured')
    .describe('On drift, retrain on a branch and open a pull request where rastro.yaml says so.'),
  failOn: z.enum(['drift', 'never']).default('never').describe('Whether drift fails the step.'),
});
export type MonitorRequest = z.output<typeof MonitorRequest>;

export interface MonitorRecord {
  readonly model: string;
  readonly version: string;
  readonly environment: string;
  readonly verdict: DriftVerdict['verdict'];
  readonly columns: readonly { readonly name: string; readonly psi: number; readonly drifted: boolean }[];
  readonly issueUrl: string | undefined;
  readonly pullRequestUrl: string | undefined;
}

type MonitorPorts = Ports;

/** What the watched version is, and the rows that it was trained on. */
interface Watched {
  readonly model: NamedModel;
  readonly version: string;
  readonly sha256: string;
  readonly reference: TableSource;
  /** Digests of the files that it was trained on. */
  readonly trainedOn: ReadonlySet<string>;
}

/**
 * Compares current rows with those that the deployed version was trained on. The answer goes onto the trail; drift opens
 * one issue per model and, where `rastro.yaml` says so, retrains on a branch and opens a pull request.
 * @throws InputError when nothing is deployed, or the rows that it was trained on cannot be found.
 */
export async function monitor(
  request: MonitorRequest,
  ports: MonitorPorts,
): Promise<Outcome<MonitorRecord[]>> {
  const project = await loadProject(ports.workspace);
  const { monitor: checks } = project.value;
  const names = request.model.length > 0 ? request.model : Object.keys(checks);
  if (names.length === 0) {
    throw new InputError(
      fault(
        'nothing-to-monitor',
        'no model is monitored',
        project.placeOf(['monitor']),
        'Add it under "monitor:" in rastro.yaml.',
      ),
    );
  }
  const records: MonitorRecord[] = [];
  const reports: Report[] = [];
  for (const model of pickModels(project, names)) {
    const config = checks[model.name];
    if (!config)
      throw new InputError(
        fault(
          'nothing-to-monitor',
          `${model.name} is not monitored`,
          project.placeOf(['monitor']),
          `Add "${model.name}:" under "monitor:".`,
        ),
      );
    const { chain } = await readTrail(await ports.repository(), ports.sha256);
    const files = await datasetFiles(
      ports.workspace,
      config.data,
      pickDataset(project, config.data, ['monitor', model.name, 'data']),
    );
    const watched = await watchedVersion(chain, model, config.environment, ports);
    ports.progress.step(
      `${model.name}: comparing ${config.data} with what ${watched.version} was trained on`,
    );
    const engine = await ports.data();
    const columns = config.columns ?? (await watchedColumns(model, watched.reference, engine));
    const verdict = judgeDrift({
      ...(await bothSides(engine, watched.reference, tableOf(ports.workspace, files), columns)),
      thresholds: { psi: config.psi, alpha: config.alpha, share: config.share, minRows: config.min_rows },
    });
    await recordDrift(watched, { dataset: config.data, files, verdict }, ports);

    const told = describe(watched, verdict, config.data);
    const base = {
      model: model.name,
      version: watched.version,
      environment: config.environment,
      verdict: verdict.verdict,
      columns: columnsOf(verdict),
    };
    const pullRequestUrl =
      verdict.verdict === 'drifted' && config.retrain && request.retrain === 'configured'
        ? await retrain({ ...watched, reason: told }, ports)
        : undefined;
    const issueUrl = request.issue
      ? await keepIssue(model.name, verdict, told, pullRequestUrl, ports)
      : undefined;
    records.push({ ...base, issueUrl, pullRequestUrl });
    reports.push(withLinks(told, issueUrl, pullRequestUrl));
  }
  const drifted = records.some(({ verdict }) => verdict === 'drifted');
  return { status: drifted && request.failOn === 'drift' ? 'breach' : 'pass', reports, record: records };
}

/** The version that is deployed, and its training rows: files by digest, in the workspace or in the commit of its release. */
async function watchedVersion(
  chain: Chain,
  model: NamedModel,
  environment: string,
  ports: MonitorPorts,
): Promise<Watched> {
  const { deployed, stages, releases } = modelState(chain.entries, model.name);
  const version = deployed.get(environment)?.event.version ?? stages.get(environment)?.version;
  const release = version === undefined ? undefined : releases.get(version);
  if (!version || !release) {
    throw new InputError(
      fault(
        'nothing-deployed',
        `no version of ${model.name} is deployed to ${environment}`,
        undefined,
        'Deploy one first, or name another "environment:" under "monitor:".',
      ),
    );
  }
  const trained = standingEntries(chain.entries).findLast(
    ({ entry }) => entry.kind === 'train' && entry.event.sha256 === release.event.sha256,
  )?.entry as EntryOf<'train'> | undefined;
  if (!trained) {
    throw new InputError(
      fault(
        'reference-unknown',
        `it is not recorded what ${model.name} ${version} was trained on`,
        undefined,
        'Train it with "rastro train" and release it again.',
      ),
    );
  }
  const files = [];
  for (const file of trained.event.data) files.push(await referenceFile(file, release.event.commit, ports));
  return {
    model,
    version,
    sha256: release.event.sha256,
    reference: tableOf(ports.workspace, files),
    trainedOn: new Set(trained.event.data.map(({ sha256 }) => sha256)),
  };
}

async function referenceFile(
  file: { path: string; sha256: string },
  commit: string,
  { workspace, repository }: MonitorPorts,
): Promise<{ path: string }> {
  if ((await workspace.digest(file.path))?.sha256 === file.sha256) return file;
  const extension = file.path.slice(file.path.lastIndexOf('.'));
  const cached = `.rastro/reference/${file.sha256}${extension}`;
  if ((await workspace.digest(cached))?.sha256 === file.sha256) return { path: cached };
  const bytes = await (await repository()).readFile(commit, file.path);
  if (bytes) await workspace.write(cached, bytes);
  if ((await workspace.digest(cached))?.sha256 === file.sha256) return { path: cached };
  throw new InputError(
    fault(
      'reference-missing',
      `${file.path} with sha256 ${file.sha256.slice(0, 12)}, which the deployed version was trained on, is not here`,
      { file: file.path },
      'Fetch the data of the release.',
    ),
  );
}

async function watchedColumns(
  { config }: NamedModel,
  source: TableSource,
  engine: DataEngine,
): Promise<string[]> {
  if (config.features) return [...config.features, config.target];
  return (await engine.describe(source)).columns.map(({ name }) => name);
}

/** Reads the same columns as the same types from both sides; the reference decides what is a number. */
async function bothSides(
  engine: DataEngine,
  reference: TableSource,
  current: TableSource,
  names: readonly string[],
) {
  const known = new Map((await engine.describe(reference)).columns.map(({ name, type }) => [name, type]));
  const requests = names.map(
    (name): ColumnRequest => ({ name, as: isNumeric(known.get(name)) ? 'number' : 'string' }),
  );
  const read = async (source: TableSource): Promise<NamedColumn[]> => {
    const columns = await readColumns(engine, source, requests);
    return names.map((name, index) => ({ name, values: columns[index]! }));
  };
  return { reference: await read(reference), current: await read(current) };
}

function isNumeric(type: string | undefined): boolean {
  return type === 'integer' || type === 'number' || type === 'boolean';
}

function columnsOf({ columns }: DriftVerdict) {
  return columns.map(({ name, effect, drifted }) => ({ name, psi: effect, drifted }));
}

/** One entry for one comparison: the same files against the same version are not recorded twice. */
async function recordDrift(
  { model, version }: Watched,
  {
    dataset,
    files,
    verdict,
  }: { dataset: string; files: readonly { path: string; sha256: string }[]; verdict: DriftVerdict },
  ports: MonitorPorts,
): Promise<void> {
  const digests = files.map(({ path, sha256 }) => ({ path, sha256 }));
  const event = {
    model: model.name,
    version,
    dataset,
    files: digests,
    columns: columnsOf(verdict).map(({ psi, ...column }) => ({
      ...column,
      psi: Number.isFinite(psi) ? psi : null,
    })),
    verdict: verdict.verdict === 'too-small' ? ('undecided' as const) : verdict.verdict,
  };
  await onTrail(ports, async ({ chain }) => {
    const known = standingEntries(chain.entries).some(
      ({ entry }) =>
        entry.kind === 'drift' && JSON.stringify(sorted(entry.event)) === JSON.stringify(sorted(event)),
    );
    if (known) return { done: undefined };
    return {
      append: { tags: [], events: () => [{ kind: 'drift' as const, event }] },
      result: () => undefined,
    };
  });
}

/** The same content with keys in one order, so that two of them can be compared as text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

async function keepIssue(
  model: string,
  { verdict }: DriftVerdict,
  told: Report,
  pullRequestUrl: string | undefined,
  ports: MonitorPorts,
): Promise<string | undefined> {
  const forge = await ports.forge();
  const key = `drift-${model.replaceAll('/', '-')}`;
  switch (verdict) {
    case 'drifted': {
      const body = renderMarkdown([withLinks(told, undefined, pullRequestUrl)], { budget: COMMENT_BUDGET });
      const { url } = await forge.upsertIssue({
        key,
        title: `Data drift: ${model}`,
        body,
        labels: ['drift'],
      });
      return url;
    }
    case 'stable':
      await forge.closeIssue({ key, comment: told.verdict.sentence });
      return undefined;
    case 'too-small':
      return undefined;
  }
}

function describe({ model, version }: Watched, verdict: DriftVerdict, dataset: string): Report {
  const moved = verdict.columns.filter(({ drifted }) => drifted);
  const list = moved.slice(0, 3).map(({ name, effect }) => `${name} (PSI ${figure(effect)})`);
  const sentence = {
    drifted: `${dataset} has drifted from what ${model.name} ${version} was trained on: ${list.join(', ')}.`,
    stable: `${dataset} still looks like what ${model.name} ${version} was trained on.`,
    'too-small': `${dataset} cannot be judged: ${verdict.reason}.`,
  }[verdict.verdict];
  const status = verdict.verdict === 'drifted' ? 'warn' : verdict.verdict === 'stable' ? 'pass' : 'info';
  const worstFirst = [...verdict.columns].sort((a, b) => b.effect - a.effect);
  return report('monitor', model.name, { status, sentence }, [
    {
      id: 'drift',
      title: 'Drift',
      importance: 80,
      blocks: [
        { kind: 'paragraph', text: `${count(verdict.judged, 'column')} judged, ${verdict.drifted} drifted.` },
        table(
          ['Column', ['PSI', 'right'], ['p (adjusted)', 'right'], 'Verdict', 'Why'],
          worstFirst.map(columnRow),
        ),
      ],
    },
  ]);
}

function columnRow({ name, effect, adjustedP, drifted, reason }: ColumnDrift) {
  return [
    name,
    figure(effect),
    adjustedP !== null && adjustedP < 1e-300 ? '< 1e-300' : figure(adjustedP),
    drifted ? '⚠️ drifted' : '✅ stable',
    reason,
  ];
}

function withLinks(told: Report, issueUrl: string | undefined, pullRequestUrl: string | undefined): Report {
  const items = [
    ...(issueUrl ? [{ label: 'Issue', value: [{ link: issueUrl, url: issueUrl }] }] : []),
    ...(pullRequestUrl
      ? [{ label: 'Retrained in', value: [{ link: pullRequestUrl, url: pullRequestUrl }] }]
      : []),
  ];
  if (items.length === 0) return told;
  return {
    ...told,
    sections: [
      ...told.sections,
      { id: 'links', title: 'What was done', importance: 90, blocks: [{ kind: 'facts', items }] },
    ],
  };
}
