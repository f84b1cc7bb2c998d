import { InputError } from '@rastro/fault';
import { readRecord } from '@rastro/metrics';
import { POLICY_FILE } from '@rastro/registry';
import type { AuditReader, StatedEvaluation } from '@rastro/trail';
import { recordPath } from './evaluate.ts';
import { statedOf } from './evidence.ts';
import type { Repository } from './ports/index.ts';

/** What an audit reads of a repository besides the trail. The default branch stands for the protected one. */
export function auditReader(git: Repository): AuditReader {
  // Nothing moves while an audit reads, and its steps ask of the same commits.
  const known = new Map<string, 'protected' | 'unprotected' | 'absent'>();
  let branch: Promise<{ commit: string } | undefined> | undefined;
  return {
    policies: (commits) => git.readFiles(commits.map((commit) => ({ commit, path: POLICY_FILE }))),
    tags: () => git.tags(),
    async whereAre(commits) {
      const asked = commits.filter((commit) => !known.has(commit));
      if (asked.length > 0) {
        branch ??= git.defaultBranch();
        const tip = await branch;
        const places = await git.placesOf(asked, tip?.commit ?? (await git.head()));
        const names = {
          inside: tip ? 'protected' : 'unprotected',
          outside: 'unprotected',
          absent: 'absent',
        } as const;
        for (const [commit, place] of places) known.set(commit, names[place]);
      }
      return new Map(commits.map((commit) => [commit, known.get(commit) ?? 'absent']));
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
