import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { originOf } from '@rastro/git';
import { type TemporaryDirectory, temporaryDirectory } from '@rastro/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gitHubApi, terminalContext } from '../src/index.ts';

const user = { name: 'Ada', email: 'ada@example.com' };

let folder: TemporaryDirectory;
beforeAll(async () => {
  folder = await temporaryDirectory('rastro-origin');
});
afterAll(() => folder?.dispose());

/** What the command line takes for the repository on GitHub, where `origin` is that URL. */
async function slugAt(url: string | undefined, env: Record<string, string> = {}) {
  const directory = await mkdtemp(join(folder.path, 'clone-'));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: directory });
  git('init', '--quiet');
  if (url !== undefined) git('remote', 'add', 'origin', url);
  return terminalContext(env, { user, origin: await originOf(directory) }).slug;
}

test.each([
  'https://github.com/acme/churn.git',
  'https://github.com/acme/churn',
  'https://GitHub.com/acme/churn/',
  'https://x-access-token:secret@github.com/acme/churn.git',
  'http://www.github.com/acme/churn.git',
  'git@github.com:acme/churn.git',
  'github.com:acme/churn',
  'ssh://git@github.com/acme/churn.git',
  'ssh://git@ssh.github.com:443/acme/churn.git',
  'git+ssh://git@github.com/acme/churn.git',
])('the remote origin tells which repository on GitHub it is: %s', async (url) => {
  expect(await slugAt(url)).toBe('acme/churn');
});

test.each([
  undefined,
  '/srv/git/acme/churn.git',
  '../churn.git',
  'file:///srv/git/acme/churn.git',
  'C:/git/acme/churn.git',
  'https://gitlab.com/acme/churn.git',
  'https://github.com.example.org/acme/churn.git',
  'https://example.org/github.com/acme/churn.git',
  'https://github.com/acme',
  'https://github.com/acme/churn/more',
  'git@github.com:acme/churn?x=`y`.git',
])('an origin that is elsewhere, or no repository, tells none: %s', async (url) => {
  expect(await slugAt(url)).toBeUndefined();
});

test('a GitHub server of one’s own is the one that GITHUB_SERVER_URL names, and what is said counts more', async () => {
  const server = { GITHUB_SERVER_URL: 'https://git.example.org:8443' };
  expect(await slugAt('git@git.example.org:acme/churn.git', server)).toBe('acme/churn');
  expect(await slugAt('https://git.example.org:8443/acme/churn.git', server)).toBe('acme/churn');
  expect(await slugAt('https://github.com/acme/churn.git', server)).toBe('acme/churn');
  expect(await slugAt('https://other.example.org/acme/churn.git', server)).toBeUndefined();
  expect(await slugAt('https://github.com/acme/churn.git', { GITHUB_REPOSITORY: 'a/b' })).toBe('a/b');
});

test('the API is where the server has it, unless it is said', () => {
  expect(gitHubApi({})).toBeUndefined();
  expect(gitHubApi({ GITHUB_SERVER_URL: 'https://github.com' })).toBeUndefined();
  expect(gitHubApi({ GITHUB_SERVER_URL: 'https://git.example.org:8443/' })).toBe(
    'https://git.example.org:8443/api/v3',
  );
  expect(gitHubApi({ GITHUB_SERVER_URL: 'https://acme.ghe.com' })).toBe('https://api.acme.ghe.com');
  const said = { GITHUB_API_URL: 'https://api.example.org', GITHUB_SERVER_URL: 'https://git.example.org' };
  expect(gitHubApi(said)).toBe('https://api.example.org');
});
