import { fault, InputError, OutsideError } from '@rastro/fault';
import type { Repository } from '@rastro/usecases';
import { tokenConfiguration } from './credentials.ts';
import { localDefaultBranch } from './default-branch.ts';
import { checkVersion, type Git, git as openGit } from './git.ts';
import { historyOf, shallow } from './history.ts';
import { checkedObjectId, checkedPath, checkedRefName, checkedRemote, checkedRevision } from './names.ts';
import { objectAt, readObjects, writeCommit, writeCommits } from './objects.ts';
import { pushRefs, type RefUpdate, updateRefs } from './push.ts';
import { localRef } from './refs.ts';
import { remoteAnswer } from './remote-answer.ts';
import { urlOf } from './remote-url.ts';
import { repositoryTags } from './repository-tags.ts';
import { fetchTrail, knownTrail, noteSeen, TRAIL_BRANCH } from './seen-trail.ts';
import { writeTag } from './tags.ts';
import { type ReadCommit, readTrail } from './trail-branch.ts';

export interface RepositoryOptions {
  /** Name or URL of the remote. Default: `origin` when the repository has it. */
  readonly remote?: string;
  /** Token for the remote, over HTTP. Default: the credentials that the checkout left. */
  readonly token?: string;
  /** Never contact the remote: answer from what the clone has. Nothing can be pushed then. */
  readonly offline?: boolean;
}

/** Opens the repository of a directory. @throws InputError when there is none, OutsideError when git is missing or too old. */
export async function openRepository(
  directory: string,
  options: RepositoryOptions = {},
): Promise<Repository> {
  const plain = openGit(directory);
  const [folder, remote] = await Promise.all([
    plain.text(['rev-parse', '--show-prefix']),
    findRemote(plain, options.remote),
    checkVersion(plain),
  ]);
  const token = options.token && remote !== undefined ? options.token : undefined;
  const git =
    token === undefined || remote === undefined
      ? plain
      : openGit(directory, tokenConfiguration(token, await urlOf(plain, remote)));
  return repositoryOf(git, {
    remote,
    offline: options.offline === true,
    folder,
  });
}

async function findRemote(git: Git, asked: string | undefined): Promise<string | undefined> {
  if (asked !== undefined) return checkedRemote(asked);
  const remotes = (await git.text(['remote'])).split('\n');
  return remotes.includes('origin') ? 'origin' : undefined;
}

function repositoryOf(
  git: Git,
  {
    remote,
    offline,
    folder,
  }: {
    remote: string | undefined;
    offline: boolean;
    /** Where in the repository it was opened: empty at the root, else with `/` at its end. Paths begin there. */
    folder: string;
  },
): Repository {
  /** The remote when it may be asked. */
  const online = offline ? undefined : remote;

  /** A clone that is whole stays so: nothing here cuts its history. */
  let isWhole = false;
  const isShallow = async () => {
    isWhole ||= (await git.text(['rev-parse', '--is-shallow-repository'])) !== 'true';
    return !isWhole;
  };

  /** Commits that were seen to be here. */
  const present = new Set<string>();
  const hasCommit = async (commit: string) => {
    if (!present.has(commit) && (await resolve(commit)) !== undefined) present.add(commit);
    return present.has(commit);
  };

  const resolve: Repository['resolve'] = async (revision) => {
    const name = `${checkedRevision(revision)}^{commit}`;
    const { exitCode, stdout } = await git.run(
      ['rev-parse', '--verify', '--quiet', '--end-of-options', name],
      { allow: [0, 1] },
    );
    return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
  };

  const head = async () => {
    const commit = await resolve('HEAD');
    if (commit === undefined) {
      throw new InputError(
        fault('git-no-commit', 'the repository has no commit yet', undefined, 'Commit something first.'),
      );
    }
    return commit;
  };

  const fetch = async (args: readonly string[]) => {
    if (online === undefined) return;
    const [options, refspecs] = [args.filter(isOption), args.filter((arg) => !isOption(arg))];
    await git.run([
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      ...options,
      '--',
      online,
      ...refspecs,
    ]);
  };

  /** The trail as it was read last: what follows is read on top of it. */
  let read: readonly ReadCommit[] = [];

  /** The first commit, once it is known: whoever asks again may have other work to do at the same time. */
  let root: string | undefined;

  const answer = online === undefined ? undefined : remoteAnswer(git, online, ['HEAD', TRAIL_BRANCH]);

  const remoteRef = async (ref: string): Promise<string | undefined> => {
    if (online === undefined) return undefined;
    const answer = await git.text(['ls-remote', '--quiet', '--', online, ref]);
    const line = answer.split('\n').find((candidate) => candidate.endsWith(`\t${ref}`));
    return line?.split('\t')[0];
  };

  const object = async (commit: string, path: string) => {
    const found = await objectAt(git, commit, `${folder}${path}`);
    return found?.type === 'blob' ? found : undefined;
  };

  /** Sets refs at the remote, or here when there is none. Those that somebody else had set before; none when all are set. */
  const setRefs = async (updates: readonly RefUpdate[]): Promise<readonly string[]> => {
    answer?.forget();
    if (remote === undefined) return (await updateRefs(git, updates)) ? [] : updates.map(({ ref }) => ref);
    if (offline) {
      throw new OutsideError(
        fault('git-offline', 'nothing can be pushed offline', undefined, 'Leave --offline out.'),
      );
    }
    return pushRefs(git, remote, updates);
  };

  const tags = repositoryTags(git, { remote, online, answer, isShallow });

  const fetchCommit: Repository['fetchCommit'] = async (commit) => {
    const wanted = checkedObjectId(commit);
    if (await hasCommit(wanted)) return true;
    if (online === undefined) return false;
    // A remote that does not have it, or does not give it by its id, answers 128 as for any failure: what counts is whether it came.
    const depth = (await isShallow()) ? ['--depth=1'] : [];
    await git.run(
      ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', ...depth, '--', online, wanted],
      {
        allow: [0, 1, 128],
      },
    );
    return hasCommit(wanted);
  };

  const commitInfo: Repository['commitInfo'] = async (commit) => {
    const [found] = await readObjects(git, [checkedObjectId(commit)]);
    if (found?.type !== 'commit') return undefined;
    const answer = await git.text(['show', '-s', '--format=%an%x00%ae%x00%ct%x00%s', found.id]);
    const [name = '', email = '', committedAt, subject = ''] = answer.split('\0');
    return { author: { name, email }, committedAt: Number(committedAt), subject };
  };

  return {
    remote,
    folder,
    head,
    isShallow,
    resolve,

    async defaultBranch() {
      if (!answer) return localDefaultBranch(git, remote);
      const text = await answer.ask('head');
      const name = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(text)?.[1];
      const commit = /^([0-9a-f]+)\tHEAD$/m.exec(text)?.[1];
      if (name === undefined || commit === undefined) return undefined;
      if (!(await hasCommit(commit))) {
        await fetch([...((await isShallow()) ? ['--depth=1'] : []), commit]);
      }
      return { name, commit };
    },

    ...historyOf(git, { isShallow, fetch: online === undefined ? undefined : fetch }),
    fetchCommit,

    async readFile(commit, path) {
      return (await object(commit, path))?.bytes;
    },

    async readFiles(files) {
      const named = files.map(
        ({ commit, path }) => `${checkedObjectId(commit)}:${checkedPath(`${folder}${path}`)}`,
      );
      const found = await readObjects(git, named);
      return found.map((file) => (file?.type === 'blob' ? { blob: file.id, bytes: file.bytes } : undefined));
    },

    commitInfo,

    async dirty(paths) {
      if (paths.length === 0) return [];
      const answer = await git.text([
        '--literal-pathspecs',
        'status',
        '--porcelain=v1',
        '-z',
        '--no-renames',
        '--untracked-files=all',
        '--',
        ...paths.map(checkedPath),
      ]);
      return answer
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => line.slice(3 + folder.length));
    },

    async rootCommit() {
      if (root !== undefined) return root;
      const start = await head();
      if (await isShallow()) await fetch(['--unshallow', start]);
      if (await isShallow()) {
        throw shallow('the first commit of the repository is not known');
      }
      // Along the first parents, so that merging another history in changes nothing.
      root = await git.text(['rev-list', '--first-parent', '--max-parents=0', start]);
      return root;
    },

    tags: tags.read,
    keepTag: tags.keep,
    makeTagObject: (tag) => writeTag(git, tag),

    async trailHead() {
      if (remote === undefined) return localRef(git, TRAIL_BRANCH);
      if (!answer || online === undefined) return knownTrail(git, remote);
      return fetchTrail(git, online, { advertised: await answer.ask('trail'), isShallow: await isShallow() });
    },

    async trail(from) {
      read = await readTrail(git, checkedObjectId(from), read);
      return read;
    },

    async appendTrail({ head: old, entries, tags: made, author, at }) {
      const ids = await writeCommits(git, {
        parent: old,
        commits: entries.map(({ path, content, message }) => ({
          files: [{ path, content }],
          message,
          author,
          at,
        })),
      });
      const tip = ids.at(-1);
      if (tip === undefined) throw new RangeError('an append needs at least one entry');
      const updates = [
        { ref: TRAIL_BRANCH, to: tip, expect: old ?? null },
        ...made.map(({ name, objectId }) => ({
          ref: `refs/tags/${checkedRefName(name)}`,
          to: checkedObjectId(objectId),
          expect: null,
        })),
      ];
      const lost = await setRefs(updates);
      if (lost.length > 0) {
        await tags.refuseForeign(lost);
        return { status: 'rejected' };
      }
      if (remote !== undefined) await noteSeen(git, updates);
      return { status: 'accepted', head: tip };
    },

    async pushBranch({ branch, base, files, message, author, at }) {
      const ref = `refs/heads/${checkedRefName(branch)}`;
      const placed = files.map(({ path, content }) => ({ path: `${folder}${path}`, content }));
      const commit = await writeCommit(git, { parent: base, files: placed, message, author, at });
      const old = remote === undefined ? await localRef(git, ref) : await remoteRef(ref);
      if (old === commit) return { status: 'unchanged', commit };
      if (old !== undefined) {
        const last = (await fetchCommit(old)) ? await commitInfo(old) : undefined;
        if (last?.author.email !== author.email) return { status: 'foreign', commit: old };
      }
      if ((await setRefs([{ ref, to: commit, expect: old ?? null }])).length > 0) {
        throw new OutsideError(
          fault('push-raced', `${branch} was pushed to by somebody else meanwhile`, undefined, 'Run again.'),
        );
      }
      return { status: 'pushed', commit };
    },
  };
}

const isOption = (arg: string) => arg.startsWith('--');
