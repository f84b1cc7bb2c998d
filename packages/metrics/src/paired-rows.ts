import { fault, InputError } from '@rastro/fault';
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
  readonly resamples: number;
  readonly seed: number;
  /** Names the random numbers of this pair. */
  readonly stream: string;
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
export function readPair(paired: PairedRows): SamplePair {
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
  const { resamples = 1000, seed = 0 } = paired;
  return { baseline, candidate, resamples, seed, stream: '' };
}

/** The pair of each slice, by `column=value`. */
export function slicePairs({ slices = [] }: PairedRows, pair: SamplePair): Map<string, SamplePair> {
  return new Map(
    slices.flatMap(slicesOf).map(({ column, value, rows }) => {
      const stream = `${column}=${value}`;
      const side = { baseline: subsetOf(pair.baseline, rows), candidate: subsetOf(pair.candidate, rows) };
      return [stream, { ...pair, ...side, stream }];
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
