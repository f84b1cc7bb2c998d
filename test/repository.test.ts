import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { VERSION } from '@rastro/host';
import { expect, test } from 'vitest';
import { root } from './docs/action-files.ts';
import { trackedFiles } from './docs/tracked-files.ts';

const files = trackedFiles();
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const json = (path: string) => JSON.parse(read(path));

/** Lines of tracked text files that hold a text, or match a pattern. */
function linesWith(wanted: string | RegExp, paths: readonly string[] = files): string[] {
  const isIn = (text: string) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text));
  return paths.flatMap((path) => {
    const text = read(path);
    if (text.includes('\0')) return [];
    return text
      .split('\n')
      .flatMap((line, index) => (isIn(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 160)}`] : []));
  });
}

test('the lock names packages by their digest alone: it holds for whatever registry npm is configured for', () => {
  expect(linesWith(/\btarball:|https?:/, ['pnpm-lock.yaml'])).toEqual([]);
});

test('no file says which registry to use', () => {
  expect(
    files.filter((path) => ['.npmrc', '.yarnrc', '.yarnrc.yml', 'pip.conf'].includes(basename(path))),
  ).toEqual([]);
  const configured = execFileSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  expect(linesWith(new URL(configured).host)).toEqual([]);
  expect(linesWith(/\b(registry\.[a-z]+|files\.pythonhosted)\.(com|org|net)\b|pypi\.org\/simple/)).toEqual(
    [],
  );
});

test('no file names a path of the machine that it was written on', () => {
  const code = files.filter((path) => !/(^|\/)test\//.test(path));
  expect(linesWith(`${homedir()}/`, code)).toEqual([]);
  expect(linesWith(/(^|[\s"'`(=:])\/(work|root|tmp|home\/[a-z]+|Users\/[a-z]+)\//, code)).toEqual([]);
});

test('the version is the same everywhere', () => {
  expect(VERSION).toBe(json('package.json').version);
});

test('every package says its licence, and that it is not published by itself', () => {
  for (const path of files.filter((file) => basename(file) === 'package.json')) {
    expect(json(path), path).toMatchObject({ license: 'Apache-2.0', private: true });
  }
  expect(read('LICENSE')).toMatch(
    /Apache License\s+Version 2\.0, January 2004[\s\S]*END OF TERMS AND CONDITIONS/,
  );
});

test('dependencies are pinned to one version, the same in every package', () => {
  const versions = new Map<string, Set<string>>();
  for (const path of files.filter((file) => basename(file) === 'package.json')) {
    const { dependencies, devDependencies, optionalDependencies } = json(path);
    for (const [name, version] of Object.entries({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    })) {
      expect(version, `${name} in ${path}`).toMatch(/^(workspace:\*|\d+\.\d+\.\d+(-[\w.]+)?)$/);
      versions.set(name, (versions.get(name) ?? new Set()).add(String(version)));
    }
  }
  expect([...versions].filter(([, found]) => found.size > 1)).toEqual([]);
});

test('what is built is not in Git', () => {
  expect(files.filter((path) => /(^|\/)(dist|lib|node_modules|\.cache)\/|\.tsbuildinfo$/.test(path))).toEqual(
    [],
  );
});

test('no file that tests use is larger than a diff can show', () => {
  const large = files.filter(
    (path) => path !== 'pnpm-lock.yaml' && readFileSync(join(root, path)).length > 500_000,
  );
  expect(large).toEqual([]);
});

test('scripts can be run, and shell scripts stop at the first failure', () => {
  for (const path of ['.ci/run', ...files.filter((file) => file.endsWith('.sh'))]) {
    expect(read(path), path).toMatch(/^#!\/usr\/bin\/env bash\n[\s\S]*^set -euo pipefail$/m);
    execFileSync('bash', ['-n', join(root, path)]);
  }
  expect(existsSync(join(root, '.ci/run'))).toBe(true);
});
