import type { TrainLock } from '@rastro/lineage';
import type { CompareResult, Comparison, EvaluationRecord } from '@rastro/metrics';
import { grouped, type Report, type Section, type Status, sparkline, type Text } from '@rastro/report';
import type { Baseline } from './baseline.ts';
import { slicesSection, VERDICT } from './compare-slices.ts';
import { curvesSection } from './evaluation-charts.ts';
import { lineageGraph } from './lineage-graph.ts';
import type { JudgedRelease } from './release-history.ts';
import { bytes, change, count, figure, percent, report, short, table, withCommand } from './report.ts';

/** What a comparison was made of, besides its result. */
export interface Compared {
  /** Undefined when there is no record to compare with. Its record is the one that was judged. */
  readonly baseline: (Baseline & { readonly record: EvaluationRecord }) | undefined;
  readonly candidate: EvaluationRecord;
  /** The commit of the candidate; undefined when a file of this checkout is compared. */
  readonly commit: string | undefined;
  /** How the candidate was trained, when this checkout knows. */
  readonly trained: TrainLock | undefined;
  /** Oldest first. */
  readonly releases: readonly JudgedRelease[];
  /** As the request named the baseline. */
  readonly askedBaseline: string;
  /** The evaluation data changed, and the baseline was scored again on the present rows. */
  readonly isRescored: boolean;
  /** Why the two models were not compared row by row, where both could be had. */
  readonly unpaired: string | undefined;
  readonly status: Status;
}

/** What a reviewer reads of a comparison: the numbers first, then why, then where it all comes from. */
export function compareReport(model: string, comparison: CompareResult, compared: Compared): Report {
  const { baseline, candidate, askedBaseline, releases, status } = compared;
  const both = [
    ...(baseline ? [{ name: 'baseline', record: baseline.record }] : []),
    { name: 'candidate', record: candidate },
  ];
  return withCommand(
    report('compare', model, { status, sentence: sentenceOf(model, comparison) }, [
      metricsSection(comparison, compared),
      slicesSection(comparison),
      differencesSection(comparison, compared),
      churnSection(comparison),
      releases.length > 0 ? historySection(comparison, releases) : undefined,
      curvesSection(both),
      lineageSection(model, compared),
    ]),
    ['--model', model, '--baseline', askedBaseline],
  );
}

function sentenceOf(model: string, { verdict, metrics, slices, dataDiffers }: CompareResult): string {
  const totals = metrics.filter((each) => each.verdict === verdict);
  const parts = slices.filter((each) => each.verdict === verdict);
  const moved = list(totals.length > 0 ? totals : parts);
  const where = totals.length > 0 ? '' : ` in ${count(parts.length, 'slice')}`;
  switch (verdict) {
    case 'improved':
    case 'regressed':
      return `${model} ${verdict}${where}: ${moved}.`;
    case 'missing':
      return `${model} lacks metrics that the baseline has: ${moved}.`;
    case 'breach':
      return `${model} does not reach what is asked: ${totals.map(({ metric, reason }) => `${metric} ${reason}`).join(', ')}.`;
    case 'inconclusive':
      return `${model} shows no clear difference from the baseline: ${list(metrics)}.${dataDiffers ? ' The evaluation data changed.' : ''}`;
    case 'no-baseline':
      return totals.length < metrics.length
        ? `${model} has metrics that the baseline gives no value for: ${moved}. None of the others regressed.`
        : `${model} has no baseline to compare with: ${moved}.`;
  }
}

const MOST_NAMED = 2;

/** The first two in words, and how many more there are. */
function list(comparisons: readonly Comparison[]): string {
  const named = comparisons.slice(0, MOST_NAMED).map((each) => {
    const { before, after, difference } = change(each.baseline, each.candidate, each.delta);
    const where = each.slice ? ` where ${each.slice.column} = ${each.slice.value}` : '';
    const course = before === '–' ? after : `${before} → ${after}`;
    return `${each.metric} ${course}${difference === '–' ? '' : ` (${difference})`}${where}`;
  });
  const left = comparisons.length - named.length;
  return `${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

function metricsSection(
  { metrics, dataDiffers }: CompareResult,
  { baseline, candidate, askedBaseline, releases, isRescored, unpaired }: Compared,
): Section {
  const trend = releases.length > 0;
  return {
    id: 'metrics',
    title: 'Metrics',
    importance: 95,
    blocks: [
      table(
        [
          'Metric',
          ['Baseline', 'right'],
          ['Candidate', 'right'],
          ['Change', 'right'],
          [`${100 * candidate.evaluation.confidence} % interval`, 'right'],
          'Verdict',
          ...(trend ? [`Since ${releases[0]!.version}`] : []),
        ],
        metrics.map((each) => {
          const { before, after, difference, interval } = change(
            each.baseline,
            each.candidate,
            each.delta,
            each,
          );
          const why = each.verdict === 'missing' || each.verdict === 'breach' ? `: ${each.reason}` : '';
          return [
            [{ strong: each.metric }],
            before,
            after,
            difference,
            interval,
            `${VERDICT[each.verdict]}${why}`,
            ...(trend ? [trendOf(each, releases)] : []),
          ];
        }),
      ),
      {
        kind: 'paragraph',
        text: baseline
          ? [
              'Baseline: ',
              { code: baseline.name },
              `. ${count(candidate.evaluation.rows, 'row')}, judged by ${methodsInWords(metrics)}, corrected for ${count(metrics.length, 'metric')} and their slices (Benjamini-Hochberg).`,
              isRescored
                ? ' The evaluation data changed, so the baseline was scored again on the present rows.'
                : dataDiffers
                  ? ' The evaluation data changed, so the two sides saw different rows.'
                  : '',
              unpaired === undefined ? '' : ` The baseline was not scored on these rows: ${unpaired}.`,
            ]
          : ['There is no evaluation record to compare with: ', { code: askedBaseline }, ' has none.'],
      },
    ],
  };
}

/** The value at the oldest of the last releases, then the heights of all of them and of the candidate. */
function trendOf({ metric, candidate }: Comparison, releases: readonly JudgedRelease[]): Text {
  const values = releases.map(({ record }) => record.evaluation.metrics[metric]?.value ?? Number.NaN);
  const line = sparkline([...values, candidate ?? Number.NaN]);
  const first = releases.findIndex((_, index) => Number.isFinite(values[index]));
  if (first === -1) return '–';
  return `${figure(values[first])} ${line}${first === 0 ? '' : ` from ${releases[first]!.version}`}`;
}

const PAIRED_TEST = { delong: 'DeLong', mcnemar: 'McNemar', 'paired-bootstrap': 'bootstrap' } as const;

function methodsInWords(metrics: readonly Comparison[]): string {
  const methods = new Set(metrics.map(({ method }) => method));
  const paired = Object.entries(PAIRED_TEST).flatMap(([method, name]) =>
    methods.has(method as keyof typeof PAIRED_TEST) ? [name] : [],
  );
  if (paired.length > 0) return `paired tests on the same rows (${paired.join(', ')})`;
  return methods.has('intervals') ? 'the intervals of both records' : 'the bare values';
}

function churnSection({ churn }: CompareResult): Section | undefined {
  if (!churn) return undefined;
  const share = (n: number) => `${grouped(n)} (${percent(n / churn.rows)})`;
  return {
    id: 'churn',
    title: `Changed answers: ${share(churn.changed)}`,
    importance: 45,
    blocks: [
      {
        kind: 'facts',
        items: [
          { label: 'Rows with another answer', value: share(churn.changed) },
          ...(churn.mended === null
            ? []
            : [{ label: 'Wrong before, right now', value: share(churn.mended) }]),
          ...(churn.broken === null
            ? []
            : [{ label: 'Right before, wrong now', value: share(churn.broken) }]),
          ...(churn.meanChange === null ? [] : [{ label: 'Mean change', value: figure(churn.meanChange) }]),
        ],
      },
    ],
  };
}

/** Signature, parameters, data and size, where they are not what they were. */
function differencesSection(
  { differences }: CompareResult,
  { baseline, candidate }: Compared,
): Section | undefined {
  const before = baseline?.record.model.size;
  const after = candidate.model.size;
  const rows = differences.map(({ kind, what, ...sides }) => {
    const show = (side: string | null): Text =>
      side === null ? '–' : kind === 'data' ? [{ code: short(side) }] : side;
    return [what === kind ? kind : `${kind} ${what}`, show(sides.before), show(sides.after)];
  });
  if (before !== undefined && before !== after)
    rows.push(['size of the model file', bytes(before), bytes(after)]);
  if (rows.length === 0) return undefined;
  const kinds = [...new Set(differences.map(({ kind }) => kind))];
  const names = [...kinds, ...(before !== after ? ['size'] : [])].join(', ');
  return {
    id: 'differences',
    title: `What else changed: ${names}`,
    importance: differences.some(({ kind }) => kind === 'signature') ? 65 : 50,
    blocks: [table(['Part', 'Baseline', 'Candidate'], rows)],
  };
}

function historySection({ metrics }: CompareResult, releases: readonly JudgedRelease[]): Section | undefined {
  const categories = [...releases.map(({ version }) => version), 'candidate'];
  const charts = metrics.slice(0, MOST_CHARTS).flatMap(({ metric, candidate }): Section['blocks'] => {
    const values = [...releases.map(({ record }) => record.evaluation.metrics[metric]?.value), candidate];
    const points = values.flatMap((value, index): [number, number][] =>
      typeof value === 'number' ? [[index, value]] : [],
    );
    if (points.length < 2) return [];
    const title = `${metric} over the last releases`;
    return [
      {
        kind: 'chart',
        chart: {
          type: 'line',
          title,
          x: { title: 'release', categories },
          y: { title: metric },
          series: [{ name: metric, points }],
        },
      },
    ];
  });
  if (charts.length === 0) return undefined;
  return { id: 'history', title: 'Metrics over the last releases', importance: 35, blocks: charts };
}

const MOST_CHARTS = 4;

function lineageSection(model: string, { baseline, candidate, commit, trained }: Compared): Section {
  const code = (text: string | undefined): Text => (text === undefined ? '–' : [{ code: short(text) }]);
  const data = ({ data: { files } }: EvaluationRecord): Text =>
    files.slice(0, 5).flatMap(({ sha256 }, index) => [index === 0 ? '' : ' ', { code: short(sha256) }]);
  const evaluator = ({ evaluator: { version, versions } }: EvaluationRecord) =>
    Object.entries({ rastro: version, ...versions })
      .map((pair) => pair.join(' '))
      .join(', ');
  const old = baseline?.record;
  return {
    id: 'lineage',
    title: 'Lineage',
    importance: 20,
    blocks: [
      table(
        ['Part', 'Baseline', 'Candidate'],
        [
          ['Commit', code(baseline?.commit ?? undefined), code(commit)],
          ['Model (SHA-256)', code(old?.model.sha256), code(candidate.model.sha256)],
          ['Model size', old ? bytes(old.model.size) : '–', bytes(candidate.model.size)],
          ['Evaluation data', old ? data(old) : '–', data(candidate)],
          ['Rows', old ? grouped(old.data.rows) : '–', grouped(candidate.data.rows)],
          ['Evaluator', old ? evaluator(old) : '–', evaluator(candidate)],
        ],
      ),
      lineageGraph(model, { record: candidate, trained, commit }),
    ],
  };
}
