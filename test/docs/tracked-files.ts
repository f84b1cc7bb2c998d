import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './action-files.ts';

/** The files that are in Git or are about to be, by path from the root: not those that Git ignores, nor deleted ones. */
export function trackedFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const paths = new Set(listed.split('\0').filter((path) => path !== ''));
  return [...paths].filter((path) => existsSync(join(root, path))).sort();
}

/** The pages that people read; not those that tests hold renderers to. */
export function markdownFiles(): string[] {
  return trackedFiles().filter((path) => path.endsWith('.md') && !path.includes('/test/'));
}
