import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Batch, ColumnRequest, LoadedModel, Scores, ScoringRequest } from '@rastro/usecases';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOnnxRuntime, loadOnnxRuntime } from '../src/index.ts';

const real = process.env.RASTRO_REAL ?? join(import.meta.dirname, '../../../../shared/real');
const isThere = existsSync(join(real, 'README.md'));
if (!isThere && process.env.RASTRO_REQUIRE_REAL === '1') throw new Error(`the real data is not at ${real}`);
if (!isThere) console.warn(`skipped: the real data is not at ${real}`);

const runtime = createOnnxRuntime({ load: loadOnnxRuntime });
let tables: DuckDBInstance;

beforeAll(async () => {
  tables = await DuckDBInstance.create();
});
afterAll(() => tables.closeSync());

async function readTable(file: string, columns: readonly ColumnRequest[]): Promise<Batch> {
  const connection = await tables.connect();
  const list = columns.map(({ name, as }) =>
    as === 'number' ? `"${name}"::DOUBLE AS "${name}"` : `"${name}"::VARCHAR AS "${name}"`,
  );
  const result = await connection.runAndReadAll(
    `SELECT ${list.join(', ')} FROM read_csv('${join(real, file)}')`,
  );
  const found = result.getColumns();
  connection.closeSync();
  return {
    rows: found[0]!.length,
    columns: columns.map(({ as }, index) =>
      as === 'number'
        ? Float64Array.from(found[index]!, (value) => (value === null ? Number.NaN : (value as number)))
        : (found[index] as (string | null)[]),
    ),
  };
}

async function scoreFile(model: string, data: string, request: ScoringRequest): Promise<Scores> {
  const loaded = await runtime.load(join(real, model));
  try {
    return await loaded.score(request, await readTable(data, loaded.columns(request)));
  } finally {
    await loaded.close();
  }
}

/** Columns of a table of known answers. */
async function known(file: string, numbers: string[], texts: string[] = []) {
  const columns: ColumnRequest[] = [
    ...numbers.map((name) => ({ name, as: 'number' as const })),
    ...texts.map((name) => ({ name, as: 'string' as const })),
  ];
  const { columns: found } = await readTable(file, columns);
  return {
    numbers: found.slice(0, numbers.length) as Float64Array[],
    texts: found.slice(numbers.length) as string[][],
  };
}

function column({ scores, classes, rows }: Scores, name: string): Float64Array {
  const index = classes!.indexOf(name);
  return Float64Array.from({ length: rows }, (_, row) => scores![row * classes!.length + index]!);
}

function greatestGap(one: Float64Array, other: Float64Array): number {
  expect(one.length).toBe(other.length);
  return one.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index]!)), 0);
}

const adultNumbers = ['age', 'education_num', 'capital_gain', 'capital_loss', 'hours_per_week', 'fnlwgt'];
const adultTexts = [
  'workclass',
  'education',
  'marital_status',
  'occupation',
  'relationship',
  'race',
  'sex',
  'native_country',
];
const diamondsNumbers = ['carat', 'depth', 'table', 'x', 'y', 'z'];
const penguins = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'];
const pixels = Array.from({ length: 64 }, (_, index) => `px${index}`);

describe.skipIf(!isThere)('on real models and data', () => {
  test.each([
    ['v1', 'binary-adult/model_v1_logreg_num6.onnx', adultNumbers],
    ['v2', 'binary-adult/model_v2_gbt_num6.onnx', adultNumbers],
    ['v3', 'binary-adult/model_v3_gbt_multi_input.onnx', [...adultNumbers, ...adultTexts]],
  ])('adult %s gives the labels and probabilities of scikit-learn', async (version, model, features) => {
    const scores = await scoreFile(model, 'binary-adult/test.csv', { task: 'binary', features });
    const oracle = await known('binary-adult/predictions_test.csv', [`p_${version}`], [`pred_${version}`]);
    expect(scores.rows).toBe(16_281);
    expect(scores.classes).toEqual(['0', '1']);
    expect(greatestGap(column(scores, '1'), oracle.numbers[0]!)).toBeLessThan(1e-6);
    expect([...scores.labels!]).toEqual(oracle.texts[0]);
    expect(scores.disagreements).toBeUndefined();
  });

  test.each([
    ['v1', 'a softmax matrix only', 'multiclass-digits/model_v1_softmax_probs_only.onnx'],
    ['v2', 'a forest with labels', 'multiclass-digits/model_v2_rf.onnx'],
  ])('digits %s, %s, gives the probability of all ten classes', async (version, _, model) => {
    const scores = await scoreFile(model, 'multiclass-digits/test.csv', {
      task: 'multiclass',
      features: pixels,
    });
    const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
    const oracle = await known(
      'multiclass-digits/predictions_test.csv',
      digits.map((digit) => `${version}_p${digit}`),
      [`pred_${version}`],
    );
    expect(scores.classes).toEqual(digits);
    for (const digit of digits) {
      expect(greatestGap(column(scores, digit), oracle.numbers[Number(digit)]!)).toBeLessThan(1e-6);
    }
    expect([...scores.labels!]).toEqual(oracle.texts[0]);
  });

  test.each(['model_string_labels.onnx', 'model_string_labels_zipmap.onnx'])(
    'penguins, %s: text labels, and probabilities also from behind a ZipMap',
    async (model) => {
      const scores = await scoreFile(`multiclass-penguins/${model}`, 'multiclass-penguins/test.csv', {
        task: 'multiclass',
        features: penguins,
      });
      const names = ['Adelie', 'Chinstrap', 'Gentoo'];
      const oracle = await known(
        'multiclass-penguins/predictions_test.csv',
        names.map((name) => `p_${name}`),
        ['pred'],
      );
      expect(scores.classes).toEqual(names);
      names.forEach((name, index) => {
        expect(greatestGap(column(scores, name), oracle.numbers[index]!)).toBeLessThan(1e-6);
      });
      expect([...scores.labels!]).toEqual(oracle.texts[0]);
    },
  );

  test.each([
    ['v1', 'regression-diamonds/model_v1_linear.onnx', diamondsNumbers],
    [
      'v2',
      'regression-diamonds/model_v2_gbt_multi_input.onnx',
      [...diamondsNumbers, 'cut', 'color', 'clarity'],
    ],
  ])('diamonds %s gives the price', async (version, model, features) => {
    const scores = await scoreFile(model, 'regression-diamonds/test.csv', { task: 'regression', features });
    const oracle = await known('regression-diamonds/predictions_test.csv', [`pred_${version}`]);
    const relative = scores.values!.map((value, row) => value / oracle.numbers[0]![row]! - 1);
    expect(Math.max(...relative.map(Math.abs))).toBeLessThan(1e-4);
  });

  test('a model with a fixed batch of one row is run row by row', async () => {
    const request = {
      task: 'multiclass' as const,
      features: ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'],
    };
    const one = await runtime.load(join(real, 'onnx-third-party/ruby__randomforest.onnx'));
    expect(one.signature.inputs).toEqual([{ name: 'float_input', type: 'float', shape: [1, 4] }]);
    const iris = irisBatch();
    const byRow = await one.score(request, iris);
    expect(byRow.labels).toHaveLength(150);
    expect(accuracy(byRow, irisTruth())).toBeGreaterThan(0.95);
    await one.close();
  });

  test('a forest from skl2onnx has the accuracy on iris that was measured for it', async () => {
    const model = await runtime.load(join(real, 'onnx-third-party/go__sklearn_randomforest.onnx'));
    const oracle = readJson('oracles/onnx-third-party.json').go__sklearn_randomforest_on_iris;
    const features = ['a', 'b', 'c', 'd'];
    const scores = await model.score({ task: 'multiclass', features }, irisBatch());
    expect(accuracy(scores, irisTruth())).toBeCloseTo(oracle.accuracy, 12);
    expect(model.signature.opset).toBe(9);
    await model.close();
  });

  test('tensors go in and come out as they are, for serving', async () => {
    const { models } = readJson('oracles/onnx-third-party.json');
    const file = 'go__example_dynamic_axes.onnx';
    const example = models[file].example_inputs.input_vectors;
    const expected = models[file].ort_node_outputs.output_scalars;
    const model: LoadedModel = await runtime.load(join(real, 'onnx-third-party', file));
    const input = { name: 'input_vectors', type: 'float32', shape: example.dims, data: example.data };
    const [output] = await model.infer([input]);
    expect(output).toMatchObject({ name: 'output_scalars', type: 'float32', shape: expected.dims });
    expected.data.forEach((value: number, index: number) => {
      expect(output!.data[index]).toBeCloseTo(value, 5);
    });
    await expect(model.infer([{ ...input, shape: [3, 9] }])).rejects.toThrow(
      'input "input_vectors" is given as [3, 9], and the model reads float[input_vectors_dynamic_axes_1, 10]',
    );
    await expect(model.infer([{ ...input, type: 'float64' }])).rejects.toThrow('the model reads float32');
    await expect(model.infer([])).rejects.toThrow('input "input_vectors" is missing');
    await model.close();
  });

  test('features that do not fit are refused with both numbers', async () => {
    const model = await runtime.load(join(real, 'binary-adult/model_v1_logreg_num6.onnx'));
    expect(() => model.columns({ task: 'binary', features: adultNumbers.slice(1) })).toThrow(
      'the model takes 6 columns (input "float_input" is float[?, 6]), but 5 features are given',
    );
    expect(() => model.columns({ task: 'regression', features: adultNumbers })).toThrow(
      'output "probabilities" gives 2 numbers per row, and a regression has one',
    );
    await model.close();
  });

  test('a missing value that makes the answer NaN is named with its row and column', async () => {
    const model = await runtime.load(join(real, 'binary-adult/model_v1_logreg_num6.onnx'));
    const columns = adultNumbers.map(() => Float64Array.from([1, 2, 3]));
    columns[2]![1] = Number.NaN;
    const before = adultNumbers.map(() => new Float64Array(100));
    async function* batches() {
      yield { rows: 100, columns: before };
      yield { rows: 3, columns };
    }
    const scoring = model.scoreAll({ task: 'binary', features: adultNumbers }, batches());
    await expect(scoring).rejects.toThrow('answers NaN for row 102, where capital_gain is missing');
    await model.close();
  });

  test('a missing value in an integer column is refused, not read as zero', async () => {
    const model = await runtime.load(join(real, 'binary-adult/model_v3_gbt_multi_input.onnx'));
    const request = { task: 'binary' as const, features: [...adultNumbers, ...adultTexts] };
    const columns = model
      .columns(request)
      .map(({ name, as }) => (as === 'string' ? ['x'] : Float64Array.of(name === 'age' ? Number.NaN : 1)));
    await expect(model.score(request, { rows: 1, columns })).rejects.toThrow(
      'column "age" is missing in row 1, and the model reads it as int64',
    );
    await model.close();
  });
});

function readJson(file: string) {
  return JSON.parse(readFileSync(join(real, file), 'utf8'));
}

function irisLines(): string[][] {
  const [, ...lines] = readFileSync(join(real, 'onnx-third-party/iris.csv'), 'utf8').trim().split(/\r?\n/);
  return lines.map((line) => line.split(','));
}

function irisBatch(): Batch {
  const lines = irisLines();
  const columns = [0, 1, 2, 3].map((index) => Float64Array.from(lines, (line) => Number(line[index])));
  return { rows: lines.length, columns };
}

function irisTruth(): string[] {
  return irisLines().map((line) => line[4]!);
}

function accuracy({ labels }: Scores, truth: readonly string[]): number {
  return truth.filter((label, row) => label === labels!.at(row)).length / truth.length;
}
