import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnnotatedTag, evaluatePolicy, readPolicy } from '@rastro/registry';
import {
  type AuditReader,
  audit,
  type ChainEnd,
  type ChainedEntry,
  commitMessage,
  type Entry,
  encodeEntry,
  encodeEnvelope,
  entryPath,
  gateEvidence,
  nextEntry,
  preAuthenticationEncoding,
  SIGNATURE_NAMESPACE,
  type StatedEvaluation,
  type TrailCommit,
  type TrailCrypto,
  type TrailEvent,
  unarmor,
} from '../src/index.ts';

/** The trail of one model from its data to production, in memory, with knobs to bend each part of it. */
export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

export const MODEL = sha256('model 1');
export const RECORD = sha256('record 1');
export const DATA = { path: 'data/train.csv', sha256: sha256('rows') };
export const CODE = sha1('code');
export const POLICY_COMMIT = sha1('policy commit');
export const REPOSITORY = sha1('root');
export const TAG_OBJECT = sha1('tag object');

export const POLICY = `version: 1
stages:
  staging: { from: [candidate], approvals: 0 }
  prod:
    from: [staging]
    who: [alice, bob]
    approvals: { min: 1, exclude_author: true, sources: [review] }
    data_contract: pass
    evaluation:
      max_age: 14d
      metrics: { auc: { min: 0.90, max_drop_vs_stage: 0.005 } }
      slices: { region: { auc: { min: 0.85 } } }
`;

const alice = { login: 'alice', id: 1 };
const bob = { login: 'bob', id: 2 };
const start = Date.parse('2026-01-01T00:00:00Z');
export const minute = (n: number) => `${new Date(start + n * 60_000).toISOString().slice(0, 19)}Z`;

export const crypto: TrailCrypto = {
  sha256,
  digest: (algorithm, bytes) => createHash(algorithm).update(bytes).digest(),
  verify: ({ key, format, signature, message }) => {
    if (format !== 'ssh-ed25519' || key.type !== format) return false;
    const x = Buffer.from(key.fields[0] ?? []).toString('base64url');
    return verify(
      null,
      message,
      createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
      signature,
    );
  },
};

export type Signer = (payload: Uint8Array) => Uint8Array;

/** A chain under construction. */
export class Story {
  readonly commits: TrailCommit[] = [];
  readonly entries: ChainedEntry[] = [];
  readonly repositoryId: string;
  sign: Signer | undefined;
  /** When the next entry is recorded, in minutes. */
  minutes = 0;

  constructor(options: { repositoryId?: string; sign?: Signer } = {}) {
    this.repositoryId = options.repositoryId ?? REPOSITORY;
    this.sign = options.sign;
  }

  get end(): ChainEnd {
    const last = this.entries.at(-1);
    return last ? { seq: last.entry.seq, sha256: last.sha256 } : undefined;
  }

  add(record: TrailEvent, by = alice): Entry {
    const entry = nextEntry(this.end, {
      ...record,
      repositoryId: this.repositoryId,
      recordedAt: minute(this.minutes++),
      recordedBy: by,
    });
    const text = this.#signed(encodeEntry(entry));
    const digest = sha256(text);
    const commit = commitOf(this.commits.at(-1), entry, text);
    this.commits.push(commit);
    this.entries.push({ entry, commit: commit.commit, sha256: digest, envelope: null });
    return entry;
  }

  #signed(statement: string): string {
    if (!this.sign) return statement;
    const payload = new TextEncoder().encode(statement);
    return encodeEnvelope({
      payload,
      signatures: [{ keyid: '', sig: this.sign(preAuthenticationEncoding(payload)) }],
    });
  }

  /** Adds a promotion as a use case does: evidence from the trail, rules from the policy. */
  promote(stage: string, overrides: Partial<TrailEventOf<'promote'>> = {}, policy = POLICY): Entry {
    const facts = {
      model: 'churn',
      version: 'v1.0.0',
      sha256: MODEL,
      stage,
      recordSha256: RECORD,
      actor: alice,
      author: { login: 'carol', id: 3 },
      approvals: [
        {
          by: bob,
          source: 'review' as const,
          verdict: 'approved' as const,
          sha256: MODEL,
          recordSha256: RECORD,
          at: minute(this.minutes),
        },
      ],
      ...overrides,
    };
    const at = minute(this.minutes);
    const { request, evidence } = gateEvidence(this.entries, {
      ...facts,
      rollback: false,
      isSigned: () => false,
      at,
    });
    const { rules } = evaluatePolicy({ policy: readPolicy(policy).value, stage, request, evidence });
    return this.add({
      kind: 'promote',
      event: {
        ...facts,
        policy: {
          commit: POLICY_COMMIT,
          path: 'rastro.policy.yaml',
          blob: sha1(policy),
          sha256: sha256(policy),
        },
        rules: [...rules],
        allowed: true,
        replaces: evidence.holder?.version ?? null,
        ...stageTag(stage, this.entries),
        ...overrides,
      },
    });
  }
}

/** The tag of a move: its counter goes up with every move. */
function stageTag(stage: string, entries: readonly ChainedEntry[]): { tag: string; tagObject: string } {
  const moves = entries.filter(({ entry }) => entry.kind === 'promote').length;
  const tag = `churn#${stage}#${moves + 1}`;
  return { tag, tagObject: sha1(tag) };
}

type TrailEventOf<K extends TrailEvent['kind']> = Extract<TrailEvent, { kind: K }>['event'];

export function commitOf(parent: TrailCommit | undefined, entry: Entry, text: string): TrailCommit {
  const message = commitMessage(entry, sha256(text));
  return {
    commit: sha1(`${parent?.commit} ${message} ${text}`),
    parents: parent ? [parent.commit] : [],
    message,
    committedAt: Date.parse(entry.recordedAt) / 1000,
    added: [{ path: entryPath(entry), bytes: new TextEncoder().encode(text) }],
    changed: [],
  };
}

/** What an evaluation states, and the commit's record of it that says the same. */
const STATES: StatedEvaluation = {
  metrics: { auc: 0.93, f1: null },
  goals: { auc: 'max' },
  slices: { region: { north: { auc: 0.9 }, south: { auc: 0.88 } } },
};
export const kept = (text: string, states: Partial<StatedEvaluation> | null = {}) => ({
  bytes: new TextEncoder().encode(text),
  states: states && { ...STATES, ...states },
});

export const steps = {
  dataCheck: (verdict: 'pass' | 'breach' = 'pass', files = [DATA]): TrailEvent => ({
    kind: 'data-check',
    event: {
      dataset: 'train',
      files,
      contract: { path: 'contracts/train.yaml', sha256: sha256('contract') },
      verdict,
      findings: { error: verdict === 'pass' ? 0 : 3, warning: 1, notice: 0 },
    },
  }),
  train: (overrides: Partial<TrailEventOf<'train'>> = {}): TrailEvent => ({
    kind: 'train',
    event: {
      model: 'churn',
      sha256: MODEL,
      code: CODE,
      data: [DATA],
      params: { depth: 3, name: 'x', shuffle: true },
      seed: 7,
      how: { command: 'python train.py' },
      environment: { python: '3.12' },
      ...overrides,
    },
  }),
  evaluate: (overrides: Partial<TrailEventOf<'evaluate'>> = {}): TrailEvent => ({
    kind: 'evaluate',
    event: {
      model: 'churn',
      sha256: MODEL,
      recordSha256: RECORD,
      ...STATES,
      data: [{ path: 'data/test.csv', sha256: sha256('test rows') }],
      evaluatedAt: minute(0),
      ...overrides,
    },
  }),
  release: (overrides: Partial<TrailEventOf<'release'>> = {}): TrailEvent => ({
    kind: 'release',
    event: {
      model: 'churn',
      version: 'v1.0.0',
      sha256: MODEL,
      commit: CODE,
      tag: 'churn@v1.0.0',
      tagObject: TAG_OBJECT,
      recordSha256: RECORD,
      ...overrides,
    },
  }),
  approve: (verdict: 'approved' | 'rejected' = 'approved', by = bob): TrailEvent => ({
    kind: 'approve',
    event: {
      model: 'churn',
      version: 'v1.0.0',
      stage: 'prod',
      by,
      source: 'review',
      verdict,
      sha256: MODEL,
      recordSha256: RECORD,
      at: minute(4),
    },
  }),
  deploy: (overrides: Partial<TrailEventOf<'deploy'>> = {}): TrailEvent => ({
    kind: 'deploy',
    event: {
      model: 'churn',
      version: 'v1.0.0',
      sha256: MODEL,
      environment: 'prod',
      target: 'local',
      url: 'http://127.0.0.1:8080/',
      outcome: 'success',
      run: null,
      ...overrides,
    },
  }),
  drift: (): TrailEvent => ({
    kind: 'drift',
    event: {
      model: 'churn',
      version: 'v1.0.0',
      dataset: 'current',
      files: [{ path: 'data/now.csv', sha256: sha256('now') }],
      columns: [
        { name: 'age', psi: 0.31, drifted: true },
        { name: 'plan', psi: null, drifted: false },
      ],
      verdict: 'drifted',
    },
  }),
  package: (): TrailEvent => ({
    kind: 'package',
    event: { model: 'churn', sha256: sha256('packed'), trained: MODEL, files: [DATA] },
  }),
  annotate: (...skips: number[]): TrailEvent => ({
    kind: 'annotate',
    event: { skips, reason: 'a mistake', withdraws: null },
  }),
  withdraw: (version: string | null = 'v1.0.0'): TrailEvent => ({
    kind: 'annotate',
    event: { skips: [], reason: 'leaky', withdraws: { model: 'churn', version } },
  }),
};

/** An entry of every kind. */
export function wholeStory(): Story {
  const story = goodStory();
  story.add(steps.package());
  story.add(steps.approve());
  const moved = story.entries.findLast(({ entry }) => entry.kind === 'promote')?.entry;
  if (moved?.kind !== 'promote') throw new Error('the story has no promotion');
  const { tag: _, tagObject: __, ...decision } = moved.event;
  story.add({ kind: 'gate', event: { ...decision, allowed: false } });
  story.add({ kind: 'rollback', event: moved.event });
  story.add(steps.drift());
  story.add(steps.annotate(0));
  story.add(steps.withdraw('v0.9.0'));
  story.add(steps.deploy({ run: 'https://example.com/run/1', outcome: 'failure' }));
  return story;
}

/** From the data to production, everything in order. */
export function goodStory(options: ConstructorParameters<typeof Story>[0] = {}, policy = POLICY): Story {
  const story = new Story(options);
  story.add(steps.dataCheck());
  story.add(steps.train());
  story.add(steps.evaluate());
  story.add(steps.release());
  story.promote('staging', {}, policy);
  story.promote('prod', {}, policy);
  story.add(steps.deploy());
  return story;
}

/** The tags of the story; the parts given bend that of the version. */
export function tagsWith(version: Partial<AnnotatedTag> | null = {}): AnnotatedTag[] {
  const tag = { commit: CODE, message: 'Release\n', taggedAt: start / 1000, tagger: 'Alice' };
  const stages = ['staging', 'prod'].map((stage, index) => {
    const name = `churn#${stage}#${index + 1}`;
    return { ...tag, name, objectId: sha1(name) };
  });
  return [
    ...(version ? [{ ...tag, name: 'churn@v1.0.0', objectId: TAG_OBJECT, ...version }] : []),
    ...stages,
  ];
}

export function readerWith(overrides: Partial<AuditReader> = {}, policy = POLICY): AuditReader {
  return {
    policies: async (commits) =>
      commits.map(() => ({ blob: sha1(policy), bytes: new TextEncoder().encode(policy) })),
    tags: async () => tagsWith(),
    whereAre: async (commits) => new Map(commits.map((commit) => [commit, 'protected'])),
    leadTo: async () => true,
    evaluation: async () => kept('record 1'),
    ...overrides,
  };
}

export function auditOf(
  commits: readonly TrailCommit[],
  overrides: Partial<Parameters<typeof audit>[0]> = {},
): ReturnType<typeof audit> {
  return audit({
    model: 'churn',
    environment: 'prod',
    commits,
    repositoryId: REPOSITORY,
    reader: readerWith(),
    crypto,
    ...overrides,
  });
}

/** A key made by ssh-keygen, and a signer that runs it. */
export function sshKey(): { publicKey: string; fingerprint: string; sign: Signer } {
  const folder = mkdtempSync(join(tmpdir(), 'rastro-key-'));
  const file = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
  const shown = execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`]).toString();
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim();
  const secret = readFileSync(file);
  rmSync(folder, { recursive: true });
  return { publicKey, fingerprint: shown.split(' ')[1] ?? '', sign: (payload) => signWith(secret, payload) };
}

function signWith(secret: Uint8Array, payload: Uint8Array): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'rastro-sign-'));
  const key = join(folder, 'key');
  writeFileSync(key, secret, { mode: 0o600 });
  const armored = execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', SIGNATURE_NAMESPACE, '-f', key], {
    input: payload,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  rmSync(folder, { recursive: true });
  return unarmor(armored.toString());
}
