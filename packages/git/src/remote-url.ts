import { type Git, git as openGit } from './git.ts';

/** Where a repository is hosted: a host in lower case, and the path there without `.git`, such as `owner/name`. */
export interface RemotePlace {
  readonly host: string;
  readonly path: string;
}

/** Where the repository of a directory is pushed to by default; undefined without an `origin`, or with one on this machine. */
export async function originOf(directory: string): Promise<RemotePlace | undefined> {
  const url = await pushUrl(openGit(directory), 'origin');
  return url === undefined ? undefined : placeOf(url);
}

/** The URL that a remote is pushed to: the name itself where it is none. */
export async function urlOf(git: Git, remote: string): Promise<string> {
  return (await pushUrl(git, remote)) ?? remote;
}

async function pushUrl(git: Git, remote: string): Promise<string | undefined> {
  const { exitCode, stdout } = await git.run(['remote', 'get-url', '--push', '--', remote], {
    allow: [0, 2, 128],
  });
  return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
}

/** The short form of a URL over SSH, `[user@]host:path`. One letter before the colon is a drive. */
const SHORT = /^(?:[^/@:]+@)?([^/@:]{2,}):(?!\/\/)(.+)$/;

/** The place that a remote's URL names; undefined when it names none but a file. */
export function placeOf(url: string): RemotePlace | undefined {
  const [, host, path] = SHORT.exec(url) ?? (URL.canParse(url) ? partsOf(new URL(url)) : []);
  if (!host || path === undefined) return undefined;
  return { host: host.toLowerCase(), path: path.replace(/^\/+/, '').replace(/(?:\.git)?\/*$/, '') };
}

const partsOf = ({ hostname, pathname }: URL) => ['', hostname, pathname];
