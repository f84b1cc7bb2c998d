import { drawPoisson, PoissonResamples, poissonSeeds } from './poisson-resamples.ts';
import { weightedMean } from './weights.ts';

/**
 * A seeded stream of random numbers, the same on every machine: xoshiro128** (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2021) whose four words of state come from SplitMix32 (gamma 0x9e3779b9 with the
 * finaliser of MurmurHash3). Only integer arithmetic modulo 2^32, so nothing depends on the platform.
 */
export interface RandomSource {
  /** The next 32 bits as an integer in [0, 2^32). */
  next(): number;
  /** An integer in [0, bound): the high word of next() x bound; its bias is at most bound / 2^32. */
  below(bound: number): number;
  /**
   * Sets `counts` to how often each row stands in a resample with replacement. Up to 4095 rows: as many draws as rows.
   * From 4096: an independent Poisson number of mean 1 for each row, several times faster. This is an approximation: the
   * number of rows of a resample varies by its square root. A measure divides by the rows that it counted, so its variance
   * differs from that of the multinomial bootstrap by a factor of 1 + O(1 / rows) (Hanley and MacGibbon 2006; Chamandy et
   * al. 2012), at 4096 rows far below the noise of a few thousand resamples.
   */
  resample(counts: Uint8Array): void;
  /** The `count` resamples that `resample` would draw next, with the means of columns of as many rows: those up to rounding. */
  resamples(rows: number, columns: readonly Float64Array[], count: number): Resamples;
  /** A permutation of 0..length-1 (Fisher-Yates). */
  permutation(length: number): Uint32Array;
}

/** Resamples one after another. */
export interface Resamples {
  /** How often each row stands in the one that was drawn last. */
  readonly weights: Uint8Array;
  /** The mean of each column under it. */
  readonly means: Float64Array;
  next(): void;
}

/** `stream` gives independent numbers for the same seed: a slice's do not change when another slice is added. */
export function randomSource(seed: number, stream = ''): RandomSource {
  const state = seededState((seed ^ Math.floor(seed / 2 ** 32) ^ fnv1a(stream)) >>> 0);
  const next = () => step(state) >>> 0;
  const below = (bound: number) => Math.floor(next() * (bound / 2 ** 32));
  // A row drawn more than 255 times has a chance below 1 in 256!: a byte is enough.
  const resample = (counts: Uint8Array) => {
    if (counts.length >= POISSON_FROM) return drawPoisson(counts, poissonSeeds(1, next));
    counts.fill(0);
    for (let i = 0; i < counts.length; i++) counts[below(counts.length)]!++;
  };
  return {
    next,
    below,
    resample,
    resamples(rows, columns, count) {
      if (rows >= POISSON_FROM) return new PoissonResamples(rows, columns, count, next);
      const weights = new Uint8Array(rows);
      const means = new Float64Array(columns.length);
      return {
        weights,
        means,
        next() {
          resample(weights);
          for (const [index, values] of columns.entries()) means[index] = weightedMean(values, weights);
        },
      };
    },
    permutation(length) {
      const order = Uint32Array.from({ length }, (_, i) => i);
      for (let i = length - 1; i > 0; i--) {
        const j = below(i + 1);
        const held = order[i]!;
        order[i] = order[j]!;
        order[j] = held;
      }
      return order;
    },
  };
}

/** Four words of xoshiro128**. */
type State = Int32Array;

function seededState(seed: number): State {
  let mixed = seed;
  return Int32Array.from({ length: 4 }, () => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  });
}

function step(state: State): number {
  const b = state[1]!;
  const product = Math.imul(b, 5);
  const t = b << 9;
  state[2]! ^= state[0]!;
  state[3]! ^= b;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= t;
  state[3] = (state[3]! << 11) | (state[3]! >>> 21);
  return Math.imul((product << 7) | (product >>> 25), 9);
}

/** So many rows are drawn as Poisson counts: see `RandomSource.resample`. */
export const POISSON_FROM = 4096;

/** FNV-1a over UTF-16 units, 32 bits. */
function fnv1a(text: string): number {
  if (text === '') return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
