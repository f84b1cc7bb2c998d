import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customers, POLICY, PROJECT, projectFiles } from '../churn.ts';
import type { WorkflowResult } from './run-workflow.ts';
import { act, copied, startWorkflowPlace, type WorkflowPlace } from './runner.ts';

/**
 * The example workflows as users copy them, run by act against a GitHub on loopback. The tests go on from each other, in
 * order, and look at what that GitHub and its Git repository hold afterwards.
 */
describe.runIf(act)('the example workflows, run by act', () => {
  let place: WorkflowPlace;

  beforeAll(async () => {
    place = await startWorkflowPlace({ ...projectFiles(), ...copied('pull-request', 'release', 'retrain') });
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
    expect(await place.kinds()).toEqual(['data-check', 'train', 'evaluate', 'release', 'gate', 'promote', 'deploy']);
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
  });

  test('one that breaks the contract fails, and the comment says at which line', async () => {
    const rows = customers({ seed: 8, rows: 500 }).replace(/^(.*\n.*\n)/, '$1-5,1,basic,20.00,0\n');
    const number = await openPullRequest('broken-data', { 'data/train/2025-03.csv': rows });
    const result = await place.runOnPullRequest('pull-request', number);
    expect(result.succeeded).toBe(false);
    expect(result.jobs).toEqual({ check: 'failure', comment: 'success' });
    expect(stepsOf(result, 'check')).toEqual({ checkout: 'success', validate: 'failure', 'upload-artifact': 'success' });
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

  test('GitHub was never asked for what its description does not allow', () => {
    expect(place.github.violations).toEqual([]);
  });

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
  const tags = async () => (await place.remote('tag', '--list')).split('\n').sort();
});

void POLICY;

function stepsOf({ steps }: WorkflowResult, job: string): Record<string, string> {
  return Object.fromEntries(steps.filter((one) => one.job === job).map(({ step, result }) => [step, result]));
}

/** Ends the servers of the target `local`, which outlive the jobs that started them. */
function endServers(kept: string): void {
  for (const path of readdirSync(kept, { recursive: true, encoding: 'utf8' })) {
    if (!/serve\/[^/]+\/[^/]+\.json$/.test(path)) continue;
    process.kill(JSON.parse(readFileSync(join(kept, path), 'utf8')).pid);
  }
}
