import { boost } from '../src/boosting/boost.ts';
import { readFeatures } from '../src/features.ts';
import type { Kind, Task } from '../src/index.ts';
import { fitLinear } from '../src/linear/fit.ts';
import { writeModel } from '../src/onnx/write-model.ts';
import { type Params, readBoostingParams, readLinearParams } from '../src/params.ts';
import { seededRandom } from '../src/random.ts';
import { readTarget } from '../src/target.ts';
import type { Table } from './table.ts';

/** A written model, and what training itself, in 64-bit floats, answers for its own rows. */
export interface Trained {
  readonly model: Uint8Array;
  /** Row-major probabilities of a classifier. */
  readonly probabilities: number[];
  /** Values of a regression. */
  readonly predictions: number[];
}

export function trainAndAnswer(kind: Kind, task: Task, table: Table, params: Params = {}): Trained {
  const features = readFeatures(table.columns, table.target);
  const target = readTarget(table.target, task);
  const model =
    kind === 'linear'
      ? fitLinear({ features, target }, readLinearParams(params))
      : boost({ features, target }, readBoostingParams(params), seededRandom(0));
  const rows = Array.from(model.scores[0]!.keys());
  const scoresOf = (row: number) => model.scores.map((scores) => scores[row]!);
  return {
    model: writeModel({ model, features, target, targetName: table.target.name, task }),
    probabilities: target.kind === 'classes' ? rows.flatMap((row) => probabilities(scoresOf(row))) : [],
    predictions: target.kind === 'numbers' ? rows.map((row) => scoresOf(row)[0]!) : [],
  };
}

function probabilities(scores: readonly number[]): number[] {
  const exponents = (scores.length === 1 ? [0, scores[0]!] : scores).map(Math.exp);
  const sum = exponents.reduce((a, b) => a + b);
  return exponents.map((exponent) => exponent / sum);
}

/** The largest difference, relative to the largest number where that is above 1. */
export function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let gap = 0;
  let size = 1;
  for (let index = 0; index < a.length; index++) {
    const difference = Math.abs(a[index]! - b[index]!);
    gap = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(gap, difference);
    size = Math.max(size, Math.abs(a[index]!));
  }
  return gap / size;
}
