import type { Git } from './git.ts';

/** The URL that a remote is pushed to: the name itself where it is none. */
export async function urlOf(git: Git, remote: string): Promise<string> {
  const { exitCode, stdout } = await git.run(['remote', 'get-url', '--push', '--', remote], {
    allow: [0, 2, 128],
  });
  return exitCode === 0 ? stdout.toString('utf8').trim() : remote;
}

/** The host in a remote's URL, or in the short form `user@host:path` of one over SSH. */
export function hostOf(url: string): string | undefined {
  const short = /^[^/@:]+@([^/:]+):/.exec(url)?.[1];
  const host = short ?? (URL.canParse(url) ? new URL(url).hostname : '');
  return host === '' ? undefined : host.toLowerCase();
}
