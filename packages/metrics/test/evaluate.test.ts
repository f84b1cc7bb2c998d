import { InputError } from '@rastro/fault';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accelerationOf, jackknife } from '../src/bootstrap.ts';
import { type EvaluateRequest, evaluate, metricsOf, randomSource } from '../src/index.ts';
import { measurer } from '../src/measurer.ts';

const small: EvaluateRequest = {
  task: 'binary',
  truth: ['0', '1', '1', '0', '1', '0'],
  scores: Float64Array.of(0.1, 0.8, 0.4, 0.6, 0.9, 0.2),
  resamples: 0,
};

function codeOf(request: EvaluateRequest): string {
  try {
    evaluate(request);
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
  return 'none';
}

describe('what cannot be judged is told', () => {
  test.each<[string, EvaluateRequest, string]>([
    ['no rows', { ...small, truth: [], scores: new Float64Array() }, 'no-rows'],
    ['a missing truth', { ...small, truth: ['0', null, '1', '0', '1', '0'] }, 'missing-value'],
    [
      'a score that is not a number',
      { ...small, scores: small.scores!.with(2, Number.NaN) },
      'score-not-a-number',
    ],
    [
      'a truth that the model does not know',
      { ...small, classes: ['0', '2'], truth: ['0', '1', '0', '0', '0', '0'] },
      'unknown-label',
    ],
    [
      'three classes in a binary task',
      { ...small, truth: ['0', '1', '2', '0', '1', '0'] },
      'too-many-classes',
    ],
    ['a positive label that is no class', { ...small, positive: 'yes' }, 'positive-absent'],
    ['scores for other rows', { ...small, scores: new Float64Array(5) }, 'answers-do-not-fit'],
    ['neither labels nor scores', { ...small, scores: undefined }, 'answers-do-not-fit'],
    ['a metric that is none', { ...small, metrics: ['acuracy'] }, 'unknown-metric'],
    ['a metric of another task', { ...small, metrics: ['rmse'] }, 'unknown-metric'],
    ['a slice of other rows', { ...small, slices: [{ column: 'sex', values: ['f'] }] }, 'slice-length'],
    [
      'an infinite prediction',
      { task: 'regression', truth: Float64Array.of(1), predictions: Float64Array.of(Infinity) },
      'answers-do-not-fit',
    ],
  ])('%s', (_, request, code) => {
    expect(codeOf(request)).toBe(code);
  });

  test('one class only leaves the AUC without a value, with the reason', () => {
    const { metrics } = evaluate({ ...small, truth: Array(6).fill('1') });
    expect(metrics.roc_auc).toMatchObject({ value: null, note: 'the truth holds one class only' });
    expect(metrics.specificity).toMatchObject({ value: 0, defined: false });
    expect(metrics.accuracy?.value).toBe(0.5);
  });

  test('no positive row leaves recall undefined, and precision and f1 at 0', () => {
    const { metrics } = evaluate({ ...small, truth: Array(6).fill('0') });
    for (const name of ['f1', 'precision']) {
      expect(metrics[name], name).toMatchObject({ value: 0, note: 'no row of the truth is positive' });
    }
    for (const name of ['recall', 'average_precision']) {
      expect(metrics[name], name).toMatchObject({
        value: 0,
        low: null,
        note: 'no row of the truth is positive',
        defined: false,
      });
    }
  });

  test('a model that never says yes has precision 0 by convention, and it is told', () => {
    const { metrics } = evaluate({ ...small, scores: new Float64Array(6).fill(0.1) });
    expect(metrics.precision).toMatchObject({ value: 0, note: 'no row was called positive; counted as 0' });
    expect(metrics.roc_auc?.value).toBe(0.5);
  });

  test('scores that are no probabilities rank, but have no log loss', () => {
    const { metrics, calibration } = evaluate({
      ...small,
      scores: Float64Array.of(-3, 4, 0.4, 0.6, 9, -1),
      threshold: 0.5,
    });
    expect(metrics.log_loss?.note).toContain('row 1 has -3');
    expect(metrics.roc_auc?.value).toBeCloseTo(8 / 9, 14);
    expect(calibration).toBeUndefined();
  });

  test('two scores of a row that do not sum to 1 are no probabilities either', () => {
    const positive = [0.1, 0.8, 0.4, 0.6, 0.9, 0.2];
    const scores = (other: (p: number) => number) =>
      Float64Array.from(positive.flatMap((p) => [other(p), p]));
    const judged = (other: (p: number) => number) =>
      evaluate({ ...small, classes: ['0', '1'], scores: scores(other) }).metrics;
    expect(judged((p) => 1 - p).brier?.value).toBeCloseTo(evaluate(small).metrics.brier!.value!, 12);
    expect(judged((p) => 0.7 - p / 2).brier).toMatchObject({
      value: null,
      note: expect.stringContaining('those of row 1 sum to 0.75'),
    });
  });

  test('an absent class leaves the plain AUC over classes without a value, and those over what occurs with one', () => {
    const { metrics } = evaluate({
      task: 'multiclass',
      truth: ['a', 'b', 'a'],
      classes: ['a', 'b', 'c'],
      scores: Float64Array.of(0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.5, 0.3, 0.2),
      resamples: 0,
    });
    expect(metrics.roc_auc_ovr?.value).toBeNull();
    expect(metrics.roc_auc_ovo?.value).toBe(1);
    expect(metrics.roc_auc_ovr_weighted?.value).toBe(1);
    expect(metrics.average_precision_macro).toMatchObject({ note: 'not in the truth, counted as 0: c' });
    expect(metrics.f1_macro?.value).toBe(1);
  });

  test('a truth that is constant up to the last digit has no r2, however many rows', () => {
    const truth = new Float64Array(1001).fill(3.7);
    const predictions = truth.map((value, row) => value + Math.sin(row));
    const { r2, explained_variance } = evaluate({
      task: 'regression',
      truth,
      predictions,
      resamples: 0,
    }).metrics;
    for (const each of [r2, explained_variance]) expect(each).toMatchObject({ value: 0, defined: false });
  });

  test('a constant truth leaves r2 undefined, and a zero in it mape', () => {
    const { metrics } = evaluate({
      task: 'regression',
      truth: Float64Array.of(0, 0, 0),
      predictions: Float64Array.of(1, 2, 3),
      resamples: 0,
    });
    expect(metrics.r2).toMatchObject({ value: 0, defined: false, note: 'the truth is constant' });
    expect(metrics.mape).toMatchObject({ value: 2 ** 53, defined: false, note: 'the truth holds a zero' });
    expect(metrics.mae?.value).toBe(2);
  });
});

describe('labels', () => {
  test.each([
    [['1', '2'], '1'],
    [['0', '2'], '2'],
    [['<=50K', '>50K'], '>50K'],
    [['yes', 'no'], 'yes'],
    [['True', 'False'], 'True'],
    [['-1', '1'], '1'],
    [['10', '9'], '10'],
  ])('of %s the positive one is %s', (labels, positive) => {
    const found = evaluate({ task: 'binary', truth: labels, predictions: labels, resamples: 0 });
    expect(found.positive).toBe(positive);
    expect(found.metrics.accuracy?.value).toBe(1);
  });

  test('1.0 in a file and 1 from the model are the same label', () => {
    const { metrics } = evaluate({
      task: 'binary',
      truth: ['1.0', '0.0', '1.0'],
      predictions: ['1', '0', '0'],
      classes: ['0', '1'],
      resamples: 0,
    });
    expect(metrics.accuracy?.value).toBeCloseTo(2 / 3, 14);
  });

  test('a score that may be that of 1 or of 2 waits for the positive label', () => {
    const request = {
      task: 'binary' as const,
      truth: ['1', '2', '2', '1'],
      scores: Float64Array.of(0.2, 0.9, 0.7, 0.4),
      resamples: 0,
    };
    expect(codeOf(request)).toBe('positive-unclear');
    expect(evaluate({ ...request, positive: '2' }).metrics.roc_auc?.value).toBe(1);
    expect(evaluate({ ...request, positive: '1' }).metrics.roc_auc?.value).toBe(0);
  });

  test('a label that the model does not know is told with those that it does', () => {
    const request = { ...small, truth: ['1', '7', '0', '0', '1', '0'], classes: ['0', '1'] };
    expect(codeOf(request)).toBe('unknown-label');
    expect(() => evaluate(request)).toThrow('is "7", which is none of the model\'s classes 0, 1');
  });

  test('labels that contradict the scores are counted', () => {
    const predictions = ['1', '0', '0', '1', '1', '0'];
    expect(evaluate({ ...small, predictions }).disagreements).toBe(2);
    expect(evaluate({ ...small, predictions }).confusion).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(evaluate({ ...small, predictions, threshold: 0.5 }).confusion).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });

  test('probabilities of both classes count for the positive one, wherever it stands', () => {
    const scores = Float64Array.of(0.9, 0.1, 0.3, 0.7);
    const { metrics } = evaluate({
      task: 'binary',
      truth: ['b', 'a'],
      classes: ['b', 'a'],
      positive: 'b',
      scores,
      resamples: 0,
    });
    expect(metrics.accuracy?.value).toBe(1);
    expect(metrics.log_loss?.value).toBeCloseTo(-(Math.log(0.9) + Math.log(0.7)) / 2, 14);
  });
});

describe('slices', () => {
  const rows = 300;
  const random = randomSource(5);
  const truth = Array.from({ length: rows }, () => String(random.below(2)));
  const predictions = truth.map((label) => (random.below(10) < 8 ? label : '1'));
  const sex = Array.from({ length: rows }, (_, row) => (row < 10 ? null : row % 2 ? 'f' : 'm'));
  const age = Float64Array.from({ length: rows }, () => random.below(80));
  const request: EvaluateRequest = { task: 'binary', truth, predictions, resamples: 50 };

  test('one with too few rows is counted and named, not judged', () => {
    const { slices } = evaluate({ ...request, slices: [{ column: 'sex', values: sex }] });
    expect(slices.map(({ value, rows, judged }) => ({ value, rows, judged }))).toEqual([
      { value: 'f', rows: 145, judged: true },
      { value: 'm', rows: 145, judged: true },
      { value: 'null', rows: 10, judged: false },
    ]);
    expect(slices[2]?.metrics).toEqual({});
  });

  test('ranges of a number cover every row once', () => {
    const { slices } = evaluate({ ...request, slices: [{ column: 'age', values: age, edges: [18, 65] }] });
    expect(slices.map(({ value }) => value)).toEqual(['< 18', '18 to 65', '>= 65']);
    expect(slices.reduce((sum, slice) => sum + slice.rows, 0)).toBe(rows);
  });

  test('the numbers of a slice do not change when another is added', () => {
    const bySex = { column: 'sex', values: sex };
    const alone = evaluate({ ...request, slices: [bySex] }).slices;
    const both = evaluate({ ...request, slices: [{ column: 'age', values: age }, bySex] }).slices;
    expect(both.filter(({ column }) => column === 'sex')).toEqual(alone);
  });
});

describe('intervals', () => {
  test.each([10, 4095, 4096, 4098, 4099, 20_001])(
    'resamples of %i rows come with the means of their columns, whoever else draws',
    (rows) => {
      const columns = [Math.sin, Math.cos, Math.sqrt].map((of) =>
        Float64Array.from({ length: rows }, (_, row) => of(row) + 2),
      );
      const [one, other] = [randomSource(7, 'a'), randomSource(7, 'a')];
      const drawn = one.resamples(rows, columns, 5);
      const between = randomSource(8).resamples(rows, [columns[1]!], 5);
      const counts = new Uint8Array(rows);
      for (let round = 0; round < 5; round++) {
        drawn.next();
        if (round % 2 === 0) between.next();
        other.resample(counts);
        expect(drawn.weights).toEqual(counts);
        const total = counts.reduce((sum, count) => sum + count, 0);
        for (const [index, values] of columns.entries()) {
          const mean = values.reduce((sum, value, row) => sum + value * counts[row]!, 0) / total;
          expect(drawn.means[index]).toBeCloseTo(mean, 12);
        }
      }
      expect(one.next()).toBe(other.next());
    },
  );

  test('the random numbers are fixed for all time', () => {
    const random = randomSource(42);
    expect(Array.from({ length: 4 }, () => random.next())).toMatchInlineSnapshot(`
      [
        2837322924,
        544945897,
        479756282,
        3500138142,
      ]
    `);
    const counts = new Uint8Array(8192);
    random.resample(counts);
    expect([...counts.subarray(0, 16)]).toMatchInlineSnapshot(`
      [
        1,
        1,
        1,
        0,
        0,
        1,
        0,
        3,
        0,
        1,
        3,
        3,
        1,
        0,
        3,
        1,
      ]
    `);
  });

  test.each([1000, 20_000])(
    'a resample of %i rows counts each row once on average, with a spread of one',
    (rows) => {
      const random = randomSource(1);
      const counts = new Uint8Array(rows);
      let sum = 0;
      let squares = 0;
      const rounds = 200;
      for (let round = 0; round < rounds; round++) {
        random.resample(counts);
        for (const count of counts) {
          sum += count;
          squares += (count - 1) ** 2;
        }
      }
      expect(sum / (rounds * rows)).toBeCloseTo(1, 2);
      expect(squares / (rounds * rows)).toBeCloseTo(1, 1);
    },
  );

  test('95 of 100 intervals hold the true accuracy, percentile and BCa alike', () => {
    for (const interval of ['percentile', 'bca'] as const) {
      let held = 0;
      for (let trial = 0; trial < 200; trial++) {
        const random = randomSource(trial, 'data');
        const truth = Array.from({ length: 400 }, () => '1');
        const predictions = truth.map(() => (random.below(100) < 80 ? '1' : '0'));
        const { accuracy } = evaluate({
          task: 'binary',
          truth,
          predictions,
          classes: ['0', '1'],
          metrics: ['accuracy'],
          resamples: 300,
          seed: trial,
          interval,
        }).metrics;
        if (accuracy!.low! <= 0.8 && accuracy!.high! >= 0.8) held++;
      }
      expect(held / 200, interval).toBeGreaterThan(0.9);
      expect(held / 200, interval).toBeLessThan(0.99);
    }
  });

  test('of more than 100,000 rows has the width that theory says', () => {
    const rows = 400_000;
    const random = randomSource(9);
    const truth = Array.from({ length: rows }, () => '1');
    const predictions = truth.map(() => (random.below(10) < 7 ? '1' : '0'));
    const { accuracy } = evaluate({
      task: 'binary',
      truth,
      predictions,
      classes: ['0', '1'],
      metrics: ['accuracy'],
      resamples: 400,
    }).metrics;
    const width = 2 * 1.96 * Math.sqrt((0.7 * 0.3) / rows);
    expect((accuracy!.high! - accuracy!.low!) / width).toBeGreaterThan(0.85);
    expect((accuracy!.high! - accuracy!.low!) / width).toBeLessThan(1.15);
    expect(accuracy!.low).toBeLessThan(accuracy!.value!);
    expect(accuracy!.high).toBeGreaterThan(accuracy!.value!);
  });

  test('the acceleration of a mean is that of scipy', () => {
    // numpy: d = jk.mean() - jk; (d**3).sum() / (6 * (d**2).sum()**1.5) over the leave-one-out means.
    const values = Float64Array.of(1.2, 3.4, 2.2, 8.9, 4.1, 0.3, 5.5, 2.8);
    const sample = { task: 'regression', rows: 8, truth: values, predicted: new Float64Array(8) } as const;
    const [leftOut] = jackknife(measurer(sample, ['mae']), 8);
    expect(accelerationOf(leftOut!)).toBeCloseTo(0.050249328750563704, 12);
  });
});

describe('properties', () => {
  const rowsArbitrary = fc.array(
    fc.record({
      truth: fc.constantFrom('0', '1'),
      score: fc.oneof(fc.constantFrom(0, 0.25, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    }),
    { minLength: 1, maxLength: 60 },
  );
  const judge = (rows: { truth: string; score: number }[]) =>
    evaluate({
      task: 'binary',
      truth: rows.map(({ truth }) => truth),
      scores: Float64Array.from(rows, ({ score }) => score),
      positive: '1',
      classes: ['0', '1'],
      resamples: 0,
    }).metrics;

  test('the order of rows does not matter', () => {
    fc.assert(
      fc.property(rowsArbitrary, fc.nat(), (rows, seed) => {
        const order = randomSource(seed).permutation(rows.length);
        const shuffled = judge([...order].map((row) => rows[row]!));
        for (const [name, { value }] of Object.entries(judge(rows))) {
          if (value === null) expect(shuffled[name]!.value, name).toBeNull();
          else expect(shuffled[name]!.value, name).toBeCloseTo(value, 9);
        }
      }),
    );
  });

  test('every metric stays inside its bounds', () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        for (const [name, { value }] of Object.entries(judge(rows))) {
          if (value === null) continue;
          expect(Number.isFinite(value), name).toBe(true);
          const signed = name === 'mcc' || name === 'cohen_kappa';
          expect(value, name).toBeGreaterThanOrEqual(signed ? -1 - 1e-12 : 0);
          if (!['log_loss', 'lift_at_10'].includes(name)) expect(value, name).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
    );
  });

  test('turning the scores round turns the AUC round', () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        const auc = judge(rows).roc_auc!.value;
        const turned = judge(rows.map(({ truth, score }) => ({ truth, score: 1 - score }))).roc_auc!.value;
        // 1 - score may melt scores that differ by less than a double can tell next to 1.
        fc.pre(
          new Set(rows.map(({ score }) => score)).size === new Set(rows.map(({ score }) => 1 - score)).size,
        );
        if (auc === null) expect(turned).toBeNull();
        else expect(turned).toBeCloseTo(1 - auc, 9);
      }),
    );
  });

  test('the same request gives the same answer', () => {
    const request = { ...small, resamples: 200 };
    expect(evaluate(request)).toEqual(evaluate(request));
    expect(evaluate({ ...request, seed: 1 }).metrics).not.toEqual(evaluate(request).metrics);
  });

  test('every metric of the catalogue is computed by its task', () => {
    const classes = ['a', 'b', 'c'];
    const truth = ['a', 'b', 'c', 'a'];
    const scores = Float64Array.of(0.6, 0.2, 0.2, 0.1, 0.8, 0.1, 0.2, 0.3, 0.5, 0.4, 0.35, 0.25);
    const many = evaluate({ task: 'multiclass', truth, scores, classes, resamples: 0 }).metrics;
    expect(Object.keys(many)).toEqual(metricsOf('multiclass').map(({ name }) => name));
    expect(Object.keys(evaluate(small).metrics)).toEqual(metricsOf('binary').map(({ name }) => name));
  });
});
