import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import {
  cacheAccess,
  type GitHub,
  runAction,
  runtimeToken,
  startGitHub,
  temporaryDirectory,
  temporaryRepository,
} from '@rastro/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let github: GitHub;

beforeAll(async () => {
  github = await startGitHub({ repository: 'acme/churn' });
});
afterAll(() => github.stop());

/** A training that says how often it ran, and whose model tells when. */
const SCRIPT = `
import { appendFileSync, writeFileSync } from 'node:fs';
appendFileSync('runs.txt', 'ran\\n');
writeFileSync(process.env.RASTRO_MODEL, 'model of ' + process.hrtime.bigint());
writeFileSync('models/notes.txt', 'seed ' + process.env.RASTRO_SEED);
`;

const project = (seed: number) => `version: 1
data:
  rows: { path: rows.csv }
models:
  m:
    task: binary
    target: y
    train: { command: node train.mjs, data: rows, outputs: [models/notes.txt], seed: ${seed} }
`;

interface Start {
  readonly seed?: number;
  /** Files that are there from before, a lock among them. */
  readonly files?: Readonly<Record<string, string>>;
  readonly ref?: string;
  readonly event?: 'push' | 'pull_request' | 'pull_request_target';
  readonly state?: 'open' | 'closed';
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A job on a clean checkout: what it said, and what is in the folder after it. */
async function job(start: Start) {
  const { seed = 1, event = 'pull_request', state = 'open' } = start;
  await using repository = await temporaryRepository({
    files: {
      'rastro.yaml': project(seed),
      'train.mjs': SCRIPT,
      'rows.csv': 'x,y\n1,0\n2,1\n',
      ...start.files,
    },
  });
  const read = (path: string) => readFile(join(repository.directory, path), 'utf8').catch(() => undefined);
  const result = await runAction({
    verb: 'train',
    directory: repository.directory,
    github,
    eventName: event,
    ref: start.ref ?? (event === 'pull_request' ? 'refs/pull/7/merge' : 'refs/heads/main'),
    event: event === 'push' ? {} : { pull_request: requestOf(state) },
    ...(start.inputs ? { inputs: start.inputs } : {}),
    ...(start.env ? { env: start.env } : {}),
  });
  return {
    result,
    ran: (await read('runs.txt')) !== undefined,
    model: await read('models/m.onnx'),
    notes: await read('models/notes.txt'),
    lock: await read('rastro.lock/m/train.yaml'),
    left: await read('.rastro/cache/train.yaml'),
  };
}

const requestOf = (state: string) => ({
  number: 7,
  state,
  base: { ref: 'main', sha: '1'.repeat(40), repo: { full_name: 'acme/churn' } },
  head: { ref: 'topic', sha: '2'.repeat(40), repo: { full_name: 'acme/churn' } },
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('on a pull request a second run takes the outputs of the first out of the cache', async () => {
  const first = await job({ seed: 10 });
  expect(first.result).toMatchObject({ exitCode: 0, outputs: { trained: 'm', restored: '' } });
  const second = await job({ seed: 10 });
  expect(second.result).toMatchObject({
    exitCode: 0,
    outputs: { trained: '', restored: 'm', digest: sha256(first.model!) },
  });
  expect(second.ran).toBe(false);
  expect(second).toMatchObject({ model: first.model, notes: 'seed 10', lock: first.lock, left: undefined });
  expect(second.result.summary).toContain('restored from the cache');
  expect(github.violations).toEqual([]);
});

test.each<[string, Start]>([
  ['a seed', { seed: 12 }],
  ['data', { seed: 11, files: { 'rows.csv': 'x,y\n1,0\n2,1\n3,1\n' } }],
  ['another pull request', { seed: 11, ref: 'refs/pull/8/merge' }],
  ['cache: false', { seed: 11, inputs: { cache: 'false' } }],
  ['force', { seed: 11, inputs: { force: 'true' } }],
  ['a run that has no cache', { seed: 11, env: { ACTIONS_RUNTIME_TOKEN: '' } }],
])('another training is not restored: %s', async (_, other) => {
  await job({ seed: 11 });
  expect((await job(other)).result.outputs).toMatchObject({ trained: 'm', restored: '' });
});

test('what main trained is there for its pull requests', async () => {
  const main = await job({ seed: 13, event: 'push' });
  expect(main.ran).toBe(true);
  expect(await job({ seed: 13 })).toMatchObject({ ran: false, model: main.model });
});

test.each<[string, Start]>([
  ['a push to main', { event: 'push' }],
  ['pull_request_target, which sees the cache of main', { event: 'pull_request_target' }],
  ['a pull request that was merged', { state: 'closed', ref: 'refs/heads/main' }],
])('where results can last, bytes that no lock in Git names are not believed: %s', async (_, start) => {
  await job({ ...start, seed: 14 });
  expect(await job({ ...start, seed: 14 })).toMatchObject({ ran: true });
});

test('where results can last, the outputs that the lock in Git names are restored', async () => {
  const first = await job({ seed: 15, event: 'push' });
  const second = await job({
    seed: 15,
    event: 'push',
    files: { 'rastro.lock/m/train.yaml': first.lock!, 'models/notes.txt': 'of another run' },
  });
  expect(second).toMatchObject({ ran: false, model: first.model, notes: 'seed 15', lock: first.lock });
});

test('an entry whose files are not those of the lock in Git is not used, and says so', async () => {
  await job({ seed: 16, event: 'push' });
  const other = await job({ seed: 16, event: 'push', inputs: { force: 'true' } });
  const third = await job({
    seed: 16,
    event: 'push',
    files: { 'rastro.lock/m/train.yaml': other.lock! },
  });
  expect(third.ran).toBe(true);
  expect(third.result.stdout).toContain(
    'what the cache has is not used, its files are not those of the lock',
  );
});

/** Puts an entry in the place of one that a run made, in the cache of another ref, as whoever may run a job there could. */
async function forge(key: string, ref: string, change: (folder: string) => Promise<void>) {
  const made = (await github.state()).cacheEntries.find((entry) => entry.key === key)!;
  const folder = await temporaryDirectory('rastro-forged');
  const isZstd = made.bytes.readUInt32LE() === 0xfd2fb528;
  await writeFile(join(folder.path, 'made.tar'), (isZstd ? zstdDecompressSync : gunzipSync)(made.bytes));
  execFileSync('tar', ['-xf', 'made.tar'], { cwd: folder.path });
  await change(join(folder.path, '.rastro/cache'));
  execFileSync('tar', ['-cf', 'forged.tar', '.rastro/cache'], { cwd: folder.path });
  const forged = await readFile(join(folder.path, 'forged.tar'));
  const call = async (method: string, more: object = {}) => {
    const response = await fetch(
      `${github.resultsUrl}/twirp/github.actions.results.api.v1.CacheService/${method}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${runtimeToken('666', cacheAccess(ref))}` },
        body: JSON.stringify({ key, version: made.version, ...more }),
      },
    );
    return (await response.json()) as { ok: boolean; signed_upload_url: string };
  };
  const { signed_upload_url } = await call('CreateCacheEntry');
  await fetch(signed_upload_url, { method: 'PUT', body: (isZstd ? zstdCompressSync : gzipSync)(forged) });
  expect((await call('FinalizeCacheEntryUpload')).ok).toBe(true);
  await folder.dispose();
}

const inLock = (folder: string, edit: (text: string) => string) =>
  readFile(join(folder, 'train.yaml'), 'utf8').then((text) =>
    writeFile(join(folder, 'train.yaml'), edit(text)),
  );

let nextSeed = 100;

test.each<[string, string, (folder: string, digest: string) => Promise<void>]>([
  ['other bytes', 'is damaged', (folder, digest) => writeFile(join(folder, digest), 'a better model')],
  ['a file that is gone', 'is damaged', (folder, digest) => rm(join(folder, digest))],
  [
    'a link to a file of the machine',
    'cannot be read',
    async (folder, digest) => {
      await rm(join(folder, digest));
      await symlink('/etc/hostname', join(folder, digest));
    },
  ],
  [
    'a lock that writes elsewhere',
    'was made from something else',
    (folder) => inLock(folder, (text) => text.replace('path: models/notes.txt', 'path: rastro.yaml')),
  ],
  [
    'a lock that leads outside',
    'was made from something else',
    (folder) => inLock(folder, (text) => text.replace('path: models/notes.txt', 'path: ../notes.txt')),
  ],
  [
    'a lock of another seed',
    'was made from something else',
    (folder) => inLock(folder, (text) => text.replace(/seed: \d+/, 'seed: 1')),
  ],
  ['a lock that is none', 'cannot be read', (folder) => inLock(folder, () => 'models: {')],
  ['no lock', 'cannot be read', (folder) => rm(join(folder, 'train.yaml'))],
])('a forged entry of the cache is not used: %s', async (name, reason, change) => {
  const ref = `refs/heads/${name.replaceAll(' ', '-')}`;
  const seed = nextSeed++;
  const before = (await github.state()).cacheEntries.length;
  const honest = await job({ seed });
  const { key } = (await github.state()).cacheEntries[before]!;
  await forge(key, ref, (folder) => change(folder, sha256(honest.model!)));
  const { result, ran, left } = await job({ seed, ref });
  expect(result.exitCode).toBe(0);
  expect(result.stdout).toContain(
    `what the cache has is not used, ${reason === 'is damaged' ? 'models/m.onnx' : 'it'} ${reason}`,
  );
  expect(ran).toBe(true);
  expect(left).toBeUndefined();
});

test('a cache that cannot be reached costs time, not the run', async () => {
  const { result, ran } = await job({ seed: 17, env: { ACTIONS_RESULTS_URL: 'http://127.0.0.1:9' } });
  expect(result.exitCode).toBe(0);
  expect(ran).toBe(true);
});
