import { expect, test } from 'vitest';
import {
  type AnnotatedTag,
  gtoView,
  history,
  latestVersion,
  registryState,
  stagesOfWithdrawn,
  versionTrailer,
} from '../src/index.ts';

/** `name commit second`, one tag each. */
function stateOf(...lines: string[]) {
  return registryState(
    lines.map((line): AnnotatedTag => {
      const [name = '', commit = '', second = '0', message = ''] = line.split(' ');
      return {
        name,
        commit,
        taggedAt: Number(second),
        objectId: `tag-of-${name}`,
        message: message.replaceAll('_', ' '),
        tagger: 'Ada Example <ada@example.com>',
      };
    }),
  );
}

test('several models, each with its versions, stages and next counter', () => {
  const state = stateOf(
    'churn@v1.0.0 a 1',
    'churn#staging#1 a 2',
    'churn@v1.1.0 b 3',
    'churn#staging#2 b 4',
    'churn#prod#3 a 5',
    'fraud/models=risk@v0.1.0 a 6',
    'release-1 a 7',
  );
  expect([...state.keys()]).toEqual(['churn', 'fraud/models:risk']);
  const churn = state.get('churn');
  expect(churn?.versions.map(({ version, commit }) => [version, commit])).toEqual([
    ['v1.0.0', 'a'],
    ['v1.1.0', 'b'],
  ]);
  expect(Object.fromEntries(churn?.stages ?? [])).toEqual({ prod: 'v1.0.0', staging: 'v1.1.0' });
  expect(churn?.nextCounter).toBe(4);
  expect(gtoView(state)).toEqual({
    churn: {
      version: 'v1.1.0',
      stage: { prod: 'v1.0.0', staging: 'v1.1.0' },
      registered: true,
      active: true,
    },
    'fraud/models:risk': {
      version: 'v0.1.0',
      stage: { prod: null, staging: null },
      registered: true,
      active: true,
    },
  });
});

test('a deregistered version is not the latest, and holds no stage', () => {
  const state = stateOf('m@v1.0.0 a 1', 'm@v2.0.0 b 2', 'm#prod#1 a 3', 'm#prod#2 b 4', 'm@v2.0.0! b 5');
  const model = state.get('m');
  expect(model && latestVersion(model)?.version).toBe('v1.0.0');
  expect(model?.stages.get('prod')).toBe('v1.0.0');
  expect(model?.versions.at(-1)).toMatchObject({ version: 'v2.0.0', registered: true, active: false });
});

test('the highest version is the latest, by number and not by text', () => {
  const model = stateOf('m@v1.10.0 a 1', 'm@v1.9.0 b 2', 'm@v1.10.0-rc.1 c 3').get('m');
  expect(model && latestVersion(model)?.version).toBe('v1.10.0');
});

test('unassigning gives the stage back to the version before', () => {
  const lines = ['m@v1.0.0 a 1', 'm@v2.0.0 b 2', 'm#prod#1 a 3', 'm#prod#2 b 4'];
  expect(
    stateOf(...lines, 'm#prod!#3 b 5')
      .get('m')
      ?.stages.get('prod'),
  ).toBe('v1.0.0');
  expect(
    stateOf(...lines, 'm#prod!#3 b 5', 'm#prod!#4 a 6')
      .get('m')
      ?.stages.has('prod'),
  ).toBe(false);
});

test('of tags in one second the counter decides, and a registration comes before its assignment', () => {
  const state = stateOf('m#prod#10 b 1', 'm#prod#9 a 1', 'm@v1.0.0 a 1', 'm@v2.0.0 b 1');
  expect(state.get('m')?.stages.get('prod')).toBe('v2.0.0');
});

test('of two versions on one commit a stage goes to the one named, else to the one registered last before', () => {
  const two = ['m@v1.0.0 a 1', 'm@v1.1.0 a 2'];
  const holder = (...lines: string[]) =>
    stateOf(...lines)
      .get('m')
      ?.stages.get('prod');
  expect(holder(...two, 'm#prod#1 a 3')).toBe('v1.1.0');
  expect(holder(...two, `m#prod#1 a 3 ${versionTrailer('v1.0.0').replaceAll(' ', '_')}`)).toBe('v1.0.0');
  expect(holder(...two, 'm@v1.1.0! a 3', 'm#prod#1 a 4')).toBe('v1.0.0');
  expect(holder('m@v1.0.0 a 1', 'm#prod#1 a 2', 'm@v1.1.0 a 3')).toBe('v1.0.0');
});

test('a stage given to a bare commit is held by the commit until it is taken away', () => {
  expect(stateOf('m#dev#1 a 1').get('m')?.stages.get('dev')).toBe('a');
  expect(stateOf('m#dev#1 a 1', 'm#dev!#2 a 2').get('m')?.stages.has('dev')).toBe(false);
  expect(stateOf('m#dev#1 a 1', 'm@v1.0.0 a 2').get('m')?.stages.get('dev')).toBe('v1.0.0');
});

test('a deprecated model is left out of the view until something happens to it again', () => {
  expect(gtoView(stateOf('m@v1.0.0 a 1', 'm@deprecated a 2'))).toEqual({});
  expect(gtoView(stateOf('m@v1.0.0 a 1', 'm@deprecated a 2', 'm@v1.1.0 b 3'))).toHaveProperty('m');
});

test('history is told latest first', () => {
  const lines = history(stateOf('m@v1.0.0 a 1 First', 'm#prod#1 a 2', 'other@v1.0.0 a 3'), 'm');
  expect(lines.map(({ event, version, stage, ref }) => [event, version, stage, ref])).toEqual([
    ['assignment', 'v1.0.0', 'prod', 'm#prod#1'],
    ['registration', 'v1.0.0', null, 'm@v1.0.0'],
  ]);
  expect(history(stateOf('m@v1.0.0 a 1', 'other@v1.0.0 a 3'))).toHaveLength(2);
});

test('a stage whose last holder was deregistered is known, whoever holds it by then', () => {
  const lost = (...lines: string[]) => stagesOfWithdrawn(stateOf(...lines).get('churn')!);
  const held = ['churn@v1.0.0 a 1', 'churn@v1.1.0 b 2', 'churn#prod#1 a 3', 'churn#prod#2 b 4'];
  expect(lost(...held)).toEqual([]);
  expect(lost(...held, 'churn@v1.1.0! b 5')).toEqual([{ stage: 'prod', version: 'v1.1.0' }]);
  expect(lost(...held, 'churn@v1.0.0! a 5')).toEqual([]);
  expect(lost(...held, 'churn@v1.1.0! b 5', 'churn#prod!#3 b 6')).toEqual([]);
  expect(lost(...held, 'churn@v1.1.0! b 5', 'churn#prod#3 a 6')).toEqual([]);
  expect(lost(...held, 'churn@v1.1.0! b 5', 'churn@v1.1.0#3 b 6')).toEqual([]);
});

test('a counter that is too large to count on from does not stop the next tag from having a name of its own', () => {
  for (const huge of ['9007199254740992', '99999999999999999999', '9'.repeat(400)]) {
    const model = stateOf('churn@v1.0.0 a 1', 'churn#prod#2 a 2', `churn#prod#${huge} a 3`).get('churn');
    expect(model?.nextCounter).toBe(3);
    expect(Object.fromEntries(model?.stages ?? [])).toEqual({ prod: 'v1.0.0' });
  }
});
