import { InputError } from '@rastro/fault';
import { expect, test } from 'vitest';
import { type Column, type Params, type TrainRequest, train } from '../src/index.ts';

const x: Column = { name: 'x', data: Float64Array.of(1, 2, 3, 4) };
const y: Column = { name: 'y', data: Float64Array.of(0, 1, 0, 1) };
const price: Column = { name: 'price', data: Float64Array.of(1, 2, 3, 5) };
const base: TrainRequest = {
  kind: 'gradient-boosting',
  task: 'binary',
  columns: [x],
  target: y,
  params: { min_samples_leaf: 1, min_child_weight: 0 },
  seed: 0,
};

function faultsOf(change: Partial<TrainRequest>) {
  try {
    train({ ...base, ...change });
  } catch (error) {
    if (error instanceof InputError) return error.faults;
    throw error;
  }
  return [];
}

const numbers = (name: string, ...values: number[]): Column => ({ name, data: Float64Array.from(values) });
const texts = (name: string, ...values: (string | null)[]): Column => ({ name, data: values });

test('four good rows train', () => {
  expect(faultsOf({})).toEqual([]);
});

test.each<[string, string, Partial<TrainRequest>]>([
  ['no columns', 'no-features', { columns: [] }],
  ['no rows', 'no-rows', { columns: [numbers('x')], target: numbers('y') }],
  ['two columns of one name', 'duplicate-column', { columns: [x, x] }],
  ['the target among the features', 'target-among-features', { columns: [x, y] }],
  ['a copy of the target', 'target-copy', { columns: [x, { ...y, name: 'y2' }] }],
  ['a column without a name', 'column-name', { columns: [{ ...x, name: '' }] }],
  ['a column with the name of an output', 'column-name', { columns: [{ ...x, name: 'label' }] }],
  ['columns of unequal length', 'column-length', { columns: [numbers('x', 1, 2)] }],
  ['an infinite number', 'not-finite', { columns: [numbers('x', 1, Infinity, 2, 3)] }],
  ['a number beyond 32-bit floats', 'not-finite', { columns: [numbers('x', 1, -1e39, 2, 3)] }],
  ['a column of missing numbers', 'column-empty', { columns: [numbers('x', NaN, NaN, NaN, NaN)] }],
  ['a column of missing texts', 'column-empty', { columns: [texts('x', null, '', null, '')] }],
  ['a target with missing numbers', 'target-missing', { target: numbers('y', 0, NaN, 1, 0) }],
  ['a target with missing texts', 'target-missing', { target: texts('y', 'a', null, 'b', '') }],
  ['a single class', 'target-constant', { target: numbers('y', 1, 1, 1, 1) }],
  ['three classes in a binary task', 'target-classes', { target: texts('y', 'a', 'b', 'c', 'a') }],
  ['fractions as classes', 'target-not-integer', { target: numbers('y', 0.5, 1, 0, 1) }],
  ['infinity as a class', 'target-not-integer', { target: numbers('y', Infinity, 1, 0, 1) }],
  [
    'text in a regression',
    'target-not-numeric',
    { task: 'regression', target: texts('y', 'a', 'b', 'a', 'b') },
  ],
  [
    'an infinite target',
    'target-not-finite',
    { task: 'regression', target: numbers('y', 1, 2, Infinity, 3) },
  ],
  ['a constant target', 'target-constant', { task: 'regression', target: numbers('y', 7, 7, 7, 7) }],
  ['nothing to split', 'nothing-learned', { params: { min_samples_leaf: 3 } }],
  ['only constant features', 'nothing-learned', { columns: [numbers('x', 1, 1, 1, 1)] }],
  [
    'a linear model of constants',
    'nothing-learned',
    { kind: 'linear', params: {}, columns: [numbers('x', 1, 1, 1, 1), texts('t', 'a', 'a', 'a', 'a')] },
  ],
  ['a negative seed', 'invalid-seed', { seed: -1 }],
  ['a seed that is no whole number', 'invalid-seed', { seed: 0.5 }],
  [
    'classes told apart perfectly, unpenalised',
    'not-converged',
    {
      kind: 'linear',
      target: numbers('y', 0, 0, 1, 1),
      params: { l2_regularization: 0, max_iter: 5 },
    },
  ],
])('%s is refused as %s', (_what, code, change) => {
  expect(faultsOf(change).map((fault) => fault.code)).toContain(code);
});

test('more than 1,000 texts are refused, since they are an identifier', () => {
  const rows = 1001;
  const id = texts('id', ...Array.from({ length: rows }, (_, row) => `c${row}`));
  const target = numbers('y', ...Array.from({ length: rows }, (_, row) => row % 2));
  expect(faultsOf({ columns: [id], target })).toMatchObject([
    { code: 'too-many-categories', message: expect.stringContaining('"id" has 1001 different values') },
  ]);
});

test('more than 255 classes are refused, with regression as the way out', () => {
  const values = Array.from({ length: 600 }, (_, row) => row % 300);
  const column = numbers('x', ...values.map((value) => value * 2));
  expect(faultsOf({ task: 'multiclass', columns: [column], target: numbers('y', ...values) })).toMatchObject([
    { code: 'target-classes', next: expect.stringContaining('task: regression') },
  ]);
});

test('a linear model of more than 2,000 coefficients is refused', () => {
  const rows = 1500;
  const columns = [0, 1, 2].map((shift) =>
    texts(`c${shift}`, ...Array.from({ length: rows }, (_, row) => `${(row * 7 + shift) % 900}`)),
  );
  const target = numbers('y', ...Array.from({ length: rows }, (_, row) => row % 2));
  expect(faultsOf({ kind: 'linear', columns, target, params: {} })[0]?.code).toBe('too-many-coefficients');
});

test('the faults of all columns are told at once, with rows', () => {
  const columns = [numbers('a', 1, 2, Infinity, 4), numbers('b', NaN, NaN, NaN, NaN)];
  expect(faultsOf({ columns }).map((fault) => fault.message)).toEqual([
    'column "a" has 1 numbers that are infinite or beyond a 32-bit float (first: Infinity in row 3)',
    'column "b" has no value in any row',
  ]);
});

test.each<[Params, string]>([
  [{ n_estimator: 5 }, 'Did you mean "n_estimators"?'],
  [{ num_leaves: 5 }, 'Did you mean "max_leaf_nodes"?'],
  [{ eta: 0.1 }, 'Did you mean "learning_rate"?'],
  [{ reg_lambda: 1 }, 'Did you mean "l2_regularization"?'],
])('the unknown parameter in %j is told with the one that was meant', (params, next) => {
  expect(faultsOf({ params })).toMatchObject([{ code: 'unknown-parameter', next }]);
});

test('a parameter of the other kind of model is told with those of this kind', () => {
  expect(faultsOf({ kind: 'linear', params: { n_estimators: 5 } })).toMatchObject([
    { code: 'unknown-parameter', next: 'Its parameters: l2_regularization, max_iter.' },
  ]);
});

test.each<Params>([
  { n_estimators: 0 },
  { n_estimators: 1.5 },
  { n_estimators: '100' },
  { learning_rate: 0 },
  { learning_rate: true },
  { learning_rate: Number.NaN },
  { max_bins: 256 },
  { max_bins: 1 },
  { max_leaf_nodes: 1 },
  { max_depth: 0 },
  { min_samples_leaf: 0 },
  { min_child_weight: -1 },
  { l2_regularization: -1 },
  { subsample: 1.1 },
  { colsample: 0 },
  { early_stopping_rounds: -1 },
  { validation_fraction: 0.6 },
])('%j is refused by name', (params) => {
  expect(faultsOf({ params })).toMatchObject([
    { code: 'invalid-parameter', message: expect.stringContaining(`parameter ${Object.keys(params)[0]}: `) },
  ]);
});

test('every wrong parameter is told at once', () => {
  expect(faultsOf({ params: { max_bins: 0, n_trees: 3 }, target: price })).toHaveLength(2);
});
