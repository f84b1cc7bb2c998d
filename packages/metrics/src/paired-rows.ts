import { fault, InputError } from '@rastro/fault';
import { type Measurer, measurer, whyNotMeasurable } from './measurer.ts';
import { type RandomSource, randomSource } from './random.ts';
import {
  type Answers,
  type ClassSample,
  type Question,
  readSample,
  type Sample,
  subsetOf,
} from './sample.ts';
import { type SliceSource, slicesOf } from './slices.ts';

/** Answers of two models to the same rows. */
export interface PairedRows extends Question {
  readonly baseline: Answers;
  readonly candidate: Answers;
  readonly slices?: readonly SliceSource[] | undefined;
  /** Default 1000. */
  readonly resamples?: number | undefined;
  readonly seed?: number | undefined;
}

export interface SamplePair {
  readonly baseline: Sample;
  readonly candidate: Sample;
  /** Values of both models over the same resamples of rows; undefined for a metric that was not asked for. */
  replicatesOf(metric: string): Replicates | undefined;
}

export interface Replicates {
  readonly baseline: Float64Array;
  readonly candidate: Float64Array;
}

/** How the answers changed, row by row. */
export interface Churn {
  readonly rows: number;
  /** Rows with another label; for a regression, with another value. */
  readonly changed: number;
  /** Rows that were wrong and are right, and the reverse. Null for a regression. */
  readonly mended: number | null;
  readonly broken: number | null;
  /** Mean |difference| of the values, in the target's unit. Null for classes. */
  readonly meanChange: number | null;
}

/** @throws InputError when either side does not fit the truth, or the sides know different classes. */
export function readPair(paired: PairedRows, metrics: readonly string[]): SamplePair {
  const baseline = readSample(paired, paired.baseline);
  const candidate = readSample(paired, paired.candidate);
  if (baseline.task !== 'regression' && candidate.task !== 'regression') {
    const [before, after] = [baseline.classes.join(', '), candidate.classes.join(', ')];
    if (before !== after) {
      throw new InputError(
        fault(
          'classes-differ',
          `the baseline knows the classes ${before}, the candidate ${after}`,
          undefined,
          'Compare their records instead, or give both models the same classes.',
        ),
      );
    }
  }
  return pairOf({ baseline, candidate }, { ...paired, metrics, stream: '' });
}

/** `stream` names the random numbers of the pair. Resamples are drawn once for all metrics, when one is first asked for. */
function pairOf(
  { baseline, candidate }: { baseline: Sample; candidate: Sample },
  draw: {
    metrics: readonly string[];
    resamples?: number | undefined;
    seed?: number | undefined;
    stream: string;
  },
): SamplePair {
  const { resamples = 1000, seed = 0, stream } = draw;
  const metrics = draw.metrics.filter(
    (metric) =>
      whyNotMeasurable(baseline, metric) === undefined && whyNotMeasurable(candidate, metric) === undefined,
  );
  let drawn: { baseline: Float64Array[]; candidate: Float64Array[] } | undefined;
  return {
    baseline,
    candidate,
    replicatesOf(metric) {
      const at = metrics.indexOf(metric);
      if (at < 0 || resamples < 2) return undefined;
      drawn ??= drawPairs(measurer(baseline, metrics), measurer(candidate, metrics), {
        rows: baseline.rows,
        resamples,
        random: randomSource(seed, stream),
      });
      return { baseline: drawn.baseline[at]!, candidate: drawn.candidate[at]! };
    },
  };
}

function drawPairs(
  baseline: Measurer,
  candidate: Measurer,
  { rows, resamples, random }: { rows: number; resamples: number; random: RandomSource },
) {
  const weights = new Uint8Array(rows);
  const drawn = {
    baseline: baseline.names.map(() => new Float64Array(resamples)),
    candidate: candidate.names.map(() => new Float64Array(resamples)),
  };
  for (let round = 0; round < resamples; round++) {
    random.resample(weights);
    const [before, after] = [baseline.measure(weights), candidate.measure(weights)];
    for (let i = 0; i < before.length; i++) {
      drawn.baseline[i]![round] = before[i]!;
      drawn.candidate[i]![round] = after[i]!;
    }
  }
  return drawn;
}

/** The pair of each slice, by `column=value`. */
export function slicePairs(
  paired: PairedRows,
  pair: SamplePair,
  metrics: readonly string[],
): Map<string, SamplePair> {
  return new Map(
    (paired.slices ?? []).flatMap(slicesOf).map(({ column, value, rows }) => {
      const stream = `${column}=${value}`;
      const side = { baseline: subsetOf(pair.baseline, rows), candidate: subsetOf(pair.candidate, rows) };
      return [stream, pairOf(side, { ...paired, metrics, stream })];
    }),
  );
}

export function churnOf({ baseline, candidate }: SamplePair): Churn {
  const { rows } = baseline;
  const [before, after] = [baseline.predicted, candidate.predicted];
  const count = (holds: (row: number) => boolean) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += Number(holds(row));
    return sum;
  };
  const changed = count((row) => before[row] !== after[row]);
  if (baseline.task === 'regression') {
    let distance = 0;
    for (let row = 0; row < rows; row++) distance += Math.abs(before[row]! - after[row]!);
    return { rows, changed, mended: null, broken: null, meanChange: distance / rows };
  }
  const [right, stillRight] = [rightly(baseline), rightly(candidate as ClassSample)];
  return {
    rows,
    changed,
    mended: count((row) => right[row] === 0 && stillRight[row] === 1),
    broken: count((row) => right[row] === 1 && stillRight[row] === 0),
    meanChange: null,
  };
}

/** 1 for each row whose prediction is the truth. */
export function rightly({ truth, predicted }: ClassSample): Uint8Array {
  return Uint8Array.from(truth, (code, row) => Number(code === predicted[row]));
}
