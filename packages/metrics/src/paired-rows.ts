import { fault, InputError } from '@rastro/fault';
import { lossesOf } from './losses.ts';
import { measurer, whyNotMeasurable } from './measurer.ts';
import { type PairedMoments, pairedMoments } from './paired-moments.ts';
import { type RandomSource, randomSource } from './random.ts';
import { type Reading, readingsOf, readingUnder } from './reading.ts';
import {
  type Answers,
  type ClassSample,
  type Question,
  readSample,
  type Sample,
  subsetOf,
} from './sample.ts';
import { type SliceSource, slicesOf } from './slices.ts';
import type { Weights } from './weights.ts';

/** Answers of two models to the same rows; each has a threshold of its own, as its record says. */
export interface PairedRows extends Omit<Question, 'threshold'> {
  readonly baseline: PairedAnswers;
  readonly candidate: PairedAnswers;
  readonly slices?: readonly SliceSource[] | undefined;
  /** Default 1000. */
  readonly resamples?: number | undefined;
  readonly seed?: number | undefined;
}

export type PairedAnswers = Answers & Pick<Question, 'threshold'>;

/** A metric of a pair; one with a target is judged by both values, any other by their difference. */
export interface PairedMetric {
  readonly metric: string;
  readonly target?: number | undefined;
}

export interface SamplePair {
  readonly baseline: Sample;
  readonly candidate: Sample;
  /** Over the same resamples of rows for both models; undefined for a metric that was not asked for. */
  replicatesOf(metric: string): Replicates | undefined;
}

export interface Replicates {
  /** Candidate minus baseline. */
  readonly deltas: Float64Array;
  /** Undefined when only the differences were drawn. */
  readonly values?: { readonly baseline: Float64Array; readonly candidate: Float64Array };
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

/**
 * Why the answers of the baseline cannot be held against those of the candidate row by row: it does not know a class that
 * the rows hold, say. Undefined when they can be.
 */
export function whyNotPaired(paired: PairedRows): string | undefined {
  try {
    readPair(paired, []);
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.faults[0]!.message;
    throw error;
  }
}

/** @throws InputError when either side does not fit the truth, or the sides know different classes. */
export function readPair(paired: PairedRows, metrics: readonly PairedMetric[]): SamplePair {
  const read = ({ threshold, ...answers }: PairedAnswers) => readSample({ ...paired, threshold }, answers);
  const baseline = read(paired.baseline);
  const candidate = read(paired.candidate);
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
    metrics: readonly PairedMetric[];
    resamples?: number | undefined;
    seed?: number | undefined;
    stream: string;
  },
): SamplePair {
  const { resamples = 1000, seed = 0, stream } = draw;
  const metrics = draw.metrics.filter(
    ({ metric }) =>
      whyNotMeasurable(baseline, metric) === undefined && whyNotMeasurable(candidate, metric) === undefined,
  );
  let drawn: Replicates[] | undefined;
  return {
    baseline,
    candidate,
    replicatesOf(metric) {
      const at = metrics.findIndex((asked) => asked.metric === metric);
      if (at < 0 || resamples < 2) return undefined;
      drawn ??= drawAll(
        metrics.map((asked) => drawerOf({ baseline, candidate }, asked, resamples)),
        { rows: baseline.rows, resamples, random: randomSource(seed, stream) },
      );
      return drawn[at];
    },
  };
}

/** Collects what one metric makes of each resample. */
interface Drawer {
  readonly replicates: Replicates;
  /** Of which it asks the means. */
  readonly columns: readonly Float64Array[];
  draw(means: Float64Array, weights: () => Weights, round: number): void;
}

function drawAll(
  drawers: readonly Drawer[],
  { rows, resamples, random }: { rows: number; resamples: number; random: RandomSource },
): Replicates[] {
  const drawn = random.resamples(
    rows,
    drawers.flatMap(({ columns }) => columns),
    resamples,
  );
  let before = 0;
  const parts = drawers.map(({ columns }) => {
    before += columns.length;
    return drawn.means.subarray(before - columns.length, before);
  });
  const weights = () => drawn.weights;
  for (let round = 0; round < resamples; round++) {
    drawn.next();
    for (const [index, drawer] of drawers.entries()) drawer.draw(parts[index]!, weights, round);
  }
  return drawers.map(({ replicates }) => replicates);
}

function drawerOf(
  { baseline, candidate }: { baseline: Sample; candidate: Sample },
  { metric, target }: PairedMetric,
  resamples: number,
): Drawer {
  const deltas = new Float64Array(resamples);
  const [before, after] = [lossesOf(baseline, metric), lossesOf(candidate, metric)];
  if (before && after && target === undefined) {
    return {
      replicates: { deltas },
      // The difference of two means over the same rows is the mean of the differences.
      columns: [after.map((loss, row) => loss - before[row]!)],
      draw(means, _, round) {
        deltas[round] = means[0]!;
      },
    };
  }
  const values = { baseline: new Float64Array(resamples), candidate: new Float64Array(resamples) };
  const moments = momentsOf({ baseline, candidate }, metric);
  return {
    replicates: { deltas, values },
    columns: moments.columns,
    draw(means, weights, round) {
      const measured = moments.values(means, weights);
      values.baseline[round] = measured.baseline;
      values.candidate[round] = measured.candidate;
      deltas[round] = measured.candidate - measured.baseline;
    },
  };
}

function momentsOf(
  { baseline, candidate }: { baseline: Sample; candidate: Sample },
  metric: string,
): PairedMoments {
  const [before, after] = [measurer(baseline, [metric]), measurer(candidate, [metric])];
  const read = (reading: Reading) => ({
    baseline: before.measure(reading)[0]!,
    candidate: after.measure(reading)[0]!,
  });
  const exact = (weights: Weights) => read(readingUnder(weights));
  const measured = (): PairedMoments => {
    const columns = [...before.columns(), ...after.columns()];
    const readingOf = readingsOf(columns);
    return { columns, values: (means, weights) => read(readingOf(means, weights)) };
  };
  if (baseline.task !== 'regression' || candidate.task !== 'regression') return measured();
  return pairedMoments({ baseline, candidate }, metric, exact) ?? measured();
}

/** The pair of each slice, by `column=value`. */
export function slicePairs(
  paired: PairedRows,
  pair: SamplePair,
  metrics: readonly PairedMetric[],
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
