import type { Document } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import {
  type LockedFile,
  type Project,
  readTrainLock,
  staleness,
  type TrainLock,
  trainLockPath,
  writeLock,
} from '@rastro/lineage';
import { z } from 'zod';
import { type KeptTrainings, keptTrainings } from './kept-trainings.ts';
import type { Outcome } from './outcome.ts';
import type { Ports, Workspace } from './ports/index.ts';
import {
  datasetFiles,
  loadProject,
  lockedFiles,
  type NamedModel,
  pickDataset,
  pickModels,
} from './project.ts';
import { count, report, short, table, withCommand } from './report.ts';
import {
  presentFiles,
  refuseChangedInputs,
  runTraining,
  type TrainPorts,
  trainedFiles,
} from './run-training.ts';

export const TrainRequest = z.strictObject({
  model: z
    .array(z.string())
    .default([])
    .describe('Models to train, by their names in rastro.yaml. Default: all.'),
  force: z.boolean().default(false).describe('Train even when nothing changed since the last run.'),
  cache: z
    .boolean()
    .default(true)
    .describe(
      'On a runner: take what an earlier run made from the same input out of the cache, and keep there what this one makes.',
    ),
  verify: z
    .boolean()
    .default(false)
    .describe(
      'Train once more and compare the bytes; fail when the same input does not give the same output.',
    ),
});
export type TrainRequest = z.output<typeof TrainRequest>;

/** One trained model: what was made, from what, and whether it had to run. */
export interface TrainRecord {
  readonly model: string;
  readonly file: string;
  readonly sha256: string;
  readonly ran: boolean;
  /** Its files are those of an earlier run, out of the workflow's cache. */
  readonly restored: boolean;
  readonly reasons: readonly string[];
  readonly lock: string;
  /** Outputs that a second run made with other bytes; null when it was not asked. */
  readonly differing: readonly string[] | null;
}

/**
 * Trains models under lineage: what goes in and what comes out is recorded by digest in `rastro.lock/<model>/train.yaml`.
 * A model whose data, dependencies, parameters, seed, command and outputs are those of its lock is not trained again; one
 * whose outputs the workflow's cache has is not either, where {@link keptTrainings} may believe the cache.
 * @throws InputError when data is missing, the command fails, changes what it reads, or leaves an output out.
 */
export async function train(
  request: TrainRequest,
  ports: TrainPorts & Pick<Ports, 'cache' | 'context' | 'sha256'>,
): Promise<Outcome<TrainRecord[]>> {
  const project = await loadProject(ports.workspace);
  const kept = request.cache && !request.force ? await keptTrainings(ports) : undefined;
  const records: TrainRecord[] = [];
  const reports = [];
  for (const model of pickModels(project, request.model)) {
    if (!model.config.train) continue;
    const { record: made, lock } = await trainModel(model, { project, force: request.force, kept }, ports);
    const differing = request.verify ? await differingOutputs(model, lock, ports) : null;
    const record = { ...made, differing };
    records.push(record);
    reports.push(withCommand(describe(record, lock), ['--model', record.model]));
  }
  if (records.length === 0) {
    throw new InputError(
      fault(
        'nothing-to-train',
        'no model has a "train:" section',
        project.placeOf(['models']),
        'Add "train:" with a command or a builtin trainer.',
      ),
    );
  }
  const isReproducible = records.every(({ differing }) => differing === null || differing.length === 0);
  return { status: isReproducible ? 'pass' : 'breach', reports, record: records };
}

/**
 * Trains again and names the outputs whose bytes are not those of the lock. The outputs of the lock stay in place, so that
 * the record and the files agree whatever the answer.
 */
async function differingOutputs(model: NamedModel, lock: TrainLock, ports: TrainPorts): Promise<string[]> {
  const { workspace, progress } = ports;
  progress.step(`${model.name}: training once more, to compare the bytes`);
  const aside = (path: string) => `.rastro/verify/${path}`;
  await workspace.write('.rastro/.gitignore', '*\n');
  for (const { path } of lock.outs) await workspace.copy(path, aside(path));
  try {
    await runTraining(
      model,
      lock.data,
      lock.outs.map(({ path }) => path),
      ports,
    );
    const again = await presentFiles(
      workspace,
      lock.outs.map(({ path }) => path),
    );
    const digests = new Map(again.map(({ path, sha256 }) => [path, sha256]));
    return lock.outs.filter(({ path, sha256 }) => digests.get(path) !== sha256).map(({ path }) => path);
  } finally {
    for (const { path } of lock.outs) await workspace.copy(aside(path), path);
    for (const { path } of lock.outs) await workspace.remove(aside(path));
  }
}

async function trainingData(
  { name, config }: NamedModel,
  project: Document<Project>,
  workspace: Workspace,
): Promise<LockedFile[]> {
  const files: LockedFile[] = [];
  for (const dataset of [config.train!.data].flat()) {
    const found = pickDataset(project, dataset, ['models', name, 'train', 'data']);
    files.push(...(await datasetFiles(workspace, dataset, found)));
  }
  return unique(files);
}

type Trained = { readonly record: Omit<TrainRecord, 'differing'>; readonly lock: TrainLock };

/** Trains one model that has a section `train:`, unless its lock says that nothing changed. */
export async function trainModel(
  model: NamedModel,
  { project, force, kept }: { project: Document<Project>; force: boolean; kept?: KeptTrainings | undefined },
  ports: TrainPorts,
): Promise<Trained> {
  const { workspace, progress, clock } = ports;
  const data = await trainingData(model, project, workspace);
  const config = model.config.train!;
  const outputs = [model.file, ...config.outputs];
  const lockPath = trainLockPath(model.name);
  const deps = await lockedFiles(
    workspace,
    config.deps.length === 0 ? [] : await found(workspace, config.deps),
  );
  const now = {
    stage: 'train' as const,
    model: model.name,
    cmd: config.command ?? `builtin ${config.builtin}`,
    asked: {
      task: model.config.task,
      target: model.config.target,
      ...(model.config.features ? { features: model.config.features } : {}),
    },
    seed: config.seed,
    params: config.params,
    data,
    deps,
  };

  const made = (lock: TrainLock, from: 'training' | 'cache' | 'before'): Trained => ({
    lock,
    record: {
      model: model.name,
      file: model.file,
      sha256: digestOf(model, lock.outs),
      ran: from === 'training',
      restored: from === 'cache',
      reasons,
      lock: lockPath,
    },
  });

  const lockText = await workspace.readText(lockPath);
  const old = lockText === undefined ? undefined : readTrainLock(lockText, lockPath);
  const existing = await presentFiles(workspace, outputs);
  const reasons = force
    ? ['training was forced']
    : old
      ? staleness(old, { ...now, outs: existing })
      : ['it was never trained here'];
  if (old && reasons.length === 0) {
    progress.step(`${model.name}: nothing changed, not trained again`);
    return made(old, 'before');
  }

  const restored = await kept?.restore(now, outputs, old);
  if (restored) {
    await workspace.write(lockPath, writeLock(restored));
    return made(restored, 'cache');
  }

  progress.step(`${model.name}: training, because ${reasons[0]}`);
  const started = clock.now();
  const features = await runTraining(model, data, outputs, ports);
  progress.step(`${model.name}: trained in ${((clock.now() - started) / 1000).toFixed(1)} s`);

  await refuseChangedInputs(workspace, model.name, [...data, ...deps]);
  const lock: TrainLock = {
    schema: 'rastro/lock/v1',
    ...now,
    outs: await trainedFiles(workspace, model, outputs),
    ...(features ? { features } : {}),
  };
  await workspace.write(lockPath, writeLock(lock));
  await kept?.keep(lock);
  return made(lock, 'training');
}

async function found(workspace: Workspace, globs: readonly string[]): Promise<string[]> {
  for (const pattern of globs) {
    if ((await workspace.list([pattern])).length === 0) {
      throw new InputError(
        fault(
          'file-missing',
          `no file matches the dependency ${pattern}`,
          place(pattern),
          'Correct "deps:" in rastro.yaml.',
        ),
      );
    }
  }
  return workspace.list(globs);
}

function digestOf(model: NamedModel, outs: readonly LockedFile[]): string {
  return outs.find(({ path }) => path === model.file)!.sha256;
}

function unique(files: readonly LockedFile[]): LockedFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

function describe(record: TrainRecord, lock: TrainLock) {
  const { model, differing } = record;
  const done = record.ran
    ? `Trained ${model} on ${count(lock.data.length, 'file')}: ${record.reasons[0]}.`
    : record.restored
      ? `${model} is what an earlier run made from the same input: restored from the cache, because ${record.reasons[0]}.`
      : `${model} is up to date: nothing that it is made from changed.`;
  const sentence =
    differing === null
      ? done
      : differing.length === 0
        ? `${done} A second run made the same bytes.`
        : `${model} is not reproducible: a second run made ${differing.join(', ')} with other bytes.`;
  const status = differing === null ? 'info' : differing.length === 0 ? 'pass' : 'fail';
  return report('train', model, { status, sentence }, [
    {
      id: 'lineage',
      title: 'Lineage',
      importance: 30,
      blocks: [
        table(
          ['Role', 'File', 'Digest'],
          [
            ...lock.outs.map((file) => ['output', { ...file }] as const),
            ...lock.data.map((file) => ['data', { ...file }] as const),
            ...lock.deps.map((file) => ['dependency', { ...file }] as const),
          ].map(([role, file]) => [role, [{ code: file.path }], [{ code: short(file.sha256) }]]),
        ),
        {
          kind: 'facts',
          items: [
            { label: 'Command', value: [{ code: lock.cmd }] },
            { label: 'Seed', value: String(lock.seed) },
            ...Object.entries(lock.params).map(([name, value]) => ({ label: name, value: String(value) })),
          ],
        },
        ...(record.reasons.length > 1 ? [{ kind: 'list' as const, items: [...record.reasons] }] : []),
      ],
    },
  ]);
}
