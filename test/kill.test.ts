import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectFiles } from './churn.ts';
import { type Place, startPlace } from './place.ts';

/** Shares of the time that a release takes at which it is killed, and requests to GitHub that it does not outlive. */
const SHARES = [0.3, 0.5, 0.65, 0.8, 0.9];
const REQUESTS = [1, 2, 4, 6];
const MODELS = [...SHARES, ...REQUESTS].map((_, index) => `model-${index}`);

let place: Place;
/** Milliseconds. */
let usual: number;

beforeAll(async () => {
  place = await startPlace({ ...projectFiles(), 'rastro.yaml': projectOf(['first', ...MODELS]) });
  for (const verb of ['validate', 'train', 'evaluate']) {
    const { exitCode, stdout } = await place.act(verb);
    expect(exitCode, stdout).toBe(0);
  }
  await place.repository.commit('Train');
  await place.push('main');
  const started = performance.now();
  expect((await place.act('release', { model: 'first' })).exitCode).toBe(0);
  usual = performance.now() - started;
});
afterAll(() => place?.[Symbol.asyncDispose]());

test.each(SHARES.map((share, index) => ({ share, model: MODELS[index]! })))(
  'a release killed after $share of its time ends, run again, as if it had not been',
  async ({ share, model }) => {
    const kill = new AbortController();
    const run = place.act('release', { model }, { signal: kill.signal });
    await Promise.race([run, sleep(share * usual)]);
    kill.abort();
    await run;
    await expectReleasedOnce(model);
  },
);

test.each(REQUESTS.map((request, index) => ({ request, model: MODELS[SHARES.length + index]! })))(
  'a release killed at its request $request to GitHub ends, run again, as if it had not been',
  async ({ request, model }) => {
    const kill = new AbortController();
    let seen = 0;
    const when = () => {
      seen++;
      if (seen === request) kill.abort();
      return false;
    };
    place.github.failNext({ count: 1, status: 500, when });
    const killed = await place.act('release', { model }, { signal: kill.signal });
    place.github.heal();
    expect(killed.exitCode).toBe(137);
    await expectReleasedOnce(model);
  },
);

test('after all of it the trail is whole: an audit verifies what it leads to', async () => {
  expect((await place.act('promote', { model: 'model-0', stage: 'prod' })).exitCode).toBe(0);
  await place.repository.git('fetch', '--quiet', 'origin', 'rastro/trail');
  expect((await place.act('deploy', { model: 'model-0', environment: 'prod' })).exitCode).toBe(0);
  const state = join(place.directory, '.rastro/serve/prod/model-0.json');
  process.kill(JSON.parse(await readFile(state, 'utf8')).pid);
  const { exitCode, outputs, summary } = await place.act('audit', { model: 'model-0', fetch: 'true' });
  expect(exitCode, summary).toBe(0);
  expect(outputs.answer).toBe('verified');
});

async function expectReleasedOnce(model: string): Promise<void> {
  const again = await place.act('release', { model });
  expect(again.exitCode, `${again.stdout}\n${again.stderr}`).toBe(0);
  expect(again.outputs).toMatchObject({ version: 'v1.0.0', tag: `${model}@v1.0.0` });

  const tags = await remote('for-each-ref', '--format=%(objecttype) %(refname:short)', 'refs/tags');
  expect(tags.split('\n').filter((tag) => tag.includes(`${model}@`))).toEqual([`tag ${model}@v1.0.0`]);
  const subjects = (await remote('log', '--format=%s', 'rastro/trail')).split('\n');
  expect(subjects.filter((subject) => subject.startsWith(`release: ${model} `))).toHaveLength(1);
  expect(subjects.filter((subject) => subject.startsWith(`evaluate: ${model} `))).toHaveLength(1);

  const releases = (await place.github.state()).releases.filter(({ tag }) => tag === `${model}@v1.0.0`);
  expect(releases).toMatchObject([{ draft: false }]);
  const [release] = releases;
  const file = await readFile(join(place.directory, `models/${model}.onnx`));
  expect(release!.assets.find(({ name }) => name === `${model}.onnx`)!.bytes.equals(file)).toBe(true);
  expect(release!.assets.map(({ name }) => name).sort()).toEqual(
    [
      'bom.cdx.json',
      'contract-customers.yaml',
      'metrics.json',
      'model-card.md',
      `${model}.onnx`,
      'provenance.json',
      'report.html',
      'train.lock.yaml',
    ].sort(),
  );
}

function remote(...args: string[]): Promise<string> {
  return place.repository.git('--git-dir', place.repository.remote!, ...args);
}

/** Many models made from the same data, so that there is one to be released for each way to be killed. */
function projectOf(names: readonly string[]): string {
  const models = names.map(
    (name) => `  ${name}:
    task: binary
    target: churned
    train: { builtin: linear, data: customers }
    evaluate: { data: holdout, metrics: { roc_auc: {} }, resamples: 0 }
    deploy: { prod: { target: local, port: 0 } }
`,
  );
  return `version: 1
data:
  customers: { path: data/train/*.csv, contract: contracts/customers.yaml }
  holdout: { path: data/holdout.csv, contract: contracts/customers.yaml }
models:
${models.join('')}`;
}
