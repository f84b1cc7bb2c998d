import { fault, InputError, OutsideError } from '@rastro/fault';
import type { Repository } from '@rastro/usecases';
import { tokenConfiguration } from './credentials.ts';
import { checkVersion, type Git, gitFailed, git as openGit } from './git.ts';
import { checkedObjectId, checkedPath, checkedRefName, checkedRemote, checkedRevision } from './names.ts';
import { objectAt, presentCommits, readObjects, writeCommit, writeCommits } from './objects.ts';
import { pushRefs, type RefUpdate, updateRefs } from './push.ts';
import { fetchTags, missingTags, readTags, seenTag, tagRefspec, writeTag } from './tags.ts';
import { type ReadCommit, readTrail } from './trail-branch.ts';

export interface RepositoryOptions {
  /** Name or URL of the remote. Default: `origin` when the repository has it. */
  readonly remote?: string;
  /** Token for the remote, over HTTP. Default: the credentials that the checkout left. */
  readonly token?: string;
  /** Never contact the remote: answer from what the clone has. Nothing can be pushed then. */
  readonly offline?: boolean;
}

const TRAIL_BRANCH = 'refs/heads/rastro/trail';
/** The trail as last seen at the remote. It only ever moves forward. */
const TRAIL_SEEN = 'refs/rastro/trail';
const DEEPENING = ['--deepen=50', '--deepen=200', '--deepen=1000', '--deepen=5000', '--unshallow'] as const;

/** Opens the repository of a directory. @throws InputError when there is none, OutsideError when git is missing or too old. */
export async function openRepository(
  directory: string,
  options: RepositoryOptions = {},
): Promise<Repository> {
  const plain = openGit(directory);
  await checkVersion(plain);
  await plain.run(['rev-parse', '--git-dir']);
  const remote = await findRemote(plain, options.remote);
  const token = options.token && remote !== undefined ? options.token : undefined;
  const git =
    token === undefined || remote === undefined
      ? plain
      : openGit(directory, tokenConfiguration(token, await urlOf(plain, remote)));
  return repositoryOf(git, {
    remote,
    offline: options.offline === true,
    folder: await plain.text(['rev-parse', '--show-prefix']),
  });
}

async function findRemote(git: Git, asked: string | undefined): Promise<string | undefined> {
  if (asked !== undefined) return checkedRemote(asked);
  const remotes = (await git.text(['remote'])).split('\n');
  return remotes.includes('origin') ? 'origin' : undefined;
}

async function urlOf(git: Git, remote: string): Promise<string> {
  const { exitCode, stdout } = await git.run(['remote', 'get-url', '--push', '--', remote], {
    allow: [0, 2, 128],
  });
  return exitCode === 0 ? stdout.toString('utf8').trim() : remote;
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

  /**
   * Asks again with more history each time, until the answer is found or there is no more. An answer that more history could
   * overturn is never given: a clone that stays shallow throws.
   */
  const deepening = async <T>(
    commits: readonly string[],
    ask: () => Promise<T>,
    isFound: (answer: T) => boolean,
  ): Promise<T> => {
    for (const depth of DEEPENING) {
      const answer = await ask();
      if (isFound(answer) || !(await isShallow())) return answer;
      if (online === undefined) break;
      await fetch([depth, ...commits]);
    }
    const answer = await ask();
    if (!isFound(answer) && (await isShallow())) throw shallow('its commits are not all there');
    return answer;
  };

  /** The trail as it was read last: what follows is read on top of it. */
  let read: readonly ReadCommit[] = [];

  /** The first commit, once it is known: whoever asks again may have other work to do at the same time. */
  let root: string | undefined;

  /** The last answer of the remote, and how often each question may still be answered from it. */
  let advertisement: { readonly text: string; readonly left: Map<'tags' | 'head', number> } | undefined;

  /**
   * What the remote says of its trail, its tags and its default branch, in one request. Who asks for the trail begins a decision;
   * the questions that belong to it are answered from the same moment. Any other question asks anew.
   */
  const advertised = async (from: string, question: 'trail' | 'tags' | 'head'): Promise<string> => {
    const left = question === 'trail' ? undefined : advertisement?.left.get(question);
    if (advertisement && question !== 'trail' && left) {
      advertisement.left.set(question, left - 1);
      return advertisement.text;
    }
    const text = await git.text([
      'ls-remote',
      '--quiet',
      '--symref',
      '--',
      from,
      'HEAD',
      TRAIL_BRANCH,
      'refs/tags/*',
    ]);
    // The policy is read to decide, and once more before anything is written.
    if (question === 'trail')
      advertisement = {
        text,
        left: new Map([
          ['tags', 1],
          ['head', 2],
        ]),
      };
    return text;
  };

  const remoteRef = async (ref: string): Promise<string | undefined> => {
    if (online === undefined) return undefined;
    const answer = await git.text(['ls-remote', '--quiet', '--', online, ref]);
    const line = answer.split('\n').find((candidate) => candidate.endsWith(`\t${ref}`));
    return line?.split('\t')[0];
  };

  const localRef = async (ref: string): Promise<string | undefined> => {
    const { exitCode, stdout } = await git.run(['rev-parse', '--verify', '--quiet', ref], { allow: [0, 1] });
    return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
  };

  /**
   * The furthest that this clone knows the trail: as we saw it last, or as a plain `git fetch` brought it.
   * Of two that have parted the one that we saw counts: the other was rewritten.
   */
  const knownTrail = async (refs: readonly string[]): Promise<string | undefined> => {
    let furthest: string | undefined;
    for (const ref of refs) {
      const id = await localRef(ref);
      if (id === undefined || id === furthest) continue;
      if (furthest === undefined || (await leadsTo(furthest, id))) furthest = id;
    }
    return furthest;
  };

  const leadsTo = async (ancestor: string, descendant: string): Promise<boolean> => {
    const { exitCode } = await git.run(['merge-base', '--is-ancestor', ancestor, descendant], {
      allow: [0, 1],
    });
    return exitCode === 0;
  };

  /** Notes what the remote took, so that the same clone sees it offline. Who was quicker to note more is right. */
  const noteSeen = async (updates: readonly RefUpdate[]): Promise<void> => {
    if (remote === undefined) return;
    for (const { ref, to } of updates) {
      if (ref === TRAIL_BRANCH) {
        const seen = await localRef(TRAIL_SEEN);
        if (seen === undefined || (await leadsTo(seen, to)))
          await updateRefs(git, [{ ref: TRAIL_SEEN, to, expect: seen ?? null }]);
      } else await updateRefs(git, [{ ref: seenTag(ref), to, expect: null }]);
    }
  };

  const object = async (commit: string, path: string) => {
    const found = await objectAt(git, commit, `${folder}${path}`);
    return found?.type === 'blob' ? found : undefined;
  };

  /** Sets refs at the remote, or here when there is none. */
  const setRefs = async (updates: readonly RefUpdate[]): Promise<boolean> => {
    advertisement = undefined;
    if (remote === undefined) return updateRefs(git, updates);
    if (offline) {
      throw new OutsideError(
        fault('git-offline', 'nothing can be pushed offline', undefined, 'Leave --offline out.'),
      );
    }
    return pushRefs(git, remote, updates);
  };

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

  const isAncestor: Repository['isAncestor'] = (ancestor, descendant) => {
    const commits = [checkedObjectId(ancestor), checkedObjectId(descendant)];
    const ask = async () => {
      const { exitCode } = await git.run(['merge-base', '--is-ancestor', ...commits], { allow: [0, 1] });
      return exitCode === 0;
    };
    return deepening(commits.slice(1), ask, (answer) => answer);
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
    head,
    isShallow,
    resolve,

    async defaultBranch() {
      if (online === undefined) return localDefaultBranch(git, remote, localRef);
      const answer = await advertised(online, 'head');
      const name = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(answer)?.[1];
      const commit = /^([0-9a-f]+)\tHEAD$/m.exec(answer)?.[1];
      if (name === undefined || commit === undefined) return undefined;
      if (!(await hasCommit(commit))) {
        await fetch([...((await isShallow()) ? ['--depth=1'] : []), commit]);
      }
      return { name, commit };
    },

    mergeBase(a, b) {
      const commits = [checkedObjectId(a), checkedObjectId(b)];
      const ask = async () => {
        const { exitCode, stdout } = await git.run(['merge-base', ...commits], { allow: [0, 1] });
        return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
      };
      return deepening(commits, ask, (answer) => answer !== undefined);
    },

    isAncestor,

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

    async placesOf(commits, branch) {
      const present = await presentCommits(git, commits.map(checkedObjectId));
      const here = commits.filter((commit) => present.has(commit));
      const beyond = await git.text(['rev-list', '--stdin'], {
        input: `${[...here, `^${checkedObjectId(branch)}`].join('\n')}\n`,
      });
      const outside = new Set(beyond.split('\n'));
      // History that a shallow clone lacks may lead there after all.
      if (here.some((commit) => outside.has(commit)) && (await isShallow())) {
        for (const commit of here) if (await isAncestor(commit, branch)) outside.delete(commit);
      }
      const place = (commit: string) =>
        !present.has(commit) ? 'absent' : outside.has(commit) ? 'outside' : 'inside';
      return new Map(commits.map((commit) => [commit, place(commit)]));
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

    async tags() {
      if (remote === undefined) return readTags(git, 'refs/tags/');
      if (online !== undefined) {
        await fetchTags(git, online, {
          isShallow: await isShallow(),
          advertised: await advertised(online, 'tags'),
        });
        return readTags(git, 'refs/rastro/tags/');
      }
      const seen = await readTags(git, 'refs/rastro/tags/');
      const names = new Set(seen.map(({ name }) => name));
      return [...seen, ...(await readTags(git, 'refs/tags/')).filter(({ name }) => !names.has(name))];
    },

    makeTagObject: (tag) => writeTag(git, tag),

    async trailHead() {
      if (remote === undefined) return localRef(TRAIL_BRANCH);
      if (online === undefined) {
        return knownTrail([TRAIL_SEEN, `refs/remotes/${remote}/rastro/trail`, TRAIL_BRANCH]);
      }
      const [answer, seen, shallowClone] = await Promise.all([
        advertised(online, 'trail'),
        localRef(TRAIL_SEEN),
        isShallow(),
      ]);
      const theirs = /^([0-9a-f]+)\trefs\/heads\/rastro\/trail$/m.exec(answer)?.[1];
      if (theirs === seen) return theirs;
      if (theirs === undefined) throw rewritten();
      const args = ['fetch', '--no-tags', '--no-write-fetch-head', '--stdin', '--', online];
      // Tags come with the entries that made them, in one fetch for both.
      const tags = shallowClone ? [] : (await missingTags(git, answer)).map(tagRefspec);
      const output = await git.run(args, {
        input: `${[`${TRAIL_BRANCH}:${TRAIL_SEEN}`, ...tags].join('\n')}\n`,
        allow: [0, 1],
      });
      if (/non-fast-forward/.test(output.stderr)) throw rewritten();
      if (output.exitCode !== 0) throw gitFailed(args, output);
      return localRef(TRAIL_SEEN);
    },

    async trail(from) {
      read = await readTrail(git, checkedObjectId(from), read);
      return read;
    },

    async appendTrail({ head: old, entries, tags, author, at }) {
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
        ...tags.map(({ name, objectId }) => ({
          ref: `refs/tags/${checkedRefName(name)}`,
          to: checkedObjectId(objectId),
          expect: null,
        })),
      ];
      const accepted = await setRefs(updates);
      if (accepted) await noteSeen(updates);
      return accepted ? { status: 'accepted', head: tip } : { status: 'rejected' };
    },

    async pushBranch({ branch, base, files, message, author, at }) {
      const ref = `refs/heads/${checkedRefName(branch)}`;
      const placed = files.map(({ path, content }) => ({ path: `${folder}${path}`, content }));
      const commit = await writeCommit(git, { parent: base, files: placed, message, author, at });
      const old = remote === undefined ? await localRef(ref) : await remoteRef(ref);
      if (old === commit) return { status: 'unchanged', commit };
      if (old !== undefined) {
        const last = (await fetchCommit(old)) ? await commitInfo(old) : undefined;
        if (last?.author.email !== author.email) return { status: 'foreign', commit: old };
      }
      if (!(await setRefs([{ ref, to: commit, expect: old ?? null }]))) {
        throw new OutsideError(
          fault('push-raced', `${branch} was pushed to by somebody else meanwhile`, undefined, 'Run again.'),
        );
      }
      return { status: 'pushed', commit };
    },
  };
}

const isOption = (arg: string) => arg.startsWith('--');

/** The branch that the clone knows as the remote's default; without a remote `main`, `master`, or the one checked out. */
async function localDefaultBranch(
  git: Git,
  remote: string | undefined,
  localRef: (ref: string) => Promise<string | undefined>,
): Promise<{ name: string; commit: string } | undefined> {
  const symbolic = async (ref: string) => {
    const { exitCode, stdout } = await git.run(['symbolic-ref', '--quiet', ref], { allow: [0, 1, 128] });
    return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
  };
  const candidates = [
    remote === undefined ? undefined : await symbolic(`refs/remotes/${remote}/HEAD`),
    ...(remote === undefined ? [] : ['main', 'master'].map((name) => `refs/remotes/${remote}/${name}`)),
    'refs/heads/main',
    'refs/heads/master',
    await symbolic('HEAD'),
  ];
  for (const ref of candidates) {
    const commit = ref === undefined ? undefined : await localRef(ref);
    if (ref === undefined || commit === undefined) continue;
    return { name: ref.replace(/^refs\/(heads|remotes\/[^/]+)\//, ''), commit };
  }
  return undefined;
}

function shallow(why: string): OutsideError {
  return new OutsideError(
    fault(
      'git-shallow',
      `the clone is shallow, and ${why}`,
      undefined,
      'Check out with fetch-depth: 0, or run git fetch --unshallow.',
    ),
  );
}

function rewritten(): OutsideError {
  return new OutsideError(
    fault(
      'trail-rewritten',
      'the trail at the remote does not continue the one that this clone has seen: it was rewritten or deleted',
      undefined,
      'Restore rastro/trail at the remote from this clone (refs/rastro/trail), and protect the branch.',
    ),
  );
}
