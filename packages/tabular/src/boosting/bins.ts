import type { Feature } from '../features.ts';

/** A numeric feature cut into bins: bin b holds thresholds[b - 1] < value <= thresholds[b], and the last bin what is missing. */
export interface NumericBins {
  readonly kind: 'numeric';
  readonly bins: Uint8Array;
  /** Bins of values; the missing ones have the bin of this number. */
  readonly count: number;
  readonly thresholds: Float32Array;
}

/** A categorical feature: bin b is category b, except for a last bin `rest` that rare categories share. */
export interface CategoricalBins {
  readonly kind: 'categorical';
  readonly bins: Uint8Array;
  /** Bins that can be told apart from all others. */
  readonly count: number;
}

export type BinnedFeature = NumericBins | CategoricalBins;

/** Bins are bytes: 255 for values and one for the missing or the rest. */
const MAX_BINS = 255;

export function binFeature(feature: Feature, maxBins: number): BinnedFeature {
  if (feature.kind === 'categorical') {
    const count = Math.min(feature.categories.length, MAX_BINS);
    return {
      kind: 'categorical',
      count,
      bins: Uint8Array.from(feature.codes, (code) => Math.min(code, MAX_BINS)),
    };
  }
  const thresholds = cutPoints(feature.values, maxBins);
  const count = thresholds.length + 1;
  const bins = Uint8Array.from(feature.values, (value) =>
    Number.isNaN(value) ? count : binOf(value, thresholds),
  );
  return { kind: 'numeric', bins, count, thresholds };
}

/** How many bins a histogram of the feature has, the one for the missing or the rest included. */
export function binsOf(feature: BinnedFeature): number {
  return feature.count + 1;
}

/**
 * Cuts values into at most `maxBins` bins of about equal numbers of rows; equal values always share a bin. The cuts are
 * 32-bit floats, so that a model that reads 32-bit floats sends every value to the side that training sent it to.
 */
function cutPoints(values: Float32Array, maxBins: number): Float32Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const cuts: number[] = [];
  let binsLeft = maxBins;
  let start = 0;
  let wanted = sorted.length / binsLeft;
  const fewValues = hasAtMost(sorted, maxBins);
  for (let row = 1; row < sorted.length && binsLeft > 1; row++) {
    const low = sorted[row - 1]!;
    const high = sorted[row]!;
    if (low === high || (!fewValues && row - start < wanted)) continue;
    cuts.push(between(low, high));
    start = row;
    binsLeft--;
    wanted = (sorted.length - row) / binsLeft;
  }
  return Float32Array.from(cuts);
}

function hasAtMost(sorted: Float32Array, limit: number): boolean {
  let distinct = 1;
  for (let row = 1; row < sorted.length && distinct <= limit; row++) {
    if (sorted[row] !== sorted[row - 1]) distinct++;
  }
  return distinct <= limit;
}

/** A 32-bit float t with low <= t < high. */
function between(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high ? middle : low;
}

function binOf(value: number, thresholds: Float32Array): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= thresholds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
