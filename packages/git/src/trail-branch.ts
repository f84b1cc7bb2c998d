import type { Git } from './git.ts';
import { type GitObject, readObjects, readReferenced } from './objects.ts';

/** One commit of the trail branch, with the files that it adds. `committedAt` in seconds since the epoch. */
export interface ReadCommit {
  readonly commit: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly committedAt: number;
  readonly added: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  readonly changed: readonly string[];
}

interface Change {
  readonly status: string;
  readonly mode: string;
  readonly blob: string;
  readonly path: string;
}

/**
 * Reads every commit that leads to a head, oldest first, in five processes however long the trail is. What leads to the last of
 * `known`, as it was read before, is not read again; when the head does not follow from there, everything is.
 */
export async function readTrail(
  git: Git,
  head: string,
  known: readonly ReadCommit[] = [],
): Promise<readonly ReadCommit[]> {
  const last = known.at(-1)?.commit;
  if (last === undefined) return readCommits(git, [head]);
  if (last === head) return known;
  const added = await readCommits(git, [head, `^${last}`]);
  // In a line of commits the first new one follows the last known, which then leads to all of them.
  const isLine = added.every(({ parents }, index) => parents.join() === (added[index - 1]?.commit ?? last));
  return isLine && added.length > 0 ? [...known, ...added] : readCommits(git, [head]);
}

async function readCommits(git: Git, revisions: readonly [string, ...string[]]): Promise<ReadCommit[]> {
  const isWhole = revisions.length === 1;
  const [{ commits, changes }, held] = await Promise.all([
    readHistory(git, revisions),
    // What an intact trail has added is all there at its end: it is read while git still compares commit with commit.
    isWhole ? blobsOf(git, revisions[0]) : [],
  ]);
  const bytes = new Map(held.map((blob) => [blob.id, blob.bytes]));
  const added = [...changes.values()].flat().filter(isAddition);
  const missing = new Set(added.flatMap(({ blob }) => (bytes.has(blob) ? [] : [blob])));
  for (const blob of await readReferenced(git, [...missing])) bytes.set(blob.id, blob.bytes);
  return commits.map((commit) => {
    const own = changes.get(commit.id) ?? [];
    return {
      commit: commit.id,
      ...parseCommit(commit.bytes),
      added: own
        .filter(isAddition)
        .map(({ path, blob }) => ({ path, bytes: bytes.get(blob) ?? new Uint8Array() })),
      changed: own.filter((change) => !isAddition(change)).map(({ path }) => path),
    };
  });
}

async function readHistory(git: Git, revisions: readonly string[]) {
  const list = await git.text(['rev-list', '--topo-order', '--reverse', ...revisions]);
  const ids = list.split('\n').filter((line) => line !== '');
  const [commits, changes] = await Promise.all([readReferenced(git, ids), readChanges(git, ids)]);
  return { commits, changes };
}

/** The plain files that a commit holds; of a damaged repository those that can be read. */
async function blobsOf(git: Git, commit: string): Promise<GitObject[]> {
  const list = await git.text(['ls-tree', '-r', '-z', commit]);
  const ids = list.split('\0').flatMap((line) => /^100644 blob ([0-9a-f]+)\t/.exec(line)?.[1] ?? []);
  const objects = await readObjects(git, [...new Set(ids)]);
  return objects.filter((object) => object !== undefined);
}

/** Only a plain file is an entry: a link that is named like one and holds its text is not. */
const isAddition = ({ status, mode }: Change) => status === 'A' && mode === '100644';

function parseCommit(bytes: Buffer): Pick<ReadCommit, 'parents' | 'message' | 'committedAt'> {
  const text = bytes.toString('utf8');
  const split = text.indexOf('\n\n');
  const header = split < 0 ? text : text.slice(0, split);
  const lines = header.split('\n');
  const committer = lines.find((line) => line.startsWith('committer ')) ?? '';
  return {
    parents: lines.filter((line) => line.startsWith('parent ')).map((line) => line.slice('parent '.length)),
    message: split < 0 ? '' : text.slice(split + 2),
    committedAt: Number(/> (\d+) [+-]\d{4}$/.exec(committer)?.[1] ?? Number.NaN),
  };
}

/** Commits to their changes. A merge is compared with each parent. */
async function readChanges(git: Git, ids: readonly string[]): Promise<Map<string, Change[]>> {
  const { stdout } = await git.run(
    ['diff-tree', '--stdin', '-r', '-z', '-m', '--root', '--raw', '--no-renames', '--no-abbrev'],
    { input: `${ids.join('\n')}\n` },
  );
  const changes = new Map<string, Change[]>();
  const tokens = stdout.toString('utf8').split('\0');
  let own: Change[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? '';
    if (token.startsWith(':')) {
      const [, mode = '', , blob = '', status = ''] = token.split(' ');
      at++;
      own.push({ status, mode, blob, path: tokens[at] ?? '' });
    } else if (token !== '') {
      own = changes.get(token) ?? [];
      changes.set(token, own);
    }
  }
  return changes;
}
