import { type GitHub, startGitHub } from '@rastro/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forgeOf } from './forge.ts';

let github: GitHub;
let pullRequest: number;

beforeEach(async () => {
  github = await startGitHub({ repository: 'acme/churn' });
  pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
});
afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github.stop();
});

const say = (login: string, body: string) =>
  github.ask(login, 'POST', `/repos/acme/churn/issues/${pullRequest}/comments`, { body });
const sticky = (body: string, key = 'rastro') => ({ pullRequest, key, body: () => body });
const writes = () => github.requests.filter(({ method }) => method !== 'GET');

test('the first comment is created, the next updates it in place, and an unchanged one is not rewritten', async () => {
  const forge = forgeOf(github);
  const created = await forge.upsertComment(sticky('first'));
  expect(created).toMatchObject({ status: 'created', body: '<!-- rastro:rastro -->\nfirst' });
  const updated = await forge.upsertComment({
    pullRequest,
    key: 'rastro',
    body: (previous) => `second after ${previous?.split('\n')[1]}`,
  });
  expect(updated).toMatchObject({ status: 'updated', url: created.url });
  const before = writes().length;
  expect(await forge.upsertComment(sticky('second after first'))).toMatchObject({ status: 'unchanged' });
  expect(writes()).toHaveLength(before);
  expect((await github.state()).comments.map(({ body }) => body)).toEqual([
    '<!-- rastro:rastro -->\nsecond after first',
  ]);
});

test('ours is found among 250 comments of others, and comments of other keys do not fight', async () => {
  for (let at = 0; at < 130; at++) await say('mallory', `looks good ${at}`);
  const forge = forgeOf(github);
  await forge.upsertComment(sticky('one'));
  await forge.upsertComment(sticky('other', 'nightly'));
  for (let at = 0; at < 120; at++) await say('ada', `thanks ${at}`);
  expect(await forge.upsertComment(sticky('two'))).toMatchObject({ status: 'updated' });
  const { comments } = await github.state();
  expect(comments).toHaveLength(252);
  const ours = comments.filter(({ author }) => author === 'github-actions[bot]');
  expect(ours.map(({ body }) => body)).toEqual([
    '<!-- rastro:rastro -->\ntwo',
    '<!-- rastro:nightly -->\nother',
  ]);
});

test("an attacker's comment that bears our marker is left as it is", async () => {
  const trap = '<!-- rastro:rastro -->\nAll gates pass!';
  await say('mallory', trap);
  expect(await forgeOf(github).upsertComment(sticky('the truth'))).toMatchObject({ status: 'created' });
  expect((await github.state()).comments.map(({ author, body }) => [author, body])).toEqual([
    ['mallory', trap],
    ['github-actions[bot]', '<!-- rastro:rastro -->\nthe truth'],
  ]);
});

test('a comment of ours that quotes a marker further down is not taken for the one of that key', async () => {
  const forge = forgeOf(github);
  await forge.upsertComment(sticky('quoting\n<!-- rastro:nightly -->', 'rastro'));
  expect(await forge.upsertComment(sticky('own', 'nightly'))).toMatchObject({ status: 'created' });
});

test('twenty at once leave one comment', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, at) => forgeOf(github).upsertComment(sticky(`run ${at}`))),
  );
  const { comments } = await github.state();
  expect(comments).toHaveLength(1);
  expect(comments[0]?.body).toMatch(/^<!-- rastro:rastro -->\nrun \d+$/);
});

test('twins that a killed run left are reduced to the oldest', async () => {
  await say('github-actions[bot]', '<!-- rastro:rastro -->\nold');
  await say('github-actions[bot]', '<!-- rastro:rastro -->\nyoung');
  expect(await forgeOf(github).upsertComment(sticky('new'))).toMatchObject({ status: 'updated' });
  expect((await github.state()).comments.map(({ id, body }) => [id, body])).toEqual([
    [1, '<!-- rastro:rastro -->\nnew'],
  ]);
});

test("with a person's token the comment is that person's, and the bot's is left alone", async () => {
  await forgeOf(github).upsertComment(sticky('from the bot'));
  const forge = forgeOf(github, github.tokenOf('ada'));
  expect(await forge.self()).toBe('ada');
  await forge.upsertComment(sticky('from ada'));
  await forge.upsertComment(sticky('from ada again'));
  expect((await github.state()).comments.map(({ author, body }) => [author, body.split('\n')[1]])).toEqual([
    ['github-actions[bot]', 'from the bot'],
    ['ada', 'from ada again'],
  ]);
});

test('another app that may not ask who it is still keeps one comment', async () => {
  await using other = await startGitHub({ repository: 'acme/churn', app: 'rastro-app[bot]' });
  const number = await other.openPullRequest({ title: 'Retrain', head: 'retrain' });
  for (const body of ['one', 'two', 'three']) {
    await forgeOf(other).upsertComment({ pullRequest: number, key: 'rastro', body: () => body });
  }
  expect((await other.state()).comments.map(({ author, body }) => [author, body])).toEqual([
    ['rastro-app[bot]', '<!-- rastro:rastro -->\nthree'],
  ]);
});

test('a request whose answer is lost is sent again without a second comment', async () => {
  github.failNext({ count: 1, status: 502, method: 'POST', path: /comments/, afterwards: true });
  github.failNext({ count: 1, status: 0, method: 'GET', path: /comments/ });
  await forgeOf(github).upsertComment(sticky('patient'));
  expect((await github.state()).comments).toHaveLength(1);
});
