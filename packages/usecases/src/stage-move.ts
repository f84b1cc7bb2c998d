import { fault, InputError } from '@rastro/fault';
import {
  evaluatePolicy,
  formatTagName,
  latestVersion,
  POLICY_FILE,
  type Policy,
  type PromotionPlan,
  planPromotion,
  type RuleResult,
  registryState,
  versionTrailer,
} from '@rastro/registry';
import type { Report } from '@rastro/report';
import {
  type Actor,
  type EventOf,
  gateEvidence,
  isSignedByApprover,
  modelState,
  type Decision as PolicyDecision,
  policyHistory,
  standingEntries,
  type TrailEvent,
  unlawfulEntry,
} from '@rastro/trail';
import { type People, peopleOf } from './approvals.ts';
import { auditReader } from './audit-reader.ts';
import type { Ports, Repository } from './ports/index.ts';
import { type ProtectedPolicy, protectedPolicy } from './protected-policy.ts';
import { report, short, table } from './report.ts';
import { type Append, instantOf, type Trail } from './trail.ts';

/** What is to move: a version (the latest when undefined) into a stage, forward or back to one that held it before. */
export interface Move {
  readonly model: string;
  readonly version: string | undefined;
  readonly stage: string;
  readonly rollback: boolean;
}

/** A move, judged on one state of the trail by the policy of the protected branch. Nothing is written yet. */
export interface JudgedMove extends Move {
  readonly version: string;
  readonly sha256: string;
  readonly recordSha256: string | null;
  readonly plan: PromotionPlan;
  readonly rules: readonly RuleResult[];
  readonly policy: ProtectedPolicy;
  readonly people: People;
  readonly actor: Actor;
  /** The number of the stage's tag. */
  readonly counter: number;
  /** The stage's tag as it is; none when nobody holds it. */
  readonly heldBy: readonly string[];
}

export type MovePorts = Pick<
  Ports,
  'workspace' | 'repository' | 'forge' | 'context' | 'clock' | 'progress' | 'sha256' | 'crypto'
>;

/**
 * Judges a move on the trail as it is.
 * @throws InputError when there is no policy, no such model or version, or the trail knows no release of it.
 */
export async function judgeMove(move: Move, trail: Trail, ports: MovePorts): Promise<JudgedMove> {
  const { model, stage, rollback } = move;
  const { entries } = trail.chain;
  const repository = await ports.repository();
  const policy = await protectedPolicy(repository, ports);
  if (policy.policy.signatures) await refuseUnlawful(trail, policy.policy, repository, ports);
  const registry = registryState(await repository.tags());
  const state = modelState(entries, model);
  const registered = registry.get(model);
  const holding = state.stages.get(stage);
  const version = move.version ?? (registered && latestVersion(registered)?.version) ?? '';
  const release = state.releases.get(version);
  const sha256 = release?.event.sha256 ?? '';
  const recordSha256 = latestRecord(trail, sha256);
  const actor: Actor = { login: ports.context.actor, id: ports.context.actorId ?? null };
  const at = instantOf(ports.clock);
  const people = await peopleOf(
    { model, stage, sha256, recordSha256, commit: release?.event.commit, at },
    policy.policy.stages[stage],
    repository,
    ports,
  );
  const { request, evidence } = gateEvidence(entries, {
    model,
    version,
    sha256,
    stage,
    rollback,
    recordSha256,
    actor,
    ...people,
    isSigned: (approval) => isSignedByApprover(approval, policy.policy, ports.crypto),
    at,
  });
  const verdict = evaluatePolicy({ policy: policy.policy, stage, request, evidence });
  const plan = planPromotion({
    registry,
    model,
    version,
    stage,
    holder: holding?.version,
    withdrawn: state.withdrawn.has(version),
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
  const counter = registry.get(model)!.nextCounter;
  return {
    ...move,
    version,
    sha256,
    recordSha256,
    plan,
    rules: verdict.rules,
    policy,
    people,
    actor,
    counter,
    heldBy: holding ? [holding.tag] : [],
  };
}

/**
 * Where the policy speaks of signatures, no decision leans on what they do not bear out.
 * @throws InputError naming the first entry that an audit would not accept.
 */
async function refuseUnlawful(
  { chain }: Trail,
  policy: Policy,
  repository: Repository,
  { crypto }: Pick<Ports, 'crypto'>,
): Promise<void> {
  const policies = await policyHistory(chain.entries, auditReader(repository), crypto);
  // Before the first decision there is no other policy than the one that it will name.
  const inForce = { ...policies, at: (seq: number) => policies.at(seq) ?? policy };
  const unlawful = unlawfulEntry(chain.entries, inForce, crypto);
  if (!unlawful) return;
  throw new InputError(
    fault(
      'trail-unlawful',
      `the trail holds an entry that the policy does not allow: ${unlawful.sentence}`,
      undefined,
      'If it is older than the demand for signatures, promote once with "required: false". Else find out who wrote it, and restore rastro/trail to the entry before.',
    ),
  );
}

/** The evaluation record that a decision about a model file rests on: the last one recorded. */
export function latestRecord({ chain }: Trail, sha256: string): string | null {
  const found = standingEntries(chain.entries).findLast(
    ({ entry }) => entry.kind === 'evaluate' && entry.event.sha256 === sha256,
  );
  return found?.entry.kind === 'evaluate' ? found.entry.event.recordSha256 : null;
}

/** What an allowed move appends: the decision with all its rules, the move, and the stage's tag. */
export function moveAppend(move: JudgedMove & { readonly plan: { readonly kind: 'promote' } }): Append {
  const { model, version, stage, sha256, policy, recordSha256, actor, people, rules, plan, counter } = move;
  const decision: PolicyDecision = {
    model,
    version,
    sha256,
    stage,
    policy: { commit: policy.commit, path: POLICY_FILE, blob: policy.blob, sha256: policy.sha256 },
    recordSha256,
    actor,
    author: people.author,
    approvals: [...people.approvals] as EventOf<'gate'>['approvals'],
    rules: [...rules],
    allowed: true,
    replaces: plan.replaces,
  };
  const name = formatTagName({ action: 'assign', model, stage, counter });
  const events = (tags: ReadonlyMap<string, string>): TrailEvent[] => [
    { kind: 'gate', event: decision },
    {
      kind: move.rollback ? 'rollback' : 'promote',
      event: { ...decision, allowed: true, tag: name, tagObject: tags.get(name)! },
    },
  ];
  const message = `${model} ${version} is ${stage}\n\n${versionTrailer(version)}`;
  return { tags: [{ name, target: plan.commit, message }], events };
}

/** A move and how it ended, as promote and rollback answer. */
export interface MoveRecord {
  readonly model: string;
  readonly version: string;
  readonly stage: string;
  readonly sha256: string;
  readonly status: 'promoted' | 'rolled-back' | 'unchanged' | 'allowed' | 'denied';
  readonly replaces: string | null;
  readonly rules: readonly RuleResult[];
  /** The commit that the policy was read from. */
  readonly policy: string;
}

export function moveRecord(
  { model, version, stage, sha256, rules, policy, plan }: JudgedMove,
  status: MoveRecord['status'],
): MoveRecord {
  const replaces = plan.kind === 'promote' ? plan.replaces : null;
  return { model, version, stage, sha256, status, replaces, rules, policy: policy.commit };
}

export function describeMove(verb: string, record: MoveRecord): Report {
  const { model, version, stage, status, rules, policy, sha256, replaces } = record;
  const broken = rules.filter(({ passed, waived }) => !passed && !waived);
  const inPlace = replaces ? `, in place of ${replaces}` : '';
  const sentence = {
    promoted: `${model} ${version} is ${stage} now${inPlace}.`,
    'rolled-back': `${model} ${version} is ${stage} again${inPlace}.`,
    unchanged: `${model} ${version} is ${stage} already.`,
    allowed: `The policy allows ${model} ${version} as ${stage}.`,
    denied: `The policy denies ${model} ${version} as ${stage}: ${broken.map(({ rule, expected, actual }) => `${rule} asks for ${expected}, found ${actual}`).join('; ')}.`,
  }[status];
  return report(verb, model, { status: status === 'denied' ? 'fail' : 'pass', sentence }, [
    {
      id: 'policy',
      title: 'Policy',
      importance: 80,
      blocks: [
        ruleTable(rules),
        {
          kind: 'paragraph',
          text: ['Policy of commit ', { code: short(policy) }, ', model digest ', { code: short(sha256) }],
        },
      ],
    },
  ]);
}

export function ruleTable(rules: readonly RuleResult[]) {
  return table(
    ['Rule', 'Asked', 'Found', 'Answer', 'Evidence'],
    rules.map(({ rule, expected, actual, passed, waived, evidence }) => [
      rule,
      expected,
      actual,
      passed ? '✅ pass' : waived ? '➖ waived' : '❌ fail',
      evidence,
    ]),
  );
}
