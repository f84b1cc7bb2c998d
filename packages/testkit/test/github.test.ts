import { type GitHub, startGitHub, temporaryRepository } from '@rastro/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const repository = 'acme/churn';
let github: GitHub;

beforeEach(async () => {
  github = await startGitHub({ repository });
});
afterEach(() => github.stop());

function request(method: string, path: string, options: { token?: string; body?: unknown } = {}) {
  return fetch(`${github.apiUrl}${path}`, {
    method,
    headers: { authorization: `token ${options.token ?? github.token}`, 'content-type': 'application/json' },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
}

test('an unknown operation, parameter or property is refused and remembered', async () => {
  expect((await request('POST', '/repos/acme/churn/nonsense')).status).toBe(501);
  expect((await request('GET', '/repos/acme/churn/issues?sate=open')).status).toBe(422);
  expect((await request('POST', '/repos/acme/churn/issues', { body: { tittle: 'x' } })).status).toBe(422);
  const misspelt = { tag_name: 'v1', target_commitsh: 'main' };
  expect((await request('POST', '/repos/acme/churn/releases', { body: misspelt })).status).toBe(422);
  expect(github.violations.map(({ reasons }) => reasons[0])).toEqual([
    "GitHub's description has no such operation",
    'the query has no parameter sate',
    "the body must have required property 'title'",
    'the body has no property target_commitsh',
  ]);
});

test('a token is known, and may do what it may', async () => {
  const body = { title: 'x' };
  expect((await request('POST', '/repos/acme/churn/issues', { token: 'nobody', body })).status).toBe(401);
  const refused = await request('POST', '/repos/acme/churn/issues', { token: github.readOnlyToken, body });
  expect(refused.status).toBe(403);
  expect(refused.headers.get('x-accepted-github-permissions')).toBe('issues=write; pull_requests=write');
  expect((await request('GET', '/repos/acme/churn/issues', { token: github.readOnlyToken })).status).toBe(
    200,
  );
  expect((await request('GET', '/user')).status).toBe(403);
  expect(await (await request('GET', '/user', { token: github.tokenOf('ada') })).json()).toMatchObject({
    login: 'ada',
    type: 'User',
  });
  expect((await request('POST', '/repos/acme/churn/issues', { body })).status).toBe(201);
});

test('comments belong to whoever wrote them, have a limit, and come in pages whose links lead on', async () => {
  const number = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
  const path = `/repos/acme/churn/issues/${number}/comments`;
  for (const text of ['one', 'two', 'three']) await github.ask('mallory', 'POST', path, { body: text });
  const long = await request('POST', path, { body: { body: 'x'.repeat(65_537) } });
  expect(long.status).toBe(422);
  expect((await request('POST', path, { body: { body: 'x'.repeat(65_536) } })).status).toBe(201);

  const first = await request('GET', `${path}?per_page=3`);
  const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1];
  expect(next).toMatch(github.apiUrl);
  const second = await fetch(next!, { headers: { authorization: `token ${github.token}` } });
  expect(await second.json()).toMatchObject([{ user: { login: 'github-actions[bot]', type: 'Bot' } }]);
  const { comments } = await github.state();
  expect(comments.map(({ author, issue }) => [author, issue])).toEqual([
    ['mallory', number],
    ['mallory', number],
    ['mallory', number],
    ['github-actions[bot]', number],
  ]);
});

test('annotations add up over updates and are refused beyond 50 a request', async () => {
  const annotation = { path: 'a', start_line: 1, end_line: 1, annotation_level: 'notice', message: 'm' };
  const output = (count: number) => ({
    title: 't',
    summary: 's',
    annotations: Array(count).fill(annotation),
  });
  const made = await request('POST', '/repos/acme/churn/check-runs', {
    body: { name: 'rastro', head_sha: 'a'.repeat(40), output: output(50) },
  });
  expect(made.status).toBe(201);
  const update = (count: number) =>
    request('PATCH', '/repos/acme/churn/check-runs/1', { body: { output: output(count) } });
  expect((await update(51)).status).toBe(422);
  expect((await update(7)).status).toBe(200);
  expect((await github.state()).checkRuns[0]!.annotations).toHaveLength(57);
});

test('deployments have statuses, and dispatches are remembered', async () => {
  const deployment = { ref: 'main', environment: 'prod', required_contexts: [], payload: { model: 'churn' } };
  expect((await request('POST', '/repos/acme/churn/deployments', { body: deployment })).status).toBe(201);
  await request('POST', '/repos/acme/churn/deployments/1/statuses', { body: { state: 'success' } });
  const dispatch = { event_type: 'retrain', client_payload: { model: 'churn' } };
  expect((await request('POST', '/repos/acme/churn/dispatches', { body: dispatch })).status).toBe(204);
  await request('POST', '/repos/acme/churn/actions/workflows/retrain.yml/dispatches', {
    body: { ref: 'main' },
  });
  const state = await github.state();
  expect(state.deployments).toMatchObject([{ environment: 'prod', statuses: [{ state: 'success' }] }]);
  expect(state.dispatches).toMatchObject([
    { kind: 'repository', name: 'retrain' },
    { kind: 'workflow', name: 'retrain.yml', ref: 'main' },
  ]);
  expect(github.violations).toEqual([]);
});

test('a failure is made to order', async () => {
  github.failNext({ count: 1, status: 502, path: /issues/ });
  github.failNext({ count: 1, status: 0, path: /deployments/ });
  expect((await request('GET', '/repos/acme/churn')).status).toBe(200);
  expect((await request('GET', '/repos/acme/churn/issues')).status).toBe(502);
  expect((await request('GET', '/repos/acme/churn/issues')).status).toBe(200);
  await expect(request('GET', '/repos/acme/churn/deployments')).rejects.toThrow();
});

test('with a repository, pull requests follow pushes, know their commits, and merge', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a' }, remote: true });
  await work.push('main');
  await using forge = await startGitHub({ repository, git: work.remote! });
  const asPusher = new URL(`${forge.url}/${repository}.git`);
  asPusher.username = 'x-access-token';
  asPusher.password = forge.token;
  await work.git('remote', 'set-url', 'origin', `${forge.url}/${repository}`);
  await expect(work.push('main:refused')).rejects.toThrow();
  // The name under which a run's environment knows the server.
  asPusher.hostname = 'github.localhost';
  await work.git('remote', 'set-url', 'origin', asPusher.href);

  const base = await work.git('rev-parse', 'HEAD');
  await work.branch('retrain');
  await work.commit('Train', { 'a.txt': 'b' });
  await work.push('retrain');
  const number = await forge.openPullRequest({ title: 'Retrain', head: 'retrain', author: 'ada' });
  const head = await work.commit('Train more', { 'a.txt': 'c' });
  await work.push('retrain');
  expect(await forge.pullRequestEvent(number)).toMatchObject({
    pull_request: {
      head: { ref: 'retrain', sha: head },
      base: { ref: 'main', sha: base },
      user: { login: 'ada' },
    },
  });

  const { sha } = (await forge.ask('grace', 'PUT', `/repos/${repository}/pulls/${number}/merge`, {})) as {
    sha: string;
  };
  expect(await work.git('ls-remote', 'origin', 'refs/heads/main')).toContain(sha);
  for (const commit of [sha, head]) {
    expect(await forge.ask('ada', 'GET', `/repos/${repository}/commits/${commit}/pulls`)).toMatchObject([
      { number, state: 'closed', merged_at: expect.any(String) },
    ]);
  }
  expect(await forge.ask('ada', 'GET', `/repos/${repository}/commits/${base}/pulls`)).toEqual([]);
});

test('a pushed merge closes the pull request', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a' }, remote: true });
  await work.push('main');
  await work.branch('retrain');
  await work.commit('Train', { 'a.txt': 'b' });
  await work.push('retrain');
  await using forge = await startGitHub({ repository, git: work.remote! });
  const number = await forge.openPullRequest({ title: 'Retrain', head: 'retrain' });
  await work.git(
    'remote',
    'set-url',
    'origin',
    `http://x:${forge.token}@${new URL(forge.url).host}/${repository}`,
  );
  await work.switchTo('main');
  await work.git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'retrain');
  await work.push('main');
  expect(await forge.ask('ada', 'GET', `/repos/${repository}/pulls/${number}`)).toMatchObject({
    state: 'closed',
    merged: true,
  });
});
