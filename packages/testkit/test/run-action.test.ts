import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseKeyValueFile, runAction, temporaryRepository } from '@rastro/testkit';
import { expect, test, vi } from 'vitest';

const actions = join(import.meta.dirname, 'actions');

test('an action gets the inputs, files and payload that the runner gives, and a clean environment', async () => {
  await using repository = await temporaryRepository({ files: { 'a.txt': 'a' } });
  process.env.CANARY = 'secret';
  const result = await runAction({
    verb: 'echo',
    actions,
    directory: repository.directory,
    eventName: 'pull_request',
    event: { action: 'opened', pull_request: { number: 7 } },
    github: { apiUrl: 'http://127.0.0.1:1', url: 'http://127.0.0.1:1', token: 'ghs_t', repository: 'a/b' },
  });
  delete process.env.CANARY;

  expect(result.exitCode).toBe(3);
  expect(result.stdout).toContain('event opened canary absent');
  const [inputs, second] = result.outputs.seen!.split('\n');
  expect(JSON.parse(inputs!)).toEqual({
    'INPUT_MODEL-NAME': 'churn',
    INPUT_TOKEN: 'ghs_t',
    INPUT_NUMBER: '7',
    INPUT_EMPTY: '',
  });
  expect(second).toBe('second=line');
  expect(result.outputs).toMatchObject({ plain: 'a=b<<c' });
  expect(Object.keys(result.outputs)).toEqual(['seen', 'plain']);
  expect(result.summary).toBe('# Summary\n');
  expect(result.env).toEqual({ MODEL: 'churn' });
  expect(result.state).toEqual({ started: '1' });
  expect(result.annotations).toEqual([
    {
      level: 'error',
      file: 'data/a.csv',
      line: 3,
      column: 2,
      title: 'range: x,y',
      message: 'first\nsecond 100%',
    },
  ]);
});

test('an input that the action does not declare is refused', async () => {
  await using repository = await temporaryRepository({ files: { 'a.txt': 'a' } });
  const run = runAction({
    verb: 'echo',
    actions,
    directory: repository.directory,
    inputs: { modelname: 'x' },
  });
  await expect(run).rejects.toThrow('has no input modelname');
});

test('an action can be killed half-way', async () => {
  await using repository = await temporaryRepository({ files: { 'a.txt': 'a' } });
  const kill = new AbortController();
  const run = runAction({
    verb: 'echo',
    actions,
    directory: repository.directory,
    env: { WAIT: '1' },
    signal: kill.signal,
  });
  await vi.waitUntil(() => existsSync(join(repository.directory, 'started')), 30_000);
  kill.abort();
  expect(await run).toMatchObject({ exitCode: 137, summary: '# Summary\n' });
});

test('a value that is never closed is refused, as the runner refuses it', () => {
  expect(() => parseKeyValueFile('a<<X\nvalue\n')).toThrow('never closed');
  expect(() => parseKeyValueFile('no sign\n')).toThrow('refuses the line');
});
