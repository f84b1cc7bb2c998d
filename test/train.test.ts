import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runAction, temporaryRepository } from '@rastro/testkit';
import { expect, test } from 'vitest';

const project = (command: string) => `version: 1
data:
  rows: { path: rows.csv }
models:
  m:
    task: binary
    target: y
    train: { command: ${JSON.stringify(command)}, data: rows }
`;

async function trainTwice(script: string) {
  const repository = await temporaryRepository({
    files: { 'rastro.yaml': project('node train.mjs'), 'train.mjs': script, 'rows.csv': 'x,y\n1,0\n2,1\n' },
  });
  const result = await runAction({
    verb: 'train',
    directory: repository.directory,
    inputs: { verify: 'true' },
  });
  return { repository, result };
}

const write = (content: string) => `
import { writeFileSync } from 'node:fs';
writeFileSync(process.env.RASTRO_MODEL, ${content});
`;

test('a training whose second run makes the same bytes is reproducible', async () => {
  const { repository, result } = await trainTwice(write('"model of " + process.env.RASTRO_SEED'));
  expect(result.exitCode).toBe(0);
  expect(result.outputs.reproducible).toBe('true');
  await repository.dispose();
});

test('a training whose second run makes other bytes fails the step by name, and leaves what the lock says', async () => {
  const { repository, result } = await trainTwice(write('String(process.hrtime.bigint())'));
  expect(result.exitCode).toBe(1);
  expect(result.outputs).toMatchObject({ verdict: 'breach', reproducible: 'false' });
  expect(result.annotations.map(({ message }) => message).join()).toContain('models/m.onnx');
  const model = await readFile(join(repository.directory, 'models/m.onnx'));
  const lock = await readFile(join(repository.directory, 'rastro.lock/m/train.yaml'), 'utf8');
  expect(lock).toContain(createHash('sha256').update(model).digest('hex'));
  await repository.dispose();
});

test('a second run that fails leaves the outputs of the first in place', async () => {
  const { repository, result } = await trainTwice(`
import { existsSync, writeFileSync } from 'node:fs';
if (existsSync(process.env.RASTRO_MODEL)) { writeFileSync(process.env.RASTRO_MODEL, ''); process.exit(3); }
writeFileSync(process.env.RASTRO_MODEL, 'model');
`);
  expect(result.exitCode).toBe(2);
  expect(await readFile(join(repository.directory, 'models/m.onnx'), 'utf8')).toBe('model');
  await repository.dispose();
});
