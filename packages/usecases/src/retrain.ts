import { fault, InputError } from '@rastro/fault';
import { dataLockPath, readTrainLock, trainLockPath } from '@rastro/lineage';
import type { Report } from '@rastro/report';
import { EvaluateRequest, evaluate } from './evaluate.ts';
import type { Ports } from './ports/index.ts';
import type { NamedModel } from './project.ts';
import { madeBy, proposeModel } from './propose-model.ts';
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
  return proposeModel(
    {
      branch: `rastro/retrain/${name}`,
      title: `Retrain ${name} after drift`,
      heading: `Retrain ${name}`,
      why: reason.verdict.sentence,
      paths: [...madeBy(model), ...datasets.map(dataLockPath)],
      reports: [reason, ...trained.reports, ...evaluated.reports],
    },
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
