import { type Bump, isGreaterBump } from './version.ts';

/** One named tensor. A dimension is a number when it is fixed, a name or null when it is free. */
export interface TensorType {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string | null)[];
}

/** What a caller of the model relies on, and what it was made from. Undefined parts are not recorded and not compared. */
export interface ModelFacts {
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly opset: number | null;
  /** Lowest version of the runtime that can run it, as dotted numbers. */
  readonly runtimeFloor?: string;
  /** Class labels in the order of the scores. */
  readonly labels?: readonly string[];
  /** Columns in the order in which the model reads them; one that may be absent is not required. */
  readonly features?: readonly { readonly name: string; readonly required: boolean }[];
  readonly architecture?: string;
  readonly params?: Readonly<Record<string, string | number | boolean>>;
  /** Names of the datasets that it was trained on. */
  readonly data?: readonly string[];
}

export interface BumpReason {
  readonly bump: Bump;
  readonly code: string;
  readonly message: string;
}

export interface RequiredBump {
  readonly bump: Bump;
  /** Greatest bump first. */
  readonly reasons: readonly BumpReason[];
}

/** How often the two models disagree on the golden rows, as a share from 0 to 1, and the share that is tolerated. */
export interface GoldenDisagreement {
  readonly share: number;
  readonly tolerance: number;
}

/**
 * The least bump that tells callers the truth. Major: a caller that worked may break. Minor: it works, and the model is
 * another one (architecture, features, data source, parameters, added outputs, answers on the golden rows). Patch: the
 * same contract with refreshed data.
 */
export function requiredBump(change: {
  readonly previous: ModelFacts;
  readonly next: ModelFacts;
  readonly golden?: GoldenDisagreement;
}): RequiredBump {
  const { previous, next, golden } = change;
  const reasons = [
    ...inputReasons(previous.inputs, next.inputs),
    ...outputReasons(previous.outputs, next.outputs),
    ...labelReasons(previous.labels, next.labels),
    ...featureReasons(previous, next),
    ...floorReasons(previous, next),
    ...makingReasons(previous, next),
    ...goldenReasons(golden),
  ].sort((a, b) => Number(isGreaterBump(b.bump, a.bump)) - Number(isGreaterBump(a.bump, b.bump)));
  const [greatest] = reasons;
  return greatest
    ? { bump: greatest.bump, reasons }
    : {
        bump: 'patch',
        reasons: [
          {
            bump: 'patch',
            code: 'same-contract',
            message: 'same inputs, outputs, labels, features and parameters',
          },
        ],
      };
}

const major = (code: string, message: string): BumpReason => ({ bump: 'major', code, message });
const minor = (code: string, message: string): BumpReason => ({ bump: 'minor', code, message });

function inputReasons(previous: readonly TensorType[], next: readonly TensorType[]): BumpReason[] {
  return [
    ...missingFrom(next, previous).map((name) => major('input-removed', `input "${name}" is gone`)),
    ...missingFrom(previous, next).map((name) =>
      major('input-added', `input "${name}" is new and must be given`),
    ),
    ...pairs(previous, next).flatMap(([before, after]) => [
      ...typeReasons('input', before, after),
      ...dimensionReasons('input', before, after),
    ]),
  ];
}

function outputReasons(previous: readonly TensorType[], next: readonly TensorType[]): BumpReason[] {
  return [
    ...missingFrom(next, previous).map((name) => major('output-removed', `output "${name}" is gone`)),
    ...missingFrom(previous, next).map((name) => minor('output-added', `output "${name}" is new`)),
    ...pairs(previous, next).flatMap(([before, after]) => [
      ...typeReasons('output', before, after),
      ...dimensionReasons('output', before, after),
    ]),
  ];
}

/** Names that are in `wanted` and not in `tensors`. */
function missingFrom(tensors: readonly TensorType[], wanted: readonly TensorType[]): string[] {
  const known = new Set(tensors.map(({ name }) => name));
  return wanted.filter(({ name }) => !known.has(name)).map(({ name }) => name);
}

function pairs(previous: readonly TensorType[], next: readonly TensorType[]): [TensorType, TensorType][] {
  return previous.flatMap((before): [TensorType, TensorType][] => {
    const after = next.find(({ name }) => name === before.name);
    return after ? [[before, after]] : [];
  });
}

function typeReasons(side: 'input' | 'output', before: TensorType, after: TensorType): BumpReason[] {
  if (before.type === after.type) return [];
  return [major(`${side}-type`, `${side} "${before.name}" was ${before.type} and is ${after.type}`)];
}

/**
 * An input that accepts more than before, and an output that promises more, break nobody: an input's fixed dimension
 * may become free, an output's free one fixed.
 */
function dimensionReasons(side: 'input' | 'output', before: TensorType, after: TensorType): BumpReason[] {
  const [was, is] = [showShape(before), showShape(after)];
  if (before.shape.length !== after.shape.length) {
    return [major(`${side}-rank`, `${side} "${before.name}" had shape ${was} and has ${is}`)];
  }
  const changed = before.shape
    .map((dimension, axis) => [fixed(dimension), fixed(after.shape[axis] ?? null)] as const)
    .filter(([a, b]) => a !== b);
  if (changed.length === 0) return [];
  const widens = changed.every(([a, b]) => (side === 'input' ? b === null : a === null));
  const message = `${side} "${before.name}" had shape ${was} and has ${is}`;
  return [widens ? minor(`${side}-dimension`, message) : major(`${side}-dimension`, message)];
}

const fixed = (dimension: number | string | null) => (typeof dimension === 'number' ? dimension : null);
const showShape = ({ shape }: TensorType) => `[${shape.map((dimension) => dimension ?? '?').join(', ')}]`;

function labelReasons(
  previous: readonly string[] | undefined,
  next: readonly string[] | undefined,
): BumpReason[] {
  if (!previous) return [];
  if (!next) return [major('labels-unknown', 'the labels were known and are not recorded any more')];
  if (isSame(previous, next)) return [];
  const sameSet = isSame([...previous].sort(), [...next].sort());
  return [
    sameSet
      ? major('label-order', `the order of the labels was ${previous.join(', ')} and is ${next.join(', ')}`)
      : major('labels', `the labels were ${previous.join(', ')} and are ${next.join(', ')}`),
  ];
}

function featureReasons(previous: ModelFacts, next: ModelFacts): BumpReason[] {
  if (!previous.features || !next.features) return [];
  const before = new Map(previous.features.map(({ name, required }) => [name, required]));
  const after = new Map(next.features.map(({ name, required }) => [name, required]));
  const reasons: BumpReason[] = [];
  for (const [name, required] of after) {
    const was = before.get(name);
    if (required && was !== true) {
      reasons.push(major('feature-required', `feature "${name}" is newly required`));
    } else if (was === undefined) {
      reasons.push(minor('feature-added', `feature "${name}" is new and may be left out`));
    }
  }
  for (const name of before.keys()) {
    if (!after.has(name)) reasons.push(minor('feature-removed', `feature "${name}" is not read any more`));
  }
  // With one input tensor the order of the columns is part of the contract, and nothing else would show its change.
  const common = (names: Iterable<string>, other: Map<string, boolean>) =>
    [...names].filter((name) => other.has(name));
  const reordered = !isSame(common(before.keys(), after), common(after.keys(), before));
  if (reordered && next.inputs.length === 1) {
    reasons.push(major('feature-order', `the order of the features is ${[...after.keys()].join(', ')} now`));
  }
  return reasons;
}

function floorReasons(previous: ModelFacts, next: ModelFacts): BumpReason[] {
  const reasons: BumpReason[] = [];
  if (previous.opset !== null && next.opset !== null && next.opset > previous.opset) {
    reasons.push(major('opset-raised', `the opset was ${previous.opset} and is ${next.opset}`));
  }
  const [was, is] = [previous.runtimeFloor, next.runtimeFloor];
  if (was !== undefined && is !== undefined && isHigher(is, was)) {
    reasons.push(major('runtime-raised', `it ran on runtime ${was} and needs ${is}`));
  }
  return reasons;
}

function isHigher(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function makingReasons(previous: ModelFacts, next: ModelFacts): BumpReason[] {
  const reasons: BumpReason[] = [];
  if (previous.architecture !== undefined && next.architecture !== undefined) {
    if (previous.architecture !== next.architecture) {
      reasons.push(
        minor('architecture', `the architecture was ${previous.architecture} and is ${next.architecture}`),
      );
    }
  }
  if (previous.params && next.params) reasons.push(...paramReasons(previous.params, next.params));
  if (previous.data && next.data) {
    const added = next.data.filter((name) => !previous.data?.includes(name));
    const gone = previous.data.filter((name) => !next.data?.includes(name));
    reasons.push(...added.map((name) => minor('data-added', `data source "${name}" is new`)));
    reasons.push(...gone.map((name) => minor('data-removed', `data source "${name}" is not used any more`)));
  }
  return reasons;
}

type Params = NonNullable<ModelFacts['params']>;

function paramReasons(previous: Params, next: Params): BumpReason[] {
  const names = [...new Set([...Object.keys(previous), ...Object.keys(next)])].sort();
  return names
    .filter((name) => previous[name] !== next[name])
    .map((name) =>
      minor('parameter', `parameter "${name}" was ${show(previous[name])} and is ${show(next[name])}`),
    );
}

const show = (value: string | number | boolean | undefined) => (value === undefined ? 'not set' : `${value}`);

function goldenReasons(golden: GoldenDisagreement | undefined): BumpReason[] {
  if (!golden || golden.share <= golden.tolerance) return [];
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  return [
    minor(
      'golden-rows',
      `it answers ${percent(golden.share)} of the golden rows differently; ${percent(golden.tolerance)} is tolerated`,
    ),
  ];
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
