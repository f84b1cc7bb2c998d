import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { customers, projectFiles } from './churn.ts';
import { root } from './docs/action-files.ts';
import { type Place, startPlace } from './place.ts';
import { type JobRun, runWorkflow, type Trigger } from './workflow-run.ts';

/** The workflows that users copy, run as they are, step by step, from a pull request to the retraining after drift. */
const workflow = (name: string) => readFileSync(join(root, 'workflows-examples', `${name}.yml`), 'utf8');

let place: Place;
beforeAll(async () => {
  place = await startPlace(projectFiles());
});
afterAll(() => place?.[Symbol.asyncDispose]());

test('a pull request is checked by a job that writes nothing, and told of by another', async () => {
  const { check, comment } = await runWorkflow(workflow('pull-request'), place, await pullRequest('first'));
  expect(said(check!)).toEqual({ validate: 'pass', train: 'pass', evaluate: 'pass', compare: 'pass' });
  expect(comment!.result).toBe('success');
  expect(comment!.actions.comment!.outputs).toMatchObject({ status: 'created' });
});

test('a pull request that breaks the contract fails its check, and the comment says so', async () => {
  const broken = customers({ seed: 9, rows: 200 }).replace(',basic,', ',baisc,');
  const trigger = await pullRequest('broken', { 'data/train/2025-02.csv': broken });
  const { check, comment } = await runWorkflow(workflow('pull-request'), place, trigger);
  expect(check!.result).toBe('failure');
  expect(said(check!)).toEqual({ validate: 'breach' });
  expect(comment!.actions.comment!.outputs).toMatchObject({ status: 'created', verdict: 'fail' });
});

test('a pull request from a fork is checked, and its reports wait for a run that may comment', async () => {
  const trigger = await pullRequest('forked');
  const event = structuredClone(trigger.event) as { pull_request: { head: { repo: { full_name: string } } } };
  event.pull_request.head.repo = { full_name: 'grace/churn' };
  const github = { ...place.github, token: place.github.readOnlyToken };
  const asFork: Place = {
    ...place,
    act: (verb, inputs, more) => place.act(verb, inputs, { ...more, github }),
  };
  const { check, comment } = await runWorkflow(workflow('pull-request'), asFork, { ...trigger, event });
  expect(check!.result).toBe('success');
  expect(comment!.actions.comment!.outputs).toMatchObject({ status: 'kept' });
});

test('a push to main is released, promoted and deployed', async () => {
  const { release, deploy } = await runWorkflow(workflow('release'), place, push());
  expect(release!.outputs).toEqual({ status: 'released', version: 'v1.0.0' });
  expect(said(deploy!)).toEqual({ promote: 'pass', deploy: 'pass' });
  expect(deploy!.actions.promote!.outputs).toMatchObject({ version: 'v1.0.0', status: 'promoted' });
  expect(deploy!.actions.deploy!.outputs).toMatchObject({ version: 'v1.0.0', status: 'deployed' });
  expect((await place.github.state()).releases.map(({ tag }) => tag)).toEqual(['churn@v1.0.0']);
});

test('a push that changes no model releases nothing, and asks for no approval', async () => {
  const { release, deploy } = await runWorkflow(workflow('release'), place, push());
  expect(release!.outputs).toEqual({ status: 'existing', version: 'v1.0.0' });
  expect(deploy!.result).toBe('skipped');
});

test('a run by hand on another branch releases nothing', async () => {
  const trigger = { ...push(), eventName: 'workflow_dispatch', ref: 'refs/heads/first' };
  const { release } = await runWorkflow(workflow('release'), place, trigger);
  expect(release!.result).toBe('skipped');
});

test('the nightly run finds drift, and proposes a model that is trained on the new data', async () => {
  await place.repository.switchTo('main');
  await place.repository.commit('The market moves', {
    'data/current.csv': customers({ seed: 11, rows: 1000, drift: 1 }),
    'data/train/2025-03.csv': customers({ seed: 12, rows: 1500, drift: 1 }),
  });
  await place.push('main');
  const { monitor } = await runWorkflow(workflow('retrain'), place, { ...push(), eventName: 'schedule' });
  expect(monitor!.result).toBe('success');
  expect(monitor!.actions.monitor!.outputs.drifted).toBe('churn');
  expect(monitor!.actions.monitor!.outputs['pull-request-url']).toContain('/pull/');
});

/** Opens a pull request, and says what the runner is told of it; it checks out what merging it would give. */
async function pullRequest(branch: string, files: Record<string, string> = {}): Promise<Trigger> {
  const { repository, github } = place;
  await repository.branch(branch, 'main');
  await repository.commit(`Propose ${branch}`, { [`notes/${branch}.md`]: `${branch}\n`, ...files });
  await place.push(branch);
  await repository.switchTo('main');
  const number = await github.openPullRequest({ title: branch, head: branch });
  const event = await github.pullRequestEvent(number, 'opened');
  return { eventName: 'pull_request', event, ref: `refs/pull/${number}/merge`, checkout: `origin/${branch}` };
}

function push(): Trigger {
  const event = { repository: { default_branch: 'main' } };
  return { eventName: 'push', event, ref: 'refs/heads/main', checkout: 'origin/main' };
}

/** The verdict of every action that ran; its output when it has none. */
function said({ actions }: JobRun): Record<string, string> {
  return Object.fromEntries(
    Object.entries(actions).map(([verb, { outputs, stdout }]) => [verb, outputs.verdict ?? stdout]),
  );
}
