import { type GitHub, startGitHub, type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forgeOf } from './forge.ts';

let github: GitHub;
let work: TemporaryRepository;

beforeEach(async () => {
  work = await temporaryRepository({ files: { 'a.txt': 'a' }, remote: true });
  await work.push('main');
  await work.branch('retrain');
  await work.commit('Train', { 'a.txt': 'b' });
  await work.push('retrain');
  github = await startGitHub({ repository: 'acme/churn', git: work.remote! });
});
afterEach(async () => {
  expect(github.violations).toEqual([]);
  await Promise.all([github.stop(), work.dispose()]);
});

test('a pull request is opened once, and its text kept up to date', async () => {
  const forge = forgeOf(github);
  const request = { branch: 'retrain', base: 'main', title: 'Retrain churn', body: 'Because of drift' };
  const { number, status } = await forge.ensurePullRequest(request);
  expect(status).toBe('created');
  expect(await forge.ensurePullRequest(request)).toMatchObject({ number, status: 'unchanged' });
  expect(await forge.ensurePullRequest({ ...request, body: 'More drift' })).toMatchObject({
    number,
    status: 'updated',
  });
  expect(await forge.pullRequest(number)).toEqual({
    number,
    url: `${github.url}/acme/churn/pull/${number}`,
    head: await work.git('rev-parse', 'retrain'),
    base: 'main',
    author: 'github-actions[bot]',
    authorId: expect.any(Number),
    fromFork: false,
  });
});

test('a merged commit leads to its pull request, one that was never pushed to none', async () => {
  const forge = forgeOf(github);
  const number = await github.openPullRequest({ title: 'Retrain', head: 'retrain', author: 'ada' });
  const head = await work.git('rev-parse', 'retrain');
  await github.ask('grace', 'PUT', `/repos/acme/churn/pulls/${number}/merge`, {});
  expect(await forge.pullRequestsOf(head)).toMatchObject([{ number, author: 'ada' }]);
  expect(await forge.pullRequestsOf('0'.repeat(40))).toEqual([]);
});

test('of several pull requests with a commit the merged one comes first, the abandoned one last', async () => {
  const head = await work.git('rev-parse', 'retrain');
  for (const branch of ['abandoned', 'waiting']) await work.push(`retrain:${branch}`);
  await work.push('main:next');
  const abandoned = await github.openPullRequest({ title: 'Old', head: 'abandoned' });
  await github.ask('ada', 'PATCH', `/repos/acme/churn/pulls/${abandoned}`, { state: 'closed' });
  const other = await github.openPullRequest({ title: 'Other base', head: 'waiting', base: 'next' });
  const merged = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
  await github.ask('grace', 'PUT', `/repos/acme/churn/pulls/${merged}/merge`, {});
  const found = await forgeOf(github).pullRequestsOf(head);
  expect(found.map(({ number }) => number)).toEqual([merged, other, abandoned]);
});

test('a pull request from a fork says so', async () => {
  const headSha = 'f'.repeat(40);
  const number = await github.openPullRequest({
    title: 'Try',
    head: 'evil',
    author: 'mallory',
    fromFork: true,
    headSha,
  });
  expect(await forgeOf(github).pullRequest(number)).toMatchObject({
    head: headSha,
    author: 'mallory',
    fromFork: true,
  });
});

test('reviews come from all pages, in order, with the commit that was reviewed', async () => {
  const number = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
  const review = (login: string, event: string) =>
    github.ask(login, 'POST', `/repos/acme/churn/pulls/${number}/reviews`, { event, body: 'x' });
  for (let at = 0; at < 105; at++) await review('mallory', 'COMMENT');
  await review('grace', 'REQUEST_CHANGES');
  await review('grace', 'APPROVE');
  const reviews = await forgeOf(github).reviews(number);
  expect(reviews).toHaveLength(107);
  expect(reviews.slice(-2)).toMatchObject([
    { user: 'grace', state: 'changes-requested', submittedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    { user: 'grace', state: 'approved', commit: await work.git('rev-parse', 'retrain') },
  ]);
});

test('one open issue per key, found behind a page of others, closed once with a word', async () => {
  const forge = forgeOf(github);
  const issue = { key: 'drift/churn', title: 'churn drifts', body: 'PSI 0.3', labels: ['rastro'] };
  const { number, status } = await forge.upsertIssue(issue);
  expect(status).toBe('created');
  for (let at = 0; at < 105; at++)
    await github.ask('ada', 'POST', '/repos/acme/churn/issues', { title: `other ${at}` });
  expect(await forge.upsertIssue(issue)).toMatchObject({ number, status: 'unchanged' });
  expect(await forge.upsertIssue({ ...issue, body: 'PSI 0.4' })).toMatchObject({ number, status: 'updated' });
  expect(await forge.closeIssue({ key: issue.key, comment: 'Recovered' })).toBe(true);
  expect(await forge.closeIssue({ key: issue.key, comment: 'Recovered' })).toBe(false);
  const { issues, comments } = await github.state();
  expect(issues.find((one) => one.number === number)).toMatchObject({ state: 'closed', labels: ['rastro'] });
  expect(comments).toMatchObject([{ issue: number, body: expect.stringContaining('Recovered') }]);
  expect(await forge.upsertIssue(issue)).toMatchObject({ status: 'created' });
});

test('issues opened at once end as one open issue', async () => {
  const issue = { key: 'drift/churn', title: 'churn drifts', body: 'PSI 0.3', labels: [] };
  await Promise.all(Array.from({ length: 5 }, () => forgeOf(github).upsertIssue(issue)));
  const { issues } = await github.state();
  expect(issues.filter(({ state }) => state === 'open')).toHaveLength(1);
});

test('a deployment is recorded once until it has ended', async () => {
  const forge = forgeOf(github);
  const deployment = {
    ref: 'main',
    environment: 'prod',
    description: `churn 1.0.0 ${'x'.repeat(200)}`,
    payload: { model: 'churn', version: '1.0.0' },
  };
  const { id } = await forge.createDeployment(deployment);
  await forge.setDeploymentStatus({ id, state: 'in_progress', description: 'Deploying' });
  expect(await forge.createDeployment(deployment)).toMatchObject({ id });
  const done = {
    id,
    state: 'success' as const,
    description: 'Serves',
    environmentUrl: 'https://example.com/',
  };
  await forge.setDeploymentStatus(done);
  await forge.setDeploymentStatus(done);
  expect((await forge.createDeployment(deployment)).id).not.toBe(id);
  const { deployments } = await github.state();
  expect(deployments[0]).toMatchObject({
    sha: await work.git('rev-parse', 'main'),
    statuses: [{ state: 'in_progress' }, { state: 'success', environmentUrl: 'https://example.com/' }],
  });
});

test('a deployment whose answer is lost is not recorded twice', async () => {
  github.failNext({ count: 1, status: 502, method: 'POST', path: /deployments/, afterwards: true });
  const deployment = { ref: 'main', environment: 'prod', description: '', payload: { model: 'churn' } };
  const { id } = await forgeOf(github).createDeployment(deployment);
  expect((await github.state()).deployments.map((one) => one.id)).toEqual([id]);
});

test('a run that dies between the last word on an issue and closing it does not say it twice', async () => {
  const forge = forgeOf(github);
  await forge.upsertIssue({ key: 'drift/churn', title: 'churn drifts', body: 'PSI 0.3', labels: [] });
  github.failNext({ count: 9, status: 0, method: 'PATCH' });
  await expect(forge.closeIssue({ key: 'drift/churn', comment: 'Recovered' })).rejects.toMatchObject({
    code: 'github-unreachable',
  });
  github.heal();
  expect(await forgeOf(github).closeIssue({ key: 'drift/churn', comment: 'Recovered' })).toBe(true);
  expect((await github.state()).comments).toHaveLength(1);
});

test('a check run carries any number of annotations, and is not written twice', async () => {
  const annotations = Array.from({ length: 120 }, (_, at) => ({
    level: 'failure' as const,
    file: 'data.csv',
    line: at + 1,
    message: 'out of range',
  }));
  const check = {
    name: 'rastro',
    commit: await work.git('rev-parse', 'retrain'),
    conclusion: 'failure' as const,
    title: 't',
    summary: 's',
  };
  const { url } = await forgeOf(github).publishCheck({ ...check, annotations });
  expect(await forgeOf(github).publishCheck({ ...check, annotations })).toEqual({ url });
  const { checkRuns } = await github.state();
  expect(checkRuns).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
  expect(checkRuns[0]!.annotations).toHaveLength(120);
});
