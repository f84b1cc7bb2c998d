import { appendFile, chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import {
  type ActionResult,
  type ActionRun,
  type GitHubEndpoint,
  type TemporaryDirectory,
  temporaryDirectory,
} from '@rastro/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONTRACT, PROJECT, projectFiles } from './churn.ts';
import { type CliResult, cli, type Place, sha256, startPlace } from './place.ts';

/** A port that nobody listens at; the first ports are ones that fetch never tries. */
const NOBODY = 'http://127.0.0.1:6553';

/** One way to be wrong, and the one error that it gets, from the action and from the command line. */
interface Mistake {
  readonly name: string;
  readonly verb: string;
  readonly inputs?: Record<string, string>;
  readonly spoil?: (copy: Copy) => Promise<unknown>;
  readonly github?: (github: GitHubEndpoint) => GitHubEndpoint;
  readonly exit: 2 | 3;
  readonly code: string;
  /** `file:line:column`, as far as the place is known. */
  readonly at?: string;
  readonly says: RegExp;
  /** The training command itself writes files. */
  readonly writes?: boolean;
}

/** A copy of the workspace, to be spoilt. */
interface Copy {
  readonly directory: string;
  write(path: string, content: string): Promise<void>;
  remove(path: string): Promise<void>;
  change(path: string, before: string | RegExp, after: string): Promise<void>;
  git(...args: string[]): Promise<string>;
  act(verb: string, inputs?: Record<string, string>, more?: Partial<ActionRun>): Promise<ActionResult>;
  cli(args: readonly string[], env?: Record<string, string>): Promise<CliResult>;
}

const project = (before: string | RegExp, after: string) => (copy: Copy) =>
  copy.change('rastro.yaml', before, after);
const trainedBy = (command: string) => project('builtin: linear', `command: ${JSON.stringify(command)}`);
const withoutRemote = (copy: Copy) => copy.git('remote', 'set-url', 'origin', `${NOBODY}/acme/churn.git`);
const withoutGit = (copy: Copy) => copy.remove('.git');
const withToken = (token: string) => (github: GitHubEndpoint) => ({ ...github, token });
const withReadOnlyToken = (github: GitHubEndpoint) => ({ ...github, token: place.github.readOnlyToken });
const HEADER = 'tenure,calls,plan,spend,churned\n';
const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9\n`;

const files: Mistake[] = [
  {
    name: 'a misspelt key in rastro.yaml',
    verb: 'validate',
    spoil: project('features:', 'featurs:'),
    exit: 2,
    code: 'unknown-key',
    at: placeOf(PROJECT, 'features:', 'rastro.yaml'),
    says: /unknown key "featurs" in models\.churn.*Did you mean "features"\?/,
  },
  {
    name: 'a rastro.yaml that is not YAML',
    verb: 'train',
    spoil: (copy) => copy.write('rastro.yaml', 'version: 1\n  data: ['),
    exit: 2,
    code: 'yaml-syntax',
    at: 'rastro.yaml:1:10',
    says: /not valid YAML/,
  },
  {
    name: 'no rastro.yaml',
    verb: 'train',
    spoil: (copy) => copy.remove('rastro.yaml'),
    exit: 2,
    code: 'project-missing',
    at: 'rastro.yaml',
    says: /there is no rastro\.yaml.*Write a rastro\.yaml/,
  },
  {
    name: 'a dataset that rastro.yaml does not name',
    verb: 'train',
    spoil: project('data: customers', 'data: customer'),
    exit: 2,
    code: 'unknown-dataset',
    at: placeOf(PROJECT, 'customers\n      seed', 'rastro.yaml'),
    says: /no dataset "customer".*Did you mean "customers"\?/,
  },
  {
    name: 'a metric that nobody knows',
    verb: 'evaluate',
    spoil: project('log_loss:', 'log_los:'),
    exit: 2,
    code: 'unknown-metric',
    at: placeOf(PROJECT, 'log_loss:', 'rastro.yaml'),
    says: /"log_los" is not a metric of a binary model.*Did you mean "log_loss"\?/,
  },
  {
    name: 'a target that the data does not have',
    verb: 'train',
    spoil: project('target: churned', 'target: churnd'),
    exit: 2,
    code: 'unknown-column',
    says: /no column "churnd".*Did you mean "churned"\?/,
  },
  {
    name: 'a slice that the data does not have',
    verb: 'evaluate',
    spoil: project('slices: [plan]', 'slices: [plann]'),
    exit: 2,
    code: 'unknown-column',
    at: 'data/holdout.csv',
    says: /no column "plann" in data\/holdout\.csv.*Did you mean "plan"\?/,
  },
  {
    name: 'no model file',
    verb: 'evaluate',
    spoil: (copy) => copy.remove('models/churn.onnx'),
    exit: 2,
    code: 'model-not-found',
    at: 'models/churn.onnx',
    says: /models\/churn\.onnx of churn is not there.*rastro train/,
  },
  {
    name: 'a Git LFS pointer in place of the model',
    verb: 'evaluate',
    spoil: (copy) => copy.write('models/churn.onnx', LFS_POINTER),
    exit: 2,
    code: 'model-is-pointer',
    at: 'models/churn.onnx',
    says: /Git LFS pointer.*git lfs pull/,
  },
  {
    name: 'a pickle in place of the model',
    verb: 'evaluate',
    spoil: (copy) => copy.write('models/churn.onnx', '\x80\x04\x95 a pickle'),
    exit: 2,
    code: 'model-not-onnx',
    at: 'models/churn.onnx',
    says: /not an ONNX model/,
  },
  {
    name: 'a contract with a rule on a column that it does not declare',
    verb: 'validate',
    spoil: (copy) =>
      copy.write('contracts/customers.yaml', `${CONTRACT}rules:\n  - { name: new, check: tenur > 1 }\n`),
    exit: 2,
    code: 'unknown-column',
    at: 'contracts/customers.yaml:11:25',
    says: /names a column "tenur".*Did you mean "tenure"\?/,
  },
  {
    name: 'no contract',
    verb: 'validate',
    spoil: (copy) => copy.remove('contracts/customers.yaml'),
    exit: 2,
    code: 'contract-missing',
    at: 'contracts/customers.yaml',
    says: /contract contracts\/customers\.yaml is not there/,
  },
  {
    name: 'no file that a dataset matches',
    verb: 'train',
    spoil: (copy) => copy.remove('data/train'),
    exit: 2,
    code: 'data-missing',
    at: 'data/train/*.csv',
    says: /dataset customers: no file matches data\/train\/\*\.csv/,
  },
  {
    name: 'an empty file to train on',
    verb: 'train',
    spoil: (copy) => copy.write('data/train/2025-01.csv', ''),
    exit: 2,
    code: 'data-structure',
    at: 'data/train/2025-01.csv',
    says: /the file is empty/,
  },
  {
    name: 'a header and no rows to train on',
    verb: 'train',
    spoil: (copy) => copy.write('data/train/2025-01.csv', HEADER),
    exit: 2,
    code: 'no-rows',
    says: /training data has no rows/,
  },
  {
    name: 'a header and no rows to judge on',
    verb: 'evaluate',
    spoil: (copy) => copy.write('data/holdout.csv', HEADER),
    exit: 2,
    code: 'no-rows',
    at: 'data/holdout.csv',
    says: /dataset holdout has no rows/,
  },
  {
    name: 'a link out of the repository as data',
    verb: 'evaluate',
    spoil: async (copy) => {
      await copy.remove('data/holdout.csv');
      await symlink('/etc/passwd', join(copy.directory, 'data/holdout.csv'));
    },
    exit: 2,
    code: 'path-outside',
    says: /data\/holdout\.csv leads outside the repository/,
  },
  {
    name: 'a file where a folder must be written',
    verb: 'evaluate',
    spoil: async (copy) => {
      await copy.remove('metrics');
      await copy.write('metrics', 'a file');
    },
    exit: 2,
    code: 'not-writable',
    at: 'metrics/churn.json',
    says: /metrics\/churn\.json cannot be written: a file is where a folder is needed/,
  },
  {
    name: 'a folder where a file must be written',
    verb: 'evaluate',
    spoil: async (copy) => {
      await copy.remove('metrics');
      await copy.write('metrics/churn.json/a', 'a file');
    },
    exit: 2,
    code: 'not-writable',
    at: 'metrics/churn.json',
    says: /metrics\/churn\.json cannot be written: a folder is there/,
  },
  {
    name: 'a broken lock',
    verb: 'train',
    spoil: (copy) => copy.write('rastro.lock/churn/train.yaml', 'cmd: ['),
    exit: 2,
    code: 'yaml-syntax',
    at: 'rastro.lock/churn/train.yaml:1:7',
    says: /not valid YAML/,
  },
  {
    name: 'a broken record',
    verb: 'compare',
    spoil: (copy) => copy.write('metrics/churn.json', '{'),
    exit: 2,
    code: 'record-syntax',
    at: 'metrics/churn.json',
    says: /metrics\/churn\.json is not JSON/,
  },
  {
    name: 'no record to compare',
    verb: 'compare',
    spoil: (copy) => copy.remove('metrics'),
    exit: 2,
    code: 'record-missing',
    at: 'metrics/churn.json',
    says: /no evaluation record metrics\/churn\.json.*rastro evaluate/,
  },
];

const inputs: Mistake[] = [
  {
    name: 'a number with a letter in it',
    verb: 'validate',
    inputs: { limit: '3O' },
    exit: 2,
    code: 'invalid-input',
    says: /limit: expected a number, got '3O'/,
  },
  {
    name: 'a word that is none of the choices',
    verb: 'validate',
    inputs: { 'fail-on': 'eror' },
    exit: 2,
    code: 'invalid-input',
    says: /fail-on: expected one of "any", "new", "never", got 'eror'/,
  },
  {
    name: 'a truth value that is none',
    verb: 'train',
    inputs: { force: 'sure' },
    exit: 2,
    code: 'invalid-input',
    says: /force: expected true or false \(or yes or no\), got 'sure'/,
  },
  {
    name: 'a required input that is not given',
    verb: 'promote',
    exit: 2,
    code: 'missing-input',
    says: /"(--)?stage" is missing/,
  },
  {
    name: 'a model that rastro.yaml does not name',
    verb: 'evaluate',
    inputs: { model: 'chrun' },
    exit: 2,
    code: 'unknown-model',
    says: /no model "chrun".*Did you mean "churn"\?/,
  },
  {
    name: 'a baseline that is nothing',
    verb: 'compare',
    inputs: { baseline: 'v7.0.0' },
    exit: 2,
    code: 'unknown-baseline',
    says: /"v7\.0\.0" is neither a stage or version of churn nor a Git revision/,
  },
  {
    name: 'an environment that the model does not have',
    verb: 'deploy',
    inputs: { environment: 'prd' },
    exit: 2,
    code: 'unknown-environment',
    at: placeOf(PROJECT, 'prod: {', 'rastro.yaml'),
    says: /no environment "prd".*Known: prod/,
  },
  {
    name: 'a version that was never released',
    verb: 'promote',
    inputs: { stage: 'prod', version: 'v9.9.9' },
    exit: 2,
    code: 'version-unknown',
    says: /churn has no version v9\.9\.9.*v1\.0\.0/,
  },
  {
    name: 'a deployment before any promotion',
    verb: 'deploy',
    inputs: { environment: 'prod' },
    exit: 2,
    code: 'nothing-promoted',
    says: /no version of churn holds the stage prod.*rastro promote --stage prod/,
  },
  {
    name: 'monitoring before any deployment',
    verb: 'monitor',
    exit: 2,
    code: 'nothing-deployed',
    says: /no version of churn is deployed to prod/,
  },
  {
    name: 'a comment without a pull request',
    verb: 'comment',
    exit: 2,
    code: 'no-pull-request',
    says: /not about a pull request/,
  },
  {
    name: 'a working directory that is not there',
    verb: 'train',
    inputs: { 'working-directory': 'nowhere' },
    exit: 2,
    code: 'folder-missing',
    says: /the folder nowhere is not there/,
  },
  {
    name: 'a working directory that is a file',
    verb: 'train',
    inputs: { 'working-directory': 'rastro.yaml' },
    exit: 2,
    code: 'folder-missing',
    says: /rastro\.yaml is not a folder/,
  },
];

const training: Mistake[] = [
  {
    name: 'a training command that fails',
    verb: 'train',
    spoil: trainedBy('echo no luck; exit 3'),
    exit: 2,
    code: 'train-failed',
    says: /training churn failed: .* exit code 3/,
  },
  {
    name: 'a training command that is not there',
    verb: 'train',
    spoil: trainedBy('no-such-program'),
    exit: 2,
    code: 'train-failed',
    says: /"no-such-program" ended with exit code 127/,
  },
  {
    name: 'a training command that writes no model',
    verb: 'train',
    spoil: async (copy) => {
      await trainedBy('true')(copy);
      await copy.remove('models');
    },
    exit: 2,
    code: 'output-missing',
    at: 'models/churn.onnx',
    says: /training churn did not write models\/churn\.onnx/,
  },
  {
    name: 'a training command that leaves the old model where it is',
    verb: 'train',
    spoil: trainedBy('true'),
    exit: 2,
    code: 'output-missing',
    at: 'models/churn.onnx',
    says: /did not write models\/churn\.onnx; the file there is from before/,
  },
  {
    name: 'a training command that changes its data',
    verb: 'train',
    spoil: trainedBy('echo 1,1,basic,1,1 >> data/train/2025-01.csv; touch models/churn.onnx'),
    exit: 2,
    code: 'input-changed',
    at: 'data/train/2025-01.csv',
    says: /data\/train\/2025-01\.csv changed while churn was trained/,
    writes: true,
  },
];

const outside: Mistake[] = [
  {
    name: 'a release without a token',
    verb: 'release',
    github: withToken(''),
    exit: 2,
    code: 'token-missing',
    says: /no token for GitHub.*(input "token"|GITHUB_TOKEN)/,
  },
  {
    name: 'a comment without a token',
    verb: 'comment',
    inputs: { 'pull-request': '1' },
    github: withToken(''),
    exit: 2,
    code: 'token-missing',
    says: /no token for GitHub/,
  },
  {
    name: 'a comment with a token that may only read',
    verb: 'comment',
    inputs: { 'pull-request': '1' },
    github: withReadOnlyToken,
    exit: 3,
    code: 'permission-missing',
    says: /commenting on #1 was refused \(403.*pull-requests: write/,
  },
  {
    name: 'a promotion with a token that may only read',
    verb: 'promote',
    inputs: { stage: 'prod' },
    github: withReadOnlyToken,
    exit: 3,
    code: 'git-permission',
    says: /403.*contents: write/,
  },
  {
    name: 'a release with a token that may only read',
    verb: 'release',
    spoil: releasable,
    github: withReadOnlyToken,
    exit: 3,
    code: 'git-permission',
    says: /403.*contents: write/,
  },
  {
    name: 'a token that GitHub does not know',
    verb: 'comment',
    inputs: { 'pull-request': '1' },
    github: withToken('ghs_ofNobody'),
    exit: 3,
    code: 'token-refused',
    says: /does not accept the token \(401\)/,
  },
  {
    name: 'a GitHub that is down',
    verb: 'comment',
    inputs: { 'pull-request': '1' },
    github: (github) => ({ ...github, apiUrl: NOBODY }),
    exit: 3,
    code: 'github-unreachable',
    says: /GitHub could not be reached while commenting on #1.*run the job again/,
  },
  {
    name: 'a remote that is down, to a release',
    verb: 'release',
    spoil: withoutRemote,
    exit: 3,
    code: 'remote-unreachable',
    says: /Failed to connect.*run this step again/,
  },
  {
    name: 'a pull request that GitHub does not have',
    verb: 'comment',
    inputs: { 'pull-request': '77' },
    exit: 3,
    code: 'github-not-found',
    says: /nothing while commenting on #77/,
  },
  {
    name: 'a rastro.yaml that is not committed, to a release',
    verb: 'release',
    spoil: (copy) => appendFile(join(copy.directory, 'rastro.yaml'), '# more\n'),
    exit: 2,
    code: 'uncommitted',
    at: 'rastro.yaml',
    says: /rastro\.yaml has changes that are not committed.*Commit them/,
  },
  {
    name: 'a model that is another than the one that was evaluated',
    verb: 'release',
    spoil: (copy) => appendFile(join(copy.directory, 'models/churn.onnx'), ' '),
    exit: 2,
    code: 'evidence-stale',
    at: 'metrics/churn.json',
    says: /about another version of models\/churn\.onnx.*rastro evaluate/,
  },
  ...['release', 'compare', 'audit', 'promote'].map(
    (verb): Mistake => ({
      name: `a folder that is not a Git repository, to ${verb}`,
      verb,
      inputs: verb === 'promote' ? { stage: 'prod' } : {},
      spoil: withoutGit,
      exit: 2,
      code: 'git-no-repository',
      says: /not a git repository/,
    }),
  ),
];

let place: Place;
let copies: TemporaryDirectory;
let made = 0;

beforeAll(async () => {
  place = await startPlace(projectFiles());
  for (const verb of ['validate', 'train', 'evaluate']) expect((await place.act(verb)).exitCode).toBe(0);
  await place.repository.commit('Train');
  await place.push('main');
  expect((await place.act('release')).exitCode).toBe(0);
  await place.repository.branch('change');
  await place.repository.commit('Change', { 'notes.md': 'A change.' });
  await place.push('change');
  await place.github.openPullRequest({ title: 'Change', head: 'change' });
  copies = await temporaryDirectory('rastro-errors');
});
afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
  await copies?.dispose();
});

describe.each([
  { group: 'files', mistakes: files },
  { group: 'inputs', mistakes: inputs },
  { group: 'training', mistakes: training },
  { group: 'outside', mistakes: outside },
])('$group', ({ mistakes }) => {
  test.each(mistakes)('$name: one error, exit code $exit', async (mistake) => {
    const copy = await copyOf(mistake.github?.(place.github) ?? place.github);
    await mistake.spoil?.(copy);
    const before = await stateOf(copy);
    const given = mistake.inputs ?? {};

    const run = await copy.act(mistake.verb, given);
    expectOneAnnotation(run, mistake, copy.directory);
    expect(run.exitCode).toBe(mistake.exit);
    expect(run.outputs).toEqual({});
    if (!mistake.writes) expect(await stateOf(copy)).toEqual(before);

    const { 'working-directory': folder, ...options } = given;
    const said = await copy.cli([
      mistake.verb,
      ...(folder === undefined ? [] : ['-C', folder]),
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
      '--json',
    ]);
    expectOneJsonError(said, mistake, copy.directory);
    expect(said.exitCode).toBe(mistake.exit);
    if (!mistake.writes) expect(await stateOf(copy)).toEqual(before);
    else
      expect((await stateOf(copy)).get('rastro.lock/churn/train.yaml')).toBe(
        before.get('rastro.lock/churn/train.yaml'),
      );
  });
});

test('several faults are told at once, each with an annotation of its own', async () => {
  const copy = await copyOf(place.github);
  await copy.change('rastro.yaml', 'features:', 'featurs:');
  await copy.change('rastro.yaml', 'slices:', 'slicse:');
  const { annotations, summary, exitCode } = await copy.act('evaluate');
  expect(exitCode).toBe(2);
  expect(annotations.map(({ title, line }) => ({ title, line }))).toEqual([
    { title: 'unknown-key', line: lineOf(PROJECT, 'features:') },
    { title: 'unknown-key', line: lineOf(PROJECT, 'slices:') },
  ]);
  expect(summary).toContain('featurs');
  expect(summary).toContain('slicse');
});

test('a column that the data lacks is a broken promise, not an error', async () => {
  const copy = await copyOf(place.github);
  await copy.change('contracts/customers.yaml', 'name: spend', 'name: spent');
  const { exitCode, annotations, outputs } = await copy.act('validate', { data: 'holdout' });
  expect(exitCode).toBe(1);
  expect(outputs.verdict).toBe('breach');
  expect(annotations[0]).toMatchObject({ level: 'error', file: 'data/holdout.csv', line: 1 });
  expect(annotations[0]!.message).toMatch(/expected a column "spent".*"spend"/);
});

test('an empty file is a broken promise of the data', async () => {
  const copy = await copyOf(place.github);
  await copy.write('data/holdout.csv', '');
  const { exitCode, annotations } = await copy.act('validate', { data: 'holdout' });
  expect(exitCode).toBe(1);
  expect(annotations[0]).toMatchObject({ title: 'structure.empty', file: 'data/holdout.csv' });
});

test('a policy that denies is an answer: exit code 1, the rule by its name, and nothing recorded', async () => {
  const copy = await copyOf(place.github);
  const before = await stateOf(copy);
  const run = await copy.act('promote', { stage: 'staging' });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ verdict: 'breach', status: 'denied' });
  expect(run.annotations.map(({ message }) => message)).toEqual([
    expect.stringMatching(/The policy denies churn v1\.0\.0 as staging: stage asks for/),
  ]);
  const said = await copy.cli(['promote', '--stage', 'staging', '--json']);
  expect(said.exitCode).toBe(1);
  expect(JSON.parse(said.stdout)).toMatchObject({ verdict: 'breach', record: { status: 'denied' } });
  expect(await stateOf(copy)).toEqual(before);
});

test('without a policy on the protected branch nothing is promoted', async () => {
  const { 'rastro.policy.yaml': policy, ...others } = projectFiles();
  await using bare = await startPlace(others);
  await bare.repository.write({ 'rastro.policy.yaml': policy! });
  const { exitCode, annotations } = await bare.act('promote', { stage: 'prod' });
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ title: 'policy-missing', file: 'rastro.policy.yaml' }]);
});

test('an unknown input is refused by its nearest name, though the runner only warns', async () => {
  const copy = await copyOf(place.github);
  const { exitCode, annotations } = await copy.act('validate', {}, { env: { INPUT_LIMT: '3' } });
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ title: 'unknown-input' }]);
  expect(annotations[0]!.message).toMatch(/no input "limt".*Did you mean "limit"\?/);
});

test('a working directory outside the workspace is refused', async () => {
  const copy = await copyOf(place.github);
  const { exitCode, annotations } = await copy.act('train', { 'working-directory': '../..' });
  expect(exitCode).toBe(2);
  expect(annotations).toMatchObject([{ title: 'path-outside' }]);
});

test('in a working directory of its own, places are told from the root of the repository', async () => {
  const copy = await copyOf(place.github);
  const moved = await projectFiles();
  for (const [path, content] of Object.entries(moved))
    await copy.write(`team/churn/${path}`, String(content));
  await copy.change('team/churn/rastro.yaml', 'features:', 'featurs:');
  const { annotations } = await copy.act('validate', { 'working-directory': 'team/churn' });
  expect(annotations).toMatchObject([{ file: 'team/churn/rastro.yaml', line: lineOf(PROJECT, 'features:') }]);
});

test('a shallow clone is deepened until the merge-base is there', async () => {
  await using clone = await place.clone({ depth: 1 });
  await clone.git('fetch', '--quiet', '--depth=1', 'origin', 'change');
  await clone.git('switch', '--quiet', '--detach', 'FETCH_HEAD');
  await expect(clone.git('merge-base', 'HEAD', 'origin/main')).rejects.toThrow();
  const { exitCode, outputs, stdout } = await place.act('compare', {}, { directory: clone.directory });
  expect(exitCode, stdout).toBe(0);
  expect(outputs.result).toBe('inconclusive');
});

test('a folder that may not be written to is told, and left as it was', async () => {
  const copy = await copyOf(place.github);
  const folder = join(copy.directory, 'metrics');
  await rm(join(folder, 'churn.json'));
  await chmod(folder, 0o555);
  // Who may do everything does so as somebody who may not.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chmod(copies.path, 0o755);
  const said = await cli(
    copy.directory,
    ['evaluate', '--json'],
    {},
    isRoot ? { uid: 65_534, gid: 65_534 } : {},
  );
  await chmod(folder, 0o755);
  expect(JSON.parse(said.stdout)).toMatchObject({
    errors: [{ code: 'not-writable', place: { file: 'metrics/churn.json' } }],
  });
  expect(said.exitCode).toBe(2);
  expect(await readdir(folder)).toEqual([]);
});

function expectOneAnnotation(run: ActionResult, { code, at, says }: Mistake, directory: string): void {
  expect(run.annotations, run.stdout).toHaveLength(1);
  const [{ level, title, file, line, column, message }] = run.annotations as [ActionResult['annotations'][0]];
  expect({ level, title }).toEqual({ level: 'error', title: code });
  expect(message).toMatch(says);
  expect([file, line, column].filter((part) => part !== undefined).join(':')).toBe(at ?? '');
  expect(run.stdout + run.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  for (const text of [message, run.summary]) expect(text).not.toContain(directory);
  expect(run.summary).toContain('What is wrong');
}

function expectOneJsonError(
  { stdout, stderr }: CliResult,
  { code, at, says }: Mistake,
  directory: string,
): void {
  const { verdict, errors } = JSON.parse(stdout) as {
    verdict: string;
    errors: { code: string; message: string; next?: string; place?: Record<string, unknown> }[];
  };
  expect(verdict).toBe('error');
  expect(errors, stdout).toHaveLength(1);
  const [{ code: told, message, next, place: where }] = errors as [(typeof errors)[0]];
  expect(told).toBe(code.replace(/-input$/, '-option'));
  expect(`${message}. ${next ?? ''}`).toMatch(says);
  expect([where?.file, where?.line, where?.column].filter((part) => part !== undefined).join(':')).toBe(
    at ?? '',
  );
  expect(stdout + stderr).not.toContain(directory);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
}

async function copyOf(github: GitHubEndpoint): Promise<Copy> {
  made += 1;
  const directory = join(copies.path, `copy-${made}`);
  await cp(place.directory, directory, { recursive: true, verbatimSymlinks: true });
  const at = (path: string) => join(directory, path);
  return {
    directory,
    async write(path, content) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content, 'latin1');
    },
    remove: (path) => rm(at(path), { recursive: true }),
    async change(path, before, after) {
      const text = await readFile(at(path), 'utf8');
      const changed = text.replace(before, after);
      expect(changed).not.toBe(text);
      await writeFile(at(path), changed);
    },
    git: (...args) => place.repository.git('-C', directory, ...args),
    act: (verb, given, more = {}) => place.act(verb, given, { directory, github, ...more }),
    cli: (args, env = {}) =>
      cli(directory, args, {
        GITHUB_TOKEN: github.token,
        GITHUB_API_URL: github.apiUrl,
        GITHUB_REPOSITORY: github.repository,
        ...env,
      }),
  };
}

/** A model that has not been released: trained otherwise, judged and committed. */
async function releasable(copy: Copy): Promise<void> {
  await copy.change('rastro.yaml', 'seed: 7', 'params: { l2_regularization: 3 }');
  for (const verb of ['train', 'evaluate']) expect((await copy.act(verb)).exitCode).toBe(0);
  await copy.git('commit', '--quiet', '--all', '--message', 'Train otherwise');
}

/** Digests of everything that a failed step must leave as it was: the files, and what GitHub's repository has. */
async function stateOf(copy: Copy): Promise<Map<string, string>> {
  const state = new Map<string, string>();
  for (const entry of await readdir(copy.directory, { recursive: true, withFileTypes: true })) {
    const path = relative(copy.directory, join(entry.parentPath, entry.name));
    if (!entry.isFile() || /^\.(git|rastro)\//.test(path)) continue;
    state.set(path, sha256(await readFile(join(copy.directory, path))));
  }
  const refs = ['for-each-ref', '--format=%(refname) %(objectname)'];
  state.set('refs', await place.repository.git('--git-dir', place.repository.remote!, ...refs));
  return state;
}

function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

function placeOf(text: string, part: string, file: string): string {
  const before = text.slice(0, text.indexOf(part)).split('\n');
  return `${file}:${before.length}:${before.at(-1)!.length + 1}`;
}
