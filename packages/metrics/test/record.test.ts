import { describe, expect, test } from 'vitest';
import {
  type EvaluationRecord,
  evaluate,
  flatMetrics,
  permutationImportance,
  plotFiles,
  randomSource,
  readRecord,
  slicesOf,
  writeRecord,
} from '../src/index.ts';

const random = randomSource(1);
const truth = Array.from({ length: 500 }, () => String(random.below(2)));
const scores = Float64Array.from(truth, (label) => (Number(label) + random.next() / 2 ** 32) / 2);

const record: EvaluationRecord = {
  schema: 'rastro/evaluation/v1',
  model: { name: 'churn', sha256: 'a'.repeat(64), size: 1234 },
  data: { name: 'test', files: [{ path: 'data/test.csv', sha256: 'b'.repeat(64) }], rows: 500 },
  evaluator: { name: 'rastro', version: '1.0.0', versions: { onnxruntime: '1.30.0', duckdb: '1.4.0' } },
  signature: { inputs: [{ name: 'x', type: 'float32', shape: ['N', 6, null] }], outputs: [], opset: 17 },
  params: { depth: 3, booster: 'gbt' },
  evaluation: evaluate({
    task: 'binary',
    truth,
    scores,
    threshold: 0.5,
    slices: [{ column: 'half', values: truth.map((_, row) => (row < 250 ? 'first' : 'second')) }],
    resamples: 50,
  }),
};

describe('a record', () => {
  test('is read back as it was written', () => {
    expect(readRecord(writeRecord(record), 'metrics/churn.json')).toEqual(record);
  });

  test('has the same bytes however its keys came', () => {
    const turned = Object.fromEntries(Object.entries(record).reverse()) as unknown as EvaluationRecord;
    const metrics = Object.fromEntries(Object.entries(record.evaluation.metrics).reverse());
    const shuffled = { ...turned, evaluation: { ...record.evaluation, metrics } };
    expect(writeRecord(shuffled)).toBe(writeRecord(record));
    expect(writeRecord(record).endsWith('}\n')).toBe(true);
  });

  test('stays small: curves are thinned', () => {
    expect(record.evaluation.curves!.roc.length).toBeLessThanOrEqual(101);
    expect(record.evaluation.curves!.roc.at(0)).toEqual([0, 0]);
    expect(record.evaluation.curves!.roc.at(-1)).toEqual([1, 1]);
  });

  test.each(['rastro/evaluation/v0', 'rastro/evaluation/v2'])(
    'of the schema %s is told as such',
    (schema) => {
      const text = JSON.stringify({ ...JSON.parse(writeRecord(record)), schema, more: 1 });
      expect(() => readRecord(text, 'metrics/old.json')).toThrow(
        `metrics/old.json is of the schema "${schema}", and this version of Rastro reads "rastro/evaluation/v1"`,
      );
    },
  );

  test('with a number that is none is not written', () => {
    const metrics = { accuracy: { value: Number.NaN, low: null, high: null, goal: 'max' as const } };
    const broken = { ...record, evaluation: { ...record.evaluation, metrics } };
    expect(() => writeRecord(broken)).toThrow('evaluation.metrics.accuracy.value');
  });

  test('with an interval that ends before it begins is refused', () => {
    const turned = JSON.parse(writeRecord(record));
    Object.assign(turned.evaluation.metrics.accuracy, { low: 0.9, high: 0.1 });
    expect(() => readRecord(JSON.stringify(turned), 'a.json')).toThrow('"low" is above "high"');
  });

  test.each([
    ['no JSON', '{', 'is not JSON'],
    ['another version', writeRecord(record).replace('evaluation/v1', 'evaluation/v9'), 'schema'],
    ['an unknown key', writeRecord(record).replace('"opset"', '"opsets"'), 'opset'],
  ])('with %s is refused', (_, text, message) => {
    expect(() => readRecord(text, 'metrics/churn.json')).toThrow(message);
  });
});

describe('files for other tools', () => {
  test('flat metrics hold every number and nothing else', () => {
    const flat = JSON.parse(flatMetrics(record));
    expect(flat.accuracy).toBe(record.evaluation.metrics.accuracy!.value);
    expect(Object.values(flat).every((value) => typeof value === 'number')).toBe(true);
  });

  test('plots have one list of points each', () => {
    const files = plotFiles(record);
    expect([...files.keys()]).toEqual([
      'roc.json',
      'precision_recall.json',
      'calibration.json',
      'confusion.json',
    ]);
    expect(JSON.parse(files.get('roc.json')!)[0]).toEqual({ fpr: 0, tpr: 0 });
    expect(JSON.parse(files.get('confusion.json')!)).toHaveLength(record.evaluation.rows);
  });
});

test('a column that the model reads is important, one that it ignores is not', async () => {
  const useful = scores;
  const found = await permutationImportance({
    task: 'binary',
    truth,
    columns: ['useful', 'idle'],
    metric: 'roc_auc',
    answer: async (column, order) => ({
      scores: column === 'useful' ? Float64Array.from(order!, (row) => useful[row]!) : useful,
    }),
    slices: slicesOf({ column: 'half', values: truth.map((_, row) => (row < 250 ? 'first' : 'second')) }),
  });
  expect(found.map(({ column, slice }) => `${column} ${slice?.value ?? 'all'}`)).toEqual([
    'useful all',
    'useful first',
    'useful second',
    'idle all',
    'idle first',
    'idle second',
  ]);
  expect(found[0]!.mean).toBeGreaterThan(0.4);
  expect(found[0]!.low).toBeGreaterThan(0.3);
  expect(found[3]).toMatchObject({ mean: 0, low: 0, high: 0 });
});
