import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startStrictGitLab, TOKEN } from '../packages/gitlab/test/strict-gitlab.ts';
import { cli } from './place.ts';

/** `rastro comment` from a terminal or another forge's pipeline, as the bundled command line. */
let repository: TemporaryRepository;

beforeEach(async () => {
  repository = await temporaryRepository({ files: { 'rastro.yaml': '' } });
});
afterEach(() => repository[Symbol.asyncDispose]());

const write = (sentence: string) =>
  repository.write({
    '.rastro/reports/compare-delay.json': JSON.stringify({
      schema: 'rastro/report/v1',
      verb: 'compare',
      subject: 'delay',
      verdict: { status: 'pass', sentence },
      sections: [],
      findings: [],
      arguments: ['--model', 'delay'],
    }),
  });
const comment = (args: readonly string[], env: Record<string, string> = {}) =>
  cli(repository.directory, ['comment', ...args], env);

test('a GitLab pipeline of merged results tells of the commit that was pushed, which a reader can fetch', async () => {
  await using gitlab = await startStrictGitLab();
  const [merged, pushed] = ['c'.repeat(40), 'd'.repeat(40)];
  const pipeline = {
    GITLAB_TOKEN: TOKEN,
    CI_API_V4_URL: gitlab.apiUrl,
    CI_PROJECT_ID: 'acme/churn',
    CI_MERGE_REQUEST_IID: '7',
    CI_MERGE_REQUEST_DIFF_BASE_SHA: 'b'.repeat(40),
    CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: pushed,
    CI_COMMIT_SHA: merged,
  };
  await write('delay improved.');
  const first = await comment(['--forge', 'gitlab'], pipeline);
  expect(first, first.stderr).toMatchObject({ exitCode: 0 });
  const [note] = gitlab.notes;
  expect(note!.body).toContain('git fetch origin merge-requests/7/head');
  expect(note!.body).toContain(`git checkout ${pushed}`);
  expect(note!.body).not.toContain(merged);

  // In a pipeline of the branch's own commit GitLab leaves that name empty.
  await write('delay regressed.');
  const plain = { ...pipeline, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: '', CI_COMMIT_SHA: 'e'.repeat(40) };
  expect(await comment(['--forge', 'gitlab'], plain)).toMatchObject({ exitCode: 0 });
  expect(gitlab.notes.map(({ id }) => id)).toEqual([note!.id]);
  expect(gitlab.notes[0]!.body).toContain(`git checkout ${'e'.repeat(40)}`);
  expect(gitlab.notes[0]!.body).toMatch(/1 earlier verdict.*`d{12}`.*delay improved/su);
  expect(gitlab.violations).toEqual([]);
});

test('a file keeps the comment and its history, and no part of what somebody else wrote there', async () => {
  const text = () => readFile(join(repository.directory, 'note.md'), 'utf8');
  const toFile = ['--forge', 'file', '--output', 'note.md'];
  await repository.write({ 'note.md': 'notes of my own\n' });
  await write('delay improved.');
  expect(await comment(toFile)).toMatchObject({ exitCode: 0 });
  const first = await text();
  expect(first).toMatch(/^<!-- rastro:rastro -->\n/);
  expect(first).not.toContain('notes of my own');
  expect((await comment([...toFile, '--json'])).stdout).toContain('"unchanged"');
  expect(await text()).toBe(first);
  await write('delay regressed.');
  expect(await comment(toFile)).toMatchObject({ exitCode: 0 });
  expect(await text()).toMatch(/delay regressed.*1 earlier verdict.*delay improved/su);
});
