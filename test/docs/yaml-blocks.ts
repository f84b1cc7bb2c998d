import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './action-files.ts';
import { markdownFiles, trackedFiles } from './tracked-files.ts';

/** What a piece of YAML in the documentation is, by the keys that only it has. */
const kinds = {
  workflow: ['jobs'],
  project: ['models'],
  policy: ['stages'],
  contract: ['fields'],
} as const;
export type YamlKind = keyof typeof kinds;

export interface YamlBlock {
  /** `README.md:12`, or the path of a file that is YAML as a whole. */
  readonly place: string;
  readonly kind: YamlKind | undefined;
  readonly text: string;
}

/** Every ```yaml block of the documentation. */
export function documentedBlocks(): YamlBlock[] {
  return markdownFiles().flatMap((path) => blocksOf(path));
}

/** Every workflow that a user may copy: the example files, and the blocks of the documentation. */
export function workflows(): YamlBlock[] {
  return [
    ...exampleWorkflows(),
    ...reusableWorkflows(),
    ...documentedBlocks().filter(({ kind }) => kind === 'workflow'),
  ];
}

export function exampleWorkflows(): YamlBlock[] {
  return workflowFiles(/^workflows-examples\/.*\.ya?ml$/);
}

/** The workflows that other repositories call. */
export function reusableWorkflows(): YamlBlock[] {
  return workflowFiles(/^\.github\/workflows\/model-.*\.yml$/);
}

function workflowFiles(pattern: RegExp): YamlBlock[] {
  return trackedFiles()
    .filter((path) => pattern.test(path))
    .map((path) => ({ place: path, kind: 'workflow', text: read(path) }));
}

function blocksOf(path: string): YamlBlock[] {
  const markdown = read(path);
  return [...markdown.matchAll(/^( *)```ya?ml\n([\s\S]*?)^ *```$/gm)].map(({ index, 1: indent, 2: body }) => {
    const text = body!.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    return { place: `${path}:${markdown.slice(0, index).split('\n').length}`, kind: kindOf(text), text };
  });
}

function kindOf(text: string): YamlKind | undefined {
  const keys = Object.keys((parse(text) as object | null) ?? {});
  return (Object.keys(kinds) as YamlKind[]).find((kind) => kinds[kind].some((key) => keys.includes(key)));
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
