import { fault, InputError, place } from '@rastro/fault';
import { type ModelConfig, readTrainLock, trainLockPath } from '@rastro/lineage';
import { metricsOf, type Question } from '@rastro/metrics';
import { isCustom } from './custom-metrics.ts';
import type { JudgedQuestion, JudgedRows } from './judged-columns.ts';
import type { Ports, ScoringRequest, TableSource, Workspace } from './ports/index.ts';
import type { NamedModel } from './project.ts';

/** How a model is asked, as `rastro.yaml` says. */
export function scoringOf(config: ModelConfig, features: readonly string[]): ScoringRequest {
  const { task, inputs, outputs, classes } = config;
  return {
    task,
    features,
    classes: classes?.map(String),
    inputs:
      inputs && Object.fromEntries(Object.entries(inputs).map(([name, columns]) => [name, [columns].flat()])),
    outputs,
  };
}

/** Which columns hold the truth and tell rows apart. */
export function judgedQuestion({ task, target, evaluate }: ModelConfig): JudgedQuestion {
  return { task, target, slices: evaluate!.slices, group: evaluate!.group };
}

/** What is asked of the answers to these rows, whatever the threshold. */
export function questionOf(
  { task, evaluate }: ModelConfig,
  { truth, groups }: Pick<JudgedRows, 'truth' | 'groups'>,
  naiveError: number | undefined,
): Omit<Question, 'threshold'> {
  const { positive } = evaluate!;
  return {
    task,
    truth,
    groups,
    naiveError,
    positive: positive === undefined ? undefined : String(positive),
  };
}

/** All metrics of the task, and those that were asked for besides, such as another quantile; none of the user's own. */
export function metricNames({ task, evaluate }: ModelConfig): string[] {
  const { metrics, group, forecast } = evaluate!;
  const asked = Object.entries(metrics).filter(([, config]) => !isCustom(config));
  return [
    ...new Set([
      ...metricsOf(task).map(({ name }) => name),
      ...(group === undefined ? [] : ['ndcg_at_10', 'map', 'mrr']),
      ...(forecast === undefined ? [] : ['mase']),
      ...asked.map(([name]) => name),
    ]),
  ];
}

/** What the model reads: as `rastro.yaml` says, as training recorded, or every column but the target. */
export async function featuresOf(
  { name, config }: Pick<NamedModel, 'name' | 'config'>,
  source: TableSource,
  { workspace, data }: { workspace: Workspace; data: Ports['data'] },
): Promise<readonly string[]> {
  if (config.features) return config.features;
  const lock = await workspace.readText(trainLockPath(name));
  const trained = lock === undefined ? undefined : readTrainLock(lock, trainLockPath(name)).features;
  if (trained) return trained;
  const { columns } = await (await data()).describe(source);
  return columns.map((column) => column.name).filter((column) => column !== config.target);
}

/** Why there is no model file: what DVC tracks, the file or its folder, may only have to be fetched. */
export async function modelMissing(
  { name, file }: Pick<NamedModel, 'name' | 'file'>,
  workspace: Workspace,
): Promise<InputError> {
  const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
  const pointers = [`${file}.dvc`, ...(folder === '' ? [] : [`${folder}.dvc`])];
  const stamps = await Promise.all(pointers.map((pointer) => workspace.stamp(pointer)));
  const pointer = pointers.find((_, index) => stamps[index] !== undefined);
  return new InputError(
    fault(
      'model-not-found',
      pointer === undefined
        ? `the model file ${file} of ${name} is not there`
        : `the model file ${file} of ${name} is tracked by DVC (${pointer}) and was not fetched`,
      place(file),
      pointer === undefined
        ? 'Run "rastro train", fetch the file, or correct "model:" in rastro.yaml.'
        : 'Run "dvc pull" first.',
    ),
  );
}
