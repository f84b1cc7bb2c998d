import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { realGto, temporaryDirectory, temporaryRepository } from '@rastro/testkit';
import { expect, test } from 'vitest';
import { type AnnotatedTag, gtoView, registryState } from '../src/index.ts';

const gto = realGto();
const withGto = gto ? test : test.skip;

/** Tags of one model: name after the model, commit by number, second. */
type History = readonly (readonly [suffix: string, commit: number, second: number])[];

const byHand: Record<string, History> = {
  one: [['@v1.0.0', 0, 1]],
  'two-versions': [
    ['@v1.0.0', 0, 1],
    ['@v1.10.0', 1, 2],
    ['@v1.9.0', 2, 3],
  ],
  'two-on-one-commit': [
    ['@v1.0.0', 0, 1],
    ['@v1.1.0', 0, 2],
  ],
  'two-on-one-commit-in-one-second': [
    ['@v1.0.0', 0, 1],
    ['@v1.1.0', 0, 1],
  ],
  prerelease: [
    ['@v1.0.0-rc.1', 0, 1],
    ['@v1.0.0-rc.2+b1', 1, 2],
  ],
  'moved-stage': [
    ['@v1.0.0', 0, 1],
    ['@v1.1.0', 1, 2],
    ['#prod#1', 0, 3],
    ['#prod#2', 1, 4],
    ['#prod#3', 0, 5],
  ],
  'unassigned-falls-back': [
    ['@v1.0.0', 0, 1],
    ['@v1.1.0', 1, 2],
    ['#prod#1', 0, 3],
    ['#prod#2', 1, 4],
    ['#prod!#3', 1, 5],
  ],
  'unassigned-for-good': [
    ['@v1.0.0', 0, 1],
    ['#prod#1', 0, 3],
    ['#prod!#2', 0, 5],
  ],
  'assigned-again': [
    ['@v1.0.0', 0, 1],
    ['#prod#1', 0, 3],
    ['#prod!#2', 0, 5],
    ['#prod#3', 0, 7],
  ],
  deregistered: [
    ['@v1.0.0', 0, 1],
    ['@v2.0.0', 1, 2],
    ['#prod#1', 0, 3],
    ['#prod#2', 1, 4],
    ['@v2.0.0!', 1, 5],
  ],
  'all-deregistered': [
    ['@v1.0.0', 0, 1],
    ['@v1.0.0!', 0, 5],
  ],
  deprecated: [
    ['@v1.0.0', 0, 1],
    ['@deprecated', 0, 5],
  ],
  'deprecated-and-revived': [
    ['@v1.0.0', 0, 1],
    ['@deprecated', 0, 5],
    ['@v1.1.0', 1, 6],
  ],
  'bare-commit': [['#dev#1', 2, 1]],
  'bare-commit-registered-later': [
    ['#dev#1', 2, 1],
    ['@v0.1.0', 2, 2],
  ],
  'same-second': [
    ['@v1.0.0', 0, 1],
    ['#prod#1', 0, 1],
    ['#dev#2', 0, 1],
  ],
  'nested/in/folders': [
    ['@v1.0.0', 0, 1],
    ['#prod#1', 0, 2],
  ],
  'services/risk:model': [
    ['@v1.0.0', 0, 1],
    ['@v1.1.0', 1, 2],
    ['#prod#1', 0, 3],
    ['@v1.1.0!', 1, 4],
  ],
  'same-second-versions': [
    ['@v1.0.0', 0, 1],
    ['@v2.0.0', 1, 1],
    ['@v3.0.0', 2, 1],
  ],
};

/** Histories by a small linear congruential generator, so that every run sees the same ones. */
function drawn(seed: number): History {
  let state = seed;
  const draw = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const tags: [string, number, number][] = [];
  const commits = 1 + draw(4);
  for (let commit = 0; commit < commits; commit++)
    tags.push([`@v${draw(3)}.${commit}.${draw(12)}`, commit, commit + 1]);
  let counter = 0;
  const held = new Set<string>();
  for (let second = 10; second < 10 + draw(9); second++) {
    const [commit, stage] = [draw(commits), ['dev', 'staging', 'prod'][draw(3)] ?? ''];
    const takesAway = held.has(`${stage} ${commit}`) && draw(3) === 0;
    tags.push([`#${stage}${takesAway ? '!' : ''}#${++counter}`, commit, second]);
    if (takesAway) held.delete(`${stage} ${commit}`);
    else held.add(`${stage} ${commit}`);
  }
  if (draw(4) === 0) tags.push([`${tags[0]?.[0] ?? ''}!`, 0, 50]);
  return tags;
}

const corpus: Record<string, History> = {
  ...byHand,
  ...Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`drawn-${index}`, drawn(index + 1)])),
};

function readTags(directory: string): AnnotatedTag[] {
  const format = '%(objecttype)%00%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(taggerdate:unix)';
  const lines = execFileSync('git', ['for-each-ref', `--format=${format}`, 'refs/tags'], { cwd: directory });
  return lines
    .toString()
    .split('\n')
    .map((line) => line.split('\0'))
    .filter(([type]) => type === 'tag')
    .map(([, name = '', objectId = '', commit = '', taggedAt]) => ({
      name,
      objectId,
      commit,
      taggedAt: Number(taggedAt),
      message: '',
      tagger: '',
    }));
}

const shown = (directory: string) =>
  JSON.parse(
    execFileSync(gto!, ['show', '--json', '--repo', directory], {
      env: { ...process.env, NO_COLOR: '1' },
    }).toString(),
  );

withGto(`gto shows the same state as we do on ${Object.keys(corpus).length} histories`, async () => {
  const startedAt = '2025-01-01T00:00:00Z';
  await using repository = await temporaryRepository({ files: { 'a.txt': 'a\n' }, startedAt });
  const { directory } = repository;
  const commits = [await repository.git('rev-parse', 'HEAD')];
  for (let n = 1; n < 4; n++) commits.push(await repository.commit(`commit ${n}`));
  const start = 1_767_225_600;
  const stream = Object.entries(corpus).flatMap(([model, history]) =>
    history.map(
      ([suffix, commit, second]) =>
        `tag ${model.replace(':', '=')}${suffix}\nfrom ${commits[commit]}\ntagger T <t@example.com> ${start + second} +0000\ndata 1\nm\n`,
    ),
  );
  execFileSync('git', ['fast-import', '--quiet'], { cwd: directory, input: stream.join('') });
  await repository.git('tag', 'one@v9.9.9');
  const ours = gtoView(registryState(readTags(directory)));
  const theirs = shown(directory);
  for (const model of Object.keys(corpus))
    expect({ [model]: ours[model] }).toEqual({ [model]: theirs[model] });
  expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
});

/** What a user asks of gto about one model, by a small generator as above; some of it in one and the same second. */
function asked(model: string, seed: number, commits: readonly string[]): unknown[] {
  let state = seed;
  const draw = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  let second = 1_767_225_600;
  const steps: unknown[] = [];
  const ask = (verb: string, options: object) => {
    // A stage is given away in a second of its own: gto cannot tell two assignments in one second apart.
    if (verb !== 'register' || draw(2) === 0) second += 1 + draw(3);
    steps.push([second, verb, model, options]);
  };
  const versions: string[] = [];
  for (let step = 0; step < 4 + draw(6); step++) {
    const version = versions[draw(Math.max(1, versions.length))];
    const stage = ['dev', 'staging', 'prod'][draw(3)];
    switch (version === undefined ? 0 : draw(8)) {
      case 0:
      case 1:
        versions.push(`v${draw(2)}.${versions.length}.${draw(12)}`);
        ask('register', { ref: commits[draw(commits.length)], version: versions.at(-1) });
        break;
      case 5:
        ask('unassign', { version, stage });
        break;
      case 6:
        ask('deregister', { version });
        break;
      case 7:
        ask('deprecate', {});
        break;
      default:
        ask('assign', { version, stage, skip_registration: true });
    }
  }
  return steps;
}

withGto('we read 40 histories that gto made', async () => {
  await using repository = await temporaryRepository({ files: { 'a.txt': 'a\n' } });
  const made = await temporaryDirectory('rastro-gto');
  const commits = [await repository.git('rev-parse', 'HEAD')];
  for (let n = 1; n < 4; n++) commits.push(await repository.commit(`commit ${n}`));
  const names = ['services/risk:model', 'nested/in_folders/model', 'model', 'other'];
  const histories = Array.from({ length: 40 }, (_, index) => asked(names[index % 4]!, index + 1, commits));
  const output = execFileSync(
    join(dirname(gto!), 'python'),
    [join(import.meta.dirname, 'gto-made.py'), repository.directory, made.path],
    { input: JSON.stringify(histories) },
  );
  const theirs: Record<string, unknown>[] = JSON.parse(output.toString());
  const ours = theirs.map((_, index) => gtoView(registryState(readTags(join(made.path, String(index))))));
  expect(theirs.filter((models) => Object.keys(models).length > 0).length).toBeGreaterThan(30);
  for (const [index, history] of histories.entries())
    expect(ours[index], JSON.stringify(history)).toEqual(theirs[index]);
  await made.dispose();
});
