import { fault, InputError } from '@rastro/fault';
import { type Goal, knownMetric, metricNamed, metricsOf, type Task } from './catalogue.ts';
import type { EvaluationRecord, MetricValue } from './record.ts';

/** What is asked of one metric. */
export interface MetricSpec {
  readonly metric: string;
  /** Default: the usual goal of a known metric. */
  readonly goal?: Goal | undefined;
  /** The value to be near to, in place of a goal. */
  readonly target?: number | undefined;
  /** A worsening up to this much is no regression, in the metric's unit. Default 0. */
  readonly tolerance?: number | undefined;
  /** The same as a share of the baseline's value; the greater of both counts. Default 0. */
  readonly relativeTolerance?: number | undefined;
  /** Lowest and highest value that pass, whatever the baseline. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** The same with what it left out. */
export interface Spec extends MetricSpec {
  readonly goal: Goal;
  readonly tolerance: number;
  readonly relativeTolerance: number;
}

/** @throws InputError when neither record has a metric, or one that decides is unknown and has no goal. */
export function specsOf({
  specs,
  baseline,
  candidate,
}: {
  specs: readonly MetricSpec[];
  baseline: EvaluationRecord | undefined;
  candidate: EvaluationRecord;
}): Spec[] {
  const { task, metrics } = candidate.evaluation;
  const known = { ...baseline?.evaluation.metrics, ...metrics };
  const asked = specs.length > 0 ? specs : usualSpecs(task, known);
  return asked.map((spec) => ({
    ...spec,
    tolerance: spec.tolerance ?? 0,
    relativeTolerance: spec.relativeTolerance ?? 0,
    goal:
      spec.goal ??
      knownMetric(spec.metric)?.goal ??
      known[spec.metric]?.goal ??
      metricNamed(spec.metric, task).goal,
  }));
}

/**
 * The usual metrics of a task that either record tells (a model without scores has no log loss to miss) and those of the
 * project's own, which it measures to decide by; or every metric when they tell none of those.
 */
function usualSpecs(task: Task, known: Readonly<Record<string, MetricValue>>): MetricSpec[] {
  const usual = metricsOf(task).filter((metric) => metric.usual && known[metric.name]);
  const own = Object.keys(known).filter((name) => knownMetric(name) === undefined);
  const deciding = [...usual.map(({ name }) => name), ...own];
  const names = deciding.length > 0 ? deciding : Object.keys(known);
  if (names.length === 0) {
    throw new InputError(
      fault('no-metrics', 'neither record has a metric to compare', undefined, 'Evaluate the model again.'),
    );
  }
  return names.map((metric) => ({ metric }));
}
