import { approvalRules } from './approval-rules.ts';
import { driftRules } from './drift-rules.ts';
import { evaluationRules } from './evaluation-rules.ts';
import { isPerson, showPerson } from './people.ts';
import type { Policy } from './policy.ts';
import type {
  Evidence,
  PolicyVerdict,
  PromotionRequest,
  Question,
  RuleResult,
  Unwaived,
} from './policy-question.ts';

/** Holds a request to the policy of a stage. Every rule is told, passed or not; a stage without a policy is closed. */
export function evaluatePolicy(question: {
  readonly policy: Policy;
  readonly stage: string;
  readonly request: PromotionRequest;
  readonly evidence: Evidence;
}): PolicyVerdict {
  const { policy, stage, request, evidence } = question;
  const asked = Object.hasOwn(policy.stages, stage) ? policy.stages[stage] : undefined;
  if (!asked) return { allowed: false, rules: [closedStage(stage, Object.keys(policy.stages))] };
  const each: Question = { stage, asked, request, evidence };
  const rules = [
    who(each),
    from(each),
    ...returning(each),
    ...dataContract(each),
    ...evaluationRules(each),
    ...driftRules(each),
    ...approvalRules(each),
  ].map((rule) => withWaiver(rule, each));
  return { allowed: rules.every(({ passed, waived }) => passed || waived), rules };
}

function closedStage(stage: string, known: readonly string[]): RuleResult {
  return {
    rule: 'stage',
    passed: false,
    waived: false,
    expected: `one of ${known.join(', ') || 'no stage'}`,
    actual: stage,
    evidence: 'policy',
  };
}

function withWaiver({ waivable, ...rule }: Unwaived, { asked, request }: Question): RuleResult {
  const waived =
    !rule.passed &&
    request.rollback &&
    waivable !== undefined &&
    asked.rollback?.waive.includes(waivable) === true;
  return { ...rule, waived };
}

function who({ asked, request }: Question): Unwaived {
  return {
    rule: 'who',
    passed: asked.who === undefined || asked.who.some((person) => isPerson(person, request.actor)),
    expected: asked.who ? `one of ${asked.who.join(', ')}` : 'whoever can push',
    actual: showPerson(request.actor),
    evidence: 'request',
  };
}

function from({ asked, request }: Question): Unwaived {
  const passed = ['candidate', ...request.stages];
  return {
    rule: 'from',
    waivable: 'from',
    passed: asked.from.some((stage) => passed.includes(stage)),
    expected: `a version that holds or held ${asked.from.join(' or ')}`,
    actual: request.stages.join(', ') || 'candidate',
    evidence: 'stages of the version',
  };
}

/** Waivers are for a version that held the stage before: without that a rollback would be a way around the policy. */
function returning({ stage, request }: Question): Unwaived[] {
  if (!request.rollback) return [];
  return [
    {
      rule: 'rollback',
      passed: request.stages.includes(stage),
      expected: `a version that held ${stage} before`,
      actual: request.stages.join(', ') || 'candidate',
      evidence: 'stages of the version',
    },
  ];
}

function dataContract({ asked, evidence }: Question): Unwaived[] {
  if (asked.data_contract === undefined) return [];
  return [
    {
      rule: 'data_contract',
      waivable: 'data_contract',
      passed: evidence.dataContract === 'pass',
      expected: 'pass',
      actual: evidence.dataContract ?? 'not recorded',
      evidence: 'data check',
    },
  ];
}
