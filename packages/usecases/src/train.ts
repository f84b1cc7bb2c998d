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
import type { Outcome } from './outcome.ts';
import type { Ports, Workspace } from './ports/index.ts';
import {
  datasetFiles,
  loadProject,
  lockedFiles,
  type NamedModel,
  pickDataset,
  pickModels,
  tableOf,
} from './project.ts';
import { count, report, short, table, withCommand } from './report.ts';

export const TrainRequest = z.strictObject({
  model: z
    .array(z.string())
    .default([])
    .describe('Models to train, by their names in rastro.yaml. Default: all.'),
  force: z.boolean().default(false).describe('Train even when nothing changed since the last run.'),
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
  readonly reasons: readonly string[];
  readonly lock: string;
  /** Outputs that a second run made with other bytes; null when it was not asked. */
  readonly differing: readonly string[] | null;
}

export type TrainPorts = Pick<Ports, 'workspace' | 'data' | 'trainer' | 'commands' | 'clock' | 'progress'>;

/**
 * Trains models under lineage: what goes in and what comes out is recorded by digest in `rastro.lock/<model>/train.yaml`.
 * A model whose data, dependencies, parameters, seed, command and outputs are those of its lock is not trained again.
 * @throws InputError when data is missing, the command fails, changes what it reads, or leaves an output out.
 */
export async function train(request: TrainRequest, ports: TrainPorts): Promise<Outcome<TrainRecord[]>> {
  const project = await loadProject(ports.workspace);
  const records: TrainRecord[] = [];
  const reports = [];
  for (const model of pickModels(project, request.model)) {
    if (!model.config.train) continue;
    const { record: made, lock } = await trainModel(model, { project, force: request.force }, ports);
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
  { project, force }: { project: Document<Project>; force: boolean },
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
    return {
      lock: old,
      record: {
        model: model.name,
        file: model.file,
        sha256: digestOf(model, old.outs),
        ran: false,
        reasons,
        lock: lockPath,
      },
    };
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
  return {
    lock,
    record: {
      model: model.name,
      file: model.file,
      sha256: digestOf(model, lock.outs),
      ran: true,
      reasons,
      lock: lockPath,
    },
  };
}

/** Runs the training itself. Resolves with the features when the trainer tells them. */
function runTraining(
  model: NamedModel,
  data: readonly LockedFile[],
  outputs: readonly string[],
  ports: TrainPorts,
): Promise<string[] | undefined> {
  return model.config.train!.builtin
    ? trainBuiltin(model, data, ports)
    : runCommand(model, data, outputs, ports);
}

async function trainBuiltin(
  model: NamedModel,
  data: readonly LockedFile[],
  { workspace, trainer }: TrainPorts,
): Promise<string[]> {
  const { config } = model;
  const made = await (await trainer()).train({
    kind: config.train!.builtin!,
    task: config.task,
    source: tableOf(workspace, data),
    target: config.target,
    features: config.features,
    params: config.train!.params,
    seed: config.train!.seed,
  });
  await workspace.write(model.file, made.model);
  return made.features;
}

async function runCommand(
  model: NamedModel,
  data: readonly LockedFile[],
  outputs: readonly string[],
  { workspace, commands }: TrainPorts,
): Promise<undefined> {
  const config = model.config.train!;
  for (const output of outputs) await workspace.ensureFolder(output);
  const before = new Map<string, string | undefined>();
  for (const output of outputs) before.set(output, await workspace.stamp(output));
  const { exitCode } = await commands.run(config.command!, {
    cwd: workspace.root,
    env: {
      RASTRO_MODEL: model.file,
      RASTRO_TARGET: model.config.target,
      RASTRO_DATA: data.map(({ path }) => path).join('\n'),
      RASTRO_SEED: String(config.seed),
      RASTRO_PARAMS: JSON.stringify(config.params),
      ...Object.fromEntries(
        Object.entries(config.params).map(([name, value]) => [
          `RASTRO_PARAM_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`,
          String(value),
        ]),
      ),
    },
  });
  if (exitCode !== 0) {
    throw new InputError(
      fault(
        'train-failed',
        `training ${model.name} failed: "${config.command}" ended with exit code ${exitCode}`,
        undefined,
        'Its own output above says why.',
      ),
    );
  }
  for (const output of outputs) {
    const written = await workspace.stamp(output);
    if (written !== undefined && written === before.get(output)) throw outputMissing(model, output, true);
  }
  return undefined;
}

function outputMissing({ name }: NamedModel, path: string, isOld = false): InputError {
  return new InputError(
    fault(
      'output-missing',
      `training ${name} did not write ${path}${isOld ? '; the file there is from before' : ''}`,
      place(path),
      'Write it at every run, or correct "model:" or "outputs:" in rastro.yaml.',
    ),
  );
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

async function presentFiles(workspace: Workspace, paths: readonly string[]): Promise<LockedFile[]> {
  const files: LockedFile[] = [];
  for (const path of paths) {
    const digest = await workspace.digest(path);
    if (digest) files.push({ path, ...digest });
  }
  return files;
}

async function refuseChangedInputs(
  workspace: Workspace,
  model: string,
  inputs: readonly LockedFile[],
): Promise<void> {
  for (const { path, sha256 } of inputs) {
    if ((await workspace.digest(path))?.sha256 !== sha256) {
      throw new InputError(
        fault(
          'input-changed',
          `${path} changed while ${model} was trained on it`,
          place(path),
          'Training must not write what it reads; the run is not recorded.',
        ),
      );
    }
  }
}

async function trainedFiles(
  workspace: Workspace,
  model: NamedModel,
  outputs: readonly string[],
): Promise<LockedFile[]> {
  const files = await presentFiles(workspace, outputs);
  const missing = outputs.find((path) => !files.some((file) => file.path === path));
  if (missing !== undefined) throw outputMissing(model, missing);
  return files;
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
