import type { Target } from './target.ts';

/** What boosting minimises. Scores are one array of one number per row for each output. */
export interface Loss {
  readonly name: 'log_loss' | 'squared_error';
  /** The scores before the first tree, one per output, as 32-bit floats. */
  readonly base: Float32Array;
  /** The size of a squared gradient: what the loss of a row is measured in. */
  readonly unit: number;
  /** Looks at the scores of a round, before the derivatives of its outputs are asked for. */
  begin(scores: readonly Float64Array[]): void;
  /** Writes the first and second derivative by the score of one output, of every row. */
  derive(
    output: number,
    scores: readonly Float64Array[],
    gradients: Float64Array,
    hessians: Float64Array,
  ): void;
  /** The loss of one row. */
  at(row: number, scores: readonly Float64Array[]): number;
}

export function lossFor(target: Target): Loss {
  if (target.kind === 'numbers') return squaredError(target.values);
  return target.classes.length === 2
    ? binaryLogLoss(target.codes)
    : softmaxLogLoss(target.codes, target.classes.length);
}

/** (score - y)^2 / 2 while training, told as (score - y)^2. */
function squaredError(truth: Float64Array): Loss {
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  return {
    name: 'squared_error',
    base: Float32Array.of(mean),
    unit: truth.reduce((sum, value) => sum + (value - mean) ** 2, 0) / truth.length,
    begin() {},
    derive(_output, [scores], gradients, hessians) {
      for (let row = 0; row < truth.length; row++) gradients[row] = scores![row]! - truth[row]!;
      hessians.fill(1);
    },
    at: (row, [scores]) => (scores![row]! - truth[row]!) ** 2,
  };
}

/** Scores are log odds of class 1. */
function binaryLogLoss(truth: Uint8Array): Loss {
  const ones = truth.reduce((sum, code) => sum + code, 0);
  return {
    name: 'log_loss',
    base: Float32Array.of(Math.log(ones / (truth.length - ones))),
    unit: 1,
    begin() {},
    derive(_output, [scores], gradients, hessians) {
      for (let row = 0; row < truth.length; row++) {
        const probability = 1 / (1 + Math.exp(-scores![row]!));
        gradients[row] = probability - truth[row]!;
        hessians[row] = probability * (1 - probability);
      }
    },
    at(row, [scores]) {
      const score = scores![row]!;
      return Math.log1p(Math.exp(-Math.abs(score))) + Math.max(score, 0) - truth[row]! * score;
    },
  };
}

/** Scores are log probabilities up to a constant per row. */
function softmaxLogLoss(truth: Uint8Array, classes: number): Loss {
  const counts = new Float64Array(classes);
  for (const code of truth) counts[code]! += 1;
  const normalisers = new Float64Array(truth.length);
  return {
    name: 'log_loss',
    base: Float32Array.from(counts, (count) => Math.log(count / truth.length)),
    unit: 1,
    begin(scores) {
      for (let row = 0; row < normalisers.length; row++) normalisers[row] = logSumExp(row, scores);
    },
    derive(output, scores, gradients, hessians) {
      const own = scores[output]!;
      for (let row = 0; row < truth.length; row++) {
        const probability = Math.exp(own[row]! - normalisers[row]!);
        gradients[row] = probability - (truth[row] === output ? 1 : 0);
        hessians[row] = probability * (1 - probability);
      }
    },
    at: (row, scores) => logSumExp(row, scores) - scores[truth[row]!]![row]!,
  };
}

function logSumExp(row: number, scores: readonly Float64Array[]): number {
  let largest = -Infinity;
  for (const output of scores) largest = Math.max(largest, output[row]!);
  let sum = 0;
  for (const output of scores) sum += Math.exp(output[row]! - largest);
  return largest + Math.log(sum);
}

/** The mean loss over some rows. */
export function meanLoss(loss: Loss, scores: readonly Float64Array[], rows: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const row of rows) {
    sum += loss.at(row, scores);
    count++;
  }
  return sum / count;
}
