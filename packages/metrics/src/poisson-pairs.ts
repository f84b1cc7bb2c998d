/** Bits that decide two Poisson counts, or leave them undecided. */
const PAIR_BITS = 12;
export const UNDECIDED = 0x8000;

/** Two counts, a byte each, in the order of `PAIR_LIMITS`. A count above 12 has a chance of 6e-11. */
export const PAIRS = Uint16Array.from({ length: 169 }, (_, i) => (i % 13) | (Math.floor(i / 13) << 8));
/** 2^32 times the chance of this pair of Poisson counts of mean 1 or one before it; the last is 2^32. */
export const PAIR_LIMITS = pairLimits();
/** The pair that the top twelve bits of 32 decide, or `UNDECIDED` where a limit falls inside. */
export const PAIR_OF_TOP = Uint16Array.from({ length: 2 ** PAIR_BITS }, (_, top) => {
  const first = pairOf(top * 2 ** (32 - PAIR_BITS));
  const last = pairOf((top + 1) * 2 ** (32 - PAIR_BITS) - 1);
  return first === last ? first : UNDECIDED;
});

function pairLimits(): number[] {
  const chances = [Math.exp(-1)];
  for (let count = 1; count < 13; count++) chances.push(chances[count - 1]! / count);
  let sum = 0;
  const limits = Array.from(PAIRS, (pair) => {
    sum += chances[pair & 0xff]! * chances[pair >>> 8]!;
    return Math.round(sum * 2 ** 32);
  });
  limits[limits.length - 1] = 2 ** 32;
  return limits;
}

/** The pair that 32 bits decide. */
export function pairOf(bits: number): number {
  let i = 0;
  while (bits >= PAIR_LIMITS[i]!) i++;
  return PAIRS[i]!;
}
