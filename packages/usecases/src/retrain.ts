import { fault, InputError } from '@rastro/fault';
import { dataLockPath, readTrainLock, trainLockPath } from '@rastro/lineage';
import { COMMENT_BUDGET, type Report, renderMarkdown } from '@rastro/report';
import { EvaluateRequest, evaluate, recordPath } from './evaluate.ts';
import type { NewFile, Ports } from './ports/index.ts';
import type { NamedModel } from './project.ts';
import { TrainRequest, train } from './train.ts';
import { ValidateRequest, validate } from './validate.ts';

/** A model to retrain: the version that is out, the files by digest that it learned from, and why. */
export interface Retraining {
  readonly model: NamedModel;
  readonly version: string;
  readonly trainedOn: ReadonlySet<string>;
  readonly reason: Report;
}

/**
 * Checks, trains and evaluates on the data as it is now, and proposes the result as a pull request from the branch
 * `rastro/retrain/<model>`. The same data on the same base makes the same commit, so that running it again changes nothing.
 * Resolves with the address of the pull request; undefined when there is no data that the version had not learned from.
 * @throws InputError when the data breaks its contract.
 */
export async function retrain(
  { model, version, trainedOn, reason }: Retraining,
  ports: Ports,
): Promise<string | undefined> {
  const { name, config } = model;
  const datasets = [...new Set([config.train?.data ?? [], config.evaluate?.data ?? []].flat())];
  const checked = await validate(ValidateRequest.parse({ data: datasets }), ports);
  if (checked.status === 'breach') {
    throw new InputError(
      fault(
        'retrain-data',
        `the data to retrain ${name} on breaks its contract`,
        undefined,
        'Run "rastro validate" and mend the data first.',
      ),
    );
  }
  const trained = await train(TrainRequest.parse({ model: [name] }), ports);
  if (await learnedFrom(name, trainedOn, ports)) {
    ports.progress.step(
      `${name}: the training data is the one that ${version} was trained on; there is nothing to retrain on`,
    );
    return undefined;
  }
  const evaluated = await evaluate(EvaluateRequest.parse({ model: [name] }), ports);
  return propose(
    { model, datasets, reports: [reason, ...trained.reports, ...evaluated.reports], reason },
    ports,
  );
}

/** Whether the training that the lock tells of read only files that are known. */
async function learnedFrom(
  model: string,
  known: ReadonlySet<string>,
  { workspace }: Ports,
): Promise<boolean> {
  const path = trainLockPath(model);
  const lock = readTrainLock((await workspace.readText(path))!, path);
  return lock.data.every(({ sha256 }) => known.has(sha256));
}

async function propose(
  {
    model,
    datasets,
    reports,
    reason,
  }: { model: NamedModel; datasets: readonly string[]; reports: Report[]; reason: Report },
  ports: Ports,
): Promise<string> {
  const { name, config, file } = model;
  const repository = await ports.repository();
  const base = await repository.defaultBranch();
  if (!base) {
    throw new InputError(
      fault(
        'no-default-branch',
        'the default branch of this repository is not known',
        undefined,
        'Push the repository first.',
      ),
    );
  }
  const branch = `rastro/retrain/${name}`;
  const made = [
    file,
    trainLockPath(name),
    recordPath(name),
    ...(config.train?.outputs ?? []),
    ...datasets.map(dataLockPath),
  ];
  const committed = await repository.commitInfo(base.commit);
  const { status } = await repository.pushBranch({
    branch,
    base: base.commit,
    files: await filesForGit(made, ports),
    message: `Retrain ${name} after drift\n\n${reason.verdict.sentence}`,
    author: ports.context.identity,
    at: committed?.committedAt ?? Math.floor(ports.clock.now() / 1000),
  });
  if (status === 'foreign') {
    ports.progress.step(`${branch}: somebody has committed to it; it is left as it is`);
  }
  const body = renderMarkdown(reports, { budget: COMMENT_BUDGET, title: `Retrain ${name}` });
  const forge = await ports.forge();
  const { url } = await forge.ensurePullRequest({
    branch,
    base: base.name,
    title: `Retrain ${name} after drift`,
    body,
  });
  return url;
}

/** What the pull request carries: changed files that Git would take, so none that the repository ignores. */
async function filesForGit(paths: readonly string[], { workspace, repository }: Ports): Promise<NewFile[]> {
  const dirty = new Set(await (await repository()).dirty(paths));
  const files: NewFile[] = [];
  for (const path of paths.filter((candidate) => dirty.has(candidate))) {
    const content = await workspace.readBytes(path);
    if (content) files.push({ path, content });
  }
  return files;
}
