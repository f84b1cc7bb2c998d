import { type Document, readDocument } from '@rastro/document';
import { z } from 'zod';
import { evaluatePolicy } from './evaluate-policy.ts';
import { Age, ageInMilliseconds, type Policy } from './policy.ts';
import type { Evidence, PromotionRequest } from './policy-question.ts';

const Person = z.union([
  z.string().min(1),
  z.strictObject({ login: z.string().min(1), id: z.number().int().positive() }),
]);
const Metrics = z.record(z.string(), z.number().nullable());

const Given = z
  .strictObject({
    actor: Person.default('somebody').describe('Who asks for the promotion.'),
    author: Person.optional().describe('Who made the change. Default: not known.'),
    stages: z.array(z.string()).default([]).describe('Stages that the version holds or has held.'),
    rollback: z.boolean().default(false).describe('Whether it is a return to a version that held the stage.'),
    data_contract: z
      .enum(['pass', 'breach'])
      .optional()
      .describe('What the check of the training data said. Default: not recorded.'),
    evaluation: z
      .strictObject({
        age: Age.default('1m').describe('How long ago the model was evaluated.'),
        metrics: Metrics.default({}).describe('Metrics by name; null is a metric without a value.'),
        goals: z
          .record(z.string(), z.enum(['max', 'min']))
          .default({})
          .describe('Which way is better.'),
        slices: z
          .record(z.string(), z.record(z.string(), Metrics))
          .default({})
          .describe('Column, then value of the column, then metric.'),
        of_another_model: z.boolean().default(false).describe('The record is of another model file.'),
      })
      .optional()
      .describe('The evaluation record. Default: not recorded.'),
    holder: z
      .strictObject({ version: z.string().min(1), metrics: Metrics.optional() })
      .optional()
      .describe('The version that holds the stage now. Default: the stage is empty.'),
    drift: z
      .strictObject({
        verdict: z.enum(['stable', 'drifted', 'undecided']),
        age: Age.default('1m').describe('How long ago it was checked.'),
        columns: z
          .record(z.string(), z.strictObject({ psi: z.number().nullable(), drifted: z.boolean() }))
          .default({})
          .describe('Columns by name.'),
      })
      .optional()
      .describe('The last drift check of the version. Default: not recorded.'),
    approvals: z
      .array(
        z.strictObject({
          by: Person,
          source: z.enum(['environment', 'review', 'signature']).default('review'),
          verdict: z.enum(['approved', 'rejected']).default('approved'),
          age: Age.default('1m').describe('How long ago it was given.'),
          of_another_model: z.boolean().default(false).describe('It was given for another model file.'),
          of_another_evaluation: z.boolean().default(false).describe('It was given for another evaluation.'),
        }),
      )
      .default([])
      .describe('Who approved or rejected it.'),
  })
  .describe('What is known when the promotion is asked for.');

const Case = z
  .strictObject({
    name: z.string().min(1).describe('What the case shows, in words.'),
    stage: z.string().min(1).describe('The stage that is asked for.'),
    given: Given.prefault({}),
    expect: z.enum(['allowed', 'denied']).describe('What the policy must answer.'),
    because: z
      .array(z.string())
      .optional()
      .describe('The rules that fail, all of them, by name: metrics.auc.min, approvals, … Default: any.'),
    waived: z.array(z.string()).optional().describe('The rules that are waived, all of them. Default: any.'),
  })
  .refine((one) => one.expect === 'denied' || (one.because ?? []).length === 0, {
    message: 'nothing fails when the promotion is allowed',
    path: ['because'],
  })
  .describe('One promotion and what the policy must answer.');

/** The schema of `rastro.policy.test.yaml`. Closed at every level. */
export const PolicyTests = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    cases: z.array(Case).min(1).describe('Promotions that the policy is asked about.'),
  })
  .describe('What a policy must allow and deny.');
export type PolicyTests = z.output<typeof PolicyTests>;

export const POLICY_TESTS_FILE = 'rastro.policy.test.yaml';

/** Reads the tests of a policy. @throws InputError with every fault, each at its line and column. */
export function readPolicyTests(text: string, file = POLICY_TESTS_FILE): Document<PolicyTests> {
  return readDocument(text, file, PolicyTests);
}

/** How one case ended: what was expected and is not so, in sentences; empty when it passed. */
export interface PolicyTestResult {
  readonly name: string;
  readonly failures: readonly string[];
}

/** Asks a policy about every case. */
export function runPolicyTests(policy: Policy, { cases }: PolicyTests): PolicyTestResult[] {
  return cases.map((one) => {
    const { request, evidence } = questionOf(one);
    const { allowed, rules } = evaluatePolicy({ policy, stage: one.stage, request, evidence });
    const failing = rules.filter(({ passed, waived }) => !passed && !waived);
    const failures: string[] = [];
    if (allowed !== (one.expect === 'allowed')) {
      const why = failing.map(
        ({ rule, expected, actual }) => `${rule} asks for ${expected}, found ${actual}`,
      );
      failures.push(
        allowed
          ? 'it is allowed, and must be denied'
          : `it is denied, and must be allowed: ${why.join('; ')}`,
      );
    }
    const failed = failing.map(({ rule }) => rule);
    const waived = rules.filter((rule) => rule.waived).map(({ rule }) => rule);
    if (one.because && !sameNames(one.because, failed))
      failures.push(`fails by ${listed(failed)}, and must by ${listed(one.because)}`);
    if (one.waived && !sameNames(one.waived, waived))
      failures.push(`${listed(waived)} is waived, and ${listed(one.waived)} must be`);
    return { name: one.name, failures };
  });
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join('\n') === [...b].sort().join('\n');
}

const listed = (names: readonly string[]) => names.join(', ') || 'nothing';

const MODEL = 'a'.repeat(64);
const RECORD = 'b'.repeat(64);
const OTHER = 'c'.repeat(64);

/** The moment at which every case is asked; only ages matter. */
const NOW = Date.UTC(2026, 0, 1);

function questionOf({ stage, given }: PolicyTests['cases'][number]): {
  request: PromotionRequest;
  evidence: Evidence;
} {
  const { evaluation, drift, holder } = given;
  const before = (age: string) => NOW - ageInMilliseconds(age);
  return {
    request: {
      model: 'model',
      version: 'v1.0.0',
      sha256: MODEL,
      actor: principal(given.actor),
      stages: given.rollback && !given.stages.includes(stage) ? [...given.stages, stage] : given.stages,
      rollback: given.rollback,
    },
    evidence: {
      evaluation: evaluation
        ? {
            sha256: evaluation.of_another_model ? OTHER : MODEL,
            recordSha256: RECORD,
            metrics: evaluation.metrics,
            goals: evaluation.goals,
            slices: evaluation.slices,
            evaluatedAt: before(evaluation.age),
          }
        : null,
      dataContract: given.data_contract ?? null,
      drift: drift
        ? {
            verdict: drift.verdict,
            at: before(drift.age),
            entry: 'drift check',
            columns: Object.entries(drift.columns).map(([name, column]) => ({ name, ...column })),
          }
        : null,
      approvals: given.approvals.map((approval) => ({
        by: principal(approval.by),
        source: approval.source,
        verdict: approval.verdict,
        sha256: approval.of_another_model ? OTHER : MODEL,
        recordSha256: approval.of_another_evaluation ? OTHER : RECORD,
        at: before(approval.age),
      })),
      author: given.author === undefined ? null : principal(given.author),
      holder: holder ? { version: holder.version, metrics: holder.metrics ?? null } : null,
      now: NOW,
    },
  };
}

function principal(person: z.output<typeof Person>) {
  return typeof person === 'string' ? { login: person, id: null } : person;
}
