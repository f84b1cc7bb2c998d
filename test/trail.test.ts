import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRepository } from '@rastro/git';
import {
  type TemporaryDirectory,
  type TemporaryRepository,
  temporaryDirectory,
  temporaryRepository,
} from '@rastro/testkit';
import { commitMessage, encodeEntry, entryPath, nextEntry, verifyChain } from '@rastro/trail';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from './place.ts';
import { type MadeUp, releasable } from './released.ts';

/** The life of a version on the command line, signed: what is looked up, approved, promoted, taken back and proved. */
let work: TemporaryRepository;
let keys: TemporaryDirectory;

const policy = (roots: string) => `version: 1
stages:
  staging: { from: [candidate] }
  prod:
    from: [staging]
    approvals: { min: 1, exclude_author: true, sources: [signature] }
    data_contract: pass
    evaluation:
      metrics: { roc_auc: { min: 0.8, max_drop_vs_stage: 0.005 } }
    rollback: { waive: [max_drop_vs_stage], approvals: 0 }
signatures:
  required: true
  signers:
${roots}`;

beforeAll(async () => {
  keys = await temporaryDirectory('rastro-keys');
  for (const name of ['robot', 'bea', 'stranger']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(keys.path, name)]);
  }
  work = await temporaryRepository({ remote: true });
  const signers = ['robot', 'bea'].map((name) => {
    const kinds = name === 'bea' ? ', kinds: [approve]' : '';
    return `    ${name}: { key: "${publicKey(name)}"${kinds} }\n`;
  });
  await work.commit('Begin', {
    ...releasable([{ name: 'churn' }]),
    'rastro.policy.yaml': policy(signers.join('')),
  });
  await work.push('main');
  await work.git('remote', 'set-head', 'origin', 'main');
});
afterAll(async () => {
  await work?.dispose();
  await keys?.dispose();
});

const publicKey = (name: string) => readFileSync(join(keys.path, `${name}.pub`), 'utf8').trim();
const secret = (name: string) => ({ RASTRO_SIGNING_KEY: readFileSync(join(keys.path, name), 'utf8') });
const fingerprint = (name: string) =>
  execFileSync('ssh-keygen', ['-l', '-f', join(keys.path, `${name}.pub`)], { encoding: 'utf8' }).split(
    ' ',
  )[1]!;

async function run(signer: string | undefined, ...args: string[]) {
  const result = await cli(work.directory, args, signer === undefined ? {} : secret(signer));
  return { ...result, told: `${result.stdout}\n${result.stderr}` };
}

async function passed(signer: string | undefined, ...args: string[]) {
  const result = await run(signer, ...args);
  expect(result.exitCode, `${args.join(' ')}\n${result.told}`).toBe(0);
  return result;
}

async function release(next: Omit<MadeUp, 'name'>) {
  await work.commit('Train', releasable([{ name: 'churn', ...next }]));
  await work.push('main');
  return passed('robot', 'release', '--github-release', 'false');
}

test('what the policy would not accept is not written: no key, or a key that nobody knows', async () => {
  const unsigned = await run(undefined, 'release', '--github-release', 'false');
  expect(unsigned.exitCode).toBe(2);
  expect(unsigned.stderr).toContain('[signature-required]');
  const foreign = await run('stranger', 'release', '--github-release', 'false');
  expect(foreign.stderr).toContain('[signer-unknown]');
  const broken = await cli(work.directory, ['release', '--github-release', 'false'], {
    RASTRO_SIGNING_KEY: 'canary-that-is-no-key',
  });
  expect(broken.stderr).toContain('[signing-key]');
  expect(`${broken.stdout}${broken.stderr}`).not.toContain('canary');
  expect(await work.git('ls-remote', 'origin', 'rastro/trail')).toBe('');
});

test('a release is signed, and the version is in the registry and in the log', async () => {
  await release({});
  const shown = await passed(undefined, 'registry', 'show', '--json');
  expect(JSON.parse(shown.stdout)).toEqual({
    churn: { version: 'v1.0.0', stage: {}, registered: true, active: true },
  });
  const { stdout } = await passed(undefined, 'log', 'churn', '--json');
  const entries = JSON.parse(stdout);
  expect(entries.map(({ kind }: { kind: string }) => kind)).toEqual([
    'release',
    'evaluate',
    'train',
    'data-check',
  ]);
  expect(entries[0]).toMatchObject({ headline: 'release: churn v1.0.0', signedBy: [fingerprint('robot')] });
  const read = await passed(undefined, 'log', 'churn', '--max-count', '1');
  expect(read.stdout).toMatch(/release: churn v1\.0\.0[\s\S]*Who[\s\S]*When[\s\S]*Signed +SHA256:/);
  expect(read.stdout).not.toContain('evaluate: churn');
});

test('policy check names each rule, its evidence and what to do; and changes nothing', async () => {
  const before = await work.git('ls-remote', 'origin');
  const { exitCode, stdout } = await run(undefined, 'policy', 'check', 'churn', 'v1.0.0', 'prod');
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/from +a version that holds.* +candidate +❌ fail/);
  expect(stdout).toMatch(/approvals: have it approved/);
  expect(await work.git('ls-remote', 'origin')).toBe(before);
});

test('an approval is signed by somebody whom the policy knows; then the version moves', async () => {
  await passed('robot', 'promote', 'churn', 'v1.0.0', 'staging');
  const denied = await run('robot', 'promote', 'churn', 'prod');
  expect(denied.exitCode).toBe(1);
  const nobody = await run(undefined, 'approve', 'churn', 'prod');
  expect(nobody.stderr).toContain('[signature-required]');
  const stranger = await run('stranger', 'approve', 'churn', 'prod');
  expect(stranger.stderr).toContain('[signer-unknown]');
  await passed('bea', 'approve', 'churn', 'v1.0.0', 'prod');
  expect((await passed('bea', 'approve', 'churn', 'v1.0.0', 'prod')).stdout).toContain('already');
  await passed('robot', 'promote', 'churn', 'prod');
  const rejected = await passed('bea', 'approve', 'churn', 'prod', '--reject');
  expect(rejected.stdout).toContain('rejected');
});

test('a rollback returns to the version before under the waivers of the policy; a promotion has none', async () => {
  await release({ bytes: 'second', auc: 0.95, params: { depth: 3 } });
  await passed('robot', 'promote', 'churn', 'staging');
  await passed('bea', 'approve', 'churn', 'prod');
  await passed('robot', 'promote', 'churn', 'prod');
  const beyond = await run('bea', 'annotate', '--reason', 'bea may only approve');
  expect(beyond.stderr).toContain('[signer-unknown]');
  const early = await run('robot', 'promote', 'churn', 'v1.0.0', 'prod');
  expect(early.exitCode).toBe(1);
  expect(early.stdout).toContain('max_drop_vs_stage');
  const never = await run('robot', 'rollback', 'churn', 'prod', '--version', 'v9.0.0');
  expect(never.stderr).toContain('[never-held]');
});

test('the tag of a stage that an interrupted move left at the remote alone is in the clone after the next run', async () => {
  const [tag = ''] = (await work.git('tag', '--list', '--sort=-creatordate', 'churn#prod#*')).split('\n');
  await work.git('tag', '--delete', tag);
  const { stdout } = await passed('robot', 'promote', 'churn', 'prod');
  expect(stdout).toContain('already');
  expect(await work.git('cat-file', '-t', tag)).toBe('tag');
});

test('somebody else’s no is not skipped, nor is a move of a stage; their own they may take back', async () => {
  const { stdout } = await passed(undefined, 'log', '--json');
  const entries: { seq: number; kind: string; event: { verdict?: string } }[] = JSON.parse(stdout);
  const rejection = entries.find(({ event }) => event.verdict === 'rejected')!;
  const move = entries.find(({ kind }) => kind === 'promote')!;
  for (const { seq } of [rejection, move]) {
    const refused = await run('robot', 'annotate', '--skips', String(seq), '--reason', 'it is in the way');
    expect(refused.stderr, String(seq)).toContain('[skip-refused]');
  }
  const back = await run('robot', 'rollback', 'churn', 'prod');
  expect(back.exitCode, 'the rejection of v1.0.0 stands').toBe(1);
  await passed('bea', 'approve', 'churn', 'v1.0.0', 'prod');
  const done = await passed('robot', 'rollback', 'churn', 'prod');
  expect(done.stdout).toContain('churn v1.0.0 is prod again, in place of v1.1.0');
  expect(done.stdout).toMatch(/max_.*➖ waived/);
  const further = await run('robot', 'rollback', 'churn', 'prod');
  expect(further.stderr).toContain('[nothing-before]');
});

test('a version that holds a stage stays; another is withdrawn, and a model is deprecated', async () => {
  const held = await run('robot', 'deregister', 'churn', 'v1.0.0', '--reason', 'leaky');
  expect(held.stderr).toContain('[version-in-use]');
  await release({ bytes: 'third', auc: 0.96, params: { depth: 4 } });
  await passed('robot', 'deregister', 'churn', 'v1.2.0', '--reason', 'trained on its own test rows');
  const gone = await run('robot', 'promote', 'churn', 'v1.2.0', 'staging');
  expect(gone.stderr).toContain('[version-deregistered]');
  const { stdout: told } = await passed(undefined, 'log', 'churn', '--kind', 'annotate', '--json');
  expect(JSON.parse(told)[0].event.withdraws).toEqual({ model: 'churn', version: 'v1.2.0' });
  const { stdout } = await passed(undefined, 'registry', 'history', 'churn');
  expect(stdout).toMatch(/deregistration +v1\.2\.0/);
  await passed('robot', 'deprecate', 'churn', '--reason', 'replaced by another model');
  expect(JSON.parse((await passed(undefined, 'registry', 'list', '--json')).stdout)).toEqual([
    { model: 'churn', versions: 2, latest: 'v1.1.0', active: false },
  ]);
  const { stdout: log } = await passed(undefined, 'log', '--kind', 'annotate');
  expect(log).toContain('trained on its own test rows');
});

test('a withdrawal outlives its tag', async () => {
  const listed = () => work.git('tag', '--list', 'churn@v1.2.0*');
  expect(await listed()).toBe('churn@v1.2.0\nchurn@v1.2.0!');
  await work.git('push', '--quiet', '--delete', 'origin', 'churn@v1.2.0!');
  await work.git('tag', '--delete', 'churn@v1.2.0!');
  const still = await run('robot', 'promote', 'churn', 'v1.2.0', 'staging');
  expect(still.exitCode).toBe(2);
  expect(still.stderr).toContain('[version-deregistered]');
});

test('whom a commit names by the address that GitHub hides theirs behind is its author, and approves nothing of it', async () => {
  const next = { name: 'churn', bytes: 'fourth', auc: 0.97, params: { depth: 5 } };
  await work.commit('Train', releasable([next]));
  await work.git('commit', '--quiet', '--amend', '--no-edit', '--author=B <7+Bea@users.noreply.github.com>');
  await work.push('main');
  await passed('robot', 'release');
  await passed('robot', 'promote', 'churn', 'v1.3.0', 'staging');
  await passed('bea', 'approve', 'churn', 'v1.3.0', 'prod');
  const denied = await run('robot', 'promote', 'churn', 'v1.3.0', 'prod', '--json');
  expect(denied.exitCode).toBe(1);
  const { record } = JSON.parse(denied.stdout);
  expect(record.rules.filter(({ passed: held }: { passed: boolean }) => !held)).toMatchObject([
    { rule: 'approvals' },
  ]);
});

test('offline, the same clone sees what it did, and the pinned key vouches for the whole trail', async () => {
  const { stdout } = await run(
    undefined,
    'audit',
    'churn',
    'prod',
    '--trust-root',
    fingerprint('robot'),
    '--json',
  );
  const { record } = JSON.parse(stdout);
  const status = (step: string) => record.steps.find((each: { step: string }) => each.step === step)?.status;
  expect(status('trust-root')).toBe('verified');
  expect(status('signatures')).toBe('verified');
  expect(status('chain')).toBe('verified');
  const other = JSON.parse(
    (await run(undefined, 'audit', 'churn', 'prod', '--trust-root', fingerprint('bea'), '--json')).stdout,
  );
  expect(other.record.steps[0]).toMatchObject({ step: 'trust-root', status: 'violated' });
});

test('the signing key is in no entry, no log and no argument', async () => {
  const body = readFileSync(join(keys.path, 'robot'), 'utf8').split('\n')[2]!;
  expect(await work.git('log', '-p', 'refs/rastro/trail')).not.toContain(body);
  expect((await passed('robot', 'log', '--json')).told).not.toContain(body);
});

test('an entry that somebody slipped in unsigned is built upon by no decision, and named', async () => {
  const git = await openRepository(work.directory);
  const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
  const repositoryId = await git.rootCommit();
  const head = await git.trailHead();
  const { entries, end } = verifyChain({ commits: await git.trail(head!), sha256, repositoryId });
  const evaluated = entries.findLast(({ entry }) => entry.kind === 'evaluate')!.entry;
  const at = Math.floor(Date.now() / 1000);
  const forged = nextEntry(end, {
    ...evaluated,
    repositoryId,
    recordedAt: `${new Date(at * 1000).toISOString().slice(0, 19)}Z`,
  });
  const content = encodeEntry(forged);
  const message = commitMessage(forged, sha256(content));
  await git.appendTrail({
    head,
    entries: [{ path: entryPath(forged), content, message }],
    tags: [],
    author: { name: 'Mallory', email: 'mallory@example.com' },
    at,
  });
  const refused = await run('robot', 'promote', 'churn', 'v1.1.0', 'staging');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toMatch(/-evaluate\.json is not signed[\s\S]*\[trail-unlawful\]/);
  const audited = await run(undefined, 'audit', 'churn', 'prod', '--json');
  const { steps } = JSON.parse(audited.stdout).record;
  expect(steps.find(({ step }: { step: string }) => step === 'signatures')).toMatchObject({
    status: 'violated',
    sentence: expect.stringContaining('-evaluate.json is not signed'),
  });
});
