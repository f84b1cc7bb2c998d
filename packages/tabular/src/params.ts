import { didYouMean } from '@rastro/document';
import { type Fault, fault, InputError } from '@rastro/fault';
import { z } from 'zod';

/** The parameters of `gradient-boosting`. */
export const BoostingParams = z.strictObject({
  n_estimators: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Rounds; each adds a tree, or one per class.'),
  learning_rate: z.number().positive().max(1).default(0.1).describe('Share of each tree that is added.'),
  max_leaf_nodes: z.int().min(2).max(4096).default(31).describe('Most leaves of a tree.'),
  max_depth: z.int().min(1).max(64).default(64).describe('Most splits on the way to a leaf.'),
  min_samples_leaf: z.int().min(1).default(20).describe('Fewest rows of a leaf.'),
  min_child_weight: z
    .number()
    .nonnegative()
    .default(1e-3)
    .describe('Least sum of second derivatives of a leaf.'),
  l2_regularization: z.number().nonnegative().default(0).describe('L2 penalty on the values of leaves.'),
  max_bins: z.int().min(2).max(255).default(255).describe('Most bins of a numeric column.'),
  subsample: z.number().positive().max(1).default(1).describe('Share of the rows that each round draws.'),
  colsample: z.number().positive().max(1).default(1).describe('Share of the columns that each round draws.'),
  early_stopping_rounds: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      'Rounds without a better loss on held-out rows after which training ends; 0 holds nothing out.',
    ),
  validation_fraction: z
    .number()
    .positive()
    .max(0.5)
    .default(0.1)
    .describe('Share of the rows that early stopping holds out.'),
});

/** The parameters of `linear`. */
export const LinearParams = z.strictObject({
  l2_regularization: z
    .number()
    .nonnegative()
    .default(1)
    .describe('L2 penalty on the coefficients of the standardised columns.'),
  max_iter: z.int().min(1).max(100_000).default(1000).describe('Most steps of the solver.'),
});

/** Names that other libraries give to the same parameters. They are told, not taken: one name per thing. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  iterations: 'n_estimators',
  max_iter: 'n_estimators',
  num_iterations: 'n_estimators',
  num_boost_round: 'n_estimators',
  num_trees: 'n_estimators',
  trees: 'n_estimators',
  eta: 'learning_rate',
  num_leaves: 'max_leaf_nodes',
  max_leaves: 'max_leaf_nodes',
  min_child_samples: 'min_samples_leaf',
  min_data_in_leaf: 'min_samples_leaf',
  min_sum_hessian_in_leaf: 'min_child_weight',
  alpha: 'l2_regularization',
  lambda_l2: 'l2_regularization',
  reg_lambda: 'l2_regularization',
  bagging_fraction: 'subsample',
  colsample_bytree: 'colsample',
  feature_fraction: 'colsample',
  max_features: 'colsample',
  n_iter_no_change: 'early_stopping_rounds',
};

export type BoostingParams = z.output<typeof BoostingParams>;
export type LinearParams = z.output<typeof LinearParams>;
export type Params = Readonly<Record<string, number | string | boolean>>;

/** @throws InputError with every unknown parameter (naming the nearest) and every one of a wrong type or range. */
export function readBoostingParams(params: Params): BoostingParams {
  return read('gradient-boosting', BoostingParams, params);
}

/** @throws InputError as {@link readBoostingParams}. */
export function readLinearParams(params: Params): LinearParams {
  return read('linear', LinearParams, params);
}

function read<S extends z.ZodObject>(kind: string, schema: S, params: Params): z.output<S> {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  const known = Object.keys(schema.shape);
  throw new InputError(result.error.issues.flatMap((issue) => faultsOf(issue, kind, known)));
}

function faultsOf(issue: z.core.$ZodIssue, kind: string, known: readonly string[]): Fault[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknown(key, kind, known));
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return [
    fault(
      'invalid-parameter',
      `parameter ${issue.path.join('.')}: ${message}`,
      undefined,
      'Change its value under "params" of the model.',
    ),
  ];
}

function unknown(key: string, kind: string, known: readonly string[]): Fault {
  const foreign = FOREIGN_NAMES[key] ?? '';
  const meant = known.includes(foreign) ? foreign : didYouMean(key, known);
  return fault(
    'unknown-parameter',
    `${kind} has no parameter "${key}"`,
    undefined,
    meant ? `Did you mean "${meant}"?` : `Its parameters: ${known.join(', ')}.`,
  );
}
