import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { git } from './git.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

/** Files by path relative to the repository, with `/` between parts. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

export interface TemporaryRepositoryOptions {
  /** Written and committed as the first commit. Without it the repository has no commit. */
  readonly files?: Files;
  /** Also makes a bare repository that is `origin`; `commit` does not push by itself. */
  readonly remote?: boolean;
  /** ISO time of the first commit; each further one is a minute later. Without it, the machine's clock. */
  readonly startedAt?: string;
}

/** A real Git repository in a directory of its own, on branch `main`, blind to the machine's Git configuration. */
export interface TemporaryRepository {
  readonly directory: string;
  /** The bare repository behind `origin`; undefined without one. */
  readonly remote: string | undefined;
  write(files: Files): Promise<void>;
  /** Writes the files if there are any, stages everything and commits. Resolves with the commit's id. */
  commit(message: string, files?: Files): Promise<string>;
  /** Makes a branch at a revision (by default the current commit) and switches to it. */
  branch(name: string, at?: string): Promise<void>;
  switchTo(name: string): Promise<void>;
  /** Makes an annotated tag. Resolves with the tag object's id. */
  tag(name: string, options?: { message?: string; at?: string }): Promise<string>;
  push(...refspecs: string[]): Promise<void>;
  /** Clones from `origin`, or from the directory where there is none. A depth makes the clone shallow. */
  clone(options?: { depth?: number; from?: string }): Promise<TemporaryRepository>;
  /** Commits reachable from a revision (by default `HEAD`), newest first. */
  log(revision?: string): Promise<{ commit: string; subject: string }[]>;
  /** Runs any git command here. */
  git(...args: string[]): Promise<string>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a repository with a local user, so that commits and tags work without any global configuration. */
export async function temporaryRepository(
  options: TemporaryRepositoryOptions = {},
): Promise<TemporaryRepository> {
  const home = await temporaryDirectory('rastro-repository');
  const directory = join(home.path, 'work');
  const remote = options.remote ? join(home.path, 'remote.git') : undefined;
  await mkdir(directory);
  await git(directory, ['init', '--quiet', '--initial-branch=main']);
  if (remote) {
    await initBare(remote);
    await git(directory, ['remote', 'add', 'origin', remote]);
  }
  const repository = await openRepository({ home, directory, remote, startedAt: options.startedAt });
  if (options.files) await repository.commit('Begin', options.files);
  return repository;
}

/** Makes a bare repository that may be pushed to over HTTP. */
export async function initBare(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await git(directory, ['init', '--quiet', '--bare', '--initial-branch=main']);
  await git(directory, ['config', 'http.receivepack', 'true']);
}

async function openRepository(place: {
  home: TemporaryDirectory;
  directory: string;
  remote: string | undefined;
  startedAt: string | undefined;
}): Promise<TemporaryRepository> {
  const { home, directory, remote } = place;
  const time = place.startedAt === undefined ? undefined : minutesFrom(place.startedAt);
  const run = (...args: string[]) => git(directory, args);
  const runDated = (...args: string[]) => {
    const at = time?.();
    return git(directory, args, at ? { GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at } : {});
  };
  await run('config', 'user.name', 'Ada Example');
  await run('config', 'user.email', 'ada@example.com');
  await run('config', 'commit.gpgsign', 'false');
  await run('config', 'core.autocrlf', 'false');

  const write = (files: Files) => writeFiles(directory, files);
  return {
    directory,
    remote,
    write,
    async commit(message, files) {
      if (files) await write(files);
      await run('add', '--all');
      await runDated('commit', '--quiet', '--allow-empty', '--message', message);
      return run('rev-parse', 'HEAD');
    },
    async branch(name, at = 'HEAD') {
      await run('switch', '--quiet', '--create', name, at);
    },
    async switchTo(name) {
      await run('switch', '--quiet', name);
    },
    async tag(name, { message = name, at = 'HEAD' } = {}) {
      await runDated('tag', '--annotate', '--message', message, name, at);
      return run('rev-parse', `refs/tags/${name}`);
    },
    async push(...refspecs) {
      await run('push', '--quiet', 'origin', ...refspecs);
    },
    async clone({ depth, from = remote ?? directory } = {}) {
      const cloneHome = await temporaryDirectory('rastro-clone');
      const target = join(cloneHome.path, 'work');
      // A depth is ignored for a plain path, so a local one is given as a URL.
      const source = depth === undefined || from.includes('://') ? from : `file://${from}`;
      const shallow = depth === undefined ? [] : [`--depth=${depth}`];
      await git(cloneHome.path, ['clone', '--quiet', ...shallow, source, target]);
      return openRepository({
        home: cloneHome,
        directory: target,
        remote: from.endsWith('.git') && !from.includes('://') ? from : undefined,
        startedAt: undefined,
      });
    },
    async log(revision = 'HEAD') {
      const text = await run('log', '--format=%H %s', revision);
      return text.split('\n').map((line) => ({ commit: line.slice(0, 40), subject: line.slice(41) }));
    },
    git: run,
    dispose: home.dispose,
    [Symbol.asyncDispose]: home.dispose,
  };
}

async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

function minutesFrom(start: string): () => string {
  let next = Math.floor(Date.parse(start) / 1000);
  return () => {
    const at = `${next} +0000`;
    next += 60;
    return at;
  };
}
