import { InputError } from '@rastro/fault';
import { describe, expect, test } from 'vitest';
import {
  compare,
  type EvaluateRequest,
  type EvaluationRecord,
  evaluate,
  type MetricSpec,
  randomSource,
  whyNotPaired,
} from '../src/index.ts';
import { describeReal, realCsv } from './real.ts';

const SHA = 'a'.repeat(64);

function recordOf(request: EvaluateRequest, changes: Partial<EvaluationRecord> = {}): EvaluationRecord {
  const evaluation = evaluate(request);
  return {
    schema: 'rastro/evaluation/v1',
    model: { name: 'churn', sha256: SHA, size: 1 },
    data: { name: 'test', files: [{ path: 'data/test.csv', sha256: SHA }], rows: evaluation.rows },
    evaluator: { name: 'rastro', version: '0.0.0', versions: {} },
    params: {},
    evaluation,
    ...changes,
  };
}

/** A record with only this accuracy, as a file from elsewhere may hold it. */
function withMetrics(metrics: Record<string, number | null>, halfWidth = 0.01): EvaluationRecord {
  const record = recordOf({ task: 'binary', truth: ['0', '1'], predictions: ['0', '1'], resamples: 0 });
  const values = Object.entries(metrics).map(([name, value]) => [
    name,
    {
      value,
      low: value === null ? null : value - halfWidth,
      high: value === null ? null : value + halfWidth,
      goal: 'max' as const,
    },
  ]);
  return { ...record, evaluation: { ...record.evaluation, metrics: Object.fromEntries(values) } };
}

const byAccuracy: readonly MetricSpec[] = [{ metric: 'accuracy' }];
const compareRecords = (
  baseline: EvaluationRecord | undefined,
  candidate: EvaluationRecord,
  specs = byAccuracy,
) => compare({ baseline, candidate, specs });

test('where nothing says which metrics decide, the usual ones do, and those that are none of ours', () => {
  const before = withMetrics({ accuracy: 0.8, profit: 12, mcc: 0.5 });
  const verdicts = (candidate: EvaluationRecord) =>
    compare({ baseline: before, candidate, specs: [] }).metrics.map(({ metric, verdict }) => [
      metric,
      verdict,
    ]);
  expect(verdicts(withMetrics({ accuracy: 0.8, profit: 7, mcc: 0.1 }))).toEqual([
    ['accuracy', 'inconclusive'],
    ['profit', 'regressed'],
  ]);
  expect(verdicts(withMetrics({ accuracy: 0.8, mcc: 0.5 }))).toEqual([
    ['accuracy', 'inconclusive'],
    ['profit', 'missing'],
  ]);
});

describe('records alone', () => {
  test.each([
    ['clearly better', 0.8, 0.9, 'improved'],
    ['clearly worse', 0.9, 0.8, 'regressed'],
    ['within the noise', 0.8, 0.805, 'inconclusive'],
    ['the same', 0.8, 0.8, 'inconclusive'],
    ['below zero and worse', -0.2, -0.4, 'regressed'],
    ['from zero', 0, 0.2, 'improved'],
    ['to zero', 0.2, 0, 'regressed'],
  ])('%s', (_, before, after, verdict) => {
    const found = compareRecords(withMetrics({ accuracy: before }), withMetrics({ accuracy: after }));
    expect(found.verdict).toBe(verdict);
    expect(found.metrics[0]?.method).toBe('intervals');
  });

  test('a loss is better when it is less', () => {
    const specs = [{ metric: 'log_loss' }];
    const [low, high] = [withMetrics({ log_loss: 0.3 }), withMetrics({ log_loss: 0.4 })];
    expect(compareRecords(high, low, specs).verdict).toBe('improved');
    expect(compareRecords(low, high, specs).verdict).toBe('regressed');
  });

  test('a target is neared from both sides', () => {
    const specs = [{ metric: 'selection_rate', target: 0.5 }];
    const [near, far] = [withMetrics({ selection_rate: 0.55 }), withMetrics({ selection_rate: 0.2 })];
    expect(compareRecords(far, near, specs).verdict).toBe('improved');
    expect(compareRecords(near, far, specs).verdict).toBe('regressed');
  });

  test('a tolerance bears a loss, as a number or as a share of the baseline', () => {
    const [before, after] = [withMetrics({ accuracy: 0.9 }, 0.001), withMetrics({ accuracy: 0.85 }, 0.001)];
    const verdict = (spec: Partial<MetricSpec>) =>
      compareRecords(before, after, [{ metric: 'accuracy', ...spec }]).verdict;
    expect(verdict({})).toBe('regressed');
    expect(verdict({ tolerance: 0.06 })).toBe('inconclusive');
    expect(verdict({ relativeTolerance: 0.1 })).toBe('inconclusive');
    expect(verdict({ tolerance: 0.04 })).toBe('regressed');
  });

  test('a bound is kept whatever the baseline', () => {
    const record = withMetrics({ accuracy: 0.8 });
    const verdict = (spec: Partial<MetricSpec>, baseline?: EvaluationRecord) =>
      compareRecords(baseline, record, [{ metric: 'accuracy', ...spec }]);
    expect(verdict({ min: 0.9 }, record).verdict).toBe('breach');
    expect(verdict({ max: 0.7 }).verdict).toBe('breach');
    expect(verdict({ min: 0.9 }).metrics[0]?.reason).toContain('0.8 is below');
    expect(verdict({ min: 0.7, max: 0.9 }, record).verdict).toBe('inconclusive');
  });

  test('without a baseline it says so', () => {
    expect(compareRecords(undefined, withMetrics({ accuracy: 0.8 })).verdict).toBe('no-baseline');
  });

  test('without intervals any worsening counts, and the method tells', () => {
    const bare = (value: number) => {
      const record = withMetrics({ accuracy: value });
      const accuracy = { value, low: null, high: null, goal: 'max' as const };
      return { ...record, evaluation: { ...record.evaluation, metrics: { accuracy } } };
    };
    const found = compareRecords(bare(0.8), bare(0.799));
    expect(found.verdict).toBe('regressed');
    expect(found.metrics[0]?.method).toBe('point');
  });

  test('metrics of the user are judged by the goal in the record when there are no others', () => {
    const found = compareRecords(withMetrics({ profit: 10 }), withMetrics({ profit: 5 }), []);
    expect(found.metrics[0]).toMatchObject({ metric: 'profit', verdict: 'regressed' });
  });

  test('records without a metric are refused', () => {
    expect(() => compareRecords(withMetrics({}), withMetrics({}), [])).toThrow('neither record has a metric');
  });

  test('records of different tasks are refused', () => {
    const regression = recordOf({
      task: 'regression',
      truth: Float64Array.of(1, 2),
      predictions: Float64Array.of(1, 2),
      resamples: 0,
    });
    expect(() => compareRecords(withMetrics({ accuracy: 1 }), regression)).toThrow(InputError);
  });

  test('a metric that nobody knows, without a goal, is refused', () => {
    const record = withMetrics({ accuracy: 1 });
    expect(() => compareRecords(record, record, [{ metric: 'acuracy' }])).toThrow(
      'there is no metric "acuracy"',
    );
  });

  test('signature, parameters and data that differ are listed', () => {
    const record = withMetrics({ accuracy: 0.8 });
    const tensor = (name: string) => ({ name, type: 'float32', shape: ['N', 6] });
    const signature = (name: string) => ({ inputs: [tensor(name)], outputs: [], opset: 17 });
    const found = compareRecords(
      { ...record, signature: signature('x'), params: { depth: 3 } },
      {
        ...record,
        signature: signature('y'),
        params: { depth: 4 },
        data: { ...record.data, files: [{ path: 'data/test.csv', sha256: 'b'.repeat(64) }] },
      },
    );
    expect(found.dataDiffers).toBe(true);
    expect(found.differences.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
      'signature input x',
      'signature input y',
      'parameter depth',
      'data data/test.csv',
    ]);
  });
});

describe('nothing passes in silence', () => {
  const good = withMetrics({ accuracy: 0.8, f1: 0.7 });
  test.each<[string, EvaluationRecord, EvaluationRecord]>([
    ['the candidate lacks the metric', good, withMetrics({ f1: 0.7 })],
    ['it is NaN', good, withMetrics({ accuracy: Number.NaN, f1: 0.7 })],
    ['it is infinite', good, withMetrics({ accuracy: Number.POSITIVE_INFINITY, f1: 0.7 })],
    ['it has no value', good, withMetrics({ accuracy: null, f1: 0.7 })],
    ['the metric was renamed', good, withMetrics({ Accuracy: 0.8, f1: 0.7 })],
    ['a metric that nobody asked about is gone', good, withMetrics({ accuracy: 0.8 })],
    ['one that nobody asked about is NaN', good, withMetrics({ accuracy: 0.8, f1: Number.NaN })],
    ['the baseline is NaN', withMetrics({ accuracy: Number.NaN }), good],
    ['nothing is left', good, withMetrics({})],
  ])('%s', (_, baseline, candidate) => {
    const found = compareRecords(baseline, candidate);
    expect(found.verdict).toBe('missing');
    const missing = found.metrics.filter(({ verdict }) => verdict === 'missing');
    expect(missing.every(({ metric, reason }) => reason.includes(metric))).toBe(true);
  });

  test.each([
    ['recall', { task: 'binary', truth: ['0', '0'], predictions: ['0', '1'], classes: ['0', '1'] }],
    ['r2', { task: 'regression', truth: Float64Array.of(5, 5), predictions: Float64Array.of(4, 6) }],
    ['mape', { task: 'regression', truth: Float64Array.of(0, 5), predictions: Float64Array.of(0, 6) }],
  ] satisfies [string, EvaluateRequest][])(
    'a value of %s by convention keeps no bound',
    (metric, request) => {
      const record = recordOf({ ...request, resamples: 0 });
      expect(record.evaluation.metrics[metric]).toMatchObject({ value: expect.any(Number), defined: false });
      for (const baseline of [undefined, record]) {
        const found = compareRecords(baseline, record, [{ metric, min: -1, max: 1e300 }]);
        expect(found.verdict).toBe('missing');
        expect(found.metrics[0]?.reason).toMatch(/the truth/);
      }
    },
  );

  test('a renamed metric names what came instead', () => {
    const found = compareRecords(good, withMetrics({ accuracy: 0.8, F1: 0.7 }));
    expect(found.metrics.at(-1)?.reason).toBe('the candidate has no f1; it has F1, which the baseline lacks');
  });

  test('what is of another class now is not compared with what it was', () => {
    const request = { task: 'binary', truth: ['1', '2', '2'], predictions: ['1', '2', '1'] } as const;
    const [one, two] = ['1', '2'].map((positive) => recordOf({ ...request, positive, resamples: 0 }));
    const found = compareRecords(one, two!, [{ metric: 'accuracy' }, { metric: 'recall' }]);
    expect(found.metrics[0]?.verdict).toBe('inconclusive');
    expect(found.metrics[1]).toMatchObject({
      verdict: 'missing',
      reason: "the baseline's recall is of the class 1, the candidate's of 2",
    });
    expect(found.verdict).toBe('missing');
  });

  test('a model that became constant regresses', () => {
    const random = randomSource(1);
    const truth = Array.from({ length: 2000 }, () => String(Number(random.below(10) < 3)));
    const scores = Float64Array.from(truth, (label) => (Number(label) + random.next() / 2 ** 32) / 2);
    const candidate = { scores: new Float64Array(2000).fill(0.1) };
    const found = compare({
      baseline: recordOf({ task: 'binary', truth, scores, resamples: 200 }),
      candidate: recordOf({ task: 'binary', truth, ...candidate, resamples: 200 }),
      specs: [],
      paired: { task: 'binary', truth, baseline: { scores }, candidate, resamples: 200 },
    });
    expect(found.metrics.map(({ metric, verdict }) => `${metric} ${verdict}`)).toEqual([
      'accuracy regressed',
      'f1 regressed',
      'roc_auc regressed',
      'log_loss regressed',
    ]);
  });
});

describe('paired rows', () => {
  const random = randomSource(3);
  const truth = Array.from({ length: 1000 }, () => String(random.below(2)));
  const noisy = (right: number) =>
    truth.map((label) => (random.below(100) < right ? label : label === '1' ? '0' : '1'));
  const base = noisy(80);
  const group = truth.map((_, row) => (row % 4 === 0 ? 'a' : 'b'));

  test('a total that got better hides no slice that got worse', () => {
    const turn = (label: string) => (label === '1' ? '0' : '1');
    const after = truth.map((label, row) =>
      group[row] === 'a' ? (row % 8 === 0 ? turn(label) : label) : label,
    );
    const slices = [{ column: 'group', values: group }];
    const found = compare({
      baseline: recordOf({ task: 'binary', truth, predictions: base, slices, resamples: 100 }),
      candidate: recordOf({ task: 'binary', truth, predictions: after, slices, resamples: 100 }),
      specs: byAccuracy,
      paired: {
        task: 'binary',
        truth,
        baseline: { predictions: base },
        candidate: { predictions: after },
        slices,
      },
    });
    expect(found.metrics[0]?.verdict).toBe('improved');
    expect(found.hiddenRegressions.map(({ slice }) => slice?.value)).toEqual(['a']);
    expect(found.verdict).toBe('regressed');
  });

  test('a baseline that does not know a class of the rows cannot be held against them, and why is told', () => {
    const rows = {
      task: 'multiclass',
      truth: ['a', 'b', 'c'],
      candidate: { predictions: ['a', 'b', 'c'] },
    } as const;
    const baseline = { predictions: ['a', 'b', 'b'], classes: ['a', 'b'] };
    expect(whyNotPaired({ ...rows, baseline })).toMatch(/the truth of row 3 is "c", which is none of .*a, b/);
    expect(whyNotPaired({ ...rows, baseline: { ...baseline, classes: ['a', 'b', 'c', 'd'] } })).toContain(
      'the baseline knows the classes a, b, c, d, the candidate a, b, c',
    );
    expect(whyNotPaired({ ...rows, baseline: rows.candidate })).toBeUndefined();
  });

  test('each side has a threshold of its own', () => {
    const scores = Float64Array.from(truth, (label, row) => (label === '1' ? 0.6 : 0.1) + (row % 10) / 100);
    const [before, after] = [0.5, 0.65].map((threshold) => ({ scores, threshold }));
    const found = compare({
      baseline: recordOf({ task: 'binary', truth, ...before!, resamples: 100 }),
      candidate: recordOf({ task: 'binary', truth, ...after!, resamples: 100 }),
      specs: [{ metric: 'recall' }, { metric: 'roc_auc' }],
      paired: { task: 'binary', truth, baseline: before!, candidate: after!, resamples: 200 },
    });
    expect(found.metrics.map(({ verdict }) => verdict)).toEqual(['regressed', 'inconclusive']);
    expect(found.churn?.broken).toBeGreaterThan(100);
  });

  test('a slice that the candidate no longer tells is missing', () => {
    const slices = [{ column: 'group', values: group }];
    const found = compare({
      baseline: recordOf({ task: 'binary', truth, predictions: base, slices, resamples: 0 }),
      candidate: recordOf({ task: 'binary', truth, predictions: base, resamples: 0 }),
      specs: byAccuracy,
    });
    expect(found.verdict).toBe('missing');
    expect(found.slices.map(({ reason }) => reason)).toEqual([
      'the candidate has no accuracy where group is a',
      'the candidate has no accuracy where group is b',
    ]);
  });

  test('churn counts rows mended and broken', () => {
    const after = [...base];
    for (const row of [0, 1, 2]) after[row] = after[row] === '1' ? '0' : '1';
    const right = [0, 1, 2].filter((row) => after[row] === truth[row]).length;
    const record = recordOf({ task: 'binary', truth, predictions: base, resamples: 0 });
    const found = compare({
      baseline: record,
      candidate: recordOf({ task: 'binary', truth, predictions: after, resamples: 0 }),
      specs: byAccuracy,
      paired: { task: 'binary', truth, baseline: { predictions: base }, candidate: { predictions: after } },
    });
    expect(found.churn).toEqual({
      rows: 1000,
      changed: 3,
      mended: right,
      broken: 3 - right,
      meanChange: null,
    });
    expect(found.metrics[0]).toMatchObject({ method: 'mcnemar', verdict: 'inconclusive' });
  });

  test('the same answers are no difference, for every metric and method', () => {
    const scores = Float64Array.from(truth, (label) => (Number(label) + random.next() / 2 ** 32) / 2);
    const record = recordOf({ task: 'binary', truth, scores, resamples: 100 });
    const found = compare({
      baseline: record,
      candidate: record,
      specs: Object.keys(record.evaluation.metrics).map((metric) => ({ metric })),
      paired: { task: 'binary', truth, baseline: { scores }, candidate: { scores }, resamples: 100 },
    });
    expect(new Set(found.metrics.map(({ reason }) => reason))).toEqual(new Set(['no difference']));
    expect(found.verdict).toBe('inconclusive');
  });
});

describe('a model against its equal', () => {
  const rows = 300;
  const source = randomSource(11);
  const truth = Array.from({ length: rows }, () => String(Number(source.below(10) < 4)));
  const score = (label: string) => Math.min(1, (Number(label) * 0.4 + source.next() / 2 ** 32) / 1.4);
  const one = Float64Array.from(truth, score);
  const other = Float64Array.from(truth, score);

  test('regresses in at most 5 % of 1,000 trials on paired rows', () => {
    let regressed = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const random = randomSource(trial, 'swap');
      const draw = Uint32Array.from({ length: rows }, () => random.below(rows));
      const isSwapped = Uint8Array.from(draw, () => random.below(2));
      const drawn = Array.from(draw, (row) => truth[row]!);
      const side = (first: Float64Array, second: Float64Array) => ({
        scores: Float64Array.from(draw, (row, i) => (isSwapped[i] ? second[row]! : first[row]!)),
      });
      const [baseline, candidate] = [side(one, other), side(other, one)];
      const specs = ['accuracy', 'f1', 'roc_auc', 'log_loss'].map((metric) => ({ metric }));
      const metrics = specs.map(({ metric }) => metric);
      const question = { task: 'binary', truth: drawn, classes: ['0', '1'] } as const;
      const { verdict } = compare({
        baseline: recordOf({ ...question, ...baseline, metrics, resamples: 0 }),
        candidate: recordOf({ ...question, ...candidate, metrics, resamples: 0 }),
        specs,
        paired: { task: 'binary', truth: drawn, baseline, candidate, resamples: 100, seed: trial },
      });
      if (verdict === 'regressed') regressed++;
    }
    expect(regressed).toBeLessThanOrEqual(50);
  });

  test('regresses in at most 5 % of 1,000 trials by intervals', () => {
    let regressed = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const random = randomSource(trial, 'rows');
      const record = () => {
        const draw = Uint32Array.from({ length: rows }, () => random.below(rows));
        return recordOf({
          task: 'binary',
          truth: Array.from(draw, (row) => truth[row]!),
          classes: ['0', '1'],
          scores: Float64Array.from(draw, (row) => one[row]!),
          metrics: ['accuracy', 'f1', 'roc_auc', 'log_loss'],
          resamples: 100,
          seed: trial,
        });
      };
      if (compare({ baseline: record(), candidate: record(), specs: [] }).verdict === 'regressed')
        regressed++;
    }
    expect(regressed).toBeLessThanOrEqual(50);
  });
});

/** Two models on real rows: their records, and both answers side by side. Read only where the data is. */
function adult() {
  const rows = realCsv('binary-adult/predictions_test.csv');
  const data = realCsv('binary-adult/test.csv');
  const truth = rows.texts('y_true');
  const slices = [{ column: 'sex', values: data.texts('sex') }];
  const answers = (version: string) => ({
    predictions: rows.texts(`pred_${version}`),
    scores: rows.numbers(`p_${version}`),
  });
  const record = (version: string) =>
    recordOf({ task: 'binary', truth, ...answers(version), slices, resamples: 200 });
  const paired = (before: string, after: string) => ({
    task: 'binary' as const,
    truth,
    baseline: answers(before),
    candidate: answers(after),
    slices,
    resamples: 300,
  });

  return { v1: record('v1'), v2: record('v2'), paired };
}

describeReal('adult', () => {
  test('v2 is better than v1, by rows and by records', () => {
    const { v1, v2, paired } = adult();
    const found = compare({ baseline: v1, candidate: v2, specs: [], paired: paired('v1', 'v2') });
    expect(found.verdict).toBe('improved');
    expect(found.metrics.map(({ method }) => method)).toEqual([
      'mcnemar',
      'paired-bootstrap',
      'delong',
      'paired-bootstrap',
    ]);
    expect(found.churn).toMatchObject({ mended: 871, broken: 363 });
    expect(compare({ baseline: v1, candidate: v2, specs: [] }).verdict).toBe('improved');
  });

  test('v1 is worse than v2, by rows and by records', () => {
    const { v1, v2, paired } = adult();
    expect(compare({ baseline: v2, candidate: v1, specs: [], paired: paired('v2', 'v1') }).verdict).toBe(
      'regressed',
    );
    expect(compare({ baseline: v2, candidate: v1, specs: [] }).verdict).toBe('regressed');
  });
});
