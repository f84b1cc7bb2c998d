import { readPolicy } from '@rastro/registry';
import { expect, test } from 'vitest';
import { KINDS } from '../src/event.ts';
import type { Audit, AuditReader, AuditStep } from '../src/index.ts';
import {
  auditOf,
  CODE,
  goodStory,
  kept,
  MODEL,
  minute,
  POLICY,
  POLICY_COMMIT,
  readerWith,
  Story,
  sha256,
  sshKey,
  steps,
  tagsWith,
} from './story.ts';

const step = ({ steps: all }: Audit, name: AuditStep['step']) => all.find((one) => one.step === name);
const badSteps = ({ steps: all }: Audit) =>
  Object.fromEntries(
    all
      .filter(({ status }) => status === 'violated' || status === 'unprovable')
      .map(({ step: name, status }) => [name, status]),
  );
const withReader = (overrides: Partial<AuditReader>) =>
  auditOf(goodStory().commits, { reader: readerWith(overrides) });

const places =
  (odd: Record<string, 'protected' | 'unprotected' | 'absent'>): AuditReader['whereAre'] =>
  async (commits) =>
    new Map(commits.map((commit) => [commit, odd[commit] ?? 'protected']));

/** The story told with one part of it replaced; every later entry is made after it, in good order. */
function told(
  parts: Partial<Record<'check' | 'train' | 'evaluate' | 'release' | 'deploy', Parameters<Story['add']>[0]>>,
) {
  const story = new Story();
  story.add(parts.check ?? steps.dataCheck());
  story.add(parts.train ?? steps.train());
  story.add(parts.evaluate ?? steps.evaluate());
  story.add(parts.release ?? steps.release());
  story.promote('staging');
  story.promote('prod');
  story.add(parts.deploy ?? steps.deploy());
  return story;
}

test('a complete record is verified step by step, and the audit says what it cannot prove', async () => {
  const result = await auditOf(goodStory().commits, { files: [{ path: 'm.onnx', sha256: MODEL }] });
  expect(badSteps(result)).toEqual({});
  expect(result).toMatchObject({ status: 'verified', deployed: { version: 'v1.0.0', sha256: MODEL } });
  expect(result.steps.map(({ step: name }) => name)).toEqual([
    'trust-root',
    'chain',
    'signatures',
    'deployment',
    'origin',
    'data',
    'evaluation',
    'approvals',
    'policy',
    'tags',
    'files',
  ]);
  expect(result.limits.join(' ')).toMatch(/running now.*newest head.*trust root.*not signed.*forge/);
});

test('what is not recorded is unprovable', async () => {
  expect((await auditOf([])).status).toBe('unprovable');
  const nobody = await auditOf(goodStory().commits, { model: 'other' });
  expect(badSteps(nobody)).toEqual({ deployment: 'unprovable' });

  const untrained = told({ train: steps.train({ sha256: sha256('another') }) });
  expect(badSteps(await auditOf(untrained.commits))).toMatchObject({
    origin: 'unprovable',
    data: 'unprovable',
  });

  const unchecked = told({
    check: steps.dataCheck('pass', [{ path: 'data/train.csv', sha256: sha256('older') }]),
  });
  expect(badSteps(await auditOf(unchecked.commits))).toMatchObject({ data: 'unprovable' });

  expect(badSteps(await withReader({ tags: async () => tagsWith(null) }))).toEqual({ tags: 'unprovable' });
  expect(
    badSteps(await withReader({ policies: async (commits) => commits.map(() => undefined) })),
  ).toMatchObject({
    policy: 'unprovable',
  });
  expect(badSteps(await withReader({ whereAre: places({ [CODE]: 'absent' }) }))).toEqual({
    origin: 'unprovable',
  });

  const direct = new Story();
  for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release(), steps.deploy()]) {
    direct.add(part);
  }
  expect(badSteps(await auditOf(direct.commits))).toEqual({
    evaluation: 'unprovable',
    approvals: 'unprovable',
    policy: 'unprovable',
  });
});

test('what an entry states of an evaluation is held to the record that the released commit keeps', async () => {
  const judgedWith = async (record: Awaited<ReturnType<AuditReader['evaluation']>>) => {
    const asked: string[] = [];
    const evaluation: AuditReader['evaluation'] = async (commit, model) => {
      asked.push(`${commit} ${model}`);
      return record;
    };
    const { status, sentence } = step(await withReader({ evaluation }), 'evaluation')!;
    expect(asked).toEqual([`${CODE} churn`]);
    return `${status}: ${sentence}`;
  };
  expect(await judgedWith(kept('record 1'))).toMatch(/^verified: .*those of the record/);
  expect(await judgedWith(kept('record 1', { metrics: { auc: 0.7, f1: null } }))).toMatch(
    /^violated: entries\S+evaluate.json states other metrics than the record/,
  );
  expect(await judgedWith(kept('record 1', { goals: { auc: 'min' } }))).toMatch(/^violated: .*goals/);
  expect(await judgedWith(kept('record 1', { slices: {} }))).toMatch(/^violated: .*slices/);
  expect(await judgedWith(kept('record 1', null))).toMatch(/^unprovable: .*cannot read/);
});

test('metrics of which no released commit of the protected branch holds the record rest on the trail, which is told', async () => {
  const without = async (overrides: Partial<AuditReader>) => {
    const result = await withReader(overrides);
    expect(step(result, 'evaluation')?.sentence).toContain('They are as the trail states them.');
    expect(result.limits.at(-1)).toMatch(
      /^No released commit of the protected branch holds the evaluation record that entries\S+evaluate.json/,
    );
    return badSteps(result);
  };
  // A workflow that trains and evaluates what it releases commits no record.
  expect(await without({ evaluation: async () => undefined })).toEqual({});
  expect(await without({ evaluation: async () => kept('record of another run', null) })).toEqual({});
  // Whoever makes up an entry can make up a commit for it, too.
  await without({ whereAre: places({ [CODE]: 'unprotected' }) });
  expect((await withReader({})).limits.join()).not.toContain('evaluation record');
});

test('the metrics of the version that a decision compared with are held to its own record', async () => {
  const [older, record] = [sha256('model 0'), sha256('record 0')];
  const story = new Story();
  story.add(steps.dataCheck());
  for (const model of [older, MODEL]) story.add(steps.train({ sha256: model }));
  story.add(steps.evaluate({ sha256: older, recordSha256: record }));
  story.add(steps.evaluate());
  const code = '0'.repeat(40);
  story.add(steps.release({ version: 'v0.9.0', sha256: older, recordSha256: record, commit: code }));
  story.add(steps.release());
  const before = { version: 'v0.9.0', sha256: older, recordSha256: record };
  const approved = { by: { login: 'bob', id: 2 }, source: 'review' as const, verdict: 'approved' as const };
  const approvals = [{ ...approved, sha256: older, recordSha256: record, at: minute(6) }];
  story.promote('staging', before);
  story.promote('prod', { ...before, approvals });
  story.promote('staging');
  story.promote('prod');
  story.add(steps.deploy());
  const comparedWith = async (theirs: Awaited<ReturnType<AuditReader['evaluation']>>) => {
    const evaluation: AuditReader['evaluation'] = async (commit) =>
      commit === code ? theirs : kept('record 1');
    const { status, sentence, limit } = step(
      await auditOf(story.commits, { reader: readerWith({ evaluation }) }),
      'evaluation',
    )!;
    return `${status}: ${sentence} ${limit ?? ''}`;
  };
  expect(await comparedWith(kept('record 0'))).toMatch(/^verified/);
  expect(await comparedWith(kept('record 0', { metrics: { auc: 0.99, f1: null } }))).toMatch(
    /^violated: It was compared with v0.9.0, which held the stage. entries\S+ states other metrics/,
  );
  expect(await comparedWith(undefined)).toMatch(/^verified: .* No released commit of the protected branch/);
});

test('a version that was withdrawn before is let in by nobody; of another version, or the model, it says nothing', async () => {
  const withdrawn = async (version: string | null) => {
    const story = new Story();
    for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release()]) story.add(part);
    story.promote('staging');
    story.add(steps.withdraw(version));
    story.promote('prod');
    story.add(steps.deploy());
    const { status, sentence } = step(await auditOf(story.commits), 'policy')!;
    return `${status}: ${sentence}`;
  };
  expect(await withdrawn('v1.0.0')).toMatch(
    /^violated: v1.0.0 was withdrawn by entries\S+-annotate.json .*leaky/,
  );
  expect(await withdrawn('v0.9.0')).toMatch(/^verified/);
  expect(await withdrawn(null)).toMatch(/^verified/);
});

test('a version that was withdrawn while it is still the one deployed is told, by the trail and by a tag', async () => {
  const deployed = async (version: string | null, tags = tagsWith()) => {
    const story = goodStory();
    story.add(steps.withdraw(version));
    const result = await auditOf(story.commits, { reader: readerWith({ tags: async () => tags }) });
    return { bad: badSteps(result), told: step(result, 'deployment')!.sentence, tags: step(result, 'tags')! };
  };
  const since = await deployed('v1.0.0');
  expect(since.bad).toEqual({ deployment: 'violated' });
  expect(since.told).toMatch(/v1.0.0 on .*, which was withdrawn since by entries\S+7-annotate.json: leaky/);
  expect((await deployed('v0.9.0')).bad).toEqual({});
  expect((await deployed(null)).bad).toEqual({});

  const [version] = tagsWith();
  const later = { ...version!, objectId: 'd'.repeat(40), taggedAt: version!.taggedAt + 60 };
  const cancelled = [...tagsWith(), { ...later, name: 'churn@v1.0.0!' }];
  const byTag = await deployed(null, cancelled);
  expect(byTag.bad).toEqual({ tags: 'violated' });
  expect(byTag.tags.sentence).toMatch('The tag churn@v1.0.0! withdraws churn v1.0.0');
  const again = { ...later, name: 'churn@v1.0.0#4', taggedAt: later.taggedAt + 60 };
  expect((await deployed(null, [...cancelled, again])).bad).toEqual({});
});

test('data that breached its contract is a violation', async () => {
  const story = told({ check: steps.dataCheck('breach') });
  expect(badSteps(await auditOf(story.commits))).toMatchObject({ data: 'violated', policy: 'violated' });
});

test('a check that failed after one that passed counts, and one that passed after one that failed, too', async () => {
  const story = new Story();
  story.add(steps.dataCheck('breach'));
  for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release()]) story.add(part);
  story.promote('staging');
  story.promote('prod');
  story.add(steps.deploy());
  expect(badSteps(await auditOf(story.commits))).toEqual({});
});

test('metrics under the threshold, missing, stale or of another model are violations', async () => {
  const evaluationWith = async (evaluation: Parameters<typeof steps.evaluate>[0]) => {
    const result = await auditOf(told({ evaluate: steps.evaluate(evaluation) }).commits);
    return `${step(result, 'evaluation')?.status}: ${step(result, 'evaluation')?.sentence}`;
  };
  expect(await evaluationWith({ metrics: { auc: 0.89 } })).toMatch(/violated: .*metrics.auc.min .*0.89/);
  expect(await evaluationWith({ metrics: { auc: null } })).toMatch(/violated: .*metrics.auc.min .*missing/);
  expect(await evaluationWith({ slices: {} })).toMatch(/violated: .*slices.region.auc .*not recorded/);
  expect(await evaluationWith({ evaluatedAt: '2025-12-01T00:00:00Z' })).toMatch(
    /violated: .*max_age .*31 d old/,
  );
  expect(await evaluationWith({ sha256: sha256('another') })).toMatch(/violated: .*another model file/);
  expect(await evaluationWith({ recordSha256: sha256('another') })).toMatch(/unprovable/);
});

test('too few approvals, one of the author, of another record or a later rejection are violations', async () => {
  const approval = {
    by: { login: 'bob', id: 2 },
    source: 'review' as const,
    verdict: 'approved' as const,
    sha256: MODEL,
    recordSha256: sha256('record 1'),
    at: minute(4),
  };
  const prodWith = async (
    overrides: Parameters<Story['promote']>[1],
    more: Parameters<Story['add']>[0][] = [],
  ) => {
    const story = new Story();
    for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release()]) story.add(part);
    story.promote('staging');
    for (const part of more) story.add(part);
    story.promote('prod', overrides);
    story.add(steps.deploy());
    return step(await auditOf(story.commits), 'approvals')?.status;
  };
  expect(await prodWith({})).toBe('verified');
  expect(await prodWith({ approvals: [] })).toBe('violated');
  // An entry says who wrote it, and only a signature proves it.
  expect(await prodWith({ approvals: [] }, [steps.approve()])).toBe('violated');
  expect(await prodWith({ author: { login: 'bob', id: 2 } })).toBe('violated');
  expect(await prodWith({ author: null })).toBe('violated');
  expect(await prodWith({ approvals: [{ ...approval, recordSha256: sha256('other') }] })).toBe('violated');
  expect(await prodWith({ approvals: [{ ...approval, sha256: sha256('other') }] })).toBe('violated');
  expect(await prodWith({ approvals: [{ ...approval, source: 'environment' }] })).toBe('violated');
  expect(await prodWith({ approvals: [approval, { ...approval, verdict: 'rejected', at: minute(5) }] })).toBe(
    'violated',
  );
  // Nor is one that the decision itself states to be there.
  expect(await prodWith({ approvals: [{ ...approval, source: 'signature' }] })).toBe('violated');
});

test('a policy changed later, from an unprotected commit, or another than recorded is a violation', async () => {
  const laxer = POLICY.replace('0.90', '0.10');
  const changed = await auditOf(goodStory().commits, { reader: readerWith({}, laxer) });
  expect(badSteps(changed)).toEqual({ policy: 'violated' });
  const invalid = await auditOf(goodStory().commits, { reader: readerWith({}, 'version: 2\n') });
  expect(badSteps(invalid)).toMatchObject({ policy: 'violated' });
  const elsewhere = await withReader({
    whereAre: places({ [POLICY_COMMIT]: 'unprotected' }),
  });
  expect(badSteps(elsewhere)).toEqual({ policy: 'violated' });
});

test('a decision whose recorded rules or replaced version are not what the trail gives is a violation', async () => {
  const prodWith = async (overrides: Parameters<Story['promote']>[1]) => {
    const story = new Story();
    for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release()]) story.add(part);
    story.promote('staging');
    story.promote('prod', overrides);
    story.add(steps.deploy());
    return step(await auditOf(story.commits), 'policy')?.sentence;
  };
  expect(await prodWith({})).toMatch('allows it');
  expect(await prodWith({ rules: [] })).toMatch('records rule who otherwise');
  expect(await prodWith({ replaces: 'v0.9.0' })).toMatch('says that it replaced v0.9.0');
  expect(await prodWith({ actor: { login: 'mallory', id: 9 } })).toMatch(
    /who asked for one of alice, bob.*mallory/,
  );
});

test('a decision that was dated back to make an old evaluation look fresh is a violation', async () => {
  const story = new Story();
  for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release()]) story.add(part);
  story.minutes = 60 * 24 * 20;
  story.promote('staging');
  story.minutes = 10;
  story.promote('prod');
  story.add(steps.deploy());
  const result = await auditOf(story.commits);
  expect(badSteps(result)).toEqual({ policy: 'violated' });
  expect(step(result, 'policy')?.sentence).toMatch('long before entries/00000/00000004-promote.json');
});

test('a swapped tag, code off the protected branch and a foreign file are violations', async () => {
  const swapped = tagsWith({ objectId: 'f'.repeat(40), message: '' });
  expect(badSteps(await withReader({ tags: async () => swapped }))).toEqual({ tags: 'violated' });
  expect(badSteps(await withReader({ whereAre: places({ [CODE]: 'unprotected' }) }))).toEqual({
    origin: 'violated',
  });
  const files = [{ path: 'm.onnx', sha256: sha256('something else') }];
  expect(badSteps(await auditOf(goodStory().commits, { files }))).toEqual({ files: 'violated' });
  const other = told({ release: steps.release({ sha256: sha256('other') }) });
  expect(badSteps(await auditOf(other.commits))).toEqual({
    deployment: 'violated',
  });
  const unheld = told({ deploy: steps.deploy({ version: 'v2.0.0' }) });
  expect(badSteps(await auditOf(unheld.commits))).toMatchObject({ policy: 'violated' });
});

test('a tag that was made on a trail which is not this one is a violation', async () => {
  const { commits } = goodStory();
  const tagOn = (head: string | undefined) => tagsWith({ message: `Release\n\nRastro-Trail: ${head}\n` });
  expect(badSteps(await withReader({ tags: async () => tagOn(commits[2]?.commit) }))).toEqual({});
  expect(badSteps(await withReader({ tags: async () => tagOn('f'.repeat(40)) }))).toEqual({
    tags: 'violated',
  });
});

test('a deployment or an evaluation that was taken back does not count', async () => {
  const story = goodStory();
  story.add(steps.deploy({ version: 'v2.0.0', sha256: sha256('two') }));
  expect((await auditOf(story.commits)).deployed?.version).toBe('v2.0.0');
  story.add(steps.annotate(7));
  expect(await auditOf(story.commits)).toMatchObject({ status: 'verified', deployed: { version: 'v1.0.0' } });
  story.add(steps.annotate(2));
  expect(badSteps(await auditOf(story.commits))).toMatchObject({ evaluation: 'unprovable' });
});

const signedPolicy = (alice: string, extra = '') =>
  `${POLICY}signatures:\n  required: true\n  signers:\n    alice: { key: ${alice} }\n${extra}`;

test('signatures are traced to a pinned key, and a wrong, missing or disallowed one is caught', async () => {
  const [key, stranger] = [sshKey(), sshKey()];
  const policy = signedPolicy(key.publicKey);
  const reader = readerWith({}, policy);
  const { commits } = goodStory({ sign: key.sign }, policy);
  const good = await auditOf(commits, { reader, trustRoot: key.fingerprint });
  expect(badSteps(good)).toEqual({});
  expect(good.limits.join(' ')).not.toMatch(/trust root|not signed/);

  expect(badSteps(await auditOf(commits, { reader, trustRoot: stranger.fingerprint }))).toMatchObject({
    'trust-root': 'violated',
  });
  const forged = goodStory({ sign: stranger.sign }, policy);
  expect(badSteps(await auditOf(forged.commits, { reader }))).toEqual({ signatures: 'violated' });
  expect(badSteps(await auditOf(goodStory({}, policy).commits, { reader }))).toEqual({
    signatures: 'violated',
  });
  const broken = goodStory({ sign: (bytes) => key.sign(bytes.slice(1)) }, policy);
  expect(badSteps(await auditOf(broken.commits, { reader }))).toEqual({ signatures: 'violated' });
  expect(badSteps(await auditOf(goodStory().commits, { trustRoot: key.fingerprint }))).toEqual({
    'trust-root': 'unprovable',
  });

  const onlyTrain = policy.replace('key:', 'kinds: [train], key:');
  const limited = goodStory({ sign: key.sign }, onlyTrain);
  expect(badSteps(await auditOf(limited.commits, { reader: readerWith({}, onlyTrain) }))).toEqual({
    signatures: 'violated',
  });
});

test('a policy can name every kind of entry that a key may sign', () => {
  const kinds = `kinds: [${KINDS.join(', ')}], key:`;
  const { value } = readPolicy(signedPolicy('ssh-ed25519 AAAA').replace('key:', kinds));
  expect(value.signatures?.signers.alice?.kinds).toEqual(KINDS);
});
