import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ActionResult,
  realData,
  runAction,
  type TemporaryRepository,
  temporaryRepository,
} from '@rastro/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { PROJECT, projectFiles } from './churn.ts';
import { TOOLS } from './place.ts';

interface Metric {
  value: number | null;
  low: number | null;
  high: number | null;
  goal: string;
}
interface Evaluation {
  metrics: Record<string, Metric>;
  slices: { value: string; metrics: Record<string, Metric> }[];
}

let repository: TemporaryRepository;
let record: string;

const act = (verb: string, inputs: Record<string, string> = {}): Promise<ActionResult> =>
  runAction({ verb, directory: repository.directory, inputs, env: { RUNNER_TOOL_CACHE: TOOLS } });
const path = (name: string) => join(repository.directory, name);

/** Compares what a record becomes with the record itself, by two files. */
async function compareTo(change: (evaluation: Evaluation) => void, before = record): Promise<ActionResult> {
  const changed = JSON.parse(before);
  change(changed.evaluation);
  await writeFile(path('before.json'), before);
  await writeFile(path('after.json'), JSON.stringify(changed));
  return act('compare', { candidate: 'after.json', baseline: 'before.json' });
}

function everywhere({ metrics, slices }: Evaluation, change: (of: Record<string, Metric>) => void): void {
  for (const of of [metrics, ...slices.map((slice) => slice.metrics)]) change(of);
}

beforeAll(async () => {
  repository = await temporaryRepository({ files: projectFiles() });
  for (const verb of ['train', 'evaluate']) {
    const { exitCode, stdout } = await act(verb);
    expect(exitCode, stdout).toBe(0);
  }
  record = await readFile(path('metrics/churn.json'), 'utf8');
  await repository.commit('Train and evaluate');
});
afterAll(() => repository?.dispose());

describe('records that must not pass', () => {
  const regressions: [string, (evaluation: Evaluation) => void, number][] = [
    [
      'a metric that is gone',
      ({ metrics }) => {
        delete metrics.roc_auc;
      },
      1,
    ],
    [
      'a metric without a value',
      ({ metrics }) => {
        metrics.roc_auc!.value = null;
      },
      1,
    ],
    [
      'a metric that is a NaN in words',
      ({ metrics }) => {
        metrics.roc_auc!.value = 'NaN' as unknown as number;
      },
      2,
    ],
    [
      'a metric under another name',
      ({ metrics }) => {
        metrics.auc = metrics.roc_auc!;
        delete metrics.roc_auc;
      },
      1,
    ],
    [
      'a metric that nobody asked for, and that is gone',
      ({ metrics }) => {
        delete metrics.mcc;
      },
      1,
    ],
    [
      'a metric that turned negative',
      (evaluation) =>
        everywhere(evaluation, ({ roc_auc }) => {
          if (roc_auc)
            Object.assign(roc_auc, { value: -roc_auc.value!, low: -roc_auc.high!, high: -roc_auc.low! });
        }),
      1,
    ],
    [
      'a metric that is zero',
      ({ metrics }) => {
        Object.assign(metrics.roc_auc!, { value: 0, low: 0, high: 0 });
      },
      1,
    ],
    [
      'a loss that grew',
      ({ metrics }) => {
        Object.assign(metrics.log_loss!, { value: 5, low: 4.9, high: 5.1 });
      },
      1,
    ],
    [
      'a slice that is gone',
      (evaluation) => {
        evaluation.slices.pop();
      },
      1,
    ],
    [
      'a slice that got worse under the same total',
      ({ slices }) => {
        Object.assign(slices[0]!.metrics.roc_auc!, { value: 0.5, low: 0.48, high: 0.52 });
      },
      1,
    ],
    [
      'no metric at all',
      (evaluation) => {
        evaluation.metrics = {};
        evaluation.slices = [];
      },
      1,
    ],
  ];
  test.each(regressions)('%s', async (_, change, exitCode) => {
    const result = await compareTo(change);
    expect(result.exitCode, result.stdout).toBe(exitCode);
  });

  test('a metric that the baseline has no value for is named, beside those that were compared', async () => {
    const before = JSON.parse(record);
    Object.assign(before.evaluation.metrics.roc_auc, { value: null, low: null, high: null });
    const { exitCode, outputs, summary } = await compareTo(({ metrics }) => {
      Object.assign(metrics.roc_auc!, JSON.parse(record).evaluation.metrics.roc_auc);
    }, JSON.stringify(before));
    expect([exitCode, outputs.result]).toEqual([0, 'no-baseline']);
    expect(summary).toMatch(
      /has metrics that the baseline gives no value for: roc\\_auc 0\.\d+\. None of the others/,
    );
  });

  test('a file that is no record', async () => {
    await writeFile(path('after.json'), '{"accuracy": 1}');
    await writeFile(path('before.json'), record);
    const { exitCode, stdout } = await act('compare', { candidate: 'after.json', baseline: 'before.json' });
    expect(exitCode).toBe(2);
    expect(stdout).toContain('after.json');
  });
});

test('the same record is no difference', async () => {
  const { exitCode, outputs } = await compareTo(() => {});
  expect({ exitCode, result: outputs.result }).toEqual({ exitCode: 0, result: 'inconclusive' });
});

test('one slice that improves alone is told, and is no improvement of the model', async () => {
  const { exitCode, outputs, summary } = await compareTo(({ slices }) => {
    Object.assign(slices[0]!.metrics.roc_auc!, { value: 0.999, low: 0.998, high: 1 });
  });
  expect({ exitCode, result: outputs.result }).toEqual({ exitCode: 0, result: 'inconclusive' });
  expect(summary).toContain('plan = basic');
});

describe('with rastro.yaml', () => {
  /** Compares the record with a lower AUC under these keys for the metric. */
  async function withMetric(metric: Record<string, unknown>, evaluate: Record<string, unknown> = {}) {
    const project = parse(PROJECT);
    project.models.churn.evaluate.metrics = { roc_auc: metric };
    Object.assign(project.models.churn.evaluate, evaluate);
    await writeFile(path('rastro.yaml'), stringify(project));
    const whole = JSON.parse(record);
    whole.evaluation.slices = [];
    const result = await compareTo(({ metrics }) => {
      const auc = metrics.roc_auc!;
      Object.assign(auc, { value: auc.value! - 0.05, low: auc.low! - 0.05, high: auc.high! - 0.05 });
    }, JSON.stringify(whole));
    await writeFile(path('rastro.yaml'), PROJECT);
    return result;
  }
  test('a loss of 0.05 regresses, unless a tolerance bears it', async () => {
    expect((await withMetric({})).outputs.result).toBe('regressed');
    expect((await withMetric({ tolerance: 0.06 })).outputs.result).toBe('inconclusive');
    expect((await withMetric({ relative_tolerance: 0.1 })).outputs.result).toBe('inconclusive');
    expect((await withMetric({ relative_tolerance: 0.01 })).outputs.result).toBe('regressed');
  });

  test('a target may be neared from above', async () => {
    expect((await withMetric({ target: 0.5 })).outputs.result).toBe('improved');
    expect((await withMetric({ target: 1 })).outputs.result).toBe('regressed');
  });

  test('a threshold that makes the same model worse regresses, row by row', async () => {
    const project = parse(PROJECT);
    project.models.churn.evaluate.metrics = { recall: {}, roc_auc: {} };
    project.models.churn.evaluate.threshold = 0.9;
    await writeFile(path('rastro.yaml'), stringify(project));
    const evaluated = await act('evaluate');
    expect(evaluated.exitCode, evaluated.stdout).toBe(0);
    const { exitCode, outputs, summary } = await act('compare', { baseline: 'HEAD' });
    await repository.git('checkout', '--', 'rastro.yaml', 'metrics');
    expect({ exitCode, result: outputs.result }).toEqual({ exitCode: 1, result: 'regressed' });
    expect(summary).toContain('paired tests on the same rows');
    expect(summary).toMatch(/\*\*recall\*\*.*regressed/);
    expect(summary).toMatch(/roc\\_auc.*inconclusive/);
  });

  test('a smaller alpha asks for more evidence', async () => {
    expect((await withMetric({}, { alpha: 1e-9 })).outputs.result).toBe('inconclusive');
  });
});

test('parameters and data that differ are told', async () => {
  const changed = JSON.parse(record);
  changed.params = { rounds: 7 };
  changed.signature.inputs[0].type = 'double';
  await writeFile(path('before.json'), record);
  await writeFile(path('after.json'), JSON.stringify(changed));
  const { summary } = await act('compare', { candidate: 'after.json', baseline: 'before.json' });
  expect(summary).toContain('rounds');
  expect(summary).toContain('double');
});

describe('a stage that holds no version yet', () => {
  test('is nothing to compare with, and passes unless a baseline is required', async () => {
    const { exitCode, outputs, stdout, summary } = await act('compare', { baseline: 'prod' });
    expect({ exitCode, result: outputs.result }, stdout).toEqual({ exitCode: 0, result: 'no-baseline' });
    expect(stdout).toContain('stage prod, which holds no version yet');
    expect(summary).toContain('There is no evaluation record to compare with: `prod` has none.');
    const strict = await act('compare', { baseline: 'prod', 'require-baseline': 'true' });
    expect(strict.exitCode).toBe(1);
  });

  test('is suggested where its name is but misspelt, and so is a version without its letter', async () => {
    await repository.git('tag', 'v3.0.0');
    const asked = async (baseline: string) => {
      const { exitCode, stdout } = await act('compare', { baseline });
      expect(exitCode).toBe(2);
      return /Did you mean "(.*?)"/.exec(stdout)?.[1];
    };
    expect([await asked('3.0.0'), await asked('merge_base'), await asked('4.0.0')]).toEqual([
      'v3.0.0',
      'merge-base',
      undefined,
    ]);
    await repository.git('tag', '--delete', 'v3.0.0');
  });

  test('is not taken for one that nobody knows', async () => {
    const { exitCode, stdout } = await act('compare', { baseline: 'pord' });
    expect(exitCode).toBe(2);
    expect(stdout).toContain('"pord" is neither a stage or version of churn nor a Git revision');
  });
});

test('a record of the merge-base that cannot be read is not a missing one: it stops, and says what can be done', async () => {
  await repository.branch('broken');
  await repository.write({ 'metrics/churn.json': `<<<<<<< HEAD\n${record}` });
  await repository.commit('Leave the marks of a merge');
  const bad = await repository.git('rev-parse', 'HEAD');
  await repository.branch('mend');
  await repository.write({ 'metrics/churn.json': record });
  await repository.commit('Evaluate again');
  const event = { pull_request: { number: 1, base: { sha: bad }, head: { sha: 'HEAD' } } };
  const run = (inputs: Record<string, string>) =>
    runAction({
      verb: 'compare',
      directory: repository.directory,
      inputs,
      env: { RUNNER_TOOL_CACHE: TOOLS },
      eventName: 'pull_request',
      event,
    });
  const stopped = await run({});
  expect(stopped.exitCode, stopped.stdout).toBe(2);
  expect(stopped.stdout).toMatch(/metrics\/churn.json at merge-base [0-9a-f]{12}.* is not JSON/);
  expect(stopped.stdout).toContain('Mend it on the base branch, or name another baseline');
  // What is offered works.
  const other = await run({ baseline: 'HEAD' });
  expect(other.exitCode, other.stdout).toBe(0);
  await repository.git('checkout', '--quiet', 'main');
});

test('a candidate may be a revision', async () => {
  const { exitCode, outputs, stdout } = await act('compare', { candidate: 'HEAD', baseline: 'HEAD' });
  expect(exitCode, stdout).toBe(0);
  expect(outputs.result).toBe('inconclusive');
});

const adult = realData('binary-adult');

describe.runIf(adult)('two real models', () => {
  let project: TemporaryRepository;
  const run = (verb: string, inputs: Record<string, string> = {}) =>
    runAction({ verb, directory: project.directory, inputs, env: { RUNNER_TOOL_CACHE: TOOLS } });
  async function commitModel(file: string) {
    await copyFile(join(adult!, file), join(project.directory, 'models/income.onnx'));
    const { exitCode, stdout } = await run('evaluate');
    expect(exitCode, stdout).toBe(0);
    await project.commit(file);
    return (await project.git('rev-parse', 'HEAD')).trim();
  }

  beforeAll(async () => {
    const income = {
      task: 'binary',
      target: 'label',
      features: ['age', 'education_num', 'capital_gain', 'capital_loss', 'hours_per_week', 'fnlwgt'],
      evaluate: { data: 'test', slices: ['sex'], resamples: 300 },
    };
    const lines = stringify({ version: 1, data: { test: { path: 'test.csv' } }, models: { income } });
    project = await temporaryRepository({ files: { 'rastro.yaml': lines, 'models/.keep': '' } });
    await copyFile(join(adult!, 'test.csv'), join(project.directory, 'test.csv'));
  });
  afterAll(() => project?.dispose());

  test('the better one improves on the worse, row by row, and the worse regresses from the better', async () => {
    const [worse, better] = ['model_v1_logreg_num6.onnx', 'model_v2_gbt_num6.onnx'];
    const oracles = JSON.parse(await readFile(realData('oracles/binary-adult.json')!, 'utf8'));
    const measured = async () =>
      JSON.parse(await readFile(join(project.directory, 'metrics/income.json'), 'utf8')).evaluation.metrics;
    const first = await commitModel(worse!);
    expect((await measured()).roc_auc.value).toBeCloseTo(oracles.v1.roc_auc, 6);
    const second = await commitModel(better!);
    expect((await measured()).roc_auc.value).toBeCloseTo(oracles.v2.roc_auc, 6);
    expect((await measured()).accuracy.value).toBeCloseTo(oracles.v2.accuracy, 9);
    const forward = await run('compare', { baseline: first });
    expect(forward.outputs.result, forward.stdout).toBe('improved');
    expect(forward.summary).toContain('paired tests on the same rows');
    await commitModel(worse!);
    const back = await run('compare', { baseline: second });
    expect({ exitCode: back.exitCode, result: back.outputs.result }).toEqual({
      exitCode: 1,
      result: 'regressed',
    });
  });
});
