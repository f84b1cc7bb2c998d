import { InputError } from '@rastro/fault';
import {
  type LockedFile,
  questionText,
  readTrainLock,
  staleness,
  type TrainLock,
  type TrainQuestion,
  writeLock,
} from '@rastro/lineage';
import type { Ports } from './ports/index.ts';

/** Trainings of earlier runs, each found by what it was made from. */
export interface KeptTrainings {
  /**
   * Puts the outputs that an earlier run made from the same input in place, and resolves with its lock. Undefined when there
   * are none, or none to be believed: see {@link keptTrainings}.
   */
  restore(
    question: TrainQuestion,
    outputs: readonly string[],
    lock: TrainLock | undefined,
  ): Promise<TrainLock | undefined>;
  keep(lock: TrainLock): Promise<void>;
}

interface Asked {
  readonly question: TrainQuestion;
  readonly outputs: readonly string[];
  /** The repository's own lock, when it answers the question. */
  readonly vouched: TrainLock | undefined;
}

const FOLDER = '.rastro/cache';
const LOCK = `${FOLDER}/train.yaml`;

/**
 * The trainings that the workflow's cache keeps; undefined where there is no cache.
 *
 * Git is the record, and the cache is not: every job on a branch can write the branch's cache. So its bytes are believed when
 * the repository's own lock names their digests. Where there is no such lock, because parameters or data are new, they are
 * believed only in a run on an open pull request, whose results are looked at and never released.
 */
export async function keptTrainings(
  ports: Pick<Ports, 'cache' | 'context' | 'workspace' | 'sha256' | 'progress'>,
): Promise<KeptTrainings | undefined> {
  const { workspace, context, progress, sha256 } = ports;
  const cache = await ports.cache();
  if (!cache) return undefined;
  const aside = (file: LockedFile) => `${FOLDER}/${file.sha256}`;
  const keyOf = (question: TrainQuestion, outputs: readonly string[]) =>
    `train-${sha256(questionText(question, outputs))}`;
  const clear = async () => {
    for (const path of await workspace.list([`${FOLDER}/**`])) await workspace.remove(path);
  };
  /** The lock that came with the files, when it and they are what was asked for; else why they are not. */
  const read = async (asked: Asked): Promise<TrainLock | string> => {
    try {
      const kept = readTrainLock((await workspace.readText(LOCK)) ?? '', LOCK);
      const reason = unfit(kept, asked);
      if (reason) return reason;
      for (const file of kept.outs) {
        if ((await workspace.digest(aside(file)))?.sha256 !== file.sha256) return `${file.path} is damaged`;
      }
      return kept;
    } catch (error) {
      if (error instanceof InputError) return 'it cannot be read';
      throw error;
    }
  };
  return {
    async restore(question, outputs, lock) {
      const vouched =
        lock && staleness(lock, { ...question, outs: lock.outs }).length === 0 ? lock : undefined;
      if (!vouched && !context.isTrial) return undefined;
      try {
        await clear();
        if (!(await cache.restore(keyOf(question, outputs), FOLDER))) return undefined;
        const kept = await read({ question, outputs, vouched });
        if (typeof kept === 'string') {
          progress.step(`${question.model}: what the cache has is not used, ${kept}`);
          return undefined;
        }
        for (const file of kept.outs) await workspace.copy(aside(file), file.path);
        progress.step(`${question.model}: restored from the cache`);
        return kept;
      } finally {
        await clear();
      }
    },
    async keep(lock) {
      try {
        await clear();
        await workspace.write('.rastro/.gitignore', '*\n');
        await workspace.write(LOCK, writeLock(lock));
        for (const file of lock.outs) await workspace.copy(file.path, aside(file));
        await cache.keep(
          keyOf(
            lock,
            lock.outs.map(({ path }) => path),
          ),
          FOLDER,
        );
      } finally {
        await clear();
      }
    },
  };
}

/** Why a lock is not an answer to the question; undefined when it is. */
function unfit(kept: TrainLock, { question, outputs, vouched }: Asked): string | undefined {
  const names = kept.outs.map(({ path }) => path);
  const now = { ...question, outs: kept.outs };
  if (staleness(kept, now).length > 0 || names.join('\0') !== [...outputs].sort().join('\0')) {
    return 'it was made from something else';
  }
  return vouched && staleness(vouched, now).length > 0 ? 'its files are not those of the lock' : undefined;
}
