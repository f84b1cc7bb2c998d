import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Address } from './github-process.ts';

/** Git blind to the machine's own configuration, so that the demo is the same everywhere. */
const ENVIRONMENT = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };

/** Runs git in a folder and gives what it printed. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa('git', args, { cwd: folder, env: ENVIRONMENT });
  return stdout;
}

/** A fresh clone with the credentials of a token in its own configuration, as actions/checkout leaves it. */
export async function checkout(
  { folder, github, token }: { folder: string; github: Address; token: string },
  { name, ref = 'main', user = 'github-actions[bot]' }: { name: string; ref?: string; user?: string },
): Promise<string> {
  const directory = join(folder, name);
  await rm(directory, { recursive: true, force: true });
  const remote = `${github.url}/${github.repository}.git`;
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const header = `http.${github.url}/.extraheader=AUTHORIZATION: basic ${basic}`;
  await git(folder, 'clone', '--quiet', '--config', header, remote, directory);
  await git(directory, 'config', 'user.name', user);
  await git(directory, 'config', 'user.email', `${user}@users.noreply.github.com`);
  await git(directory, 'config', 'commit.gpgsign', 'false');
  if (ref !== 'main') await git(directory, 'checkout', '--quiet', ref);
  return directory;
}
