import { describe, expect, test } from 'vitest';
import { chiSquareTail, normalQuantile, normalTail } from '../src/distributions.ts';
import {
  benjaminiHochberg,
  CodedTexts,
  delong,
  evaluate,
  mase,
  mcnemar,
  meanAveragePrecision,
  meanReciprocalRank,
  ndcg,
} from '../src/index.ts';
import { measurer } from '../src/measurer.ts';
import { pairedMoments } from '../src/paired-moments.ts';
import { randomSource } from '../src/random.ts';
import { readingUnder } from '../src/reading.ts';
import { readSample, type ValueSample } from '../src/sample.ts';
import { averagePrecision, liftAt, orderByScore, rocAuc, weightsByRank } from '../src/score-order.ts';
import { readSorted, type ScoredRows } from '../src/score-program.ts';
import { liftAmong } from '../src/score-ranking.ts';
import { chooseThreshold, type ThresholdGoal } from '../src/thresholds.ts';

// Expected numbers were computed with scikit-learn 1.9.1 and scipy 1.17.1 by the functions named in each test.

const truth = [0, 1, 1, 0, 1, 0, 1, 1, 0, 0];
const scores = [0.1, 0.4, 0.4, 0.4, 0.8, 0.3, 0.3, 0.9, 0.8, 0.05];
const order = orderByScore(Float64Array.from(scores), Uint8Array.from(truth));
const rows: ScoredRows = {
  rows: 10,
  scores: { values: Float64Array.from(scores), width: 1, column: 1 },
  truth: { codes: Uint8Array.from(truth), classOf: Uint8Array.of(0, 1) },
};

describe('scores with ties', () => {
  test('roc_auc_score and average_precision_score', () => {
    const ones = new Uint8Array(10).fill(1);
    expect(rocAuc(order, ones)).toBeCloseTo(0.76, 14);
    expect(averagePrecision(order, ones)).toBeCloseTo(0.725, 14);
    readSorted(rows, (sorted) => {
      expect(sorted.rocAuc).toBeCloseTo(0.76, 14);
      expect(sorted.averagePrecision).toBeCloseTo(0.725, 14);
    });
  });

  test('the same with sample_weight, which is what a resample is', () => {
    const weights = Uint8Array.of(1, 2, 0, 1, 3, 1, 1, 0, 2, 1);
    expect(rocAuc(order, weightsByRank(order, weights))).toBeCloseTo(0.6805555555555556, 14);
    expect(averagePrecision(order, weightsByRank(order, weights))).toBeCloseTo(0.6083333333333334, 14);
  });

  test('lift does not depend on the order of tied rows', () => {
    // The best three rows: 0.9 (positive), then one of two at 0.8 that are half positive, twice.
    expect(liftAt(order, new Uint8Array(10).fill(1), 0.3)).toBeCloseTo(2 / 3 / 0.5, 14);
    expect(liftAt(order, new Uint8Array(10).fill(1), 1)).toBeCloseTo(1, 14);
    expect(readSorted(rows, (sorted) => liftAmong(sorted, 0.3))).toBeCloseTo(2 / 3 / 0.5, 14);
    expect(readSorted(rows, (sorted) => liftAmong(sorted, 1))).toBeCloseTo(1, 14);
  });

  test('the chosen threshold is the best of all distinct scores', () => {
    const choose = (goal: ThresholdGoal) => readSorted(rows, (sorted) => chooseThreshold(sorted, goal));
    expect(choose({ maximise: 'f1' })).toEqual({
      threshold: 0.3,
      tp: 5,
      fp: 3,
      fn: 0,
      tn: 2,
    });
    expect(choose({ maximise: 'recall', minPrecision: 0.9 })?.threshold).toBe(0.9);
    expect(choose({ maximise: 'precision', minRecall: 1 })?.threshold).toBe(0.3);
    const dearAlarm = choose({ minimise: 'cost', falsePositive: 10, falseNegative: 1 });
    expect(dearAlarm?.threshold).toBe(0.9);
  });
});

test('many classes, one of them never predicted: precision, recall, f1, mcc, kappa', () => {
  const { metrics } = evaluate({
    task: 'multiclass',
    truth: ['a', 'b', 'a', 'c', 'b', 'a'],
    predictions: ['a', 'b', 'b', 'b', 'b', 'a'],
    resamples: 0,
  });
  const expected = {
    precision_macro: 0.5,
    recall_macro: 0.5555555555555555,
    f1_macro: 0.48888888888888893,
    f1_micro: 2 / 3,
    precision_weighted: 2 / 3,
    f1_weighted: 0.6222222222222222,
    mcc: 0.5330017908890261,
    cohen_kappa: 0.4545454545454545,
    balanced_accuracy: 0.5555555555555555,
  };
  for (const [name, value] of Object.entries(expected))
    expect(metrics[name]?.value, name).toBeCloseTo(value, 14);
  expect(metrics).not.toHaveProperty('log_loss');
});

test('probabilities of three classes: brier_score_loss, log_loss, top_k_accuracy_score, roc_auc_score', () => {
  const { metrics } = evaluate({
    task: 'multiclass',
    truth: ['0', '1', '2', '0', '2'],
    classes: ['0', '1', '2'],
    scores: Float64Array.of(0.6, 0.3, 0.1, 0.2, 0.5, 0.3, 0.1, 0.2, 0.7, 0.3, 0.4, 0.3, 0.2, 0.2, 0.6),
    resamples: 0,
  });
  expect(metrics.brier?.value).toBeCloseTo(0.352, 14);
  expect(metrics.log_loss?.value).toBeCloseTo(0.6550892352713189, 14);
  expect(metrics.top_2_accuracy?.value).toBeCloseTo(0.8, 14);
  expect(metrics.roc_auc_ovo?.value).toBe(1);
});

test('a regression: d2, pinball, explained variance, mape', () => {
  const { metrics } = evaluate({
    task: 'regression',
    truth: Float64Array.of(3, -0.5, 2, 7),
    predictions: Float64Array.of(2.5, 0, 2, 8),
    metrics: ['d2_absolute_error', 'd2_pinball_0_9', 'pinball_0_1', 'explained_variance', 'mape'],
    resamples: 0,
  });
  expect(metrics.d2_absolute_error?.value).toBeCloseTo(0.7647058823529411, 14);
  expect(metrics.d2_pinball_0_9?.value).toBeCloseTo(0.6363636363636362, 14);
  expect(metrics.pinball_0_1?.value).toBeCloseTo(0.35, 14);
  expect(metrics.explained_variance?.value).toBeCloseTo(0.9571734475374732, 14);
  expect(metrics.mape?.value).toBeCloseTo(0.3273809523809524, 14);
});

describe('answers to queries', () => {
  const rows = {
    group: ['q', 'q', 'q', 'q', 'q', 'q'],
    relevance: Float64Array.of(3, 2, 3, 0, 1, 2),
    score: Float64Array.of(0.9, 0.8, 0.8, 0.6, 0.5, 0.4),
  };

  test('ndcg_score, with ties', () => {
    expect(ndcg(rows, 6)).toBeCloseTo(0.9699756668098606, 14);
    expect(ndcg(rows, 3)).toBeCloseTo(0.9888906808152524, 14);
  });

  test('label_ranking_average_precision_score and the reciprocal rank', () => {
    expect(meanAveragePrecision(rows)).toBeCloseTo(0.9266666666666665, 14);
    expect(meanReciprocalRank({ ...rows, relevance: Float64Array.of(0, 0, 1, 0, 0, 1) })).toBeCloseTo(
      1 / 3,
      14,
    );
  });

  test('a score that is not a number is refused', () => {
    expect(() => ndcg({ ...rows, score: rows.score.map(() => Number.NaN) }, 3)).toThrow('row 1');
  });
});

test('a forecast as good as repeating the last season has a scaled error of one', () => {
  const training = Float64Array.of(1, 2, 3, 4);
  const forecast = { truth: Float64Array.of(5, 6), predicted: Float64Array.of(4, 5), training };
  expect(mase({ ...forecast, season: 1 })).toBe(1);
  expect(() => mase({ ...forecast, season: 4 })).toThrow('no more than one season');
});

describe('distributions and tests', () => {
  test('norm.sf, norm.ppf, chi2.sf keep nine digits far out', () => {
    expect(normalTail(6) / 9.865876450376946e-10).toBeCloseTo(1, 10);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 10);
    expect(chiSquareTail(3.2, 5)).toBeCloseTo(0.6691829020332432, 12);
    expect(chiSquareTail(900, 1) / 9.813427854296455e-198).toBeCloseTo(1, 10);
  });

  test('false_discovery_control', () => {
    const adjusted = benjaminiHochberg([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]);
    const expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057142857142857, 0.216, 0.216, 0.216];
    for (const [i, p] of expected.entries()) expect(adjusted[i]).toBeCloseTo(p, 12);
    expect(benjaminiHochberg([])).toEqual([]);
  });

  test('McNemar of 3 against 17 rows is binomtest(3, 20)', () => {
    const only = (count: number, rest: number) => [...Array(count).fill(1), ...Array(rest).fill(0)];
    const first = Uint8Array.from([...only(3, 17), 1, 1]);
    const second = Uint8Array.from([...only(3, 17).map((right) => 1 - right), 1, 1]);
    const found = mcnemar(first, second);
    expect(found).toMatchObject({ onlyFirst: 3, onlySecond: 17, chi2: 8.45 });
    expect(found.exactP).toBeCloseTo(0.0025768280029296875, 14);
    expect(mcnemar(first, first).exactP).toBe(1);
  });

  test('DeLong is the variance of the placements, counted pair by pair', () => {
    const second = Float64Array.of(0.2, 0.5, 0.35, 0.4, 0.7, 0.1, 0.6, 0.8, 0.3, 0.3);
    const found = delong(truth, Float64Array.from(scores), second);
    const slow = delongByPairs(truth, scores, [...second]);
    expect(found.first).toBeCloseTo(0.76, 14);
    expect(found.second).toBeCloseTo(slow.second, 14);
    expect(found.standardError).toBeCloseTo(slow.standardError, 14);
  });
});

function delongByPairs(labels: number[], first: number[], second: number[]) {
  const positives = [...labels.keys()].filter((row) => labels[row] === 1);
  const negatives = [...labels.keys()].filter((row) => labels[row] === 0);
  const wins = (s: number[], p: number, n: number) => (s[p]! > s[n]! ? 1 : s[p] === s[n] ? 0.5 : 0);
  const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const variance = (list: number[]) =>
    list.reduce((sum, value) => sum + (value - mean(list)) ** 2, 0) / (list.length - 1) / list.length;
  const difference = (p: number, n: number) => wins(second, p, n) - wins(first, p, n);
  const ofPositives = positives.map((p) => mean(negatives.map((n) => difference(p, n))));
  const ofNegatives = negatives.map((n) => mean(positives.map((p) => difference(p, n))));
  return {
    second: mean(positives.map((p) => mean(negatives.map((n) => wins(second, p, n))))),
    standardError: Math.sqrt(variance(ofPositives) + variance(ofNegatives)),
  };
}

describe('a pair of regressions', () => {
  const rows = 5001;
  const truths: Record<string, (random: () => number, row: number) => number> = {
    'near zero': (random) => random(),
    'far from zero': (random) => 1e6 + random(),
    'zero but for one row': (_, row) => Number(row === 7),
    'with one of another size': (random, row) => (row === 5 ? 1e9 : random()),
  };
  for (const [what, value] of Object.entries(truths)) {
    test(`is resampled by means as each side is by itself, the truth ${what}`, () => {
      const source = randomSource(1);
      const random = () => source.next() / 2 ** 32;
      const truth = Float64Array.from({ length: rows }, (_, row) => value(random, row));
      const side = () => {
        const predictions = truth.map((each) => each + random() - 0.5);
        return readSample({ task: 'regression', truth }, { predictions }) as ValueSample;
      };
      const pair = { baseline: side(), candidate: side() };
      for (const metric of ['mse', 'rmse', 'r2']) {
        const exact = (of: Uint8Array) => ({
          baseline: measurer(pair.baseline, [metric]).measure(readingUnder(of))[0]!,
          candidate: measurer(pair.candidate, [metric]).measure(readingUnder(of))[0]!,
        });
        const moments = pairedMoments(pair, metric, exact)!;
        const drawn = source.resamples(rows, moments.columns, 20);
        for (let round = 0; round < 20; round++) {
          drawn.next();
          const values = moments.values(drawn.means, () => drawn.weights);
          for (const [name, expected] of Object.entries(exact(drawn.weights))) {
            const found = values[name as 'baseline'];
            if (Number.isNaN(expected)) expect(found).toBeNaN();
            else expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected));
          }
        }
      }
    });
  }
});

test('a text among the values that no row has is no class and no slice', () => {
  const codes = Uint32Array.of(2, 0, 2, 0, 0, 2);
  const coded = new CodedTexts(codes, ['no', null, 'yes', 'maybe']);
  const plain = [...coded];
  const ask = (texts: CodedTexts | (string | null)[]) =>
    evaluate({
      task: 'binary',
      truth: texts,
      predictions: texts,
      slices: [{ column: 'answer', values: texts }],
      minSliceRows: 1,
      resamples: 10,
    });
  expect(ask(coded)).toEqual(ask(plain));
  expect(ask(coded).slices.map(({ value, rows }) => [value, rows])).toEqual([
    ['no', 3],
    ['yes', 3],
  ]);
});
