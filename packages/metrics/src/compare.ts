import { fault, InputError } from '@rastro/fault';
import type { Task } from './catalogue.ts';
import type { Comparison, MetricVerdict } from './comparison.ts';
import { judgeSlices, judgeTotal, settleAll } from './judgement.ts';
import { type MetricSpec, specsOf } from './metric-spec.ts';
import { vanished, vanishedSlices } from './missing-metrics.ts';
import {
  type Churn,
  churnOf,
  type PairedRows,
  readPair,
  type SamplePair,
  slicePairs,
} from './paired-rows.ts';
import type { EvaluationRecord } from './record.ts';
import { type Difference, differencesOf, isSameData } from './record-differences.ts';

export interface CompareRequest {
  /** Undefined when there is nothing to compare with. */
  readonly baseline: EvaluationRecord | undefined;
  readonly candidate: EvaluationRecord;
  /** The metrics that decide; the usual ones of the task when empty. */
  readonly specs: readonly MetricSpec[];
  /** Answers of both models to the same rows, for tests that know which rows moved. */
  readonly paired?: PairedRows | undefined;
  /** Share of false alarms that is borne, two-sided, over all metrics and slices. Default 0.05. */
  readonly alpha?: number | undefined;
}

export interface CompareResult {
  /** 'no-baseline' when there is no baseline and no bound is breached. */
  readonly verdict: MetricVerdict;
  readonly metrics: readonly Comparison[];
  /** Slices of the metrics that decide, where both sides have support. */
  readonly slices: readonly Comparison[];
  /** Regressed slices of a metric whose total did not regress. */
  readonly hiddenRegressions: readonly Comparison[];
  /** False when both records are of the same data files. */
  readonly dataDiffers: boolean;
  /** How predictions changed row by row; only when paired. */
  readonly churn?: Churn;
  /** What differs between the records besides numbers: signature, parameters, data, threshold. */
  readonly differences: readonly Difference[];
}

/**
 * From the worst: the verdict of a comparison is the worst of its metrics and slices. Improved needs a metric of the whole
 * sample that improved, and nothing worse; slices that improved alone are told and decide nothing.
 */
const WORST_FIRST: readonly MetricVerdict[] = [
  'breach',
  'missing',
  'regressed',
  'no-baseline',
  'improved',
  'inconclusive',
];

/**
 * Whether the candidate is better than the baseline, worse, or not to be told apart from it. A metric regresses when it
 * worsens by more than its tolerance and chance does not explain that. A metric of the baseline that the candidate
 * lacks, or has without a value, is missing and never passes.
 * @throws InputError when the records are of different tasks, have no metric at all, or a metric that decides is unknown
 * and has no goal.
 */
export function compare(request: CompareRequest): CompareResult {
  const { baseline, candidate, paired, alpha = 0.05 } = request;
  const { task } = candidate.evaluation;
  if (baseline && baseline.evaluation.task !== task) throw taskDiffers(baseline.evaluation.task, task);
  const specs = specsOf(request);
  const pair = baseline && paired && readPair(paired, specs);
  const slicedPairs = paired && pair ? slicePairs(paired, pair, specs) : new Map<string, SamplePair>();
  const totals = specs.map((spec) => judgeTotal(spec, baseline, candidate, pair));
  const slices = baseline ? specs.flatMap((spec) => judgeSlices(spec, baseline, candidate, slicedPairs)) : [];
  const settled = settleAll([...totals, ...slices], alpha);
  const metrics = [
    ...settled.slice(0, totals.length),
    ...(baseline ? vanished(specs, baseline, candidate) : []),
  ];
  const sliceResults = [
    ...settled.slice(totals.length),
    ...(baseline ? vanishedSlices(specs, baseline, candidate) : []),
  ];
  const all = [...metrics, ...sliceResults.filter(({ verdict }) => verdict !== 'improved')].map(
    ({ verdict }) => verdict,
  );
  const heldTotal = new Set(
    metrics.filter(({ verdict }) => verdict !== 'regressed').map((each) => each.metric),
  );
  return {
    verdict: WORST_FIRST.find((verdict) => all.includes(verdict)) ?? 'inconclusive',
    metrics,
    slices: sliceResults,
    hiddenRegressions: sliceResults.filter((s) => s.verdict === 'regressed' && heldTotal.has(s.metric)),
    dataDiffers: baseline !== undefined && !isSameData(baseline, candidate),
    ...(pair ? { churn: churnOf(pair) } : {}),
    differences: baseline ? differencesOf(baseline, candidate) : [],
  };
}

function taskDiffers(before: Task, after: Task): InputError {
  return new InputError(
    fault(
      'task-differs',
      `the baseline is a ${before} model and the candidate a ${after} model`,
      undefined,
      'Compare records of the same task, or give the new model another name.',
    ),
  );
}
