import { editDocument } from '@rastro/document';
import { fault, InputError } from '@rastro/fault';
import { PROJECT_FILE } from '@rastro/lineage';
import type { Report } from '@rastro/report';
import type { Trial, Values } from '@rastro/trials';
import { z } from 'zod';
import { EvaluateRequest, evaluate } from './evaluate.ts';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { loadProject } from './project.ts';
import { madeBy, proposeModel } from './propose-model.ts';
import { planSweep, type SweepPlan } from './sweep-plan.ts';
import { choiceReport, parametersInWords, planReport, trialReport } from './sweep-report.ts';
import { adoptTrial, clearTrials, finishedTrials, runTrial } from './sweep-trials.ts';
import { choose, type SweepResult } from './sweep-winner.ts';

export const SweepRequest = z.strictObject({
  model: z
    .string()
    .optional()
    .describe('Model to sweep, by its name in rastro.yaml. Default: the only one with a section "sweep:".'),
  mode: z
    .enum(['all', 'plan', 'trial', 'pick'])
    .default('all')
    .describe(
      'all: run every trial here, one after the other, and pick. To fan them out: plan gives the matrix, trial runs one of it, pick compares what they left.',
    ),
  trial: z
    .int()
    .nonnegative()
    .optional()
    .describe('With mode trial: the number of the trial; 0 is the model as it is.'),
  apply: z
    .enum(['no', 'files', 'pull-request'])
    .default('no')
    .describe(
      'With mode all or pick, when a trial is better than chance explains: write its parameters into rastro.yaml and put its model in place, and open a pull request with them.',
    ),
});
export type SweepRequest = z.output<typeof SweepRequest>;

/** What is planned, and, once there are results, what to take. */
export interface SweepRecord {
  readonly model: string;
  readonly metric: string;
  /** For `strategy.matrix` of a workflow; `params` is JSON text. */
  readonly matrix: { readonly include: readonly { readonly trial: number; readonly params: string }[] };
  /** Null before the pick. */
  readonly result: SweepResult | null;
  /** From the best; empty before the pick. */
  readonly ranking: readonly {
    readonly trial: number;
    readonly values: Values;
    readonly value: number | null;
    readonly low: number | null;
    readonly high: number | null;
    readonly faults: readonly string[];
  }[];
  /** Whose parameters to take: trial 0 unless another is better than chance explains. */
  readonly winner: { readonly trial: number; readonly params: Values } | null;
  readonly pullRequestUrl: string | null;
}

/** A matrix makes at most this many jobs, and the outputs of a job are at most this long: limits of GitHub Actions. */
const MOST_JOBS = 256;
const LONGEST_OUTPUT = 1024 * 1024;

/**
 * Searches for better parameters: plans trials from the section `sweep:`, trains and evaluates each, and picks the winner. It is
 * the model as it is, unless the best trial is better on the same rows than chance explains for the best of so many.
 * @throws InputError when there is nothing to sweep, the plan is too large for a matrix, or what trials left does not fit it.
 */
export async function sweep(request: SweepRequest, ports: Ports): Promise<Outcome<SweepRecord>> {
  refuseIdleInputs(request);
  const plan = planSweep(await loadProject(ports.workspace), request.model);
  switch (request.mode) {
    case 'plan': {
      const record = recordOf(plan);
      refuseOversizedMatrix(plan, record);
      return { status: 'pass', reports: [planReport(plan)], record };
    }
    case 'trial':
      return oneTrial(plan, request.trial!, ports);
    case 'pick':
      return pick(plan, { failures: new Map(), apply: request.apply }, ports);
    case 'all':
      return pick(plan, { failures: await everyTrial(plan, ports), apply: request.apply }, ports);
  }
}

async function oneTrial(plan: SweepPlan, number: number, ports: Ports): Promise<Outcome<SweepRecord>> {
  const trial = plan.trials[number];
  if (!trial) {
    throw new InputError(
      fault(
        'no-such-trial',
        `the plan has no trial ${number}`,
        plan.project.placeOfKey(['models', plan.model.name, 'sweep']),
        `Its trials are 0 to ${plan.trials.length - 1}.`,
      ),
    );
  }
  const { finished, breaches } = await runTrial(plan, trial, ports);
  return { status: 'pass', reports: [trialReport(plan, finished, breaches)], record: recordOf(plan) };
}

/**
 * Runs the trials one after the other. Parameters that the training does not bear are a result like others, and told by number;
 * when no trial comes to an end, the first error is.
 */
async function everyTrial(plan: SweepPlan, ports: Ports): Promise<Map<number, string>> {
  const failures = new Map<number, string>();
  let first: InputError | undefined;
  await clearTrials(plan, ports.workspace);
  for (const trial of plan.trials) {
    ports.progress.step(`trial ${trial.trial} of ${plan.trials.length - 1}: ${words(trial)}`);
    try {
      await runTrial(plan, trial, ports);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      first ??= error;
      failures.set(trial.trial, error.faults[0]?.message ?? error.message);
    }
  }
  if (first && failures.size === plan.trials.length) throw first;
  return failures;
}

function words({ trial, values }: Trial): string {
  return trial === 0 ? 'the model as it is' : parametersInWords(values);
}

async function pick(
  plan: SweepPlan,
  { failures, apply }: { failures: ReadonlyMap<number, string>; apply: SweepRequest['apply'] },
  ports: Ports,
): Promise<Outcome<SweepRecord>> {
  const { model } = plan;
  const finished = await finishedTrials(plan, ports.workspace);
  const choice = await choose(plan, { finished, failures }, ports);
  const { winner, result, ranking } = choice;
  const record = {
    ...recordOf(plan),
    result,
    ranking: ranking.map(({ trial, values, value, low, high, faults }) => ({
      trial,
      values,
      value,
      low,
      high,
      faults,
    })),
    winner: winner ? { trial: winner.trial, params: winner.params } : null,
  };
  const status = result === 'breach' ? 'breach' : 'pass';
  if (apply === 'no' || !winner || winner.trial === 0)
    return { status, reports: [choiceReport(plan, choice, undefined)], record };

  const evaluated = await take(plan, winner, ports);
  const report = choiceReport(plan, choice, `Its parameters are in ${PROJECT_FILE}.`);
  const reports = [report, ...evaluated];
  if (apply === 'files') return { status, reports, record };
  const pullRequestUrl = await proposeModel(
    {
      branch: `rastro/sweep/${model.name}`,
      title: `Take better parameters for ${model.name}`,
      heading: `Sweep of ${model.name}`,
      why: report.verdict.sentence,
      paths: [PROJECT_FILE, ...madeBy(model)],
      reports,
    },
    ports,
  );
  return { status, reports, record: { ...record, pullRequestUrl } };
}

/** Makes the winner the model: its parameters, its files, and an evaluation of its own. */
async function take({ model }: SweepPlan, winner: Trial, ports: Ports): Promise<readonly Report[]> {
  const { workspace } = ports;
  const edits = Object.entries(winner.values).map(([name, value]) => ({
    path: ['models', model.name, 'train', 'params', name],
    value,
  }));
  const text = editDocument((await workspace.readText(PROJECT_FILE))!, PROJECT_FILE, edits);
  await adoptTrial(model, winner, workspace);
  await workspace.write(PROJECT_FILE, text);
  return (await evaluate(EvaluateRequest.parse({ model: [model.name] }), ports)).reports;
}

function recordOf({ model, decides, trials }: SweepPlan): SweepRecord {
  const include = trials.map(({ trial, params }) => ({ trial, params: JSON.stringify(params) }));
  return {
    ...{ model: model.name, metric: decides.metric, matrix: { include } },
    ...{ result: null, ranking: [], winner: null, pullRequestUrl: null },
  };
}

function refuseIdleInputs({ mode, trial, apply }: SweepRequest): void {
  if (mode === 'trial' && trial === undefined) {
    throw new InputError(
      fault(
        'missing-input',
        'the input "trial" is missing',
        undefined,
        'Give the number of the trial, as the matrix has it.',
      ),
    );
  }
  const idle =
    mode !== 'trial' && trial !== undefined
      ? 'trial'
      : (mode === 'plan' || mode === 'trial') && apply !== 'no'
        ? 'apply'
        : undefined;
  if (idle === undefined) return;
  throw new InputError(
    fault(
      'input-without-use',
      `the input "${idle}" has no use with mode ${mode}`,
      undefined,
      'Leave it out, or give another mode.',
    ),
  );
}

function refuseOversizedMatrix({ project, model, trials }: SweepPlan, { matrix }: SweepRecord): void {
  const { length } = JSON.stringify(matrix);
  if (trials.length <= MOST_JOBS && length < LONGEST_OUTPUT) return;
  throw new InputError(
    fault(
      'matrix-too-large',
      trials.length > MOST_JOBS
        ? `the matrix would have ${trials.length} jobs, and GitHub starts at most ${MOST_JOBS}`
        : `the matrix would have ${length} characters, and an output of GitHub holds at most ${LONGEST_OUTPUT}`,
      project.placeOfKey(['models', model.name, 'sweep']),
      'Give fewer "trials:" (the model as it is takes one more job), or run them all in one job with "mode: all".',
    ),
  );
}
