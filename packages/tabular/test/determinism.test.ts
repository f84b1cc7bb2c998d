import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Params, train } from '../src/index.ts';
import { known, penguins } from './penguins.ts';

function digest(
  params: Params,
  seed: number,
  kind: 'gradient-boosting' | 'linear' = 'gradient-boosting',
): string {
  const { model } = train({ kind, task: 'multiclass', ...penguins('Species'), params, seed });
  return createHash('sha256').update(model).digest('hex');
}

const drawing = { subsample: 0.7, colsample: 0.5, n_estimators: 20 };

test('same rows, parameters and seed give the same bytes', () => {
  expect(digest(drawing, 3)).toBe(digest(drawing, 3));
  expect(digest({}, 0, 'linear')).toBe(digest({}, 0, 'linear'));
});

test('another seed draws other rows and columns', () => {
  expect(digest(drawing, 3)).not.toBe(digest(drawing, 4));
});

test('seeds that differ beyond 32 bits differ', () => {
  expect(digest(drawing, 1)).not.toBe(digest(drawing, 1 + 2 ** 33));
});

test('a seed that nothing draws from changes nothing', () => {
  expect(digest({ n_estimators: 5 }, 1)).toBe(digest({ n_estimators: 5 }, 2));
});

test('early stopping ends with the round that was best on the rows held out', () => {
  const table = known(penguins('Body Mass (g)'));
  const params = { early_stopping_rounds: 5, n_estimators: 500, min_samples_leaf: 5 };
  const { summary } = train({ kind: 'gradient-boosting', task: 'regression', ...table, params, seed: 1 });
  expect(summary.rounds).toBeLessThan(495);
  expect(summary.validation_squared_error).toBeGreaterThan(summary.training_squared_error as number);
});
