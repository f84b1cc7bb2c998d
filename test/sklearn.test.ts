import { cp, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { realPython, runAction, type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './docs/action-files.ts';

const python = realPython();
const tools = process.env.RASTRO_TEST_TOOLS ?? join(root, '.cache/tools');

describe.runIf(python)('a scikit-learn project', () => {
  let repository: TemporaryRepository;
  const act = (verb: string) =>
    runAction({
      verb,
      directory: repository.directory,
      env: { RUNNER_TOOL_CACHE: tools, PATH: `${dirname(python!)}${delimiter}${process.env.PATH}` },
    });

  beforeAll(async () => {
    repository = await temporaryRepository();
    await cp(join(root, 'examples/sklearn'), repository.directory, { recursive: true });
    await repository.commit('Start from the example');
  });
  afterAll(() => repository?.dispose());

  test('keeps the contracts of its data', async () => {
    const { exitCode, outputs, stdout } = await act('validate');
    expect(exitCode, stdout).toBe(0);
    expect(outputs).toMatchObject({ verdict: 'pass', datasets: 'train test', errors: '0' });
  });

  test('trains by its own command, whose output is shown', async () => {
    const { exitCode, outputs, stdout } = await act('train');
    expect(exitCode, stdout).toBe(0);
    expect(outputs.trained).toBe('diagnosis');
    expect(stdout).toMatch(/10 features: accuracy (1|0\.9)/);
  });

  test('is judged on rows that it has not seen', async () => {
    const { exitCode, outputs, stdout } = await act('evaluate');
    expect(exitCode, stdout).toBe(0);
    expect(outputs.records).toBe('metrics/diagnosis.json');
    const path = join(repository.directory, 'metrics/diagnosis.json');
    const { evaluation } = JSON.parse(await readFile(path, 'utf8'));
    expect(evaluation.metrics.accuracy.value).toBeGreaterThan(0.9);
    expect(evaluation.metrics.accuracy.value).toBeLessThan(1);
    expect(evaluation.metrics.roc_auc.value).toBeGreaterThan(0.95);
  });

  test('is not trained again while nothing changed', async () => {
    const { exitCode, outputs, stdout } = await act('train');
    expect(exitCode, stdout).toBe(0);
    expect(outputs).toMatchObject({ models: 'diagnosis', trained: '' });
    expect(stdout).not.toContain('10 features');
  });

  test('is trained again, to the same bytes, when its lock is gone', async () => {
    const before = (await act('train')).outputs.digest;
    await repository.git('clean', '-fdqx', 'rastro.lock', 'models');
    const { outputs } = await act('train');
    expect(outputs).toMatchObject({ trained: 'diagnosis', digest: before });
  });
});
