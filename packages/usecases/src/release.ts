import { fault, InputError, place } from '@rastro/fault';
import { PROJECT_FILE, readTrainLock, trainLockPath } from '@rastro/lineage';
import { readRecord } from '@rastro/metrics';
import {
  type Bump,
  formatTagName,
  latestVersion,
  nextVersion,
  type RequiredBump,
  registryState,
  requiredBump,
} from '@rastro/registry';
import { COMMENT_BUDGET, type Report, renderHtml, renderMarkdown } from '@rastro/report';
import { modelState, type TrailEvent } from '@rastro/trail';
import { z } from 'zod';
import { breachesOf, recordPath } from './evaluate.ts';
import { evidenceEvents, factsOf, gatherEvidence, type ModelEvidence } from './evidence.ts';
import { modelAssetName } from './model-bytes.ts';
import type { Outcome } from './outcome.ts';
import type { Forge, Ports, Repository } from './ports/index.ts';
import { loadProject, type NamedModel, pickModel } from './project.ts';
import { figure, report, short, table } from './report.ts';
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
    .describe('Publish a GitHub release with the model and its records.'),
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
  const forge = request.githubRelease && !request.dryRun ? await ports.forge() : undefined;
  const commit = await repository.head();

  const refusals = [
    ...breachesOf(model, evidence.record),
    ...evidence.checks
      .filter(({ verdict }) => verdict === 'fail')
      .map(({ dataset }) => `${dataset} breaks its contract`),
  ];
  const plan = await onTrail(ports, (trail) =>
    decide({ request, model, evidence, commit, refusals, trail, repository, ports }),
  );
  if (plan.status === 'refused' || plan.status === 'planned') {
    return {
      status: plan.status === 'refused' ? 'breach' : 'pass',
      reports: [describe(plan, evidence, undefined)],
      record: plan,
    };
  }
  ports.progress.step(
    `${plan.tag}: ${plan.status === 'released' ? 'tagged and recorded' : 'was released before'}`,
  );
  const url = forge ? await publish(plan, model, evidence, forge, ports) : undefined;
  const record = { ...plan, url };
  return { status: 'pass', reports: [describe(record, evidence, url)], record };
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

/** What a release does on this state of the trail. Nothing here writes. */
async function decide({ request, model, evidence, commit, refusals, trail, repository, ports }: Deciding) {
  const { name } = model;
  const { releases } = modelState(trail.chain.entries, name);
  const before = [...releases.values()].find(({ event }) => event.sha256 === evidence.sha256);
  const base = { model: name, sha256: evidence.sha256, url: undefined };
  if (before) {
    const { version, tag } = before.event;
    return {
      done: {
        ...base,
        version,
        tag,
        commit: before.event.commit,
        status: 'existing',
        reasons: ['this file was released before'],
      } satisfies ReleaseRecord,
    };
  }
  const registered = registryState(await repository.tags()).get(name);
  const bump = await bumpFrom(registered && latestVersion(registered)?.commit, model, evidence, repository);
  const version = nextVersion({
    registered: [
      ...new Set([...(registered?.versions.map((each) => each.version) ?? []), ...releases.keys()]),
    ],
    required: bump.bump,
    ...(request.version ? { asked: request.version as Bump | `v${string}` } : {}),
  });
  const tag = formatTagName({ action: 'register', model: name, version });
  const planned: ReleaseRecord = {
    ...base,
    version,
    tag,
    commit,
    status: 'planned',
    reasons: bump.reasons.map(({ message }) => message),
  };
  if (refusals.length > 0)
    return { done: { ...planned, status: 'refused', reasons: refusals } satisfies ReleaseRecord };
  if (request.dryRun) return { done: planned };
  const evidenced = evidenceEvents(model, evidence, { code: commit, version: ports.context.version });
  const message = [
    `${name} ${version}`,
    '',
    ...planned.reasons.map((reason) => `- ${reason}`),
    '',
    `Model-Sha256: ${evidence.sha256}`,
  ].join('\n');
  const events = (tags: ReadonlyMap<string, string>): TrailEvent[] => [
    ...evidenced,
    {
      kind: 'release',
      event: {
        model: name,
        version,
        sha256: evidence.sha256,
        commit,
        tag,
        tagObject: tags.get(tag)!,
        recordSha256: evidence.recordSha256,
      },
    },
  ];
  return {
    append: { tags: [{ name: tag, target: commit, message }], events },
    result: (): ReleaseRecord => ({ ...planned, status: 'released' }),
  };
}

async function bumpFrom(
  commit: string | undefined,
  model: NamedModel,
  evidence: ModelEvidence,
  repository: Repository,
): Promise<RequiredBump> {
  if (commit === undefined)
    return {
      bump: 'major',
      reasons: [{ bump: 'major', code: 'first', message: 'this is the first version' }],
    };
  const read = async (path: string) => {
    const bytes = await repository.readFile(commit, path);
    return bytes && new TextDecoder().decode(bytes);
  };
  const record = await read(recordPath(model.name));
  if (record === undefined) {
    return {
      bump: 'minor',
      reasons: [
        {
          bump: 'minor',
          code: 'unknown',
          message: 'the version before left no evaluation record to compare with',
        },
      ],
    };
  }
  const lock = await read(trainLockPath(model.name));
  return requiredBump({
    previous: factsOf({
      record: readRecord(record, recordPath(model.name)),
      lock: lock === undefined ? undefined : readTrainLock(lock, trainLockPath(model.name)),
    }),
    next: factsOf(evidence),
  });
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
  plan: ReleaseRecord,
  model: NamedModel,
  evidence: ModelEvidence,
  forge: Forge,
  { workspace }: ReleasePorts,
): Promise<string> {
  const reports = [describe({ ...plan, status: 'released' }, evidence, undefined)];
  const folder = `.rastro/release/${plan.tag.replaceAll('/', '-')}`;
  await workspace.write('.rastro/.gitignore', '*\n');
  await workspace.write(
    `${folder}/report.html`,
    renderHtml(reports, { title: plan.tag, generatedFrom: plan.commit }),
  );
  const assets = [
    { name: modelAssetName(model.name), path: model.file, contentType: 'application/octet-stream' },
    { name: 'metrics.json', path: recordPath(model.name), contentType: 'application/json' },
    { name: 'report.html', path: `${folder}/report.html`, contentType: 'text/html' },
    ...(evidence.lock
      ? [{ name: 'train.lock.yaml', path: trainLockPath(model.name), contentType: 'application/yaml' }]
      : []),
    ...evidence.checks.map(({ contract, dataset }) => ({
      name: `contract-${dataset}.yaml`,
      path: contract.path,
      contentType: 'application/yaml',
    })),
  ];
  const { url } = await forge.ensureRelease({
    tag: plan.tag,
    commit: plan.commit,
    title: `${plan.model} ${plan.version}`,
    body: renderMarkdown(reports, { budget: COMMENT_BUDGET }),
    prerelease: plan.version.includes('-'),
    assets: assets.map((asset) => ({ ...asset, path: workspace.absolute(asset.path) })),
  });
  return url;
}

function describe(
  record: ReleaseRecord,
  { record: evaluated, recordSha256, lock }: ModelEvidence,
  url: string | undefined,
): Report {
  const { model, version, status, reasons, sha256, commit, tag } = record;
  const sentence = {
    released: `Released ${model} ${version}.`,
    existing: `This file is ${model} ${version} already.`,
    planned: `${model} ${version} would be released.`,
    refused: `${model} is not released: ${reasons.join('; ')}.`,
  }[status];
  const metrics = Object.entries(evaluated.evaluation.metrics);
  return report('release', model, { status: status === 'refused' ? 'fail' : 'pass', sentence }, [
    {
      id: 'version',
      title: 'Version',
      importance: 80,
      blocks: [
        {
          kind: 'facts',
          items: [
            { label: 'Tag', value: url ? [{ link: tag, url }] : [{ code: tag }] },
            { label: 'Commit', value: [{ code: short(commit) }] },
            { label: 'Model digest', value: [{ code: sha256 }] },
            { label: 'Evaluation digest', value: [{ code: short(recordSha256) }] },
            ...(lock ? [{ label: 'Trained by', value: [{ code: lock.cmd }] }] : []),
          ],
        },
        { kind: 'list', items: [...reasons] },
      ],
    },
    {
      id: 'metrics',
      title: 'Metrics',
      importance: 60,
      blocks: [
        table(
          ['Metric', ['Value', 'right'], ['Interval', 'right']],
          metrics.map(([name, { value, low, high }]) => [
            name,
            figure(value),
            low === null ? '–' : `${figure(low)} to ${figure(high)}`,
          ]),
        ),
      ],
    },
  ]);
}
