import { fault, InputError } from '@rastro/fault';
import { type Goal, knownMetric, metricNamed, metricsOf, type Task } from './catalogue.ts';
import { normalQuantile } from './distributions.ts';
import { benjaminiHochberg } from './false-discovery.ts';
import { labelReader } from './labels.ts';
import {
  type Churn,
  churnOf,
  type PairedRows,
  readPair,
  type SamplePair,
  slicePairs,
} from './paired-rows.ts';
import { twoSided } from './paired-tests.ts';
import { beyondTolerance, type Hypothesis, type PairedMethod, testPair } from './paired-verdict.ts';
import { type EvaluationRecord, type MetricValue, measuredValue } from './record.ts';
import { type Difference, differencesOf } from './record-differences.ts';

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

export type MetricVerdict = 'improved' | 'inconclusive' | 'regressed' | 'missing' | 'breach' | 'no-baseline';

/** How a difference was judged. 'point' when there is no measure of noise: then any worsening beyond tolerance counts. */
export type CompareMethod = PairedMethod | 'intervals' | 'point';

export interface Comparison {
  readonly metric: string;
  /** Undefined for the whole sample. */
  readonly slice?: { readonly column: string; readonly value: string };
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Candidate minus baseline, with its interval at the confidence of the candidate's record. */
  readonly delta: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly tolerance: number;
  readonly method: CompareMethod | null;
  /** Two-sided, before and after Benjamini-Hochberg over all metrics and slices. */
  readonly p: number | null;
  readonly adjustedP: number | null;
  readonly verdict: MetricVerdict;
  /** Why, as a phrase. */
  readonly reason: string;
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

/** Relative difference that the order of additions can make: no difference. */
const ROUNDING = 1e-12;

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
  const undecided = [...totals, ...slices];
  const adjusted = adjust(undecided);
  const settled = undecided.map((judgement, i) => settle(judgement, adjusted[i]!, alpha));
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
    dataDiffers: baseline !== undefined && digests(baseline) !== digests(candidate),
    ...(pair ? { churn: churnOf(pair) } : {}),
    differences: baseline ? differencesOf(baseline, candidate) : [],
  };
}

interface Spec extends MetricSpec {
  readonly goal: Goal;
  readonly tolerance: number;
  readonly relativeTolerance: number;
}

function specsOf({ specs, baseline, candidate }: CompareRequest): Spec[] {
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
 * The usual metrics of a task that either record tells (a model without scores has no log loss to miss), or every metric
 * when they tell none of those.
 */
function usualSpecs(task: Task, known: Readonly<Record<string, MetricValue>>): MetricSpec[] {
  const usual = metricsOf(task).filter((metric) => metric.usual && known[metric.name]);
  const names = usual.length > 0 ? usual.map(({ name }) => name) : Object.keys(known);
  if (names.length === 0) {
    throw new InputError(
      fault('no-metrics', 'neither record has a metric to compare', undefined, 'Evaluate the model again.'),
    );
  }
  return names.map((metric) => ({ metric }));
}

/** A difference measured, not yet judged: it waits for the p-values of the others. */
interface Judgement {
  readonly draft: Omit<Comparison, 'adjustedP' | 'verdict' | 'reason'>;
  /** Settled without a test. */
  readonly fixed?: { verdict: MetricVerdict; reason: string };
  /** Positive when better. */
  readonly gain: number;
}

function judgeTotal(
  spec: Spec,
  baseline: EvaluationRecord | undefined,
  candidate: EvaluationRecord,
  pair: SamplePair | undefined,
): Judgement {
  const before = baseline?.evaluation.metrics[spec.metric];
  const after = candidate.evaluation.metrics[spec.metric];
  const turned = baseline && positiveDiffers(spec.metric, baseline, candidate);
  const judgement = judge(spec, { before, after, confidence: candidate.evaluation.confidence, pair, turned });
  const value = measuredValue(after);
  if (judgement.fixed?.verdict === 'missing' || !isValue(value)) return judgement;
  const breach = breachOf(spec, value);
  return breach ? { ...judgement, fixed: { verdict: 'breach', reason: breach } } : judgement;
}

/** Metrics of two classes that are not the same when the classes change places. */
const OF_THE_POSITIVE =
  /^(precision|recall|specificity|average_precision|f\d.*|lift_at_.*|map|mrr|ndcg_at_.*)$/;

/** Why the two values are of different things, where they are. */
function positiveDiffers(
  metric: string,
  { evaluation: before }: EvaluationRecord,
  { evaluation: after }: EvaluationRecord,
): string | undefined {
  if (!before.positive || !after.positive) return undefined;
  const isSame = labelReader([before.positive])(after.positive) === 0;
  if (isSame || !OF_THE_POSITIVE.test(metric)) return undefined;
  return `the baseline's ${metric} is of the class ${before.positive}, the candidate's of ${after.positive}`;
}

function breachOf({ min, max }: Spec, value: number): string | undefined {
  if (min !== undefined && value < min) return `${value} is below the lowest value that passes, ${min}`;
  if (max !== undefined && value > max) return `${value} is above the highest value that passes, ${max}`;
  return undefined;
}

function judgeSlices(
  spec: Spec,
  baseline: EvaluationRecord,
  candidate: EvaluationRecord,
  pairs: ReadonlyMap<string, SamplePair>,
): Judgement[] {
  return candidate.evaluation.slices.flatMap((after) => {
    const before = baseline.evaluation.slices.find(
      ({ column, value }) => column === after.column && value === after.value,
    );
    const [was, is] = [before?.metrics[spec.metric], after.metrics[spec.metric]];
    if (!before?.judged || !after.judged || !hasValue(was) || !hasValue(is)) return [];
    const { column, value } = after;
    const judgement = judge(spec, {
      before: was,
      after: is,
      confidence: candidate.evaluation.confidence,
      pair: pairs.get(`${column}=${value}`),
      turned: positiveDiffers(spec.metric, baseline, candidate),
    });
    return [{ ...judgement, draft: { ...judgement.draft, slice: { column, value } } }];
  });
}

function judge(
  spec: Spec,
  sides: {
    before: MetricValue | undefined;
    after: MetricValue | undefined;
    confidence: number;
    pair: SamplePair | undefined;
    /** Why the values are not of the same thing. */
    turned: string | undefined;
  },
): Judgement {
  const { before, after, confidence, pair, turned } = sides;
  const was = hasValue(before) ? before.value : null;
  const is = hasValue(after) ? after.value : null;
  const tolerance = Math.max(spec.tolerance, spec.relativeTolerance * Math.abs(was ?? 0));
  const draft = {
    metric: spec.metric,
    baseline: was,
    candidate: is,
    delta: was === null || is === null ? null : is - was,
    low: null,
    high: null,
    tolerance,
    method: null,
    p: null,
  };
  if (is === null)
    return { draft, gain: 0, fixed: { verdict: 'missing', reason: whyMissing(spec.metric, after) } };
  if (typeof measuredValue(before) === 'number' && was === null) {
    const reason = `the baseline's ${spec.metric} is not a number`;
    return { draft, gain: 0, fixed: { verdict: 'missing', reason } };
  }
  if (was === null) {
    const reason = `the baseline has no value of ${spec.metric}`;
    return { draft, gain: 0, fixed: { verdict: 'no-baseline', reason } };
  }
  if (turned !== undefined) return { draft, gain: 0, fixed: { verdict: 'missing', reason: turned } };
  const worth = (value: number) =>
    spec.target !== undefined ? -Math.abs(value - spec.target) : spec.goal === 'max' ? value : -value;
  const change = worth(is) - worth(was);
  const gain = Math.abs(change) <= ROUNDING * Math.max(Math.abs(is), Math.abs(was)) ? 0 : change;
  const hypothesis: Hypothesis = { metric: spec.metric, worth, gain, tolerance, confidence };
  const tested = (pair && testPair(pair, hypothesis)) ?? fromIntervals(before!, after!, hypothesis);
  return { draft: { ...draft, ...tested }, gain };
}

/** Two intervals as two independent normal estimates: cautious for the same rows, whose errors go together. */
function fromIntervals(before: MetricValue, after: MetricValue, hypothesis: Hypothesis) {
  const { gain, tolerance, confidence } = hypothesis;
  const delta = after.value! - before.value!;
  const widths = [before, after].map(({ low, high }) =>
    isValue(low) && isValue(high) ? high - low : Number.NaN,
  );
  const z = normalQuantile((1 + confidence) / 2);
  const standardError = Math.hypot(widths[0]!, widths[1]!) / (2 * z);
  if (Number.isNaN(standardError)) return { method: 'point' as const, p: gain < -tolerance ? 0 : 1 };
  return {
    method: 'intervals' as const,
    low: delta - z * standardError,
    high: delta + z * standardError,
    p: twoSided(beyondTolerance(gain, tolerance), standardError),
  };
}

function adjust(judgements: readonly Judgement[]): (number | null)[] {
  const tested = judgements.filter(({ draft }) => draft.p !== null);
  const adjusted = benjaminiHochberg(tested.map(({ draft }) => draft.p!));
  return judgements.map((judgement) => {
    const at = tested.indexOf(judgement);
    return at < 0 ? null : adjusted[at]!;
  });
}

function settle({ draft, fixed, gain }: Judgement, adjustedP: number | null, alpha: number): Comparison {
  if (fixed) return { ...draft, adjustedP, ...fixed };
  const conclude = (verdict: MetricVerdict, reason: string) => ({ ...draft, adjustedP, verdict, reason });
  if (gain === 0) return conclude('inconclusive', 'no difference');
  if (gain < 0 && gain >= -draft.tolerance) return conclude('inconclusive', 'within the tolerance');
  if (adjustedP === null || adjustedP > alpha)
    return conclude('inconclusive', 'chance may explain the difference');
  return gain > 0
    ? conclude('improved', 'better than chance explains')
    : conclude('regressed', 'worse than chance and tolerance explain');
}

/** Values that the baseline has for a slice and the candidate has not, although the data is the same. */
function vanishedSlices(
  specs: readonly Spec[],
  baseline: EvaluationRecord,
  candidate: EvaluationRecord,
): Comparison[] {
  if (digests(baseline) !== digests(candidate)) return [];
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

/** Metrics of the baseline that nobody asked about and that the candidate no longer has: never in silence. */
function vanished(
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

function whyMissing(metric: string, after: MetricValue | undefined, fresh: readonly string[] = []): string {
  if (after) return `the candidate has no value of ${metric}: ${after.note ?? 'it is not a number'}`;
  const renamed = fresh.length > 0 ? `; it has ${fresh.join(', ')}, which the baseline lacks` : '';
  return `the candidate has no ${metric}${renamed}`;
}

function hasValue(metric: MetricValue | undefined): metric is MetricValue & { value: number } {
  return isValue(measuredValue(metric));
}

function isValue(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function digests({ data }: EvaluationRecord): string {
  return data.files.map(({ sha256 }) => sha256).join(' ');
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
