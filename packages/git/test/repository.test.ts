import { execFileSync } from 'node:child_process';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, OutsideError } from '@rastro/fault';
import { temporaryDirectory, temporaryRepository } from '@rastro/testkit';
import { expect, test } from 'vitest';
import { openRepository } from '../src/index.ts';

const author = { name: 'Ada Example', email: 'ada@example.com' };
/** Puts empty commits on a branch, many in one process. */
function grow(directory: string, branch: string, commits: number): void {
  const one = (n: number) =>
    `commit refs/heads/${branch}\ncommitter ${branch} <a@example.com> ${1767225600 + n} +0000\ndata 0\n${n === 0 ? `from refs/heads/${branch}^0\n` : ''}\n`;
  execFileSync('git', ['fast-import', '--quiet'], {
    cwd: directory,
    input: Array.from({ length: commits }, (_, n) => one(n)).join(''),
  });
}

const nowhere = '0123456789012345678901234567890123456789';

test('a directory without a repository is the user’s mistake', async () => {
  const place = await temporaryDirectory('rastro-none');
  await expect(openRepository(place.path)).rejects.toThrow(InputError);
  await place.dispose();
});

test('a name that git could read as an option is refused before any process starts', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' } });
  const repository = await openRepository(work.directory);
  const head = await repository.head();
  await expect(repository.resolve('--upload-pack=x')).rejects.toThrow('is no revision');
  await expect(repository.readFile(head, '../secret')).rejects.toThrow('is no path');
  await expect(repository.readFile('--output=x', 'a.txt')).rejects.toThrow('is no object id');
  await expect(openRepository(work.directory, { remote: '--upload-pack=x' })).rejects.toThrow(InputError);
  await expect(openRepository(work.directory, { remote: 'ext::sh -c touch% x' })).rejects.toThrow(InputError);
  const tag = { target: head, message: 'm', tagger: author, taggedAt: 1 };
  await expect(repository.makeTagObject({ ...tag, name: '--upload-pack=x@v1.0.0' })).rejects.toThrow(
    InputError,
  );
  await expect(
    repository.makeTagObject({ ...tag, name: 'm@v1.0.0', tagger: { name: 'a\nb', email: 'c' } }),
  ).rejects.toThrow(InputError);
});

test('what is not there is undefined, and what is broken throws', async () => {
  await using work = await temporaryRepository({ files: { 'd/a.txt': 'a\n' } });
  const repository = await openRepository(work.directory);
  const head = await repository.head();
  expect(await repository.resolve('nope')).toBeUndefined();
  expect(await repository.resolve(nowhere)).toBeUndefined();
  expect(await repository.readFile(head, 'd/nope.txt')).toBeUndefined();
  expect(await repository.readFile(head, 'd')).toBeUndefined();
  expect(await repository.readFile(nowhere, 'd/a.txt')).toBeUndefined();
  expect(await repository.commitInfo(nowhere)).toBeUndefined();
  expect(await repository.trailHead()).toBeUndefined();
  expect(await repository.tags()).toEqual([]);
  expect(Buffer.from((await repository.readFile(head, 'd/a.txt')) ?? []).toString()).toBe('a\n');

  const blob = await work.git('rev-parse', 'HEAD:d/a.txt');
  const file = join(work.directory, '.git', 'objects', blob.slice(0, 2), blob.slice(2));
  await chmod(file, 0o644);
  await writeFile(file, 'not an object');
  await expect(repository.readFile(head, 'd/a.txt')).rejects.toThrow(OutsideError);
});

test('a remote that cannot be reached is not an empty one', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote: true });
  await rm(work.remote ?? '', { recursive: true });
  const repository = await openRepository(work.directory);
  await expect(repository.trailHead()).rejects.toThrow(OutsideError);
  await expect(repository.tags()).rejects.toThrow(OutsideError);
});

test('a commit, its author and what is not committed are read', async () => {
  await using work = await temporaryRepository({
    files: { 'a.txt': 'a\n', 'ü b.txt': 'b\n' },
    startedAt: '2026-01-01T00:00:00Z',
  });
  const repository = await openRepository(work.directory);
  expect(await repository.commitInfo(await repository.head())).toEqual({
    author,
    committedAt: 1767225600,
    subject: 'Begin',
  });
  await work.write({ 'a.txt': 'changed\n', 'new.txt': 'n\n', 'ü b.txt': 'changed\n' });
  expect(await repository.dirty(['a.txt', 'new.txt'])).toEqual(['a.txt', 'new.txt']);
  expect(await repository.dirty(['ü b.txt'])).toEqual(['ü b.txt']);
  expect(await repository.dirty([])).toEqual([]);
  expect(await repository.rootCommit()).toBe(await repository.head());
});

test('many files are read at once, and many commits placed by whether a branch leads to them', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'one\n' } });
  const repository = await openRepository(work.directory);
  const first = await repository.head();
  const second = await work.commit('Change', { 'a.txt': 'two\n' });
  await work.git('switch', '--quiet', '--create', 'topic', first);
  const aside = await work.commit('Aside', { 'a.txt': 'three\n' });
  const blob = await work.git('rev-parse', `${first}:a.txt`);
  const texts = await repository.readFiles(
    [first, second, nowhere, blob].map((commit) => ({ commit, path: 'a.txt' })),
  );
  expect(texts.map((file) => file && Buffer.from(file.bytes).toString())).toEqual([
    'one\n',
    'two\n',
    undefined,
    undefined,
  ]);
  expect(texts[0]?.blob).toBe(blob);
  expect(await repository.readFiles([{ commit: first, path: 'b.txt' }])).toEqual([undefined]);
  expect(await repository.readFiles([])).toEqual([]);
  const places = await repository.placesOf([first, second, aside, nowhere, blob], second);
  expect([...places.values()]).toEqual(['inside', 'inside', 'outside', 'absent', 'absent']);
});

test('objects are what their ids say, and merging another history in does not change whose repository it is', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'one\n' } });
  const repository = await openRepository(work.directory);
  const first = await repository.head();
  const blob = await work.git('rev-parse', `${first}:a.txt`);
  const second = await work.commit('Change', { 'a.txt': 'two\n' });
  await work.git('replace', blob, `${second}:a.txt`);
  expect(Buffer.from((await repository.readFile(first, 'a.txt'))!).toString()).toBe('one\n');
  for (const name of ['one', 'two', 'three']) {
    await work.git('switch', '--quiet', '--orphan', name);
    await work.commit(name, { [`${name}.txt`]: name });
    await work.git('switch', '--quiet', 'main');
    await work.git('merge', '--quiet', '--allow-unrelated-histories', '--no-edit', name);
  }
  expect(await repository.rootCommit()).toBe(first);
});

test('the merge-base of a shallow clone is found by fetching more history', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': '0\n' }, remote: true });
  grow(work.directory, 'main', 60);
  const fork = await work.git('rev-parse', 'main');
  await work.git('branch', 'topic', 'main');
  grow(work.directory, 'topic', 30);
  grow(work.directory, 'main', 10);
  await work.push('main', 'topic');
  await using clone = await work.clone({ depth: 1 });
  await clone.git('fetch', '--quiet', '--depth=1', 'origin', 'topic:refs/remotes/origin/topic');
  const repository = await openRepository(clone.directory);
  const offline = await openRepository(clone.directory, { offline: true });
  const topic = (await repository.resolve('origin/topic')) ?? '';
  expect(await repository.isShallow()).toBe(true);
  await expect(offline.mergeBase(await repository.head(), topic)).rejects.toThrow('shallow');
  await expect(offline.rootCommit()).rejects.toThrow('shallow');
  expect(await repository.mergeBase(await repository.head(), topic)).toBe(fork);
  expect(await repository.isShallow()).toBe(true);
  expect(await repository.isAncestor(fork, topic)).toBe(true);
  expect(await repository.isAncestor(topic, fork)).toBe(false);
  expect(await repository.rootCommit()).toBe((await work.log('main')).at(-1)?.commit);
});

test('the default branch is the remote’s, as it is there now', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote: true });
  await work.push('main');
  await using clone = await work.clone({ depth: 1 });
  const newer = await work.commit('newer');
  await work.push('main');
  await clone.git('switch', '--quiet', '--create', 'topic');
  const repository = await openRepository(clone.directory);
  expect(await repository.defaultBranch()).toEqual({ name: 'main', commit: newer });
  expect(await repository.commitInfo(newer)).toMatchObject({ subject: 'newer' });
  const offline = await openRepository(clone.directory, { offline: true });
  expect((await offline.defaultBranch())?.name).toBe('main');
});

test('annotated tags are read as they are at the remote, whatever the checkout made of them', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote: true });
  for (let n = 1; n <= 5; n++) await work.commit(`commit ${n}`);
  const objectId = await work.tag('churn@v1.0.0', {
    message: 'First\n\nRastro-Version: v1.0.0',
    at: 'HEAD~2',
  });
  await work.tag('churn#prod#2', { at: 'HEAD~4' });
  await work.git('tag', 'light', 'HEAD');
  await work.push('main', '--tags');

  await using clone = await work.clone({ depth: 4 });
  await clone.git('tag', '--force', 'churn@v1.0.0', 'HEAD');
  const repository = await openRepository(clone.directory);
  const tags = await repository.tags();
  expect(tags.map(({ name }) => name)).toEqual(['churn#prod#2', 'churn@v1.0.0']);
  expect(tags[1]).toMatchObject({
    objectId,
    commit: await work.git('rev-parse', 'HEAD~2'),
    message: 'First\n\nRastro-Version: v1.0.0\n',
    tagger: 'Ada Example <ada@example.com>',
  });
  expect(await clone.log()).toHaveLength(4);

  await work.git('push', '--quiet', '--delete', 'origin', 'churn#prod#2');
  expect((await repository.tags()).map(({ name }) => name)).toEqual(['churn@v1.0.0']);
});

const entry = (path: string, content = `${path}\n`) => ({ path, content, message: `add ${path}\n` });

for (const remote of [true, false]) {
  const where = remote ? 'at a remote' : 'without a remote';

  test(`entries and tags are appended together or not at all, ${where}`, async () => {
    await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote });
    if (remote) await work.push('main');
    const repository = await openRepository(work.directory);
    const first = await repository.appendTrail({
      head: undefined,
      entries: [entry('entries/00000000-train.json'), entry('entries/00000001-evaluate.json')],
      tags: [],
      author,
      at: 1767225600,
    });
    if (first.status !== 'accepted') throw new Error('the first append was rejected');
    expect(await repository.trailHead()).toBe(first.head);

    const tag = (message: string) =>
      repository.head().then((target) =>
        repository.makeTagObject({
          name: 'm@v1.0.0',
          target,
          message,
          tagger: author,
          taggedAt: 1767225601,
        }),
      );
    const release = (objectId: string, head: string) =>
      repository.appendTrail({
        head,
        entries: [entry('entries/00000002-release.json', `${objectId}\n`)],
        tags: [{ name: 'm@v1.0.0', objectId }],
        author,
        at: 1767225602,
      });
    const [mine, theirs] = [await tag('mine'), await tag('theirs')];
    const won = await release(mine, first.head);
    if (won.status !== 'accepted') throw new Error('the release was rejected');
    expect(await release(theirs, first.head)).toEqual({ status: 'rejected' });
    expect(await release(theirs, won.head)).toEqual({ status: 'rejected' });
    expect(await repository.trailHead()).toBe(won.head);
    expect((await repository.tags()).map(({ objectId }) => objectId)).toEqual([mine]);
    expect(await work.git('rev-parse', 'refs/tags/m@v1.0.0')).toBe(mine);

    const commits = await repository.trail(won.head);
    expect(commits.map(({ added }) => added.map(({ path }) => path))).toEqual([
      ['entries/00000000-train.json'],
      ['entries/00000001-evaluate.json'],
      ['entries/00000002-release.json'],
    ]);
    expect(commits[2]).toMatchObject({
      message: 'add entries/00000002-release.json\n',
      committedAt: 1767225602,
      parents: [commits[1]?.commit],
      changed: [],
    });
    expect(Buffer.from(commits[2]?.added[0]?.bytes ?? []).toString()).toBe(`${mine}\n`);
    expect(await work.git('status', '--porcelain')).toBe('');
  });

  test(`a branch is pushed without touching the working tree, ${where}`, async () => {
    await using work = await temporaryRepository({ files: { 'run.sh': '#!/bin/sh\n' }, remote });
    await work.git('update-index', '--chmod=+x', 'run.sh');
    await work.git('commit', '--quiet', '--message', 'executable');
    const repository = await openRepository(work.directory);
    const base = await repository.head();
    const push = (content: string) =>
      repository.pushBranch({
        branch: 'rastro/retrain',
        base,
        files: [
          { path: 'run.sh', content },
          { path: 'new/file', content },
        ],
        message: 'Retrain\n',
        author,
        at: 1767225600,
      });
    await push('one\n');
    const { commit, status } = await push('two\n');
    expect(status).toBe('pushed');
    expect(await push('two\n')).toEqual({ status: 'unchanged', commit });
    const place = remote ? (work.remote ?? '') : work.directory;
    const shown = execFileSync('git', ['ls-tree', '-r', 'rastro/retrain'], { cwd: place }).toString();
    expect(shown).toMatch(/^100644 .*\tnew\/file\n100755 .*\trun\.sh\n$/);
    expect(execFileSync('git', ['rev-parse', 'rastro/retrain'], { cwd: place }).toString().trim()).toBe(
      commit,
    );
  });

  test(`a branch that somebody else has committed to is left alone, ${where}`, async () => {
    await using work = await temporaryRepository({ files: { 'run.sh': 'one\n' }, remote });
    const repository = await openRepository(work.directory);
    const base = await repository.head();
    await work.branch('rastro/retrain');
    const theirs = await work.commit('Mend it by hand', { 'run.sh': 'two\n' });
    if (remote) await work.push('rastro/retrain');
    const files = [{ path: 'run.sh', content: 'three\n' }];
    const robot = { name: 'robot', email: 'robot@example.com' };
    const push = {
      branch: 'rastro/retrain',
      base,
      files,
      message: 'Retrain\n',
      author: robot,
      at: 1767225600,
    };
    expect(await repository.pushBranch(push)).toEqual({ status: 'foreign', commit: theirs });
  });
}

test('a push that a rule forbids is an error, not a lost race', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote: true });
  const hook = join(work.remote ?? '', 'hooks', 'pre-receive');
  await writeFile(hook, '#!/bin/sh\necho "the trail is protected"\nexit 1\n');
  await chmod(hook, 0o755);
  const repository = await openRepository(work.directory);
  const append = repository.appendTrail({
    head: undefined,
    entries: [entry('entries/00000000-train.json')],
    tags: [],
    author,
    at: 1,
  });
  await expect(append).rejects.toThrow(
    /refuses the push: .*pre-receive hook declined.*the trail is protected/,
  );
});

test('a trail that was rewritten at the remote is told, and the one seen before is kept', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote: true });
  const repository = await openRepository(work.directory);
  const append = (path: string) =>
    repository.appendTrail({ head: undefined, entries: [entry(path)], tags: [], author, at: 1 });
  await append('entries/00000000-train.json');
  const seen = await repository.trailHead();
  await work.git('push', '--quiet', '--delete', 'origin', 'rastro/trail');
  await expect(repository.trailHead()).rejects.toThrow('rewritten or deleted');
  await append('entries/00000000-drift.json');
  await expect(repository.trailHead()).rejects.toThrow('rewritten or deleted');
  const offline = await openRepository(work.directory, { offline: true });
  expect(await offline.trailHead()).toBe(seen);
});

test('a tag of the clone is not replaced by the one that the remote accepted under its name', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote: true });
  const own = await work.tag('m@v1.0.0', { message: 'mine alone' });
  const repository = await openRepository(work.directory);
  const target = await repository.head();
  const made = { name: 'm@v1.0.0', target, message: 'released', tagger: author, taggedAt: 1767225601 };
  const objectId = await repository.makeTagObject(made);
  const { status } = await repository.appendTrail({
    head: undefined,
    entries: [entry('entries/00000000-release.json')],
    tags: [{ name: 'm@v1.0.0', objectId }],
    author,
    at: 1767225601,
  });
  expect(status).toBe('accepted');
  expect(await work.git('rev-parse', 'refs/tags/m@v1.0.0')).toBe(own);
  expect((await repository.tags()).map((tag) => tag.objectId)).toEqual([objectId]);
});

test('what the remote accepted is seen offline in the same clone, its tags too, and so is what a plain fetch brings', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote: true });
  const repository = await openRepository(work.directory);
  const append = async (n: number, head: string | undefined, name: string) => {
    const objectId = await repository.makeTagObject({
      name,
      target: await repository.head(),
      message: name,
      tagger: author,
      taggedAt: n,
    });
    const result = await repository.appendTrail({
      head,
      entries: [{ path: `entries/${n}.json`, content: `${n}\n`, message: `entry ${n}\n` }],
      tags: [{ name, objectId }],
      author,
      at: n,
    });
    if (result.status !== 'accepted') throw new Error('rejected');
    return result.head;
  };
  const first = await append(1, undefined, 'm@v1.0.0');
  const offline = await openRepository(work.directory, { offline: true });
  expect(await offline.trailHead()).toBe(first);
  expect((await offline.tags()).map(({ name }) => name)).toEqual(['m@v1.0.0']);

  await work.push('main');
  await using other = await work.clone();
  const second = await append(2, first, 'm@v1.1.0');
  expect(await offline.trailHead()).toBe(second);
  await other.git('fetch', '--quiet', 'origin');
  const elsewhere = await openRepository(other.directory, { offline: true });
  expect(await elsewhere.trailHead()).toBe(second);
});
