import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMENT_BUDGET, parseReport, renderMarkdown } from '@rastro/report';
import { type ActionResult, type Files, realData } from '@rastro/testkit';
import { describe, expect, test } from 'vitest';
import { type Place, startPlace } from './place.ts';

/**
 * What a reviewer reads of real models on real data, agreed upon in test/golden: each made by the bundled actions in a repository
 * of its own, into which the data are copied when the test runs.
 */
const real = realData();

interface Case {
  readonly folder: string;
  readonly task: string;
  readonly target: string;
  /** The model file and its features, on main and on the branch. */
  readonly before: readonly [file: string, features: readonly string[]];
  readonly after: readonly [file: string, features: readonly string[]];
  readonly metrics: string;
  readonly more?: string;
  readonly contract: string;
}

const adultNumbers = ['age', 'education_num', 'capital_gain', 'capital_loss', 'hours_per_week', 'fnlwgt'];
const adultV1 = ['model_v1_logreg_num6.onnx', adultNumbers] as const;
const adultV2 = ['model_v2_gbt_num6.onnx', adultNumbers] as const;
const adult = {
  folder: 'binary-adult',
  task: 'binary',
  target: 'label',
  metrics: '{ roc_auc: { min: 0.75, tolerance: 0.002 }, log_loss: {}, f1: {} }',
  more: 'slices: [sex, race]',
  contract: `
  - { name: age, type: integer, required: true, minimum: 17, maximum: 90 }
  - { name: hours_per_week, type: integer, required: true, minimum: 1, maximum: 99 }
  - { name: label, type: integer, required: true, enum: [0, 1] }`,
};
const pixels = Array.from({ length: 64 }, (_, index) => `px${index}`);
const penguins = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'];
const diamonds = ['carat', 'depth', 'table', 'x', 'y', 'z'];

const cases: Readonly<Record<string, Case>> = {
  'adult-v1-to-v2': { ...adult, before: adultV1, after: adultV2 },
  'adult-v2-to-v1': { ...adult, before: adultV2, after: adultV1 },
  'digits-v1-to-v2': {
    folder: 'multiclass-digits',
    task: 'multiclass',
    target: 'digit',
    before: ['model_v1_softmax_probs_only.onnx', pixels],
    after: ['model_v2_rf.onnx', pixels],
    metrics: '{ accuracy: { min: 0.85 }, log_loss: {} }',
    contract: '\n  - { name: digit, type: integer, required: true, minimum: 0, maximum: 9 }',
  },
  'penguins-with-zipmap': {
    folder: 'multiclass-penguins',
    task: 'multiclass',
    target: 'species',
    before: ['model_string_labels.onnx', penguins],
    after: ['model_string_labels_zipmap.onnx', penguins],
    metrics: '{ accuracy: {}, f1_macro: {} }',
    more: 'slices: [island]',
    contract: '\n  - { name: species, required: true, enum: [Adelie, Chinstrap, Gentoo] }',
  },
  'diamonds-v1-to-v2': {
    folder: 'regression-diamonds',
    task: 'regression',
    target: 'price',
    before: ['model_v1_linear.onnx', diamonds],
    after: ['model_v2_gbt_multi_input.onnx', [...diamonds, 'cut', 'color', 'clarity']],
    metrics: '{ rmse: { tolerance: 10 }, mae: {}, r2: { min: 0.8 } }',
    more: 'slices: [cut]',
    contract: '\n  - { name: price, type: number, required: true, minimum: 1 }',
  },
};

describe.skipIf(!real)('a golden report of real models', () => {
  test.each(Object.entries(cases))(
    '%s',
    async (name, one) => {
      await using place = await startPlace(filesOf(one, one.before));
      await passed(place.act('evaluate'));
      await place.repository.commit('Evaluate');
      await place.push('main');
      await place.repository.branch('change');
      await place.repository.write(filesOf(one, one.after));
      await passed(place.act('validate'));
      await passed(place.act('evaluate'));
      await place.repository.commit('Another model');
      await place.push('change');
      const number = await place.github.openPullRequest({ title: 'Another model', head: 'change' });
      const about = { eventName: 'pull_request', event: await place.github.pullRequestEvent(number) };
      await place.act('compare', {}, about);
      await passed(place.act('comment', { artifact: 'false' }, about));
      const [comment] = (await place.github.state()).comments;
      await expectGolden(name, comment!.body, place, one.folder);
    },
    240_000,
  );

  test('drift-california', async () => {
    await using place = await startPlace(californiaFiles());
    for (const verb of ['validate', 'train', 'evaluate']) await passed(place.act(verb));
    await place.repository.commit('Train');
    await place.push('main');
    await passed(place.act('release'));
    await passed(place.act('promote', { stage: 'prod' }));
    await passed(place.act('monitor', { issue: 'false', retrain: 'never' }));
    const path = '.rastro/reports/monitor-housing.json';
    const report = parseReport(await readFile(join(place.directory, path), 'utf8'), path);
    await expectGolden(
      'drift-california',
      renderMarkdown([report], { budget: COMMENT_BUDGET }),
      place,
      'drift-california',
    );
  }, 240_000);
});

async function expectGolden(name: string, markdown: string, place: Place, folder: string): Promise<void> {
  const text = await withoutCommits(markdown, place);
  expect(text.length).toBeLessThan(COMMENT_BUDGET.limit);
  for (const row of rowsOf(folder)) expect(text).not.toContain(row);
  await expect(text).toMatchFileSnapshot(`./golden/${name}.md.txt`);
}

/** A commit, a run and a time are others each time; everything else is not. */
async function withoutCommits(markdown: string, { repository, github }: Place): Promise<string> {
  const commits = (await repository.git('rev-list', '--all', '--reflog')).split('\n');
  let text = markdown
    .replaceAll(/<!-- rastro-history:\S+ -->/g, '<!-- rastro-history:… -->')
    .replaceAll(github.url, 'https://github.example')
    .replaceAll(/http:\/\/github\.localhost:\d+/g, 'https://github.example');
  for (const [index, commit] of commits.toReversed().entries()) {
    const stand = String(index + 1)
      .repeat(40)
      .slice(0, 40);
    text = text.replaceAll(commit, stand).replaceAll(commit.slice(0, 12), stand.slice(0, 12));
  }
  return text;
}

/** Some rows of the data as they stand in the file. */
function rowsOf(folder: string): string[] {
  const file = folder === 'drift-california' ? 'current.csv' : 'test.csv';
  return readFileSync(join(real!, folder, file), 'utf8')
    .split('\n')
    .slice(1, 200)
    .filter((row) => row !== '');
}

async function passed(run: Promise<ActionResult>): Promise<ActionResult> {
  const result = await run;
  expect(result.exitCode, result.stdout).toBe(0);
  return result;
}

function filesOf(
  { folder, task, target, metrics, more, contract }: Case,
  [file, features]: Case['before'],
): Files {
  return {
    'rastro.yaml': `version: 1
data:
  test:
    path: data/test.csv
    contract: contracts/test.yaml
models:
  ${folder}:
    task: ${task}
    target: ${target}
    features: [${features.join(', ')}]
    evaluate:
      data: test
      metrics: ${metrics}
      resamples: 200
${more ? `      ${more}\n` : ''}`,
    'contracts/test.yaml': `name: test\nfields:${contract}\nextraColumns: allow\n`,
    'data/test.csv': readFileSync(join(real!, folder, 'test.csv')),
    [`models/${folder}.onnx`]: readFileSync(join(real!, folder, file)),
    '.gitignore': '.rastro/\n',
  };
}

function californiaFiles(): Files {
  const columns = [
    'MedInc',
    'HouseAge',
    'AveRooms',
    'AveBedrms',
    'Population',
    'AveOccup',
    'Latitude',
    'Longitude',
  ];
  return {
    'rastro.yaml': `version: 1
data:
  reference:
    path: data/reference.csv
    contract: contracts/housing.yaml
  current:
    path: data/current.csv
models:
  housing:
    task: binary
    target: clf_target
    features: [${columns.join(', ')}]
    train: { builtin: linear, data: reference, seed: 7 }
    evaluate:
      data: reference
      metrics: { roc_auc: { min: 0.5 } }
      resamples: 200
monitor:
  housing:
    data: current
    columns: [${columns.join(', ')}]
`,
    'rastro.policy.yaml': 'version: 1\nstages:\n  prod: { from: [candidate] }\n',
    'contracts/housing.yaml': `name: housing
fields:
  - { name: clf_target, type: integer, required: true, enum: [0, 1] }
extraColumns: allow
`,
    'data/reference.csv': readFileSync(join(real!, 'drift-california/reference.csv')),
    'data/current.csv': readFileSync(join(real!, 'drift-california/current.csv')),
    '.gitignore': '.rastro/\n',
  };
}
