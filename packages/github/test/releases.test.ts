import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type GitHub,
  startGitHub,
  type TemporaryDirectory,
  type TemporaryRepository,
  temporaryDirectory,
  temporaryRepository,
} from '@rastro/testkit';
import type { Forge } from '@rastro/usecases';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forgeOf } from './forge.ts';

let github: GitHub;
let work: TemporaryRepository;
let folder: TemporaryDirectory;
let release: Parameters<Forge['ensureRelease']>[0];

beforeEach(async () => {
  work = await temporaryRepository({ files: { 'a.txt': 'a' }, remote: true });
  await work.tag('churn@v1.0.0');
  await work.push('main', 'churn@v1.0.0');
  github = await startGitHub({ repository: 'acme/churn', git: work.remote! });
  folder = await temporaryDirectory();
  const assets = [];
  for (const [name, size] of [
    ['model.onnx', 3_000_000],
    ['card.md', 40],
    ['tiny.txt', 1],
  ] as const) {
    const path = join(folder.path, name);
    await writeFile(path, Buffer.alloc(size, name));
    assets.push({ name, path, contentType: 'application/octet-stream' });
  }
  const commit = await work.git('rev-parse', 'HEAD');
  release = { tag: 'churn@v1.0.0', commit, title: 'churn 1.0.0', body: 'Notes', prerelease: false, assets };
});
afterEach(async () => {
  expect(github.violations).toEqual([]);
  await Promise.all([github.stop(), work.dispose(), folder.dispose()]);
});

async function expectOneCompleteRelease() {
  const { releases } = await github.state();
  expect(releases).toHaveLength(1);
  expect(releases[0]).toMatchObject({ draft: false, tag: 'churn@v1.0.0', title: 'churn 1.0.0' });
  expect(releases[0]!.body).toBe('<!-- rastro:release%2Fchurn%40v1.0.0 -->\nNotes');
  expect(releases[0]!.assets.map(({ name, bytes }) => [name, bytes.length]).sort()).toEqual([
    ['card.md', 40],
    ['model.onnx', 3_000_000],
    ['tiny.txt', 1],
  ]);
}

test('a release is drafted, filled and published, and asked for again it is left alone', async () => {
  const forge = forgeOf(github);
  const { url, status } = await forge.ensureRelease(release);
  expect(status).toBe('created');
  expect(url).toBe(`${github.url}/acme/churn/releases/tag/churn%40v1.0.0`);
  await expectOneCompleteRelease();
  const writes = () => github.requests.filter(({ method }) => method !== 'GET').length;
  const before = writes();
  expect(await forge.ensureRelease({ ...release, body: 'Other notes' })).toEqual({ url, status: 'existing' });
  expect(writes()).toBe(before);
});

test.each([1, 2, 3, 4, 5])(
  'a run that dies before its write number %i is resumed to the same end',
  async (at) => {
    // Everything up to that write goes through, then the connection is dead for this run.
    let left = at - 1;
    github.failNext({
      count: 100,
      status: 0,
      when: ({ method }) => method !== 'GET' && left-- <= 0,
    });
    await expect(forgeOf(github).ensureRelease(release)).rejects.toMatchObject({
      code: 'github-unreachable',
    });
    github.heal();
    expect((await forgeOf(github).ensureRelease(release)).status).toBe(at === 1 ? 'created' : 'resumed');
    await expectOneCompleteRelease();
  },
);

test('a release whose every step loses an answer is there once', async () => {
  for (const [method, path] of [
    ['POST', /releases$/],
    ['POST', /assets$/],
    ['PATCH', /releases/],
  ] as const) {
    github.failNext({ count: 1, status: 502, method, path, afterwards: true });
  }
  await forgeOf(github).ensureRelease(release);
  await expectOneCompleteRelease();
});

test('an asset of the right size but other bytes, and one that is not wanted, are replaced in a draft', async () => {
  const other = { ...release, assets: release.assets.map((asset) => ({ ...asset })) };
  const path = join(folder.path, 'wrong');
  await writeFile(path, Buffer.alloc(40, 'wrong'));
  other.assets[1]!.path = path;
  other.assets.push({ name: 'extra.txt', path, contentType: 'text/plain' });
  github.failNext({ count: 100, status: 0, method: 'PATCH' });
  await expect(forgeOf(github).ensureRelease(other)).rejects.toThrow();
  github.heal();
  await forgeOf(github).ensureRelease(release);
  await expectOneCompleteRelease();
  const { releases } = await github.state();
  expect(releases[0]!.assets.find(({ name }) => name === 'card.md')!.bytes).toEqual(
    await readFile(release.assets[1]!.path),
  );
});

test("someone's own draft for the tag is not touched", async () => {
  await github.ask('ada', 'POST', '/repos/acme/churn/releases', {
    tag_name: 'churn@v1.0.0',
    draft: true,
    body: 'mine',
  });
  expect((await forgeOf(github).ensureRelease(release)).status).toBe('created');
  expect((await github.state()).releases.map(({ draft, author }) => [draft, author])).toEqual([
    [true, 'ada'],
    [false, 'github-actions[bot]'],
  ]);
});

test('five at once make one release', async () => {
  const all = await Promise.all(Array.from({ length: 5 }, () => forgeOf(github).ensureRelease(release)));
  expect(new Set(all.map(({ url }) => url)).size).toBe(1);
  await expectOneCompleteRelease();
});

test('an asset is downloaded whole, and the token is not sent to where it lies', async () => {
  const forge = forgeOf(github);
  await forge.ensureRelease(release);
  const to = join(folder.path, 'downloaded');
  expect(await forge.downloadAsset({ tag: release.tag, name: 'model.onnx', to })).toBe(true);
  expect(await readFile(to)).toEqual(await readFile(release.assets[0]!.path));
  expect(await forge.downloadAsset({ tag: release.tag, name: 'nothing', to })).toBe(false);
  expect(await forge.downloadAsset({ tag: 'churn@v9.9.9', name: 'model.onnx', to })).toBe(false);
});

test('a name that GitHub would change and an empty file are refused before anything is sent', async () => {
  const odd = { ...release, assets: [{ ...release.assets[0]!, name: 'my model.onnx' }] };
  await expect(forgeOf(github).ensureRelease(odd)).rejects.toMatchObject({ code: 'asset-name' });
  await writeFile(release.assets[1]!.path, '');
  await expect(forgeOf(github).ensureRelease(release)).rejects.toMatchObject({ code: 'asset-empty' });
  expect(github.requests).toEqual([]);
});
