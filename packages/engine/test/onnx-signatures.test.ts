import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch, LoadedModel, ScoringRequest } from '@rastro/usecases';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createOnnxRuntime, loadOnnxRuntime } from '../src/index.ts';
import { floats, int64s, mapsOutput, node, onnxModel, strings } from './onnx-model.ts';

const runtime = createOnnxRuntime({ load: loadOnnxRuntime });
let folder: string;
let opened: LoadedModel[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rastro-onnx-'));
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((model) => model.close()));
  await rm(folder, { recursive: true, force: true });
});

async function load(bytes: Uint8Array): Promise<LoadedModel> {
  const path = join(folder, 'model.onnx');
  await writeFile(path, bytes);
  const model = await runtime.load(path);
  opened.push(model);
  return model;
}

function batch(...columns: (number[] | (string | null)[])[]): Batch {
  return {
    rows: columns[0]!.length,
    columns: columns.map((column) =>
      column.every((value) => typeof value === 'number')
        ? Float64Array.from(column)
        : (column as (string | null)[]),
    ),
  };
}

const regression: ScoringRequest = { task: 'regression', features: ['a', 'b'] };
const binary: ScoringRequest = { task: 'binary', features: ['a', 'b'] };
const threeWay: ScoringRequest = { task: 'multiclass', features: ['a', 'b', 'c'] };

describe('inputs', () => {
  test.each(['float', 'double', 'int64', 'int32'] as const)(
    'a single %s tensor is packed row by row',
    async (type) => {
      const model = await load(
        onnxModel({
          inputs: [['x', type, [null, 2]]],
          outputs: [['y', 'float', [null, 1]]],
          nodes: [node('Cast', ['x'], ['f'], { to: 1 }), node('MatMul', ['f', 'w'], ['y'])],
          constants: [floats('w', [2, 1], [1, 100])],
        }),
      );
      expect(model.columns(regression)).toEqual([
        { name: 'a', as: 'number' },
        { name: 'b', as: 'number' },
      ]);
      const { values } = await model.score(regression, batch([1, 2, 3], [4, 5, 6]));
      expect([...values!]).toEqual([401, 502, 603]);
    },
  );

  test('half-precision goes in and comes out', async () => {
    const model = await load(
      onnxModel({
        inputs: [['x', 'float16', [null, 1]]],
        outputs: [['y', 'float16', [null, 1]]],
        nodes: [node('Add', ['x', 'x'], ['y'])],
      }),
    );
    const { values } = await model.score({ task: 'regression', features: ['a'] }, batch([0.25, 3]));
    expect([...values!]).toEqual([0.5, 6]);
  });

  test('one input per column is found by name, in its own type and rank, whatever the order of the features', async () => {
    const model = await load(
      onnxModel({
        inputs: [
          ['flag', 'bool', [null]],
          ['size', 'int32', [null, 1]],
          ['kind', 'string', [null, 1]],
        ],
        outputs: [['y', 'float', [null]]],
        nodes: [
          node('Cast', ['flag'], ['f'], { to: 1 }),
          node('Cast', ['size'], ['s2'], { to: 1 }),
          node('Cast', ['kind'], ['k2'], { to: 1 }),
          node('Squeeze', ['s2', 'last'], ['s']),
          node('Squeeze', ['k2', 'last'], ['k']),
          node('Sum', ['f', 's', 'k'], ['y']),
        ],
        constants: [int64s('last', [1])],
      }),
    );
    const request = { task: 'regression' as const, features: ['kind', 'unused', 'size', 'flag'] };
    expect(model.columns(request)).toEqual([
      { name: 'flag', as: 'number' },
      { name: 'size', as: 'number' },
      { name: 'kind', as: 'string' },
    ]);
    const { values } = await model.score(request, batch([1, 0], [20, 30], ['300', '400']));
    expect([...values!]).toEqual([321, 430]);
    expect(() => model.columns({ task: 'regression', features: ['kind', 'size'] })).toThrow(
      'the model reads "flag", which is not among the features: kind, size',
    );
  });

  test('a fixed batch is filled up for the last rows, whose extra answers are dropped', async () => {
    const model = await load(
      onnxModel({
        inputs: [['x', 'float', [4, 2]]],
        outputs: [['y', 'float', [4, 1]]],
        nodes: [node('MatMul', ['x', 'w'], ['y'])],
        constants: [floats('w', [2, 1], [1, 10])],
      }),
    );
    const { values } = await model.score(regression, batch([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 1, 1]));
    expect([...values!]).toEqual([1, 2, 3, 4, 15, 16]);
  });

  test('more rows than one run takes are answered in order', async () => {
    const model = await load(sumModel());
    const rows = Array.from({ length: 40_000 }, (_, row) => row);
    const { values } = await model.score(regression, batch(rows, rows));
    expect(values!.every((value, row) => value === 2 * row)).toBe(true);
  });

  test('many rows at once from several sides are answered each with their own', async () => {
    const model = await load(sumModel());
    const rows = Array.from({ length: 20_000 }, (_, row) => row);
    const answers = await Promise.all(
      [1, 2, 3, 4].map((factor) => {
        const values = rows.map((row) => factor * row);
        return model.score(regression, batch(values, values));
      }),
    );
    for (const [index, { values }] of answers.entries()) {
      expect(values!.every((value, row) => value === 2 * (index + 1) * row)).toBe(true);
    }
  });

  test('an image-shaped input takes the features in their order', async () => {
    const model = await load(
      onnxModel({
        inputs: [['x', 'float', ['n', 1, 2, 2]]],
        outputs: [['y', 'float', ['n', 1]]],
        nodes: [node('Flatten', ['x'], ['flat']), node('MatMul', ['flat', 'w'], ['y'])],
        constants: [floats('w', [4, 1], [1, 10, 100, 1000])],
      }),
    );
    const features = ['a', 'b', 'c', 'd'];
    const { values } = await model.score({ task: 'regression', features }, batch([1], [2], [3], [4]));
    expect([...values!]).toEqual([4321]);
  });

  test('groups of columns in several inputs are refused with the way out', async () => {
    const model = await load(
      onnxModel({
        inputs: [
          ['numbers', 'float', [null, 2]],
          ['codes', 'float', [null, 2]],
        ],
        outputs: [['y', 'float', [null, 2]]],
        nodes: [node('Add', ['numbers', 'codes'], ['y'])],
      }),
    );
    expect(() => model.columns(regression)).toThrow(
      'the model has 2 inputs, and "numbers" (float[?, 2]) holds several columns',
    );
  });
});

describe('probabilities', () => {
  test.each([
    ['[N, 1]', [null, 1]],
    ['[N]', [null]],
  ])('a single score of shape %s is the probability of the second class', async (_, shape) => {
    const model = await load(
      onnxModel({
        inputs: [['x', 'float', [null, 1]]],
        outputs: [['p', 'float', shape]],
        nodes: [
          node('Sigmoid', ['x'], ['s']),
          shape.length === 2 ? node('Identity', ['s'], ['p']) : node('Squeeze', ['s', 'last'], ['p']),
        ],
        constants: [int64s('last', [1])],
      }),
    );
    const scores = await model.score({ task: 'binary', features: ['a'] }, batch([0, -100, 100]));
    expect(scores.classes).toEqual(['0', '1']);
    expect([...scores.scores!]).toEqual([0.5, 0, 1]);
    // As likely one as the other, it is the first.
    expect([...scores.labels!]).toEqual(['0', '0', '1']);
    const named = await model.score(
      { task: 'binary', features: ['a'], classes: ['no', 'yes'] },
      batch([100]),
    );
    expect(named.classes).toEqual(['no', 'yes']);
    expect([...named.scores!]).toEqual([1]);
    expect(named.labels).toBeUndefined();
    await expect(model.score({ task: 'multiclass', features: ['a'] }, batch([1]))).rejects.toThrow(
      'gives one score per row, and a multiclass task needs one per class',
    );
  });

  test('an output that is named logits goes through softmax', async () => {
    const model = await load(identityModel('logits'));
    const { scores, labels } = await model.score(threeWay, batch([1000, 0], [1000, 0], [0, Math.log(2)]));
    const expected = [0.5, 0.5, 0, 0.25, 0.25, 0.5];
    expected.forEach((value, index) => {
      expect(scores![index]).toBeCloseTo(value, 6);
    });
    expect([...labels!]).toEqual(['0', '2']);
  });

  test('scores that are neither named logits nor probabilities are refused, with the way out', async () => {
    const model = await load(identityModel('out'));
    await expect(model.score(threeWay, batch([2], [0], [0]))).rejects.toThrow(
      'output "out" gives 2, which is not a probability',
    );
    await expect(model.score(threeWay, batch([1], [1], [1]))).rejects.toThrow(
      'add up to 3, not to 1, so they are not class probabilities',
    );
  });

  test('rounding a little beyond 0 and 1 is clipped', async () => {
    const model = await load(identityModel('out'));
    const { scores } = await model.score(threeWay, batch([1.0000004], [-4e-7], [0]));
    expect([...scores!]).toEqual([1, 0, 0]);
  });

  test('several outputs that could be the probabilities are refused, unless one is named so', async () => {
    const nodes = [node('Identity', ['x'], ['one']), node('Identity', ['x'], ['other'])];
    const inputs = [['x', 'float', [null, 3]]] as const;
    const model = await load(
      onnxModel({
        inputs,
        nodes,
        outputs: [
          ['one', 'float', [null, 3]],
          ['other', 'float', [null, 3]],
        ],
      }),
    );
    expect(() => model.columns(threeWay)).toThrow('several outputs could be the probabilities: one, other');
  });

  test('three scores for a binary task are refused', async () => {
    const model = await load(identityModel('out'));
    const request: ScoringRequest = { ...threeWay, task: 'binary' };
    await expect(model.score(request, batch([1], [0], [0]))).rejects.toThrow('a binary task has two classes');
  });
});

describe('classes', () => {
  test('labels 1 and 2 come from the classifier, in its order', async () => {
    const model = await load(classifier({ classlabels_ints: [2, 1] }, 'int64'));
    const scores = await model.score(binary, batch([3, 0], [0, 3]));
    expect(scores.classes).toEqual(['2', '1']);
    expect([...scores.labels!]).toEqual(['2', '1']);
    expect(scores.scores![0]).toBeGreaterThan(0.5);
  });

  test('the order that the model names holds against the order of the request', async () => {
    const model = await load(classifier({ classlabels_strings: ['spam', 'ham'] }, 'string'));
    const request = { ...binary, classes: ['ham', 'spam'] };
    expect((await model.score(request, batch([3], [0]))).classes).toEqual(['spam', 'ham']);
  });

  test('labels that are looked up in a constant are found there', async () => {
    const model = await load(lookupModel(strings('classes', ['cat', 'dog', 'eel']), 'string'));
    const scores = await model.score(threeWay, batch([0, 0], [0, 1], [1, 0]));
    expect(scores.classes).toEqual(['cat', 'dog', 'eel']);
    expect([...scores.labels!]).toEqual(['eel', 'dog']);
  });

  test('labels that do not fit the order 0, 1, 2 are refused when the model does not name its classes', async () => {
    const model = await load(
      onnxModel({
        inputs: [['x', 'float', [null, 3]]],
        outputs: [
          ['label', 'int64', [null]],
          ['probabilities', 'float', [null, 3]],
        ],
        nodes: [
          node('Identity', ['x'], ['probabilities']),
          node('ArgMax', ['x'], ['best'], { axis: 1, keepdims: 0 }),
          node('Add', ['best', 'one'], ['label']),
        ],
        constants: [int64s('one', [1])],
      }),
    );
    await expect(model.score(threeWay, batch([0], [0], [1]))).rejects.toThrow(
      'the model answers "3", which is not one of its classes: 0, 1, 2',
    );
    const named = await model.score({ ...threeWay, classes: ['1', '2', '3'] }, batch([0], [0], [1]));
    expect(named.classes).toEqual(['1', '2', '3']);
    expect([...named.labels!]).toEqual(['3']);
  });

  test('rows whose label is not the most probable class are counted', async () => {
    const model = await load(
      onnxModel({
        inputs: [['x', 'float', [null, 3]]],
        outputs: [
          ['label', 'int64', [null]],
          ['probabilities', 'float', [null, 3]],
        ],
        nodes: [
          node('Identity', ['x'], ['probabilities']),
          node('ArgMin', ['x'], ['worst'], { axis: 1, keepdims: 0 }),
          node('ArrayFeatureExtractor', ['classes', 'worst'], ['found']),
          node('Reshape', ['found', 'flat'], ['label']),
        ],
        constants: [int64s('classes', [5, 6, 7]), int64s('flat', [-1])],
      }),
    );
    const scores = await model.score(threeWay, batch([0, 1, 0.5], [0, 0, 0.5], [1, 0, 0]));
    expect([...scores.labels!]).toEqual(['5', '6', '7']);
    expect(scores.disagreements).toBe(3);
  });

  test('maps alone, without label and matrix, are refused with the fix', async () => {
    const model = await load(
      onnxModel({
        inputs: [['x', 'float', [null, 2]]],
        outputs: [mapsOutput('maps'), mapsOutput('more')],
        nodes: [
          node('ZipMap', ['x'], ['maps'], { classlabels_int64s: [0, 1] }),
          node('ZipMap', ['x'], ['more'], { classlabels_int64s: [0, 1] }),
        ],
      }),
    );
    expect(() => model.columns(binary)).toThrow('its classes come as maps only, which cannot be read');
  });
});

function sumModel(): Buffer {
  return onnxModel({
    inputs: [['x', 'float', [null, 2]]],
    outputs: [['y', 'float', [null]]],
    nodes: [node('ReduceSum', ['x', 'axes'], ['y'], { keepdims: 0 })],
    constants: [int64s('axes', [1])],
  });
}

/** Answers its three features as they are. */
function identityModel(output: string): Buffer {
  return onnxModel({
    inputs: [['x', 'float', [null, 3]]],
    outputs: [[output, 'float', [null, 3]]],
    nodes: [node('Identity', ['x'], [output])],
  });
}

function lookupModel(classes: ReturnType<typeof strings>, type: 'string' | 'int64'): Buffer {
  return onnxModel({
    inputs: [['x', 'float', [null, 3]]],
    outputs: [
      ['label', type, [null]],
      ['probabilities', 'float', [null, 3]],
    ],
    nodes: [
      node('Identity', ['x'], ['probabilities']),
      node('ArgMax', ['x'], ['best'], { axis: 1, keepdims: 0 }),
      node('ArrayFeatureExtractor', ['classes', 'best'], ['found']),
      node('Reshape', ['found', 'flat'], ['label']),
    ],
    constants: [classes, int64s('flat', [-1])],
  });
}

/** A logistic regression whose first class wins where the first feature is greater. */
function classifier(labels: Record<string, number[] | string[]>, type: 'int64' | 'string'): Buffer {
  return onnxModel({
    inputs: [['x', 'float', [null, 2]]],
    outputs: [
      ['label', type, [null]],
      ['probabilities', 'float', [null, 2]],
    ],
    nodes: [
      node('LinearClassifier', ['x'], ['label', 'probabilities'], {
        ...labels,
        coefficients: [1, 0, 0, 1],
        intercepts: [0, 0],
        post_transform: 'SOFTMAX',
      }),
    ],
  });
}
