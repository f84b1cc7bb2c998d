import { chmod, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { serveGit, temporaryRepository } from '@rastro/testkit';
import { expect, test } from 'vitest';

test('a temporary repository commits, branches and tags, blind to the machine', async () => {
  await using repository = await temporaryRepository({
    files: { 'data/a.csv': 'x\n1\n' },
    startedAt: '2026-01-05T09:00:00Z',
  });
  await repository.branch('feature');
  const commit = await repository.commit('Change the data', { 'data/a.csv': 'x\n2\n' });
  const tag = await repository.tag('churn@v1.0.0', { message: 'First' });

  expect(await repository.log()).toEqual([
    { commit, subject: 'Change the data' },
    { commit: expect.stringMatching(/^[0-9a-f]{40}$/), subject: 'Begin' },
  ]);
  expect(await repository.git('cat-file', '-t', tag)).toBe('tag');
  expect(await repository.git('log', '-1', '--format=%an %ct')).toBe(
    `Ada Example ${Date.parse('2026-01-05T09:01:00Z') / 1000}`,
  );
});

test('the same start time gives the same commit ids', async () => {
  const options = { files: { 'a.txt': 'a' }, startedAt: '2026-01-05T09:00:00Z' };
  await using one = await temporaryRepository(options);
  await using two = await temporaryRepository(options);
  expect(await one.log()).toEqual(await two.log());
});

test('a bare remote is cloned shallow, and pushed to over HTTP with custom refs', async () => {
  await using repository = await temporaryRepository({ files: { 'a.txt': 'a' }, remote: true });
  await repository.commit('Second', { 'a.txt': 'b' });
  await repository.push('main');
  const server = await serveGit(dirname(repository.remote!));
  try {
    const url = `${server.url}/${basename(repository.remote!)}`;
    await using clone = await repository.clone({ depth: 1, from: url });
    expect(await clone.git('rev-parse', '--is-shallow-repository')).toBe('true');

    const commit = await clone.commit('Third', { 'b.txt': 'x'.repeat(3_000_000) });
    await clone.push('HEAD:refs/rastro/trail');
    expect(await repository.git('ls-remote', 'origin', 'refs/rastro/trail')).toContain(commit);
  } finally {
    await server.stop();
  }
});

test('a pre-receive hook of the remote refuses a push over HTTP', async () => {
  await using repository = await temporaryRepository({ files: { 'a.txt': 'a' }, remote: true });
  const hook = join(repository.remote!, 'hooks/pre-receive');
  await writeFile(hook, '#!/bin/sh\necho "protected branch" >&2\nexit 1\n');
  await chmod(hook, 0o755);
  const server = await serveGit(dirname(repository.remote!));
  try {
    await repository.git('remote', 'set-url', 'origin', `${server.url}/${basename(repository.remote!)}`);
    await expect(repository.push('main')).rejects.toThrow('protected branch');
  } finally {
    await server.stop();
  }
});
