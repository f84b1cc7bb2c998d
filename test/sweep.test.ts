import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkspace } from '@rastro/store';
import { temporaryRepository } from '@rastro/testkit';
import { type Ports, type SweepRecord, SweepRequest, sweep as useCase } from '@rastro/usecases';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { PROJECT, projectFiles } from './churn.ts';
import { type CliResult, cli, type Place, startPlace } from './place.ts';

/** Parameters that learn next to nothing, and a sweep over some that do better. */
const POOR = `      builtin: gradient-boosting
      params: { n_estimators: 2, learning_rate: 0.01, max_leaf_nodes: 2 } # to begin with
`;
const swept = (sweep: string, train = POOR) =>
  PROJECT.replace('      builtin: linear\n', train).replace(
    '    deploy:\n',
    `    sweep: ${sweep}\n    deploy:\n`,
  );
const GRID =
  '{ method: grid, parameters: { learning_rate: [0.01, 0.3], n_estimators: [2, 40] }, metric: roc_auc }';

const recordOf = ({ stdout }: CliResult) => JSON.parse(stdout).record as SweepRecord;
const sweep = (directory: string, ...args: string[]) => cli(directory, ['sweep', ...args, '--json']);

let place: Place;
/** What all trials on one machine come to. */
let alone: SweepRecord;
beforeAll(async () => {
  place = await startPlace({ ...projectFiles(), 'rastro.yaml': swept(GRID) });
  await place.act('train');
  await place.act('evaluate');
  await place.repository.commit('Train the first model');
  await place.push('main');
});
afterAll(() => place?.[Symbol.asyncDispose]());

describe('all trials on one machine', () => {
  test('find what is better, and leave everything as it was', async () => {
    const result = await sweep(place.directory, 'churn');
    expect(result.exitCode, result.stderr).toBe(0);
    alone = recordOf(result);
    const { result: answer, ranking, winner } = alone;
    expect(answer).toBe('improved');
    expect(ranking).toHaveLength(4);
    expect(ranking[0]!.values).toEqual({ learning_rate: 0.3, n_estimators: 40 });
    const values = ranking.map(({ value }) => value!);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    for (const { value, low, high } of ranking) expect(low! <= value! && value! <= high!).toBe(true);
    expect(winner).toEqual({
      trial: ranking[0]!.trial,
      params: { n_estimators: 40, learning_rate: 0.3, max_leaf_nodes: 2 },
    });
    expect(await place.repository.git('status', '--porcelain')).toBe('');
  });

  test('a trial has the value that training and evaluating with its parameters give', async () => {
    const { ranking } = alone;
    await using other = await place.clone();
    const text = await readFile(join(other.directory, 'rastro.yaml'), 'utf8');
    await other.write({
      'rastro.yaml': text.replace(
        'n_estimators: 2, learning_rate: 0.01',
        'n_estimators: 40, learning_rate: 0.3',
      ),
    });
    for (const verb of ['train', 'evaluate']) expect((await cli(other.directory, [verb])).exitCode).toBe(0);
    const record = JSON.parse(await readFile(join(other.directory, 'metrics/churn.json'), 'utf8'));
    const { value, low, high } = record.evaluation.metrics.roc_auc;
    expect(ranking[0]).toMatchObject({ value, low, high });
  });

  test('the winner is written where its parameters stand, and is the model from then on', async () => {
    await using other = await place.clone();
    const before = await readFile(join(other.directory, 'rastro.yaml'), 'utf8');
    const result = await sweep(other.directory, '--apply', 'files');
    expect(result.exitCode, result.stderr).toBe(0);
    expect(recordOf(result)).toEqual(alone);
    expect(await readFile(join(other.directory, 'rastro.yaml'), 'utf8')).toBe(
      before.replace('n_estimators: 2, learning_rate: 0.01', 'n_estimators: 40, learning_rate: 0.3'),
    );
    const trained = await cli(other.directory, ['train', '--json']);
    expect(JSON.parse(trained.stdout).record).toMatchObject([{ ran: false, reasons: [] }]);
    const compared = await cli(other.directory, ['compare', '--baseline', 'HEAD', '--json']);
    expect(JSON.parse(compared.stdout).record).toMatchObject([{ result: 'improved' }]);
  });

  test('what makes no difference is not taken', async () => {
    await using other = await place.clone();
    const noise = '{ method: random, trials: 6, parameters: { l2_regularization: { min: 0.9, max: 1.1 } } }';
    await other.write({ 'rastro.yaml': swept(noise, '      builtin: linear\n') });
    const result = await sweep(other.directory, '--apply', 'files');
    expect(result.exitCode, result.stderr).toBe(0);
    expect(recordOf(result)).toMatchObject({ result: 'inconclusive', winner: { trial: 0, params: {} } });
    expect(JSON.parse(result.stdout).reports[0].verdict.sentence).toMatch(
      /chance may explain|none of 6 trials is better/,
    );
    expect(await readFile(join(other.directory, 'rastro.yaml'), 'utf8')).toContain('builtin: linear');
    expect(await readFile(join(other.directory, 'rastro.yaml'), 'utf8')).not.toContain('params');
  });

  test('a trial that fails is told, and the others go on', async () => {
    await using other = await place.clone();
    const command = `      command: node train.js
      deps: [train.js]
      params: { kind: poor }
`;
    await other.write({
      'rastro.yaml': swept('{ method: grid, parameters: { kind: [poor, broken, good] } }', command),
      'poor.onnx': await readFile(join(other.directory, 'models/churn.onnx')),
      'train.js': `if (process.env.RASTRO_PARAM_KIND === 'broken') process.exit(3);
require('node:fs').copyFileSync('poor.onnx', 'models/churn.onnx');
`,
    });
    const result = await sweep(other.directory);
    expect(result.exitCode, result.stderr).toBe(0);
    const { ranking, result: answer } = recordOf(result);
    expect(answer).toBe('inconclusive');
    expect(ranking.map(({ trial }) => trial)).toEqual([0, 2, 1]);
    expect(ranking[2]).toMatchObject({
      values: { kind: 'broken' },
      value: null,
      faults: [expect.stringContaining('ended with exit code 3')],
    });
  });

  test('when every trial fails, the error is that of the first', async () => {
    await using other = await place.clone();
    await other.write({
      'rastro.yaml': swept('{ method: grid, parameters: { kind: [a, b] } }', '      command: exit 3\n'),
    });
    const { exitCode, stdout } = await sweep(other.directory);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).errors).toMatchObject([{ code: 'train-failed' }]);
    expect((await other.git('status', '--porcelain')).trim()).toBe('M rastro.yaml');
  });

  test('when no trial keeps what is asked, the answer is no', async () => {
    await using other = await place.clone();
    await other.write({ 'rastro.yaml': swept(GRID).replace('min: 0.6', 'min: 0.999') });
    const result = await sweep(other.directory, '--apply', 'files');
    expect(result.exitCode, result.stderr).toBe(1);
    expect(recordOf(result)).toMatchObject({ result: 'breach', winner: null });
    expect(recordOf(result).ranking[0]!.faults[0]).toMatch(/roc_auc is .*below 0\.999/);
  });

  test('what an interrupted run kept is put back by the next', async () => {
    await using other = await place.clone();
    const model = await readFile(join(other.directory, 'models/churn.onnx'));
    const lock = await readFile(join(other.directory, 'rastro.lock/churn/train.yaml'));
    await other.write({
      '.rastro/sweep/churn/kept/models/churn.onnx': model,
      '.rastro/sweep/churn/kept/rastro.lock/churn/train.yaml': lock,
      '.rastro/sweep/churn/kept.json': '["models/churn.onnx","rastro.lock/churn/train.yaml"]\n',
      'models/churn.onnx': 'half a model',
      'rastro.lock/churn/train.yaml': 'half a lock',
    });
    const result = await sweep(other.directory);
    expect(result.exitCode, result.stderr).toBe(0);
    expect(await readFile(join(other.directory, 'models/churn.onnx'))).toEqual(model);
    expect(await other.git('status', '--porcelain')).toBe('');
  });
});

describe('trials fanned out', () => {
  test('come to the same as on one machine, and the winner is proposed as a pull request', async () => {
    const planned = await place.act('sweep', { mode: 'plan' });
    expect(planned.exitCode, planned.stderr).toBe(0);
    const matrix = JSON.parse(planned.outputs.matrix!);
    expect(matrix.include).toHaveLength(4);
    expect(planned.outputs.trials).toBe('4');
    expect(matrix.include[0]).toEqual({
      trial: 0,
      params: '{"n_estimators":2,"learning_rate":0.01,"max_leaf_nodes":2}',
    });

    await using picking = await place.clone();
    for (const { trial } of matrix.include) {
      await using job = await place.clone();
      const { directory } = job;
      const ran = await place.act('sweep', { mode: 'trial', trial: String(trial) }, { directory });
      expect(ran.exitCode, ran.stdout).toBe(0);
      expect(ran.summary).toContain(`trial ${trial}`);
      await cp(join(directory, '.rastro/sweep'), join(picking.directory, '.rastro/sweep'), {
        recursive: true,
      });
    }
    const { directory } = picking;
    const picked = await place.act('sweep', { mode: 'pick', apply: 'pull-request' }, { directory });
    expect(picked.exitCode, picked.stdout).toBe(0);
    expect(picked.outputs).toMatchObject({ result: 'improved', winner: String(alone.winner!.trial) });
    expect(JSON.parse(picked.outputs.params!)).toEqual(alone.winner!.params);

    const { issues } = await place.github.state();
    const [proposed] = issues.filter(({ isPullRequest }) => isPullRequest);
    expect(proposed).toMatchObject({ title: 'Take better parameters for churn', state: 'open' });
    expect(proposed!.body).toContain('better than the');
    const remote = (...args: string[]) => picking.git(...args);
    await remote('fetch', '--quiet', 'origin', 'rastro/sweep/churn');
    const changed = (await remote('diff', '--name-only', 'origin/main', 'FETCH_HEAD')).split('\n');
    expect(changed).toEqual([
      'metrics/churn.json',
      'models/churn.onnx',
      'rastro.lock/churn/train.yaml',
      'rastro.yaml',
    ]);
    const project = parse(await remote('show', 'FETCH_HEAD:rastro.yaml'));
    expect(project.models.churn.train.params).toEqual(alone.winner!.params);

    await using checkout = await place.clone();
    await cp(join(directory, '.rastro/sweep'), join(checkout.directory, '.rastro/sweep'), {
      recursive: true,
    });
    const again = await place.act(
      'sweep',
      { mode: 'pick', apply: 'pull-request' },
      { directory: checkout.directory },
    );
    expect(again.outputs['pull-request-url']).toBe(picked.outputs['pull-request-url']);
    expect(place.github.violations).toEqual([]);
  });

  test('a trial that left nothing is told, and the rest decide', async () => {
    await using other = await place.clone();
    for (const trial of ['0', '2'])
      expect((await sweep(other.directory, '--mode', 'trial', '--trial', trial)).exitCode).toBe(0);
    const { ranking, result } = recordOf(await sweep(other.directory, '--mode', 'pick'));
    expect(ranking.filter(({ value }) => value === null).map(({ trial, faults }) => [trial, faults])).toEqual(
      [
        [1, ['it left no result']],
        [3, ['it left no result']],
      ],
    );
    expect(result).not.toBe('no-baseline');
  });

  test('without the model as it is there is nothing to hold a trial against, and nothing is taken', async () => {
    await using other = await place.clone();
    await sweep(other.directory, '--mode', 'trial', '--trial', '3');
    const picked = await sweep(other.directory, '--mode', 'pick', '--apply', 'files');
    expect(recordOf(picked)).toMatchObject({ result: 'no-baseline', winner: { trial: 0 } });
    expect(await other.git('status', '--porcelain')).toBe('');
  });
});

describe('what does not fit is refused', () => {
  /** The errors of a plan that never starts anything, so that no program need be started to see them. */
  async function faultsOf(project: string, request: z.input<typeof SweepRequest>) {
    await using folder = await temporaryRepository({ files: { 'rastro.yaml': project } });
    const workspace = await openWorkspace(folder.directory);
    const refused = useCase(SweepRequest.parse(request), { workspace } as Ports);
    return refused.then(
      () => [],
      (error: { faults: unknown[] }) => error.faults,
    );
  }

  test.each([
    [{ mode: 'trial' }, 'missing-input', /"trial" is missing/],
    [{ mode: 'trial', trial: 4 }, 'no-such-trial', /no trial 4/],
    [{ trial: 1 }, 'input-without-use', /"trial" has no use with mode all/],
    [{ mode: 'plan', apply: 'files' }, 'input-without-use', /"apply" has no use with mode plan/],
    [{ model: 'chrun' }, 'unknown-model', /no model "chrun"/],
  ] as const)('%j', async (request, code, message) => {
    const faults = await faultsOf(swept(GRID), request);
    expect(faults).toMatchObject([{ code, message: expect.stringMatching(message) }]);
  });

  const parameters = Array.from({ length: 33 }, (_, index) => `p${index}: [1, 2]`).join(', ');
  const longValues = Array.from({ length: 200 }, (_, index) => String(index).padStart(6000, 'x')).join(', ');
  test.each([
    [
      'matrix-too-large',
      /301 jobs.*at most 256/,
      '{ method: grid, parameters: { a: { min: 1, max: 300 } } }',
    ],
    ['matrix-too-large', /characters/, `{ method: grid, parameters: { a: [${longValues}] } }`],
    ['sweep-too-large', /3,000 combinations/, '{ method: grid, parameters: { a: { min: 1, max: 3000 } } }'],
    ['sweep-too-large', /more than 3/, '{ method: grid, trials: 3, parameters: { a: [1, 2, 3, 4] } }'],
    ['sweep-too-wide', /at most 32/, `{ method: sobol, parameters: { ${parameters} } }`],
    ['unknown-metric', /"auc" is not a metric/, '{ method: grid, metric: auc, parameters: { a: [1] } }'],
    [
      'sweep-goal-differs',
      /the max of log_loss.*the min/,
      '{ method: grid, metric: log_loss, goal: max, parameters: { a: [1] } }',
    ],
    ['invalid-value', /use "sobol"/, '{ method: tpe, parameters: { a: [1] } }'],
  ])('a plan: %s, %s', async (code, message, section) => {
    const [fault, ...others] = await faultsOf(swept(section), { mode: 'plan' });
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      ...{ code, message: expect.stringMatching(message) },
      place: { file: 'rastro.yaml', line: expect.any(Number) },
    });
  });

  test.each([
    [PROJECT, /no model has a "sweep:" section/],
    [swept(GRID).replace(/ {4}evaluate:[\s\S]*?( {4}sweep:)/, '$1'), /"sweep:" section and no "evaluate:"/],
  ])('nothing to sweep', async (project, message) => {
    expect(await faultsOf(project, {})).toMatchObject([
      { code: 'nothing-to-sweep', message: expect.stringMatching(message) },
    ]);
  });

  test('what trials left of another plan, of other data, or not whole', async () => {
    await using other = await place.clone();
    const { directory } = other;
    const pick = async () => JSON.parse((await sweep(directory, '--mode', 'pick')).stdout).errors;
    expect(await pick()).toMatchObject([{ code: 'no-trials' }]);
    for (const trial of ['0', '1']) await sweep(directory, '--mode', 'trial', '--trial', trial);

    const text = await readFile(join(directory, 'rastro.yaml'), 'utf8');
    await other.write({
      'rastro.yaml': text.replace('learning_rate: [0.01, 0.3]', 'learning_rate: [0.2, 0.3]'),
    });
    expect(await pick()).toMatchObject([{ code: 'trial-of-another-plan' }]);
    await other.write({ 'rastro.yaml': text });

    const rows = await readFile(join(directory, 'data/holdout.csv'), 'utf8');
    await other.write({ 'data/holdout.csv': `${rows}1,1,basic,20.00,0\n` });
    await sweep(directory, '--mode', 'trial', '--trial', '1');
    expect(await pick()).toMatchObject([
      { code: 'trials-of-other-data', message: expect.stringContaining('judged on') },
    ]);
    await other.write({ '.rastro/sweep/churn/1/models/churn.onnx': 'half' });
    expect(await pick()).toMatchObject([{ code: 'trial-broken' }]);
  });
});
