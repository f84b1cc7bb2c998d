import { expect, test } from 'vitest';
import { train } from '../src/index.ts';
import { answersOf } from './onnx-runtime.ts';
import { areaUnderCurve, rootMeanSquaredError, shareEqual } from './quality.ts';
import { hasRealData, realTable } from './table.ts';

// The numbers to compare with are those of scikit-learn 1.9.1 on the same files, with its default parameters:
// HistGradientBoosting* with categorical_features='from_dtype' and without early stopping, and OneHotEncoder with
// StandardScaler before LogisticRegression and Ridge.
const real = test.runIf(hasRealData());

async function adult(kind: 'gradient-boosting' | 'linear') {
  const table = realTable('binary-adult/train.csv', 'label');
  const unseen = realTable('binary-adult/test.csv', 'label');
  const { model } = train({ kind, task: 'binary', ...table, params: {}, seed: 0 });
  const { probabilities } = await answersOf(model, unseen.columns);
  return areaUnderCurve(
    unseen.target.data as Float64Array,
    probabilities!.filter((_, index) => index % 2 === 1),
  );
}

async function diamonds(kind: 'gradient-boosting' | 'linear') {
  const table = realTable('regression-diamonds/train.csv', 'price');
  const unseen = realTable('regression-diamonds/test.csv', 'price');
  const { model } = train({ kind, task: 'regression', ...table, params: {}, seed: 0 });
  const { prediction } = await answersOf(model, unseen.columns);
  return rootMeanSquaredError(unseen.target.data as Float64Array, prediction!);
}

async function digits(kind: 'gradient-boosting' | 'linear') {
  const table = realTable('multiclass-digits/train.csv', 'digit');
  const unseen = realTable('multiclass-digits/test.csv', 'digit');
  const { model } = train({ kind, task: 'multiclass', ...table, params: {}, seed: 0 });
  const { label } = await answersOf(model, unseen.columns);
  return shareEqual(label!, unseen.target.data as Float64Array);
}

real('boosting ranks incomes about as well as HistGradientBoostingClassifier (area 0.9273)', async () => {
  expect(await adult('gradient-boosting')).toBeGreaterThan(0.925);
});

real('boosting prices diamonds about as well as HistGradientBoostingRegressor (error 551.7)', async () => {
  expect(await diamonds('gradient-boosting')).toBeLessThan(560);
});

real('boosting reads digits about as well as HistGradientBoostingClassifier (0.971)', async () => {
  expect(await digits('gradient-boosting')).toBeGreaterThan(0.965);
});

real('the linear model of incomes is that of LogisticRegression', async () => {
  expect(await adult('linear')).toBeCloseTo(0.90543, 5);
});

real('the linear model of diamonds is that of Ridge', async () => {
  expect(await diamonds('linear')).toBeCloseTo(1125.022, 2);
});

real('the linear model of digits is that of LogisticRegression', async () => {
  expect(await digits('linear')).toBeCloseTo(0.9791377, 6);
});
