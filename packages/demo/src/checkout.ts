import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '@rastro/testkit';
import type { Address } from './github-process.ts';

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
  await git(folder, ['clone', '--quiet', '--config', header, remote, directory]);
  await git(directory, ['config', 'user.name', user]);
  await git(directory, ['config', 'user.email', `${user}@users.noreply.github.com`]);
  await git(directory, ['config', 'commit.gpgsign', 'false']);
  if (ref !== 'main') await git(directory, ['checkout', '--quiet', ref]);
  return directory;
}
