import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fault, OutsideError } from '@rastro/fault';
import { type Git, gitFailed } from './git.ts';
import { checkedIdentity, checkedObjectId, checkedPath } from './names.ts';

export interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/**
 * Reads objects by id in one process. One that is not there is undefined.
 * @throws OutsideError when one is there and cannot be read: git answers "missing" then too, but complains.
 */
export async function readObjects(git: Git, ids: readonly string[]): Promise<(GitObject | undefined)[]> {
  if (ids.length === 0) return [];
  const args = ['cat-file', '--batch', '--buffer'];
  const output = await git.run(args, { input: `${ids.join('\n')}\n` });
  if (/^(error|fatal):/m.test(output.stderr)) throw gitFailed(args, output);
  const { stdout } = output;
  const objects: (GitObject | undefined)[] = [];
  let at = 0;
  while (objects.length < ids.length) {
    const end = stdout.indexOf(0x0a, at);
    if (end < 0) throw new RangeError('git cat-file answered fewer objects than it was asked for');
    const header = stdout.toString('utf8', at, end);
    const found = /^([0-9a-f]+) (commit|tree|blob|tag) ([0-9]+)$/.exec(header);
    at = end + 1;
    if (!found) {
      objects.push(undefined);
      continue;
    }
    const [, id = '', type = '', size] = found;
    objects.push({ id, type, bytes: stdout.subarray(at, at + Number(size)) });
    at += Number(size) + 1;
  }
  return objects;
}

/** Reads objects that others point at, so that one that is not there is damage. */
export async function readReferenced(git: Git, ids: readonly string[]): Promise<GitObject[]> {
  const objects = await readObjects(git, ids);
  return objects.map((object, index) => {
    if (object) return object;
    throw new OutsideError(
      fault(
        'git-object-missing',
        `object ${ids[index]} is missing from the repository`,
        undefined,
        'Run git fsck, and clone again.',
      ),
    );
  });
}

/** The object at a path of a commit; undefined when the commit or the path is not there. */
export async function objectAt(git: Git, commit: string, path: string): Promise<GitObject | undefined> {
  const name = `${checkedObjectId(commit)}:${checkedPath(path)}`;
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', name];
  const output = await git.run(args, { allow: [0, 1] });
  if (/^(error|fatal):/m.test(output.stderr)) throw gitFailed(args, output);
  if (output.exitCode !== 0) return undefined;
  const [object] = await readReferenced(git, [output.stdout.toString('utf8').trim()]);
  return object;
}

/** Which of the ids are those of commits that are there. */
export async function presentCommits(git: Git, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const answer = await git.text(['cat-file', '--batch-check'], { input: `${ids.join('\n')}\n` });
  return new Set(
    answer
      .split('\n')
      .filter((line) => line.split(' ')[1] === 'commit')
      .map((line) => line.slice(0, line.indexOf(' '))),
  );
}

export interface NewCommit {
  readonly parent: string | undefined;
  readonly files: readonly { readonly path: string; readonly content: string | Uint8Array }[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  /** Seconds since the epoch. */
  readonly at: number;
}

/**
 * Writes a line of commits, each adding its files as plain ones on top of the one before, in one process however many they are.
 * Resolves with their ids. The ref that git wants for this is ours alone and gone again afterwards.
 */
export async function writeCommits(
  git: Git,
  line: { readonly parent: string | undefined; readonly commits: readonly Omit<NewCommit, 'parent'>[] },
): Promise<string[]> {
  const ref = `refs/rastro/writing/${randomUUID()}`;
  const parts: (string | Uint8Array)[] = [];
  const data = (content: string | Uint8Array) => {
    const bytes = Buffer.from(content);
    parts.push(`data ${bytes.length}\n`, bytes, '\n');
  };
  for (const [index, { files, message, author, at }] of line.commits.entries()) {
    const { name, email } = checkedIdentity(author);
    const person = `${name} <${email}> ${at} +0000`;
    parts.push(`commit ${ref}\nmark :${index + 1}\nauthor ${person}\ncommitter ${person}\n`);
    data(message);
    if (index === 0 && line.parent !== undefined) parts.push(`from ${checkedObjectId(line.parent)}\n`);
    for (const { path, content } of files) {
      parts.push(`M 100644 inline ${JSON.stringify(checkedPath(path))}\n`);
      data(content);
    }
    parts.push('\n');
  }
  for (const index of line.commits.keys()) parts.push(`get-mark :${index + 1}\n`);
  parts.push('done\n');
  try {
    const input = Buffer.concat(parts.map((part) => Buffer.from(part)));
    const answer = await git.text(['fast-import', '--quiet', '--done'], { input });
    return answer.split('\n');
  } finally {
    await git.run(['update-ref', '-d', ref]);
  }
}

/** Writes a commit that adds or replaces files on top of its parent. Neither the working tree nor the index is touched. */
export async function writeCommit(git: Git, commit: NewCommit): Promise<string> {
  const { parent, files, message, at } = commit;
  const { name, email } = checkedIdentity(commit.author);
  const folder = await mkdtemp(join(tmpdir(), 'rastro-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    if (parent !== undefined) await git.run(['read-tree', checkedObjectId(parent)], { env });
    for (const { path, content } of files) {
      const blob = await git.text(['hash-object', '-w', '--stdin'], { input: content });
      const mode = await modeOf(git, env, checkedPath(path));
      await git.run(['update-index', '--add', '--cacheinfo', `${mode},${blob},${path}`], { env });
    }
    const tree = await git.text(['write-tree'], { env });
    const date = `@${at} +0000`;
    return await git.text(['commit-tree', ...(parent === undefined ? [] : ['-p', parent]), '-F', '-', tree], {
      input: message,
      env: {
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email,
        GIT_COMMITTER_DATE: date,
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A replaced file keeps its mode; a new one, and one that was a link, is a plain file. */
async function modeOf(git: Git, env: Record<string, string>, path: string): Promise<string> {
  const line = await git.text(['--literal-pathspecs', 'ls-files', '-s', '-z', '--', path], { env });
  return line.startsWith('100755 ') && line.endsWith(`\t${path}\0`) ? '100755' : '100644';
}
