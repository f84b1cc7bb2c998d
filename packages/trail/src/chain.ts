import { isRastroError } from '@rastro/fault';
import { commitMessage } from './commit-message.ts';
import { counted } from './counted.ts';
import { type ChainEnd, decodeEntry, type Entry, entryPath } from './entry.ts';
import type { Envelope } from './envelope.ts';
import { skipsOf } from './skips.ts';

/** One commit of the trail branch, as Git stores it. `committedAt` in seconds since the epoch. */
export interface TrailCommit {
  readonly commit: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly committedAt: number;
  readonly added: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** Paths that the commit modified, removed, or added as something else than a plain file. */
  readonly changed: readonly string[];
}

/** An entry in its place: the commit that added it and the sha256 of its file. */
export interface ChainedEntry {
  readonly entry: Entry;
  readonly commit: string;
  readonly sha256: string;
  readonly envelope: Envelope | null;
}

/** What is wrong with a chain, and in which commit. */
export interface ChainFault {
  readonly code:
    | 'head-differs'
    | 'wrong-parent'
    | 'changed-file'
    | 'not-one-file'
    | 'malformed-entry'
    | 'wrong-path'
    | 'wrong-seq'
    | 'wrong-previous'
    | 'wrong-repository'
    | 'wrong-message'
    | 'wrong-time'
    | 'wrong-skip';
  readonly message: string;
  readonly commit: string;
  readonly path: string | null;
}

export interface Chain {
  readonly entries: readonly ChainedEntry[];
  readonly faults: readonly ChainFault[];
  readonly end: ChainEnd;
}

/**
 * Walks a trail from genesis and names every fault: a second parent, an edited, dropped, moved or inserted entry, one of
 * another repository. A rewritten last entry is only told against `expectHead`, as nothing after it bears witness.
 */
export function verifyChain(trail: {
  /** Oldest first. */
  readonly commits: readonly TrailCommit[];
  readonly sha256: (bytes: Uint8Array) => string;
  readonly repositoryId: string;
  /** A commit that the trail is known to have reached. */
  readonly expectHead?: string;
}): Chain {
  const { commits, sha256, repositoryId, expectHead } = trail;
  const entries: ChainedEntry[] = [];
  const faults: ChainFault[] = [];
  if (expectHead !== undefined && !commits.some(({ commit }) => commit === expectHead)) {
    faults.push({
      code: 'head-differs',
      message: `the trail does not contain ${expectHead}, which it had reached`,
      commit: expectHead,
      path: null,
    });
  }
  let end: ChainEnd;
  for (const [index, commit] of commits.entries()) {
    const tell = (code: ChainFault['code'], message: string) =>
      faults.push({ code, message, commit: commit.commit, path: commit.added[0]?.path ?? null });
    verifyCommit(commit, commits[index - 1], tell);
    const [file] = commit.added;
    if (!file) continue;
    const digest = sha256(file.bytes);
    try {
      const { entry, envelope } = decodeEntry(file.bytes);
      verifyEntry({ entry, digest, path: file.path, commit, end, repositoryId, tell });
      entries.push({ entry, envelope, commit: commit.commit, sha256: digest });
      // The next entry is judged by its own number plus one, so that one gap is told once and not ever after.
      end = { seq: entry.seq, sha256: digest };
    } catch (error) {
      if (!isRastroError(error)) throw error;
      tell('malformed-entry', error.message);
      end = { seq: (end?.seq ?? -1) + 1, sha256: digest };
    }
  }
  return { entries, faults: [...faults, ...skipFaults(entries)], end };
}

type Tell = (code: ChainFault['code'], message: string) => void;

function verifyCommit(commit: TrailCommit, previous: TrailCommit | undefined, tell: Tell): void {
  const expected = previous ? [previous.commit] : [];
  if (commit.parents.join() !== expected.join()) {
    tell(
      'wrong-parent',
      expected.length === 0
        ? 'the first commit has a parent'
        : `its parents are ${commit.parents.join(', ') || 'none'}, not ${expected.join()}`,
    );
  }
  if (commit.changed.length > 0) {
    tell('changed-file', `it changes, removes or adds as no plain file ${commit.changed.join(', ')}`);
  }
  if (commit.added.length !== 1)
    tell('not-one-file', `it adds ${counted(commit.added.length, 'file')}, not one`);
}

function verifyEntry(check: {
  entry: Entry;
  digest: string;
  path: string;
  commit: TrailCommit;
  end: ChainEnd;
  repositoryId: string;
  tell: Tell;
}): void {
  const { entry, digest, path, commit, end, repositoryId, tell } = check;
  const seq = end ? end.seq + 1 : 0;
  if (path !== entryPath(entry)) tell('wrong-path', `${path} holds ${entryPath(entry)}`);
  if (entry.seq !== seq) tell('wrong-seq', `it is number ${entry.seq} where ${seq} comes next`);
  if (entry.prevSha256 !== (end?.sha256 ?? null)) {
    tell('wrong-previous', 'it does not follow the entry before it: that one was edited, dropped or moved');
  }
  if (entry.repositoryId !== repositoryId) {
    tell('wrong-repository', `it was made for repository ${entry.repositoryId}`);
  }
  if (commit.message.trimEnd() !== commitMessage(entry, digest).trimEnd()) {
    tell('wrong-message', 'the commit message does not describe the file that it adds');
  }
  if (commit.committedAt * 1000 !== Date.parse(entry.recordedAt)) {
    tell('wrong-time', `it was recorded at ${entry.recordedAt}, and committed at another time`);
  }
}

function skipFaults(entries: readonly ChainedEntry[]): ChainFault[] {
  return skipsOf(entries).faults.map(({ by, message }) => ({
    code: 'wrong-skip' as const,
    message,
    commit: by.commit,
    path: entryPath(by.entry),
  }));
}
