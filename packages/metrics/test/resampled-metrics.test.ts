import { describe, expect, test } from 'vitest';
import { replicates } from '../src/bootstrap.ts';
import { measurer } from '../src/measurer.ts';
import { randomSource } from '../src/random.ts';
import { readingUnder } from '../src/reading.ts';
import { readSample, type Sample, subsetOf } from '../src/sample.ts';
import { sortedByScore } from '../src/sample-reads.ts';
import { orderByScore } from '../src/score-order.ts';
import { sweepWeighted } from '../src/weighted-sweep.ts';

const random = randomSource(23);
const uniform = () => random.next() / 2 ** 32;

/** The rows, each as often as it was drawn. */
function repeated(sample: Sample, weights: Uint8Array): Sample {
  const rows: number[] = [];
  for (const [row, count] of weights.entries()) for (let i = 0; i < count; i++) rows.push(row);
  return subsetOf(sample, Uint32Array.from(rows));
}

function expectSame(found: ArrayLike<number>, expected: ArrayLike<number>, names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    const [one, other] = [found[index]!, expected[index]!];
    if (Number.isNaN(other)) expect(one, name).toBeNaN();
    else {
      const allowed = 1e-11 * Math.max(1, Math.abs(other));
      expect(Math.abs(one - other), `${name}: ${one} for ${other}`).toBeLessThanOrEqual(allowed);
    }
  }
}

const BINARY = [
  ...[
    'accuracy',
    'balanced_accuracy',
    'precision',
    'recall',
    'specificity',
    'f1',
    'f2',
    'mcc',
    'cohen_kappa',
  ],
  ...['roc_auc', 'average_precision', 'log_loss', 'brier', 'ece', 'lift_at_10', 'lift_at_50'],
];

const VALUES = [
  ...['mae', 'mse', 'rmse', 'r2', 'explained_variance', 'mape', 'smape', 'median_ae', 'max_error'],
  ...['pinball_0_9', 'd2_pinball_0_9', 'd2_absolute_error'],
];

describe('a resample is measured as its rows are, each as often as it was drawn', () => {
  const likely = (score: number) => uniform() < score;
  const samples: Record<string, [Sample, readonly string[]]> = {
    'two classes': [twoClasses(5001, () => Math.fround(uniform()), likely), BINARY],
    'two classes with ties': [twoClasses(4096, () => Math.floor(20 * uniform()) / 20, likely), BINARY],
    'two classes with some ties': [
      twoClasses(4099, () => Math.floor(20_000 * uniform()) / 20_000, likely),
      BINARY,
    ],
    'few rows': [twoClasses(300, () => Math.floor(40 * uniform()) / 40, likely), BINARY],
    'a rare class': [twoClasses(4200, uniform, (score) => score > 0.999 && uniform() < 0.5), BINARY],
    'many classes': [
      manyClasses(4500),
      [
        'accuracy',
        'f1_macro',
        'log_loss',
        'brier',
        'ece',
        'roc_auc_ovr',
        'roc_auc_ovo',
        'average_precision_macro',
      ],
    ],
    values: [values(4700, () => 1 + uniform()), VALUES],
    'values around zero': [values(4700, () => uniform() - 0.5), VALUES],
    'values, one of another size': [values(4300, (row) => (row === 5 ? 1e6 : uniform())), VALUES],
    'values that are zero but for one': [values(4300, (row) => Number(row === 7)), VALUES],
    'few values': [values(90, () => 1 + uniform()), VALUES],
  };
  test.each(Object.entries(samples))('%s', (_, [sample, names]) => {
    const sorted = sortedByScore(sample);
    const count = 6;
    const found = replicates(measurer(sorted, names), sample.rows, {
      resamples: count,
      random: randomSource(9),
    });
    const again = randomSource(9);
    const weights = new Uint8Array(sample.rows);
    for (let round = 0; round < count; round++) {
      again.resample(weights);
      const expected = measurer(repeated(sorted, weights), names).measure();
      expectSame(
        found.map((values) => values[round]!),
        expected,
        names,
      );
      expectSame(measurer(sorted, names).measure(readingUnder(weights)), expected, names);
    }
  });
});

function twoClasses(rows: number, scoreOf: () => number, isPositive: (score: number) => boolean): Sample {
  const scores = Float64Array.from({ length: rows }, scoreOf);
  const truth = Array.from(scores, (score) => (isPositive(score) ? '1' : '0'));
  return readSample({ task: 'binary', truth, positive: '1' }, { scores });
}

function manyClasses(rows: number): Sample {
  const classes = ['a', 'b', 'c'];
  const truth = Array.from({ length: rows }, () => classes[random.below(3)]!);
  const scores = new Float64Array(3 * rows);
  for (let row = 0; row < rows; row++) {
    const odds = classes.map((name) => uniform() + (name === truth[row] ? 0.4 : 0));
    const sum = odds.reduce((so, each) => so + each, 0);
    scores.set(
      odds.map((each) => each / sum),
      3 * row,
    );
  }
  return readSample({ task: 'multiclass', truth }, { scores, classes });
}

function values(rows: number, truthOf: (row: number) => number): Sample {
  const truth = Float64Array.from({ length: rows }, (_, row) => truthOf(row));
  return readSample(
    { task: 'regression', truth },
    { predictions: truth.map((value) => value + uniform() - 0.5) },
  );
}

test.each([1, 2, 3, 4, 5, 7, 8, 11, 64])(
  '%i rows are swept as plain definitions say, none drawn of some',
  (rows) => {
    for (let trial = 0; trial < 50; trial++) {
      const scores = Float64Array.from({ length: rows }, () => random.below(trial % 2 ? 1000 : 6));
      const truth = Uint8Array.from({ length: rows }, () => random.below(2));
      const { marks, rows: order } = orderByScore(scores, truth);
      const weights = Uint8Array.from({ length: rows }, () => random.below(3));
      const { total, positives, rocAuc, averagePrecision } = sweepWeighted(marks, weights);
      const each = [...weights].map((weight, i) => ({
        weight,
        score: scores[order![i]!]!,
        is: truth[order![i]!]!,
      }));
      const sum = (of: (one: (typeof each)[number]) => number) => each.reduce((so, one) => so + of(one), 0);
      expect(total).toBe(sum(({ weight }) => weight));
      expect(positives).toBe(sum(({ weight, is }) => weight * is));
      const wins = sum((p) =>
        sum(
          (n) =>
            p.weight * p.is * n.weight * (1 - n.is) * (p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0),
        ),
      );
      const precisions = sum((p) => {
        if (p.weight * p.is === 0) return 0;
        const above = each.filter(({ score }) => score >= p.score);
        const found = above.reduce((so, { weight, is }) => so + weight * is, 0);
        return (p.weight * found) / above.reduce((so, { weight }) => so + weight, 0);
      });
      expectSame(
        [rocAuc, averagePrecision],
        [wins / (positives * (total - positives)), precisions / positives],
        ['roc_auc', 'average_precision'],
      );
    }
  },
);
