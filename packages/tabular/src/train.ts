import { fault, InputError } from '@rastro/fault';
import { boost, type Ensemble } from './boosting/boost.ts';
import type { Column, Task } from './column.ts';
import { type Feature, readFeatures } from './features.ts';
import { fitLinear, type LinearModel } from './linear/fit.ts';
import { writeModel } from './onnx/write-model.ts';
import { type Params, readBoostingParams, readLinearParams } from './params.ts';
import { seededRandom } from './random.ts';
import { readTarget, type Target } from './target.ts';

export type Kind = 'gradient-boosting' | 'linear';

export interface TrainRequest {
  readonly kind: Kind;
  readonly task: Task;
  /** The features, in the order in which the model will list them. */
  readonly columns: readonly Column[];
  readonly target: Column;
  readonly params: Params;
  /** A non-negative integer. Only subsample, colsample and early stopping draw from it. */
  readonly seed: number;
}

export interface TrainResult {
  /** An ONNX file: ai.onnx 17, ai.onnx.ml 3, 32-bit floats. */
  readonly model: Uint8Array;
  readonly rows: number;
  readonly features: string[];
  /** What came of it, for the record: trees or steps, and the loss on the training rows. */
  readonly summary: Record<string, number | string>;
}

/**
 * Trains a model and writes it as ONNX. Same request, same bytes on every machine: all sums run in one fixed order, and
 * Math.exp and Math.log come from V8's own port of fdlibm, not from the platform.
 *
 * Numbers are rounded to 32-bit floats before training, so that the written model, which reads 32-bit floats, decides each
 * row as training did. Missing numbers (NaN) get a side of their own at each split, or the mean in a linear model; a missing
 * text (null or '') is a category. A category that training never saw counts as none of those that it knows.
 *
 * @throws InputError when the columns, the target or the parameters are not fit to learn from: see the codes in
 * `readFeatures`, `readTarget`, `readBoostingParams`, `boost` and `fitLinear`.
 */
export function train(request: TrainRequest): TrainResult {
  const { kind, task, columns, target: targetColumn, seed } = request;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InputError(
      fault(
        'invalid-seed',
        `the seed is ${seed}, but must be a whole number from 0 on`,
        undefined,
        'Give such a number, for example 7.',
      ),
    );
  }
  const fit = fitterFor(request);
  const features = readFeatures(columns, targetColumn);
  const target = readTarget(targetColumn, task);
  const model = fit({ features, target });
  return {
    model: writeModel({ model, features, target, targetName: targetColumn.name, task }),
    rows: targetColumn.data.length,
    features: features.map((feature) => feature.name),
    summary: {
      algorithm: kind,
      rows: targetColumn.data.length,
      features: features.length,
      ...summarise(model),
    },
  };
}

/** Reads the parameters first, so that a misspelt one is told before any work. */
function fitterFor({
  kind,
  params,
  seed,
}: TrainRequest): (table: { features: readonly Feature[]; target: Target }) => Ensemble | LinearModel {
  switch (kind) {
    case 'gradient-boosting': {
      const read = readBoostingParams(params);
      return (table) => boost(table, read, seededRandom(seed));
    }
    case 'linear': {
      const read = readLinearParams(params);
      return (table) => fitLinear(table, read);
    }
  }
}

function summarise(model: Ensemble | LinearModel): Record<string, number | string> {
  const training = { [`training_${model.loss}`]: model.trainingLoss };
  if (model.kind === 'linear') return { iterations: model.iterations, ...training };
  const trees = model.trees.flat();
  return {
    rounds: model.trees.length,
    trees: trees.length,
    leaves: trees.flat().filter((node) => node.kind === 'leaf').length,
    ...training,
    ...(model.validationLoss === undefined ? {} : { [`validation_${model.loss}`]: model.validationLoss }),
  };
}
