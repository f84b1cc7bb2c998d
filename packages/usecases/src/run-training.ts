import { fault, InputError, place } from '@rastro/fault';
import type { LockedFile } from '@rastro/lineage';
import type { Ports, Workspace } from './ports/index.ts';
import { type NamedModel, tableOf } from './project.ts';

export type TrainPorts = Pick<Ports, 'workspace' | 'data' | 'trainer' | 'commands' | 'clock' | 'progress'>;

/**
 * Runs the training itself. Resolves with the features when the trainer tells them.
 * @throws InputError when the command fails, or leaves an output as it was.
 */
export function runTraining(
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

/** Those of the files that are there, by content. */
export async function presentFiles(workspace: Workspace, paths: readonly string[]): Promise<LockedFile[]> {
  const files: LockedFile[] = [];
  for (const path of paths) {
    const digest = await workspace.digest(path);
    if (digest) files.push({ path, ...digest });
  }
  return files;
}

/** @throws InputError when a file is not what it was before the training. */
export async function refuseChangedInputs(
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

/** @throws InputError when one of the outputs is not there. */
export async function trainedFiles(
  workspace: Workspace,
  model: NamedModel,
  outputs: readonly string[],
): Promise<LockedFile[]> {
  const files = await presentFiles(workspace, outputs);
  const missing = outputs.find((path) => !files.some((file) => file.path === path));
  if (missing !== undefined) throw outputMissing(model, missing);
  return files;
}
