import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { readContract } from '@rastro/contract';
import { readProject } from '@rastro/lineage';
import { readPolicy } from '@rastro/registry';
import { verbs } from '@rastro/usecases';
import { expect, test } from 'vitest';
import { actionVerbs, root } from './docs/action-files.ts';
import { markdownFiles, trackedFiles } from './docs/tracked-files.ts';
import { documentedBlocks, type YamlBlock, type YamlKind } from './docs/yaml-blocks.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

const readers: Readonly<Record<Exclude<YamlKind, 'workflow'>, (text: string, place: string) => unknown>> = {
  project: readProject,
  policy: readPolicy,
  contract: readContract,
};

test("the front page's table has exactly the verbs, and each is an action of its own", () => {
  const [, table = ''] = /<!-- verbs -->\n([\s\S]*?)<!-- \/verbs -->/.exec(read('README.md')) ?? [];
  const listed = [...table.matchAll(/^\| \[`([a-z-]+)`\]\(actions\/\1\)/gm)].map(([, verb]) => verb);
  expect(listed).toEqual(verbs.map(({ name }) => name));
  expect([...listed].sort()).toEqual(actionVerbs());
});

test.each(markdownFiles())('every link of %s leads somewhere', (path) => {
  const text = read(path).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(https:|#)/.test(target!)) continue;
    const file = join(dirname(path), target!.split('#')[0]!);
    expect(relative(root, join(root, file)).startsWith('..'), `${target} leaves the repository`).toBe(false);
    expect(existsSync(join(root, file)), `${path} links to ${target}`).toBe(true);
  }
});

test('every piece of YAML in the documentation is of a kind that a test reads', () => {
  const unknown = documentedBlocks().filter(({ kind }) => kind === undefined);
  expect(unknown.map(({ place }) => place)).toEqual([]);
});

test.each(described())('$place is one that Rastro reads', ({ kind, text, place }) => {
  expect(() => readers[kind as keyof typeof readers](text, place)).not.toThrow();
});

test('what the pages call a folder or a file of this repository is there', () => {
  const names = markdownFiles()
    .filter((path) => ['README.md', 'CONTRIBUTING.md'].includes(path))
    .flatMap((path) => [
      ...read(path).matchAll(/`((?:packages|test|native|schemas|examples|bench)\/[\w./-]*)`/g),
    ])
    .map(([, name]) => name!);
  expect(names).not.toEqual([]);
  expect(names.filter((name) => !/shadow/.test(name) && !existsSync(join(root, name)))).toEqual([]);
});

test('what the pages run is a script of this repository', () => {
  const { scripts } = JSON.parse(read('package.json'));
  for (const path of ['README.md', 'CONTRIBUTING.md']) {
    for (const [, script] of read(path).matchAll(/\bnpm run (?:-s )?([a-z:-]+)/g)) {
      expect(Object.keys(scripts), path).toContain(script);
    }
    for (const [, file] of read(path).matchAll(/^bash ([\w./-]+)/gm))
      expect(statSync(join(root, file!)).mode & 0o100, `${file} can be run`).toBe(0o100);
  }
});

/** The pieces of the pages that are files of a project, and those files of the examples. */
function described(): YamlBlock[] {
  const files = trackedFiles().flatMap((path): YamlBlock[] => {
    if (!path.startsWith('examples/')) return [];
    const kind = path.endsWith('/rastro.yaml')
      ? 'project'
      : path.endsWith('/rastro.policy.yaml')
        ? 'policy'
        : path.includes('/contracts/')
          ? 'contract'
          : undefined;
    return kind ? [{ place: path, kind, text: read(path) }] : [];
  });
  return [...documentedBlocks().filter(({ kind }) => kind && kind !== 'workflow'), ...files];
}
