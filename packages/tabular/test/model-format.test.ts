import onnxProto from 'onnx-proto';
import { InferenceSession } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { type Column, train } from '../src/index.ts';
import { answersOf } from './onnx-runtime.ts';
import { known, penguins } from './penguins.ts';

const kinds = ['gradient-boosting', 'linear'] as const;

test.each(kinds)(
  '%s: a column is an input of its name, texts as strings and numbers as floats',
  async (kind) => {
    const table = penguins('Species');
    const { model, features, rows } = train({ kind, task: 'multiclass', ...table, params: {}, seed: 0 });
    const session = await InferenceSession.create(model);
    expect(session.inputNames).toEqual(features);
    expect(rows).toBe(344);
    const types = session.inputMetadata.map((input) => input.isTensor && [input.type, input.shape]);
    expect(types.slice(0, 3)).toEqual([
      ['string', ['N', 1]],
      ['string', ['N', 1]],
      ['float32', ['N', 1]],
    ]);
    expect(
      session.outputMetadata.map((output) => output.isTensor && [output.name, output.type, output.shape]),
    ).toEqual([
      ['label', 'string', ['N']],
      ['probabilities', 'float32', ['N', 3]],
    ]);
  },
);

test.each(kinds)('%s: a regression answers one float per row as "prediction"', async (kind) => {
  const table = known(penguins('Body Mass (g)'));
  const { model } = train({ kind, task: 'regression', ...table, params: {}, seed: 0 });
  const session = await InferenceSession.create(model);
  expect(
    session.outputMetadata.map((output) => output.isTensor && [output.name, output.type, output.shape]),
  ).toEqual([['prediction', 'float32', ['N', 1]]]);
});

test.each(kinds)('%s: numeric classes come back as the numbers they were', async (kind) => {
  const table = penguins('Species');
  const code: Record<string, number> = { Adelie: -1, Chinstrap: 7, Gentoo: 9_007_199_254_740_991 };
  const data = Float64Array.from(table.target.data as string[], (species) => code[species]!);
  const target = { name: 'code', data };
  const { model } = train({ kind, task: 'multiclass', columns: table.columns, target, params: {}, seed: 0 });
  const { label } = await answersOf(model, table.columns);
  const right = label!.filter((value, row) => value === data[row]).length;
  expect(right).toBeGreaterThan(335);
});

test('the file says who wrote it, in which version of the format, and from which columns', () => {
  const table = known(penguins('Sex'));
  const { model } = train({ kind: 'linear', task: 'multiclass', ...table, params: {}, seed: 0 });
  const read = onnxProto.onnx.ModelProto.toObject(onnxProto.onnx.ModelProto.decode(model), { longs: Number });
  expect(read).toMatchObject({
    irVersion: 8,
    producerName: 'rastro',
    opsetImport: [{ version: 17 }, { domain: 'ai.onnx.ml', version: 3 }],
    metadataProps: [
      { key: 'algorithm', value: 'linear' },
      { key: 'task', value: 'multiclass' },
      { key: 'target', value: 'Sex' },
      { key: 'features', value: JSON.stringify(table.columns.map((column) => column.name)) },
    ],
  });
});

test.each(kinds)('%s: more than 64 features, all numeric, are one input [N, F]', async (kind) => {
  const columns = wide(65);
  const target = { name: 'y', data: Float64Array.from({ length: 200 }, (_, row) => row % 2) };
  const { model, features } = train({ kind, task: 'binary', columns, target, params: {}, seed: 0 });
  const session = await InferenceSession.create(model);
  expect(session.inputNames).toEqual(['input']);
  expect(session.inputMetadata[0]).toMatchObject({ type: 'float32', shape: ['N', 65] });
  expect(features).toHaveLength(65);
});

test('a text among more than 64 features keeps one input per column', async () => {
  const columns = [
    ...wide(65),
    { name: 'text', data: Array.from({ length: 200 }, (_, row) => `t${row % 3}`) },
  ];
  const target = { name: 'y', data: Float64Array.from({ length: 200 }, (_, row) => row % 2) };
  const { model } = train({
    kind: 'gradient-boosting',
    task: 'binary',
    columns,
    target,
    params: {},
    seed: 0,
  });
  expect((await InferenceSession.create(model)).inputNames).toHaveLength(66);
});

test.each(kinds)('%s: columns may have any name, even that of a value inside the graph', async (kind) => {
  const { columns, target } = penguins('Species');
  const names = ['Concat:0', 'scores:0', 'constant:0', 'Größe "in" cm', 'Sigmoid:0', 'LabelEncoder:0'];
  const renamed = columns.map((column, index) => ({ ...column, name: names[index]! }));
  const { model } = train({ kind, task: 'multiclass', columns: renamed, target, params: {}, seed: 0 });
  expect((await answersOf(model, renamed)).label).toHaveLength(344);
});

function wide(count: number): Column[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `x${index}`,
    data: Float64Array.from({ length: 200 }, (_, row) => Math.sin(row * (index + 1))),
  }));
}
