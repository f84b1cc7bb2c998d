import { execa } from 'execa';
import { git, inheritedEnvironment, isolatedGitEnvironment } from '../git.ts';

/** What the forge asks of the bare repository that it hosts. */
export interface BareRepository {
  /** The commit that a revision names; undefined when there is none. */
  commitOf(revision: string): Promise<string | undefined>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  setRef(ref: string, commit: string): Promise<void>;
  /** Merges a head into a base branch with a merge commit. Undefined when they conflict. */
  merge(request: { base: string; head: string; message: string; login: string }): Promise<string | undefined>;
}

export function bareRepository(directory: string): BareRepository {
  const commitOf = async (revision: string) =>
    git(directory, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]).catch(
      () => undefined,
    );
  return {
    commitOf,
    async isAncestor(ancestor, descendant) {
      const { exitCode } = await execa('git', ['merge-base', '--is-ancestor', ancestor, descendant], {
        cwd: directory,
        env: { ...inheritedEnvironment(), ...isolatedGitEnvironment },
        extendEnv: false,
        reject: false,
      });
      return exitCode === 0;
    },
    async setRef(ref, commit) {
      await git(directory, ['update-ref', ref, commit]);
    },
    async merge({ base, head, message, login }) {
      const before = await commitOf(`refs/heads/${base}`);
      if (!before) return undefined;
      const tree = await git(directory, ['merge-tree', '--write-tree', before, head]).catch(() => undefined);
      if (!tree) return undefined;
      const identity = { name: login, email: `${login}@users.noreply.github.com` };
      const commit = await git(directory, ['commit-tree', tree, '-p', before, '-p', head, '-m', message], {
        GIT_AUTHOR_NAME: identity.name,
        GIT_AUTHOR_EMAIL: identity.email,
        GIT_COMMITTER_NAME: 'GitHub',
        GIT_COMMITTER_EMAIL: 'noreply@github.com',
      });
      await git(directory, ['update-ref', `refs/heads/${base}`, commit, before]);
      return commit;
    },
  };
}
