import { percentileInterval } from './bootstrap.ts';
import { normalQuantile } from './distributions.ts';
import { whyNotMeasurable } from './measurer.ts';
import { rightly, type SamplePair } from './paired-rows.ts';
import { delong, mcnemar, twoSided } from './paired-tests.ts';
import type { ClassSample } from './sample.ts';

export type PairedMethod = 'paired-bootstrap' | 'mcnemar' | 'delong';

/** What is asked about one metric of a pair. */
export interface Hypothesis {
  readonly metric: string;
  /** A value's worth: greater is better. */
  readonly worth: (value: number) => number;
  /** Worth of the candidate minus that of the baseline. */
  readonly gain: number;
  readonly tolerance: number;
  readonly confidence: number;
}

export interface PairedTest {
  readonly method: PairedMethod;
  readonly low: number | null;
  readonly high: number | null;
  readonly p: number;
}

/** Below this many differing rows the exact test, above it the chi-square one: the usual rule of thumb for McNemar. */
const EXACT_UP_TO = 1000;
/** Fewer resamples than this beyond the bound say too little about the tail. */
const TAIL_RESAMPLES = 10;

/**
 * The fitting test of one metric: McNemar for accuracy, DeLong for AUC, the paired bootstrap for the rest. With a
 * tolerance accuracy is bootstrapped too, because McNemar cannot ask for more than a difference. Undefined when the
 * metric cannot be had from these answers or their resamples.
 */
export function testPair(pair: SamplePair, hypothesis: Hypothesis): PairedTest | undefined {
  const { baseline, candidate } = pair;
  const { metric } = hypothesis;
  if (whyNotMeasurable(baseline, metric) ?? whyNotMeasurable(candidate, metric)) return undefined;
  if (baseline.task === 'binary' && metric === 'roc_auc') return byDelong(pair, hypothesis);
  const bootstrapped = byBootstrap(pair, hypothesis);
  if (metric !== 'accuracy' || hypothesis.tolerance > 0 || baseline.task === 'regression')
    return bootstrapped;
  const { onlyFirst, onlySecond, exactP, chi2P } = mcnemar(
    rightly(baseline),
    rightly(candidate as ClassSample),
  );
  return {
    method: 'mcnemar',
    low: bootstrapped?.low ?? null,
    high: bootstrapped?.high ?? null,
    p: onlyFirst + onlySecond <= EXACT_UP_TO ? exactP : chi2P,
  };
}

/** How far a gain lies from what is borne: from zero for a gain, from the tolerance for a loss beyond it. */
export function beyondTolerance(gain: number, tolerance: number): number {
  return gain >= 0 ? gain : Math.min(0, gain + tolerance);
}

function byDelong({ baseline, candidate }: SamplePair, hypothesis: Hypothesis): PairedTest | undefined {
  const { truth, scores } = baseline as ClassSample;
  const { first, second, standardError } = delong(truth, scores!, (candidate as ClassSample).scores!);
  if (Number.isNaN(standardError)) return undefined;
  const delta = second - first;
  const reach = normalQuantile((1 + hypothesis.confidence) / 2) * standardError;
  const distance = beyondTolerance(hypothesis.gain, hypothesis.tolerance);
  return {
    method: 'delong',
    low: delta - reach,
    high: delta + reach,
    p: twoSided(distance, standardError),
  };
}

/**
 * The same resample of rows for both models, so that what they share cancels out (Efron and Tibshirani 1993, ch. 16). The
 * p-value is twice the share of resamples on the other side of no difference, or of the tolerance when the metric
 * worsened; where fewer than ten are, the tail is that of a normal of the same spread.
 */
function byBootstrap(pair: SamplePair, hypothesis: Hypothesis): PairedTest | undefined {
  const { metric, worth, gain, tolerance, confidence } = hypothesis;
  const drawn = pair.replicatesOf(metric);
  if (!drawn) return undefined;
  const { deltas, values } = drawn;
  // Without a target the worth of a value is itself or its opposite, and so is that of a difference.
  const gains = values
    ? values.candidate.map((value, round) => worth(value) - worth(values.baseline[round]!))
    : deltas.map(worth);
  const interval = percentileInterval(deltas, confidence);
  if (!interval) return undefined;
  const known = gains.filter((value) => !Number.isNaN(value));
  const distance = beyondTolerance(gain, tolerance);
  const bound = gain >= 0 ? 0 : -tolerance;
  const isBeyond = (value: number) => (gain >= 0 ? value <= bound : value >= bound);
  const beyond = known.filter(isBeyond).length;
  const counted = Math.min(1, (2 * (beyond + 1)) / (known.length + 1));
  const p =
    distance === 0
      ? 1
      : beyond >= TAIL_RESAMPLES
        ? counted
        : Math.min(counted, twoSided(distance, spread(known)));
  return { method: 'paired-bootstrap', ...interval, p };
}

function spread(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
