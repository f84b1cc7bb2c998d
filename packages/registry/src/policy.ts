import { type Document, readDocument } from '@rastro/document';
import { z } from 'zod';

const Stage = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9/_-]*[a-zA-Z0-9])?$/,
    'use letters, digits, "-", "_" and "/", with a letter or digit at both ends',
  );

const Person = z
  .union([z.string().min(1), z.number().int().positive()])
  .describe('A login, or the numeric id of a user, which survives a change of name.');

/** How old an evaluation may be: `90m`, `12h`, `14d`, `2w`. */
export const Age = z.string().regex(/^[1-9][0-9]*[mhdw]$/, 'write a number and m, h, d or w, such as 14d');

const MetricBounds = z.strictObject({
  min: z.number().optional().describe('Lowest value that passes.'),
  max: z.number().optional().describe('Highest value that passes.'),
});

const Metric = MetricBounds.extend({
  max_drop_vs_stage: z
    .number()
    .nonnegative()
    .optional()
    .describe('How much worse than the version that holds the stage it may be, in units of the metric.'),
})
  .refine((metric) => Object.keys(metric).length > 0, 'give min, max or max_drop_vs_stage')
  .describe('What is asked of one metric. A metric that is missing or not a number fails.');

const SliceMetric = MetricBounds.refine(
  (metric) => Object.keys(metric).length > 0,
  'give min or max',
).describe('What is asked of one metric in every value of a slice.');

const Evaluation = z
  .strictObject({
    max_age: Age.optional().describe('Oldest evaluation that counts, as 90m, 12h, 14d or 2w.'),
    metrics: z.record(z.string(), Metric).default({}).describe('What is asked of each metric, by name.'),
    slices: z
      .record(z.string(), z.record(z.string(), SliceMetric))
      .default({})
      .describe('What is asked of each metric in each value of a column: column, then metric.'),
  })
  .describe('What the evaluation of the promoted version must show.');

const Drift = z
  .strictObject({
    max_age: Age.optional().describe('Oldest comparison that counts, as 90m, 12h, 14d or 2w.'),
    max_psi: z
      .number()
      .nonnegative()
      .optional()
      .describe('Highest population stability index that any column may have.'),
    max_columns: z
      .number()
      .int()
      .nonnegative()
      .optional()
      .describe('Most columns that may have drifted. Default, when max_psi is not given either: 0.'),
  })
  .describe(
    'What the last drift check of the version must show. Until there is one, and when it had too few rows to tell, the rule fails.',
  );

const ApprovalSource = z
  .enum(['environment', 'review', 'signature'])
  .describe(
    'Where an approval may come from: a GitHub environment, a pull request review, or a signed entry.',
  );

const ALL_SOURCES = ['environment', 'review', 'signature'] as const;
const Count = z.number().int().nonnegative();

const Approvals = z
  .union([
    Count,
    z.strictObject({
      min: Count.describe('How many different people must approve.'),
      exclude_author: z
        .boolean()
        .default(true)
        .describe(
          'Whether the author of the change is barred from approving it: who opened the pull request, else the author of the commit.',
        ),
      sources: z
        .array(ApprovalSource)
        .min(1)
        .default([...ALL_SOURCES])
        .describe('Which approvals count.'),
    }),
  ])
  .transform((approvals) =>
    typeof approvals === 'number'
      ? { min: approvals, exclude_author: true, sources: [...ALL_SOURCES] }
      : approvals,
  )
  .describe('How many people must approve, and which approvals count. A number alone is the same as "min".');

const Waivable = z
  .enum(['from', 'data_contract', 'drift', 'max_age', 'metrics', 'max_drop_vs_stage', 'slices'])
  .describe('A rule that a rollback need not pass.');

const Rollback = z
  .strictObject({
    waive: z.array(Waivable).default([]).describe('Rules that a rollback need not pass.'),
    approvals: Count.optional().describe(
      'How many people must approve a rollback. Default: as for a promotion.',
    ),
  })
  .describe('What is different when a version that held the stage before returns to it.');

const StagePolicy = z
  .strictObject({
    from: z
      .array(Stage)
      .min(1)
      .describe(
        'Stages of which the version must hold or have held one; "candidate" is any registered version.',
      ),
    who: z
      .array(Person)
      .min(1)
      .optional()
      .describe('People who may promote to this stage and approve it. Default: whoever can push.'),
    approvals: Approvals.prefault(0),
    data_contract: z
      .literal('pass')
      .optional()
      .describe('Ask that the data which the model was made from kept its contract.'),
    evaluation: Evaluation.optional(),
    drift: Drift.optional(),
    rollback: Rollback.optional(),
  })
  .describe('What a version must show to hold this stage.');

const Kind = z.enum([
  'data-check',
  'train',
  'package',
  'evaluate',
  'approve',
  'gate',
  'release',
  'promote',
  'deploy',
  'rollback',
  'drift',
  'annotate',
]);

const Signatures = z
  .strictObject({
    required: z
      .boolean()
      .default(false)
      .describe('Whether an entry of the trail without a signature makes the audit fail.'),
    signers: z
      .record(
        z.string().min(1),
        z.strictObject({
          key: z
            .string()
            .regex(/^(ssh-[a-z0-9-]+|ecdsa-[a-z0-9-]+) [A-Za-z0-9+/]+=*( .*)?$/, 'give an OpenSSH public key')
            .describe('OpenSSH public key, as in a .pub file.'),
          kinds: z
            .array(Kind)
            .min(1)
            .optional()
            .describe('Kinds of entries that this key may sign. Default: every kind.'),
        }),
      )
      .default({})
      .describe('Who may sign entries of the trail, by name.'),
  })
  .describe('Signatures on the trail.');

/** The schema of `rastro.policy.yaml`. Closed at every level; whatever it does not allow is denied. */
export const Policy = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    stages: z.record(Stage, StagePolicy).describe('Stages by name. A stage that is not listed is closed.'),
    signatures: Signatures.optional(),
  })
  .describe('Who may promote what to where, on which evidence.');
export type Policy = z.output<typeof Policy>;
export type StagePolicy = Policy['stages'][string];
export type Waivable = z.output<typeof Waivable>;
export type ApprovalSource = z.output<typeof ApprovalSource>;

export const POLICY_FILE = 'rastro.policy.yaml';

/** Reads a policy. @throws InputError with every fault, each at its line and column. */
export function readPolicy(text: string, file = POLICY_FILE): Document<Policy> {
  return readDocument(text, file, Policy);
}

const MILLISECONDS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Milliseconds in an age that the schema accepted. */
export function ageInMilliseconds(age: string): number {
  return Number(age.slice(0, -1)) * MILLISECONDS[age.slice(-1) as keyof typeof MILLISECONDS];
}
