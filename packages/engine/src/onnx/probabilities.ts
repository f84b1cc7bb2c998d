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
 * Class probabilities [rows, width] from a classifier's scores: of each class, or with a width of 1 of the second of two. Logits (by
 * `logits`, or else by the name of the output) go through the logistic function or softmax (Bishop, Pattern Recognition and Machine
 * Learning, 2006, 4.2); any others must already be probabilities.
 * @throws InputError `model-scores-unclear` when they are not
 */
export function toProbabilities(matrix: Matrix, logits?: boolean): Float64Array {
  const isLogits = logits ?? /logit/i.test(matrix.name);
  if (isLogits) return matrix.width === 1 ? logistic(matrix.values) : softmax(matrix);
  // The values themselves where there is nothing to put right.
  if (arePlain(matrix)) return matrix.values;
  refuseUnclear(matrix);
  return matrix.values.map((value) => Math.min(1, Math.max(0, value)));
}

/** Rows at a time: a function that is called often is compiled sooner than one long loop. */
const ROWS_AT_ONCE = 1024;

/** Whether all values are in [0, 1], and those of a row sum to 1. */
function arePlain({ values, rows, width }: Matrix): boolean {
  for (let row = 0; row < rows; row += ROWS_AT_ONCE) {
    const start = row * width;
    const end = Math.min(rows, row + ROWS_AT_ONCE) * width;
    if (!areWithin(values, start, end) || (width > 1 && !doSum(values, width, start, end))) return false;
  }
  return true;
}

function areWithin(values: Float64Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!(values[at]! >= 0 && values[at]! <= 1)) return false;
  return true;
}

function doSum(values: Float64Array, width: number, start: number, end: number): boolean {
  for (let row = start; row < end; row += width) {
    let sum = 0;
    for (let at = row; at < row + width; at++) sum += values[at]!;
    if (!(Math.abs(sum - 1) <= sumSlack)) return false;
  }
  return true;
}

function logistic(values: Float64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = 1 / (1 + Math.exp(-values[i]!));
  return out;
}

function softmax({ values, rows, width }: Matrix): Float64Array {
  const out = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const end = start + width;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let at = start; at < end; at++) greatest = Math.max(greatest, values[at]!);
    let total = 0;
    for (let at = start; at < end; at++) {
      out[at] = Math.exp(values[at]! - greatest);
      total += out[at]!;
    }
    for (let at = start; at < end; at++) out[at]! /= total;
  }
  return out;
}

function refuseUnclear({ name, rows, width, values }: Matrix): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= -rangeSlack && value <= 1 + rangeSlack) continue;
    throw unclear(`output ${JSON.stringify(name)} gives ${value}, which is not a probability`);
  }
  if (width === 1) return;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = row * width; at < (row + 1) * width; at++) sum += values[at]!;
    if (Math.abs(sum - 1) <= sumSlack) continue;
    throw unclear(
      `the scores of a row of output ${JSON.stringify(name)} add up to ${sum}, not to 1, so they are not class probabilities`,
    );
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
