import { z } from 'zod';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 is 64 lower-case hex digits');
const ObjectId = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'an object id is full hex');
const Name = z.string().min(1);
const Seq = z.number().int().nonnegative();
const Instant = z.iso.datetime({ precision: 0 });
const Scalar = z.union([z.string(), z.number(), z.boolean()]);
const Metrics = z.record(z.string(), z.number().nullable());

export const FileDigest = z.strictObject({ path: z.string().min(1), sha256: Sha256 });
export type FileDigest = z.infer<typeof FileDigest>;

/** A person or a robot: the login, and the forge's numeric id where there is one. */
export const Actor = z.strictObject({ login: z.string().min(1), id: z.number().int().positive().nullable() });
export type Actor = z.infer<typeof Actor>;

const Rule = z.strictObject({
  rule: z.string(),
  passed: z.boolean(),
  waived: z.boolean(),
  expected: z.string(),
  actual: z.string(),
  evidence: z.string(),
});

const Approval = z.strictObject({
  by: Actor,
  source: z.enum(['environment', 'review', 'signature']),
  verdict: z.enum(['approved', 'rejected']),
  sha256: Sha256,
  recordSha256: Sha256.nullable(),
  at: Instant,
});

/** A decision under policy. `replaces` is the version that held the stage when it was made. */
const Decision = z.strictObject({
  model: Name,
  version: Name,
  sha256: Sha256,
  stage: Name,
  policy: z.strictObject({ commit: ObjectId, path: z.string().min(1), blob: ObjectId, sha256: Sha256 }),
  recordSha256: Sha256.nullable(),
  author: Actor.nullable(),
  actor: Actor,
  approvals: z.array(Approval),
  rules: z.array(Rule),
  allowed: z.boolean(),
  replaces: Name.nullable(),
});
export type Decision = z.infer<typeof Decision>;

/** A decision that moved a stage, and the stage's tag that says so. */
const Move = Decision.extend({ allowed: z.literal(true), tag: Name, tagObject: ObjectId });

/** What each kind of entry records. What is not known is null, never left out. */
export const events = {
  'data-check': z.strictObject({
    dataset: Name,
    files: z.array(FileDigest).min(1),
    contract: FileDigest,
    verdict: z.enum(['pass', 'breach']),
    findings: z.strictObject({ error: Seq, warning: Seq, notice: Seq }),
  }),
  train: z.strictObject({
    model: Name,
    sha256: Sha256,
    code: ObjectId,
    data: z.array(FileDigest),
    params: z.record(z.string(), Scalar),
    seed: z.number().int().nonnegative(),
    /** The command line, or the name of the embedded trainer. */
    how: z.union([z.strictObject({ command: z.string() }), z.strictObject({ builtin: z.string() })]),
    environment: z.record(z.string(), z.string()),
  }),
  /** The released file when it is not what training wrote, but made from it. */
  package: z.strictObject({ model: Name, sha256: Sha256, trained: Sha256, files: z.array(FileDigest) }),
  evaluate: z.strictObject({
    model: Name,
    sha256: Sha256,
    recordSha256: Sha256,
    metrics: Metrics,
    goals: z.record(z.string(), z.enum(['max', 'min'])),
    slices: z.record(z.string(), z.record(z.string(), Metrics)),
    data: z.array(FileDigest),
    evaluatedAt: Instant,
  }),
  approve: z.strictObject({ model: Name, version: Name, stage: Name, ...Approval.shape }),
  gate: Decision,
  release: z.strictObject({
    model: Name,
    version: Name,
    sha256: Sha256,
    commit: ObjectId,
    tag: Name,
    tagObject: ObjectId,
    recordSha256: Sha256.nullable(),
  }),
  promote: Move,
  deploy: z.strictObject({
    model: Name,
    version: Name,
    sha256: Sha256,
    environment: Name,
    target: Name,
    url: z.url().nullable(),
    outcome: z.enum(['success', 'failure']),
    run: z.url().nullable(),
  }),
  /** A stage returns to a version that held it before. */
  rollback: Move,
  drift: z.strictObject({
    model: Name,
    version: Name,
    dataset: Name,
    files: z.array(FileDigest).min(1),
    columns: z.array(z.strictObject({ name: z.string(), psi: z.number().nullable(), drifted: z.boolean() })),
    verdict: z.enum(['stable', 'drifted', 'undecided']),
  }),
  /**
   * A correction: entries that must not be counted any more, and why. Nothing is rewritten. It may withdraw a version for
   * good, or say of a model (version null) that it is not used any more.
   */
  annotate: z.strictObject({
    skips: z.array(Seq),
    reason: z.string().min(1),
    // Left out by what was recorded before a withdrawal was.
    withdraws: z.strictObject({ model: Name, version: Name.nullable() }).nullable().default(null),
  }),
} as const;

export type Kind = keyof typeof events;
export type EventOf<K extends Kind> = z.infer<(typeof events)[K]>;
export const KINDS = Object.keys(events) as readonly Kind[];

/** An event with its kind: what a use case hands over to be recorded. */
export type TrailEvent = { [K in Kind]: { readonly kind: K; readonly event: EventOf<K> } }[Kind];
