import { expect, test } from 'vitest';
import { decodeEntry, KINDS, type TrailCommit, verifyChain } from '../src/index.ts';
import { commitOf, goodStory, REPOSITORY, Story, sha256, steps, wholeStory } from './story.ts';

const check = (commits: readonly TrailCommit[], expectHead?: string) =>
  verifyChain({ commits, sha256, repositoryId: REPOSITORY, ...(expectHead ? { expectHead } : {}) });
const codes = (commits: readonly TrailCommit[], expectHead?: string) => [
  ...new Set(check(commits, expectHead).faults.map(({ code }) => code)),
];
const at = (commits: readonly TrailCommit[], index: number) => commits[index] as TrailCommit;

/** Gives each commit the one before it as its parent, as somebody who rewrites a branch would. */
function relinked(commits: readonly TrailCommit[]): TrailCommit[] {
  const out: TrailCommit[] = [];
  for (const commit of commits) out.push({ ...commit, parents: out.slice(-1).map((last) => last.commit) });
  return out;
}

/** An edited entry, put in the place of the old one with a message that fits it. */
function edited(
  commits: readonly TrailCommit[],
  index: number,
  edit: (json: string) => string,
): TrailCommit[] {
  const old = at(commits, index);
  const text = edit(new TextDecoder().decode(old.added[0]?.bytes));
  const { entry } = decodeEntry(new TextEncoder().encode(text));
  return relinked(commits.with(index, commitOf(commits[index - 1], entry, text)));
}

test('a trail that nobody touched has no fault', () => {
  const { commits } = goodStory();
  const { faults, entries, end } = check(commits, at(commits, 3).commit);
  expect(faults).toEqual([]);
  expect(entries.map(({ entry }) => entry.kind)).toEqual([
    'data-check',
    'train',
    'evaluate',
    'release',
    'promote',
    'promote',
    'deploy',
  ]);
  expect(end?.seq).toBe(6);
});

test('an edited entry is caught by the one after it', () => {
  const { commits } = goodStory();
  const forged = edited(commits, 2, (json) => json.replace('0.93', '0.99'));
  expect(check(forged).faults).toMatchObject([
    { code: 'wrong-previous', path: 'entries/00000/00000003-release.json' },
  ]);
});

test('an edited last entry is caught against a head that was seen before', () => {
  const { commits } = goodStory();
  const forged = edited(commits, 6, (json) => json.replace('"success"', '"failure"'));
  expect(codes(forged)).toEqual([]);
  expect(codes(forged, at(commits, 6).commit)).toEqual(['head-differs']);
});

test('a dropped entry is caught, and so is a cut-off end against a head that was seen before', () => {
  const { commits } = goodStory();
  expect(codes(relinked(commits.toSpliced(2, 1)))).toEqual(['wrong-seq', 'wrong-previous']);
  expect(codes(commits.slice(0, 4), at(commits, 6).commit)).toEqual(['head-differs']);
  expect(codes(relinked(commits.slice(1)))).toEqual(['wrong-seq', 'wrong-previous']);
});

test('reordered entries are caught', () => {
  const { commits } = goodStory();
  const swapped = commits.with(1, at(commits, 2)).with(2, at(commits, 1));
  expect(codes(relinked(swapped))).toEqual(['wrong-seq', 'wrong-previous']);
});

test('an inserted entry is caught', () => {
  const { commits } = goodStory();
  const story = new Story();
  story.add(steps.dataCheck());
  story.add(steps.drift());
  const inserted = commits.toSpliced(1, 0, at(story.commits, 1));
  expect(codes(relinked(inserted))).toEqual(['wrong-seq', 'wrong-previous']);
});

test('an entry of another repository is caught', () => {
  const { commits } = goodStory({ repositoryId: 'f'.repeat(40) });
  expect(codes(commits)).toEqual(['wrong-repository']);
});

test('a commit that is not one more file on top of the last is caught', () => {
  const { commits } = goodStory();
  const bend = (index: number, change: Partial<TrailCommit>) =>
    codes(commits.with(index, { ...at(commits, index), ...change }));
  expect(bend(3, { parents: [at(commits, 2).commit, at(commits, 0).commit] })).toEqual(['wrong-parent']);
  expect(bend(0, { parents: ['f'.repeat(40)] })).toEqual(['wrong-parent']);
  expect(bend(3, { changed: ['entries/00000/00000001-train.json'] })).toEqual(['changed-file']);
  expect(bend(3, { added: [...at(commits, 3).added, ...at(commits, 2).added] })).toEqual(['not-one-file']);
  expect(bend(3, { added: [] })).toContain('not-one-file');
  expect(bend(3, { message: 'release: churn v9.9.9' })).toEqual(['wrong-message']);
  expect(bend(3, { committedAt: 1 })).toEqual(['wrong-time']);
  const [file] = at(commits, 3).added;
  expect(
    bend(3, {
      added: [{ path: 'entries/00000/00000003-train.json', bytes: file?.bytes ?? new Uint8Array() }],
    }),
  ).toEqual(['wrong-path']);
});

test('an annotation takes back what came before it, and nothing else', () => {
  const faultsAfter = (...skips: number[]) => {
    const story = goodStory();
    story.add(steps.approve('rejected'), { login: 'bob', id: 2 });
    story.add(steps.dataCheck('breach'), { login: 'robot', id: 9 });
    story.add(steps.annotate(...skips));
    return check(story.commits).faults.map(({ message }) => message);
  };
  expect(faultsAfter(6, 0)).toEqual([]);
  expect(faultsAfter(9)).toEqual(['it skips entry 9, which does not come before it']);
  expect(faultsAfter(8)).toEqual(['it skips entry 8, a "no" that only robot may take back']);
  expect(faultsAfter(7)).toEqual(['it skips entry 7, a "no" that only bob may take back']);
});

test('no change of any field of any kind of entry goes unnoticed', () => {
  const story = wholeStory();
  expect(new Set(story.entries.map(({ entry }) => entry.kind))).toEqual(new Set(KINDS));
  const head = at(story.commits, story.commits.length - 1).commit;
  let mutations = 0;
  for (const [index, commit] of story.commits.entries()) {
    const json = JSON.parse(new TextDecoder().decode(commit.added[0]?.bytes));
    for (const mutant of mutants(json)) {
      mutations++;
      const text = `${JSON.stringify(mutant, undefined, 2)}\n`;
      const bytes = new TextEncoder().encode(text);
      // The file alone is changed: its own commit message tells.
      const silent = story.commits.with(index, {
        ...commit,
        added: [{ path: commit.added[0]?.path ?? '', bytes }],
      });
      expect(check(silent).faults, text).not.toEqual([]);
      // The commit is made anew around it and all that follow are moved onto it: the next entry or the known head tells.
      const forged = forge(story.commits, index, text);
      if (forged) expect(check(forged, head).faults, text).not.toEqual([]);
    }
  }
  expect(mutations).toBeGreaterThan(250);
});

function forge(commits: readonly TrailCommit[], index: number, text: string): TrailCommit[] | undefined {
  try {
    return edited(commits, index, () => text);
  } catch {
    return undefined;
  }
}

/** The value with one leaf changed, one key removed or one item dropped, for every leaf, key and item. */
function* mutants(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield value.toSpliced(index, 1);
      for (const mutant of mutants(item)) yield value.with(index, mutant);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...rest } = value as Record<string, unknown>;
      yield rest;
      for (const mutant of mutants(item)) yield { ...value, [key]: mutant };
    }
  } else if (typeof value === 'string') {
    const last = value.at(-1);
    yield `${value.slice(0, -1)}${last === '0' ? '1' : '0'}`;
    yield '';
  } else if (typeof value === 'number') {
    yield value + 1;
  } else if (typeof value === 'boolean') {
    yield !value;
  } else {
    yield 'x';
  }
}
