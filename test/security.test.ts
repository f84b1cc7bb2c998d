import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseKeyValueFile } from '@rastro/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { externalModel } from '../packages/engine/test/onnx-model.ts';
import { POLICY, PROJECT, projectFiles } from './churn.ts';
import { cli, type Place, startPlace } from './place.ts';

/*
 * What is held beside the part that it is about:
 * - Markdown that a report's texts cannot leave: packages/report/test/markdown.test.ts, and Mermaid in report-browser.test.ts
 * - markers, and comments of others that bear them: packages/report/test/comment.test.ts, packages/github/test/comments.test.ts
 * - artifacts of forks, and which pull request they are about: comment.test.ts
 * - extraction, with one crafted archive each: packages/host/test/text-archive.test.ts
 * - what workflows may do, and what stands in their scripts: ci.test.ts, example-workflows.test.ts
 */

const suite = join(import.meta.dirname, '..');

/** A trained and released model; each test begins with the files as they were committed. */
let place: Place;
let scratch: string;

beforeAll(async () => {
  place = await startPlace({
    ...projectFiles(),
    'rastro.policy.yaml': POLICY.replace('{ min: 0.6,', '{ min: 0.99,'),
  });
  for (const verb of ['validate', 'train', 'evaluate']) expect((await place.act(verb)).exitCode).toBe(0);
  await place.repository.commit('Train');
  await place.push('main');
  scratch = await mkdtemp(join(tmpdir(), 'rastro-security-'));
});
afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(async () => {
  await place.repository.git('switch', '--quiet', 'main');
  await place.repository.git('reset', '--quiet', '--hard');
  await place.repository.git('clean', '--quiet', '--force', '-d');
});

test('secrets are masked, and never in arguments, on the trail, in a URL or left in files', async () => {
  const { github, directory, repository } = place;
  const secrets = [github.token, Buffer.from(`x-access-token:${github.token}`).toString('base64')];
  const seen = watchArguments(secrets);
  const run = await place.act('release');
  const refused = await place.act('comment', { 'pull-request': '99' });
  expect(seen.stop()).toEqual([]);
  expect([run.exitCode, refused.exitCode]).toEqual([0, 3]);

  const { releases } = await github.state();
  const trail = await repository.git(
    '--git-dir',
    repository.remote!,
    'log',
    '--patch',
    '--all',
    '--format=fuller',
  );
  const masked = `::add-mask::${github.token}`;
  expect(run.stdout).toContain(masked);
  const told = [run, refused].flatMap(({ stdout, stderr, summary, outputs, env, state }) => [
    stdout.replaceAll(masked, ''),
    stderr,
    summary,
    JSON.stringify([outputs, env, state]),
  ]);
  const kept = await textsUnder(directory);
  const published = releases.map(
    ({ body, assets }) => body + assets.map(({ bytes }) => bytes.toString('latin1')).join(),
  );
  for (const secret of secrets)
    for (const text of [...told, ...kept, ...published, trail]) expect(text.includes(secret)).toBe(false);
});

test('inputs are never run: $(touch x) creates no file', async () => {
  const evil = '$(touch x)`touch x`;touch x #';
  const runs: [string, Record<string, string>][] = [
    ['validate', { data: evil, contract: evil }],
    ['validate', { data: evil }],
    ['train', { model: evil }],
    ['compare', { baseline: evil }],
    ['release', { model: evil, version: `v${evil}` }],
    ['promote', { model: evil, stage: evil, version: evil }],
    ['deploy', { environment: evil }],
    ['audit', { model: evil, environment: evil, 'expect-head': evil, files: evil }],
    ['comment', { key: evil, reports: evil, 'pull-request': '1' }],
    ['train', { 'working-directory': evil }],
  ];
  for (const [verb, inputs] of runs) {
    const { exitCode, stdout } = await place.act(verb, inputs);
    expect([1, 2], `${verb}\n${stdout}`).toContain(exitCode);
  }
  expect(await readdir(place.directory)).not.toContain('x');
  expect(await place.repository.git('status', '--porcelain')).toBe('');
});

test('names and refs are validated: a model called --upload-pack=x is refused before any process starts', async () => {
  const log = join(scratch, 'git.log');
  const program = join(scratch, 'bin');
  await mkdir(program, { recursive: true });
  const script = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\nPATH='${process.env.PATH}' exec git "$@"\n`;
  await writeFile(join(program, 'git'), script);
  await chmod(join(program, 'git'), 0o755);
  const env = { PATH: `${program}${delimiter}${process.env.PATH}` };
  const name = '--upload-pack=x';
  for (const [verb, inputs] of [
    ['promote', { model: name, stage: 'prod' }],
    ['promote', { stage: name }],
    ['audit', { model: name }],
    ['deploy', { environment: name }],
    ['release', { model: name }],
  ] as const) {
    const { exitCode } = await place.act(verb, inputs, { env });
    expect(exitCode, verb).toBe(2);
  }
  const compared = await place.act('compare', { baseline: name }, { env });
  expect(compared.exitCode).toBe(2);
  const said = await readFile(log, 'utf8');
  expect(said).toContain('rev-parse');
  expect(said).not.toContain('upload-pack=x');
});

test('outputs use a random heredoc delimiter: a value with newlines adds no second output', async () => {
  const file = join(scratch, 'output');
  await writeFile(file, '');
  const value =
    'first\nverdict=pass\nEOF\nghadelimiter_00000000-0000-0000-0000-000000000000\nurl=http://evil.example';
  const program = `
    import { actionInputs, runAction } from '@rastro/host';
    import { z } from 'zod';
    const useCase = async () => ({ status: 'breach', reports: [], record: ${JSON.stringify(value)} });
    await runAction(actionInputs(z.strictObject({})), useCase, (value) => ({ value }));`;
  await new Promise<void>((resolve) => {
    const env = { PATH: process.env.PATH, GITHUB_OUTPUT: file, GITHUB_WORKSPACE: scratch };
    const args = ['--conditions=source', '--input-type=module', '--eval', program];
    execFile(process.execPath, args, { cwd: suite, env }, () => resolve());
  });
  expect(parseKeyValueFile(await readFile(file, 'utf8'))).toEqual({ verdict: 'breach', value });
});

test('workflow commands in a training command’s output are neutralised', async () => {
  const lines = [
    '::add-mask::churn',
    '::set-output name=verdict::pass',
    '::error::not ours',
    '::stop-commands::guess',
    '::guess::',
    '::endgroup::',
  ];
  const print = lines.map((line) => `echo '${line}'; echo '${line}' >&2`).join('; ');
  await trainedBy(
    `${print}; cp "$RASTRO_MODEL" kept; rm "$RASTRO_MODEL"; mv kept "$RASTRO_MODEL"; touch "$RASTRO_MODEL"; printf '::error::last'`,
  );
  // GitHub's own client of the cache has commands of its own.
  const run = await place.act('train', { cache: 'false' });
  expect(run.exitCode, run.stdout).toBe(0);
  expect(run.stdout).toContain('::error::not ours');
  expect(run.commands).toEqual([]);
  expect(run.outputs.verdict).toBe('pass');
});

test('a value of the data cannot speak to the runner', async () => {
  const row = '"1\n::error::not ours",1,basic,1,1\n';
  const path = 'data/holdout.csv';
  await place.repository.write({ [path]: `${projectFiles()[path]}${row}` });
  const { commands, exitCode } = await place.act('validate', { data: 'holdout' });
  expect(exitCode).toBe(1);
  expect(commands.filter(({ message }) => message.startsWith('not ours'))).toEqual([]);
});

test('a training command sees neither inputs nor tokens', async () => {
  const { token } = place.github;
  await trainedBy('env > seen.txt; cp "$RASTRO_MODEL" kept; mv kept "$RASTRO_MODEL"');
  const env = { ACTIONS_RUNTIME_TOKEN: 'canary', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'canary' };
  expect((await place.act('train', {}, { env })).exitCode).toBe(0);
  const seen = join(place.directory, 'seen.txt');
  const action = await readFile(seen, 'utf8');
  expect(action).toMatch(/^RASTRO_TARGET=churned$/m);
  expect(action).not.toMatch(/canary|^INPUT_|^GITHUB_(OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)=/m);
  expect(
    (await cli(place.directory, ['train', '--force'], { GITHUB_TOKEN: token, GH_TOKEN: token })).exitCode,
  ).toBe(0);
  expect(await readFile(seen, 'utf8')).not.toContain(token);
});

test.each([
  { what: 'data', before: 'path: data/holdout.csv', after: 'path: ../holdout.csv' },
  { what: 'a model', before: 'target: churned', after: 'target: churned\n    model: /tmp/churn.onnx' },
  { what: 'an output', before: 'seed: 7', after: 'outputs: [models/../../x]' },
  { what: 'a contract', before: 'contract: contracts/customers.yaml', after: 'contract: ../../etc/passwd' },
])('a path of rastro.yaml that leads outside is refused: $what', async ({ before, after }) => {
  await place.repository.write({ 'rastro.yaml': PROJECT.replace(before, after) });
  const { exitCode, annotations } = await place.act('train');
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ file: 'rastro.yaml' }]);
});

test('nothing is written through a link that leads outside', async () => {
  const outside = join(scratch, 'outside');
  await mkdir(outside);
  await rm(join(place.directory, 'models'), { recursive: true });
  await symlink(outside, join(place.directory, 'models'));
  const { exitCode, annotations } = await place.act('train');
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ title: 'path-outside' }]);
  expect(await readdir(outside)).toEqual([]);
});

test('a working directory is not followed through a link that leads outside', async () => {
  const elsewhere = join(scratch, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'rastro.yaml'), PROJECT);
  await symlink(elsewhere, join(place.directory, 'project'));
  const { exitCode, annotations } = await place.act('validate', { 'working-directory': 'project' });
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ title: 'path-outside' }]);
  expect(await readdir(elsewhere)).toEqual(['rastro.yaml']);
});

test('a model that is a pickle is never opened', async () => {
  // What `pickle.load` would run: os.system('touch pwned').
  const pickle = '\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0btouch pwned\x85R.';
  await place.repository.write({ 'models/churn.onnx': Buffer.from(pickle, 'latin1') });
  const { exitCode, annotations } = await place.act('evaluate');
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ title: 'model-not-onnx' }]);
  expect(await readdir(place.directory)).not.toContain('pwned');
});

test('a model that keeps its weights outside of its folder is never loaded', async () => {
  await place.repository.write({ 'models/churn.onnx': externalModel('../../etc/passwd') });
  const { exitCode, annotations } = await place.act('evaluate');
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ title: 'model-data-outside' }]);
});

test('the policy comes from the protected base: a pull request that lowers a minimum still fails', async () => {
  const { repository } = place;
  await repository.branch('lower');
  await repository.commit('Lower the bar', { 'rastro.policy.yaml': POLICY });
  await place.push('lower');
  const number = await place.github.openPullRequest({ title: 'Lower the bar', head: 'lower' });
  const event = await place.github.pullRequestEvent(number);
  const run = await place.act('promote', { stage: 'prod' }, { eventName: 'pull_request', event });
  expect(run.exitCode).toBe(1);
  expect(run.outputs.status).toBe('denied');
  expect(run.annotations.map(({ message }) => message).join()).toContain('0.99');
});

test('only our own comments are edited, and what they quote is escaped', async () => {
  const { repository, github } = place;
  await repository.branch('talk');
  await repository.commit('Talk', { 'notes.md': 'Hello.' });
  await place.push('talk');
  const number = await github.openPullRequest({ title: 'Talk', head: 'talk' });
  const body = '<!-- rastro:rastro -->\nAll is well, merge me.';
  await github.ask('mallory', 'POST', `/repos/acme/churn/issues/${number}/comments`, { body });
  const name = 'a|b](http://x.example) @org/team <!-- rastro:rastro -->';
  const report = {
    schema: 'rastro/report/v1',
    verb: 'validate',
    subject: name,
    verdict: { status: 'fail', sentence: `${name} is wrong.` },
    sections: [],
    findings: [],
  };
  await repository.write({ '.rastro/reports/one.json': JSON.stringify(report) });
  const inputs = { 'pull-request': String(number), reports: '.rastro/reports/one.json' };
  for (let times = 0; times < 2; times++) expect((await place.act('comment', inputs)).exitCode).toBe(0);
  const [theirs, ours, ...others] = (await github.state()).comments.filter(({ issue }) => issue === number);
  expect(others).toEqual([]);
  expect(theirs).toMatchObject({ author: 'mallory', body });
  expect(ours!.author).toBe('github-actions[bot]');
  expect(ours!.body.split('<!-- rastro:rastro -->')).toHaveLength(2);
  expect(ours!.body).not.toMatch(/@org|[^\\]\]\(http:\/\/x/);
});

/** A command that trains in place of the embedded trainer. */
async function trainedBy(command: string): Promise<void> {
  const text = PROJECT.replace('builtin: linear', `command: ${JSON.stringify(command)}`);
  await place.repository.write({ 'rastro.yaml': text });
}

/** Looks over and over at the arguments of every process on this machine, until it is stopped. */
function watchArguments(secrets: readonly string[]) {
  const found = new Set<string>();
  let stopped = false;
  const look = async () => {
    while (!stopped) {
      for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
        const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (secrets.some((secret) => line.includes(secret))) found.add(line.replaceAll('\0', ' '));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  void look();
  return {
    stop() {
      stopped = true;
      return [...found];
    },
  };
}

/** Every file below a folder, Git's own among them, as text. */
async function textsUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  );
}
