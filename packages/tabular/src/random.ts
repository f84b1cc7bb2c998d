import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Draws from [0, 1). Same seed, same draws. */
export type Random = () => number;

/** @param seed a non-negative safe integer */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus((seed % 2 ** 32) ^ Math.floor(seed / 2 ** 32));
  return () => uniformFloat64(generator);
}

/**
 * The ascending indices of a random sample without replacement of round(fraction * count) of `count` things, one at least.
 * Knuth, The Art of Computer Programming, volume 2, section 3.4.2, algorithm S.
 */
export function sample(random: Random, count: number, fraction: number): Uint32Array {
  const size = Math.max(1, Math.round(fraction * count));
  const chosen = new Uint32Array(size);
  let filled = 0;
  for (let index = 0; filled < size; index++) {
    if (random() * (count - index) < size - filled) chosen[filled++] = index;
  }
  return chosen;
}
