import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Column, type Task, train } from '../src/index.ts';
import { answersOf } from './onnx-runtime.ts';
import { known, penguins } from './penguins.ts';
import { hasRealData, realTable, type Table } from './table.ts';
import { largestGap, type Trained, trainAndAnswer } from './training-answers.ts';

const kinds = ['gradient-boosting', 'linear'] as const;

async function gapOf(trained: Trained, { columns }: Table): Promise<number> {
  const { probabilities, prediction } = await answersOf(trained.model, columns);
  return probabilities
    ? largestGap(trained.probabilities, probabilities)
    : largestGap(trained.predictions, prediction!);
}

test.each(kinds)('%s: the written model answers what training answered: three classes', async (kind) => {
  const table = penguins('Species');
  expect(await gapOf(trainAndAnswer(kind, 'multiclass', table), table)).toBeLessThan(1e-6);
});

test.each(kinds)('%s: the written model answers what training answered: two classes', async (kind) => {
  const { columns, target } = penguins('Species');
  const isAdelie = (target.data as string[]).map((species) => (species === 'Adelie' ? 'yes' : 'no'));
  const table = { columns, target: { name: 'adelie', data: isAdelie } };
  expect(await gapOf(trainAndAnswer(kind, 'binary', table), table)).toBeLessThan(1e-6);
});

test.each(kinds)('%s: the written model answers what training answered: a number', async (kind) => {
  const table = known(penguins('Body Mass (g)'));
  expect(await gapOf(trainAndAnswer(kind, 'regression', table), table)).toBeLessThan(1e-6);
});

test.runIf(hasRealData()).each(kinds)('%s: so it does for 32,561 rows of 14 columns', async (kind) => {
  const table = realTable('binary-adult/train.csv', 'label');
  expect(await gapOf(trainAndAnswer(kind, 'binary', table), table)).toBeLessThan(1e-6);
});

test.runIf(hasRealData()).each(kinds)('%s: so it does for ten classes and 64 pixels', async (kind) => {
  const table = realTable('multiclass-digits/train.csv', 'digit');
  expect(await gapOf(trainAndAnswer(kind, 'multiclass', table), table)).toBeLessThan(1e-6);
});

test.each(kinds)('%s: so it does where all features are one input', async (kind) => {
  const rows = 150;
  const columns = Array.from({ length: 80 }, (_, index) => ({
    name: `x${index}`,
    data: Float64Array.from({ length: rows }, (_, row) =>
      (row + index) % 11 ? Math.sin(row * index) : Number.NaN,
    ),
  }));
  const target = {
    name: 'y',
    data: Float64Array.from({ length: rows }, (_, row) => Math.cos(row * 3) + row / 50),
  };
  const table = { columns, target };
  expect(await gapOf(trainAndAnswer(kind, 'regression', table), table)).toBeLessThan(1e-6);
});

/** Neighbours among 32-bit floats, numbers that only 64 bits tell apart, extremes, repeats and gaps. */
const awkwardNumber = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    1 + 2 ** -23,
    1 + 2 ** -24,
    1 + 2 ** -40,
    3.4e38,
    -3.4e38,
    1e-45,
    1e-300,
    Number.NaN,
  ),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: -3, max: 3 }),
);
const awkwardText = fc.constantFrom(null, '', ' ', 'a', 'A', 'é', 'e\u0301', '日本', '0', 'nan');

const awkwardRow = fc.record({
  a: awkwardNumber,
  b: awkwardNumber,
  c: awkwardText,
  d: awkwardText,
  y: fc.nat({ max: 2 }),
});

test('whatever the numbers and texts, each row goes the way that it went in training', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(awkwardRow, { minLength: 12, maxLength: 60 }),
      fc.constantFrom<Task>('multiclass', 'regression'),
      fc.constantFrom(2, 5, 255),
      async (rows, task, max_bins) => {
        const columns: Column[] = [
          { name: 'a', data: Float64Array.from([...rows, { a: 0 }, { a: 1 }], ({ a }) => a) },
          { name: 'b', data: Float64Array.from([...rows, { b: 0 }, { b: 1 }], ({ b }) => b) },
          { name: 'c', data: [...rows, { c: 'a' }, { c: 'b' }].map(({ c }) => c) },
          { name: 'd', data: [...rows, { d: 'a' }, { d: 'b' }].map(({ d }) => d) },
        ];
        const target = { name: 'y', data: Float64Array.from([...rows, { y: 0 }, { y: 1 }], ({ y }) => y) };
        const params = {
          max_bins,
          min_samples_leaf: 1,
          min_child_weight: 0,
          l2_regularization: 1,
          n_estimators: 15,
        };
        const table = { columns, target };
        const trained = trainAndAnswer('gradient-boosting', task, table, params);
        expect(await gapOf(trained, table)).toBeLessThan(1e-6);
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

test('a missing number that training never saw goes with most rows, and a text that it never saw with the rest', async () => {
  const rows = 100;
  const x = Float64Array.from({ length: rows }, (_, row) => row);
  const text = Array.from({ length: rows }, (_, row) => (row % 4 === 0 ? 'rare' : `common ${row % 2}`));
  const columns: Column[] = [
    { name: 'x', data: x },
    { name: 'text', data: text },
  ];
  const target = { name: 'y', data: x.map((value) => (value < 70 ? 1 : 5)) };
  const { model } = train({
    kind: 'gradient-boosting',
    task: 'regression',
    columns,
    target,
    params: {},
    seed: 0,
  });
  const { prediction } = await answersOf(model, [
    { name: 'x', data: Float64Array.of(Number.NaN, 10, 90) },
    { name: 'text', data: ['rare', 'never seen', null] },
  ]);
  expect(prediction![0]).toBeCloseTo(1, 2);
  expect(prediction![1]).toBeCloseTo(1, 2);
  expect(prediction![2]).toBeCloseTo(5, 2);
});

test('missing numbers teach: where they mean something, the model says so', async () => {
  const rows = 200;
  const columns = [
    { name: 'x', data: Float64Array.from({ length: rows }, (_, row) => (row % 2 ? Number.NaN : row)) },
  ];
  const target = { name: 'y', data: Array.from({ length: rows }, (_, row) => (row % 2 ? 'gone' : 'there')) };
  const { model } = train({
    kind: 'gradient-boosting',
    task: 'binary',
    columns,
    target,
    params: {},
    seed: 0,
  });
  const { label } = await answersOf(model, [{ name: 'x', data: Float64Array.of(Number.NaN, -1e9, 1e9) }]);
  expect(label).toEqual(['gone', 'there', 'there']);
});

test('a linear model fills a missing number with the mean, and adds nothing for a text that it never saw', async () => {
  const columns: Column[] = [
    { name: 'year', data: Float64Array.of(2001, 2002, 2003, 2004, Number.NaN) },
    { name: 'kind', data: ['a', 'b', 'a', 'b', 'a'] },
  ];
  const target = { name: 'y', data: Float64Array.of(1, 2, 3, 4, 2.5) };
  const params = { l2_regularization: 1e-6 };
  const { model } = train({ kind: 'linear', task: 'regression', columns, target, params, seed: 0 });
  const { prediction } = await answersOf(model, [
    { name: 'year', data: Float64Array.of(Number.NaN, 2010) },
    { name: 'kind', data: ['a', 'never seen'] },
  ]);
  expect(prediction![0]).toBeCloseTo(2.5, 4);
  expect(prediction![1]).toBeCloseTo(10, 4);
});

test('the unit of a regression target does not matter', async () => {
  const table = known(penguins('Body Mass (g)'));
  const inUnits = async (unit: number) => {
    const target = { name: 'mass', data: (table.target.data as Float64Array).map((grams) => grams * unit) };
    const { model } = train({
      kind: 'gradient-boosting',
      task: 'regression',
      columns: table.columns,
      target,
      params: {},
      seed: 0,
    });
    return (await answersOf(model, table.columns)).prediction!.map((value) => value / unit);
  };
  expect(largestGap(await inUnits(1), await inUnits(2 ** -60))).toBeLessThan(1e-6);
});

test('of more texts than fit the bins, the rare ones share one', async () => {
  const rows = 3000;
  const text = Array.from({ length: rows }, (_, row) => `c${(row * row) % 701}`);
  const columns: Column[] = [{ name: 'text', data: text }];
  const target = { name: 'y', data: Float64Array.from(text, (value) => Number(value.slice(1)) % 7) };
  const table = { columns, target };
  const trained = trainAndAnswer('gradient-boosting', 'regression', table, { min_samples_leaf: 2 });
  expect(await gapOf(trained, table)).toBeLessThan(1e-6);
});

test('with drawn rows and columns the written model still answers what training answered', async () => {
  const table = known(penguins('Body Mass (g)'));
  const params = { subsample: 0.6, colsample: 0.5 };
  const trained = trainAndAnswer('gradient-boosting', 'regression', table, params);
  expect(await gapOf(trained, table)).toBeLessThan(1e-6);
});

test('least squares copes with columns that say the same', async () => {
  const x = Float64Array.of(1, 2, 3, 4, 5, 6);
  const columns: Column[] = [
    { name: 'x', data: x },
    { name: 'twice', data: x.map((value) => value * 2) },
    { name: 'odd', data: Array.from(x, (value) => (value % 2 ? 'yes' : 'no')) },
    { name: 'even', data: Array.from(x, (value) => (value % 2 ? 'no' : 'yes')) },
  ];
  const target = { name: 'y', data: x.map((value) => 3 * value + (value % 2 ? 10 : 0)) };
  const params = { l2_regularization: 0 };
  const { model } = train({ kind: 'linear', task: 'regression', columns, target, params, seed: 0 });
  expect(largestGap(target.data, (await answersOf(model, columns)).prediction!)).toBeLessThan(1e-6);
});
