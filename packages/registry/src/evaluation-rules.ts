import { ageRule } from './age-rule.ts';
import type { StagePolicy, Waivable } from './policy.ts';
import {
  type EvaluationEvidence,
  type Evidence,
  type Metrics,
  type Question,
  short,
  type Unwaived,
} from './policy-question.ts';

/** What the evaluation of the version must show: that it is of this file, fresh, and within the bounds of each metric and slice. */
export function evaluationRules(question: Question): Unwaived[] {
  const { asked, request, evidence } = question;
  if (!asked.evaluation) return [];
  const found = evidence.evaluation;
  if (!found) {
    return [
      {
        rule: 'evaluation',
        passed: false,
        expected: `an evaluation of ${short(request.sha256)}`,
        actual: 'not recorded',
        evidence: 'evaluation record',
      },
    ];
  }
  return [
    {
      rule: 'evaluation',
      passed: found.sha256 === request.sha256,
      expected: `an evaluation of ${short(request.sha256)}`,
      actual: `an evaluation of ${short(found.sha256)}`,
      evidence: recordName(found),
    },
    ...freshness(asked.evaluation.max_age, found, evidence.now),
    ...Object.entries(asked.evaluation.metrics).flatMap(([metric, bounds]) => [
      ...boundRules(
        `metrics.${metric}`,
        'metrics',
        bounds,
        metricValue(found.metrics, metric),
        recordName(found),
      ),
      ...dropRules(metric, bounds, found, evidence.holder),
    ]),
    ...Object.entries(asked.evaluation.slices).flatMap(([column, metrics]) =>
      Object.entries(metrics).flatMap(([metric, bounds]) => sliceRules(column, metric, bounds, found)),
    ),
  ];
}

const recordName = ({ recordSha256 }: EvaluationEvidence) => `evaluation record ${short(recordSha256)}`;

function metricValue(metrics: Metrics | null | undefined, metric: string): number | undefined {
  const value = metrics && Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
  return value === null ? undefined : value;
}

function showValue(value: number | undefined): string {
  return value === undefined ? 'missing' : String(value);
}

function freshness(maxAge: string | undefined, found: EvaluationEvidence, now: number): Unwaived[] {
  if (maxAge === undefined) return [];
  const age = ageRule(maxAge, { at: found.evaluatedAt, now, did: 'evaluated' });
  return [{ rule: 'max_age', waivable: 'max_age', ...age, evidence: recordName(found) }];
}

/** A comparison with NaN is false, so that a value that is missing or not a number fails by itself. */
function boundRules(
  name: string,
  waivable: Waivable,
  bounds: { readonly min?: number | undefined; readonly max?: number | undefined },
  value: number | undefined,
  evidence: string,
): Unwaived[] {
  const number = value ?? Number.NaN;
  const rules: Unwaived[] = [];
  const rule = (bound: 'min' | 'max', limit: number, passed: boolean) =>
    rules.push({
      rule: `${name}.${bound}`,
      waivable,
      passed: passed && Number.isFinite(number),
      expected: bound === 'min' ? `at least ${limit}` : `at most ${limit}`,
      actual: showValue(value),
      evidence,
    });
  if (bounds.min !== undefined) rule('min', bounds.min, number >= bounds.min);
  if (bounds.max !== undefined) rule('max', bounds.max, number <= bounds.max);
  return rules;
}

type MetricPolicy = NonNullable<StagePolicy['evaluation']>['metrics'][string];

function dropRules(
  metric: string,
  bounds: MetricPolicy,
  found: EvaluationEvidence,
  holder: Evidence['holder'],
): Unwaived[] {
  const most = bounds.max_drop_vs_stage;
  if (most === undefined) return [];
  const rule = (passed: boolean, actual: string): Unwaived[] => [
    {
      rule: `metrics.${metric}.max_drop_vs_stage`,
      waivable: 'max_drop_vs_stage',
      passed,
      expected: `at most ${most} worse than the version that holds the stage`,
      actual,
      evidence: recordName(found),
    },
  ];
  if (holder === null) return rule(true, 'the stage is empty');
  const goal = goalOf(metric, bounds, found);
  if (goal === undefined) return rule(false, `whether more or less ${metric} is better is not recorded`);
  const [mine, theirs] = [metricValue(found.metrics, metric), metricValue(holder.metrics, metric)];
  if (mine === undefined || theirs === undefined) {
    return rule(false, `${showValue(mine)}, and ${holder.version} has ${showValue(theirs)}`);
  }
  const drop = goal === 'max' ? theirs - mine : mine - theirs;
  return rule(isAtMost(drop, most), `${mine}, and ${holder.version} has ${theirs}`);
}

/** Decimal numbers such as 0.91 - 0.905 come out a few units in the last place off; that is not a worsening. */
function isAtMost(drop: number, most: number): boolean {
  return drop <= most + 1e-12 * Math.max(1, Math.abs(drop));
}

/** What the record says; else what the bounds say, as only a greater-is-better metric has a minimum alone. */
function goalOf(
  metric: string,
  bounds: MetricPolicy,
  { goals }: EvaluationEvidence,
): 'max' | 'min' | undefined {
  if (Object.hasOwn(goals, metric)) return goals[metric];
  if (bounds.min !== undefined && bounds.max === undefined) return 'max';
  if (bounds.max !== undefined && bounds.min === undefined) return 'min';
  return undefined;
}

function sliceRules(
  column: string,
  metric: string,
  bounds: { readonly min?: number | undefined; readonly max?: number | undefined },
  found: EvaluationEvidence,
): Unwaived[] {
  const values = Object.hasOwn(found.slices, column) ? Object.entries(found.slices[column] ?? {}) : [];
  if (values.length === 0) {
    return [
      {
        rule: `slices.${column}.${metric}`,
        waivable: 'slices',
        passed: false,
        expected: `${metric} of every ${column}`,
        actual: 'not recorded',
        evidence: recordName(found),
      },
    ];
  }
  return values.flatMap(([value, metrics]) =>
    boundRules(
      `slices.${column}=${value}.${metric}`,
      'slices',
      bounds,
      metricValue(metrics, metric),
      recordName(found),
    ),
  );
}
