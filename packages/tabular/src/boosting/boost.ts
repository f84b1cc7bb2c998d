import { fault, InputError } from '@rastro/fault';
import type { Feature } from '../features.ts';
import { type Loss, lossFor, meanLoss } from '../loss.ts';
import type { BoostingParams } from '../params.ts';
import { type Random, sample } from '../random.ts';
import type { Target } from '../target.ts';
import { type BinnedFeature, binFeature } from './bins.ts';
import { Grower, type Grown } from './grow.ts';
import { type Tree, treeValue } from './tree.ts';

/** A trained ensemble: the score of output k is base[k] plus the values of trees[round][k] of every round. */
export interface Ensemble {
  readonly kind: 'gradient-boosting';
  readonly features: readonly BinnedFeature[];
  readonly base: Float32Array;
  readonly trees: readonly (readonly Tree[])[];
  readonly loss: Loss['name'];
  readonly trainingLoss: number;
  /** Only with early stopping: the loss on the rows that were held out. */
  readonly validationLoss: number | undefined;
  /** Scores of the training rows after the last round that was trained, per output. */
  readonly scores: readonly Float64Array[];
}

interface Rows {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Gradient boosting over histograms with second-order gradients, after Chen and Guestrin (XGBoost, KDD 2016) and
 * Ke et al. (LightGBM, NIPS 2017). With early stopping, a share of the rows is held out, and the ensemble ends with the
 * round at which their loss was least.
 * @throws InputError when no tree can be grown: too few rows, or no feature that varies.
 */
export function boost(
  table: { readonly features: readonly Feature[]; readonly target: Target },
  params: BoostingParams,
  random: Random,
): Ensemble {
  const features = table.features.map((feature) => binFeature(feature, params.max_bins));
  const loss = lossFor(table.target);
  const count = features[0]!.bins.length;
  const scores = Array.from(loss.base, (value) => new Float64Array(count).fill(value));
  const rows = holdOut(count, params, random);
  const trees: Tree[][] = [];
  const stopping = new EarlyStopping(params.early_stopping_rounds);
  const round = roundOf({ features, loss, scores, rows, params, random });
  while (trees.length < params.n_estimators && !stopping.isOver) {
    trees.push(round());
    if (rows.validation.length > 0) {
      stopping.record(meanLoss(loss, scores, rows.training), meanLoss(loss, scores, rows.validation));
    }
  }
  if (trees.flat().every((tree) => tree.length === 1)) throw nothingLearned(count, params);
  const best = stopping.best;
  return {
    kind: 'gradient-boosting',
    features,
    base: loss.base,
    trees: best ? trees.slice(0, best.rounds) : trees,
    loss: loss.name,
    trainingLoss: best?.training ?? meanLoss(loss, scores, rows.training),
    validationLoss: best?.validation,
    scores,
  };
}

function holdOut(count: number, params: BoostingParams, random: Random): Rows {
  const all = Uint32Array.from({ length: count }, (_, row) => row);
  if (params.early_stopping_rounds === 0) return { training: all, validation: new Uint32Array() };
  const validation = sample(random, count, params.validation_fraction);
  const isHeldOut = new Uint8Array(count);
  for (const row of validation) isHeldOut[row] = 1;
  return { training: all.filter((row) => isHeldOut[row] === 0), validation };
}

/** A function that trains one more round, one tree per output, and adds it to the scores of all rows. */
function roundOf(state: {
  readonly features: readonly BinnedFeature[];
  readonly loss: Loss;
  readonly scores: readonly Float64Array[];
  readonly rows: Rows;
  readonly params: BoostingParams;
  readonly random: Random;
}): () => Tree[] {
  const { features, loss, scores, rows, params, random } = state;
  const count = scores[0]!.length;
  const gradients = new Float64Array(count);
  const hessians = new Float64Array(count);
  const grower = new Grower(features, count, {
    minRows: params.min_samples_leaf,
    minHessian: params.min_child_weight,
    l2: params.l2_regularization,
    unit: loss.unit,
    maxLeaves: params.max_leaf_nodes,
    maxDepth: params.max_depth,
    learningRate: params.learning_rate,
  });
  return () => {
    const drawn =
      params.subsample < 1
        ? sample(random, rows.training.length, params.subsample).map((index) => rows.training[index]!)
        : rows.training;
    const active = sample(random, features.length, params.colsample);
    loss.begin(scores);
    return scores.map((own, output) => {
      loss.derive(output, scores, gradients, hessians);
      const grown = grower.grow({ rows: drawn, active, gradients, hessians });
      addTree(grown, own, features, drawn.length === count);
      return grown.tree;
    });
  };
}

function addTree(
  grown: Grown,
  scores: Float64Array,
  features: readonly BinnedFeature[],
  isWhole: boolean,
): void {
  if (!isWhole) {
    for (let row = 0; row < scores.length; row++) scores[row]! += treeValue(grown.tree, features, row);
    return;
  }
  for (const { node, rows } of grown.leaves) {
    const leaf = grown.tree[node]!;
    if (leaf.kind !== 'leaf') throw new TypeError('rows stand in a node that is not a leaf');
    for (const row of rows) scores[row]! += leaf.value;
  }
}

class EarlyStopping {
  best: { readonly rounds: number; readonly training: number; readonly validation: number } | undefined;
  readonly #patience: number;
  #rounds = 0;

  constructor(patience: number) {
    this.#patience = patience;
  }

  get isOver(): boolean {
    return this.best !== undefined && this.#rounds - this.best.rounds >= this.#patience;
  }

  record(training: number, validation: number): void {
    this.#rounds++;
    if (validation < (this.best?.validation ?? Infinity))
      this.best = { rounds: this.#rounds, training, validation };
  }
}

function nothingLearned(count: number, params: BoostingParams): InputError {
  return new InputError(
    fault(
      'nothing-learned',
      `no feature splits the ${count} rows into two groups of min_samples_leaf (${params.min_samples_leaf}) rows each`,
      undefined,
      'Give more rows, features that vary, or a lower "min_samples_leaf".',
    ),
  );
}
