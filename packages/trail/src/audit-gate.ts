import { evaluatePolicy, type RuleResult } from '@rastro/registry';
import type { AuditContext, AuditStep, StepName, StepStatus } from './audit.ts';
import { type FoundPolicy, isSignedByApprover } from './audit-identity.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { gateEvidence } from './gate-evidence.ts';
import { modelState, standingEntries } from './state.ts';

/** Clocks of two machines may differ by this much; more than that is a date put back to make old evidence look fresh. */
const CLOCK_DIFFERENCE = 60 * 60_000;

type Gate = EntryOf<'promote'> | EntryOf<'rollback'>;

/** Steps 7, 8 and 9: the evaluation, the approvals and the policy under which the deployed version was let into its stage. */
export async function auditGate(context: AuditContext, deploy: EntryOf<'deploy'>): Promise<AuditStep[]> {
  const gate = gateOf(context, deploy);
  if ('sentence' in gate) {
    return (['evaluation', 'approvals', 'policy'] as const).map((step) => ({ step, ...gate }));
  }
  const found = context.policies.of(gate.seq);
  const before = context.chain.entries.filter(({ entry }) => entry.seq < gate.seq);
  if (!found?.policy) {
    const lost = await policyStep(context, gate, found, []);
    const sentence = 'Its thresholds cannot be recomputed without the policy.';
    return [
      { step: 'evaluation', status: 'unprovable', sentence, evidence: [entryPath(gate)] },
      { step: 'approvals', status: 'unprovable', sentence, evidence: [entryPath(gate)] },
      lost,
    ];
  }
  const { request, evidence } = gateEvidence(before, {
    ...gate.event,
    rollback: gate.kind === 'rollback',
    isSigned: (approval) => isSignedByApprover(approval, found.policy, context.crypto),
    at: gate.recordedAt,
  });
  const { stage } = gate.event;
  const { rules } = evaluatePolicy({ policy: found.policy, stage, request, evidence });
  return [
    evaluationStep(context, gate, rules.filter(isEvaluationRule)),
    approvalStep(context, gate, found, rules.filter(isApprovalRule)),
    await policyStep(context, gate, found, rules),
  ];
}

const isEvaluationRule = ({ rule }: RuleResult) =>
  rule === 'evaluation' || rule === 'max_age' || rule.startsWith('metrics.') || rule.startsWith('slices.');
const isApprovalRule = ({ rule }: RuleResult) => rule === 'approvals' || rule === 'rejections';

/** The decision that let the deployed file into the stage of its environment: the last one before the deployment. */
function gateOf(
  { chain, model, environment }: AuditContext,
  deploy: EntryOf<'deploy'>,
): Gate | { status: StepStatus; sentence: string; evidence: string[] } {
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

function judged(step: StepName, gate: Gate, rules: readonly RuleResult[], good: string): AuditStep {
  const evidence = [entryPath(gate)];
  const breach = rules.find(({ passed, waived }) => !passed && !waived);
  if (breach) return { step, status: 'violated', sentence: showBreach(breach), evidence };
  const waived = rules.filter((rule) => rule.waived).map(({ rule }) => rule);
  const sentence = waived.length > 0 ? `${good} Waived for a rollback: ${waived.join(', ')}.` : good;
  return { step, status: 'verified', sentence, evidence };
}

function showBreach({ rule, expected, actual }: RuleResult): string {
  return `At the time of the decision ${rule} asked for ${expected}, and there was: ${actual}.`;
}

function evaluationStep({ chain }: AuditContext, gate: Gate, rules: readonly RuleResult[]): AuditStep {
  const step = 'evaluation' as const;
  const { recordSha256, sha256 } = gate.event;
  const records = standingEntries(chain.entries)
    .map(({ entry }) => entry)
    .filter((entry) => entry.kind === 'evaluate')
    .filter((entry) => entry.event.recordSha256 === recordSha256 && entry.seq < gate.seq);
  if (records.length === 0) {
    if (recordSha256 === null && rules.length === 0) {
      return {
        step,
        status: 'verified',
        sentence: 'The policy asks for no evaluation, and the decision rests on none.',
        evidence: [entryPath(gate)],
      };
    }
    return {
      step,
      status: 'unprovable',
      sentence: 'The evaluation that the decision rests on is not recorded before it, or was taken back.',
      evidence: [entryPath(gate)],
    };
  }
  const covers = records.filter(({ event }) => event.sha256 === sha256).at(-1);
  if (!covers) {
    return {
      step,
      status: 'violated',
      sentence: 'The evaluation that the decision rests on is of another model file.',
      evidence: [entryPath(gate), ...records.map(entryPath)],
    };
  }
  const judgement = judged(
    step,
    gate,
    rules,
    `The evaluation of ${covers.event.evaluatedAt} covers this file, and its metrics pass the ${rules.length} rules about it.`,
  );
  return { ...judgement, evidence: [...judgement.evidence, entryPath(covers)] };
}

function approvalStep(
  { chain, crypto }: AuditContext,
  gate: Gate,
  found: FoundPolicy,
  rules: readonly RuleResult[],
): AuditStep {
  const step = 'approvals' as const;
  const { model, version, stage, approvals } = gate.event;
  const entries = chain.entries.filter(
    ({ entry }) =>
      entry.kind === 'approve' &&
      entry.seq < gate.seq &&
      entry.event.model === model &&
      entry.event.version === version &&
      entry.event.stage === stage,
  );
  const forged = entries.find(
    (chained) =>
      chained.entry.kind === 'approve' &&
      chained.entry.event.source === 'signature' &&
      !isSignedByApprover(chained, found.policy, crypto),
  );
  if (forged) {
    return {
      step,
      status: 'violated',
      sentence: `${entryPath(forged.entry)} is an approval by signature that the approver did not sign.`,
      evidence: [entryPath(forged.entry)],
    };
  }
  const unbacked = approvals.find(
    ({ by, source }) =>
      source === 'signature' &&
      !entries.some(({ entry }) => entry.kind === 'approve' && entry.event.by.login === by.login),
  );
  if (unbacked) {
    return {
      step,
      status: 'unprovable',
      sentence: `The decision counts a signature of ${unbacked.by.login} that is not on the trail.`,
      evidence: [entryPath(gate)],
    };
  }
  const asked = rules.find(({ rule }) => rule === 'approvals');
  const judgement = judged(
    step,
    gate,
    rules,
    asked ? `Approved, as ${asked.expected} was asked: ${asked.actual}.` : 'The policy asks for no approval.',
  );
  return { ...judgement, evidence: [...judgement.evidence, ...entries.map(({ entry }) => entryPath(entry))] };
}

async function policyStep(
  { chain, crypto, reader }: AuditContext,
  gate: Gate,
  found: FoundPolicy | undefined,
  rules: readonly RuleResult[],
): Promise<AuditStep> {
  const step = 'policy' as const;
  const named = gate.event.policy;
  const evidence = [entryPath(gate), named.commit];
  const result = (status: StepStatus, sentence: string): AuditStep => ({ step, status, sentence, evidence });
  if (!found) {
    return result(
      'unprovable',
      `The policy of the decision, ${named.path} at ${named.commit.slice(0, 12)}, is not in this clone.`,
    );
  }
  if (found.blob !== named.blob || crypto.sha256(found.bytes) !== named.sha256) {
    return result(
      'violated',
      `The decision names another ${named.path} than the one in commit ${named.commit.slice(0, 12)}.`,
    );
  }
  if (!found.policy) {
    return result('violated', `The policy of the decision is not valid, so that nothing can have passed it.`);
  }
  if ((await reader.whereIs(named.commit)) !== 'protected') {
    return result(
      'violated',
      `The policy of the decision is from commit ${named.commit.slice(0, 12)}, which is on no protected branch.`,
    );
  }
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
  const holder = modelState(before, gate.event.model).stages.get(gate.event.stage)?.version ?? null;
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
  return result(
    'verified',
    `The policy of commit ${named.commit.slice(0, 12)} allows it when evaluated again: ${rules.length} rules.`,
  );
}

/** The first rule whose outcome was recorded otherwise. Wording may change between versions of Rastro, outcomes may not. */
function differingRule(
  recorded: readonly RuleResult[],
  recomputed: readonly RuleResult[],
): string | undefined {
  const outcome = ({ rule, passed, waived }: RuleResult) => `${rule} ${passed} ${waived}`;
  const [left, right] = [recorded.map(outcome), recomputed.map(outcome)];
  const odd = left.find((line) => !right.includes(line)) ?? right.find((line) => !left.includes(line));
  return odd?.split(' ')[0];
}
