import { isRastroError } from '@rastro/fault';
import { type EvaluationRecord, readRecord } from '@rastro/metrics';
import { compareVersions, registryState } from '@rastro/registry';
import { recordPath } from './evaluate.ts';
import type { Ports, Repository } from './ports/index.ts';

/** A released version and how it was judged then. */
export interface JudgedRelease {
  readonly version: string;
  readonly record: EvaluationRecord;
}

const MOST_RELEASES = 10;

/**
 * The evaluation records of a model's last releases, oldest first, at most ten. They only illustrate a report: a release whose
 * record is gone or unreadable is left out, and a remote that does not answer leaves the history empty and says so.
 */
export async function releaseHistory(
  model: string,
  { repository, progress }: Pick<Ports, 'repository' | 'progress'>,
): Promise<JudgedRelease[]> {
  const git = await repository();
  try {
    const versions = registryState(await git.tags()).get(model)?.versions ?? [];
    const last = [...versions].sort((a, b) => compareVersions(a.version, b.version)).slice(-MOST_RELEASES);
    const releases = await Promise.all(
      last.map(({ version, commit }) => releaseAt(git, model, version, commit)),
    );
    return releases.filter((release) => release !== undefined);
  } catch (error) {
    if (!isRastroError(error)) throw error;
    progress.step(`${model}: without the history of its releases, because ${error.message}`);
    return [];
  }
}

async function releaseAt(
  git: Repository,
  model: string,
  version: string,
  commit: string,
): Promise<JudgedRelease | undefined> {
  const bytes = await git.readFile(commit, recordPath(model));
  if (!bytes) return undefined;
  try {
    return { version, record: readRecord(new TextDecoder().decode(bytes), recordPath(model)) };
  } catch (error) {
    if (isRastroError(error)) return undefined;
    throw error;
  }
}
