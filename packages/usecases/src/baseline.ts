import { didYouMean } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import { type ModelConfig, PROJECT_FILE, readProject, readTrainLock, trainLockPath } from '@rastro/lineage';
import { type EvaluationRecord, readRecord } from '@rastro/metrics';
import { registryState } from '@rastro/registry';
import { modelState } from '@rastro/trail';
import type { Ports, Repository, Workspace } from './ports/index.ts';
import type { NamedModel } from './project.ts';
import { findProtectedPolicy } from './protected-policy.ts';
import { readTrail } from './trail.ts';

/** What a candidate is compared with, in words, and what is known of the model there. */
export interface Baseline {
  /** Null when it is a file of this checkout, of which nothing more is known, or a stage that is empty. */
  readonly commit: string | null;
  /** `merge-base 1a2b3c4d5e6f`, `version v1.2.0`, `stage prod (v1.2.0)`. */
  readonly name: string;
  readonly record: EvaluationRecord | undefined;
}

/** Whether a baseline or a candidate is named by its record file. */
export function isRecordFile(name: string): boolean {
  return /\.json$/i.test(name);
}

/** @throws InputError when there is no such file, or it is not a record */
export async function recordFile(path: string, workspace: Workspace): Promise<EvaluationRecord> {
  const text = await workspace.readText(path);
  if (text !== undefined) return readRecord(text, path);
  throw new InputError(
    fault('record-missing', `there is no evaluation record ${path}`, place(path), 'Correct the path.'),
  );
}

/**
 * Finds what a baseline names: a record file, the merge-base, a stage, a version, or any Git revision, in this order. A
 * stage that the policy or `deploy:` names and that holds no version yet is a baseline without a record.
 * @throws InputError when it names nothing, or what it names holds a record that cannot be read: broken is not missing.
 */
export async function findBaseline(
  asked: string,
  model: {
    readonly name: string;
    readonly path: string;
    readonly config: Pick<ModelConfig, 'deploy'> | undefined;
  },
  { repository, workspace, context, sha256 }: Pick<Ports, 'repository' | 'workspace' | 'context' | 'sha256'>,
): Promise<Baseline | undefined> {
  if (isRecordFile(asked)) return { commit: null, name: asked, record: await recordFile(asked, workspace) };
  const git = await repository();
  const found =
    asked === 'merge-base'
      ? await mergeBase(git, context.pullRequest?.base)
      : await named(asked, model, git, sha256);
  if (!found) {
    if (asked === 'merge-base') return undefined;
    const stages = [
      ...Object.keys(model.config?.deploy ?? {}),
      ...Object.keys((await findProtectedPolicy(git, { sha256 }))?.policy.stages ?? {}),
    ];
    if (stages.includes(asked))
      return { commit: null, name: `stage ${asked}, which holds no version yet`, record: undefined };
    throw new InputError(
      fault(
        'unknown-baseline',
        `"${asked}" is neither a stage or version of ${model.name} nor a Git revision`,
        undefined,
        await nearestTo(asked, model, stages, git),
      ),
    );
  }
  const bytes = await git.readFile(found.commit, model.path);
  if (!bytes) return { ...found, record: undefined };
  const readFound = () => readRecord(new TextDecoder().decode(bytes), `${model.path} at ${found.name}`);
  return { ...found, record: asked === 'merge-base' ? ofTheBase(readFound) : readFound() };
}

/** A pull request cannot mend what its base holds: whoever sees the error is told what they can do. */
function ofTheBase<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const next = 'Mend it on the base branch, or name another baseline: a version, a stage or a record file.';
    throw new InputError(
      error.faults.map((each) => ({ ...each, next })),
      { cause: error },
    );
  }
}

/** What may have been meant, or what may be given. */
async function nearestTo(
  asked: string,
  model: { readonly name: string },
  stages: readonly string[],
  git: Repository,
): Promise<string> {
  const versions = registryState(await git.tags()).get(model.name)?.versions ?? [];
  const known = ['merge-base', ...stages, ...versions.map(({ version }) => version)];
  const withLetter = `v${asked}`;
  const isThere = known.includes(withLetter) || (await git.resolve(withLetter)) !== undefined;
  const nearest = isThere ? withLetter : didYouMean(asked, known);
  return nearest === undefined
    ? 'Give merge-base, a stage, a version such as v1.0.0, a commit, or a record file that ends in .json.'
    : `Did you mean "${nearest}"?`;
}

async function mergeBase(git: Repository, pullRequestBase: string | undefined) {
  const base = pullRequestBase ?? (await git.defaultBranch())?.commit;
  const commit = base && (await git.mergeBase(await git.head(), base));
  return commit ? { commit, name: `merge-base ${commit.slice(0, 12)}` } : undefined;
}

async function named(
  asked: string,
  model: { readonly name: string },
  git: Repository,
  sha256: Ports['sha256'],
) {
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
): Promise<{ path: string; config: ModelConfig; features: readonly string[] | undefined } | undefined> {
  if (!record || commit === null) return undefined;
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
    config,
    features:
      config.features ??
      (lock === undefined ? undefined : readTrainLock(lock, trainLockPath(model.name)).features),
  };
}
