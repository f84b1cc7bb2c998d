import type { SweepConfig } from '@rastro/lineage';
import { randomSource } from '@rastro/metrics';
import { type Axis, axisOf, type Value } from './axis.ts';
import { sobolPoints } from './sobol.ts';

export type Values = Readonly<Record<string, Value>>;

/** One run of training. Trial 0 is the model as it is: the others are held against it. */
export interface Trial {
  readonly trial: number;
  /** Parameters that are swept, by name; those of trial 0 as far as they are given. */
  readonly values: Values;
  /** All parameters that training gets. */
  readonly params: Values;
}

/** Trials besides trial 0, where neither the sweep nor the size of a grid says how many. */
export const USUAL_TRIALS = 16;

/** Combinations of the parameters; undefined when one of them is continuous. */
export function spaceSize(parameters: SweepConfig['parameters']): number | undefined {
  let size: number | undefined = 1;
  for (const axis of axesOf(parameters)) {
    if (axis.size === undefined) return undefined;
    size *= axis.size;
  }
  return size;
}

/** What is tried of each parameter, in words. */
export function spaceInWords(parameters: SweepConfig['parameters']): { name: string; words: string }[] {
  return axesOf(parameters).map(({ name, words }) => ({ name, words }));
}

/**
 * The trials of a sweep, trial 0 first; the same configuration gives the same trials. No combination comes twice: not that of
 * trial 0, and a space of no more combinations than `trials` is tried whole, whatever the method.
 * @param current the parameters as they are, without the sweep
 */
export function planTrials({ method, parameters, trials, seed }: SweepConfig, current: Values): Trial[] {
  const axes = axesOf(parameters);
  const size = spaceSize(parameters);
  const wanted = trials ?? (method === 'grid' ? size! : USUAL_TRIALS);
  const isWhole = size !== undefined && size <= wanted;
  const chosen = isWhole ? combinations(axes) : distinct(draws(method, axes, seed), wanted);
  const asItIs = pick(current, Object.keys(parameters));
  const known = keyOf(asItIs, axes);
  const others = chosen.filter((values) => keyOf(values, axes) !== known);
  return [asItIs, ...others].map((values, trial) => ({ trial, values, params: { ...current, ...values } }));
}

function axesOf(parameters: SweepConfig['parameters']): Axis[] {
  return Object.entries(parameters).map(([name, space]) => axisOf(name, space));
}

/** Every combination; the last parameter changes first. */
function combinations(axes: readonly Axis[]): Values[] {
  let all: Values[] = [{}];
  for (const { name, size, value } of axes)
    all = all.flatMap((one) =>
      Array.from({ length: size! }, (_, index) => ({ ...one, [name]: value(index) })),
    );
  return all;
}

function* draws(method: SweepConfig['method'], axes: readonly Axis[], seed: number): Generator<Values> {
  const valuesAt = (point: readonly number[]) =>
    Object.fromEntries(axes.map(({ name, at }, index) => [name, at(point[index]!)]));
  switch (method) {
    case 'sobol': {
      const random = randomSource(seed, 'sobol');
      const shift = seed === 0 ? () => 0 : () => random.next() >>> 2;
      for (const point of sobolPoints(axes.length, shift)) yield valuesAt(point);
      return;
    }
    case 'random': {
      const random = randomSource(seed, 'sweep');
      for (;;) yield valuesAt(axes.map(() => random.next() / 2 ** 32));
    }
    case 'grid':
      yield* combinations(axes);
  }
}

/** Draws this often in vain before the space counts as exhausted: coarse values of a range may leave few combinations. */
const MOST_IN_VAIN = 10_000;

function distinct(draws: Generator<Values>, wanted: number): Values[] {
  const found = new Map<string, Values>();
  let inVain = 0;
  for (const values of draws) {
    const key = JSON.stringify(values);
    inVain = found.has(key) ? inVain + 1 : 0;
    found.set(key, values);
    if (found.size === wanted || inVain === MOST_IN_VAIN) break;
  }
  return [...found.values()];
}

function pick(current: Values, names: readonly string[]): Values {
  return Object.fromEntries(
    names.flatMap((name) => (current[name] === undefined ? [] : [[name, current[name]]])),
  );
}

/** Undefined when a parameter is not given: then it is like no combination. */
function keyOf(values: Values, axes: readonly Axis[]): string | undefined {
  if (axes.some(({ name }) => values[name] === undefined)) return undefined;
  return JSON.stringify(axes.map(({ name }) => values[name]));
}
