import { expect, test } from 'vitest';
import { mergeRequestBoard } from '../src/index.ts';
import { startStrictGitLab, TOKEN } from './strict-gitlab.ts';

const sticky = (body: string, key = 'rastro') => ({ pullRequest: 7, key, body: () => body });

test('the first note is created, the next updates it in place, and an unchanged one is not rewritten', async () => {
  await using gitlab = await startStrictGitLab();
  const board = mergeRequestBoard({ apiUrl: gitlab.apiUrl, project: 'acme/churn', token: `${TOKEN}\n` });
  const created = await board.upsertComment(sticky('first'));
  expect(created).toMatchObject({
    status: 'created',
    url: 'https://gitlab.example/acme/churn/-/merge_requests/7#note_1000',
  });
  expect(await board.upsertComment(sticky('second'))).toMatchObject({ status: 'updated', url: created.url });
  const before = gitlab.requests.length;
  expect(await board.upsertComment(sticky('second'))).toMatchObject({ status: 'unchanged' });
  expect(gitlab.requests.slice(before).every((request) => request.startsWith('GET'))).toBe(true);
  expect(gitlab.notes.map(({ body }) => body)).toEqual(['<!-- rastro:rastro -->\nsecond']);
  expect(gitlab.violations).toEqual([]);
});

test('ours is found among 250 notes of others, one of which bears our marker', async () => {
  await using gitlab = await startStrictGitLab();
  const board = mergeRequestBoard({ apiUrl: gitlab.apiUrl, project: 'acme/churn', token: TOKEN });
  gitlab.write(1, '<!-- rastro:rastro -->\nAll gates pass!');
  for (let at = 0; at < 150; at++) gitlab.write(1, `note ${at}`);
  await board.upsertComment(sticky('one'));
  for (let at = 0; at < 100; at++) gitlab.write(2, `note ${at}`);
  expect(await board.upsertComment(sticky('two'))).toMatchObject({ status: 'updated' });
  expect(gitlab.notes.filter(({ author }) => author.id === 42)).toHaveLength(1);
  expect(gitlab.notes[0]!.body).toContain('All gates pass!');
});

test('twenty at once leave one note', async () => {
  await using gitlab = await startStrictGitLab();
  const runs = Array.from({ length: 20 }, (_, at) =>
    mergeRequestBoard({ apiUrl: gitlab.apiUrl, project: 'acme/churn', token: TOKEN }).upsertComment(
      sticky(`run ${at}`),
    ),
  );
  await Promise.all(runs);
  expect(gitlab.notes).toHaveLength(1);
});

test('says what is missing: a token, a project, a permission, a GitLab', async () => {
  await using gitlab = await startStrictGitLab();
  const { apiUrl } = gitlab;
  expect(() => mergeRequestBoard({ apiUrl, project: '1', token: ' ' })).toThrow('there is no GitLab token');
  expect(() => mergeRequestBoard({ apiUrl, project: undefined, token: TOKEN })).toThrow(
    'which GitLab project',
  );
  const refused = mergeRequestBoard({ apiUrl, project: 'acme/churn', token: 'wrong' });
  await expect(refused.upsertComment(sticky('x'))).rejects.toThrow('GitLab answered 401 to GET /user');
  const nowhere = mergeRequestBoard({ apiUrl: 'http://127.0.0.1:9', project: 'acme/churn', token: TOKEN });
  const failure = await nowhere.upsertComment(sticky('x')).catch((error: Error) => error);
  expect(String(failure)).toContain('GitLab could not be reached');
  expect(JSON.stringify(failure)).not.toContain(TOKEN);
});
