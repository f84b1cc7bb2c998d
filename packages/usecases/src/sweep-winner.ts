import { fault, InputError, place } from '@rastro/fault';
import { type Comparison, compare, type EvaluationRecord, measuredValue } from '@rastro/metrics';
import { adjustForChoice, rankTrials, type Trial, type TrialResult } from '@rastro/trials';
import { breachesOf } from './evaluate.ts';
import { featuresOf, scoringOf } from './model-question.ts';
import { pairedAnswers } from './paired-answers.ts';
import type { Ports } from './ports/index.ts';
import { datasetFiles, pickDataset, tableOf } from './project.ts';
import { type SweepPlan, worthOf } from './sweep-plan.ts';
import { type FinishedTrial, sweepFolder, usesPredictions } from './sweep-trials.ts';

/**
 * improved: the best is better than the model as it is, and chance does not explain it. inconclusive: chance may, or nothing is
 * better. no-baseline: the model as it is has no value to be held against. breach: no trial keeps what is asked.
 */
export type SweepResult = 'improved' | 'inconclusive' | 'no-baseline' | 'breach';

export interface Choice {
  readonly result: SweepResult;
  /** From the best. */
  readonly ranking: readonly TrialResult[];
  /** The best that can win; undefined when none can. */
  readonly best: TrialResult | undefined;
  /** Whose parameters to take: trial 0 unless another is better than chance explains. Undefined with a breach. */
  readonly winner: Trial | undefined;
  /** The best beside trial 0; its p-value is adjusted for the choice among all. Undefined when trial 0 is the best. */
  readonly comparison: Comparison | undefined;
}

/**
 * Ranks what the trials left and says which parameters to take. `failures` says why a trial left nothing, by number.
 * @throws InputError when no trial left anything.
 */
export async function choose(
  plan: SweepPlan,
  {
    finished,
    failures,
  }: { finished: ReadonlyMap<number, FinishedTrial>; failures: ReadonlyMap<number, string> },
  ports: Pick<Ports, 'workspace' | 'data' | 'runtime' | 'progress'>,
): Promise<Choice> {
  const { model, decides, trials } = plan;
  if (finished.size === 0) {
    throw new InputError(
      fault(
        'no-trials',
        `no trial of ${model.name} has left a result`,
        place(sweepFolder(model.name)),
        'Run the trials first, and download what they left into .rastro/sweep.',
      ),
    );
  }
  const results = trials.map((trial) => resultOf(plan, trial, finished.get(trial.trial), failures));
  const ranking = rankTrials(results, (value) => worthOf(decides, value));
  const [asItIs] = results as [TrialResult];
  const best = ranking[0]!.faults.length === 0 ? ranking[0]! : undefined;
  const made = { ranking, best, comparison: undefined };
  if (!best) return { ...made, result: 'breach', winner: undefined };
  if (best.trial === 0) return { ...made, result: 'inconclusive', winner: best };
  if (asItIs.value === null) return { ...made, result: 'no-baseline', winner: asItIs };
  const compared = results.filter(({ trial, faults }) => trial !== 0 && faults.length === 0).length;
  ports.progress.step(`${model.name}: holding trial ${best.trial} against the parameters as they are`);
  const comparison = await beside(plan, finished.get(0)!, finished.get(best.trial)!, compared, ports);
  // What does not keep what is asked is no alternative, however good its value.
  const isBetter = asItIs.faults.length > 0 || comparison.verdict === 'improved';
  return {
    ...made,
    comparison,
    result: isBetter ? 'improved' : 'inconclusive',
    winner: isBetter ? best : asItIs,
  };
}

function resultOf(
  { model, decides }: SweepPlan,
  trial: Trial,
  finished: FinishedTrial | undefined,
  failures: ReadonlyMap<number, string>,
): TrialResult {
  if (!finished) {
    const why = failures.get(trial.trial) ?? 'it left no result';
    return { ...trial, value: null, low: null, high: null, faults: [why] };
  }
  const found = finished.record.evaluation.metrics[decides.metric];
  const { low = null, high = null, note } = found ?? {};
  const value = measuredValue(found);
  const lacking = value === null ? [`no ${decides.metric}${note ? `: ${note}` : ''}`] : [];
  return { ...trial, value, low, high, faults: [...lacking, ...breachesOf(model, finished.record)] };
}

/** The best beside the model as it is: on the same rows where both files are there, else by the intervals of the records. */
async function beside(
  plan: SweepPlan,
  before: FinishedTrial,
  after: FinishedTrial,
  compared: number,
  ports: Pick<Ports, 'workspace' | 'data' | 'runtime'>,
): Promise<Comparison> {
  const { model, project, decides } = plan;
  const { data: dataset, alpha } = model.config.evaluate;
  const whole = (record: EvaluationRecord) => ({
    ...record,
    evaluation: { ...record.evaluation, slices: [] },
  });
  const paired = usesPredictions(model) ? undefined : await onSameRows();
  const { metrics } = compare({
    baseline: whole(before.record),
    candidate: whole(after.record),
    specs: [decides],
    paired: paired && { ...paired, slices: [] },
    alpha,
  });
  const comparison = metrics.find(({ metric }) => metric === decides.metric)!;
  if (comparison.p === null) return comparison;
  const adjustedP = adjustForChoice(comparison.p, compared);
  const isBetter = comparison.verdict === 'improved' && adjustedP <= alpha;
  return { ...comparison, adjustedP, verdict: isBetter ? 'improved' : 'inconclusive' };

  async function onSameRows() {
    const files = await datasetFiles(ports.workspace, dataset, pickDataset(project, dataset));
    const source = tableOf(ports.workspace, files);
    const askedAs = async ({ file, lock, record }: FinishedTrial) => {
      const features = model.config.features ?? lock.features ?? (await featuresOf(model, source, ports));
      return { path: file, scoring: scoringOf(model.config, features), evaluation: record.evaluation };
    };
    const [baseline, candidate] = [await askedAs(before), await askedAs(after)];
    const paired = await pairedAnswers({ model, project, source, baseline, candidate }, ports);
    return typeof paired === 'string' ? undefined : paired;
  }
}
