import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Files, realDvc, realPython } from '@rastro/testkit';
import { describe, expect, test } from 'vitest';
import { customers, PROJECT, projectFiles } from '../churn.ts';
import { root } from '../docs/action-files.ts';
import { exampleWorkflows } from '../docs/yaml-blocks.ts';
import { act, copied, startWorkflowPlace, type WorkflowPlace } from './runner.ts';

/** Which test of this folder runs an example: every one of them is run. */
const runIn: Readonly<Record<string, readonly string[]>> = {
  'life.test.ts': ['pull-request', 'comment-on-forks', 'release', 'retrain', 'promote', 'validate'],
  'examples.test.ts': [
    ...['python', 'dvc', 'monorepo', 'sweep'],
    ...['reusable-pull-request', 'reusable-release', 'reusable-retrain'],
  ],
};

test('every example is run', () => {
  const names = exampleWorkflows().map(({ place }) => /([\w-]+)\.yml$/.exec(place)![1]!);
  expect(Object.values(runIn).flat().sort()).toEqual(names.sort());
  for (const [file, examples] of Object.entries(runIn)) {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    for (const name of examples)
      expect(text, `${name} in ${file}`).toMatch(new RegExp(`(run|runOnPullRequest)\\('${name}'`));
  }
});

describe.runIf(act)('further examples, run by act', () => {
  test('the three reusable workflows live the same life', async () => {
    await using place = await startWorkflowPlace({
      ...projectFiles(),
      ...copied('reusable-pull-request', 'reusable-release', 'reusable-retrain'),
    });
    const released = await place.run('reusable-release', { eventName: 'push' });
    expect(released.succeeded, released.log).toBe(true);
    expect((await place.remote('tag', '--list')).split('\n').sort()).toEqual([
      'churn#prod#1',
      'churn@v1.0.0',
    ]);
    expect((await place.github.state()).deployments).toMatchObject([
      { ref: 'churn@v1.0.0', environment: 'prod' },
    ]);

    const number = await change(place, 'more-data', {
      'data/train/2025-02.csv': customers({ seed: 4, rows: 1500 }),
    });
    const reviewed = await place.runOnPullRequest('reusable-pull-request', number);
    expect(reviewed.succeeded, reviewed.log).toBe(true);
    expect(await comments(place, number)).toHaveLength(1);

    await place.repository.commit('Receive the data of April', {
      'data/current.csv': customers({ seed: 6, rows: 1000, drift: 1 }),
    });
    await place.push('main');
    const watched = await place.run('reusable-retrain', { eventName: 'schedule' });
    expect(watched.succeeded, watched.log).toBe(true);
    const issues = (await place.github.state()).issues.filter(({ isPullRequest }) => !isPullRequest);
    expect(issues).toMatchObject([{ title: 'Data drift: churn', state: 'open' }]);
    expect(place.github.violations).toEqual([]);
  }, 240_000);

  test('a repository of several models has an answer for each, and one comment', async () => {
    await using place = await startWorkflowPlace({
      ...projectFiles(),
      'rastro.yaml': twoModels(PROJECT),
      ...copied('monorepo'),
    });
    for (const verb of ['train', 'evaluate']) await place.act(verb);
    await place.repository.commit('Train both models');
    await place.push('main');
    // One learns from less than before, and gets worse; the other stays what it was.
    const number = await change(place, 'fewer-features', {
      'rastro.yaml': twoModels(PROJECT).replace('[tenure, calls, plan, spend]', '[tenure]'),
    });
    const result = await place.runOnPullRequest('monorepo', number);
    expect(result.succeeded).toBe(false);
    const answers = result.steps.filter(({ step }) => step === 'compare').map((step) => step.result);
    expect(answers.sort(), result.log).toEqual(['failure', 'success']);
    const [comment, ...others] = await comments(place, number);
    expect(others).toEqual([]);
    expect(comment!.body).toContain('churn');
    expect(comment!.body).toContain('upgrade');
  }, 240_000);

  test('the actions work inside a composite action of a repository, and its outputs reach other jobs', async () => {
    await using place = await startWorkflowPlace({
      ...projectFiles(),
      '.github/actions/judge/action.yml': JUDGE,
      '.github/workflows/judge.yml': JUDGED,
    });
    const result = await place.run('judge', { eventName: 'push' });
    expect(result.succeeded, result.log).toBe(true);
    expect(result.jobs).toEqual({ judge: 'success', told: 'success' });
    expect(result.log).toContain('the data: pass, broken rules: 0, the model: pass');
    expect(result.log).toContain('Post ');
  }, 240_000);

  test('a sweep runs each trial in a job of its own, and proposes what is better', async () => {
    const poor = '{ n_estimators: 2, learning_rate: 0.01, max_leaf_nodes: 2 }';
    const project = PROJECT.replace('builtin: linear', `builtin: gradient-boosting\n      params: ${poor}`);
    // The trainer refuses a share above 1: such a trial fails, and is not in the way of the others.
    const section = '{ method: grid, parameters: { n_estimators: [2, 40], subsample: [1, 2] } }';
    await using place = await startWorkflowPlace({
      ...projectFiles(),
      'rastro.yaml': project.replace('    deploy:\n', `    sweep: ${section}\n    deploy:\n`),
      ...copied('sweep'),
    });
    const result = await place.run('sweep', { eventName: 'workflow_dispatch' });
    const trials = result.steps.filter(({ job, step }) => job === 'trial' && step === 'sweep');
    expect(trials.map((step) => step.result).sort(), result.log).toEqual([
      ...['failure', 'failure'],
      ...['success', 'success', 'success'],
    ]);
    expect(result.jobs.pick, result.log).toBe('success');
    const { issues } = await place.github.state();
    expect(issues).toMatchObject([
      { isPullRequest: true, state: 'open', title: 'Take better parameters for churn' },
    ]);
    expect(issues[0]!.body).toContain('it left no result');
    expect(await place.remote('show', 'rastro/sweep/churn:rastro.yaml')).toContain(
      'params: { n_estimators: 40, learning_rate: 0.01, max_leaf_nodes: 2, subsample: 1 }',
    );
    const changed = (await place.remote('diff', '--name-only', 'main', 'rastro/sweep/churn')).split('\n');
    expect(changed).toEqual([
      ...['metrics/churn.json', 'models/churn.onnx'],
      ...['rastro.lock/churn/train.yaml', 'rastro.yaml'],
    ]);
    expect(place.github.violations).toEqual([]);
  }, 240_000);

  test.runIf(realPython())(
    'a scikit-learn project is trained with its own packages, and reviewed',
    async () => {
      await using place = await startWorkflowPlace({ ...folder('examples/sklearn'), ...copied('python') });
      const number = await change(place, 'slower', {
        'rastro.yaml': readFileSync(join(root, 'examples/sklearn/rastro.yaml'), 'utf8').replace(
          'max_iter: 60',
          'max_iter: 80',
        ),
      });
      const result = await place.runOnPullRequest('python', number);
      expect(stepsOf(result), result.log).toMatchObject({
        'pip install -r requirements.txt': 'success',
        train: 'success',
        evaluate: 'success',
        'upload-artifact': 'success',
      });
      expect(await comments(place, number)).toHaveLength(1);
    },
    240_000,
  );

  test.runIf(realDvc())(
    'a DVC project is reviewed with the data that its remote holds',
    async () => {
      const files = projectFiles();
      await using place = await startWorkflowPlace({ ...files, ...copied('dvc') }, realDvc());
      const { repository } = place;
      const dvc = (...args: string[]) =>
        execFileSync(realDvc()!, args, {
          cwd: repository.directory,
          stdio: 'pipe',
          env: { ...process.env, ...quiet },
        });
      dvc('init', '--quiet');
      dvc('remote', 'add', '--default', 'storage', join(repository.remote!, '../dvc-storage'));
      await repository.git('rm', '-r', '--quiet', '--cached', 'data');
      dvc('add', '--quiet', 'data/train', 'data/holdout.csv', 'data/current.csv');
      dvc('push', '--quiet');
      await repository.commit('Put the data under DVC', {
        'requirements.txt': `dvc==${dvc('--version').toString().trim()}\n`,
      });
      await place.push('main');
      expect(await place.remote('ls-tree', '-r', '--name-only', 'main', 'data')).not.toContain('.csv\n');

      const number = await change(place, 'seed', { 'rastro.yaml': PROJECT.replace('seed: 7', 'seed: 8') });
      const result = await place.runOnPullRequest('dvc', number);
      expect(stepsOf(result), result.log).toMatchObject({
        'dvc pull': 'success',
        validate: 'success',
        train: 'success',
        evaluate: 'success',
      });
    },
    240_000,
  );
});

/** The steps of a repository that does the same in several workflows. */
const JUDGE = `name: Judge
description: Checks the data, then trains and evaluates.
outputs:
  data: { description: verdict on the data, value: "\${{ steps.validate.outputs.verdict }}" }
  errors: { description: broken rules, value: "\${{ steps.validate.outputs.errors }}" }
  model: { description: verdict on the model, value: "\${{ steps.evaluate.outputs.verdict }}" }
runs:
  using: composite
  steps:
    - { id: validate, uses: rastro-ml/rastro/actions/validate@v1 }
    - uses: rastro-ml/rastro/actions/train@v1
    - { id: evaluate, uses: rastro-ml/rastro/actions/evaluate@v1 }
`;
const JUDGED = `name: Judged
on: push
permissions: {}
jobs:
  judge:
    runs-on: ubuntu-latest
    permissions: { contents: read }
    outputs:
      all: "the data: \${{ steps.judge.outputs.data }}, broken rules: \${{ steps.judge.outputs.errors }}, the model: \${{ steps.judge.outputs.model }}"
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8
        with: { fetch-depth: 0, persist-credentials: false }
      - { id: judge, uses: ./.github/actions/judge }
  told:
    needs: judge
    if: \${{ startsWith(needs.judge.outputs.all, 'the data') }}
    runs-on: ubuntu-latest
    steps:
      - { run: 'echo "$ALL"', env: { ALL: "\${{ needs.judge.outputs.all }}" } }
`;

/** The same data asked two questions: who leaves, and who has the better plan. */
function twoModels(project: string): string {
  const upgrade = `  upgrade:
    task: binary
    target: churned
    features: [calls, spend]
    train: { builtin: linear, data: customers, seed: 7 }
    evaluate: { data: holdout, metrics: { roc_auc: { tolerance: 0.01 } }, resamples: 200 }
`;
  return project.replace('monitor:\n', `${upgrade}monitor:\n`);
}

async function change(place: WorkflowPlace, branch: string, files: Files): Promise<number> {
  await place.repository.branch(branch, 'main');
  await place.repository.commit(`Change ${branch}`, files);
  await place.push(branch);
  const number = await place.github.openPullRequest({ title: `Change ${branch}`, head: branch });
  await place.repository.switchTo('main');
  return number;
}

async function comments(place: WorkflowPlace, number: number) {
  return (await place.github.state()).comments.filter(({ issue }) => issue === number);
}

function stepsOf({ steps }: { steps: readonly { step: string; result: string }[] }): Record<string, string> {
  return Object.fromEntries(steps.map(({ step, result }) => [step, result]));
}

/** The files of a folder of this repository. */
function folder(path: string): Files {
  const base = join(root, path);
  return Object.fromEntries(
    readdirSync(base, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/__pycache__|\.rastro|models/.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(base.length + 1), readFileSync(file)]),
  );
}

const quiet = { DVC_NO_ANALYTICS: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
