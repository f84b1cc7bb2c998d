import type { Sorted } from './two-samples.ts';

/**
 * Bins that hold about equal shares of the reference: a bin of its own for each heap (a value that takes so much room that
 * quantiles coincide), and between the rest the reference's quantiles. Bin i of the rest is (edge i-1, edge i], the
 * outer ones are open.
 */
export interface Bins {
  readonly heaps: readonly number[];
  readonly edges: readonly number[];
}

const BINS = 10;

/**
 * Ten bins by the deciles of the reference, interpolated linearly as numpy does. Where deciles coincide, plain quantile
 * bins would melt together and hide what happens beside the heap.
 */
export function quantileBins(reference: Sorted): Bins {
  const deciles = innerQuantiles(reference, BINS);
  if (new Set(deciles).size === BINS - 1) return { heaps: [], edges: deciles };
  const heaps = heapsOf(reference, reference.length / BINS);
  const rest = reference.filter((value) => !heaps.includes(value));
  return { heaps, edges: [...new Set(innerQuantiles(rest, Math.max(1, BINS - heaps.length)))] };
}

function innerQuantiles(sorted: Sorted, bins: number): number[] {
  if (sorted.length === 0) return [];
  return Array.from({ length: bins - 1 }, (_, i) => quantile(sorted, (i + 1) / bins));
}

function quantile(sorted: Sorted, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  const part = position - below;
  // From the nearer end, as numpy interpolates, so that a value on a border falls into the same bin.
  return part >= 0.5 ? high - (high - low) * (1 - part) : low + (high - low) * part;
}

function heapsOf(sorted: Sorted, least: number): number[] {
  const heaps: number[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    if (end - start >= least) heaps.push(sorted[start]!);
    start = end;
  }
  return heaps;
}

/** Counts of the heaps, then of the bins between the edges. */
export function countBins(values: Sorted, { heaps, edges }: Bins): Float64Array {
  const counts = new Float64Array(heaps.length + edges.length + 1);
  for (const value of values) {
    const heap = heaps.indexOf(value);
    counts[heap >= 0 ? heap : heaps.length + binOf(value, edges)]!++;
  }
  return counts;
}

/** The number of edges below the value. */
function binOf(value: number, edges: readonly number[]): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
