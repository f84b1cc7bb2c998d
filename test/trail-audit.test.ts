import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRepository } from '@rastro/git';
import { type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import {
  commitMessage,
  encodeEntry,
  entryPath,
  nextEntry,
  type TrailEvent,
  verifyChain,
} from '@rastro/trail';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from './place.ts';
import { digest, releasable } from './released.ts';

/** What an auditor has: a clone, and nothing else. */
let work: TemporaryRepository;

const POLICY = `version: 1
stages:
  prod:
    from: [candidate]
    data_contract: pass
    evaluation:
      metrics: { roc_auc: { min: 0.8 } }
`;
const POLICY_TESTS = `version: 1
cases:
  - name: a good model goes to production
    stage: prod
    given: { data_contract: pass, evaluation: { metrics: { roc_auc: 0.9 } } }
    expect: allowed
  - name: a worse one does not
    stage: prod
    given: { data_contract: pass, evaluation: { metrics: { roc_auc: 0.79 } } }
    expect: denied
    because: [metrics.roc_auc.min]
  - name: neither does one without evidence
    stage: prod
    expect: denied
    because: [data_contract, evaluation]
`;

beforeAll(async () => {
  work = await temporaryRepository({ remote: true });
  await work.commit('Begin', {
    ...releasable([{ name: 'churn' }]),
    'rastro.policy.yaml': POLICY,
    'rastro.policy.test.yaml': POLICY_TESTS,
    'MODEL_CARD.md': '# Churn\n\nFor the retention team.\n',
    '.github/workflows/release.yml': `on: workflow_dispatch
jobs:
  release:
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@v6
      - uses: rastro-ml/rastro/actions/release@v1
`,
  });
  await work.push('main');
  await work.git('remote', 'set-head', 'origin', 'main');
  for (const args of [
    ['release', '--github-release', 'false'],
    ['promote', 'churn', 'prod'],
  ])
    expect(await run(...args)).toMatchObject({ exitCode: 0 });
});
afterAll(() => work?.dispose());

const run = (...args: string[]) => cli(work.directory, args);
const read = (path: string) => readFileSync(join(work.directory, path), 'utf8');

/** Records an event as the actions do, without what it stands for. */
async function record(event: TrailEvent): Promise<void> {
  const git = await openRepository(work.directory);
  const repositoryId = await git.rootCommit();
  const head = await git.trailHead();
  const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
  const { end } = verifyChain({ commits: await git.trail(head!), sha256, repositoryId });
  const at = Math.floor(Date.now() / 1000);
  const recordedAt = `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
  const entry = nextEntry(end, {
    ...event,
    repositoryId,
    recordedAt,
    recordedBy: { login: 'ada', id: null },
  });
  const content = encodeEntry(entry);
  await git.appendTrail({
    head,
    entries: [{ path: entryPath(entry), content, message: commitMessage(entry, sha256(content)) }],
    tags: [],
    author: { name: 'Ada', email: 'ada@example.com' },
    at,
  });
}

const DEPLOYMENT: TrailEvent = {
  kind: 'deploy',
  event: {
    model: 'churn',
    version: 'v1.0.0',
    sha256: digest('model churn'),
    environment: 'prod',
    target: 'local',
    url: null,
    outcome: 'success',
    run: null,
  },
};

test('an audit that finds no deployment proves nothing, and its exit code says so', async () => {
  const { exitCode, stdout } = await run('audit', 'churn', 'prod');
  expect(exitCode, stdout).toBe(4);
  expect(stdout).toContain('unprovable');
});

test('in the clone that recorded it a deployment is proved, offline', async () => {
  await record(DEPLOYMENT);
  const { exitCode, stdout } = await run('audit', 'churn', 'prod', '--json');
  expect(exitCode, stdout).toBe(0);
  expect(JSON.parse(stdout).record).toMatchObject({ status: 'verified', version: 'v1.0.0' });
});

test('the dossier has every heading of the annex, evidence where there is some, and says where there is none', async () => {
  const { exitCode, stderr } = await run(
    'audit',
    'churn',
    'prod',
    '--export',
    'dossier',
    '--html',
    'dossier.html',
  );
  expect(exitCode, stderr).toBe(0);
  const text = read('dossier/dossier.md');
  for (const heading of [
    '1(a)',
    '1(h)',
    '2(a)',
    '2(d)',
    '2(g)',
    '2(h)',
    '3 ',
    '4 ',
    '5 ',
    '6 ',
    '7 ',
    '8 ',
    '9 ',
  ])
    expect(text).toContain(`${heading}`);
  expect(text).toContain('No evidence in this repository.');
  expect(text).toContain(digest('model churn'));
  expect(read('dossier.html')).toContain('5 Risk management system (Article 9)');
  expect(read('dossier/evidence/model-card.md')).toContain('For the retention team.');
  expect(read('dossier/evidence/policy/rastro.policy.yaml')).toBe(POLICY);
  expect(JSON.parse(read('dossier/trail/entries/00000/00000003-release.json')).predicate.seq).toBe(3);
  execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: join(work.directory, 'dossier') });
});

test('a dossier goes nowhere but into the repository', async () => {
  const { exitCode } = await run('audit', 'churn', 'prod', '--export', '../elsewhere');
  expect(exitCode).toBe(2);
});

test('a policy is tested by cases, and a wrong answer is told at its line', async () => {
  expect(await run('policy', 'test')).toMatchObject({ exitCode: 0 });
  await work.write({ 'rastro.policy.yaml': POLICY.replace('0.8', '0.7') });
  const { exitCode, stdout } = await run('policy', 'test');
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/rastro\.policy\.test\.yaml:7/);
  expect(stdout).toContain('it is allowed, and must be denied');
  await work.write({ 'rastro.policy.yaml': POLICY });
});

test('the doctor names what a workflow lacks, what could not be asked, and the next step of every principle', async () => {
  const { exitCode, stdout } = await run('doctor', '--json');
  expect(exitCode).toBe(1);
  const { checks, maturity } = JSON.parse(stdout).record;
  const found = Object.fromEntries(checks.map((check: { id: string }) => [check.id, check]));
  expect(found['permissions:.github/workflows/release.yml:release']).toMatchObject({
    status: 'fail',
    sentence: expect.stringContaining('contents: write (release)'),
  });
  expect(found['protection:trail']).toMatchObject({ status: 'unknown' });
  expect(found.trail).toMatchObject({ status: 'pass' });
  expect(maturity).toHaveLength(8);
  expect(maturity.find(({ principle }: { principle: string }) => principle === 'Tests')).toMatchObject({
    level: 1,
    next: 'Give metrics a "min" or "max" in rastro.yaml.',
  });
});

test('a version that was withdrawn where it is still held or served is told by registry, doctor, deploy and audit', async () => {
  expect((await run('registry', 'show')).stdout).not.toContain('deregistered');
  // As gto does it: by a tag alone, which no entry made.
  await work.git('tag', '-a', '-m', 'leaky', 'churn@v1.0.0!', 'HEAD');
  await work.git('push', '--quiet', 'origin', 'churn@v1.0.0!');
  expect((await run('registry', 'show')).stdout).toContain(
    'churn v1.0.0 was deregistered while it held prod: promote another version.',
  );
  const withdrawals = async () => {
    const { stdout } = await run('doctor', '--json');
    const { checks } = JSON.parse(stdout).record;
    return checks
      .filter(({ id }: { id: string }) => id.startsWith('withdrawn:'))
      .map(({ status, sentence }: { status: string; sentence: string }) => `${status}: ${sentence}`);
  };
  expect(await withdrawals()).toEqual([
    'fail: churn v1.0.0 was withdrawn, and holds the stage prod.',
    'fail: churn v1.0.0 was withdrawn, and is what was last deployed to prod.',
  ]);
  const audited = async () => {
    const { exitCode, stdout } = await run('audit', 'churn', 'prod', '--json');
    expect(exitCode).toBe(1);
    const { steps } = JSON.parse(stdout).record;
    return steps
      .filter(({ status }: { status: string }) => status === 'violated')
      .map(({ step }: { step: string }) => step);
  };
  expect(await audited()).toEqual(['tags']);

  const withdraws = { model: 'churn', version: 'v1.0.0' };
  await record({ kind: 'annotate', event: { skips: [], reason: 'it is leaky', withdraws } });
  expect((await withdrawals())[0]).toBe(
    'fail: churn v1.0.0 was withdrawn (it is leaky), and holds the stage prod.',
  );
  expect(await audited()).toEqual(['deployment', 'tags']);
  const again = await run('deploy', 'churn', 'prod');
  expect(again.exitCode).toBe(2);
  expect(again.stderr).toContain('churn v1.0.0, which holds the stage prod, was deregistered');
});
