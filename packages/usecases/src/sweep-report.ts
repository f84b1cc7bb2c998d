import type { Report, Section, Status } from '@rastro/report';
import { spaceInWords, type TrialResult } from '@rastro/trials';
import { change, count, figure, report, table, withCommand } from './report.ts';
import type { SweepPlan } from './sweep-plan.ts';
import type { FinishedTrial } from './sweep-trials.ts';
import type { Choice } from './sweep-winner.ts';

/** More rows than this are a table that nobody reads. */
const MOST_ROWS = 50;
const AS_IT_IS = 'as it is';

export function planReport({ model, trials, decides }: SweepPlan): Report {
  const { method, seed, parameters } = model.config.sweep;
  const names = Object.keys(parameters);
  const sentence = `${model.name}: ${count(trials.length - 1, 'trial')} by ${method}, and the model as it is; ${decides.metric} decides.`;
  const made = report('sweep', model.name, { status: 'info', sentence }, [
    {
      id: 'space',
      title: 'What is tried',
      importance: 40,
      blocks: [
        table(
          ['Parameter', 'Values'],
          spaceInWords(parameters).map(({ name, words }) => [[{ code: name }], words]),
        ),
        ...(method === 'grid'
          ? []
          : [{ kind: 'facts' as const, items: [{ label: 'Seed', value: String(seed) }] }]),
      ],
    },
    {
      id: 'trials',
      title: 'Trials',
      importance: 50,
      blocks: [
        table(
          [['Trial', 'right'], ...names],
          trials
            .slice(0, MOST_ROWS)
            .map(({ trial, values }) => [
              trial === 0 ? `0, ${AS_IT_IS}` : String(trial),
              ...names.map((name) => shown(values[name])),
            ]),
          Math.max(0, trials.length - MOST_ROWS),
        ),
      ],
    },
  ]);
  return withCommand(made, ['--model', model.name, '--mode', 'plan']);
}

export function trialReport(
  { model, decides }: SweepPlan,
  { trial, record }: FinishedTrial,
  breaches: readonly string[],
): Report {
  const { value = null, low = null, high = null } = record.evaluation.metrics[decides.metric] ?? {};
  const what = trial.trial === 0 ? 'the model as it is' : parametersInWords(trial.values);
  const sentence = `${model.name}, trial ${trial.trial} (${what}): ${decides.metric} ${figure(value)}${intervalInWords(low, high)}.`;
  const broken = breaches.map((breach) => `It cannot win: ${breach}.`);
  const made = report('sweep', `${model.name} trial ${trial.trial}`, { status: 'info', sentence }, [
    {
      id: 'trial',
      title: 'Metrics',
      importance: 50,
      blocks: [
        table(
          ['Metric', ['Value', 'right'], ['Interval', 'right']],
          Object.entries(record.evaluation.metrics).map(([name, found]) => [
            name,
            figure(found.value),
            found.low === null ? '–' : `${figure(found.low)} to ${figure(found.high)}`,
          ]),
        ),
        ...(broken.length > 0 ? [{ kind: 'list' as const, items: broken }] : []),
      ],
    },
  ]);
  return withCommand(made, ['--model', model.name, '--mode', 'trial', '--trial', String(trial.trial)]);
}

export function choiceReport(plan: SweepPlan, choice: Choice, applied: string | undefined): Report {
  const { model } = plan;
  const { status, sentence } = verdictOf(plan, choice);
  const made = report(
    'sweep',
    model.name,
    { status, sentence: [sentence, applied].filter(Boolean).join(' ') },
    [
      comparisonSection(choice),
      rankingSection(plan, choice),
      {
        id: 'caution',
        title: 'How far to trust it',
        importance: 20,
        blocks: [
          {
            kind: 'paragraph',
            text: `All trials were judged on the same rows (${model.config.evaluate.data}), and the best was chosen by them: its own value is too good by some. Judge the winner once more on rows that no trial has seen.`,
          },
        ],
      },
    ],
  );
  return withCommand(made, ['--model', model.name]);
}

function verdictOf(
  { model, decides, trials }: SweepPlan,
  { result, best, ranking, comparison }: Choice,
): { status: Status; sentence: string } {
  const { name } = model;
  const { metric } = decides;
  const others = count(trials.length - 1, 'trial');
  const asItIs = ranking.find(({ trial }) => trial === 0)!;
  const lead =
    best && `trial ${best.trial} (${parametersInWords(best.values)}) has ${metric} ${figure(best.value)}`;
  switch (result) {
    case 'improved':
      return {
        status: 'pass',
        sentence:
          asItIs.faults.length > 0
            ? `${name}: ${lead}, the best of ${others} that keep what is asked; the model as it is does not: ${asItIs.faults[0]}.`
            : `${name}: ${lead}, better than the ${figure(asItIs.value)} of the model as it is: chance does not explain the best of ${others}.`,
      };
    case 'inconclusive':
      return {
        status: 'info',
        sentence: comparison
          ? `${name}: ${lead}, and chance may explain that this is better than the ${figure(asItIs.value)} of the model as it is: keep its parameters.`
          : `${name}: none of ${others} is better than the model as it is, with ${metric} ${figure(asItIs.value)}.`,
      };
    case 'no-baseline':
      return {
        status: 'warn',
        sentence: `${name}: ${lead}, and there is nothing to hold it against: the model as it is has no ${metric} (${asItIs.faults[0]}).`,
      };
    case 'breach':
      return {
        status: 'fail',
        sentence: `${name}: no trial of ${trials.length} keeps what is asked; the best: ${ranking[0]!.faults.join('; ')}.`,
      };
  }
}

function comparisonSection({ best, comparison }: Choice): Section | undefined {
  if (!best || !comparison) return undefined;
  const { before, after, difference, interval } = change(
    comparison.baseline,
    comparison.candidate,
    comparison.delta,
    comparison,
  );
  return {
    id: 'comparison',
    title: 'The best beside the model as it is',
    importance: 70,
    blocks: [
      table(
        [
          'Metric',
          ['As it is', 'right'],
          [`Trial ${best.trial}`, 'right'],
          ['Difference', 'right'],
          ['Interval', 'right'],
          ['p, for the best of all', 'right'],
        ],
        [[comparison.metric, before, after, difference, interval, figure(comparison.adjustedP)]],
      ),
    ],
  };
}

function rankingSection({ model, decides }: SweepPlan, { ranking, winner }: Choice): Section {
  const names = Object.keys(model.config.sweep.parameters);
  const row = (result: TrialResult) => {
    const { trial, value, low, high, values, faults } = result;
    const isWinner = trial === winner?.trial;
    return [
      isWinner ? [{ strong: numbered(trial) }] : numbered(trial),
      figure(value),
      low === null || high === null ? '–' : `${figure(low)} to ${figure(high)}`,
      ...names.map((name) => shown(values[name])),
      [isWinner ? '🏆' : '', ...faults].filter(Boolean).join('; '),
    ];
  };
  return {
    id: 'ranking',
    title: 'Trials, from the best',
    importance: 60,
    blocks: [
      table(
        [
          'Trial',
          [
            `${decides.metric} ${decides.target === undefined ? (decides.goal === 'max' ? '↑' : '↓') : `→ ${decides.target}`}`,
            'right',
          ],
          ['Interval', 'right'],
          ...names.map((name) => [name, 'right'] as const),
          'Note',
        ],
        ranking.slice(0, MOST_ROWS).map(row),
        Math.max(0, ranking.length - MOST_ROWS),
      ),
    ],
  };
}

export function parametersInWords(values: TrialResult['values']): string {
  const words = Object.entries(values).map(([name, value]) => `${name} ${shown(value)}`);
  return words.length > 0 ? words.join(', ') : AS_IT_IS;
}

function numbered(trial: number): string {
  return trial === 0 ? `0, ${AS_IT_IS}` : String(trial);
}

function intervalInWords(low: number | null, high: number | null): string {
  return low === null || high === null ? '' : ` (${figure(low)} to ${figure(high)})`;
}

function shown(value: string | number | boolean | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'number' ? figure(value) : String(value);
}
