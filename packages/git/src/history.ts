import { fault, OutsideError } from '@rastro/fault';
import type { Repository } from '@rastro/usecases';
import type { Git } from './git.ts';
import { checkedObjectId } from './names.ts';
import { presentCommits } from './objects.ts';

const DEEPENING = ['--deepen=50', '--deepen=200', '--deepen=1000', '--deepen=5000', '--unshallow'] as const;

/** How commits hang together, in a clone that may have to fetch more of them to tell. */
export type History = Pick<Repository, 'mergeBase' | 'isAncestor' | 'placesOf'>;

export function historyOf(
  git: Git,
  {
    isShallow,
    fetch,
  }: {
    isShallow(): Promise<boolean>;
    /** Undefined when the remote may not be asked. */
    fetch: ((args: readonly string[]) => Promise<void>) | undefined;
  },
): History {
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
      if (!fetch) break;
      await fetch([depth, ...commits]);
    }
    const answer = await ask();
    if (!isFound(answer) && (await isShallow())) throw shallow('its commits are not all there');
    return answer;
  };

  const isAncestor: Repository['isAncestor'] = (ancestor, descendant) => {
    const commits = [checkedObjectId(ancestor), checkedObjectId(descendant)];
    const ask = async () => {
      const { exitCode } = await git.run(['merge-base', '--is-ancestor', ...commits], { allow: [0, 1] });
      return exitCode === 0;
    };
    return deepening(commits.slice(1), ask, (answer) => answer);
  };

  return {
    isAncestor,

    mergeBase(a, b) {
      const commits = [checkedObjectId(a), checkedObjectId(b)];
      const ask = async () => {
        const { exitCode, stdout } = await git.run(['merge-base', ...commits], { allow: [0, 1] });
        return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
      };
      return deepening(commits, ask, (answer) => answer !== undefined);
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
  };
}

export function shallow(why: string): OutsideError {
  return new OutsideError(
    fault(
      'git-shallow',
      `the clone is shallow, and ${why}`,
      undefined,
      'Check out with fetch-depth: 0, or run git fetch --unshallow.',
    ),
  );
}
