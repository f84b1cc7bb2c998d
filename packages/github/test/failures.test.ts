import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { exitCodeOf } from '@rastro/fault';
import { createForge } from '@rastro/github';
import { type GitHub, startGitHub } from '@rastro/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forgeOf } from './forge.ts';

let github: GitHub;

beforeEach(async () => {
  github = await startGitHub({ repository: 'acme/churn' });
});
afterEach(() => github.stop());

async function failureOf(work: Promise<unknown>) {
  const error = await work.then(
    () => expect.fail('it should have failed'),
    (reason: unknown) => reason,
  );
  return error as Error & { code: string; faults: { next?: string }[] };
}

test('an absent token is an input error with the next step', async () => {
  for (const token of [undefined, '', ' \n']) {
    const make = () => createForge({ token, repository: { owner: 'a', repo: 'b' }, apiUrl: github.apiUrl });
    expect(make).toThrow('there is no GitHub token');
    try {
      make();
    } catch (error) {
      expect(exitCodeOf(error)).toBe(2);
      expect(error).toMatchObject({
        code: 'token-missing',
        faults: [{ next: expect.stringContaining('GITHUB_TOKEN') }],
      });
    }
  }
});

test.each([
  ['comment', 'pull-requests: write', (f) => f.upsertComment({ pullRequest: 1, key: 'k', body: () => 'x' })],
  ['issue', 'issues: write', (f) => f.upsertIssue({ key: 'k', title: 't', body: 'b', labels: [] })],
  [
    'deployment',
    'deployments: write',
    (f) => f.createDeployment({ ref: 'main', environment: 'prod', description: '', payload: {} }),
  ],
  [
    'release',
    'contents: write',
    (f) => f.ensureRelease({ tag: 'v1', commit: 'c', title: 't', body: '', prerelease: false, assets: [] }),
  ],
  [
    'pull request',
    'pull-requests: write',
    (f) => f.ensurePullRequest({ branch: 'b', base: 'main', title: 't', body: '' }),
  ],
  [
    'check',
    'checks: write',
    (f) =>
      f.publishCheck({
        name: 'n',
        commit: 'c',
        conclusion: 'success',
        title: 't',
        summary: 's',
        annotations: [],
      }),
  ],
] satisfies [string, string, (forge: ReturnType<typeof forgeOf>) => Promise<unknown>][])(
  'a token that may only read is told which permission a %s needs',
  async (_, permission, write) => {
    await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    const error = await failureOf(write(forgeOf(github, github.readOnlyToken)));
    expect(exitCodeOf(error)).toBe(3);
    expect(error.code).toBe('permission-missing');
    expect(error.faults[0]?.next).toContain(`\`permissions: ${permission}\``);
  },
);

test.each([
  [401, 'token-refused', {}],
  [403, 'github-rate-limit', { 'x-ratelimit-remaining': '0' }],
  [404, 'github-not-found', {}],
  [410, 'github-refused', {}],
  [429, 'github-rate-limit', {}],
  [500, 'github-unavailable', {}],
  [503, 'github-unavailable', {}],
  [0, 'github-unreachable', {}],
])('status %i is told as %s', async (status, code, headers) => {
  github.failNext({ count: 9, status, headers });
  const error = await failureOf(forgeOf(github).reviews(1));
  expect(error).toMatchObject({ name: 'OutsideError', code });
});

test.each([
  ['Unable to create comment because issue is locked.', 'conversation-locked'],
  ['GitHub Actions is not permitted to create or approve pull requests.', 'pull-requests-not-allowed'],
  ['Resource not accessible by integration', 'permission-missing'],
])('403 "%s" is told as %s', async (message, code) => {
  github.failNext({ count: 9, status: 403, message });
  expect(await failureOf(forgeOf(github).reviews(1))).toMatchObject({ code });
});

test('a secondary rate limit is waited out', async () => {
  await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
  github.failNext({
    count: 1,
    status: 403,
    message: 'You have exceeded a secondary rate limit',
    headers: { 'retry-after': '1' },
  });
  const [owner = '', repo = ''] = github.repository.split('/');
  const forge = createForge({
    token: `${github.token}\n`,
    repository: { owner, repo },
    apiUrl: github.apiUrl,
    retry: { baseMs: 1, paced: true },
  });
  expect(await forge.reviews(1)).toEqual([]);
  expect(github.requests.map(({ status }) => status)).toEqual([403, 200]);
});

test('a failure that passes is not seen', async () => {
  await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
  github.failNext({ count: 2, status: 503 });
  expect(await forgeOf(github).reviews(1)).toEqual([]);
});

test('the token is in no error, not even when GitHub repeats it', async () => {
  github.failNext({ count: 9, status: 422, message: `bad value ${github.token}` });
  const error = await failureOf(forgeOf(github).upsertIssue({ key: 'k', title: 't', body: 'b', labels: [] }));
  expect(error.message).toContain('bad value ***');
  expect(inspect(error, { depth: 9 })).not.toContain(github.token);
});

test('a redirect to another host does not take the token along', async () => {
  const seen: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  const { port } = elsewhere.address() as AddressInfo;
  github.failNext({ count: 1, status: 307, headers: { location: `http://localhost:${port}/` } });
  try {
    await forgeOf(github).reviews(1);
    expect(seen).toEqual([undefined]);
  } finally {
    elsewhere.close();
  }
});
