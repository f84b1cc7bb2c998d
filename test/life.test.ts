import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionResult, runAction } from '@rastro/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { customers, PROJECT, projectFiles } from './churn.ts';
import { type Place, sha256, startPlace, TOOLS } from './place.ts';

/**
 * The life of one model change, each step a bundled action in a process of its own, against a GitHub on loopback. The
 * tests go on from each other, in order.
 */
let place: Place;
let pullRequest: number;
let released: string;

beforeAll(async () => {
  place = await startPlace(projectFiles());
  for (const verb of ['validate', 'train', 'evaluate']) expect(await passed(place.act(verb))).toBeDefined();
  await place.repository.commit('Train the first model');
  await place.push('main');
});

afterAll(async () => {
  const server = await servedState().catch(() => undefined);
  if (server) process.kill(server.pid);
  await place?.[Symbol.asyncDispose]();
});

test('a pull request with more data gets one comment that tells what changed', async () => {
  const { repository, github } = place;
  await repository.branch('more-data');
  await repository.write({ 'data/train/2025-02.csv': customers({ seed: 4, rows: 1500 }) });
  for (const verb of ['validate', 'train', 'evaluate']) await passed(place.act(verb));
  await repository.commit('Train on February too');
  await place.push('more-data');
  pullRequest = await github.openPullRequest({ title: 'Train on February too', head: 'more-data' });

  const { train, compare, comment } = await judgePullRequest();
  expect(train.outputs.trained).toBe('');
  expect(compare.outputs.result).toMatch(/improved|inconclusive/);
  expect(comment.outputs.status).toBe('created');
  const [only, ...others] = await comments();
  expect(others).toEqual([]);
  expect(only).toMatchObject({ issue: pullRequest, author: 'github-actions[bot]' });
  expect(only!.body).toContain('roc\\_auc');
  expect(only!.body).toContain('merge-base');
});

test('a second push updates the same comment, and a rerun changes no more than the link to its artifact', async () => {
  const { repository } = place;
  const [before] = await comments();
  await repository.write({ 'data/train/2025-03.csv': customers({ seed: 5, rows: 1500 }) });
  for (const verb of ['validate', 'train', 'evaluate']) await passed(place.act(verb));
  await repository.commit('Train on March too');
  await place.push('more-data');

  expect((await judgePullRequest()).comment.outputs.status).toBe('updated');
  const [after, ...others] = await comments();
  expect(others).toEqual([]);
  expect(after!.id).toBe(before!.id);
  expect(after!.body).not.toBe(before!.body);
  await judgePullRequest();
  const [rerun, ...more] = await comments();
  expect(more).toEqual([]);
  const withoutLink = (body: string) => body.replaceAll(/\/artifacts\/\d+/g, '');
  expect(withoutLink(rerun!.body)).toBe(withoutLink(after!.body));
});

test('after the merge the release tags the model and publishes what it was judged by', async () => {
  const { repository, github, directory } = place;
  await repository.switchTo('main');
  await repository.git('merge', '--quiet', '--no-ff', '--message', 'Merge more-data', 'more-data');
  await place.push('main');
  const commit = await repository.git('rev-parse', 'HEAD');
  const model = await readFile(join(directory, 'models/churn.onnx'));
  released = sha256(model);

  const { outputs } = await passed(place.act('release'));
  expect(outputs).toMatchObject({
    status: 'released',
    version: 'v1.0.0',
    tag: 'churn@v1.0.0',
    digest: released,
  });
  expect(await remote('cat-file', '-t', 'refs/tags/churn@v1.0.0')).toBe('tag');
  expect(await remote('rev-parse', 'churn@v1.0.0^{commit}')).toBe(commit);

  const [release, ...others] = (await github.state()).releases;
  expect(others).toEqual([]);
  expect(release).toMatchObject({ tag: 'churn@v1.0.0', draft: false, prerelease: false });
  expect(decodeURIComponent(outputs['release-url']!)).toMatch(/acme\/churn\/releases\/tag\/churn@v1\.0\.0$/);
  const assets = Object.fromEntries(release!.assets.map(({ name, bytes }) => [name, bytes]));
  expect(Object.keys(assets).sort()).toEqual([
    'bom.cdx.json',
    'churn.onnx',
    'contract-customers.yaml',
    'metrics.json',
    'model-card.md',
    'provenance.json',
    'report.html',
    'train.lock.yaml',
  ]);
  const committed = {
    'churn.onnx': 'models/churn.onnx',
    'metrics.json': 'metrics/churn.json',
    'train.lock.yaml': 'rastro.lock/churn/train.yaml',
    'contract-customers.yaml': 'contracts/customers.yaml',
  };
  for (const [name, path] of Object.entries(committed))
    expect(assets[name]!.equals(await readFile(join(directory, path))), name).toBe(true);
  expect(await kinds()).toEqual(['data-check', 'train', 'evaluate', 'release']);
});

test('the same file released again is the release that there is', async () => {
  const before = await refs();
  const { outputs } = await passed(place.act('release'));
  expect(outputs).toMatchObject({ status: 'existing', version: 'v1.0.0', tag: 'churn@v1.0.0' });
  expect(await refs()).toEqual(before);
  expect((await place.github.state()).releases).toHaveLength(1);
});

test('the promotion puts gate and promotion on the trail, and tags the stage', async () => {
  const { outputs } = await passed(place.act('promote', { stage: 'prod' }));
  expect(outputs).toMatchObject({ status: 'promoted', version: 'v1.0.0', stage: 'prod', replaces: '' });
  expect((await kinds()).slice(4)).toEqual(['gate', 'promote']);
  expect(await remote('rev-parse', 'churn#prod#1^{commit}')).toBe(
    await remote('rev-parse', 'churn@v1.0.0^{commit}'),
  );

  const before = await refs();
  expect((await passed(place.act('promote', { stage: 'prod' }))).outputs.status).toBe('unchanged');
  expect(await refs()).toEqual(before);
});

test('the deployed server answers with the released digest, and GitHub knows of it', async () => {
  const { outputs } = await passed(place.act('deploy', { environment: 'prod' }));
  expect(outputs).toMatchObject({ status: 'deployed', version: 'v1.0.0', digest: released });
  const served = await fetch(`${outputs.url}/v2/models/churn`);
  expect(await served.json()).toMatchObject({ versions: ['v1.0.0'], parameters: { sha256: released } });
  expect((await kinds()).at(-1)).toBe('deploy');

  const [deployment, ...others] = (await place.github.state()).deployments;
  expect(others).toEqual([]);
  expect(deployment).toMatchObject({ ref: 'churn@v1.0.0', environment: 'prod' });
  expect(deployment!.statuses.map(({ state }) => state)).toEqual(['in_progress', 'success']);
  expect(deployment!.statuses.at(-1)!.environmentUrl).toBe(outputs.url);
});

test('a deployment again serves the same model at the same address', async () => {
  const before = await servedState();
  const { outputs } = await passed(place.act('deploy', { environment: 'prod' }));
  expect(outputs.url).toBe(before.url);
  const served = await fetch(`${outputs.url}/v2/models/churn`);
  expect(await served.json()).toMatchObject({ parameters: { sha256: released } });
});

test('data like that of training opens no issue', async () => {
  const { outputs } = await passed(place.act('monitor'));
  expect(outputs).toMatchObject({ drifted: '', 'issue-url': '', 'pull-request-url': '' });
  expect((await issues()).length).toBe(0);
  expect((await kinds()).at(-1)).toBe('drift');

  const before = await refs();
  await passed(place.act('monitor'));
  expect(await refs()).toEqual(before);
});

test('drifted data opens an issue, and a pull request with the retrained model', async () => {
  const { repository } = place;
  const market = { 'data/current.csv': customers({ seed: 6, rows: 1000, drift: 1 }) };
  const latest = { 'data/train/2025-04.csv': customers({ seed: 7, rows: 1500, drift: 1 }) };
  await repository.commit('Receive the data of April', { ...market, ...latest });
  await place.push('main');

  const { outputs } = await passed(place.act('monitor'));
  expect(outputs.drifted).toBe('churn');
  const [issue, ...others] = await issues();
  expect(others).toEqual([]);
  expect(issue).toMatchObject({ title: 'Data drift: churn', state: 'open' });
  expect(issue!.body).toContain('calls');
  expect(issue!.body).toContain(outputs['pull-request-url']);
  const changed = await remote('diff', '--name-only', 'main', 'rastro/retrain/churn');
  expect(changed.split('\n')).toEqual([
    'metrics/churn.json',
    'models/churn.onnx',
    'rastro.lock/churn/train.yaml',
    'rastro.lock/data/customers/validate.yaml',
  ]);
  expect(await retrainings()).toHaveLength(1);
});

test('monitored again, the same drift is one issue and one pull request', async () => {
  const trail = await remote('rev-parse', 'rastro/trail');
  await passed(place.act('monitor'));
  expect(await remote('rev-parse', 'rastro/trail')).toBe(trail);
  expect(await issues()).toHaveLength(1);
  expect(await retrainings()).toHaveLength(1);
});

test('an audit proves from a fresh clone why prod serves what it serves', async () => {
  await using clone = await place.clone();
  const proof = await audit(clone.directory);
  expect(proof.exitCode).toBe(0);
  expect(proof.outputs).toMatchObject({ verdict: 'pass', answer: 'verified', digest: released });
});

test('an audit says violated when an entry of the trail was changed', async () => {
  await using clone = await place.clone();
  await clone.git('switch', '--quiet', '--create', 'tampered', 'origin/rastro/trail');
  const paths = (await clone.git('ls-files')).split('\n');
  const entry = paths.find((path) => path.includes('promote'))!;
  const text = await readFile(join(clone.directory, entry), 'utf8');
  await clone.commit('Nothing to see here', {
    [entry]: text.replaceAll('"actual":"', '"actual":"better than '),
  });
  await clone.git('update-ref', 'refs/remotes/origin/rastro/trail', 'HEAD');
  await clone.git('switch', '--quiet', 'main');
  const doubt = await audit(clone.directory);
  expect(doubt.exitCode).toBe(1);
  expect(doubt.outputs.answer).toBe('violated');
});

test('an audit says violated when a version tag was moved', async () => {
  await using clone = await place.clone();
  await clone.git('tag', '--force', '--annotate', '--message', 'churn v1.0.0', 'churn@v1.0.0', 'HEAD');
  const doubt = await audit(clone.directory);
  expect(doubt.exitCode).toBe(1);
  expect(doubt.outputs.answer).toBe('violated');
});

test('a project in a folder of its own has its baseline, its policy and its changes there', async () => {
  const files = Object.entries(projectFiles()).map(([path, content]) => [`team/churn/${path}`, content]);
  await using team = await startPlace(Object.fromEntries(files));
  const act = (verb: string, inputs = {}) => team.act(verb, { 'working-directory': 'team/churn', ...inputs });
  for (const verb of ['validate', 'train', 'evaluate']) await passed(act(verb));
  await team.repository.commit('Train');
  await team.push('main');
  expect((await passed(act('compare'))).outputs.result).toBe('inconclusive');
  await passed(act('release'));
  expect((await passed(act('promote', { stage: 'prod' }))).outputs.status).toBe('promoted');

  await team.repository.write({ 'team/churn/rastro.yaml': `${PROJECT}# more\n` });
  const { exitCode, annotations } = await act('release');
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ title: 'uncommitted', file: 'team/churn/rastro.yaml' }]);
  await team.repository.git('checkout', '--quiet', '.');

  const drifted = { 'team/churn/data/current.csv': customers({ seed: 6, rows: 1000, drift: 1 }) };
  const latest = { 'team/churn/data/train/2025-02.csv': customers({ seed: 7, rows: 1500, drift: 1 }) };
  await team.repository.commit('Receive data', { ...drifted, ...latest });
  await team.push('main');
  await passed(act('monitor'));
  const changed = [
    '--git-dir',
    team.repository.remote!,
    'diff',
    '--name-only',
    'main',
    'rastro/retrain/churn',
  ];
  expect((await team.repository.git(...changed)).split('\n')).toContain('team/churn/models/churn.onnx');
});

test('GitHub was never asked for what its description does not allow', () => {
  expect(place.github.violations).toEqual([]);
});

async function judgePullRequest() {
  const event = await place.github.pullRequestEvent(pullRequest, 'synchronize');
  const run = async (verb: string) => passed(place.act(verb, {}, { eventName: 'pull_request', event }));
  const validate = await run('validate');
  const train = await run('train');
  const evaluate = await run('evaluate');
  return { validate, train, evaluate, compare: await run('compare'), comment: await run('comment') };
}

function audit(directory: string): Promise<ActionResult> {
  return runAction({ verb: 'audit', directory, env: { RUNNER_TOOL_CACHE: TOOLS } });
}

/** A step that must have passed; what it said is the message when it did not. */
async function passed(run: Promise<ActionResult>): Promise<ActionResult> {
  const result = await run;
  expect(result.exitCode, `${result.stdout}\n${result.stderr}`).toBe(0);
  return result;
}

function remote(...args: string[]): Promise<string> {
  return place.repository.git('--git-dir', place.repository.remote!, ...args);
}

const refs = () => remote('for-each-ref', '--format=%(refname) %(objectname)');

/** What happened, by the entries of the trail. */
async function kinds(): Promise<string[]> {
  const subjects = await remote('log', '--reverse', '--format=%B', 'rastro/trail');
  return [...subjects.matchAll(/^Rastro-Kind: (.+)$/gm)].map(([, kind]) => kind!);
}

async function comments() {
  return (await place.github.state()).comments.filter(({ issue }) => issue === pullRequest);
}

async function issues() {
  return (await place.github.state()).issues.filter(({ isPullRequest }) => !isPullRequest);
}

async function retrainings() {
  const all = (await place.github.state()).issues.filter(({ isPullRequest }) => isPullRequest);
  return all.filter(({ title, state }) => title.startsWith('Retrain churn') && state === 'open');
}

async function servedState(): Promise<{ pid: number; url: string }> {
  return JSON.parse(await readFile(join(place.directory, '.rastro/serve/prod/churn.json'), 'utf8'));
}
