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
  /** Sets `counts` to how often each row was drawn when as many rows are drawn with replacement. */
  resample(counts: Uint8Array): void;
  /** A permutation of 0..length-1 (Fisher-Yates). */
  permutation(length: number): Uint32Array;
}

/** `stream` gives independent numbers for the same seed: a slice's do not change when another slice is added. */
export function randomSource(seed: number, stream = ''): RandomSource {
  let mixed = (seed ^ Math.floor(seed / 2 ** 32) ^ fnv1a(stream)) >>> 0;
  const word = () => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let a = word();
  let b = word();
  let c = word();
  let d = word();

  const next = () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const below = (bound: number) => Math.floor(next() * (bound / 2 ** 32));

  return {
    next,
    below,
    // A row drawn more than 255 times among as many draws as rows has a chance below 1 in 256!: a byte is enough.
    resample(counts) {
      counts.fill(0);
      const rows = counts.length;
      const scale = rows / 2 ** 32;
      let [p, q, r, s] = [a | 0, b | 0, c | 0, d | 0];
      // The same steps as next(), with the state in locals: this loop is most of the time of a bootstrap.
      for (let i = 0; i < rows; i++) {
        const product = Math.imul(q, 5);
        const word = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
        const t = q << 9;
        r ^= p;
        s ^= q;
        q ^= r;
        p ^= s;
        r ^= t;
        s = (s << 11) | (s >>> 21);
        counts[(word * scale) >>> 0]!++;
      }
      [a, b, c, d] = [p, q, r, s];
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

/** FNV-1a over UTF-16 units, 32 bits. */
function fnv1a(text: string): number {
  if (text === '') return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
