import { fault, InputError, place } from '@rastro/fault';
import { readTrainLock, type TrainLock, trainLockPath } from '@rastro/lineage';
import { type EvaluationRecord, readRecord, writeRecord } from '@rastro/metrics';
import type { Trial, Values } from '@rastro/trials';
import { type EvaluatePorts, judgeNamed, recordPath } from './evaluate.ts';
import type { Workspace } from './ports/index.ts';
import { madeBy } from './propose-model.ts';
import type { TrainPorts } from './run-training.ts';
import type { SweepPlan, SweptModel } from './sweep-plan.ts';
import { trainModel } from './train.ts';

export type TrialPorts = TrainPorts & EvaluatePorts;

/** What a trial left. */
export interface FinishedTrial {
  readonly trial: Trial;
  readonly record: EvaluationRecord;
  readonly lock: TrainLock;
  /** Of the model file, relative to the workspace. */
  readonly file: string;
}

/** Where the trials of a model leave what they made, each in a folder with its number; never committed. */
export function sweepFolder(model: string): string {
  return `.rastro/sweep/${model.replaceAll('/', '__')}`;
}

/** A file of the repository as a trial made it. */
export function trialPath(model: string, { trial }: Pick<Trial, 'trial'>, path: string): string {
  return `${sweepFolder(model)}/${trial}/${path}`;
}

export async function clearTrials({ model }: SweepPlan, workspace: Workspace): Promise<void> {
  for (const path of await workspace.list([`${sweepFolder(model.name)}/[0-9]*/**`]))
    await workspace.remove(path);
}

/** Trains and evaluates one trial into its folder. The model, its lock and its outputs stay what they were. */
export async function runTrial(
  { project, model }: SweepPlan,
  trial: Trial,
  ports: TrialPorts,
): Promise<{ finished: FinishedTrial; breaches: readonly string[] }> {
  const { workspace } = ports;
  const config = { ...model.config, train: { ...model.config.train, params: { ...trial.params } } };
  await workspace.write('.rastro/.gitignore', '*\n');
  return withFilesKept(model, workspace, async () => {
    const { lock } = await trainModel({ ...model, config }, { project, force: false }, ports);
    const { judgement, breaches } = await judgeNamed({ ...model, config }, project, ports);
    for (const path of trainedFiles(model)) await workspace.copy(path, trialPath(model.name, trial, path));
    // Last: a trial counts as finished when its record is there.
    const { record } = judgement;
    await workspace.write(trialPath(model.name, trial, recordPath(model.name)), writeRecord(record));
    return { finished: { trial, record, lock, file: trialPath(model.name, trial, model.file) }, breaches };
  });
}

/**
 * What the trials of a plan left, by number.
 * @throws InputError when a trial is of another plan, is broken, or was judged on other data than the rest.
 */
export async function finishedTrials(
  { model, trials }: SweepPlan,
  workspace: Workspace,
): Promise<Map<number, FinishedTrial>> {
  const finished = new Map<number, FinishedTrial>();
  for (const trial of trials) {
    const found = await readTrial(model, trial, workspace);
    if (found) finished.set(trial.trial, found);
  }
  const [first, ...rest] = finished.values();
  const judgedOn = ({ record }: FinishedTrial) => record.data.files.map(({ sha256 }) => sha256).join(' ');
  const learnedFrom = ({ lock }: FinishedTrial) => lock.data.map(({ sha256 }) => sha256).join(' ');
  for (const other of rest) {
    if (judgedOn(other) !== judgedOn(first!)) throw mixed(model, first!, other, 'judged on');
    if (learnedFrom(other) !== learnedFrom(first!)) throw mixed(model, first!, other, 'trained on');
  }
  return finished;
}

/** Puts what a trial made in the place of what is there. */
export async function adoptTrial(model: SweptModel, trial: Trial, workspace: Workspace): Promise<void> {
  for (const path of trainedFiles(model)) await workspace.copy(trialPath(model.name, trial, path), path);
}

async function readTrial(
  model: SweptModel,
  trial: Trial,
  workspace: Workspace,
): Promise<FinishedTrial | undefined> {
  const { name } = model;
  const at = (path: string) => trialPath(name, trial, path);
  const recordText = await workspace.readText(at(recordPath(name)));
  if (recordText === undefined) return undefined;
  const lockText = await workspace.readText(at(trainLockPath(name)));
  const bytes = await workspace.digest(at(model.file));
  const record = readRecord(recordText, at(recordPath(name)));
  const lock = lockText === undefined ? undefined : readTrainLock(lockText, at(trainLockPath(name)));
  if (
    !lock ||
    record.model.name !== name ||
    (!usesPredictions(model) && bytes?.sha256 !== record.model.sha256)
  ) {
    throw new InputError(
      fault(
        'trial-broken',
        `what trial ${trial.trial} of ${name} left is not whole`,
        place(`${sweepFolder(name)}/${trial.trial}`),
        'Run the trial again, and keep its folder as it is.',
      ),
    );
  }
  if (!isSame(lock.params, trial.params) || lock.seed !== model.config.train.seed) {
    throw new InputError(
      fault(
        'trial-of-another-plan',
        `trial ${trial.trial} of ${name} was run with other parameters than the plan has`,
        place(at(trainLockPath(name))),
        'Run all trials from the same commit: rastro.yaml changed since.',
      ),
    );
  }
  return { trial, record, lock, file: at(model.file) };
}

/** Whether a file of predictions is judged in place of the model. */
export function usesPredictions({ config }: SweptModel): boolean {
  return config.evaluate.predictions !== undefined;
}

function trainedFiles(model: SweptModel): string[] {
  return madeBy(model).filter((path) => path !== recordPath(model.name));
}

function isSame(a: Values, b: Values): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/**
 * Keeps the files that training writes while the work goes on, and puts them back. Where an earlier run was ended in between,
 * what it kept is put back first.
 */
async function withFilesKept<T>(model: SweptModel, workspace: Workspace, work: () => Promise<T>): Promise<T> {
  const paths = trainedFiles(model);
  const aside = (path: string) => `${sweepFolder(model.name)}/kept/${path}`;
  const list = `${sweepFolder(model.name)}/kept.json`;
  const putBack = async () => {
    const text = await workspace.readText(list);
    if (text === undefined) return;
    const kept = JSON.parse(text) as string[];
    for (const path of paths)
      await (kept.includes(path) ? workspace.copy(aside(path), path) : workspace.remove(path));
    await workspace.remove(list);
    for (const path of kept) await workspace.remove(aside(path));
  };
  await putBack();
  const present: string[] = [];
  for (const path of paths) {
    if (!(await workspace.digest(path))) continue;
    await workspace.copy(path, aside(path));
    present.push(path);
  }
  await workspace.write(list, `${JSON.stringify(present)}\n`);
  try {
    return await work();
  } finally {
    await putBack();
  }
}

function mixed(model: SweptModel, a: FinishedTrial, b: FinishedTrial, how: string): InputError {
  return new InputError(
    fault(
      'trials-of-other-data',
      `trials ${a.trial.trial} and ${b.trial.trial} of ${model.name} were ${how} different data`,
      place(`${sweepFolder(model.name)}/${b.trial.trial}`),
      'Run all trials from the same commit and the same data.',
    ),
  );
}
