import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { runAction, temporaryDirectory, temporaryRepository } from '@rastro/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectFiles } from './churn.ts';
import { actionVerbs, root } from './docs/action-files.ts';
import { makeReleaseTree, type ReleaseTree } from './release-tree.ts';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

let release: ReleaseTree;
beforeAll(async () => {
  release = await makeReleaseTree();
});
afterAll(() => release?.[Symbol.asyncDispose]());

test('a release holds the actions as they are used, their licences, and neither sources nor dependencies', () => {
  const paths = filesOf(release.tree);
  const belongs = [
    /^(LICENSE|README\.md)$/,
    /^schemas\/[\w-]+\.schema\.json$/,
    /^\.github\/workflows\/[\w-]+\.yml$/,
    /^actions\/[a-z-]+\/(action\.yml|README\.md|dist\/index\.js)$/,
    /^actions\/_bundle\/dist\/([\w.]+\.js|package\.json|LICENSES\.txt)$/,
  ];
  expect(paths.filter((path) => !belongs.some((pattern) => pattern.test(path)))).toEqual([]);
  for (const verb of actionVerbs())
    for (const part of ['action.yml', 'README.md', 'dist/index.js'])
      expect(paths).toContain(`actions/${verb}/${part}`);
  expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'actions/_bundle/dist/LICENSES.txt']));
});

test('its checksums hold for every file, and for the archive, which holds the same files', async () => {
  const listed = readFileSync(join(release.out, 'SHA256SUMS'), 'utf8');
  expect(() =>
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: release.out }),
  ).not.toThrow();
  const archive = `rastro-v${version}.tar.gz`;
  const inTree = filesOf(release.tree);
  expect(
    listed
      .trim()
      .split('\n')
      .map((line) => line.slice(66)),
  ).toEqual([archive, ...inTree.map((path) => `tree/${path}`)]);

  const unpacked = await temporaryDirectory('rastro-archive');
  execFileSync('tar', ['-xzf', join(release.out, archive), '--strip-components=1', '-C', unpacked.path]);
  expect(filesOf(unpacked.path)).toEqual(inTree);
  for (const path of inTree)
    expect(readFileSync(join(unpacked.path, path)).equals(readFileSync(join(release.tree, path))), path).toBe(
      true,
    );
  await unpacked.dispose();
});

test('the same commit gives the same release', async () => {
  await using again = await makeReleaseTree();
  expect(readFileSync(join(again.out, 'SHA256SUMS'), 'utf8')).toBe(
    readFileSync(join(release.out, 'SHA256SUMS'), 'utf8'),
  );
});

test('every link of its pages leads somewhere in it, or to the repository', () => {
  for (const path of filesOf(release.tree).filter((file) => file.endsWith('.md'))) {
    for (const [, target] of readFileSync(join(release.tree, path), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https:|#)/.test(target!)) continue;
      expect(
        existsSync(join(release.tree, dirname(path), target!.split('#')[0]!)),
        `${path}: ${target}`,
      ).toBe(true);
    }
  }
});

test('actions run from it on a machine that has no workspace, and fetch their native parts themselves', async () => {
  for (let folder = release.tree; folder !== dirname(folder); folder = dirname(folder))
    expect(existsSync(join(folder, 'node_modules')), folder).toBe(false);
  await using project = await temporaryRepository({ files: projectFiles() });
  const tools = await temporaryDirectory('rastro-tools');
  const run = async (verb: string) => {
    const env = { RUNNER_TOOL_CACHE: tools.path };
    const result = await runAction({
      verb,
      directory: project.directory,
      actions: join(release.tree, 'actions'),
      env,
    });
    expect(result.exitCode, `${result.stdout}\n${result.stderr}`).toBe(0);
    return result;
  };
  expect((await run('validate')).stdout).toContain('Fetching @duckdb/node-bindings');
  expect((await run('train')).outputs.trained).toBe('churn');
  expect((await run('evaluate')).stdout).toContain('Fetching onnxruntime-node');
  expect(readdirSync(tools.path).sort()).toEqual(['@duckdb', 'onnxruntime-node', 'rastro-compiled']);
  await tools.dispose();
}, 180_000);

test('released for good, it is a commit on top of main under an annotated tag, and never made twice', async () => {
  const clone = await temporaryDirectory('rastro-clone');
  const at = join(clone.path, 'rastro');
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, at]);
  for (const verb of [...actionVerbs(), '_bundle'])
    cpSync(join(root, 'actions', verb, 'dist'), join(at, 'actions', verb, 'dist'), { recursive: true });
  const script = () =>
    promisify(execFile)(process.execPath, [join(at, 'actions/_bundle/release.mjs')], { cwd: at });
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: at, encoding: 'utf8', env: { ...process.env, ...tagger } }).trim();
  git('config', 'user.name', 'Ada Example');
  git('config', 'user.email', 'ada@example.com');
  const { stdout } = await script();
  const tag = `v${version}`;
  expect(stdout).toContain(`tag=${tag}`);
  expect(git('cat-file', '-t', tag)).toBe('tag');
  expect(git('rev-parse', `${tag}^{commit}^`)).toBe(git('rev-parse', 'HEAD'));
  expect(git('ls-tree', '-r', '--name-only', tag).split('\n')).toContain('actions/_bundle/dist/index.js');
  expect(git('status', '--porcelain')).toBe('');
  await expect(script()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('never made again'),
  });
  await clone.dispose();
});

const tagger = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
