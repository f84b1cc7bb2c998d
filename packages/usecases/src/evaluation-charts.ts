import type { EvaluationRecord } from '@rastro/metrics';
import type { Block, Section } from '@rastro/report';
import { figure } from './report.ts';

interface NamedRecord {
  readonly name: string;
  readonly record: EvaluationRecord;
}

type Points = [number, number][];

/** One curve of a record. */
interface Curve {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly points: (record: EvaluationRecord) => Points;
  /** The metric that says in one number what the curve shows, and what it is called here. */
  readonly metric: readonly [name: string, words: string];
  /** A straight line over the span of the data, to read the curves against. */
  readonly reference?: { readonly name: string; readonly summary: string };
}

const CURVES: readonly Curve[] = [
  {
    title: 'ROC curve',
    x: 'false positive rate',
    y: 'true positive rate',
    points: ({ evaluation }) => evaluation.curves?.roc ?? [],
    metric: ['roc_auc', 'area'],
    reference: { name: 'chance', summary: 'area 0.5' },
  },
  {
    title: 'Precision and recall',
    x: 'recall',
    y: 'precision',
    points: ({ evaluation }) => fromZero(evaluation.curves?.pr ?? []),
    metric: ['average_precision', 'average precision'],
  },
  {
    title: 'Calibration',
    x: 'predicted probability',
    y: 'share that was positive',
    points: calibration,
    metric: ['ece', 'expected error'],
    reference: { name: 'perfect', summary: 'as many as predicted' },
  },
];

/** ROC, precision and recall, and calibration of one or several records, one line each; undefined when none has any. */
export function curvesSection(records: readonly NamedRecord[]): Section | undefined {
  const blocks = CURVES.map((curve) => chartOf(curve, records)).filter((block) => block !== undefined);
  if (blocks.length === 0) return undefined;
  return { id: 'curves', title: 'ROC, precision and recall, calibration', importance: 30, blocks };
}

/** The threshold that calls nothing positive has no precision; the curve goes on as it begins. */
function fromZero(points: Points): Points {
  const [first] = points;
  return first && first[0] > 0 ? [[0, first[1]], ...points] : points;
}

function calibration({ evaluation }: EvaluationRecord): Points {
  return (evaluation.calibration ?? []).flatMap(
    ({ confidence, outcome }): Points =>
      confidence === null || outcome === null ? [] : [[confidence, outcome]],
  );
}

function chartOf(curve: Curve, records: readonly NamedRecord[]): Block | undefined {
  const [metric, words] = curve.metric;
  const series = records
    .map(({ name, record }) => {
      const value = record.evaluation.metrics[metric]?.value;
      const summary = typeof value === 'number' ? { summary: `${words} ${figure(value)}` } : {};
      return { name, ...summary, points: curve.points(record) };
    })
    .filter(({ points }) => points.length > 1);
  if (series.length === 0) return undefined;
  return {
    kind: 'chart',
    chart: {
      type: 'line',
      title: curve.title,
      x: { title: curve.x },
      y: { title: curve.y, min: 0, max: 1 },
      series: curve.reference ? [...series, { ...curve.reference, points: diagonal(series) }] : series,
    },
  };
}

function diagonal(series: readonly { points: Points }[]): Points {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  return [
    [low, low],
    [high, high],
  ];
}
