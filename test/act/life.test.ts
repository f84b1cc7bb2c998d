import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customers, POLICY, PROJECT, projectFiles } from '../churn.ts';
import { brittleModel } from './brittle-model.ts';
import type { WorkflowResult } from './run-workflow.ts';
import { act, copied, startWorkflowPlace, type WorkflowPlace } from './runner.ts';

/**
 * The example workflows as users copy them, run by act against a GitHub on loopback. The tests go on from each other, in
 * order, and look at what that GitHub and its Git repository hold afterwards.
 */
describe.runIf(act)('the example workflows, run by act', () => {
  let place: WorkflowPlace;

  beforeAll(async () => {
    place = await startWorkflowPlace({
      ...projectFiles(),
      'rastro.yaml': PROJECT.replace(
        '    deploy:\n',
        '    deploy:\n      staging: { target: local, port: 0 }\n',
      ),
      'rastro.policy.yaml': POLICIES,
      ...copied('pull-request', 'comment-on-forks', 'release', 'retrain', 'promote', 'validate'),
    });
    await place.act('train');
    await place.act('evaluate');
    await place.repository.commit('Train the first model');
    await place.push('main');
  });

  afterAll(async () => {
    if (!place) return;
    endServers(place.kept);
    await place[Symbol.asyncDispose]();
  });

  test('a push to main releases, promotes and deploys', async () => {
    const result = await place.run('release', { eventName: 'push' });
    expect(result.succeeded, result.log).toBe(true);
    expect(result.jobs).toEqual({ release: 'success', deploy: 'success' });
    expect(result.steps.map(({ job, step }) => `${job}: ${step}`)).toEqual([
      ...['checkout', 'validate', 'train', 'evaluate', 'release'].map((step) => `release: ${step}`),
      ...['checkout', 'promote', 'deploy'].map((step) => `deploy: ${step}`),
    ]);
    expect(await tags()).toEqual(['churn#prod#1', 'churn@v1.0.0']);
    expect(await place.kinds()).toEqual([
      'data-check',
      'train',
      'evaluate',
      'release',
      'gate',
      'promote',
      'deploy',
    ]);
    const { releases, deployments } = await place.github.state();
    expect(releases).toMatchObject([{ tag: 'churn@v1.0.0', draft: false }]);
    expect(deployments).toMatchObject([{ ref: 'churn@v1.0.0', environment: 'prod' }]);
    expect(deployments[0]!.statuses.map(({ state }) => state)).toEqual(['in_progress', 'success']);
  });

  test('a push that changes no model releases nothing and asks for no deployment', async () => {
    await push('Say hello', { 'README.md': 'Hello\n' });
    const result = await place.run('release', { eventName: 'push' });
    expect(result.succeeded, result.log).toBe(true);
    expect(result.steps.map(({ job }) => job)).not.toContain('deploy');
    expect(await tags()).toEqual(['churn#prod#1', 'churn@v1.0.0']);
  });

  test('a pull request that passes gets one comment', async () => {
    const number = await openPullRequest('more-data', {
      'data/train/2025-02.csv': customers({ seed: 4, rows: 1500 }),
    });
    const result = await place.runOnPullRequest('pull-request', number);
    expect(result.succeeded, result.log).toBe(true);
    expect(result.jobs).toEqual({ check: 'success', comment: 'success' });
    const [comment, ...others] = await comments(number);
    expect(others).toEqual([]);
    expect(comment).toMatchObject({ author: 'github-actions[bot]' });
    expect(comment!.body).toContain('roc\\_auc');

    // Run again, as after a push that changes nothing of the training: the cache has what the first run made.
    expect(result.log).toContain('churn: training, because');
    const again = await place.runOnPullRequest('pull-request', number);
    expect(again.succeeded, again.log).toBe(true);
    expect(again.log).toContain('churn: restored from the cache');
    expect(await comments(number)).toHaveLength(1);
  });

  test('one that breaks the contract fails, and the comment says at which line', async () => {
    const rows = customers({ seed: 8, rows: 500 }).replace(/^(.*\n.*\n)/, '$1-5,1,basic,20.00,0\n');
    const number = await openPullRequest('broken-data', { 'data/train/2025-03.csv': rows });
    const result = await place.runOnPullRequest('pull-request', number);
    expect(result.succeeded).toBe(false);
    expect(result.jobs).toEqual({ check: 'failure', comment: 'success' });
    expect(stepsOf(result, 'check')).toEqual({
      checkout: 'success',
      validate: 'failure',
      'upload-artifact': 'success',
    });
    const [comment] = await comments(number);
    expect(comment!.body).toContain('data/train/2025-03.csv:3');
  });

  test('one that makes the model worse fails, and the comment says so', async () => {
    const number = await openPullRequest('fewer-features', {
      'rastro.yaml': PROJECT.replace('[tenure, calls, plan, spend]', '[tenure]'),
    });
    const result = await place.runOnPullRequest('pull-request', number);
    expect(result.succeeded).toBe(false);
    expect(stepsOf(result, 'check'), result.log).toMatchObject({ evaluate: 'success', compare: 'failure' });
    const [comment] = await comments(number);
    expect(comment!.body).toMatch(/regressed|worse/);
  });

  test('one from a fork is checked without a token that can write, and commented on by another run', async () => {
    const { github, repository } = place;
    await repository.branch('from-mallory', 'main');
    const headSha = await repository.commit('Train on February too', {
      'data/train/2025-02.csv': customers({ seed: 4, rows: 1500 }),
    });
    // The commits of forks are in the repository, too, and in no branch of it.
    await place.push('from-mallory:refs/forks/mallory/from-mallory');
    await repository.switchTo('main');
    const number = await github.openPullRequest({
      ...{ title: 'Train on February too', head: 'from-mallory', headSha },
      ...{ author: 'mallory', fromFork: true },
    });
    const runId = 7_000_000;
    const checked = await place.runOnPullRequest('pull-request', number, {
      token: github.readOnlyToken,
      runId,
    });
    expect(checked.jobs, checked.log).toEqual({ check: 'success', comment: 'success' });
    expect(await comments(number)).toEqual([]);

    const event = {
      action: 'completed',
      workflow_run: {
        ...{ id: runId, event: 'pull_request', head_sha: headSha, head_branch: 'from-mallory' },
        head_repository: { full_name: 'mallory/churn', owner: { login: 'mallory' } },
        pull_requests: [],
      },
    };
    const commented = await place.run('comment-on-forks', { eventName: 'workflow_run', event });
    expect(commented.jobs, commented.log).toEqual({ comment: 'success' });
    const [comment, ...others] = await comments(number);
    expect(others).toEqual([]);
    expect(comment!.body).toContain('the numbers are what that run reported');
  });

  test('data alone is checked by the workflow for data', async () => {
    const good = await openPullRequest('good-rows', {
      'data/train/2025-05.csv': customers({ seed: 9, rows: 300 }),
    });
    const passes = await place.runOnPullRequest('validate', good);
    expect(passes.jobs, passes.log).toEqual({ validate: 'success' });
    const bad = await openPullRequest('bad-rows', { 'data/train/2025-05.csv': 'tenure,calls\n1,2\n' });
    const fails = await place.runOnPullRequest('validate', bad);
    expect(fails.jobs).toEqual({ validate: 'failure' });
  });

  test('a promotion by hand moves the stage, and deploys what holds it', async () => {
    const result = await promote('staging');
    expect(result.succeeded, result.log).toBe(true);
    expect(await tags()).toContain('churn#staging#2');
    expect(await served('staging')).toMatchObject({ versions: ['v1.0.0'] });
  });

  test('a version that the policy refuses is released, and neither promoted nor deployed', async () => {
    await push('Ask for more, and train on February too', {
      'rastro.policy.yaml': POLICIES.replaceAll('min: 0.6', 'min: 0.99'),
      'data/train/2025-02.csv': customers({ seed: 4, rows: 1500 }),
    });
    const { deployments } = await place.github.state();
    const result = await place.run('release', { eventName: 'push' });
    expect(result.jobs, result.log).toEqual({ release: 'success', deploy: 'failure' });
    expect(stepsOf(result, 'deploy')).toEqual({ checkout: 'success', promote: 'failure' });
    expect(result.log).toMatch(/roc_auc.*asks for at least 0\.99/);
    expect(await tags()).toEqual([
      ...['churn#prod#1', 'churn#staging#2', 'churn@v1.0.0'],
      expect.stringMatching(/^churn@v1\.[\d.]+$/),
    ]);
    expect((await place.kinds()).at(-1)).toBe('release');
    expect((await place.github.state()).deployments).toHaveLength(deployments.length);
  });

  test('a version that fails its smoke test is rolled back: the one before is served again', async () => {
    await push('Take a model that breaks on an empty row', {
      'rastro.yaml': withoutPlan(
        PROJECT.replace('builtin: linear', 'command: cp brittle.onnx models/churn.onnx'),
      ).replace('    deploy:\n', '    deploy:\n      staging: { target: local, port: 0 }\n'),
      'brittle.onnx': brittleModel(),
      'rastro.policy.yaml': POLICIES,
    });
    const released = await place.run('release', { eventName: 'push' });
    expect(stepsOf(released, 'release'), released.log).toMatchObject({ release: 'success' });
    expect(await tags()).toContain('churn@v2.0.0');

    const result = await promote('staging');
    expect(result.succeeded).toBe(false);
    expect(stepsOf(result, 'promote'), result.log).toEqual({
      checkout: 'success',
      promote: 'success',
      deploy: 'failure',
    });
    expect(await served('staging')).toMatchObject({ versions: ['v1.0.0'] });
    const { deployments } = await place.github.state();
    const last = deployments.filter(({ environment }) => environment === 'staging').at(-1)!;
    expect(last).toMatchObject({ ref: 'churn@v2.0.0' });
    expect(last.statuses.at(-1)).toMatchObject({ state: 'failure' });
    expect((await place.kinds()).at(-1)).toBe('deploy');
  });

  test('data as in training opens no issue; drifted data opens one, retrains, and opens a pull request', async () => {
    const quiet = await place.run('retrain', { eventName: 'schedule' });
    expect(quiet.succeeded, quiet.log).toBe(true);
    expect(await issues()).toEqual([]);

    await push('Receive the data of April', {
      'rastro.yaml': PROJECT,
      'data/current.csv': customers({ seed: 6, rows: 1000, drift: 1 }),
      'data/train/2025-04.csv': customers({ seed: 7, rows: 1500, drift: 1 }),
    });
    const drifted = await place.run('retrain', { eventName: 'schedule' });
    expect(drifted.succeeded, drifted.log).toBe(true);
    expect(await issues()).toMatchObject([{ title: 'Data drift: churn', state: 'open' }]);
    const retraining = (await place.github.state()).issues
      .filter(({ isPullRequest }) => isPullRequest)
      .at(-1)!;
    expect(retraining).toMatchObject({ state: 'open', title: expect.stringContaining('Retrain churn') });
    const changed = await place.remote('diff', '--name-only', 'main', 'rastro/retrain/churn');
    expect(changed.split('\n')).toContain('rastro.lock/churn/train.yaml');

    const review = await place.runOnPullRequest('pull-request', retraining.number);
    expect(stepsOf(review, 'check'), review.log).toMatchObject({
      validate: 'success',
      train: 'success',
      evaluate: 'success',
    });
    expect(await comments(retraining.number)).toHaveLength(1);
  });

  test('GitHub was never asked for what its description does not allow', () => {
    expect(place.github.violations).toEqual([]);
  });

  /** Starts the workflow by hand, as its form does. */
  const promote = (stage: string, version = '') =>
    place.run('promote', { eventName: 'workflow_dispatch', event: { inputs: { stage, version } } });

  async function served(environment: string): Promise<unknown> {
    const state = JSON.parse(readFileSync(join(place.kept, environment, 'churn.json'), 'utf8'));
    return (await fetch(`${state.url}/v2/models/churn`)).json();
  }

  async function push(message: string, files: Parameters<WorkflowPlace['repository']['write']>[0]) {
    await place.repository.switchTo('main');
    await place.repository.commit(message, files);
    await place.push('main');
  }

  async function openPullRequest(branch: string, files: Parameters<WorkflowPlace['repository']['write']>[0]) {
    const { repository, github } = place;
    await repository.branch(branch, 'main');
    await repository.commit(`Change ${branch}`, files);
    await place.push(branch);
    const number = await github.openPullRequest({ title: `Change ${branch}`, head: branch });
    await repository.switchTo('main');
    return number;
  }

  const comments = async (number: number) =>
    (await place.github.state()).comments.filter(({ issue }) => issue === number);
  const issues = async () =>
    (await place.github.state()).issues.filter(({ isPullRequest }) => !isPullRequest);
  const tags = async () => (await place.remote('tag', '--list')).split('\n').sort();
});

const POLICIES = `${POLICY}  staging: { from: [candidate] }\n`;
const withoutPlan = (project: string) =>
  project.replace('[tenure, calls, plan, spend]', '[tenure, calls, spend]');

function stepsOf({ steps }: WorkflowResult, job: string): Record<string, string> {
  return Object.fromEntries(steps.filter((one) => one.job === job).map(({ step, result }) => [step, result]));
}

/** Ends the servers of the target `local`, which outlive the jobs that started them. */
function endServers(kept: string): void {
  for (const path of readdirSync(kept, { recursive: true, encoding: 'utf8' })) {
    if (/^[^/]+\/[^/]+\.json$/.test(path))
      process.kill(JSON.parse(readFileSync(join(kept, path), 'utf8')).pid);
  }
}
