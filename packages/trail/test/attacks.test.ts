import { expect, test } from 'vitest';
import { type Audit, type AuditStep, verifyChain } from '../src/index.ts';
import {
  auditOf,
  goodStory,
  MODEL,
  minute,
  POLICY,
  RECORD,
  readerWith,
  Story,
  sha256,
  sshKey,
  steps,
  tagsWith,
} from './story.ts';

/** What somebody tries who may write to the trail, to tags or to other branches, or who may sign one kind of entry. */
const bad = ({ steps: all }: Audit) =>
  Object.fromEntries(
    all
      .filter(({ status }) => status === 'violated' || status === 'unprovable')
      .map(({ step, status }) => [step, status]),
  );
const sentence = ({ steps: all }: Audit, name: AuditStep['step']) =>
  all.find(({ step }) => step === name)?.sentence;

const bea = { login: 'bea', id: 7 };

test('a stage gained against the policy does not open the next one', async () => {
  const closed = POLICY.replace('from: [candidate]', 'from: [lab]');
  const story = goodStory({}, closed);
  const result = await auditOf(story.commits, { reader: readerWith({}, closed) });
  expect(bad(result)).toEqual({ policy: 'violated' });
  expect(sentence(result, 'policy')).toMatch('It follows entries/00000/00000004-promote.json');
});

test('a decision goes by the policy of the repository, not by another file of it', async () => {
  const story = new Story();
  for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release()]) story.add(part);
  story.promote('staging');
  const { event } = goodStory().entries[5]!.entry as { event: { policy: object } };
  story.promote('prod', { policy: { ...event.policy, path: 'examples/lax/rastro.policy.yaml' } as never });
  story.add(steps.deploy());
  expect(sentence(await auditOf(story.commits), 'policy')).toMatch('goes by examples/lax/rastro.policy.yaml');
});

test('a policy that was replaced before does not come back', async () => {
  const laxer = POLICY.replace('0.90', '0.10');
  const [older, newer] = ['1', '2'].map((digit) => digit.repeat(40)) as [string, string];
  const blobs = { [older]: laxer, [newer]: POLICY };
  const named = (commit: string) => {
    const text = blobs[commit]!;
    return { commit, path: 'rastro.policy.yaml', blob: sha256(text), sha256: sha256(text) };
  };
  const story = new Story();
  for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release()]) story.add(part);
  story.promote('staging', { policy: named(newer) });
  story.promote('prod', { policy: named(older) }, laxer);
  story.add(steps.deploy());
  const reader = readerWith({
    policies: async (all) =>
      all.map((commit) => ({
        blob: sha256(blobs[commit]!),
        bytes: new TextEncoder().encode(blobs[commit]),
      })),
    leadTo: async (commits, last) => commits.every((commit) => commit <= last),
  });
  const result = await auditOf(story.commits, { reader });
  expect(bad(result)).toEqual({ policy: 'violated' });
  expect(sentence(result, 'policy')).toMatch('was replaced before: entries/00000/00000004-promote.json');
});

test('a policy on no protected branch makes nobody a signer, whatever decision names it', async () => {
  const [robot, mallory] = [sshKey(), sshKey()];
  const policy = `${POLICY}signatures: { required: true, signers: { robot: { key: ${robot.publicKey} } } }\n`;
  const own = policy.replace(robot.publicKey, mallory.publicKey);
  const commit = 'b'.repeat(40);
  const story = goodStory({ sign: robot.sign }, policy);
  const { event } = story.entries[5]!.entry as Extract<
    (typeof story.entries)[5]['entry'],
    { kind: 'promote' }
  >;
  const { tag: _, tagObject: __, ...decision } = event;
  story.sign = mallory.sign;
  const lure = { commit, path: 'rastro.policy.yaml', blob: sha256(own), sha256: sha256(own) };
  story.add({ kind: 'gate', event: { ...decision, model: 'lure', policy: lure } });
  const reader = readerWith(
    {
      policies: async (commits) =>
        commits.map((each) => {
          const text = each === commit ? own : policy;
          const blob = each === commit ? sha256(own) : event.policy.blob;
          return { blob, bytes: new TextEncoder().encode(text) };
        }),
      whereAre: async (commits) =>
        new Map(commits.map((each) => [each, each === commit ? 'unprotected' : 'protected'])),
    },
    policy,
  );
  const result = await auditOf(story.commits, { reader });
  expect(bad(result)).toEqual({ signatures: 'violated' });
  expect(sentence(result, 'signatures')).toMatch('00000007-gate.json is signed by a key that may not');
});

test('who may promote cannot turn a rejection into an approval by signature', async () => {
  const story = new Story();
  for (const part of [steps.dataCheck(), steps.train(), steps.evaluate(), steps.release()]) story.add(part);
  story.promote('staging');
  story.add(steps.approve('rejected', bea));
  story.promote('prod', {
    approvals: [
      {
        by: bea,
        source: 'signature',
        verdict: 'approved',
        sha256: MODEL,
        recordSha256: RECORD,
        at: minute(9),
      },
    ],
  });
  story.add(steps.deploy());
  expect(bad(await auditOf(story.commits))).toMatchObject({ approvals: 'violated', policy: 'violated' });
});

test('a "no" that was signed is taken back with the same key only, whoever the entry says to be by', () => {
  const [robot, key] = [sshKey(), sshKey()];
  const faultsWith = (sign: Story['sign']) => {
    const story = goodStory({ sign: robot.sign });
    story.sign = key.sign;
    story.add(steps.approve('rejected', bea), bea);
    story.sign = sign;
    story.add(steps.annotate(7), bea);
    const { faults } = verifyChain({ commits: story.commits, sha256, repositoryId: story.repositoryId });
    return faults.map(({ message }) => message);
  };
  expect(faultsWith(key.sign)).toEqual([]);
  expect(faultsWith(robot.sign)).toEqual(['it skips entry 7, a "no" that only its signer may take back']);
  expect(faultsWith(undefined)).toHaveLength(1);
});

test('drift is a "no" too', () => {
  const story = goodStory();
  story.add(steps.drift(), { login: 'robot', id: 9 });
  story.add(steps.annotate(7));
  const { faults } = verifyChain({ commits: story.commits, sha256, repositoryId: story.repositoryId });
  expect(faults).toMatchObject([{ code: 'wrong-skip' }]);
});

test('a deployment that was taken back is not hidden: the audit says which, by whom and why', async () => {
  const story = goodStory();
  story.add(steps.deploy({ version: 'v2.0.0', sha256: sha256('two') }));
  story.add(steps.annotate(7));
  const { limits } = await auditOf(story.commits);
  expect(limits.join('\n')).toMatch('00000007-deploy.json by alice: a mistake');
});

test('a rejection between the decision and the deployment is told', async () => {
  const story = goodStory();
  story.commits.pop();
  story.entries.pop();
  story.add(steps.approve('rejected', bea));
  story.add(steps.deploy());
  expect(sentence(await auditOf(story.commits), 'approvals')).toMatch('it was rejected by bea');
});

test('a stage tag that was swapped, dropped, or made by hand is named', async () => {
  const withTags = async (tags: ReturnType<typeof tagsWith>) =>
    auditOf(goodStory().commits, { reader: readerWith({ tags: async () => tags }) });
  const tags = tagsWith();
  const prod = tags.find(({ name }) => name.startsWith('churn#prod'))!;
  const others = tags.filter((tag) => tag !== prod);
  expect(bad(await withTags(tags))).toEqual({});
  expect(bad(await withTags([...others, { ...prod, objectId: 'e'.repeat(40) }]))).toEqual({
    tags: 'violated',
  });
  expect(bad(await withTags(others))).toEqual({ tags: 'unprovable' });
  const hand = { ...prod, objectId: 'd'.repeat(40), commit: 'c'.repeat(40), taggedAt: prod.taggedAt + 60 };
  const byHand = await withTags([...tags, { ...hand, name: 'churn#prod#3' }]);
  expect(sentence(byHand, 'tags')).toMatch('churn#prod#3, which no entry made');
});
