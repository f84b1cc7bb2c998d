import { fault, InputError, place } from '@rastro/fault';
import { PROJECT_FILE, readTrainLock, trainLockPath } from '@rastro/lineage';
import { readRecord } from '@rastro/metrics';
import {
  compareVersions,
  latestVersion,
  type RegisteredModel,
  type RequiredBump,
  registryState,
  requiredBump,
} from '@rastro/registry';
import { COMMENT_BUDGET, type Report, renderMarkdown } from '@rastro/report';
import { type Entry, modelState, type TrailEvent } from '@rastro/trail';
import { z } from 'zod';
import { breachesOf, recordPath } from './evaluate.ts';
import { evidenceEvents, factsOf, gatherEvidence, type ModelEvidence, unkeptRecord } from './evidence.ts';
import type { Outcome } from './outcome.ts';
import { readOwnersCard } from './owners-card.ts';
import type { Forge, Ports, Repository } from './ports/index.ts';
import { loadProject, type NamedModel, pickModel } from './project.ts';
import type { PreviousVersion } from './release-changes.ts';
import { type ReleaseFiles, writeReleaseFiles } from './release-files.ts';
import { planRelease, releaseOf, withdrawalsOf } from './release-plan.ts';
import { describeRelease, keptFiles } from './release-report.ts';
import type { ReleasedVersion } from './released-version.ts';
import { onTrail, type Trail } from './trail.ts';

export const ReleaseRequest = z.strictObject({
  model: z
    .string()
    .optional()
    .describe('Model to release, by its name in rastro.yaml. Default: the only one.'),
  version: z
    .string()
    .regex(/^(major|minor|patch|v.+)$/, 'give major, minor, patch or a version such as v1.2.3')
    .optional()
    .describe(
      'More than the evidence requires: major, minor, patch or a version such as v1.2.3. Default: computed from the evidence.',
    ),
  githubRelease: z
    .boolean()
    .default(true)
    .describe(
      'Publish a GitHub release with the model and its records. Without a repository on GitHub they stay in .rastro/release.',
    ),
  dryRun: z.boolean().default(false).describe('Say what would be released, and change nothing.'),
});
export type ReleaseRequest = z.output<typeof ReleaseRequest>;

export interface ReleaseRecord {
  readonly model: string;
  readonly version: string;
  readonly tag: string;
  readonly sha256: string;
  readonly commit: string;
  readonly status: 'released' | 'existing' | 'planned' | 'refused';
  readonly url: string | undefined;
  /** Paths of the model file and of what was written about it; undefined when nothing was released. */
  readonly files:
    | {
        readonly model: string;
        readonly bom: string;
        readonly card: string;
        readonly provenance: string | undefined;
      }
    | undefined;
  readonly reasons: readonly string[];
}

type ReleasePorts = Pick<
  Ports,
  'workspace' | 'repository' | 'forge' | 'context' | 'clock' | 'progress' | 'sha256' | 'crypto'
>;

/**
 * Releases the model file of the workspace as the next version: its evidence and the release go onto the trail together
 * with the annotated tag in one atomic push, then the GitHub release follows. Run again after any interruption it ends in
 * the same state; the same file again gives the version that it already has.
 * @throws InputError when evidence is missing or speaks of another file, or the version asked for is too low or taken.
 */
export async function release(request: ReleaseRequest, ports: ReleasePorts): Promise<Outcome<ReleaseRecord>> {
  const project = await loadProject(ports.workspace);
  const model = pickModel(project, request.model);
  const repository = await ports.repository();
  await refuseUncommitted(model, repository);
  const evidence = await gatherEvidence(model, project.value, ports);
  const card = await readOwnersCard(model.name, ports.workspace);
  const wanted = request.githubRelease && !request.dryRun;
  const forge = wanted && ports.context.slug !== undefined ? await ports.forge() : undefined;
  const commit = await repository.head();

  const refusals = [
    ...breachesOf(model, evidence.record),
    ...evidence.checks
      .filter(({ verdict }) => verdict === 'fail')
      .map(({ dataset }) => `${dataset} breaks its contract`),
  ];
  const { record, previous, releasedAt } = await onTrail<Decided>(ports, (trail) =>
    decide({ request, model, evidence, commit, refusals, trail, repository, ports }),
  );
  const isNew = record.status === 'planned' || record.status === 'released';
  const findings = isNew ? await unkeptRecord(model, evidence, ports) : [];
  if (releasedAt === undefined) {
    const status = record.status === 'refused' ? 'breach' : 'pass';
    return { status, reports: [{ ...describeRelease(record, evidence, previous), findings }], record };
  }
  ports.progress.step(
    `${record.tag}: ${record.status === 'released' ? 'tagged and recorded' : 'was released before'}`,
  );
  const { version, tag } = record;
  const released: ReleasedVersion = {
    model,
    version,
    tag,
    commit: record.commit,
    releasedAt,
    evidence,
    card,
    slug: ports.context.slug,
    rastro: ports.context.version,
  };
  // The documents speak of the release as such, however often it was run.
  const report = describeRelease({ ...record, status: 'released' }, evidence, previous);
  const files = await writeReleaseFiles(released, report, ports);
  const url = forge && (await publish(released, report, forge, files, ports));
  const done: ReleaseRecord = {
    ...record,
    url,
    files: { model: model.file, bom: files.bom, card: files.card, provenance: files.provenance },
  };
  const told = { ...describeRelease(done, evidence, previous), findings };
  const kept = keptFiles(files, wanted && !forge);
  return {
    status: 'pass',
    reports: [forge ? told : { ...told, sections: [...told.sections, kept] }],
    record: done,
  };
}

interface Decided {
  readonly record: ReleaseRecord;
  readonly previous: PreviousVersion | undefined;
  /** When it was recorded; undefined when it was not. */
  readonly releasedAt: string | undefined;
}

interface Deciding {
  readonly request: ReleaseRequest;
  readonly model: NamedModel;
  readonly evidence: ModelEvidence;
  readonly commit: string;
  readonly refusals: readonly string[];
  readonly trail: Trail;
  readonly repository: Repository;
  readonly ports: ReleasePorts;
}

/** What a release does on this state of the trail: reads what there is, plans, and puts the plan into entries and a tag. */
async function decide({ request, model, evidence, commit, refusals, trail, repository, ports }: Deciding) {
  const { name } = model;
  const { sha256, recordSha256 } = evidence;
  const { releases, withdrawn } = modelState(trail.chain.entries, name);
  const registered = registryState(await repository.tags()).get(name);
  const withdrawals = withdrawalsOf(registered, withdrawn);
  const known = releaseOf(sha256, releases, withdrawals);
  const previous = await previousVersion(registered, known?.event.version, model, repository);
  const plan = planRelease({
    model: name,
    sha256,
    commit,
    registered,
    releases,
    withdrawals,
    bump: bumpSince(previous, evidence),
    asked: request.version,
    refusals,
  });
  const base = { model: name, sha256, url: undefined, files: undefined };
  const record = {
    ...base,
    version: plan.version,
    tag: plan.tag,
    commit: plan.commit,
    reasons: plan.reasons,
  };
  const told = previous?.evidence && { ...previous.evidence, version: previous.version };
  const answer = (status: ReleaseRecord['status'], releasedAt: string | undefined) => ({
    record: { ...record, status } satisfies ReleaseRecord,
    previous: told,
    releasedAt,
  });
  if (plan.kind === 'existing')
    return { done: answer('existing', known!.recordedAt), tags: request.dryRun ? [] : [plan.tag] };
  if (plan.kind === 'refused') return { done: answer('refused', undefined) };
  if (request.dryRun) return { done: answer('planned', undefined) };
  const message = [
    `${name} ${plan.version}`,
    '',
    ...plan.reasons.map((reason) => `- ${reason}`),
    '',
    `Model-Sha256: ${sha256}`,
  ].join('\n');
  const { version, tag } = plan;
  const events = (tags: ReadonlyMap<string, string>): TrailEvent[] => [
    ...evidenceEvents(model, evidence, { code: commit, version: ports.context.version }),
    {
      kind: 'release',
      event: { model: name, version, sha256, commit, tag, tagObject: tags.get(tag)!, recordSha256 },
    },
  ];
  return {
    append: { tags: [{ name: tag, target: commit, message }], events },
    result: (entries: readonly Entry[]) => answer('released', entries.at(-1)!.recordedAt),
  };
}

/** The version before, and what its commit holds about it; no `evidence` when it left no record. */
interface Previous {
  readonly version: string;
  readonly evidence: Pick<ModelEvidence, 'record' | 'lock'> | undefined;
}

/** The highest version that stands besides the one that this file has already; undefined for a first version. */
async function previousVersion(
  registered: RegisteredModel | undefined,
  own: string | undefined,
  model: NamedModel,
  repository: Repository,
): Promise<Previous | undefined> {
  const others = registered && {
    ...registered,
    versions: registered.versions.filter(
      ({ version }) => own === undefined || compareVersions(version, own) < 0,
    ),
  };
  const last = others && latestVersion(others);
  if (!last) return undefined;
  const read = async (path: string) => {
    const bytes = await repository.readFile(last.commit, path);
    return bytes && new TextDecoder().decode(bytes);
  };
  const record = await read(recordPath(model.name));
  if (record === undefined) return { version: last.version, evidence: undefined };
  const lock = await read(trainLockPath(model.name));
  return {
    version: last.version,
    evidence: {
      record: readRecord(record, recordPath(model.name)),
      lock: lock === undefined ? undefined : readTrainLock(lock, trainLockPath(model.name)),
    },
  };
}

function bumpSince(previous: Previous | undefined, evidence: ModelEvidence): RequiredBump {
  if (!previous) {
    const message = 'this is the first version';
    return { bump: 'major', reasons: [{ bump: 'major', code: 'first', message }] };
  }
  if (!previous.evidence) {
    const message = 'the version before left no evaluation record to compare with';
    return { bump: 'minor', reasons: [{ bump: 'minor', code: 'unknown', message }] };
  }
  return requiredBump({ previous: factsOf(previous.evidence), next: factsOf(evidence) });
}

/** What the released commit must hold, or the tag would name another configuration than the one that was used. */
async function refuseUncommitted({ config }: NamedModel, repository: Repository): Promise<void> {
  const dirty = await repository.dirty([PROJECT_FILE, ...(config.train?.deps ?? [])]);
  if (dirty.length === 0) return;
  throw new InputError(
    dirty.map((path) =>
      fault(
        'uncommitted',
        `${path} has changes that are not committed`,
        place(path),
        'Commit them: a release names a commit.',
      ),
    ),
  );
}

async function publish(
  released: ReleasedVersion,
  report: Report,
  forge: Forge,
  files: ReleaseFiles,
  { workspace }: ReleasePorts,
): Promise<string> {
  const { url } = await forge.ensureRelease({
    tag: released.tag,
    commit: released.commit,
    title: `${released.model.name} ${released.version}`,
    body: renderMarkdown([report], { budget: COMMENT_BUDGET }),
    prerelease: released.version.includes('-'),
    assets: files.assets.map((asset) => ({ ...asset, path: workspace.absolute(asset.path) })),
  });
  return url;
}
