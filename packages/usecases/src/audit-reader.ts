import { InputError } from '@rastro/fault';
import { readRecord } from '@rastro/metrics';
import { POLICY_FILE } from '@rastro/registry';
import type { AuditReader, StatedEvaluation } from '@rastro/trail';
import { recordPath } from './evaluate.ts';
import { statedOf } from './evidence.ts';
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
    async evaluation(commit, model) {
      const path = recordPath(model);
      const [file] = await git.readFiles([{ commit, path }]);
      return file && { bytes: file.bytes, states: statesOf(file.bytes, path) };
    },
    async leadTo(commits, last) {
      const places = await git.placesOf(commits, last);
      return [...places.values()].every((place) => place === 'inside');
    },
  };
}

function statesOf(bytes: Uint8Array, path: string): StatedEvaluation | null {
  try {
    return statedOf(readRecord(new TextDecoder().decode(bytes), path));
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
