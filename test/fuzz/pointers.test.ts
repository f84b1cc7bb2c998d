import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOnnxRuntime, loadOnnxRuntime } from '@rastro/engine';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModelFile } from '../../packages/engine/src/onnx/model-file.ts';
import { floats, int64s, node, onnxModel, strings } from '../../packages/engine/test/onnx-model.ts';
import { readOrRefuseLater } from './answers.ts';
import { damaged, hostileText } from './hostile.ts';
import { runs } from './settings.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rastro-fuzz-'));
  path = join(folder, 'x.onnx');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const runtime = createOnnxRuntime({ load: loadOnnxRuntime });
const model = onnxModel({
  inputs: [
    ['a', 'float', [null, 2]],
    ['b', 'string', ['n', 1]],
  ],
  outputs: [
    ['label', 'int64', [null]],
    ['scores', 'float', [null, 2]],
  ],
  nodes: [
    node('MatMul', ['a', 'w'], ['z']),
    node('Softmax', ['z'], ['scores']),
    node('ArgMax', ['z'], ['label'], { axis: 1, keepdims: 0 }),
  ],
  constants: [floats('w', [2, 2], [1, 2, 3, 4]), int64s('k', [1, 2]), strings('s', ['x', 'y'])],
});

/** A message in a message, very many times: of a type, of a graph in an attribute. */
function nestedModel(
  levels: number,
  wrap: (inner: Buffer) => Buffer,
  top: (inner: Buffer) => Buffer,
): Buffer {
  let inner: Buffer = Buffer.alloc(0);
  for (let level = 0; level < levels; level++) inner = wrap(inner);
  return Buffer.concat([model, top(inner)]);
}

const field = (number: number, bytes: Uint8Array) => {
  const varint = (value: number): number[] =>
    value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
  return Buffer.concat([Buffer.from(varint(number * 8 + 2)), Buffer.from(varint(bytes.length)), bytes]);
};

describe('a model file', () => {
  const refusedOrRead = async (bytes: Uint8Array) => {
    await writeFile(path, bytes);
    const answer = await readOrRefuseLater(() => readModelFile(path));
    if ('refused' in answer) expect(answer.refused.faults[0].place).toEqual({ file: path });
    expect((await readdir(folder)).filter((name) => name !== 'x.onnx')).toEqual([]);
    return answer;
  };

  test('that was damaged is read or refused', async () => {
    await fc.assert(
      fc.asyncProperty(damaged(fc.constant(model)), async (bytes) => {
        await refusedOrRead(bytes);
      }),
      runs(600),
    );
  });

  test('of any bytes is read or refused', async () => {
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      hostileText.map((text) => Buffer.from(text)),
      hostileText.map((text) => Buffer.from(`outs:\n- md5: ${text}\n  path: ${text}\n`)),
      hostileText.map((text) =>
        Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${text}\n`),
      ),
    );
    await fc.assert(
      fc.asyncProperty(any, async (bytes) => {
        await refusedOrRead(bytes);
      }),
      runs(300),
    );
  });

  test('whose weights are kept anywhere but beside it is refused, and nothing is read from there', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (location) => {
        const entry = (key: string, value: string) =>
          field(13, Buffer.concat([field(1, Buffer.from(key)), field(2, Buffer.from(value))]));
        const tensor = Buffer.concat([
          field(8, Buffer.from('e')),
          entry('location', location),
          Buffer.from([0x70, 1]),
        ]);
        const answer = await refusedOrRead(Buffer.concat([model, field(7, field(5, tensor))]));
        expect(answer, location).toHaveProperty('refused');
      }),
      runs(200),
    );
  });

  test.each([
    [
      'types',
      (inner: Buffer) => field(4, field(1, inner)),
      (inner: Buffer) => field(7, field(11, field(2, inner))),
    ],
    ['graphs', (inner: Buffer) => field(1, field(5, field(6, inner))), (inner: Buffer) => field(7, inner)],
  ])('with very many %s within each other is refused', async (_, wrap, top) => {
    expect(await refusedOrRead(nestedModel(3000, wrap, top))).toHaveProperty('refused');
  });

  test('that was damaged is loaded by the engine, or refused', async () => {
    await fc.assert(
      fc.asyncProperty(damaged(fc.constant(model)), async (bytes) => {
        await writeFile(path, bytes);
        const answer = await readOrRefuseLater(() => runtime.load(path));
        if ('refused' in answer) expect(answer.refused.faults[0].place).toEqual({ file: path });
      }),
      runs(60),
    );
  });
});
