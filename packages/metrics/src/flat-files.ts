import { canonicalJson } from './canonical-json.ts';
import type { EvaluationRecord } from './record.ts';

/**
 * The metrics as one flat JSON object, name to number, which `dvc metrics` and anything that reads JSON understands.
 * Metrics without a value are left out. Names in code-unit order.
 */
export function flatMetrics({ evaluation }: EvaluationRecord): string {
  const entries = Object.entries(evaluation.metrics).filter(([, { value }]) => value !== null);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return canonicalJson(Object.fromEntries(entries.map(([name, { value }]) => [name, value])));
}

/** The confusion templates count points themselves, one for each row; more than this would be megabytes. */
const CONFUSION_ROWS = 20_000;

/**
 * Plots data that `dvc plots` reads, by file name: a JSON list of points each, with the names its templates expect. Only
 * the plots that the record has.
 */
export function plotFiles({ evaluation }: EvaluationRecord): Map<string, string> {
  const { curves, calibration, confusion, classes } = evaluation;
  const files = new Map<string, readonly object[]>();
  if (curves) {
    files.set(
      'roc.json',
      curves.roc.map(([fpr, tpr]) => ({ fpr, tpr })),
    );
    files.set(
      'precision_recall.json',
      curves.pr.map(([recall, precision]) => ({ recall, precision })),
    );
  }
  if (calibration) {
    files.set(
      'calibration.json',
      calibration
        .filter(({ rows }) => rows > 0)
        .map(({ confidence, outcome }) => ({ prob_pred: confidence, prob_true: outcome })),
    );
  }
  if (confusion && classes && evaluation.rows <= CONFUSION_ROWS) {
    files.set(
      'confusion.json',
      confusion.flatMap((counts, truth) =>
        counts.flatMap((count, predicted) =>
          Array.from({ length: count }, () => ({ actual: classes[truth], predicted: classes[predicted] })),
        ),
      ),
    );
  }
  return new Map([...files].map(([name, points]) => [name, canonicalJson(points)]));
}
