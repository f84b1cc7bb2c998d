import { fault, InputError, place } from '@rastro/fault';
import { readRecord } from '@rastro/metrics';
import {
  evaluatePolicy,
  formatTagName,
  latestVersion,
  POLICY_FILE,
  type Policy,
  planPromotion,
  type RuleResult,
  readPolicy,
  registryState,
  versionTrailer,
} from '@rastro/registry';
import type { Report } from '@rastro/report';
import {
  type Actor,
  type EventOf,
  gateEvidence,
  modelState,
  type Decision as PolicyDecision,
  standingEntries,
  type TrailEvent,
} from '@rastro/trail';
import { z } from 'zod';
import { recordPath } from './evaluate.ts';
import type { Outcome } from './outcome.ts';
import type { Ports, Repository, Review } from './ports/index.ts';
import { findProject } from './project.ts';
import { report, short, table } from './report.ts';
import { onTrail, type Trail } from './trail.ts';

export const PromoteRequest = z.strictObject({
  model: z.string().optional().describe('Model to promote. Default: the only one in rastro.yaml.'),
  version: z.string().optional().describe('Version to promote. Default: the latest.'),
  stage: z.string().min(1).describe('Stage to promote to, such as prod.'),
  dryRun: z.boolean().default(false).describe('Say what the policy answers, and change nothing.'),
});
export type PromoteRequest = z.output<typeof PromoteRequest>;

export interface PromoteRecord {
  readonly model: string;
  readonly version: string;
  readonly stage: string;
  readonly sha256: string;
  readonly status: 'promoted' | 'unchanged' | 'allowed' | 'denied';
  readonly replaces: string | null;
  readonly rules: readonly RuleResult[];
  /** The commit that the policy was read from. */
  readonly policy: string;
}

type PromotePorts = Pick<
  Ports,
  'workspace' | 'repository' | 'forge' | 'context' | 'clock' | 'progress' | 'sha256'
>;

/**
 * Moves a stage to a version when the policy of the protected branch allows it. The policy is judged anew on every state of
 * the trail that the promotion is tried on; a denied promotion records nothing.
 * @throws InputError when there is no policy, or no such model or version.
 */
export async function promote(request: PromoteRequest, ports: PromotePorts): Promise<Outcome<PromoteRecord>> {
  const model = await modelName(request, ports);
  const repository = await ports.repository();
  const policy = await protectedPolicy(repository, ports);
  const record = await onTrail(ports, (trail) =>
    decide({ request, model, policy, trail, repository, ports }),
  );
  return { status: record.status === 'denied' ? 'breach' : 'pass', reports: [describe(record)], record };
}

/** The policy as the protected branch has it; what the working tree says does not count. */
interface ProtectedPolicy {
  readonly policy: Policy;
  readonly commit: string;
  readonly blob: string;
  readonly sha256: string;
}

async function protectedPolicy(
  repository: Repository,
  { sha256 }: Pick<Ports, 'sha256'>,
): Promise<ProtectedPolicy> {
  const branch = await repository.defaultBranch();
  if (!branch) {
    throw new InputError(
      fault(
        'no-default-branch',
        'the default branch of this repository is not known',
        undefined,
        'Push the repository, or name its remote "origin".',
      ),
    );
  }
  const bytes = await repository.readFile(branch.commit, POLICY_FILE);
  const blob = bytes && (await repository.blobId(branch.commit, POLICY_FILE));
  if (!bytes || !blob) {
    throw new InputError(
      fault(
        'policy-missing',
        `there is no ${POLICY_FILE} on branch ${branch.name}`,
        place(POLICY_FILE),
        'What no policy allows is denied: write one and merge it.',
      ),
    );
  }
  const { value } = readPolicy(new TextDecoder().decode(bytes), POLICY_FILE);
  return { policy: value, commit: branch.commit, blob, sha256: sha256(bytes) };
}

async function modelName({ model }: PromoteRequest, { workspace }: PromotePorts): Promise<string> {
  if (model !== undefined) return model;
  const names = Object.keys((await findProject(workspace))?.value.models ?? {});
  if (names.length === 1) return names[0]!;
  throw new InputError(
    fault(
      'model-ambiguous',
      `say which model${names.length > 0 ? `: ${names.join(', ')}` : ''}`,
      undefined,
      'Give the model by name.',
    ),
  );
}

interface Deciding {
  readonly request: PromoteRequest;
  readonly model: string;
  readonly policy: ProtectedPolicy;
  readonly trail: Trail;
  readonly repository: Repository;
  readonly ports: PromotePorts;
}

/** What the promotion does on this state of the trail. Nothing here writes. */
async function decide({ request, model, policy, trail, repository, ports }: Deciding) {
  const { stage } = request;
  const { entries } = trail.chain;
  const registry = registryState(await repository.tags());
  const state = modelState(entries, model);
  const version = request.version ?? latest(registry, model) ?? '';
  const release = state.releases.get(version);
  const sha256 = release?.event.sha256 ?? '';
  const actor: Actor = { login: ports.context.actor, id: ports.context.actorId ?? null };
  const people = await peopleOf(model, release?.event.commit, policy.policy.stages[stage], {
    repository,
    ports,
  });
  const at = `${new Date(Math.floor(ports.clock.now() / 1000) * 1000).toISOString().slice(0, 19)}Z`;
  const recordSha256 = latestRecord(trail, sha256);
  const rollback = state.held.get(version)?.has(stage) ?? false;
  const { request: asked, evidence } = gateEvidence(entries, {
    model,
    version,
    sha256,
    stage,
    rollback,
    recordSha256,
    actor,
    ...people,
    at,
  });
  const verdict = evaluatePolicy({ policy: policy.policy, stage, request: asked, evidence });
  const plan = planPromotion({
    registry,
    model,
    version,
    stage,
    holder: state.stages.get(stage)?.version,
    verdict,
  });
  if (!release) {
    throw new InputError(
      fault(
        'release-unrecorded',
        `${model} ${version} has a tag, but no release on the trail`,
        undefined,
        'Release it with Rastro: what the trail does not know cannot be promoted.',
      ),
    );
  }

  const record: PromoteRecord = {
    model,
    version,
    stage,
    sha256,
    status: 'denied',
    replaces: null,
    rules: verdict.rules,
    policy: policy.commit,
  };
  switch (plan.kind) {
    case 'unchanged':
      return { done: { ...record, status: 'unchanged' } satisfies PromoteRecord };
    case 'denied':
      return { done: record };
    case 'promote': {
      if (request.dryRun)
        return { done: { ...record, status: 'allowed', replaces: plan.replaces } satisfies PromoteRecord };
      const decision: PolicyDecision = {
        model,
        version,
        sha256,
        stage,
        policy: { commit: policy.commit, path: POLICY_FILE, blob: policy.blob, sha256: policy.sha256 },
        recordSha256,
        actor,
        author: people.author,
        approvals: [...people.approvals],
        rules: [...verdict.rules],
        allowed: true,
        replaces: plan.replaces,
      };
      const events: TrailEvent[] = [
        { kind: 'gate', event: decision },
        { kind: rollback ? 'rollback' : 'promote', event: { ...decision, allowed: true } },
      ];
      const name = formatTagName({
        action: 'assign',
        model,
        stage,
        counter: registry.get(model)!.nextCounter,
      });
      return {
        append: {
          tags: [
            {
              name,
              target: plan.commit,
              message: `${model} ${version} is ${stage}\n\n${versionTrailer(version)}`,
            },
          ],
          events: () => events,
        },
        result: (): PromoteRecord => ({ ...record, status: 'promoted', replaces: plan.replaces }),
      };
    }
  }
}

function latest(registry: ReturnType<typeof registryState>, model: string): string | undefined {
  const registered = registry.get(model);
  return registered && latestVersion(registered)?.version;
}

function latestRecord({ chain }: Trail, sha256: string): string | null {
  const found = standingEntries(chain.entries).findLast(
    ({ entry }) => entry.kind === 'evaluate' && entry.event.sha256 === sha256,
  );
  return found?.entry.kind === 'evaluate' ? found.entry.event.recordSha256 : null;
}

type Approvals = EventOf<'gate'>['approvals'];

/**
 * Who made the change and who approved it, as the reviews of its pull request say. The forge is asked only when the policy
 * asks for approvals. A review speaks of what the reviewed commit holds: only the model and the evaluation that are in it.
 */
async function peopleOf(
  model: string,
  commit: string | undefined,
  asked: Policy['stages'][string] | undefined,
  { repository, ports }: { repository: Repository; ports: PromotePorts },
): Promise<{ author: Actor | null; approvals: Approvals }> {
  if (!commit) return { author: null, approvals: [] };
  const info = await repository.commitInfo(commit);
  const committer: Actor | null = info ? { login: info.author.name, id: null } : null;
  if (!asked || asked.approvals.min === 0 || !ports.context.slug) return { author: committer, approvals: [] };
  const forge = await ports.forge();
  const [pullRequest] = await forge.pullRequestsOf(commit);
  if (!pullRequest) return { author: committer, approvals: [] };
  const author: Actor = { login: pullRequest.author, id: pullRequest.authorId ?? null };
  const reviewed = await recordAt(pullRequest.head, model, repository, ports);
  if (!reviewed) return { author, approvals: [] };
  const reviews = await forge.reviews(pullRequest.number);
  return {
    author,
    approvals: lastOfEach(reviews.filter((review) => review.commit === pullRequest.head)).map((review) => ({
      by: { login: review.user, id: review.userId },
      source: 'review' as const,
      verdict: review.state === 'approved' ? ('approved' as const) : ('rejected' as const),
      ...reviewed,
      at: `${review.submittedAt.slice(0, 19)}Z`,
    })),
  };
}

/** The model and the evaluation record that a commit holds; undefined when it holds none. */
async function recordAt(commit: string, model: string, repository: Repository, { sha256 }: PromotePorts) {
  const bytes = (await repository.fetchCommit(commit))
    ? await repository.readFile(commit, recordPath(model))
    : undefined;
  if (!bytes) return undefined;
  const record = readRecord(new TextDecoder().decode(bytes), recordPath(model));
  return { sha256: record.model.sha256, recordSha256: sha256(bytes) };
}

/** A person's last word counts: an approval or a request for changes; comments are no word. */
function lastOfEach(reviews: readonly Review[]): Review[] {
  const last = new Map<number, Review>();
  for (const review of reviews) {
    if (review.state === 'approved' || review.state === 'changes-requested') last.set(review.userId, review);
    if (review.state === 'dismissed') last.delete(review.userId);
  }
  return [...last.values()];
}

function describe(record: PromoteRecord): Report {
  const { model, version, stage, status, rules, policy, sha256, replaces } = record;
  const broken = rules.filter(({ passed, waived }) => !passed && !waived);
  const sentence = {
    promoted: `${model} ${version} is ${stage} now${replaces ? `, in place of ${replaces}` : ''}.`,
    unchanged: `${model} ${version} is ${stage} already.`,
    allowed: `The policy allows ${model} ${version} as ${stage}.`,
    denied: `The policy denies ${model} ${version} as ${stage}: ${broken.map(({ rule, expected, actual }) => `${rule} asks for ${expected}, found ${actual}`).join('; ')}.`,
  }[status];
  return report('promote', model, { status: status === 'denied' ? 'fail' : 'pass', sentence }, [
    {
      id: 'policy',
      title: 'Policy',
      importance: 80,
      blocks: [
        table(
          ['Rule', 'Asked', 'Found', 'Answer', 'Evidence'],
          rules.map(({ rule, expected, actual, passed, waived, evidence }) => [
            rule,
            expected,
            actual,
            passed ? '✅ pass' : waived ? '➖ waived' : '❌ fail',
            evidence,
          ]),
        ),
        {
          kind: 'paragraph',
          text: ['Policy of commit ', { code: short(policy) }, ', model digest ', { code: short(sha256) }],
        },
      ],
    },
  ]);
}
