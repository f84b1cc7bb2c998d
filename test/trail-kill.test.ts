import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRepository } from '@rastro/git';
import { verifyChain } from '@rastro/trail';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Place, startPlace } from './place.ts';
import { releasable } from './released.ts';

/** Points at which a release or a promotion is killed; the promise is made for 100. */
const KILLS = Number(process.env.RASTRO_KILLS ?? 6);
const MODELS = Array.from({ length: Math.ceil(KILLS / 2) }, (_, index) => `model-${index}`);

const POLICY = `version: 1
stages:
  prod:
    from: [candidate]
    data_contract: pass
    evaluation: { metrics: { roc_auc: { min: 0.5 } } }
`;

let place: Place;
/** Milliseconds that a run takes which nobody kills. */
const usual = { release: 0, promote: 0 };

beforeAll(async () => {
  place = await startPlace({
    ...releasable(['first', ...MODELS].map((name) => ({ name }))),
    'rastro.policy.yaml': POLICY,
  });
  for (const verb of ['release', 'promote'] as const) {
    const started = performance.now();
    const { exitCode, stdout } = await place.act(verb, inputsOf(verb, 'first'));
    expect(exitCode, stdout).toBe(0);
    usual[verb] = performance.now() - started;
  }
});
afterAll(() => place?.[Symbol.asyncDispose]());

function inputsOf(verb: 'release' | 'promote', model: string): Record<string, string> {
  return verb === 'release' ? { model } : { model, stage: 'prod' };
}

test(`killed at ${KILLS} points, release and promote end, run again, as if they had not been`, async () => {
  const random = numbers(Number(process.env.RASTRO_SEED ?? 7));
  let killed = 0;
  for (const model of MODELS) {
    for (const verb of ['release', 'promote'] as const) {
      const kill = new AbortController();
      const run = place.act(verb, inputsOf(verb, model), { signal: kill.signal });
      const ended = await Promise.race([
        run.then(() => true),
        sleep(random() * usual[verb]).then(() => false),
      ]);
      kill.abort();
      await run;
      if (!ended) killed++;
      const again = await place.act(verb, inputsOf(verb, model));
      expect(again.exitCode, `${verb} ${model}: ${again.stdout}`).toBe(0);
    }
    await expectOnce(model);
  }
  expect(killed, 'most runs were killed before they ended').toBeGreaterThan(KILLS / 2);
  const git = await openRepository(place.repository.remote!);
  const { faults } = verifyChain({
    commits: await git.trail((await git.trailHead())!),
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    repositoryId: await git.rootCommit(),
  });
  expect(faults).toEqual([]);
}, 1_800_000);

/** What the remote and GitHub hold of a model is what one undisturbed release and promotion leave. */
async function expectOnce(model: string): Promise<void> {
  const remote = (...args: string[]) => place.repository.git('--git-dir', place.repository.remote!, ...args);
  const tags = (await remote('for-each-ref', '--format=%(objecttype) %(refname:short)', 'refs/tags')).split(
    '\n',
  );
  expect(tags.filter((tag) => new RegExp(` ${model}[@#]`).test(tag))).toEqual([
    `tag ${model}#prod#1`,
    `tag ${model}@v1.0.0`,
  ]);
  const subjects = (await remote('log', '--reverse', '--format=%s', 'rastro/trail')).split('\n');
  expect(
    subjects.filter((line) => new RegExp(`: ${model} `).test(line)).map((line) => line.split(':')[0]),
  ).toEqual(['train', 'evaluate', 'release', 'gate', 'promote']);
  const releases = (await place.github.state()).releases.filter(({ tag }) => tag === `${model}@v1.0.0`);
  expect(releases).toMatchObject([{ draft: false }]);
  expect(releases[0]!.assets.map(({ name }) => name).sort()).toEqual(
    [
      'bom.cdx.json',
      'contract-rows.yaml',
      'metrics.json',
      'model-card.md',
      `${model}.onnx`,
      'provenance.json',
      'report.html',
      'train.lock.yaml',
    ].sort(),
  );
}

/** Even numbers in [0, 1), the same for a seed. */
function numbers(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 12_345) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
