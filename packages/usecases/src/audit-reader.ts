import { POLICY_FILE } from '@rastro/registry';
import type { AuditReader } from '@rastro/trail';
import type { Repository } from './ports/index.ts';

/** What an audit reads of a repository besides the trail. The default branch stands for the protected one. */
export function auditReader(git: Repository): AuditReader {
  return {
    policies: (commits) => git.readFiles(commits.map((commit) => ({ commit, path: POLICY_FILE }))),
    tags: () => git.tags(),
    async whereAre(commits) {
      if (commits.length === 0) return new Map();
      const branch = await git.defaultBranch();
      const places = await git.placesOf(commits, branch?.commit ?? (await git.head()));
      const names = {
        inside: branch ? 'protected' : 'unprotected',
        outside: 'unprotected',
        absent: 'absent',
      } as const;
      return new Map([...places].map(([commit, place]) => [commit, names[place]]));
    },
    async leadTo(commits, last) {
      const places = await git.placesOf(commits, last);
      return [...places.values()].every((place) => place === 'inside');
    },
  };
}
