import { ones, type Weights, weightedMean } from './weights.ts';

/**
 * The metrics of one sample, ready to be read under any weights: what can be sorted or computed once per row has been,
 * so that a resample costs one pass. `NaN` stands for "undefined for these rows".
 */
export interface Measurer {
  readonly names: readonly string[];
  /** Of which readings under weights ask the means. */
  readonly columns: () => readonly Float64Array[];
  /** Without a reading every row counts once. */
  measure(reading?: Reading): Float64Array;
}

/** One reading of all metrics under some weights. */
export interface Reading {
  readonly weights: Weights;
  /** Every row counts once. */
  readonly isWhole: boolean;
  /** The mean of a column under the weights. */
  readonly meanOf: (column: Float64Array) => number;
}

/** Every row once; ones are made only for who asks for them. */
export function readingOfAll(rows: number): Reading {
  const all = once(() => ones(rows));
  return {
    isWhole: true,
    get weights() {
      return all();
    },
    meanOf: (column) => weightedMean(column, all()),
  };
}

export function readingUnder(weights: Weights): Reading {
  return { weights, isWhole: false, meanOf: (column) => weightedMean(column, weights) };
}

/** The readings of resamples that come with the means of these columns. */
export function readingsOf(
  columns: readonly Float64Array[],
): (means: Float64Array, weights: () => Weights) => Reading {
  const places = new Map(columns.map((column, index) => [column, index]));
  return (means, weights) => ({
    isWhole: false,
    get weights() {
      return weights();
    },
    meanOf: (column) => means[places.get(column)!]!,
  });
}

/** Columns that reads take the means of, each made when it is first needed. */
export class Columns {
  readonly #all: (() => Float64Array)[] = [];

  add(make: () => Float64Array): () => Float64Array {
    const made = once(make);
    this.#all.push(made);
    return made;
  }

  all(): Float64Array[] {
    return this.#all.map((made) => made());
  }
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
