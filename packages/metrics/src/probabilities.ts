/** Float32 models overshoot [0, 1] and a sum of 1 by about 1e-6; more than this is not a probability. */
const OVERSHOOT = 1e-5;
const SUM_TOLERANCE = 1e-3;
/** The distance from 0 and 1 that the logarithm is kept at: the epsilon of a double, as scikit-learn's. */
const EPSILON = 2 ** -52;
export const BINS = 10;

/** Why scores from a row on are not probabilities, or undefined when they are. `scores` is row-major [rows, width]. */
export function whyNotProbabilities(scores: Float64Array, width: number, from = 0): string | undefined {
  for (let row = from; row * width < scores.length; row++) {
    let sum = 0;
    for (let column = 0; column < width; column++) {
      const score = scores[row * width + column]!;
      if (score < -OVERSHOOT || score > 1 + OVERSHOOT) {
        return `the scores are not probabilities: row ${row + 1} has ${score}`;
      }
      sum += score;
    }
    if (width > 1 && Math.abs(sum - 1) > SUM_TOLERANCE) {
      return `the scores are not probabilities: those of row ${row + 1} sum to ${Number(sum.toPrecision(6))}`;
    }
  }
  return undefined;
}

/**
 * Scores that are probabilities up to the rounding of a model: those beyond 0 and 1 are put there. The scores themselves
 * where there is none.
 */
export function clipped(scores: Float64Array): Float64Array {
  if (!overshoots(scores)) return scores;
  const probabilities = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) probabilities[i] = Math.min(1, Math.max(0, scores[i]!));
  return probabilities;
}

/** Each row scaled to sum to 1 where it has more than one: what the likelihood of a row asks for. */
export function summingToOne(clipped: Float64Array, width: number): Float64Array {
  if (width === 1) return clipped;
  const probabilities = clipped.slice();
  for (let start = 0; start < probabilities.length; start += width) {
    let sum = 0;
    for (let i = start; i < start + width; i++) sum += probabilities[i]!;
    for (let i = start; i < start + width; i++) probabilities[i]! /= sum;
  }
  return probabilities;
}

function overshoots(scores: Float64Array): boolean {
  for (let i = 0; i < scores.length; i++) if (scores[i]! < 0 || scores[i]! > 1) return true;
  return false;
}

/**
 * Minus the natural logarithm of the probability given to the truth, per row, in nats; its mean is sklearn's `log_loss`
 * for rows that sum to 1 (to which it scaled others until version 1.5). Probabilities are kept 2.2e-16 away from 0 and 1, so that a certain and wrong answer costs 36.04.
 */
export function logLosses(truth: Uint16Array, probabilities: Float64Array, width: number): Float64Array {
  const losses = new Float64Array(truth.length);
  for (let row = 0; row < losses.length; row++) {
    losses[row] = -Math.log(likelihood(truth[row]!, probabilities, row, width));
  }
  return losses;
}

/** So many probabilities, each at least 2^-52, have a product that a double holds. */
const FACTORS = 16;
/** The logarithm of a product near 1 would keep few digits of the sum. */
const FAR_FROM_ONE = 0.5;

/** The mean of `logLosses`, up to rounding: the logarithm of a product, in place of the sum of as many logarithms. */
export function meanLogLoss(truth: Uint16Array, probabilities: Float64Array, width: number): number {
  const rows = truth.length;
  let sum = 0;
  for (let start = 0; start < rows; start += FACTORS) {
    const end = Math.min(rows, start + FACTORS);
    let product = 1;
    for (let row = start; row < end; row++) product *= likelihood(truth[row]!, probabilities, row, width);
    if (product < FAR_FROM_ONE) {
      sum -= Math.log(product);
      continue;
    }
    for (let row = start; row < end; row++) {
      sum -= Math.log(likelihood(truth[row]!, probabilities, row, width));
    }
  }
  return sum / rows;
}

/** The probability given to the truth of a row, kept away from 0 and 1. */
function likelihood(code: number, probabilities: Float64Array, row: number, width: number): number {
  // |1 - code - p| is p of the positive and 1 - p of the negative, without a branch that no processor can foresee.
  const given = width === 1 ? Math.abs(1 - code - probabilities[row]!) : probabilities[row * width + code]!;
  return Math.min(1 - EPSILON, Math.max(EPSILON, given));
}

/**
 * Squared distance of probabilities from the truth, per row; its mean is sklearn's `brier_score_loss`: (y - p)^2 in
 * [0, 1] for two classes, summed over the classes in [0, 2] for more (Brier 1950).
 */
export function brierLosses(truth: Uint16Array, probabilities: Float64Array, width: number): Float64Array {
  const losses = new Float64Array(truth.length);
  for (let row = 0; row < losses.length; row++) {
    losses[row] = distance(truth[row]!, probabilities, row, width);
  }
  return losses;
}

/** The mean of `brierLosses`, without a list of them. */
export function meanBrierLoss(truth: Uint16Array, probabilities: Float64Array, width: number): number {
  let sum = 0;
  for (let row = 0; row < truth.length; row++) sum += distance(truth[row]!, probabilities, row, width);
  return sum / truth.length;
}

function distance(code: number, probabilities: Float64Array, row: number, width: number): number {
  if (width === 1) return (code - probabilities[row]!) ** 2;
  let sum = 0;
  for (let column = 0; column < width; column++) {
    sum += ((column === code ? 1 : 0) - probabilities[row * width + column]!) ** 2;
  }
  return sum;
}

/**
 * Rows in ten bins of equal width by confidence: [0, 0.1), [0.1, 0.2) … [0.9, 1]. For two classes confidence is the
 * probability of the positive class and the outcome whether the row is positive; for more it is the highest
 * probability and whether that class is the truth (Guo et al., "On calibration of modern neural networks", 2017).
 */
export interface Binned {
  readonly confidence: Float64Array;
  readonly outcome: Uint8Array;
  readonly bin: Uint8Array;
}

export function binByConfidence(truth: Uint16Array, probabilities: Float64Array, width: number): Binned {
  const rows = truth.length;
  if (width === 1) {
    return { confidence: probabilities, outcome: new Uint8Array(truth), bin: binsOf(probabilities) };
  }
  const confidence = new Float64Array(rows);
  const outcome = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const top = indexOfGreatest(probabilities, row * width, width);
    confidence[row] = probabilities[row * width + top]!;
    outcome[row] = Number(truth[row] === top);
  }
  return { confidence, outcome, bin: binsOf(confidence) };
}

function binsOf(confidence: Float64Array): Uint8Array {
  const bin = new Uint8Array(confidence.length);
  for (let row = 0; row < bin.length; row++) bin[row] = Math.min(BINS - 1, confidence[row]! * BINS);
  return bin;
}

/** The column of the greatest value in a row; of equals the first. */
export function indexOfGreatest(scores: Float64Array, start: number, width: number): number {
  let best = 0;
  for (let column = 1; column < width; column++) {
    if (scores[start + column]! > scores[start + best]!) best = column;
  }
  return best;
}

/**
 * Outcome less confidence of the rows of one bin, 0 for all others. The expected calibration error is the sum over the ten bins of
 * the size of its mean, in [0, 1] (Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015).
 */
export function gapsIn({ confidence, outcome, bin }: Binned, chosen: number): Float64Array {
  const gaps = new Float64Array(bin.length);
  for (let i = 0; i < gaps.length; i++) if (bin[i] === chosen) gaps[i] = outcome[i]! - confidence[i]!;
  return gaps;
}

export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Mean probability; null in an empty bin. */
  readonly confidence: number | null;
  /** Share of rows whose outcome came true; null in an empty bin. */
  readonly outcome: number | null;
}

/** What the rows of each bin sum to. */
export interface BinSums {
  readonly rows: Float64Array;
  readonly confidence: Float64Array;
  readonly outcome: Float64Array;
}

export function sumBins({ confidence, outcome, bin }: Binned): BinSums {
  // The rows of a bin by their outcome, so that a row is one addition to each of two lists.
  const counts = new Int32Array(BINS * 2);
  const confidences = new Float64Array(BINS * 2);
  for (let i = 0; i < bin.length; i++) {
    const at = bin[i]! * 2 + outcome[i]!;
    counts[at]!++;
    confidences[at]! += confidence[i]!;
  }
  const bins = { length: BINS };
  return {
    rows: Float64Array.from(bins, (_, i) => counts[2 * i]! + counts[2 * i + 1]!),
    confidence: Float64Array.from(bins, (_, i) => confidences[2 * i]! + confidences[2 * i + 1]!),
    outcome: Float64Array.from(bins, (_, i) => counts[2 * i + 1]!),
  };
}

/** The expected calibration error of all rows, each once. */
export function calibrationErrorOf({ rows, confidence, outcome }: BinSums): number {
  const gap = outcome.reduce((sum, came, i) => sum + Math.abs(came - confidence[i]!), 0);
  return gap / rows.reduce((sum, count) => sum + count, 0);
}

/** The reliability diagram behind the calibration error, one entry per bin, empty ones too. */
export function calibrationBins({ rows, confidence, outcome }: BinSums): CalibrationBin[] {
  return Array.from({ length: BINS }, (_, i) => ({
    from: i / BINS,
    to: (i + 1) / BINS,
    rows: rows[i]!,
    confidence: rows[i] === 0 ? null : confidence[i]! / rows[i]!,
    outcome: rows[i] === 0 ? null : outcome[i]! / rows[i]!,
  }));
}
