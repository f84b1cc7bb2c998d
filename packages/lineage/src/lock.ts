import { readDocument } from '@rastro/document';
import { stringify } from 'yaml';
import { z } from 'zod';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A file by content: its path in the repository, sha256 (lower-case hex) and size in bytes. */
export const LockedFile = z.strictObject({
  path: z.string(),
  sha256: Sha256,
  size: z.number().int().nonnegative(),
});
export type LockedFile = z.infer<typeof LockedFile>;

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

/** What training consumed and produced. `cmd` is the user's command line, or `builtin <kind>`. */
export const TrainLock = z.strictObject({
  schema: z.literal('rastro/lock/v1'),
  stage: z.literal('train'),
  model: z.string(),
  cmd: z.string(),
  /** What `rastro.yaml` asked the model to learn: a model that was asked something else is another model. */
  asked: z
    .strictObject({ task: z.string(), target: z.string(), features: z.array(z.string()).optional() })
    .optional(),
  seed: z.number().int(),
  params: z.record(z.string(), Scalar),
  data: z.array(LockedFile),
  deps: z.array(LockedFile),
  outs: z.array(LockedFile).min(1),
  features: z.array(z.string()).optional(),
});
export type TrainLock = z.infer<typeof TrainLock>;

/** What the last check of a dataset against its contract saw, and answered. */
export const DataLock = z.strictObject({
  schema: z.literal('rastro/lock/v1'),
  stage: z.literal('validate'),
  dataset: z.string(),
  contract: LockedFile,
  files: z.array(LockedFile),
  rows: z.number().int().nonnegative(),
  verdict: z.enum(['pass', 'fail']),
  errors: z.number().int().nonnegative(),
  warnings: z.number().int().nonnegative(),
});
export type DataLock = z.infer<typeof DataLock>;

/** What a training is asked to do: all that its lock says, but for what came out. */
export type TrainQuestion = Omit<TrainLock, 'schema' | 'outs' | 'features'>;

/** `rastro.lock/<model>/train.yaml`. One file per stage, so that branches which touch different stages merge. */
export function trainLockPath(model: string): string {
  return `rastro.lock/${model}/train.yaml`;
}

/** `rastro.lock/data/<dataset>/validate.yaml`. */
export function dataLockPath(dataset: string): string {
  return `rastro.lock/data/${dataset}/validate.yaml`;
}

/** The same lock gives the same bytes: keys in schema order, parameters and files sorted. */
export function writeLock(lock: TrainLock | DataLock): string {
  const ordered =
    lock.stage === 'train'
      ? {
          ...inOrder(TrainLock.parse(lock), Object.keys(TrainLock.shape)),
          params: sortedByKey(lock.params),
          data: sortedByPath(lock.data),
          deps: sortedByPath(lock.deps),
          outs: sortedByPath(lock.outs),
        }
      : { ...inOrder(DataLock.parse(lock), Object.keys(DataLock.shape)), files: sortedByPath(lock.files) };
  return stringify(ordered, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The question, and the paths that the outputs are to have, as one text: the same for all locks that answer it. */
export function questionText(question: TrainQuestion, outputs: readonly string[]): string {
  const answers = ['schema', 'outs', 'features'];
  const keys = Object.keys(TrainLock.shape).filter((key) => !answers.includes(key));
  return stringify({
    ...inOrder(question, keys),
    params: sortedByKey(question.params),
    data: sortedByPath(question.data),
    deps: sortedByPath(question.deps),
    outs: [...outputs].sort(),
  });
}

/** @throws InputError naming the place when the file is not a lock of a training stage. */
export function readTrainLock(text: string, file: string): TrainLock {
  return readDocument(text, file, TrainLock).value;
}

/** @throws InputError naming the place when the file is not a lock of a data check. */
export function readDataLock(text: string, file: string): DataLock {
  return readDocument(text, file, DataLock).value;
}

/**
 * Why a stage must run again: what differs between its lock and what it would consume and has produced now, in words.
 * Empty when nothing changed.
 */
export function staleness(lock: TrainLock, now: Omit<TrainLock, 'schema' | 'features'>): string[] {
  return [
    ...(lock.cmd === now.cmd ? [] : [`the command changed from "${lock.cmd}" to "${now.cmd}"`]),
    ...changedQuestion(lock.asked, now.asked),
    ...(lock.seed === now.seed ? [] : [`the seed changed from ${lock.seed} to ${now.seed}`]),
    ...changedKeys(lock.params, now.params),
    ...changedFiles(lock.data, now.data, 'data'),
    ...changedFiles(lock.deps, now.deps, 'dependency'),
    ...changedFiles(lock.outs, now.outs, 'output'),
  ];
}

function changedQuestion(old: TrainLock['asked'], now: TrainLock['asked']): string[] {
  const show = (value: string | string[] | undefined) =>
    value === undefined ? 'not stated' : [value].flat().join(', ');
  return (['task', 'target', 'features'] as const)
    .map((key) => ({ key, before: show(old?.[key]), after: show(now?.[key]) }))
    .filter(({ before, after }) => before !== after)
    .map(
      ({ key, before, after }) =>
        `the ${key} ${key === 'features' ? 'were' : 'was'} ${before}, now ${key === 'features' ? 'they are' : 'it is'} ${after}`,
    );
}

function changedKeys(old: TrainLock['params'], now: TrainLock['params']): string[] {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  const show = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));
  return keys
    .filter((key) => old[key] !== now[key])
    .map((key) => `parameter ${key} changed from ${show(old[key])} to ${show(now[key])}`);
}

function changedFiles(old: readonly LockedFile[], now: readonly LockedFile[], role: string): string[] {
  const before = new Map(old.map((file) => [file.path, file.sha256]));
  const after = new Map(now.map((file) => [file.path, file.sha256]));
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map(
      (path) => `${role} ${path} ${!before.has(path) ? 'is new' : !after.has(path) ? 'is gone' : 'changed'}`,
    );
}

function inOrder(value: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => value[key] !== undefined).map((key) => [key, value[key]]));
}

function sortedByKey<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sortedByPath(files: readonly LockedFile[]): LockedFile[] {
  return [...files]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, sha256, size }) => ({ path, sha256, size }));
}
