import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@rastro/fault';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOnnxRuntime, loadOnnxRuntime } from '../src/index.ts';
import { externalModel, floats, node, onnxModel } from './onnx-model.ts';

const runtime = createOnnxRuntime({ load: loadOnnxRuntime });
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rastro-onnx-'));
  path = join(folder, 'churn.onnx');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function refusal(): Promise<InputError> {
  const error = await runtime.load(path).then(
    () => expect.fail('the model was loaded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  const { faults } = error as InputError;
  expect(faults[0].place).toEqual({ file: path });
  expect(faults[0].next).toBeTruthy();
  return error as InputError;
}

test('a missing model is told as missing, with what to do', async () => {
  expect(await refusal()).toMatchObject({ code: 'model-not-found', message: 'churn.onnx does not exist' });
});

test('a model that DVC tracks and that was not pulled is told as that', async () => {
  await writeFile(`${path}.dvc`, 'outs:\n- md5: a304afb96060aad90176268345e10355\n  path: churn.onnx\n');
  expect((await refusal()).message).toBe('churn.onnx is tracked by DVC and has not been pulled');
});

test.each([
  [
    'a Git LFS pointer',
    'model-is-pointer',
    'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n',
  ],
  [
    'a DVC pointer',
    'model-is-pointer',
    'outs:\n- md5: a304afb96060aad90176268345e10355\n  path: churn.onnx\n',
  ],
  ['a Python pickle', 'model-not-onnx', Buffer.from([0x80, 0x04, 0x95, 0x10])],
  ['a ZIP archive', 'model-not-onnx', Buffer.from('PK\x03\x04abcdef', 'latin1')],
  ['a text file', 'model-not-onnx', '{"weights": [1, 2]}'],
  ['not an ONNX model', 'model-not-onnx', 'anything else, at some length'],
  ['empty', 'model-empty', ''],
])('a file that is %s is named as such', async (what, code, content) => {
  await writeFile(path, content);
  const error = await refusal();
  expect(error.code).toBe(code);
  expect(error.message).toContain(`churn.onnx is ${what}`);
});

test('a folder in the place of a model is refused', async () => {
  await mkdir(path);
  expect((await refusal()).message).toBe('churn.onnx is a folder, not an ONNX file');
});

test('a model that was cut off is refused', async () => {
  const whole = addModel();
  await writeFile(path, whole.subarray(0, whole.length - 5));
  expect(await refusal()).toMatchObject({
    code: 'model-not-onnx',
    message: 'churn.onnx is not an ONNX model: the message is cut off',
  });
});

test.each(['../../etc/passwd', '/etc/passwd', '..', 'data/../../secret', 'C:\\secret', '..\\secret', ''])(
  'external data at %j is refused before the model is loaded',
  async (location) => {
    await writeFile(path, externalModel(location));
    expect((await refusal()).code).toBe('model-data-outside');
  },
);

test('external data behind a link that leads outside is refused', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'rastro-outside-'));
  await writeFile(join(outside, 'weights'), Buffer.alloc(8));
  await symlink(join(outside, 'weights'), join(folder, 'weights'));
  await writeFile(path, externalModel('weights'));
  expect((await refusal()).code).toBe('model-data-outside');
  await rm(outside, { recursive: true });
});

test('external data that is not there is named', async () => {
  await writeFile(path, externalModel('churn.data'));
  expect(await refusal()).toMatchObject({
    code: 'model-data-missing',
    message: 'churn.onnx keeps weights in "churn.data", which is not there',
  });
});

test('external data beside the model is used', async () => {
  await writeFile(path, externalModel('churn.data'));
  await writeFile(join(folder, 'churn.data'), new Uint8Array(Float32Array.of(10, 20).buffer));
  const model = await runtime.load(path);
  const request = { task: 'multiclass' as const, features: ['a', 'b'] };
  const [output] = await model.infer([{ name: 'x', type: 'float32', shape: [1, 2], data: [1, 2] }]);
  expect(output!.data).toEqual([11, 22]);
  expect(model.columns(request)).toHaveLength(2);
  await model.close();
});

test('bfloat16 is refused by name', async () => {
  await writeFile(
    path,
    onnxModel({
      inputs: [['x', 'bfloat16', [null, 2]]],
      outputs: [['y', 'bfloat16', [null, 2]]],
      nodes: [node('Identity', ['x'], ['y'])],
    }),
  );
  expect((await refusal()).message).toContain('has "x" as bfloat16');
});

test('an operator that ONNX Runtime does not have is told in its own words', async () => {
  await writeFile(
    path,
    onnxModel({
      inputs: [['x', 'float', [null, 2]]],
      outputs: [['y', 'float', [null, 2]]],
      nodes: [node('Teleport', ['x'], ['y'])],
    }),
  );
  const error = await refusal();
  expect(error.code).toBe('model-cannot-run');
  expect(error.message).toContain('Teleport');
});

test('a locale that the machine lacks is told as that', async () => {
  await writeFile(
    path,
    onnxModel({
      inputs: [['x', 'string', [1]]],
      outputs: [['y', 'string', [1]]],
      nodes: [node('StringNormalizer', ['x'], ['y'], { case_change_action: 'LOWER', locale: 'xx_YY.UTF-8' })],
    }),
  );
  expect((await refusal()).message).toBe(
    'churn.onnx needs the locale xx_YY.UTF-8, which this machine does not have',
  );
});

function addModel(): Buffer {
  return onnxModel({
    inputs: [['x', 'float', [null, 2]]],
    outputs: [['y', 'float', [null, 2]]],
    nodes: [node('Add', ['x', 'w'], ['y'])],
    constants: [floats('w', [1, 2], [10, 20])],
  });
}
