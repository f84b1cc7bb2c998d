import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  type ActionResult,
  realDvc,
  runAction,
  type TemporaryRepository,
  temporaryRepository,
} from '@rastro/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { floats, node, onnxModel } from '../packages/engine/test/onnx-model.ts';
import { customers, PROJECT, projectFiles } from './churn.ts';
import { TOOLS } from './place.ts';

type Section = Record<string, unknown>;

/** The chance of leaving by tenure and calls, one score a row. */
const network = onnxModel({
  inputs: [['x', 'float', ['N', 2]]],
  outputs: [['p', 'float', ['N', 1]]],
  nodes: [node('Gemm', ['x', 'w', 'b'], ['logit']), node('Sigmoid', ['logit'], ['p'])],
  constants: [floats('w', [2, 1], [-0.0625, 1]), floats('b', [1], [-2])],
});

const dvc = realDvc();

let repository: TemporaryRepository;

const act = (verb: string, inputs: Record<string, string> = {}): Promise<ActionResult> =>
  runAction({ verb, directory: repository.directory, inputs, env: { RUNNER_TOOL_CACHE: TOOLS } });
const path = (name: string) => join(repository.directory, name);
const recordOf = async (name = 'churn') => JSON.parse(await readFile(path(`metrics/${name}.json`), 'utf8'));

/** Evaluates with these keys over those of the project's `evaluate:`; `model` goes beside it. */
async function evaluateWith(
  evaluate: Section,
  model: Section = {},
  data: Section = {},
): Promise<ActionResult> {
  const project = parse(PROJECT);
  Object.assign(project.models.churn, model);
  Object.assign(project.models.churn.evaluate, evaluate);
  Object.assign(project.data, data);
  await writeFile(path('rastro.yaml'), stringify(project));
  return act('evaluate');
}

beforeAll(async () => {
  repository = await temporaryRepository({ files: projectFiles() });
  const { exitCode, stdout } = await act('train');
  expect(exitCode, stdout).toBe(0);
  await repository.commit('Train');
});
afterAll(() => repository?.dispose());

describe('without rastro.yaml', () => {
  let saved: string;
  beforeAll(async () => {
    saved = await readFile(path('rastro.yaml'), 'utf8');
    await rm(path('rastro.yaml'));
    await rm(path('rastro.lock'), { recursive: true });
  });
  afterAll(async () => {
    await writeFile(path('rastro.yaml'), saved);
    await repository.git('checkout', '--', 'rastro.lock');
  });

  const inputs = { data: 'data/holdout.csv', target: 'churned', task: 'binary' };

  test('a model file is judged by the inputs alone', async () => {
    const { exitCode, stdout, outputs } = await act('evaluate', {
      ...inputs,
      model: 'models/churn.onnx',
      slices: 'plan',
    });
    expect(exitCode, stdout).toBe(0);
    expect(outputs).toMatchObject({ verdict: 'pass', models: 'churn', records: 'metrics/churn.json' });
    const { evaluation } = await recordOf();
    expect(evaluation.metrics.roc_auc.value).toBeGreaterThan(0.6);
    expect(evaluation.slices.map(({ value }: { value: string }) => value)).toEqual(['basic', 'plus']);
  });

  test('predictions of any framework are judged by the inputs alone', async () => {
    const lines = (await readFile(path('data/holdout.csv'), 'utf8')).trim().split('\n').slice(1);
    const rows = lines.map((line) => (line.endsWith('1') ? '1,0.9' : '0,0.2'));
    await writeFile(path('out.csv'), `answer,chance\n${rows.join('\n')}\n`);
    const { exitCode, stdout } = await act('evaluate', {
      ...inputs,
      predictions: 'out.csv',
      slices: 'plan',
      prediction: 'answer',
      score: 'chance',
    });
    expect(exitCode, stdout).toBe(0);
    expect((await recordOf('out')).evaluation.metrics).toMatchObject({
      accuracy: { value: 1 },
      brier: { value: expect.closeTo(0.03, 1) },
    });
  });

  test('inputs that are missing are all named', async () => {
    const { exitCode, stdout } = await act('evaluate', { model: 'models/churn.onnx' });
    expect(exitCode).toBe(2);
    for (const name of ['data', 'target', 'task']) expect(stdout).toContain(`the input "${name}" is missing`);
  });

  test('two record files are compared, also where there is no project', async () => {
    const { exitCode, stdout, outputs } = await act('compare', {
      candidate: 'metrics/churn.json',
      baseline: 'metrics/out.json',
    });
    expect(exitCode, stdout).toBe(1);
    expect(outputs.result).toBe('regressed');
    const better = await act('compare', { candidate: 'metrics/out.json', baseline: 'metrics/churn.json' });
    expect(better.exitCode, better.stdout).toBe(0);
    expect(better.outputs.result).toBe('improved');
  });

  test('a record that is not there is named', async () => {
    const { exitCode, stdout } = await act('compare', { candidate: 'metrics/none.json', baseline: 'HEAD' });
    expect(exitCode).toBe(2);
    expect(stdout).toContain('metrics/none.json');
  });
});

describe('predictions with ids', () => {
  const TRUTH = ['1', '0', '0', '1', '0', '1'];
  const SCORES = [0.9, 0.2, 0.6, 0.7, 0.1, 0.4];
  const judge = async (rows: readonly string[], ids = ['a', 'b', 'c', 'd', 'e', 'f']) => {
    const data = ids.map((id, row) => `${id},${TRUTH[row]}`);
    await writeFile(path('with-ids.csv'), `id,churned\n${data.join('\n')}\n`);
    await writeFile(path('answers-with-ids.csv'), `id,chance,label\n${rows.join('\n')}\n`);
    const predictions = { path: 'answers-with-ids.csv', id: 'id', score: 'chance', prediction: 'label' };
    return evaluateWith(
      { data: 'ids', predictions, slices: [], metrics: {}, tests: [], resamples: 0, threshold: undefined },
      {},
      { ids: { path: 'with-ids.csv' } },
    );
  };
  const rows = SCORES.map((score, row) => `${'abcdef'[row]},${score},${score >= 0.5 ? 1 : 0}`);

  test('are put to the rows of the data, whatever their order', async () => {
    const straight = await judge(rows);
    expect(straight.exitCode, straight.stdout).toBe(0);
    const { metrics } = (await recordOf()).evaluation;
    expect(metrics.accuracy.value).toBeCloseTo(4 / 6, 12);
    expect(metrics.roc_auc.value).toBeCloseTo(8 / 9, 12);
    expect((await judge([...rows].reverse())).exitCode).toBe(0);
    expect((await recordOf()).evaluation.metrics).toEqual(metrics);
  });

  test.each<[string, readonly string[], string[] | undefined, string]>([
    [
      'one that comes twice',
      [...rows.slice(0, 5), rows[0]!],
      undefined,
      'rows 1 and 6 of answers-with-ids.csv have the same id "a"',
    ],
    [
      'one that is missing',
      [...rows.slice(0, 5), 'g,0.5,1'],
      undefined,
      'answers-with-ids.csv has no row of id "f"',
    ],
    [
      'one that is empty',
      [...rows.slice(0, 5), ',0.5,1'],
      undefined,
      'row 6 of answers-with-ids.csv has no id',
    ],
    ['fewer rows', rows.slice(1), undefined, 'has 5 rows, the data has 6'],
    [
      'one that the data has twice',
      rows,
      ['a', 'b', 'c', 'd', 'e', 'a'],
      'rows 1 and 6 of the data have the same id "a"',
    ],
    [
      'a score that is missing',
      [...rows.slice(0, 5), 'f,,1'],
      undefined,
      '"chance" is missing for row 6 of the data',
    ],
  ])('are refused with %s', async (_, given, ids, reason) => {
    const { exitCode, stdout } = await judge(given, ids);
    expect([exitCode, stdout]).toEqual([2, expect.stringContaining(reason)]);
  });
});

test('a label that the model does not know is told with its row, where the data is named', async () => {
  const lines = (await readFile(path('data/holdout.csv'), 'utf8')).split('\n');
  lines[3] = lines[3]!.replace(/[01]$/, 'maybe');
  await writeFile(path('odd-labels.csv'), lines.join('\n'));
  const { exitCode, stdout, annotations } = await evaluateWith(
    { data: 'odd' },
    {},
    { odd: { path: 'odd-labels.csv' } },
  );
  expect([exitCode, stdout]).toEqual([2, expect.stringContaining('the truth of row 3 is "maybe"')]);
  const yaml = (await readFile(path('rastro.yaml'), 'utf8')).split('\n');
  const { file, line } = annotations[0]!;
  expect([file, yaml[Number(line) - 1]]).toEqual(['rastro.yaml', expect.stringMatching(/^ +data: odd$/)]);
});

test('a model that DVC tracks and nobody fetched is told as that', async () => {
  for (const pointer of ['models/gone.onnx.dvc', 'models.dvc']) {
    await writeFile(path(pointer), 'outs:\n- md5: 0123456789abcdef0123456789abcdef\n  path: gone.onnx\n');
    const { exitCode, stdout } = await evaluateWith({}, { model: 'models/gone.onnx' });
    expect(exitCode).toBe(2);
    expect(stdout).toContain(`is tracked by DVC (${pointer}) and was not fetched`);
    await rm(path(pointer));
  }
});

describe('the specification of a model', () => {
  test('is kept by the model that it describes', async () => {
    await evaluateWith({});
    const { signature } = await recordOf();
    const tensors = (side: { name: string; type: string; shape: unknown[] }[]) =>
      Object.fromEntries(side.map(({ name, type, shape }) => [name, { type, shape }]));
    const { exitCode, stdout, outputs } = await evaluateWith({
      specification: {
        inputs: tensors(signature.inputs),
        outputs: tensors(signature.outputs),
        min_opset: signature.opset,
        max_size: '1 MB',
        max_p95_ms: 5000,
        min_rows_per_second: 1,
      },
    });
    expect(exitCode, stdout).toBe(0);
    const { churn } = JSON.parse(outputs.latency!);
    expect(churn.p50).toBeGreaterThan(0);
    expect(churn.p99).toBeGreaterThanOrEqual(churn.p50);
  });

  test('is broken by name: inputs, operator set, size, speed', async () => {
    const { exitCode, summary } = await evaluateWith({
      specification: {
        inputs: { tenure: {}, age: { type: 'float' } },
        min_opset: 999,
        max_size: '10 B',
        max_p50_ms: 1e-9,
      },
    });
    expect(exitCode).toBe(1);
    for (const phrase of [
      'input age is not there',
      'input calls is not asked for',
      'below 999',
      'more than 10 B',
      'ms at p50, more than 1e-9',
    ])
      expect(summary).toContain(phrase);
  });
});

describe('behavioural tests', () => {
  const invariance = { kind: 'invariance', name: 'the plan does not matter', column: 'plan' };

  test('that the model passes are told, and kept in the record', async () => {
    const { exitCode, stdout, summary } = await evaluateWith({
      tests: [
        { ...invariance, tolerance: 1 },
        { kind: 'direction', name: 'more calls, more churn', column: 'calls', by: 1, expect: 'higher' },
        {
          kind: 'functionality',
          name: 'the plain cases',
          rows: [
            { row: { tenure: 0, calls: 9, plan: 'basic', spend: 50 }, expect: 1, min: 0.8 },
            { row: { tenure: 71, calls: 0, plan: 'plus', spend: 50 }, expect: 0, max: 0.2 },
          ],
        },
      ],
    });
    expect(exitCode, stdout).toBe(0);
    expect(summary).toContain('more calls, more churn');
    const { tests } = await recordOf();
    expect(tests.map(({ passed }: { passed: boolean }) => passed)).toEqual([true, true, true]);
    expect(tests[0].checked).toBe(1000);
  });

  test('that the model fails end the step with 1 and tell rows', async () => {
    const { exitCode, summary, outputs } = await evaluateWith({
      tests: [
        { ...invariance, where: 'tenure < 10' },
        { kind: 'direction', name: 'calls calm down', column: 'calls', by: 2, expect: 'not-higher' },
        {
          kind: 'functionality',
          name: 'nobody leaves',
          rows: [{ row: { tenure: 0, calls: 9, plan: 'basic', spend: 50 }, expect: 0 }],
        },
      ],
    });
    expect(exitCode).toBe(1);
    expect(outputs.verdict).toBe('breach');
    expect(summary).toContain('"calls calm down" fails 1000 of 1000 times');
    expect(summary).toMatch(/plan plus → basic: \d/);
    expect(summary).toMatch(/where 0 is due/);
  });

  test.each([
    ['1', { expect: 'higher' }, { expect: 1, min: 0.8 }],
    ['0', { expect: 'lower' }, { expect: 1, max: 0.2 }],
  ])('of a model with one score go by the positive class: %s', async (positive, changed, answer) => {
    await writeFile(path('network.onnx'), network);
    const { exitCode, stdout } = await evaluateWith(
      {
        positive,
        tests: [
          { kind: 'direction', name: 'calls', column: 'calls', by: 1, ...changed },
          {
            kind: 'functionality',
            name: 'plain cases',
            rows: [
              { row: { tenure: 0, calls: 9 }, ...answer },
              // As likely one as the other.
              { row: { tenure: 0, calls: 2 }, expect: 0, min: 0.5, max: 0.5 },
            ],
          },
        ],
      },
      { model: 'network.onnx', features: ['tenure', 'calls'] },
    );
    expect(exitCode, stdout).toBe(0);
    const { tests, evaluation } = await recordOf();
    expect(tests.map(({ passed }: { passed: boolean }) => passed)).toEqual([true, true]);
    expect(evaluation.classes.at(-1)).toBe(positive);
  });

  test('golden answers are those that were written down, or are told with both', async () => {
    const lines = (await readFile(path('data/holdout.csv'), 'utf8')).trim().split('\n').slice(0, 4);
    const golden = (answers: string[]) =>
      lines.map((line, row) => `${line},${['old', ...answers][row]}`).join('\n');
    const config = (name: string) => ({
      tests: [{ kind: 'golden', name: 'as before', data: name, prediction: 'old' }],
    });
    const data = { gold: { path: 'gold.csv' } };
    await writeFile(path('gold.csv'), golden(['0', '0', '0']));
    const first = await evaluateWith(config('gold'), {}, data);
    await writeFile(path('gold.csv'), golden(['1', '1', '1']));
    const second = await evaluateWith(config('gold'), {}, data);
    const failed = (summary: string) => Number(/"as before" fails (\d) of 3/.exec(summary)?.[1] ?? 0);
    expect(failed(first.summary) + failed(second.summary)).toBe(3);
    expect(first.exitCode + second.exitCode).toBeGreaterThan(0);
  });

  test('that cannot be run are input errors', async () => {
    const { exitCode, stdout } = await evaluateWith({ tests: [{ ...invariance, column: 'colour' }] });
    expect(exitCode).toBe(2);
    expect(stdout).toContain('the model does not read "colour"');
    expect(stdout).toMatch(/file=rastro.yaml,line=\d+/);
  });
});

describe('metrics of the user', () => {
  test('SQL over answers and data has a value and an interval', async () => {
    const { exitCode, stdout } = await evaluateWith({
      metrics: {
        accuracy: {},
        lost: {
          sql: 'sum(spend) filter (prediction <> truth) / sum(spend)',
          columns: ['spend'],
          goal: 'min',
          max: 1,
        },
        right: { sql: 'avg((prediction = truth)::int)', goal: 'max' },
      },
    });
    expect(exitCode, stdout).toBe(0);
    const { metrics } = (await recordOf()).evaluation;
    expect(metrics.right.value).toBeCloseTo(metrics.accuracy.value, 12);
    expect(metrics.right.low).toBeCloseTo(metrics.accuracy.low, 1);
    expect(metrics.lost.value).toBeGreaterThan(0);
    expect(metrics.lost.goal).toBe('min');
  });

  test('SQL is asked of every slice with enough rows, too', async () => {
    const { exitCode, stdout } = await evaluateWith({
      metrics: { accuracy: {}, right: { sql: 'avg((prediction = truth)::int)', goal: 'max' } },
      slices: ['plan', { name: 'nearly nobody', where: 'tenure = 70' }],
    });
    expect(exitCode, stdout).toBe(0);
    const { slices } = (await recordOf()).evaluation;
    const [basic, plus, few] = slices;
    for (const { metrics } of [basic, plus]) {
      expect(metrics.right.value).toBeCloseTo(metrics.accuracy.value, 12);
      expect(metrics.right.high - metrics.right.low).toBeCloseTo(
        metrics.accuracy.high - metrics.accuracy.low,
        1,
      );
    }
    expect(basic.metrics.right.value).not.toBe(plus.metrics.right.value);
    expect(few).toMatchObject({ judged: false, metrics: {} });
  });

  test('a command reads the predictions and writes a number', async () => {
    const script = `const { readFileSync, writeFileSync } = require('node:fs');
      const [head, ...rows] = readFileSync(process.env.RASTRO_PREDICTIONS, 'utf8').trim().split('\\n');
      if (head !== 'truth,prediction,score,plan') throw new Error(head);
      writeFileSync(process.env.RASTRO_METRIC, String(rows.length));`;
    await writeFile(path('count.cjs'), script);
    const counted = { command: 'node count.cjs', columns: ['plan'], goal: 'max' };
    const { exitCode, stdout } = await evaluateWith({ metrics: { counted } });
    expect(exitCode, stdout).toBe(0);
    expect((await recordOf()).evaluation.metrics.counted.value).toBe(1000);
  });

  test.each([
    ['fails', { command: 'exit 3', goal: 'max' }, 'exit code 3'],
    ['writes nothing', { command: 'true', goal: 'max' }, 'wrote no file'],
    ['writes NaN', { command: 'echo NaN > "$RASTRO_METRIC"', goal: 'max' }, 'where a number is due'],
    ['is broken SQL', { sql: 'summ(truth)', goal: 'max' }, 'cannot be computed'],
    ['has no goal', { sql: 'count(*)' }, 'which way is better'],
  ])('one that %s is an input error', async (_, metric, phrase) => {
    const { exitCode, stdout } = await evaluateWith({ metrics: { mine: metric } });
    expect(exitCode).toBe(2);
    expect(stdout).toContain(phrase);
    expect(stdout).toMatch(/file=rastro.yaml,line=\d+/);
  });

  test('rankings are judged by query, forecasts by the series before', async () => {
    const ranked = await evaluateWith({ group: 'plan', metrics: { ndcg_at_5: {}, map: {}, mrr: {} } });
    expect(ranked.exitCode, ranked.stdout).toBe(0);
    const { ndcg_at_5, map, mrr } = (await recordOf()).evaluation.metrics;
    for (const { value } of [ndcg_at_5, map, mrr]) expect(value).toBeGreaterThan(0.2);

    const series = (values: number[]) => `x,y\n${values.map((y, x) => `${x},${y}`).join('\n')}\n`;
    await writeFile(path('before.csv'), series([1, 2, 4, 7, 11]));
    await writeFile(path('after.csv'), series([16, 22]));
    await writeFile(path('forecast.csv'), 'prediction\n15\n20\n');
    await writeFile(
      path('rastro.yaml'),
      stringify({
        version: 1,
        data: { before: { path: 'before.csv' }, after: { path: 'after.csv' } },
        models: {
          demand: {
            task: 'regression',
            target: 'y',
            evaluate: {
              data: 'after',
              predictions: { path: 'forecast.csv', prediction: 'prediction' },
              metrics: { mase: { max: 1 } },
              forecast: { training: 'before' },
            },
          },
        },
      }),
    );
    const { exitCode, stdout } = await act('evaluate');
    expect(exitCode, stdout).toBe(0);
    expect((await recordOf('demand')).evaluation.metrics.mase.value).toBeCloseTo(1.5 / 2.5, 12);
  });
});

describe('thresholds, slices and what else can be asked for', () => {
  test('a threshold is chosen by a rule, and told', async () => {
    const { exitCode, stdout } = await evaluateWith({ threshold: { min_recall: 0.9 } });
    expect(exitCode, stdout).toBe(0);
    const { threshold, metrics } = (await recordOf()).evaluation;
    expect(threshold).toBeGreaterThan(0);
    expect(metrics.recall.value).toBeGreaterThanOrEqual(0.9);
  });

  test('a rule that no threshold keeps is told', async () => {
    const { exitCode, stdout } = await evaluateWith({ threshold: { min_precision: 1.0 } });
    if (exitCode !== 0) expect(stdout).toContain('no threshold keeps');
    else expect((await recordOf()).evaluation.metrics.precision.value).toBe(1);
  });

  test('a threshold is chosen on other data than it is judged on', async () => {
    const rule = { maximise: 'f1' };
    await evaluateWith({ data: 'customers', threshold: rule });
    const there = (await recordOf()).evaluation;
    await evaluateWith({ threshold: rule });
    const here = (await recordOf()).evaluation;
    const { exitCode, stdout, summary } = await evaluateWith({ threshold: { ...rule, data: 'customers' } });
    expect(exitCode, stdout).toBe(0);
    const record = await recordOf();
    expect(record.evaluation.threshold).toBe(there.threshold);
    expect(record.evaluation.threshold).not.toBe(here.threshold);
    expect(record.evaluation.metrics.f1.value).toBeLessThanOrEqual(here.metrics.f1.value);
    expect(record.tuning).toMatchObject({ name: 'customers', rows: there.rows });
    expect(record.tuning.files[0].sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(summary).toContain(`chosen on customers (${there.rows.toLocaleString('en')} rows)`);
  });

  test('for predictions, on the predictions for that data', async () => {
    const table = (rows: [number, number][]) => ({
      truth: `x,churned\n${rows.map(([label], x) => `${x},${label}`).join('\n')}\n`,
      answers: `chance\n${rows.map(([, score]) => score).join('\n')}\n`,
    });
    const tuning = table([
      [0, 0.1],
      [1, 0.3],
      [0, 0.2],
      [1, 0.9],
    ]);
    const judged = table([
      [0, 0.25],
      [1, 0.35],
      [1, 0.1],
    ]);
    for (const [name, { truth, answers }] of Object.entries({ tuning, judged })) {
      await writeFile(path(`${name}.csv`), truth);
      await writeFile(path(`${name}-answers.csv`), answers);
    }
    const settings = (threshold: Section) => ({
      data: 'judged',
      predictions: { path: 'judged-answers.csv', score: 'chance' },
      threshold: { maximise: 'f1', ...threshold },
      slices: [],
      metrics: {},
    });
    const datasets = { judged: { path: 'judged.csv' }, tuning: { path: 'tuning.csv' } };
    const unnamed = await evaluateWith(settings({ data: 'tuning' }), {}, datasets);
    expect(unnamed.exitCode).toBe(2);
    expect(unnamed.stdout).toContain('the predictions for it are not named');
    const named = settings({ data: 'tuning', predictions: 'tuning-answers.csv' });
    const { exitCode, stdout } = await evaluateWith(named, {}, datasets);
    expect(exitCode, stdout).toBe(0);
    expect((await recordOf()).evaluation).toMatchObject({
      threshold: 0.3,
      confusion: [
        [1, 0],
        [1, 1],
      ],
    });
  });

  test('a threshold for answers without scores is refused', async () => {
    await writeFile(path('labels.csv'), `prediction\n${'1\n'.repeat(1000)}`);
    const { exitCode, stdout } = await evaluateWith({
      predictions: { path: 'labels.csv', prediction: 'prediction' },
      threshold: 0.4,
    });
    expect(exitCode).toBe(2);
    expect(stdout).toContain('the model gives labels only, no scores');
  });

  test('slices by value, by range and by SQL', async () => {
    const { exitCode, stdout, summary } = await evaluateWith({
      slices: ['plan', { column: 'tenure', edges: [12, 36] }, { name: 'heavy callers', where: 'calls > 6' }],
    });
    expect(exitCode, stdout).toBe(0);
    const { slices, fairness } = (await recordOf()).evaluation;
    expect(slices.map(({ column, value }: Record<string, string>) => `${column}: ${value}`)).toEqual([
      'plan: basic',
      'plan: plus',
      'tenure: < 12',
      'tenure: 12 to 36',
      'tenure: >= 36',
      'heavy callers: true',
    ]);
    expect(slices[2].rows + slices[3].rows + slices[4].rows).toBe(1000);
    expect(fairness.map(({ column }: { column: string }) => column)).toEqual(['plan', 'tenure']);
    expect(summary).toContain('Gaps between groups');
  });

  test('predictions stay with their rows when slices are conditions', async () => {
    const truth = (await readFile(path('data/holdout.csv'), 'utf8')).trim().split('\n').slice(1);
    await writeFile(path('right.csv'), `prediction\n${truth.map((line) => line.at(-1)).join('\n')}\n`);
    const { exitCode, stdout } = await evaluateWith({
      predictions: { path: 'right.csv', prediction: 'prediction' },
      slices: [{ name: 'heavy callers', where: 'calls > 6' }],
      metrics: { accuracy: {} },
    });
    expect(exitCode, stdout).toBe(0);
    const { metrics, slices } = (await recordOf()).evaluation;
    expect(metrics.accuracy.value).toBe(1);
    expect(slices[0].metrics.accuracy.value).toBe(1);
  });

  test('importance tells what the answers rest on, overall and by slice', async () => {
    const { exitCode, stdout, summary } = await evaluateWith({
      slices: ['plan', { column: 'tenure' }],
      importance: { repeats: 3, max_rows: 900 },
    });
    expect(exitCode, stdout).toBe(0);
    expect(summary).toContain('What the answers rest on');
    const { importance, evaluation } = await recordOf();
    const whole = importance.columns.filter(({ slice }: { slice?: unknown }) => !slice);
    const mean = (name: string) => whole.find(({ column }: { column: string }) => column === name).mean;
    expect(mean('calls')).toBeGreaterThan(mean('spend'));
    const named = (slices: { column: string; value: string }[]) =>
      new Set(slices.map(({ column, value }) => `${column} ${value}`));
    const told = importance.columns.flatMap(({ slice }: { slice?: never }) => slice ?? []);
    expect(named(told)).toEqual(named(evaluation.slices));
    expect(importance.columns).toHaveLength(4 * (1 + evaluation.slices.length));
  });

  test('the same input gives the same bytes, also where speed is measured', async () => {
    const config = { latency: { runs: 20 }, importance: {}, slices: ['plan'] };
    await evaluateWith(config);
    const first = await readFile(path('metrics/churn.json'), 'utf8');
    const { summary } = await evaluateWith(config);
    expect(await readFile(path('metrics/churn.json'), 'utf8')).toBe(first);
    expect(summary).toContain('Speed on this runner');
    expect(first).not.toContain('p95');
  });
});

describe('a model that does not say', () => {
  test('which columns go where and what comes out is told in rastro.yaml', async () => {
    const names = { tenure: 'tenure', calls: 'calls', plan: 'plan', spend: 'spend' };
    const { exitCode, stdout } = await evaluateWith({}, { inputs: names, classes: [0, 1] });
    expect(exitCode, stdout).toBe(0);
    const wrong = await evaluateWith({}, { inputs: { ...names, age: 'tenure' } });
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stdout).toContain('the model has no input "age"');
    const absent = await evaluateWith({}, { outputs: { scores: 'chance' } });
    expect(absent.exitCode).toBe(2);
    expect(absent.stdout).toContain('it has no output "chance"');
  });
});

describe('labels as people write them', () => {
  /** Judges predictions of labels, two of three right, without rastro.yaml's help. */
  async function judged(file: string, truth: string, answers: string, more: Record<string, string> = {}) {
    await writeFile(path(file), truth);
    await writeFile(path(`answers-${file}`), answers);
    return act('evaluate', {
      data: file,
      predictions: `answers-${file}`,
      target: 'truth',
      task: 'binary',
      ...more,
    });
  }
  const csv = (column: string, labels: string[]) =>
    `${column}\n${labels.map((label) => `"${label}"`).join('\n')}\n`;

  test.each([
    ['sums of money', ['<=50K', '>50K', '>50K'], '>50K'],
    ['one and two', ['1', '2', '2'], '1'],
    ['yes and no', ['no', 'yes', 'yes'], 'yes'],
    ['spaces', ['not at all', 'very much', 'very much'], 'very much'],
  ])('%s', async (_, [one, two, three], positive) => {
    const truth = csv('truth', [one!, two!, three!]);
    const { exitCode, stdout } = await judged('labels.csv', truth, csv('prediction', [one!, two!, one!]));
    expect(exitCode, stdout).toBe(0);
    const { evaluation } = await recordOf('answers-labels');
    expect(evaluation.positive).toBe(positive);
    expect(evaluation.metrics.accuracy.value).toBeCloseTo(2 / 3, 12);
  });

  test('numbers with a point are those without', async () => {
    const truth = [0.0, 1.5 - 0.5, 1].map((value) => `{"truth": ${value.toFixed(1)}}`).join('\n');
    const answers = [0, 1, 0].map((value) => `{"prediction": ${value}}`).join('\n');
    const { exitCode, stdout } = await judged('labels.jsonl', truth, answers);
    expect(exitCode, stdout).toBe(0);
    const { evaluation } = await recordOf('answers-labels');
    expect(evaluation.classes).toHaveLength(2);
    expect(evaluation.metrics.accuracy.value).toBeCloseTo(2 / 3, 12);
  });

  test('a class that is absent leaves metrics at what scikit-learn answers, and says why', async () => {
    const truth = csv('truth', ['no', 'no', 'no']);
    const { exitCode, stdout } = await judged('labels.csv', truth, csv('prediction', ['no', 'yes', 'no']));
    expect(exitCode, stdout).toBe(0);
    const { recall } = (await recordOf('answers-labels')).evaluation.metrics;
    expect(recall).toMatchObject({ value: 0, defined: false, note: expect.stringContaining('positive') });
  });

  test('what a class that is absent leaves undefined keeps no bound', async () => {
    const [head, ...rows] = (await readFile(path('data/holdout.csv'), 'utf8')).trim().split('\n');
    await writeFile(path('data/stayed.csv'), [head, ...rows.filter((row) => row.endsWith(',0'))].join('\n'));
    const { exitCode, stdout, summary } = await evaluateWith(
      { data: 'stayed', metrics: { recall: { min: 0 } } },
      {},
      { stayed: { path: 'data/stayed.csv' } },
    );
    expect(exitCode, stdout).toBe(1);
    expect(stdout).toContain('recall has no value');
    expect(summary).toContain('no row of the truth is positive: a convention, by which no gate goes');
  });

  test.each([
    ['no rows', 'truth\n', 'prediction\n', /has no rows/],
    ['nothing at all', '', 'prediction\n', /./],
    ['a missing truth', 'truth\nyes\n""\n', 'prediction\nyes\nno\n', /truth of row 2 is missing/],
    ['a missing answer', 'truth\nyes\nno\n', 'prediction\n""\nno\n', /prediction of row 1 is missing/],
    ['too few answers', 'truth\nyes\nno\n', 'prediction\nno\n', /has 1 rows, the data has 2/],
    ['three classes', 'truth\na\nb\nc\n', 'prediction\na\nb\nc\n', /a binary task has two classes/],
  ])('%s is an input error', async (_, truth, answers, reason) => {
    const { exitCode, stdout } = await judged('labels.csv', truth, answers);
    expect(exitCode, stdout).toBe(2);
    expect(stdout).toMatch(reason);
  });
});

test.skipIf(availableParallelism() < 2)('many rows are scored on a thread of its own, too', async () => {
  const rows = customers({ seed: 5, rows: 150_000 });
  await writeFile(path('data/many.csv'), rows);
  const project = parse(PROJECT);
  Object.assign(project.models.churn.evaluate, { data: 'many', resamples: 0 });
  project.data.many = { path: 'data/many.csv' };
  await writeFile(path('rastro.yaml'), stringify(project));
  // Tells which threads of the bundle come up.
  await writeFile(
    path('watch.cjs'),
    `const { appendFileSync } = require('node:fs');
    const threads = require('node:worker_threads');
    threads.Worker = class extends threads.Worker {
      constructor(...given) {
        super(...given);
        this.once('message', (word) => appendFileSync(${JSON.stringify(path('threads.log'))}, word + '\\n'));
      }
    };
    require('node:module').syncBuiltinESMExports();`,
  );
  const { exitCode, stdout } = await runAction({
    verb: 'evaluate',
    directory: repository.directory,
    env: { RUNNER_TOOL_CACHE: TOOLS, NODE_OPTIONS: `--require ${path('watch.cjs')}` },
  });
  expect(exitCode, stdout).toBe(0);
  expect((await recordOf()).data.rows).toBe(150_000);
  expect(await readFile(path('threads.log'), 'utf8')).toContain('ready');
});

describe.runIf(dvc)('files for DVC', () => {
  const run = (...args: string[]) =>
    JSON.parse(
      execFileSync(dvc!, args, {
        cwd: repository.directory,
        encoding: 'utf8',
        env: { ...process.env, DVC_NO_ANALYTICS: '1' },
      }),
    );

  test('its metrics and plots are the numbers of the record', async () => {
    const { exitCode, stdout } = await evaluateWith({
      files: { metrics: 'dvc/metrics.json', plots: 'dvc/plots' },
    });
    expect(exitCode, stdout).toBe(0);
    execFileSync(dvc!, ['init', '--quiet'], { cwd: repository.directory });
    const plots = [
      { 'dvc/plots/roc.json': { x: 'fpr', y: 'tpr' } },
      { 'dvc/plots/confusion.json': { template: 'confusion', x: 'predicted', y: 'actual' } },
    ];
    await writeFile(path('dvc.yaml'), stringify({ metrics: ['dvc/metrics.json'], plots }));
    const { evaluation } = await recordOf();
    const shown = run('metrics', 'show', '--json')[''].data['dvc/metrics.json'].data;
    expect(shown.roc_auc).toBe(evaluation.metrics.roc_auc.value);
    expect(Object.keys(shown)).toHaveLength(
      Object.values(evaluation.metrics).filter((metric) => (metric as { value: unknown }).value !== null)
        .length,
    );
    const { data } = run('plots', 'show', '--json');
    const points = (name: string) => data[name][0].content.data.values;
    expect(points('dvc/plots/roc.json')).toHaveLength(evaluation.curves.roc.length);
    const rightly = (point: Record<string, string>) => point.actual === point.predicted;
    expect(points('dvc/plots/confusion.json').filter(rightly)).toHaveLength(
      evaluation.confusion[0][0] + evaluation.confusion[1][1],
    );
  });
});
