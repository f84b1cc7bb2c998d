import { isWhole, type ParameterSpace } from '@rastro/lineage';

export type Value = string | number | boolean;

/** One parameter of the space: how a place in [0, 1) becomes a value. */
export interface Axis {
  readonly name: string;
  /** How many values there are; undefined for any number of a range. */
  readonly size: number | undefined;
  /** The value at a place in [0, 1); equal shares for the values of a list. */
  at(place: number): Value;
  /** The value of an index below `size`. */
  value(index: number): Value;
  /** What is tried, in words. */
  readonly words: string;
}

export function axisOf(name: string, space: ParameterSpace): Axis {
  if (Array.isArray(space)) return listAxis(name, space);
  if (space.values) return listAxis(name, space.values);
  const { min = 0, max = 0, step, log } = space;
  if (log) return isWhole(space) ? wholeLogAxis(name, min, max) : logAxis(name, min, max);
  if (step === undefined && !isWhole(space)) return linearAxis(name, min, max);
  return stepAxis(name, { min, max, step: step ?? 1 });
}

function listAxis(name: string, values: readonly Value[]): Axis {
  const value = (index: number) => values[index]!;
  const words = values.map(String).join(', ');
  return { name, size: values.length, at: (place) => value(share(place, values.length)), value, words };
}

function stepAxis(name: string, { min, max, step }: { min: number; max: number; step: number }): Axis {
  // The last step may miss the maximum by the rounding of its sum.
  const size = Math.floor((max - min) / step + 1e-9) + 1;
  const value = (index: number) => within(min + index * step, min, max);
  const words = `${min} to ${max}, by ${step}`;
  return { name, size, at: (place) => value(share(place, size)), value, words };
}

/** Each whole number k has the share log((k + 1) / k). */
function wholeLogAxis(name: string, min: number, max: number): Axis {
  const at = (place: number) =>
    Math.min(max, Math.floor(rounded(min * Math.exp(place * Math.log((max + 1) / min)))));
  const words = `whole numbers ${min} to ${max}, logarithmic`;
  return { name, size: max - min + 1, at, value: (index) => min + index, words };
}

function logAxis(name: string, min: number, max: number): Axis {
  const at = (place: number) => within(min * Math.exp(place * Math.log(max / min)), min, max);
  return { ...continuous(name, at), words: `${min} to ${max}, logarithmic` };
}

function linearAxis(name: string, min: number, max: number): Axis {
  const at = (place: number) => within(min + place * (max - min), min, max);
  return { ...continuous(name, at), words: `${min} to ${max}` };
}

function continuous(name: string, at: Axis['at']): Omit<Axis, 'words'> {
  return { name, size: undefined, at, value: at };
}

function share(place: number, size: number): number {
  return Math.min(size - 1, Math.floor(place * size));
}

function within(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, rounded(value)));
}

/** To 12 significant digits: sums of steps as people write them (0.3, and not 0.30000000000000004). */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
