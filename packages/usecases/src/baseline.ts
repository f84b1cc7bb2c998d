import { fault, InputError } from '@rastro/fault';
import { PROJECT_FILE, readProject, readTrainLock, trainLockPath } from '@rastro/lineage';
import { type EvaluationRecord, readRecord } from '@rastro/metrics';
import { registryState } from '@rastro/registry';
import { modelState } from '@rastro/trail';
import { recordPath } from './evaluate.ts';
import type { Ports, Repository } from './ports/index.ts';
import type { NamedModel } from './project.ts';
import { readTrail } from './trail.ts';

/** What a candidate is compared with: a commit, in words, and what that commit holds of the model. */
export interface Baseline {
  readonly commit: string;
  /** `merge-base 1a2b3c4d5e6f`, `version v1.2.0`, `stage prod (v1.2.0)`. */
  readonly name: string;
  readonly record: EvaluationRecord | undefined;
}

/**
 * Finds the commit that a baseline names: the merge-base, a stage, a version, or any Git revision, in this order.
 * @throws InputError when it names nothing.
 */
export async function findBaseline(
  asked: string,
  model: NamedModel,
  { repository, context, sha256 }: Pick<Ports, 'repository' | 'context' | 'sha256'>,
): Promise<Baseline | undefined> {
  const git = await repository();
  const found =
    asked === 'merge-base'
      ? await mergeBase(git, context.pullRequest?.base)
      : await named(asked, model, git, sha256);
  if (!found) {
    if (asked === 'merge-base') return undefined;
    throw new InputError(
      fault(
        'unknown-baseline',
        `"${asked}" is neither a stage or version of ${model.name} nor a Git revision`,
        undefined,
        'Give merge-base, a stage, a version such as v1.0.0, or a commit.',
      ),
    );
  }
  const bytes = await git.readFile(found.commit, recordPath(model.name));
  const record = bytes
    ? readRecord(new TextDecoder().decode(bytes), `${recordPath(model.name)} at ${found.name}`)
    : undefined;
  return { ...found, record };
}

async function mergeBase(git: Repository, pullRequestBase: string | undefined) {
  const base = pullRequestBase ?? (await git.defaultBranch())?.commit;
  const commit = base && (await git.mergeBase(await git.head(), base));
  return commit ? { commit, name: `merge-base ${commit.slice(0, 12)}` } : undefined;
}

async function named(asked: string, model: NamedModel, git: Repository, sha256: Ports['sha256']) {
  const { chain } = await readTrail(git, sha256);
  const held = modelState(chain.entries, model.name).stages.get(asked)?.version;
  const version = held ?? asked;
  const registered = registryState(await git.tags())
    .get(model.name)
    ?.versions.find((candidate) => candidate.version === version);
  if (registered)
    return { commit: registered.commit, name: held ? `stage ${asked} (${held})` : `version ${version}` };
  const commit = await git.resolve(asked);
  return commit ? { commit, name: `${asked} (${commit.slice(0, 12)})` } : undefined;
}

/**
 * The baseline's model file and the features it reads, when its commit holds the very file that its record is about;
 * undefined when the bytes live elsewhere. Writes the file under `.rastro/models`.
 */
export async function baselineModel(
  { commit, record }: Baseline,
  model: NamedModel,
  { repository, workspace }: Pick<Ports, 'repository' | 'workspace'>,
): Promise<{ path: string; features: readonly string[] | undefined } | undefined> {
  if (!record) return undefined;
  const git = await repository();
  const read = async (path: string) => {
    const bytes = await git.readFile(commit, path);
    return bytes ? new TextDecoder().decode(bytes) : undefined;
  };
  const projectText = await read(PROJECT_FILE);
  const config = projectText === undefined ? model.config : readProject(projectText).value.models[model.name];
  if (!config || config.evaluate?.predictions) return undefined;
  const bytes = await git.readFile(commit, config.model ?? `models/${model.name}.onnx`);
  if (!bytes) return undefined;
  const path = `.rastro/models/${record.model.sha256}.onnx`;
  await workspace.write(path, bytes);
  if ((await workspace.digest(path))?.sha256 !== record.model.sha256) {
    await workspace.remove(path);
    return undefined;
  }
  const lock = await read(trainLockPath(model.name));
  return {
    path,
    features:
      config.features ??
      (lock === undefined ? undefined : readTrainLock(lock, trainLockPath(model.name)).features),
  };
}
