import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git, initBare } from '@rastro/testkit';
import { MONTHS, writeFlights } from './flights.ts';
import { ask, cloneOf, type Job, runJob, type Stage, type Step, suite, type } from './stage.ts';
import { transcript } from './transcript.ts';

const { say, title } = transcript;
const [, , MARCH, MAY] = MONTHS;
const BRANCH = 'boosting';

/** A part of the story. Each starts from what GitHub holds, so that it can be played again after it was cut off. */
export interface Scene {
  readonly name: string;
  play(stage: Stage): Promise<void>;
}

const scenes: readonly Scene[] = [
  { name: 'data', play: prepareData },
  { name: 'begin', play: begin },
  { name: 'change', play: change },
  { name: 'repair', play: repair },
  { name: 'merge', play: merge },
  { name: 'release', play: release },
  { name: 'promote', play: promote },
  { name: 'deploy', play: deploy },
  { name: 'monitor', play: monitorQuiet },
  { name: 'drift', play: monitorDrift },
  { name: 'retrain', play: reviewRetraining },
  { name: 'audit', play: audit },
];

export { scenes };

export async function makeRemote(folder: string): Promise<void> {
  await initBare(join(folder, 'remote.git'));
}

async function prepareData({ folder }: Stage): Promise<void> {
  title('Real data: flights of 2001, from the npm package vega-datasets');
  await writeFlights(join(folder, 'flights'));
  say(`${MONTHS.join(', ')}: 20000 rows each to learn from, 6000 to be judged on.`);
}

async function bring(
  stage: Stage,
  directory: string,
  part: 'train' | 'test' | 'latest',
  month: string,
): Promise<void> {
  const target = join(directory, 'data', part);
  if (part === 'latest') await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await copyFile(
    join(stage.folder, 'flights', part === 'latest' ? 'train' : part, `${month}.csv`),
    join(target, `${month}.csv`),
  );
}

async function commitAll(directory: string, message: string): Promise<void> {
  await git(directory, ['add', '--all']);
  await git(directory, ['commit', '--quiet', '--allow-empty', '--message', message]);
  transcript.command(`git commit -m "${message}"`);
}

async function begin(stage: Stage): Promise<void> {
  title('A repository with a linear baseline: will a flight be more than 15 minutes late?');
  const directory = await cloneOf(stage, 'ada');
  await git(directory, ['checkout', '--quiet', '-B', 'main']);
  await cp(join(suite, 'examples/flights'), directory, { recursive: true });
  for (const month of MONTHS.slice(0, 2)) await bring(stage, directory, 'train', month);
  for (const month of MONTHS.slice(0, 3)) await bring(stage, directory, 'test', month);
  await bring(stage, directory, 'latest', MARCH);
  say(await readFile(join(directory, 'rastro.yaml'), 'utf8'));
  await type(directory, ['train']);
  await type(directory, ['evaluate']);
  await commitAll(directory, 'Begin with a linear baseline');
  await git(directory, ['push', '--quiet', '--force', 'origin', 'main']);
}

const pullRequestSteps: readonly Step[] = [
  { verb: 'validate' },
  { verb: 'train' },
  { verb: 'evaluate' },
  { verb: 'compare' },
  { verb: 'comment', always: true },
];

interface PullRequest {
  readonly number: number;
  readonly html_url: string;
  readonly head: { readonly ref: string; readonly sha: string };
}

async function openPullRequest(stage: Stage, head: string): Promise<PullRequest | undefined> {
  const { repository } = stage.github;
  const open = await ask<PullRequest[]>(stage, 'GET', `/repos/${repository}/pulls?state=open&per_page=100`);
  return open.find((candidate) => candidate.head.ref === head);
}

async function pullRequestJob(
  stage: Stage,
  pullRequest: PullRequest,
  name: string,
  expected: Pick<Job, 'fails'> = {},
): Promise<void> {
  const job: Job = {
    name,
    ref: pullRequest.head.sha,
    eventName: 'pull_request',
    event: { number: pullRequest.number, pull_request: pullRequest },
    steps: pullRequestSteps,
    ...expected,
  };
  await runJob(stage, job);
  await showComment(stage, pullRequest);
}

async function showComment(stage: Stage, { number }: PullRequest): Promise<void> {
  const { repository } = stage.github;
  const comments = await ask<{ body: string; html_url: string }[]>(
    stage,
    'GET',
    `/repos/${repository}/issues/${number}/comments`,
  );
  say(
    `\nThe ${comments.length === 1 ? 'one comment' : `${comments.length} comments`} on pull request #${number}:`,
  );
  for (const { body } of comments) {
    transcript.markdown(body);
    for (const name of ['comment', `comment-${number}`])
      await writeFile(join(stage.folder, `${name}.md`), body);
  }
}

/** Rows as a careless export writes them: a missing hour, a negative distance, a code that is no airport. */
const DAMAGE: readonly { readonly line: number; readonly column: number; readonly value: string }[] = [
  { line: 120, column: 0, value: '' },
  { line: 4711, column: 2, value: '-1' },
  { line: 15_000, column: 3, value: 'ORD?' },
];

async function change(stage: Stage): Promise<void> {
  title('A pull request: gradient boosting, and March, which arrives damaged');
  const directory = await cloneOf(stage, 'ada');
  await git(directory, ['checkout', '--quiet', '-B', BRANCH]);
  const project = join(directory, 'rastro.yaml');
  const text = await readFile(project, 'utf8');
  await writeFile(
    project,
    text.replace(
      'builtin: linear',
      'builtin: gradient-boosting\n      params: { n_estimators: 60, max_depth: 5, learning_rate: 0.1 }',
    ),
  );
  await bring(stage, directory, 'train', MARCH);
  const march = join(directory, `data/train/${MARCH}.csv`);
  const lines = (await readFile(march, 'utf8')).split('\n');
  for (const { line, column, value } of DAMAGE)
    lines[line - 1] = lines[line - 1]!.split(',').with(column, value).join(',');
  await writeFile(march, lines.join('\n'));
  await commitAll(directory, 'Learn with gradient boosting, from March too');
  await git(directory, ['push', '--quiet', '--force', 'origin', BRANCH]);
  const { repository } = stage.github;
  const pullRequest =
    (await openPullRequest(stage, BRANCH)) ??
    (await ask<PullRequest>(stage, 'POST', `/repos/${repository}/pulls`, {
      as: 'ada',
      body: { title: 'Learn with gradient boosting, from March too', head: BRANCH, base: 'main', body: '' },
    }));
  say(`Opened pull request #${pullRequest.number}. Its workflow:`);
  await pullRequestJob(stage, pullRequest, 'job-pull-request-1', { fails: 'validate' });
}

async function repair(stage: Stage): Promise<void> {
  title('The next push: March repaired, the model trained');
  const directory = await cloneOf(stage, 'ada', BRANCH);
  await bring(stage, directory, 'train', MARCH);
  await type(directory, ['train']);
  await type(directory, ['evaluate']);
  await commitAll(directory, 'Repair March; train');
  await git(directory, ['push', '--quiet', 'origin', `HEAD:${BRANCH}`]);
  const pullRequest = await openPullRequest(stage, BRANCH);
  if (pullRequest) await pullRequestJob(stage, pullRequest, 'job-pull-request-2');
}

async function merge(stage: Stage): Promise<void> {
  title('Grace approves, Ada merges');
  const { repository } = stage.github;
  const pullRequest = await openPullRequest(stage, BRANCH);
  if (!pullRequest) return say('Merged already.');
  await ask(stage, 'POST', `/repos/${repository}/pulls/${pullRequest.number}/reviews`, {
    as: 'grace',
    body: { event: 'APPROVE', body: 'Better in every slice.', commit_id: pullRequest.head.sha },
  });
  const { sha } = await ask<{ sha: string }>(
    stage,
    'PUT',
    `/repos/${repository}/pulls/${pullRequest.number}/merge`,
    { as: 'ada', body: {} },
  );
  say(`Merged #${pullRequest.number} as ${sha.slice(0, 12)}.`);
}

async function release(stage: Stage): Promise<void> {
  title('On main: release');
  const steps: Step[] = [{ verb: 'validate' }, { verb: 'train' }, { verb: 'evaluate' }, { verb: 'release' }];
  const { directory } = await runJob(stage, { name: 'job-release', eventName: 'push', steps });
  const tag = await git(directory, ['ls-remote', '--tags', 'origin', 'delay@*']);
  say(`\n${tag}`);
  const { repository } = stage.github;
  const [published] = await ask<
    { name: string; html_url: string; assets: { name: string; size: number }[] }[]
  >(stage, 'GET', `/repos/${repository}/releases`);
  say(
    `Release ${published?.name}: ${published?.assets.map(({ name, size }) => `${name} (${size} bytes)`).join(', ')}`,
  );
}

async function promote(stage: Stage): Promise<void> {
  title('Promote to prod, under rastro.policy.yaml of main');
  const { results } = await runJob(stage, {
    name: 'job-promote',
    eventName: 'workflow_dispatch',
    steps: [{ verb: 'promote', inputs: { stage: 'prod' } }],
  });
  transcript.markdown(results.get('promote')!.summary, 24);
}

async function deploy(stage: Stage): Promise<void> {
  title('Deploy to prod: the embedded inference server on this machine');
  const { results } = await runJob(stage, {
    name: 'job-deploy',
    eventName: 'workflow_dispatch',
    steps: [{ verb: 'deploy', inputs: { environment: 'prod' } }],
  });
  const { url } = results.get('deploy')!.outputs;
  const one = (name: string, value: number) => ({ name, datatype: 'FP32', shape: [1, 1], data: [value] });
  const question = {
    inputs: [
      one('hour', 18),
      one('weekday', 5),
      one('distance', 733),
      one('origin_delay', 45),
      one('destination_delay', 30),
    ],
  };
  transcript.command(
    `curl ${url}/v2/models/delay/infer -d '…'   # Friday, 18 h, 733 miles, earlier flights 45 minutes late`,
  );
  const response = await fetch(`${url}/v2/models/delay/infer`, {
    method: 'POST',
    body: JSON.stringify(question),
  });
  say(await response.text());
  const { repository } = stage.github;
  const deployments = await ask<{ id: number; environment: string; ref: string }[]>(
    stage,
    'GET',
    `/repos/${repository}/deployments`,
  );
  say(
    `Deployment on GitHub: ${deployments.map(({ id, ref, environment }) => `#${id} ${ref} to ${environment}`).join(', ')}`,
  );
}

async function monitorQuiet(stage: Stage): Promise<void> {
  title('A scheduled check: March looks like what the model learned from');
  await runJob(stage, { name: 'job-monitor-1', eventName: 'schedule', steps: [{ verb: 'monitor' }] });
}

async function monitorDrift(stage: Stage): Promise<void> {
  title('May arrives: earlier flights are far less late, and the check sees it');
  const directory = await cloneOf(stage, 'ada');
  for (const part of ['train', 'test', 'latest'] as const) await bring(stage, directory, part, MAY);
  await commitAll(directory, 'May 2001');
  await git(directory, ['push', '--quiet', 'origin', 'HEAD:main']);
  const { results } = await runJob(stage, {
    name: 'job-monitor-2',
    eventName: 'schedule',
    steps: [{ verb: 'monitor' }],
  });
  transcript.markdown(results.get('monitor')!.summary, 24);
}

async function reviewRetraining(stage: Stage): Promise<void> {
  title('The retraining pull request, reviewed like any other');
  const pullRequest = await openPullRequest(stage, 'rastro/retrain/delay');
  if (!pullRequest) throw new Error('no retraining pull request is open');
  say(`Pull request #${pullRequest.number} from ${pullRequest.head.ref}. Its workflow:`);
  await pullRequestJob(stage, pullRequest, 'job-retrain');
}

async function audit(stage: Stage): Promise<void> {
  title('An auditor clones the repository and asks, offline, why prod serves what it serves');
  const directory = await cloneOf(stage, 'grace');
  await type(directory, ['audit', '--environment', 'prod']);
  transcript.command('git log --format="%h %s" origin/rastro/trail');
  say(await git(directory, ['log', '--format=%h %s', 'origin/rastro/trail']));
}
