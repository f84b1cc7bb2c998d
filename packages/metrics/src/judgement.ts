import type { Comparison, MetricVerdict } from './comparison.ts';
import { normalQuantile } from './distributions.ts';
import { benjaminiHochberg } from './false-discovery.ts';
import { labelReader } from './labels.ts';
import type { Spec } from './metric-spec.ts';
import { whyMissing } from './missing-metrics.ts';
import type { SamplePair } from './paired-rows.ts';
import { twoSided } from './paired-tests.ts';
import { beyondTolerance, type Hypothesis, testPair } from './paired-verdict.ts';
import { type EvaluationRecord, hasValue, isValue, type MetricValue, measuredValue } from './record.ts';

/** Relative difference that the order of additions can make: no difference. */
const ROUNDING = 1e-12;

/** A difference measured, not yet judged: it waits for the p-values of the others. */
export interface Judgement {
  readonly draft: Omit<Comparison, 'adjustedP' | 'verdict' | 'reason'>;
  /** Settled without a test. */
  readonly fixed?: { verdict: MetricVerdict; reason: string };
  /** Positive when better. */
  readonly gain: number;
}

export function judgeTotal(
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

export function judgeSlices(
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

/** The verdicts, at a share of false alarms `alpha` over all of them. */
export function settleAll(judgements: readonly Judgement[], alpha: number): Comparison[] {
  const adjusted = adjust(judgements);
  return judgements.map((judgement, i) => settle(judgement, adjusted[i]!, alpha));
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
