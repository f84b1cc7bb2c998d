import { fault, InputError } from '@rastro/fault';
import type { Git } from './git.ts';
import { checkedRefName } from './names.ts';
import { updateRefs } from './push.ts';
import { localRef } from './refs.ts';
import type { RemoteAnswer } from './remote-answer.ts';
import { fetchTags, type ReadTag, readTags, seenTag } from './tags.ts';

/** The annotated tags of a repository, as its remote has them where there is one. */
export interface RepositoryTags {
  read(): Promise<ReadTag[]>;
  /** See the port. */
  keep(name: string): Promise<void>;
  /**
   * What cannot be set however often somebody decides again: a tag that is there and not among those that are read, such as a
   * lightweight one, and a ref where another is in its way, as a branch `rastro` is in that of `rastro/trail`.
   * @throws InputError naming the first of the refs for which that holds.
   */
  refuseForeign(refs: readonly string[]): Promise<void>;
}

export function repositoryTags(
  git: Git,
  {
    remote,
    online,
    answer,
    isShallow,
  }: {
    remote: string | undefined;
    /** The remote when it may be asked. */
    online: string | undefined;
    answer: RemoteAnswer | undefined;
    isShallow(): Promise<boolean>;
  },
): RepositoryTags {
  const read = async () => {
    if (remote === undefined) return readTags(git, 'refs/tags/');
    if (answer && online !== undefined) {
      await fetchTags(git, online, {
        isShallow: await isShallow(),
        advertised: await answer.ask('tags'),
      });
      return readTags(git, 'refs/rastro/tags/');
    }
    const seen = await readTags(git, 'refs/rastro/tags/');
    const names = new Set(seen.map(({ name }) => name));
    return [...seen, ...(await readTags(git, 'refs/tags/')).filter(({ name }) => !names.has(name))];
  };
  return {
    read,

    async keep(name) {
      const ref = `refs/tags/${checkedRefName(name)}`;
      const seen = remote === undefined ? undefined : await localRef(git, seenTag(ref));
      if (seen !== undefined) await updateRefs(git, [{ ref, to: seen, expect: null }]);
    },

    async refuseForeign(refs) {
      const patterns = refs.flatMap((ref) => [ref, `${ref}/*`, ...above(ref)]);
      const list =
        online === undefined
          ? ['for-each-ref', '--format=%(objectname)%09%(refname)']
          : ['ls-remote', '--', online, ...patterns];
      const there = (await git.text(list)).split('\n').map((line) => line.split('\t')[1] ?? '');
      for (const ref of refs) {
        const inTheWay = there.find((other) => other.startsWith(`${ref}/`) || above(ref).includes(other));
        if (inTheWay !== undefined) throw refBlocked(ref, inTheWay, remote);
      }
      const taken = refs.filter((ref) => ref.startsWith('refs/tags/') && there.includes(ref));
      if (taken.length === 0) return;
      const known = new Set((await read()).map(({ name }) => `refs/tags/${name}`));
      const foreign = taken.find((ref) => !known.has(ref));
      if (foreign !== undefined) throw tagTaken(foreign, remote);
    },
  };
}

/** The refs of which a ref would have to be a folder: `refs/heads/a` for `refs/heads/a/b`. */
function above(ref: string): string[] {
  const parts = ref.split('/');
  return parts.slice(3).map((_, at) => parts.slice(0, at + 3).join('/'));
}

function refBlocked(ref: string, inTheWay: string, remote: string | undefined): InputError {
  return new InputError(
    fault(
      'ref-blocked',
      `${shown(ref)} cannot be made while there is ${shown(inTheWay)}: of Git's names one cannot be a folder of the other`,
      undefined,
      `Rename or delete it: ${removal(inTheWay, remote)}.`,
    ),
  );
}

function tagTaken(ref: string, remote: string | undefined): InputError {
  return new InputError(
    fault(
      'tag-taken',
      `there is ${shown(ref)} already, and it is not an annotated tag of a commit`,
      undefined,
      `Delete it when nobody needs it: ${removal(ref, remote)}.`,
    ),
  );
}

function shown(ref: string): string {
  const [, kind, ...name] = ref.split('/');
  return `the ${kind === 'tags' ? 'tag' : 'branch'} ${name.join('/')}`;
}

function removal(ref: string, remote: string | undefined): string {
  return remote === undefined ? `git update-ref -d ${ref}` : `git push --delete ${remote} ${ref}`;
}
