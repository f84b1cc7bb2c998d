import { type EvaluationRecord, type MetricValue, measuredValue } from '@rastro/metrics';
import { confusionTable, type Report, type Section } from '@rastro/report';
import type { BehaviouralResult } from './behaviour.ts';
import { curvesSection } from './evaluation-charts.ts';
import type { Judgement } from './judge-model.ts';
import type { Latency } from './latency.ts';
import type { NamedModel } from './project.ts';
import { bytes, count, figure, report, short, table, withCommand } from './report.ts';

/** The report of one evaluated model. `repeat` is what follows `rastro evaluate` to do the same again. */
export function evaluateReport(
  { name, config }: NamedModel,
  { record, tests, latency }: Judgement,
  { breaches, repeat }: { breaches: readonly string[]; repeat: readonly string[] },
): Report {
  const { evaluation } = record;
  const deciding = Object.keys(config.evaluate!.metrics);
  const lead = (deciding.length > 0 ? deciding : Object.keys(evaluation.metrics))
    .slice(0, 2)
    .map((metric) => `${metric} ${figure(evaluation.metrics[metric]?.value)}`)
    .join(', ');
  const sentence =
    breaches.length > 0
      ? `${name} does not reach what is asked: ${breaches.join('; ')}.`
      : `${name} on ${count(evaluation.rows, 'row')}: ${lead}.`;
  const made = report('evaluate', name, { status: breaches.length > 0 ? 'fail' : 'pass', sentence }, [
    gatesSection(config, record),
    metricsSection(evaluation.metrics, evaluation.confidence, deciding),
    disagreementSection(record),
    testsSection(tests),
    slicesSection(record, deciding),
    fairnessSection(record),
    latencySection(latency),
    importanceSection(record),
    thresholdSection(record),
    confusionSection(record),
    curvesSection([{ name: 'model', record }]),
    {
      id: 'lineage',
      title: 'Judged',
      importance: 20,
      blocks: [
        {
          kind: 'facts',
          items: [
            {
              label: 'Model',
              value: [{ code: short(record.model.sha256) }, `, ${bytes(record.model.size)}`],
            },
            {
              label: 'Data',
              value: [
                record.data.name,
                ...record.data.files.slice(0, 5).flatMap(({ sha256 }) => [' ', { code: short(sha256) }]),
              ],
            },
            {
              label: 'Evaluator',
              value: Object.entries({ rastro: record.evaluator.version, ...record.evaluator.versions })
                .map((pair) => pair.join(' '))
                .join(', '),
            },
          ],
        },
      ],
    },
  ]);
  return withCommand(made, repeat);
}

/** The bounds that `rastro.yaml` sets, each with its answer; undefined when there are none. */
function gatesSection(config: NamedModel['config'], { evaluation }: EvaluationRecord): Section | undefined {
  const rows = Object.entries(config.evaluate?.metrics ?? {}).flatMap(([name, { min, max }]) => {
    const value = measuredValue(evaluation.metrics[name]) ?? undefined;
    const row = (asked: string, passes: boolean) => [
      [{ strong: name }],
      asked,
      figure(value),
      passes ? '✅ pass' : '❌ fail',
    ];
    return [
      ...(min === undefined ? [] : [row(`at least ${min}`, value !== undefined && value >= min)]),
      ...(max === undefined ? [] : [row(`at most ${max}`, value !== undefined && value <= max)]),
    ];
  });
  if (rows.length === 0) return undefined;
  return {
    id: 'gates',
    title: 'Gates',
    importance: 85,
    blocks: [table(['Metric', 'Asked', ['Found', 'right'], 'Answer'], rows)],
  };
}

function metricsSection(
  metrics: Readonly<Record<string, MetricValue>>,
  confidence: number,
  deciding: readonly string[],
): Section {
  const names = [
    ...deciding.filter((name) => metrics[name]),
    ...Object.keys(metrics).filter((name) => !deciding.includes(name)),
  ];
  const columns = [
    'Metric',
    ['Value', 'right'],
    [`${100 * confidence} % interval`, 'right'],
    'Better',
    'Note',
  ] as const;
  const row = (name: string) => {
    const { value, low, high, goal, note, defined } = metrics[name]!;
    return [
      name,
      figure(value),
      low === null ? '–' : `${figure(low)} to ${figure(high)}`,
      goal === 'max' ? '↑ higher' : '↓ lower',
      defined === false ? `${note}: a convention, by which no gate goes` : (note ?? ''),
    ];
  };
  const shown = deciding.length > 0 ? names.slice(0, deciding.length) : names;
  const rest = names.slice(shown.length);
  return {
    id: 'metrics',
    title: 'Metrics',
    importance: 70,
    blocks: [
      table(columns, shown.map(row)),
      ...(rest.length > 0
        ? [
            {
              kind: 'details' as const,
              summary: `${rest.length} more metrics`,
              blocks: [table(columns, rest.map(row))],
            },
          ]
        : []),
    ],
  };
}

/** Labels and probabilities of one model that disagree are a threshold of its own, or a mistake of the converter. */
function disagreementSection({ evaluation }: EvaluationRecord): Section | undefined {
  const { disagreements, rows } = evaluation;
  if (!disagreements) return undefined;
  return {
    id: 'disagreements',
    title: 'Labels that are not the most probable',
    importance: 65,
    blocks: [
      {
        kind: 'paragraph',
        text: `On ${count(disagreements, 'row')} of ${rows} the label is not the class of the highest probability: the model has a threshold of its own, or was converted wrongly.`,
      },
    ],
  };
}

function slicesSection({ evaluation }: EvaluationRecord, deciding: readonly string[]): Section | undefined {
  const judged = evaluation.slices.filter((slice) => slice.judged);
  if (judged.length === 0) return undefined;
  const names = (deciding.length > 0 ? deciding : Object.keys(evaluation.metrics)).slice(0, 3);
  const small = evaluation.slices.length - judged.length;
  return {
    id: 'slices',
    title: 'Slices',
    importance: 40,
    blocks: [
      {
        kind: 'details',
        summary: `${count(judged.length, 'slice')}${small > 0 ? `; ${small} more with too few rows to judge` : ''}`,
        blocks: [
          table(
            ['Slice', ['Rows', 'right'], ...names.map((name) => [name, 'right'] as const)],
            judged.map(({ column, value, rows, metrics }) => [
              `${column} = ${value}`,
              String(rows),
              ...names.map((name) => figure(metrics[name]?.value)),
            ]),
          ),
        ],
      },
    ],
  };
}

function confusionSection({ evaluation }: EvaluationRecord): Section | undefined {
  const { confusion, classes } = evaluation;
  if (!confusion || !classes) return undefined;
  return {
    id: 'confusion',
    title: 'Confusion matrix',
    importance: 32,
    blocks: [
      {
        kind: 'details',
        summary: 'rows by truth (down) and prediction (across)',
        blocks: [confusionTable({ classes, counts: confusion })],
      },
    ],
  };
}

/** Behavioural tests; those that failed come first, with the rows. */
function testsSection(tests: readonly BehaviouralResult[]): Section | undefined {
  if (tests.length === 0) return undefined;
  const failed = tests.filter(({ passed }) => !passed);
  const sorted = [...failed, ...tests.filter(({ passed }) => passed)];
  return {
    id: 'tests',
    title: 'Behavioural tests',
    importance: failed.length > 0 ? 78 : 42,
    blocks: [
      table(
        ['Test', 'Kind', ['Checked', 'right'], ['Failed', 'right'], 'Result'],
        sorted.map(({ name, kind, checked, failed, passed }) => [
          name,
          kind,
          String(checked),
          String(failed),
          passed ? '✅ pass' : '❌ fail',
        ]),
      ),
      ...sorted
        .filter(({ failures }) => failures.length > 0)
        .map(({ name, failed, failures }) => ({
          kind: 'details' as const,
          summary: `${name}: ${count(failed, 'answer')} not as asked`,
          blocks: [
            table(
              [['Row', 'right'], 'What'],
              failures.map(({ row, what }) => [String(row), what]),
              failed - failures.length,
            ),
          ],
        })),
    ],
  };
}

function fairnessSection({ evaluation }: EvaluationRecord): Section | undefined {
  const { fairness } = evaluation;
  if (!fairness?.length) return undefined;
  return {
    id: 'fairness',
    title: 'Gaps between groups',
    importance: 38,
    blocks: [
      table(
        ['Column', ['Demographic parity', 'right'], ['Equalized odds', 'right']],
        fairness.map(({ column, demographic_parity, equalized_odds }) => [
          column,
          figure(demographic_parity),
          figure(equalized_odds),
        ]),
      ),
      {
        kind: 'paragraph',
        text: 'Greatest difference between slices with enough rows: in the share called positive; in the rate of true or of false positives. 0 is none.',
      },
    ],
  };
}

/** Told as measured, because another machine gives other numbers. */
function latencySection(latency: Latency | undefined): Section | undefined {
  if (!latency) return undefined;
  const { p50, p95, p99, runs, batch, rowsPerSecond } = latency;
  return {
    id: 'latency',
    title: 'Speed on this runner',
    importance: 36,
    blocks: [
      {
        kind: 'facts',
        items: [
          {
            label: `One row, warm, ${runs} runs`,
            value: `${figure(p50)} ms (p50), ${figure(p95)} ms (p95), ${figure(p99)} ms (p99)`,
          },
          { label: `Batch of ${batch}`, value: `${figure(Math.round(rowsPerSecond))} rows per second` },
        ],
      },
    ],
  };
}

function importanceSection({ importance, evaluation }: EvaluationRecord): Section | undefined {
  if (!importance) return undefined;
  const worth = ({ mean }: (typeof importance.columns)[number]) => mean ?? Number.NEGATIVE_INFINITY;
  const sorted = [...importance.columns].sort((a, b) => worth(b) - worth(a));
  const row = ({ column, mean, low, high }: (typeof sorted)[number]) => [
    column,
    figure(mean),
    `${figure(low)} to ${figure(high)}`,
  ];
  const columns = [
    'Column',
    [`${importance.metric} lost`, 'right'],
    [`${100 * evaluation.confidence} % interval`, 'right'],
  ] as const;
  const whole = sorted.filter(({ slice }) => !slice);
  const sliced = sorted.filter(({ slice }) => slice);
  return {
    id: 'importance',
    title: 'What the answers rest on',
    importance: 34,
    blocks: [
      table(columns, whole.slice(0, 20).map(row), Math.max(0, whole.length - 20)),
      ...(sliced.length > 0
        ? [
            {
              kind: 'details' as const,
              summary: 'by slice',
              blocks: [
                table(
                  ['Slice', ...columns],
                  sliced
                    .slice(0, 60)
                    .map((each) => [`${each.slice!.column} = ${each.slice!.value}`, ...row(each)]),
                  Math.max(0, sliced.length - 60),
                ),
              ],
            },
          ]
        : []),
      {
        kind: 'paragraph',
        text: `By shuffling one column at a time on ${count(importance.rows, 'row')}. Columns that tell the same thing share their importance.`,
      },
    ],
  };
}

/** Which share of the rows is called positive from which threshold on, and the one in use. */
function thresholdSection({ evaluation, tuning }: EvaluationRecord): Section | undefined {
  const { thresholds, threshold } = evaluation;
  const chosen = tuning ? `, chosen on ${tuning.name} (${count(tuning.rows, 'row')})` : '';
  if (!thresholds) return undefined;
  return {
    id: 'thresholds',
    title: 'Thresholds',
    importance: 14,
    blocks: [
      {
        kind: 'details',
        summary:
          threshold === undefined
            ? 'what each threshold would give'
            : `in use: ${figure(threshold)}${chosen}; what others would give`,
        blocks: [
          table(
            [
              ['Threshold', 'right'],
              ['Precision', 'right'],
              ['Recall', 'right'],
              ['Called positive', 'right'],
            ],
            thresholds.map(({ threshold: at, tp, fp, fn }) => [
              figure(at),
              figure(tp / (tp + fp)),
              figure(tp / (tp + fn)),
              String(tp + fp),
            ]),
          ),
        ],
      },
    ],
  };
}
