import { evaluatePolicy, type Policy, type RuleResult } from '@rastro/registry';
import type { AuditContext, AuditStep, StepStatus } from './audit.ts';
import { evaluationStep } from './audit-evaluation.ts';
import {
  differingRule,
  isApprovalRule,
  isEvaluationRule,
  judged,
  type Move,
  showBreach,
} from './audit-rules.ts';
import type { ChainedEntry } from './chain.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { gateEvidence } from './gate-evidence.ts';
import type { NamedPolicy } from './policy-history.ts';
import { isSignedByApprover } from './signers.ts';
import { modelState } from './state.ts';

/** Clocks of two machines may differ by this much; more than that is a date put back to make old evidence look fresh. */
const CLOCK_DIFFERENCE = 60 * 60_000;

interface NoMove {
  readonly status: StepStatus;
  readonly sentence: string;
  readonly evidence: string[];
}

/** Steps 7, 8 and 9: the evaluation, the approvals and the policy under which the deployed version was let into its stage. */
export async function auditGate(
  context: AuditContext,
  deploy: EntryOf<'deploy'>,
  gate: Move | NoMove,
): Promise<AuditStep[]> {
  if ('sentence' in gate) {
    return (['evaluation', 'approvals', 'policy'] as const).map((step) => ({ step, ...gate }));
  }
  const named = context.policies.of(gate.seq);
  if (!named?.policy) {
    const lost = policyStep(context, gate, named, []);
    const sentence = 'Its thresholds cannot be recomputed without the policy.';
    return [
      { step: 'evaluation', status: 'unprovable', sentence, evidence: [entryPath(gate)] },
      { step: 'approvals', status: 'unprovable', sentence, evidence: [entryPath(gate)] },
      lost,
    ];
  }
  const rules = judgedAgain(context, gate, named.policy, relevantTo(context));
  return [
    await evaluationStep(context, gate, rules.filter(isEvaluationRule)),
    approvalStep(context, { gate, deploy, policy: named.policy, rules: rules.filter(isApprovalRule) }),
    policyStep(context, gate, named, rules),
  ];
}

/** What a policy answers to a move, asked again with the evidence of the entries before it. */
function judgedAgain(
  { crypto }: AuditContext,
  move: Move,
  policy: Policy,
  relevant: readonly ChainedEntry[],
): readonly RuleResult[] {
  const { request, evidence } = gateEvidence(
    relevant.filter(({ entry }) => entry.seq < move.seq),
    {
      ...move.event,
      rollback: move.kind === 'rollback',
      isSigned: (approval) => isSignedByApprover(approval, policy, crypto),
      at: move.recordedAt,
    },
  );
  return evaluatePolicy({ policy, stage: move.event.stage, request, evidence }).rules;
}

/** What can bear on a decision about the model: all that is not a decision about another one. */
function relevantTo({ chain, model }: AuditContext): ChainedEntry[] {
  return chain.entries.filter(({ entry }) => {
    switch (entry.kind) {
      case 'approve':
      case 'gate':
      case 'release':
      case 'promote':
      case 'rollback':
      case 'deploy':
      case 'drift':
        return entry.event.model === model;
      default:
        return true;
    }
  });
}

/** The decision that let the deployed file into the stage of its environment: the last one before the deployment. */
export function gateOf(
  { chain, model, environment }: AuditContext,
  deploy: EntryOf<'deploy'>,
): Move | NoMove {
  const before = chain.entries.filter(({ entry }) => entry.seq < deploy.seq);
  const holding = modelState(before, model).stages.get(environment);
  const entry = holding && before.find((chained) => chained.entry.seq === holding.seq)?.entry;
  if (!entry || (entry.kind !== 'promote' && entry.kind !== 'rollback')) {
    return {
      status: 'unprovable',
      sentence: `No promotion of ${model} to ${environment} before its deployment is recorded.`,
      evidence: [entryPath(deploy)],
    };
  }
  if (entry.event.sha256 !== deploy.event.sha256 || entry.event.version !== deploy.event.version) {
    return {
      status: 'violated',
      sentence: `${deploy.event.version} was deployed to ${environment} while ${entry.event.version} held that stage.`,
      evidence: [entryPath(entry), entryPath(deploy)],
    };
  }
  return entry;
}

function approvalStep(
  { chain, crypto }: AuditContext,
  {
    gate,
    deploy,
    policy,
    rules,
  }: { gate: Move; deploy: EntryOf<'deploy'>; policy: Policy; rules: readonly RuleResult[] },
): AuditStep {
  const step = 'approvals' as const;
  const { model, version, stage, approvals } = gate.event;
  const about = approvalsOn(chain.entries).filter(
    ({ entry: { event } }) => event.model === model && event.version === version && event.stage === stage,
  );
  const before = about.filter(({ entry }) => entry.seq < gate.seq);
  const forged = before.find(
    (chained) => chained.entry.event.source === 'signature' && !isSignedByApprover(chained, policy, crypto),
  );
  if (forged) {
    return {
      step,
      status: 'violated',
      sentence: `${entryPath(forged.entry)} is an approval by signature that the approver did not sign.`,
      evidence: [entryPath(forged.entry)],
    };
  }
  const unbacked = approvals.find(({ source }) => source === 'signature');
  if (unbacked) {
    return {
      step,
      status: 'violated',
      sentence: `The decision itself states an approval by signature of ${unbacked.by.login}, and those are entries of their own.`,
      evidence: [entryPath(gate)],
    };
  }
  const asked = rules.find(({ rule }) => rule === 'approvals');
  const since = about.filter(
    ({ entry }) => entry.seq > gate.seq && entry.seq < deploy.seq && entry.event.verdict === 'rejected',
  );
  const good = asked
    ? `Approved, as ${asked.expected} was asked: ${asked.actual}.`
    : 'The policy asks for no approval.';
  const rejected = since.map(({ entry }) => entry.event.by.login).join(', ');
  const judgement = judged(
    step,
    gate,
    rules,
    since.length > 0
      ? `${good} Between the decision and the deployment it was rejected by ${rejected}.`
      : good,
  );
  const evidence = [...before, ...since].map(({ entry }) => entryPath(entry));
  return { ...judgement, evidence: [...judgement.evidence, ...evidence] };
}

function approvalsOn(
  entries: readonly ChainedEntry[],
): (ChainedEntry & { readonly entry: EntryOf<'approve'> })[] {
  return entries.filter(
    (chained): chained is ChainedEntry & { readonly entry: EntryOf<'approve'> } =>
      chained.entry.kind === 'approve',
  );
}

function policyStep(
  context: AuditContext,
  gate: Move,
  named: NamedPolicy | undefined,
  rules: readonly RuleResult[],
): AuditStep {
  const step = 'policy' as const;
  const { chain } = context;
  const { commit } = gate.event.policy;
  const evidence = [entryPath(gate), commit];
  const result = (status: StepStatus, sentence: string): AuditStep => ({ step, status, sentence, evidence });
  if (named?.fault) return result(named.fault.status, named.fault.sentence);
  const before = chain.entries.filter(({ entry }) => entry.seq < gate.seq);
  const later = before.find(
    ({ entry }) => Date.parse(entry.recordedAt) > Date.parse(gate.recordedAt) + CLOCK_DIFFERENCE,
  );
  if (later) {
    return result(
      'violated',
      `The decision is dated ${gate.recordedAt}, long before ${entryPath(later.entry)}, which it follows.`,
    );
  }
  const { stages, withdrawn } = modelState(before, gate.event.model);
  const withdrawal = withdrawn.get(gate.event.version);
  if (withdrawal) {
    return result(
      'violated',
      `${gate.event.version} was withdrawn by ${entryPath(withdrawal)} before it was let in: ${withdrawal.event.reason}.`,
    );
  }
  const holder = stages.get(gate.event.stage)?.version ?? null;
  if (holder !== gate.event.replaces) {
    return result(
      'violated',
      `The decision says that it replaced ${gate.event.replaces ?? 'nothing'}, and ${holder ?? 'nothing'} held the stage.`,
    );
  }
  const breach = rules.find(({ passed, waived }) => !passed && !waived);
  if (breach) return result('violated', showBreach(breach));
  const differing = differingRule(gate.event.rules, rules);
  if (differing !== undefined) {
    return result('violated', `The decision records rule ${differing} otherwise than the policy gives it.`);
  }
  const earlier = earlierFault(context, gate);
  if (earlier) return { step, ...earlier, evidence: [...evidence, ...earlier.evidence] };
  return result(
    'verified',
    `The policy of commit ${commit.slice(0, 12)} allows it when evaluated again: ${rules.length} rules.`,
  );
}

/**
 * A decision leans on those before it: which stages the version held, and whom it replaced, with which metrics. So each earlier
 * move of the model is judged again, too.
 */
function earlierFault(context: AuditContext, gate: Move): NoMove | undefined {
  const relevant = relevantTo(context);
  for (const { entry } of relevant) {
    if (entry.seq >= gate.seq || (entry.kind !== 'promote' && entry.kind !== 'rollback')) continue;
    const evidence = [entryPath(entry)];
    const named = context.policies.of(entry.seq);
    const lead = `It follows ${entryPath(entry)}.`;
    if (!named || named.fault) {
      const fault = named?.fault ?? { status: 'unprovable', sentence: 'Its policy is not known.' };
      return { status: fault.status, sentence: `${lead} ${fault.sentence}`, evidence };
    }
    const rules = named.policy ? judgedAgain(context, entry, named.policy, relevant) : [];
    const breach = rules.find(({ passed, waived }) => !passed && !waived);
    if (breach) return { status: 'violated', sentence: `${lead} ${showBreach(breach)}`, evidence };
  }
  return undefined;
}
