import { expect, test } from 'vitest';
import { formatTagName, isModelName, parseTagName, type RegistryTag } from '../src/index.ts';

const cases: [string, RegistryTag][] = [
  ['churn@v1.2.3', { action: 'register', model: 'churn', version: 'v1.2.3' }],
  ['churn@v1.2.3-rc.1+b5', { action: 'register', model: 'churn', version: 'v1.2.3-rc.1+b5' }],
  ['churn@v1.2.3#4', { action: 'register', model: 'churn', version: 'v1.2.3', counter: 4 }],
  ['churn@v1.2.3!', { action: 'deregister', model: 'churn', version: 'v1.2.3' }],
  ['churn#prod', { action: 'assign', model: 'churn', stage: 'prod' }],
  ['churn#prod#2', { action: 'assign', model: 'churn', stage: 'prod', counter: 2 }],
  ['churn#prod!#3', { action: 'unassign', model: 'churn', stage: 'prod', counter: 3 }],
  ['churn#eu/prod-1#12', { action: 'assign', model: 'churn', stage: 'eu/prod-1', counter: 12 }],
  ['churn@deprecated', { action: 'deprecate', model: 'churn' }],
  ['churn@created#1', { action: 'create', model: 'churn', counter: 1 }],
  ['fraud/models=churn@v1.0.0', { action: 'register', model: 'fraud/models:churn', version: 'v1.0.0' }],
  ['./a.b=x#dev#1', { action: 'assign', model: './a.b:x', stage: 'dev', counter: 1 }],
];

test.each(cases)('%s is read, and written back the same', (name, meaning) => {
  expect(parseTagName(name)).toEqual(meaning);
  expect(formatTagName(meaning)).toBe(name);
});

test.each([
  'v1.2.3',
  'churn@1.2.3',
  'churn@v1.2',
  'churn@v01.2.3',
  'churn@v1.2.3#',
  'churn@v1.2.3!!',
  '-churn@v1.2.3',
  '--upload-pack=x@v1.2.3',
  'churn-@v1.2.3',
  'chu rn@v1.2.3',
  'churn#prod#x',
  'a=b=c@v1.0.0',
  'churn@deprecated!',
  'churn@v1.2.3\n',
  '',
])('%j is somebody else’s tag', (name) => {
  expect(parseTagName(name)).toBeUndefined();
});

test('a tag that could not be read back is not written', () => {
  for (const model of ['--upload-pack=x', '--upload-pack:x', '-m', 'a=b', 'a b', '']) {
    expect(() => formatTagName({ action: 'register', model, version: 'v1.0.0' })).toThrow(RangeError);
    expect(isModelName(model)).toBe(false);
  }
  expect(isModelName('fraud/models:churn')).toBe(true);
});
