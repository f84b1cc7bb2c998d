import { InputError } from '@rastro/fault';
import { expect, test } from 'vitest';
import { type ModelFacts, nextVersion, requiredBump } from '../src/index.ts';

const facts: ModelFacts = {
  inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
  outputs: [
    { name: 'label', type: 'int64', shape: ['N'] },
    { name: 'scores', type: 'float32', shape: ['N', 2] },
  ],
  opset: 17,
  runtimeFloor: '1.9.0',
  labels: ['no', 'yes'],
  features: [
    { name: 'age', required: true },
    { name: 'plan', required: true },
    { name: 'visits', required: false },
  ],
  architecture: 'gradient boosting',
  params: { depth: 3 },
  data: ['train'],
};

const bumpOf = (next: Partial<ModelFacts>, golden?: { share: number; tolerance: number }) => {
  const { bump, reasons } = requiredBump({
    previous: facts,
    next: { ...facts, ...next },
    ...(golden ? { golden } : {}),
  });
  return `${bump} ${reasons[0]?.code}`;
};
const [label, scores] = facts.outputs as [ModelFacts['outputs'][0], ModelFacts['outputs'][0]];
const input = (change: object) => ({
  inputs: [{ ...(facts.inputs[0] as ModelFacts['inputs'][0]), ...change }],
});

test('what may break a caller is major', () => {
  expect(bumpOf(input({ name: 'y' }))).toBe('major input-removed');
  expect(bumpOf(input({ type: 'float64' }))).toBe('major input-type');
  expect(bumpOf(input({ shape: ['N', 3, 1] }))).toBe('major input-rank');
  expect(bumpOf(input({ shape: ['N', 4] }))).toBe('major input-dimension');
  expect(bumpOf(input({ shape: [8, 3] }))).toBe('major input-dimension');
  expect(bumpOf({ inputs: [...facts.inputs, { name: 'z', type: 'float32', shape: ['N'] }] })).toBe(
    'major input-added',
  );
  expect(bumpOf({ outputs: [label] })).toBe('major output-removed');
  expect(bumpOf({ outputs: [label, { ...scores, shape: ['N', 3] }] })).toBe('major output-dimension');
  expect(bumpOf({ outputs: [label, { ...scores, shape: ['N', null] }] })).toBe('major output-dimension');
  expect(bumpOf({ labels: ['yes', 'no'] })).toBe('major label-order');
  expect(bumpOf({ labels: ['no', 'yes', 'maybe'] })).toBe('major labels');
  expect(bumpOf({ features: [...(facts.features ?? []), { name: 'city', required: true }] })).toBe(
    'major feature-required',
  );
  expect(bumpOf({ features: facts.features?.map((feature) => ({ ...feature, required: true })) ?? [] })).toBe(
    'major feature-required',
  );
  expect(bumpOf({ features: [...(facts.features ?? [])].reverse() })).toBe('major feature-order');
  expect(bumpOf({ opset: 18 })).toBe('major opset-raised');
  expect(bumpOf({ runtimeFloor: '1.10.0' })).toBe('major runtime-raised');
});

test('another model behind the same contract is minor', () => {
  expect(bumpOf(input({ shape: ['N', null] }))).toBe('minor input-dimension');
  expect(bumpOf({ outputs: [...facts.outputs, { name: 'why', type: 'float32', shape: ['N'] }] })).toBe(
    'minor output-added',
  );
  expect(bumpOf({ features: [...(facts.features ?? []), { name: 'city', required: false }] })).toBe(
    'minor feature-added',
  );
  expect(bumpOf({ architecture: 'linear' })).toBe('minor architecture');
  expect(bumpOf({ params: { depth: 4 } })).toBe('minor parameter');
  expect(bumpOf({ data: ['train', 'extra'] })).toBe('minor data-added');
  expect(bumpOf({}, { share: 0.02, tolerance: 0.01 })).toBe('minor golden-rows');
  expect(bumpOf({}, { share: Number.NaN, tolerance: 0.01 })).toBe('minor golden-rows');
});

test('refreshed data behind the same contract is a patch', () => {
  expect(bumpOf({})).toBe('patch same-contract');
  expect(bumpOf(input({ shape: ['batch', 3] }))).toBe('patch same-contract');
  expect(bumpOf({ opset: 16 })).toBe('patch same-contract');
  expect(bumpOf({}, { share: 0.01, tolerance: 0.01 })).toBe('patch same-contract');
});

test('every reason is told, the greatest first', () => {
  const { bump, reasons } = requiredBump({
    previous: facts,
    next: { ...facts, params: { depth: 4 }, opset: 18 },
  });
  expect(bump).toBe('major');
  expect(reasons.map(({ message }) => message)).toEqual([
    'the opset was 17 and is 18',
    'parameter "depth" was 3 and is 4',
  ]);
});

test('the next version follows the highest ever registered', () => {
  expect(nextVersion({ registered: [], required: 'patch' })).toBe('v1.0.0');
  expect(nextVersion({ registered: ['v1.9.0', 'v1.10.3'], required: 'patch' })).toBe('v1.10.4');
  expect(nextVersion({ registered: ['v1.10.3'], required: 'minor' })).toBe('v1.11.0');
  expect(nextVersion({ registered: ['v1.10.3'], required: 'major' })).toBe('v2.0.0');
});

test('a person may raise what the evidence requires, and not lower it', () => {
  const next = (asked: 'major' | 'minor' | 'patch' | `v${string}`) =>
    nextVersion({ registered: ['v1.2.3'], required: 'minor', asked });
  expect(next('major')).toBe('v2.0.0');
  expect(next('minor')).toBe('v1.3.0');
  expect(next('v1.7.0')).toBe('v1.7.0');
  expect(next('v2.0.0-rc.1')).toBe('v2.0.0-rc.1');
  expect(() => next('patch')).toThrow('the evidence requires a minor bump');
  expect(() => next('v1.2.4')).toThrow('the evidence requires v1.3.0');
  expect(() => next('v1.2.3')).toThrow('registered already');
  expect(() => next('v1.3')).toThrow(InputError);
});
