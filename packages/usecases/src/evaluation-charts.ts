import type { EvaluationRecord } from '@rastro/metrics';
import type { Block, Section } from '@rastro/report';

interface NamedRecord {
  readonly name: string;
  readonly record: EvaluationRecord;
}

type Points = [number, number][];

/** ROC, precision and recall, and calibration of one or several records, one line each; undefined when none has any. */
export function curvesSection(records: readonly NamedRecord[]): Section | undefined {
  const charts = [
    chart('ROC curve', ['false positive rate', 'true positive rate'], records, roc),
    chart('Precision and recall', ['recall', 'precision'], records, pr),
    chart('Calibration', ['predicted probability', 'share that was positive'], records, calibration),
  ].filter((block) => block !== undefined);
  if (charts.length === 0) return undefined;
  return {
    id: 'curves',
    title: 'ROC, precision and recall, calibration',
    importance: 30,
    blocks: charts,
  };
}

function roc({ evaluation }: EvaluationRecord): Points {
  return evaluation.curves?.roc ?? [];
}

function pr({ evaluation }: EvaluationRecord): Points {
  return evaluation.curves?.pr ?? [];
}

function calibration({ evaluation }: EvaluationRecord): Points {
  return (evaluation.calibration ?? []).flatMap(
    ({ confidence, outcome }): Points =>
      confidence === null || outcome === null ? [] : [[confidence, outcome]],
  );
}

function chart(
  title: string,
  [x, y]: readonly [string, string],
  records: readonly NamedRecord[],
  pointsOf: (record: EvaluationRecord) => Points,
): Block | undefined {
  const series = records
    .map(({ name, record }) => ({ name, points: pointsOf(record) }))
    .filter(({ points }) => points.length > 1);
  if (series.length === 0) return undefined;
  return {
    kind: 'chart',
    chart: { type: 'line', title, x: { title: x }, y: { title: y, min: 0, max: 1 }, series },
  };
}
