import { fault, InputError, place } from '@rastro/fault';
import {
  POLICY_FILE,
  POLICY_TESTS_FILE,
  type PolicyTestResult,
  type RuleResult,
  readPolicy,
  readPolicyTests,
  runPolicyTests,
} from '@rastro/registry';
import { z } from 'zod';
import { modelName } from './model-name.ts';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { count, report, short, table } from './report.ts';
import { judgeMove, type MovePorts, type MoveRecord, moveRecord, ruleTable } from './stage-move.ts';
import { readTrail } from './trail.ts';

export const PolicyCheckRequest = z.strictObject({
  model: z.string().optional().describe('Model to ask about. Default: the only one in rastro.yaml.'),
  version: z.string().optional().describe('Version to ask about. Default: the latest.'),
  stage: z.string().min(1).describe('Stage to ask about, such as prod.'),
  rollback: z.boolean().default(false).describe('Ask about a return to a version that held the stage.'),
});
export type PolicyCheckRequest = z.output<typeof PolicyCheckRequest>;

/** Explains what the policy would answer now, rule by rule with its evidence. Changes nothing. */
export async function policyCheck(
  request: PolicyCheckRequest,
  ports: MovePorts,
): Promise<Outcome<MoveRecord>> {
  const model = await modelName(request.model, ports);
  const { version, stage, rollback } = request;
  const trail = await readTrail(await ports.repository(), ports.sha256);
  const move = await judgeMove({ model, version, stage, rollback }, trail, ports);
  const status = move.plan.kind === 'promote' ? 'allowed' : move.plan.kind;
  const record = moveRecord(move, status);
  const broken = move.rules.filter(isBroken);
  const allowed = broken.length === 0;
  const what = `${model} ${move.version} as ${stage}`;
  return {
    status: allowed ? 'pass' : 'breach',
    reports: [
      report(
        'policy-check',
        model,
        {
          status: allowed ? 'pass' : 'fail',
          sentence: allowed
            ? `The policy allows ${what}${status === 'unchanged' ? ', which it is already' : ''}.`
            : `The policy denies ${what}: ${count(broken.length, 'rule')} of ${move.rules.length} not met.`,
        },
        [
          { id: 'rules', title: 'Rules', importance: 80, blocks: [ruleTable(move.rules)] },
          ...(broken.length > 0
            ? [
                {
                  id: 'next',
                  title: 'What to do',
                  importance: 70,
                  blocks: [
                    { kind: 'list' as const, items: broken.map((rule) => `${rule.rule}: ${nextStep(rule)}`) },
                  ],
                },
              ]
            : []),
          {
            id: 'evidence',
            title: 'Read from',
            importance: 50,
            blocks: [
              {
                kind: 'facts',
                items: [
                  { label: 'Policy', value: [{ code: short(move.policy.commit) }, ` ${POLICY_FILE}`] },
                  { label: 'Model digest', value: [{ code: short(move.sha256) }] },
                  {
                    label: 'Evaluation record',
                    value: move.recordSha256 ? [{ code: short(move.recordSha256) }] : 'none',
                  },
                  { label: 'Author', value: move.people.author?.login ?? 'not known' },
                  { label: 'Tip of the trail', value: trail.head ? [{ code: short(trail.head) }] : 'none' },
                ],
              },
            ],
          },
        ],
      ),
    ],
    record,
  };
}

const isBroken = ({ passed, waived }: RuleResult) => !passed && !waived;

/** What makes a broken rule pass. */
function nextStep({ rule, expected }: RuleResult): string {
  const [name] = rule.split('.');
  switch (name) {
    case 'stage':
      return 'add the stage to the policy on the protected branch.';
    case 'who':
      return `let ${expected} run the promotion.`;
    case 'from':
      return 'promote it to that stage first.';
    case 'rollback':
      return 'promote it: only a version that held the stage can return.';
    case 'data_contract':
      return 'run "rastro validate" on the training data, then evaluate and release anew.';
    case 'evaluation':
    case 'max_age':
      return 'run "rastro evaluate" and "rastro release" for this model file again.';
    case 'drift':
      return 'run "rastro monitor" for this version; retrain when it drifted.';
    case 'approvals':
      return 'have it approved in its pull request, by its environment, or with "rastro approve".';
    case 'rejections':
      return 'talk to who rejected it: only they can take that back.';
    default:
      return 'train a better model, or change the limit on the protected branch.';
  }
}

export const PolicyTestRequest = z.strictObject({
  policy: z.string().default(POLICY_FILE).describe('The policy, as it is in the working tree.'),
  tests: z.string().default(POLICY_TESTS_FILE).describe('The cases.'),
});
export type PolicyTestRequest = z.output<typeof PolicyTestRequest>;

/**
 * Asks the policy of the working tree about the cases of its tests.
 * @throws InputError when a file is missing or wrong.
 */
export async function policyTest(
  request: PolicyTestRequest,
  { workspace }: Pick<Ports, 'workspace'>,
): Promise<Outcome<PolicyTestResult[]>> {
  const policy = readPolicy(await textOf(request.policy, workspace), request.policy);
  const tests = readPolicyTests(await textOf(request.tests, workspace), request.tests);
  const record = runPolicyTests(policy.value, tests.value);
  const failed = record.filter(({ failures }) => failures.length > 0);
  return {
    status: failed.length === 0 ? 'pass' : 'breach',
    reports: [
      report(
        'policy-test',
        request.tests,
        {
          status: failed.length === 0 ? 'pass' : 'fail',
          sentence:
            failed.length === 0
              ? `The policy answers all ${count(record.length, 'case')} as it must.`
              : `The policy answers ${failed.length} of ${count(record.length, 'case')} otherwise than it must.`,
        },
        [
          {
            id: 'cases',
            title: 'Cases',
            importance: 80,
            blocks: [
              table(
                ['Case', 'Answer', 'Why'],
                record.map(({ name, failures }) => [
                  name,
                  failures.length === 0 ? '✅ pass' : '❌ fail',
                  failures.join('; '),
                ]),
              ),
            ],
          },
        ],
        record.flatMap(({ name, failures }, index) => {
          const at = tests.placeOf(['cases', index]);
          return failures.map((failure) => ({
            severity: 'error' as const,
            title: name,
            message: failure,
            file: request.tests,
            ...(at?.line ? { line: at.line } : {}),
          }));
        }),
      ),
    ],
    record,
  };
}

async function textOf(path: string, workspace: Ports['workspace']): Promise<string> {
  const text = await workspace.readText(path);
  if (text !== undefined) return text;
  throw new InputError(fault('file-missing', `${path} is not there`, place(path), 'Correct the path.'));
}
