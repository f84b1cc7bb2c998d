import { describe, expect, test } from 'vitest';
import {
  answerColumns,
  evaluate,
  jackknifeInterval,
  meanAveragePrecision,
  meanReciprocalRank,
  naiveError,
  ndcg,
} from '../src/index.ts';

/** Forty queries of six rows; relevance and score are made up and go together. */
const rows = 240;
const group = Array.from({ length: rows }, (_, row) => `query ${Math.floor(row / 6)}`);
const relevance = Float64Array.from({ length: rows }, (_, row) => (row * 7) % 4);
const score = relevance.map((value, row) => value + 2 * Math.sin(row * 1.7));
const names = ['ndcg_at_3', 'map', 'mrr'];

describe('rankings', () => {
  const { metrics } = evaluate({
    task: 'regression',
    truth: relevance,
    predictions: score,
    groups: group,
    metrics: names,
  });

  test('are the means over the queries', () => {
    const ranked = { group, relevance, score };
    expect(metrics.ndcg_at_3!.value).toBeCloseTo(ndcg(ranked, 3), 14);
    expect(metrics.map!.value).toBeCloseTo(meanAveragePrecision(ranked), 14);
    expect(metrics.mrr!.value).toBeCloseTo(meanReciprocalRank(ranked), 14);
  });

  test('have intervals as wide as the spread over queries says', () => {
    const values = Array.from({ length: 40 }, (_, query) => {
      const of = (all: Float64Array) => all.slice(6 * query, 6 * query + 6);
      return ndcg({ group: group.slice(0, 6), relevance: of(relevance), score: of(score) }, 3);
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / 40;
    const error = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 39 / 40);
    const { low, high } = metrics.ndcg_at_3!;
    const width = (high! - low!) / (2 * 1.96 * error);
    expect(width).toBeGreaterThan(0.8);
    expect(width).toBeLessThan(1.25);
  });

  test('without a column for the query say so', () => {
    const told = evaluate({ task: 'regression', truth: relevance, predictions: score, metrics: names });
    expect(told.metrics.map).toMatchObject({ value: null, note: expect.stringContaining('query') });
  });

  test('of two classes rank by the score of the positive one', () => {
    const truth = Array.from(relevance, (value) => (value > 1 ? 'click' : 'skip'));
    const told = evaluate({
      task: 'binary',
      positive: 'click',
      truth,
      scores: score,
      groups: group,
      metrics: ['mrr'],
    });
    const clicked = relevance.map((value) => Number(value > 1));
    expect(told.metrics.mrr!.value).toBeCloseTo(meanReciprocalRank({ group, relevance: clicked, score }), 14);
  });
});

test('a forecast is scaled by the naive one, and has an interval', () => {
  const truth = Float64Array.from({ length: 50 }, (_, day) => Math.sin(day));
  const predictions = truth.map((value, day) => value + (day % 3) / 10);
  const naive = naiveError(truth, 1);
  const { metrics } = evaluate({
    task: 'regression',
    truth,
    predictions,
    naiveError: naive,
    metrics: ['mase', 'mae'],
  });
  expect(metrics.mase!.value).toBeCloseTo(metrics.mae!.value! / naive, 14);
  expect(metrics.mase!.low).toBeLessThan(metrics.mase!.value!);
});

describe('a threshold by rule', () => {
  const truth = Array.from({ length: 200 }, (_, row) => ((row * 13) % 10 < 4 ? '1' : '0'));
  const scores = Float64Array.from(truth, (label, row) => (Number(label) + ((row * 29) % 17) / 8) / 3.2);
  const judged = (threshold: Parameters<typeof evaluate>[0]['threshold']) =>
    evaluate({ task: 'binary', truth, scores, threshold, resamples: 0 });

  test('keeps what is asked, and no other threshold does better', () => {
    const chosen = judged({ maximise: 'recall', minPrecision: 0.8 });
    expect(chosen.metrics.precision!.value).toBeGreaterThanOrEqual(0.8);
    const better = [...new Set(scores)]
      .map((threshold) => judged(threshold).metrics)
      .filter(({ precision }) => precision!.value! >= 0.8)
      .filter(({ recall }) => recall!.value! > chosen.metrics.recall!.value!);
    expect(better).toEqual([]);
    expect(chosen.threshold).toBeDefined();
  });

  test('of the least cost weighs both errors', () => {
    const cautious = judged({ minimise: 'cost', falsePositive: 10, falseNegative: 1 });
    const bold = judged({ minimise: 'cost', falsePositive: 1, falseNegative: 10 });
    expect(cautious.threshold).toBeGreaterThan(bold.threshold!);
  });

  test('that nothing keeps is refused', () => {
    const rule = { maximise: 'recall', minPrecision: 1.1 } as const;
    expect(() => judged(rule)).toThrow('no threshold keeps');
  });
});

test('the jackknife of a mean has the standard error of the mean', () => {
  const values = Array.from({ length: 20 }, (_, row) => Math.cos(row));
  const sum = values.reduce((all, value) => all + value, 0);
  const without = values.map((value) => (sum - value) / 19);
  const mean = sum / 20;
  const error = Math.sqrt(values.reduce((all, value) => all + (value - mean) ** 2, 0) / 19 / 20);
  const { low, high } = jackknifeInterval(mean, without, 0.95)!;
  expect((high - low) / 2).toBeCloseTo(1.959963984540054 * error, 12);
  expect(jackknifeInterval(mean, [...without, null], 0.95)).toBeUndefined();
});

test('answers become columns: labels in the words of the classes, scores by class', () => {
  const truth = ['b', 'a', 'c'];
  const columns = answerColumns(
    { task: 'multiclass', truth },
    { classes: ['a', 'b', 'c'], scores: Float64Array.of(0.2, 0.7, 0.1, 0.5, 0.3, 0.2, 0.6, 0.2, 0.2) },
  );
  expect(columns.map(({ name }) => name)).toEqual(['truth', 'prediction', 'score_a', 'score_b', 'score_c']);
  expect(columns[1]!.values).toEqual(['b', 'a', 'a']);
  expect([...columns[3]!.values]).toEqual([0.7, 0.3, 0.2]);
});
