import { ones, type Weights } from './weights.ts';

/**
 * The metrics of one sample, ready to be read under any weights: what can be sorted or computed once per row has been,
 * so that a resample costs one pass. `NaN` stands for "undefined for these rows".
 */
export interface Measurer {
  readonly names: readonly string[];
  /** Without weights every row counts once. */
  measure(weights?: Weights): Float64Array;
}

/** One reading of all metrics under some weights. */
export interface Reading {
  readonly weights: Weights;
  /** None were given: every row counts once. */
  readonly isWhole: boolean;
}

/** A reading of so many rows; ones are made only for who asks for them. */
export function readingOf(rows: number, weights: Weights | undefined): Reading {
  if (weights) return { weights, isWhole: false };
  const all = once(() => ones(rows));
  return {
    isWhole: true,
    get weights() {
      return all();
    },
  };
}

export type Read<T = number> = (reading: Reading) => T;

/** What several metrics read, made once in each reading. */
export function perReading<T>(make: Read<T>): Read<T> {
  let last: { readonly reading: Reading; readonly made: T } | undefined;
  return (reading) => {
    if (last?.reading !== reading) last = { reading, made: make(reading) };
    return last.made;
  };
}

/** What is made when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
