import { InputError } from '@rastro/fault';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  type Approval,
  type Evidence,
  evaluatePolicy,
  Policy,
  type PromotionRequest,
  planPromotion,
  readPolicy,
  registryState,
} from '../src/index.ts';

const TEXT = `version: 1
stages:
  staging: { from: [candidate], approvals: 0 }
  prod:
    from: [staging]
    who: [alice, 2]
    approvals: { min: 1, exclude_author: true, sources: [environment, review, signature] }
    data_contract: pass
    evaluation:
      max_age: 14d
      metrics: { auc: { min: 0.90, max_drop_vs_stage: 0.005 } }
      slices: { region: { auc: { min: 0.85 } } }
    rollback: { waive: [max_age], approvals: 0 }
`;
const { value: policy } = readPolicy(TEXT);

const now = Date.parse('2026-01-10T00:00:00Z');
const day = 86_400_000;
const sha256 = 'a'.repeat(64);
const recordSha256 = 'b'.repeat(64);
const alice = { login: 'alice', id: 1 };
const bob = { login: 'bob', id: 2 };
const carol = { login: 'carol', id: 3 };

const approval: Approval = {
  by: bob,
  source: 'review',
  verdict: 'approved',
  sha256,
  recordSha256,
  at: now - day,
};
const goodRequest: PromotionRequest = {
  model: 'churn',
  version: 'v1.1.0',
  sha256,
  actor: alice,
  stages: ['staging'],
  rollback: false,
};
const evaluation = {
  sha256,
  recordSha256,
  metrics: { auc: 0.91 } as Record<string, number | null>,
  goals: { auc: 'max' } as Record<string, 'max' | 'min'>,
  slices: { region: { north: { auc: 0.86 } } } as Record<
    string,
    Record<string, Record<string, number | null>>
  >,
  evaluatedAt: now - day,
};
const goodEvidence: Evidence = {
  evaluation,
  dataContract: 'pass',
  drift: null,
  approvals: [approval],
  author: carol,
  holder: { version: 'v1.0.0', metrics: { auc: 0.915 } },
  now,
};

function judge(
  change: { request?: Partial<PromotionRequest>; evidence?: Partial<Evidence>; stage?: string } = {},
) {
  return evaluatePolicy({
    policy,
    stage: change.stage ?? 'prod',
    request: { ...goodRequest, ...change.request },
    evidence: { ...goodEvidence, ...change.evidence },
  });
}

/** Names of the rules that fail. */
function failing(...change: Parameters<typeof judge>): string[] {
  const { allowed, rules } = judge(...change);
  const names = rules.filter(({ passed, waived }) => !passed && !waived).map(({ rule }) => rule);
  expect(allowed).toBe(names.length === 0);
  return names;
}
const evaluated = (change: Partial<typeof evaluation>) => ({
  evidence: { evaluation: { ...evaluation, ...change } },
});

test('a request that has everything is allowed, and every rule is explained', () => {
  const verdict = judge();
  expect(verdict.allowed).toBe(true);
  expect(verdict.rules.map(({ rule, expected, actual }) => `${rule}: ${expected}; ${actual}`)).toEqual([
    'who: one of alice, 2; alice (1)',
    'from: a version that holds or held staging; staging',
    'data_contract: pass; pass',
    'evaluation: an evaluation of aaaaaaaaaaaa; an evaluation of aaaaaaaaaaaa',
    'max_age: at most 14d old; 24 h old',
    'metrics.auc.min: at least 0.9; 0.91',
    'metrics.auc.max_drop_vs_stage: at most 0.005 worse than the version that holds the stage; 0.91, and v1.0.0 has 0.915',
    'slices.region=north.auc.min: at least 0.85; 0.86',
    'approvals: 1 of alice, 2, the author not counted; 1: bob',
    'rejections: no standing rejection; none',
  ]);
});

test('what is not allowed by name is denied', () => {
  expect(failing({ stage: 'live' })).toEqual(['stage']);
  expect(failing({ stage: 'constructor' })).toEqual(['stage']);
  expect(failing({ request: { actor: carol } })).toEqual(['who']);
  expect(failing({ request: { actor: { login: 'bob', id: null } } })).toEqual(['who']);
  expect(failing({ request: { actor: { login: 'renamed', id: 2 } } })).toEqual([]);
  expect(failing({ request: { stages: [] } })).toEqual(['from']);
  expect(
    failing({ stage: 'staging', request: { stages: [], actor: carol }, evidence: { approvals: [] } }),
  ).toEqual([]);
});

test('a metric that is missing, null or not a number fails, and so does a slice', () => {
  const both = ['metrics.auc.min', 'metrics.auc.max_drop_vs_stage'];
  expect(failing(evaluated({ metrics: {} }))).toEqual(both);
  expect(failing(evaluated({ metrics: { auc: null } }))).toEqual(both);
  expect(failing(evaluated({ metrics: { auc: Number.NaN } }))).toEqual(both);
  expect(failing(evaluated({ metrics: { auc: Number.POSITIVE_INFINITY } }))).toEqual(['metrics.auc.min']);
  expect(failing(evaluated({ slices: {} }))).toEqual(['slices.region.auc']);
  expect(failing(evaluated({ slices: { region: { north: { auc: 0.86 }, south: { auc: null } } } }))).toEqual([
    'slices.region=south.auc.min',
  ]);
  expect(failing(evaluated({ metrics: { auc: 0.899 } }))).toEqual(both);
});

test('a drop is told by the metric’s own direction, and a bound is reached without rounding error', () => {
  const holder = (auc: number | null) => ({ evidence: { holder: { version: 'v1.0.0', metrics: { auc } } } });
  expect(failing(holder(0.9151))).toEqual(['metrics.auc.max_drop_vs_stage']);
  expect(failing(holder(null))).toEqual(['metrics.auc.max_drop_vs_stage']);
  expect(failing({ evidence: { holder: null } })).toEqual([]);
  const loss = readPolicy(
    'version: 1\nstages: { prod: { from: [candidate], evaluation: { metrics: { loss: { max_drop_vs_stage: 0.1 } } } } }',
  ).value;
  const lossOf = (mine: number, goals: Record<string, 'max' | 'min'>) =>
    evaluatePolicy({
      policy: loss,
      stage: 'prod',
      request: goodRequest,
      evidence: {
        ...goodEvidence,
        evaluation: { ...evaluation, metrics: { loss: mine }, goals },
        holder: { version: 'v1.0.0', metrics: { loss: 0.5 } },
      },
    }).allowed;
  expect(lossOf(0.6, { loss: 'min' })).toBe(true);
  expect(lossOf(0.7, { loss: 'min' })).toBe(false);
  expect(lossOf(0.2, { loss: 'min' })).toBe(true);
  expect(lossOf(0.5, {})).toBe(false);
});

test('an evaluation that is absent, stale, of the future or of another model fails', () => {
  expect(failing({ evidence: { evaluation: null } })).toEqual(['evaluation', 'approvals']);
  expect(failing(evaluated({ evaluatedAt: now - 14 * day - 1 }))).toEqual(['max_age']);
  expect(failing(evaluated({ evaluatedAt: now + day }))).toEqual(['max_age']);
  expect(failing(evaluated({ evaluatedAt: Number.NaN }))).toEqual(['max_age']);
  expect(failing(evaluated({ sha256: 'c'.repeat(64) }))).toEqual(['evaluation']);
  expect(failing({ evidence: { dataContract: 'breach' } })).toEqual(['data_contract']);
  expect(failing({ evidence: { dataContract: null } })).toEqual(['data_contract']);
});

test('approvals count once per eligible person, for this model and this evaluation', () => {
  const given = (...approvals: Approval[]) => failing({ evidence: { approvals } });
  expect(given()).toEqual(['approvals']);
  expect(given({ ...approval, by: carol })).toEqual(['approvals']);
  expect(given({ ...approval, sha256: 'c'.repeat(64) })).toEqual(['approvals']);
  expect(given({ ...approval, recordSha256: null })).toEqual(['approvals']);
  expect(given({ ...approval, at: now + day })).toEqual(['approvals']);
  expect(failing({ evidence: { author: bob } })).toEqual(['approvals']);
  expect(failing({ evidence: { author: null } })).toEqual(['approvals']);
  const rejected: Approval = { ...approval, verdict: 'rejected', at: now - 1 };
  expect(given(approval, rejected)).toEqual(['approvals', 'rejections']);
  expect(given(rejected, { ...approval, at: now })).toEqual([]);
  expect(given(approval, { ...rejected, by: alice })).toEqual(['rejections']);
  const two = readPolicy(TEXT.replace('min: 1', 'min: 2')).value;
  const twice = { ...goodEvidence, approvals: [approval, { ...approval, source: 'environment' as const }] };
  expect(evaluatePolicy({ policy: two, stage: 'prod', request: goodRequest, evidence: twice }).allowed).toBe(
    false,
  );
});

test('one person under several names and spellings approves once, and is the author under each of them', () => {
  const anybody = readPolicy(TEXT.replace('min: 1', 'min: 2').replace(/ +who: .*\n/, '')).value;
  const counted = (author: Approval['by'], ...people: Approval['by'][]) => {
    const approvals = people.map((by, at) => ({ ...approval, by, at: now - 100 + at }));
    const evidence = { ...goodEvidence, author, approvals };
    const { rules } = evaluatePolicy({ policy: anybody, stage: 'prod', request: goodRequest, evidence });
    return rules.find(({ rule }) => rule === 'approvals')?.actual;
  };
  const signed = { login: 'BOB', id: null };
  const renamed = { login: 'robert', id: bob.id };
  expect(counted(carol, bob, { ...bob, login: 'Bob' })).toMatch(/^1:/);
  expect(counted(carol, bob, signed)).toMatch(/^1:/);
  for (const order of [
    [bob, signed, renamed],
    [renamed, signed, bob],
    [signed, renamed, bob],
  ])
    expect(counted(carol, ...order), order.map(({ login }) => login).join()).toMatch(/^1:/);
  expect(counted(renamed, bob, signed)).toBe('none');
  expect(counted(carol, bob, alice)).toMatch(/^2:/);
});

test('a rollback waives what the policy says, and only for a version that held the stage', () => {
  const stale = { ...evaluated({ evaluatedAt: now - 90 * day }).evidence, approvals: [] };
  const request = { rollback: true, stages: ['staging', 'prod'] };
  expect(failing({ request, evidence: stale })).toEqual([]);
  expect(failing({ request: { rollback: true, stages: ['staging'] }, evidence: stale })).toEqual([
    'rollback',
  ]);
  expect(failing({ request: { stages: ['staging', 'prod'] }, evidence: stale })).toEqual([
    'max_age',
    'approvals',
  ]);
  expect(failing({ request, evidence: { ...stale, evaluation: null } })).toEqual(['evaluation']);
});

test('a policy is closed, and its faults are told at their place', () => {
  const faults = (text: string) => {
    try {
      readPolicy(text);
      return [];
    } catch (error) {
      if (error instanceof InputError)
        return error.faults.map(({ message, place }) => `${place?.line}: ${message}`);
      throw error;
    }
  };
  expect(faults(TEXT)).toEqual([]);
  expect(faults(TEXT.replace('approvals: { min', 'aprovals: { min'))).toEqual([
    '7: unknown key "aprovals" in stages.prod',
  ]);
  expect(faults(TEXT.replace('exclude_author', 'excludeAuthor'))).toHaveLength(1);
  expect(faults(TEXT.replace('14d', '14 days'))[0]).toMatch('such as 14d');
  expect(faults(TEXT.replace('{ min: 0.90, max_drop_vs_stage: 0.005 }', '{}'))[0]).toMatch('give min, max');
  expect(faults(TEXT.replace('0.90', '.nan'))).toHaveLength(1);
  expect(faults(TEXT.replace('0.90', "'0.9O'"))).toHaveLength(1);
  expect(faults(TEXT.replace('[max_age]', '[approvals]'))).toHaveLength(1);
  expect(faults('version: 1\nstages: { prod: { approvals: 1 } }')).toEqual([
    '2: "from" is missing in stages.prod',
  ]);
});

test('every key of the policy is described for editors', () => {
  const undescribed: string[] = [];
  const visit = (schema: Record<string, unknown>, path: string) => {
    for (const [key, child] of Object.entries(
      (schema.properties ?? {}) as Record<string, Record<string, unknown>>,
    )) {
      if (child.description === undefined) undescribed.push(`${path}.${key}`);
      visit(child, `${path}.${key}`);
    }
    for (const part of ['additionalProperties', 'items'] as const) {
      if (typeof schema[part] === 'object') visit(schema[part] as Record<string, unknown>, `${path}.*`);
    }
    for (const option of (schema.anyOf ?? []) as Record<string, unknown>[]) visit(option, path);
  };
  visit(z.toJSONSchema(Policy, { io: 'input' }) as Record<string, unknown>, 'policy');
  expect(undescribed).toEqual([]);
});

const registry = registryState(
  ['churn@v1.0.0', 'churn@v1.1.0', 'churn@v1.2.0', 'churn@v1.2.0!'].map((name, second) => ({
    name,
    commit: `commit-of-${name}`,
    objectId: name,
    message: '',
    taggedAt: second,
    tagger: 'x',
  })),
);

test('a plan promotes, leaves alone or denies, and knows what is not there', () => {
  const plan = (change: {
    model?: string;
    version?: string;
    holder?: string | undefined;
    allowed?: boolean;
  }) =>
    planPromotion({
      withdrawn: false,
      registry,
      model: change.model ?? 'churn',
      version: change.version ?? 'v1.1.0',
      stage: 'prod',
      holder: 'holder' in change ? change.holder : 'v1.0.0',
      verdict: change.allowed === false ? judge({ request: { actor: carol } }) : judge(),
    });
  expect(plan({})).toMatchObject({ kind: 'promote', commit: 'commit-of-churn@v1.1.0', replaces: 'v1.0.0' });
  expect(plan({ holder: undefined })).toMatchObject({ kind: 'promote', replaces: null });
  expect(plan({ holder: 'v1.1.0', allowed: false })).toMatchObject({ kind: 'unchanged' });
  expect(plan({ allowed: false })).toMatchObject({ kind: 'denied', breaches: [{ rule: 'who' }] });
  expect(() => plan({ model: 'chrun' })).toThrow('no version of "chrun"');
  expect(() => plan({ version: 'v3.0.0' })).toThrow('churn has no version v3.0.0');
  expect(() => plan({ version: 'v1.2.0' })).toThrow('was deregistered');
});

test('a drift limit holds the last drift check of the version, and fails while there is none that could tell', () => {
  const { value: strict } = readPolicy(`version: 1
stages:
  prod:
    from: [candidate]
    drift: { max_age: 7d, max_psi: 0.2, max_columns: 1 }
    rollback: { waive: [drift] }
`);
  const columns = [
    { name: 'age', psi: 0.1, drifted: false },
    { name: 'plan', psi: 0.2, drifted: true },
  ];
  const check = {
    verdict: 'drifted' as const,
    columns,
    at: now - day,
    entry: 'entries/00000/00000007-drift.json',
  };
  const failed = (drift: Evidence['drift'], rollback = false) =>
    evaluatePolicy({
      policy: strict,
      stage: 'prod',
      request: { ...goodRequest, stages: ['prod'], rollback },
      evidence: { ...goodEvidence, drift },
    })
      .rules.filter(({ passed, waived }) => !passed && !waived)
      .map(({ rule, actual }) => `${rule}: ${actual}`);
  expect(failed(check)).toEqual([]);
  expect(failed(null)).toEqual(['drift: not recorded']);
  expect(failed(null, true)).toEqual([]);
  expect(failed({ ...check, verdict: 'undecided' })).toEqual(['drift: too few rows to tell']);
  expect(failed({ ...check, at: now - 8 * day })).toEqual(['drift.max_age: 8 d old']);
  expect(failed({ ...check, columns: [...columns, { name: 'spend', psi: null, drifted: true }] })).toEqual([
    'drift.max_psi: not known of spend',
    'drift.max_columns: 2: plan, spend',
  ]);
  expect(failed({ ...check, columns: [{ name: 'age', psi: 0.21, drifted: false }] })).toEqual([
    'drift.max_psi: 0.21 in age',
  ]);
});
