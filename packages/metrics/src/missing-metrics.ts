import type { Comparison } from './comparison.ts';
import type { Spec } from './metric-spec.ts';
import { type EvaluationRecord, hasValue, type MetricValue } from './record.ts';
import { isSameData } from './record-differences.ts';

/** Metrics of the baseline that nobody asked about and that the candidate no longer has: never in silence. */
export function vanished(
  specs: readonly Spec[],
  baseline: EvaluationRecord,
  candidate: EvaluationRecord,
): Comparison[] {
  const asked = new Set(specs.map(({ metric }) => metric));
  const fresh = Object.keys(candidate.evaluation.metrics).filter(
    (name) => baseline.evaluation.metrics[name] === undefined,
  );
  return Object.entries(baseline.evaluation.metrics)
    .filter(([name, metric]) => hasValue(metric) && !asked.has(name))
    .filter(([name]) => !hasValue(candidate.evaluation.metrics[name]))
    .map(([name, { value }]) =>
      missing(name, value, whyMissing(name, candidate.evaluation.metrics[name], fresh)),
    );
}

/** Values that the baseline has for a slice and the candidate has not, although the data is the same. */
export function vanishedSlices(
  specs: readonly Spec[],
  baseline: EvaluationRecord,
  candidate: EvaluationRecord,
): Comparison[] {
  if (!isSameData(baseline, candidate)) return [];
  return baseline.evaluation.slices.flatMap(({ column, value, metrics }) => {
    const after = candidate.evaluation.slices.find(
      (slice) => slice.column === column && slice.value === value,
    );
    return specs
      .map(({ metric }) => metric)
      .filter((metric) => hasValue(metrics[metric]) && !hasValue(after?.metrics[metric]))
      .map((metric) => ({
        ...missing(
          metric,
          metrics[metric]!.value,
          `the candidate has no ${metric} where ${column} is ${value}`,
        ),
        slice: { column, value },
      }));
  });
}

function missing(metric: string, baseline: number | null, reason: string): Comparison {
  return {
    metric,
    baseline,
    candidate: null,
    delta: null,
    low: null,
    high: null,
    tolerance: 0,
    method: null,
    p: null,
    adjustedP: null,
    verdict: 'missing',
    reason,
  };
}

/** What a metric without a value is told as; `fresh` are names that may be its new one. */
export function whyMissing(
  metric: string,
  after: MetricValue | undefined,
  fresh: readonly string[] = [],
): string {
  if (after) return `the candidate has no value of ${metric}: ${after.note ?? 'it is not a number'}`;
  const renamed = fresh.length > 0 ? `; it has ${fresh.join(', ')}, which the baseline lacks` : '';
  return `the candidate has no ${metric}${renamed}`;
}
