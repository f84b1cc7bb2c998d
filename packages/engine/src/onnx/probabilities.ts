import { fault, InputError } from '@rastro/fault';

/** A row-major matrix [rows, width] as a model gave it. */
export interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** How far float32 sums may leave [0, 1]: a forest adds up hundreds of leaves. */
const rangeSlack = 1e-5;
/** How far a row of probabilities may be from 1: float16 keeps three digits. */
const sumSlack = 1e-2;

/**
 * Class probabilities [rows, max(width, 2)] from a classifier's scores. A single column is the probability of the second
 * class. Logits (by `logits`, or else by the name of the output) go through the logistic function or softmax
 * (Bishop, Pattern Recognition and Machine Learning, 2006, 4.2); any others must already be probabilities.
 * @throws InputError `model-scores-unclear` when they are not
 */
export function toProbabilities(matrix: Matrix, logits?: boolean): Float64Array {
  const isLogits = logits ?? /logit/i.test(matrix.name);
  if (!isLogits) refuseUnclear(matrix);
  if (matrix.width === 1) return bothClasses(matrix.values, isLogits ? logistic : clip);
  return isLogits ? softmax(matrix) : matrix.values.map(clip);
}

function bothClasses(values: Float64Array, probability: (value: number) => number): Float64Array {
  const both = new Float64Array(values.length * 2);
  for (let row = 0; row < values.length; row++) {
    const positive = probability(values[row]!);
    both[row * 2] = 1 - positive;
    both[row * 2 + 1] = positive;
  }
  return both;
}

function softmax({ values, rows, width }: Matrix): Float64Array {
  const out = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    const logits = values.subarray(row * width, (row + 1) * width);
    const greatest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const powers = logits.map((value) => Math.exp(value - greatest));
    const total = powers.reduce((sum, value) => sum + value, 0);
    out.set(
      powers.map((value) => value / total),
      row * width,
    );
  }
  return out;
}

function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function clip(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function refuseUnclear({ name, rows, width, values }: Matrix): void {
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < width; column++) {
      const value = values[row * width + column]!;
      if (value < -rangeSlack || value > 1 + rangeSlack) {
        throw unclear(`output ${JSON.stringify(name)} gives ${value}, which is not a probability`);
      }
      sum += value;
    }
    if (width > 1 && Math.abs(sum - 1) > sumSlack) {
      throw unclear(
        `the scores of a row of output ${JSON.stringify(name)} add up to ${sum}, not to 1, so they are not class probabilities`,
      );
    }
  }
}

function unclear(message: string): InputError {
  return new InputError(
    fault(
      'model-scores-unclear',
      message,
      undefined,
      'Export the model with probabilities; or, if these are logits, say "logits: true" under "outputs:".',
    ),
  );
}
