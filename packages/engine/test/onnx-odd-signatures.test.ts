import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@rastro/fault';
import type { Scores, ScoringRequest } from '@rastro/usecases';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createOnnxRuntime, loadOnnxRuntime } from '../src/index.ts';
import { floats, int64s, node, onnxModel, strings } from './onnx-model.ts';

type Parts = Parameters<typeof onnxModel>[0];
type Column = number[] | (string | null)[];

const runtime = createOnnxRuntime({ load: loadOnnxRuntime });
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rastro-odd-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Scores columns that are given by name. */
async function score(
  parts: Parts,
  request: Partial<ScoringRequest>,
  columns: Readonly<Record<string, Column>>,
): Promise<Scores> {
  const path = join(folder, 'model.onnx');
  await writeFile(path, onnxModel(parts));
  const model = await runtime.load(path);
  try {
    const asked: ScoringRequest = { task: 'binary', features: Object.keys(columns), ...request };
    const wanted = model.columns(asked);
    const batch = wanted.map(({ name, as }) =>
      as === 'number' ? Float64Array.from(columns[name]!, Number) : columns[name]!.map(String),
    );
    return await model.score(asked, { rows: batch[0]!.length, columns: batch });
  } finally {
    await model.close();
  }
}

const ab = { a: [1, -2, 3], b: [4, 5, -6] };
const regression = { task: 'regression' as const };
const threeWay = { task: 'multiclass' as const };
const sum = [node('ReduceSum', ['x', 'axis'], ['y'], { keepdims: 1 })];
const overColumns = [int64s('axis', [1])];
const x = ['x', 'float', ['N', 2]] as const;

/** A linear classifier of two features with three classes. */
const linear = (labels: Record<string, number[] | string[]>) =>
  node('LinearClassifier', ['x'], ['label', 'probabilities'], {
    ...labels,
    coefficients: [1, 0, 0, 1, -1, -1],
    intercepts: [0, 0, 0],
  });
const softmaxed = [
  linear({ classlabels_ints: [0, 1, 2] }),
  node('Softmax', ['probabilities'], ['p'], { axis: 1 }),
];

describe('odd signatures that are scored', () => {
  const values = (scores: Scores) => [...scores.values!];

  test('an input without any dimension named', async () => {
    const parts: Parts = {
      inputs: [['x', 'float', [null, null]]],
      outputs: [['y', 'float', [null, null]]],
      nodes: sum,
      constants: overColumns,
    };
    expect(values(await score(parts, regression, ab))).toEqual([5, 3, -3]);
  });

  test('an input and an output without a shape', async () => {
    const parts: Parts = {
      inputs: [['x', 'float', null]],
      outputs: [['y', 'float', null]],
      nodes: sum,
      constants: overColumns,
    };
    expect(values(await score(parts, regression, ab))).toEqual([5, 3, -3]);
  });

  test('the label that is named, of two that could be it', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [
        ['leaf', 'int64', ['N']],
        ['answer', 'int64', ['N']],
      ],
      nodes: [
        node('ArgMin', ['x'], ['leaf'], { axis: 1, keepdims: 0 }),
        node('ArgMax', ['x'], ['answer'], { axis: 1, keepdims: 0 }),
      ],
    };
    const { labels } = await score(parts, { outputs: { label: 'answer' } }, ab);
    expect([...labels!]).toEqual(['1', '1', '0']);
  });

  test('a value of shape [N, 1, 1]', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [['z', 'float', ['N', 1, 1]]],
      nodes: [...sum, node('Reshape', ['y', 'shape'], ['z'])],
      constants: [...overColumns, int64s('shape', [-1, 1, 1])],
    };
    expect(values(await score(parts, regression, ab))).toEqual([5, 3, -3]);
  });

  test('a value of shape [N]', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [['z', 'float', ['N']]],
      nodes: [...sum, node('Reshape', ['y', 'shape'], ['z'])],
      constants: [...overColumns, int64s('shape', [-1])],
    };
    expect(values(await score(parts, regression, ab))).toEqual([5, 3, -3]);
  });

  test('a value that is an integer', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [['z', 'int64', ['N', 1]]],
      nodes: [...sum, node('Cast', ['y'], ['z'], { to: 7 })],
      constants: overColumns,
    };
    expect(values(await score(parts, regression, ab))).toEqual([5, 3, -3]);
  });

  test('two values, of which rastro.yaml names one', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [
        ['y', 'float', ['N', 1]],
        ['z', 'float', ['N', 1]],
      ],
      nodes: [...sum, node('Neg', ['y'], ['z'])],
      constants: overColumns,
    };
    await expect(score(parts, regression, ab)).rejects.toThrow(/several of its outputs/);
    expect(values(await score(parts, { ...regression, outputs: { value: 'z' } }, ab))).toEqual([-5, -3, 3]);
  });

  const grouped: Parts = {
    inputs: [
      ['numbers', 'float', ['N', 2]],
      ['others', 'float', ['N', 1]],
    ],
    outputs: [['y', 'float', ['N', 1]]],
    nodes: [node('Concat', ['numbers', 'others'], ['x'], { axis: 1 }), ...sum],
    constants: overColumns,
  };

  test('groups of columns, when rastro.yaml says which go where', async () => {
    const columns = { ...ab, c: [10, 20, 30] };
    await expect(score(grouped, regression, columns)).rejects.toThrow(/holds several columns/);
    const inputs = { numbers: ['c', 'a'], others: ['b'] };
    expect(values(await score(grouped, { ...regression, inputs }, columns))).toEqual([15, 23, 27]);
  });

  test('inputs with names of their own, mapped to columns', async () => {
    const parts: Parts = {
      inputs: [
        ['input_0', 'float', ['N', 1]],
        ['input_1', 'int64', ['N']],
      ],
      outputs: [['y', 'float', ['N', 1]]],
      nodes: [
        node('Cast', ['input_1'], ['f'], { to: 1 }),
        node('Reshape', ['f', 'shape'], ['g']),
        node('Sub', ['input_0', 'g'], ['y']),
      ],
      constants: [int64s('shape', [-1, 1])],
    };
    const inputs = { input_0: ['b'], input_1: ['a'] };
    expect(values(await score(parts, { ...regression, inputs }, ab))).toEqual([3, 7, -9]);
  });

  test('one column that goes into two inputs, once as a text', async () => {
    const parts: Parts = {
      inputs: [
        ['plain', 'float', ['N', 1]],
        ['coded', 'string', ['N', 1]],
      ],
      outputs: [['y', 'float', ['N', 1]]],
      nodes: [
        node('LabelEncoder', ['coded'], ['code'], { keys_strings: ['1', '2'], values_int64s: [10, 20] }),
        node('Cast', ['code'], ['f'], { to: 1 }),
        node('Add', ['plain', 'f'], ['y']),
      ],
    };
    const inputs = { plain: ['a'], coded: ['a'] };
    expect(values(await score(parts, { ...regression, inputs, features: ['a'] }, { a: [1, 2] }))).toEqual([
      11, 22,
    ]);
  });

  test.each(['uint8', 'int32', 'double', 'bool'] as const)('an input of %s', async (type) => {
    const parts: Parts = {
      inputs: [['x', type, ['N', 2]]],
      outputs: [['y', 'float', ['N', 1]]],
      nodes: [
        node('Cast', ['x'], ['f'], { to: 1 }),
        node('ReduceSum', ['f', 'axis'], ['y'], { keepdims: 1 }),
      ],
      constants: overColumns,
    };
    expect(values(await score(parts, regression, { a: [1, 0], b: [1, 1] }))).toEqual([2, 1]);
  });

  test('class labels with spaces, signs and quotes', async () => {
    const classes = ['<=50K', 'a "b"', ' none '];
    const parts: Parts = {
      inputs: [x],
      outputs: [
        ['label', 'string', ['N']],
        ['p', 'float', ['N', 3]],
      ],
      nodes: [
        linear({ classlabels_strings: classes }),
        node('Softmax', ['probabilities'], ['p'], { axis: 1 }),
      ],
    };
    const scores = await score(parts, threeWay, ab);
    expect(scores.classes).toEqual(classes);
    expect([...scores.labels!]).toEqual(['a "b"', 'a "b"', '<=50K']);
  });

  test('class labels that are negative or out of order', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [
        ['label', 'int64', ['N']],
        ['p', 'float', ['N', 3]],
      ],
      nodes: [
        linear({ classlabels_ints: [7, -1, 0] }),
        node('Softmax', ['probabilities'], ['p'], { axis: 1 }),
      ],
    };
    const scores = await score(parts, threeWay, ab);
    expect(scores.classes).toEqual(['7', '-1', '0']);
    expect([...scores.labels!]).toEqual(['-1', '-1', '7']);
  });

  test('labels that go through a LabelEncoder are followed', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [
        ['name', 'string', ['N']],
        ['p', 'float', ['N', 3]],
      ],
      nodes: [
        ...softmaxed,
        node('LabelEncoder', ['label'], ['name'], {
          keys_int64s: [0, 1, 2],
          values_strings: ['zebra', 'ant', 'moth'],
        }),
      ],
    };
    const scores = await score(parts, threeWay, ab);
    expect(scores.classes).toEqual(['zebra', 'ant', 'moth']);
    expect([...scores.labels!]).toEqual(['ant', 'ant', 'zebra']);
    expect(scores.disagreements).toBeUndefined();
  });

  test('probabilities alone, whose classes rastro.yaml lists', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [['p', 'float', ['N', 2]]],
      nodes: [node('Softmax', ['x'], ['p'], { axis: 1 })],
    };
    const scores = await score(parts, { classes: ['stay', 'leave'] }, ab);
    expect(scores.classes).toEqual(['stay', 'leave']);
    expect([...scores.labels!]).toEqual(['leave', 'leave', 'stay']);
  });

  test('scores that rastro.yaml calls logits', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [['y', 'float', ['N', 1]]],
      nodes: sum,
      constants: overColumns,
    };
    await expect(score(parts, {}, ab)).rejects.toThrow(/not a probability/);
    const { scores, labels } = await score(parts, { outputs: { logits: true } }, ab);
    expect(scores).toEqual(Float64Array.from([5, 3, -3], (logit) => 1 / (1 + Math.exp(-logit))));
    expect(labels).toBeUndefined();
  });

  test.each([
    ['GreaterOrEqual', undefined],
    ['Less', 3],
  ])('a label beside one score: %s', async (operator, disagreements) => {
    const parts: Parts = {
      inputs: [x],
      outputs: [
        ['p', 'float', ['N', 1]],
        ['label', 'int64', ['N']],
      ],
      nodes: [
        node('ReduceSum', ['x', 'axis'], ['logit'], { keepdims: 1 }),
        node('Sigmoid', ['logit'], ['p']),
        node(operator, ['logit', 'zero'], ['is']),
        node('Cast', ['is'], ['whole'], { to: 7 }),
        node('Squeeze', ['whole', 'axis'], ['label']),
      ],
      constants: [...overColumns, floats('zero', [1], [0])],
    };
    const request = { classes: ['0', '1'] };
    // The last row is as likely one as the other.
    const scores = await score(parts, request, { a: [1, -2, 3, 2], b: [4, 5, -6, -2] });
    expect([...scores.scores!].map((value) => value > 0.5)).toEqual([true, true, false, false]);
    expect([...scores.labels!]).toEqual(disagreements ? ['0', '0', '1', '0'] : ['1', '1', '0', '1']);
    expect(scores.disagreements).toBe(disagreements);
  });

  test('two matrices, of which rastro.yaml names the one that counts', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [
        ['first', 'float', ['N', 2]],
        ['second', 'float', ['N', 2]],
      ],
      nodes: [node('Softmax', ['x'], ['first'], { axis: 1 }), node('Sub', ['one', 'first'], ['second'])],
      constants: [floats('one', [1], [1])],
    };
    await expect(score(parts, {}, ab)).rejects.toThrow(/several outputs could be the probabilities/);
    const { labels } = await score(parts, { outputs: { scores: 'second' } }, ab);
    expect([...labels!]).toEqual(['0', '0', '1']);
  });

  test('a label that is a truth value', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [['label', 'bool', ['N', 1]]],
      nodes: [...sum, node('Greater', ['y', 'zero'], ['label'])],
      constants: [...overColumns, floats('zero', [1], [0])],
    };
    expect([...(await score(parts, {}, ab)).labels!]).toEqual(['true', 'true', 'false']);
  });

  test('labels alone, of 32 bits', async () => {
    const parts: Parts = {
      inputs: [x],
      outputs: [['label', 'int32', ['N', 1]]],
      nodes: [node('ArgMax', ['x'], ['i'], { axis: 1 }), node('Cast', ['i'], ['label'], { to: 6 })],
    };
    const scores = await score(parts, {}, ab);
    expect([...scores.labels!]).toEqual(['1', '1', '0']);
    expect(scores.scores).toBeUndefined();
  });

  test('features as one tensor of texts', async () => {
    const parts: Parts = {
      inputs: [['x', 'string', ['N', 2]]],
      outputs: [['y', 'int64', ['N', 1]]],
      nodes: [
        node('LabelEncoder', ['x'], ['codes'], { keys_strings: ['u', 'v'], values_int64s: [1, 2] }),
        node('ReduceSum', ['codes', 'axis'], ['y'], { keepdims: 1 }),
      ],
      constants: overColumns,
    };
    expect(values(await score(parts, regression, { a: ['u', 'v'], b: ['v', 'v'] }))).toEqual([3, 4]);
  });

  test('a fixed batch of four, filled up', async () => {
    const parts: Parts = {
      inputs: [['x', 'float', [4, 2]]],
      outputs: [['y', 'float', [4, 1]]],
      nodes: sum,
      constants: overColumns,
    };
    expect(values(await score(parts, regression, ab))).toEqual([5, 3, -3]);
  });
});

describe('odd signatures that are refused, with the reason', () => {
  const refused: [string, Parts, Partial<ScoringRequest>, RegExp][] = [
    [
      'several values per row',
      { inputs: [x], outputs: [['y', 'float', ['N', 2]]], nodes: [node('Neg', ['x'], ['y'])] },
      regression,
      /2 numbers per row/,
    ],
    [
      'several values per row that the signature hides',
      { inputs: [x], outputs: [['y', 'float', [null, null]]], nodes: [node('Neg', ['x'], ['y'])] },
      regression,
      /gives 2 values per row/,
    ],
    [
      'one answer for all rows',
      {
        inputs: [x],
        outputs: [['y', 'float', [1, 1]]],
        nodes: [node('ReduceSum', ['x', 'axes'], ['y'], { keepdims: 1 })],
        constants: [int64s('axes', [0, 1])],
      },
      regression,
      /for 3 rows/,
    ],
    [
      'texts for a regression',
      {
        inputs: [x],
        outputs: [['name', 'string', ['N', 2]]],
        nodes: [node('Cast', ['x'], ['name'], { to: 8 })],
      },
      regression,
      /none of its outputs is a number/,
    ],
    [
      'an input that holds images',
      {
        inputs: [['x', 'float', ['N', 3, 'H', 'W']]],
        outputs: [['y', 'float', ['N', 3, 'H', 'W']]],
        nodes: [node('Neg', ['x'], ['y'])],
      },
      regression,
      /not known how the features go into it/,
    ],
    [
      'no input at all',
      {
        inputs: [],
        outputs: [['y', 'float', [1]]],
        nodes: [node('Neg', ['c'], ['y'])],
        constants: [floats('c', [1], [1])],
      },
      regression,
      /no input/,
    ],
    [
      'inputs that fix different numbers of rows',
      {
        inputs: [
          ['a', 'float', [1, 1]],
          ['b', 'float', [2, 1]],
        ],
        outputs: [['y', 'float', [2, 1]]],
        nodes: [node('Add', ['a', 'b'], ['y'])],
      },
      regression,
      /different fixed numbers of rows/,
    ],
    [
      'scores that are no probabilities',
      { inputs: [x], outputs: [['s', 'float', ['N', 2]]], nodes: [node('Neg', ['x'], ['s'])] },
      {},
      /not a probability|add up to/,
    ],
    [
      'three classes for a binary task',
      {
        inputs: [x],
        outputs: [
          ['label', 'int64', ['N']],
          ['p', 'float', ['N', 3]],
        ],
        nodes: softmaxed,
      },
      {},
      /3 scores per row, and a binary task has two/,
    ],
    [
      'fewer classes than scores',
      {
        inputs: [x],
        outputs: [['p', 'float', ['N', 2]]],
        nodes: [node('Softmax', ['x'], ['p'], { axis: 1 })],
      },
      { task: 'multiclass', classes: ['a', 'b', 'c'] },
      /2 scores per row for 3 classes/,
    ],
    [
      'one score per row for three classes',
      {
        inputs: [x],
        outputs: [['y', 'float', ['N', 1]]],
        nodes: sum,
        constants: overColumns,
      },
      threeWay,
      /one score per row/,
    ],
    [
      'a mapping of an input that is not there',
      { inputs: [x], outputs: [['y', 'float', ['N', 1]]], nodes: sum, constants: overColumns },
      { ...regression, inputs: { input: ['a', 'b'] } },
      /no input "input"; it has "x"/,
    ],
    [
      'more columns than an input takes',
      { inputs: [x], outputs: [['y', 'float', ['N', 1]]], nodes: sum, constants: overColumns },
      { ...regression, inputs: { x: ['a', 'b', 'a'] } },
      /takes 2 columns/,
    ],
    [
      'an output that is not there',
      { inputs: [x], outputs: [['y', 'float', ['N', 1]]], nodes: sum, constants: overColumns },
      { ...regression, outputs: { value: 'z' } },
      /no output "z"/,
    ],
    [
      'rows that may be columns',
      {
        inputs: [['x', 'float', [2, 'N']]],
        outputs: [['y', 'float', ['N', 1]]],
        nodes: [node('Transpose', ['x'], ['t'], { perm: [1, 0] }), node('ReduceSum', ['t', 'axis'], ['y'])],
        constants: overColumns,
      },
      regression,
      /whether rows or features come first/,
    ],
    [
      'two outputs that could be the label',
      {
        inputs: [x],
        outputs: [
          ['leaf', 'int64', ['N']],
          ['answer', 'int64', ['N']],
        ],
        nodes: [
          node('ArgMin', ['x'], ['leaf'], { axis: 1, keepdims: 0 }),
          node('ArgMax', ['x'], ['answer'], { axis: 1, keepdims: 0 }),
        ],
      },
      {},
      /several outputs could be the label: leaf, answer/,
    ],
    [
      'an operator set that is too new',
      {
        inputs: [x],
        outputs: [['y', 'float', ['N', 1]]],
        nodes: sum,
        constants: overColumns,
        opset: 99,
      },
      regression,
      /needs operator set 99 of ai\.onnx, and this ONNX Runtime knows them up to \d+$/,
    ],
    [
      'an input that no column is called after',
      {
        inputs: [
          ['a', 'float', ['N', 1]],
          ['c', 'float', ['N', 1]],
        ],
        outputs: [['y', 'float', ['N', 1]]],
        nodes: [node('Add', ['a', 'c'], ['y'])],
      },
      regression,
      /reads "c", which is not among the features/,
    ],
    [
      'an answer that is infinite',
      {
        inputs: [x],
        outputs: [['z', 'float', ['N', 1]]],
        nodes: [...sum, node('Div', ['y', 'zero'], ['z'])],
        constants: [...overColumns, floats('zero', [1], [0])],
      },
      regression,
      /answers -?Infinity for row/,
    ],
    [
      'labels in a constant that are fewer than the scores',
      {
        inputs: [x],
        outputs: [
          ['name', 'string', ['N', 1]],
          ['p', 'float', ['N', 2]],
        ],
        nodes: [
          node('Softmax', ['x'], ['p'], { axis: 1 }),
          node('ArgMax', ['p'], ['i'], { axis: 1 }),
          node('Gather', ['names', 'i'], ['name']),
        ],
        constants: [strings('names', ['a', 'b', 'c'])],
      },
      {},
      /2 scores per row for 3 classes/,
    ],
  ];
  test.each(refused)('%s', async (_, parts, request, reason) => {
    const asked = score(parts, request, ab);
    await expect(asked).rejects.toThrow(reason);
    await expect(score(parts, request, ab)).rejects.toThrow(InputError);
  });
});
