/** Values as whole numbers of a unit, so that their sums are exact in any order; three limbs of 16 bits, each with a sign, hold one. */
export interface FixedPoint {
  /** A power of two. */
  readonly unit: number;
  /** A value of this size or above, or none that is finite, is kept apart from the others. */
  readonly limit: number;
}

/** Highest first: each counts 2^16 of the next. */
export type Limbs = readonly [Int16Array, Int16Array, Int16Array];
export const LIMB = 2 ** 16;

/** Bits of a whole number beside its sign: of 48 one is that sign, and one lets the limbs have theirs. */
const BITS = 46;
/** So many values may be kept apart, or one in so many rows. */
const MOST_APART = 64;
const ROWS_AN_APART = 1024;
/** Exponents as a double stores them: the number is at least 2^(exponent - 1023). */
const GREATEST_EXPONENT = 2046;

/**
 * The finest unit that leaves few values apart: those some outliers do not cost the digits of all others. A value is off by at most
 * 2^-46 times that of more rows than are apart, which makes the mean of a resample as good as one that was summed in doubles.
 */
export function fixedPointOf(values: Float64Array): FixedPoint {
  const rowsOfExponent = new Uint32Array(2048);
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  for (let i = 1; i < words.length; i += 2) rowsOfExponent[(words[i]! >>> 20) & 0x7ff]!++;
  const most = Math.max(MOST_APART, values.length / ROWS_AN_APART);
  let exponent = GREATEST_EXPONENT;
  let apart = rowsOfExponent[exponent]!;
  while (apart <= most && exponent > 0) apart += rowsOfExponent[--exponent]!;
  const power = exponent - 1022;
  return { unit: 2 ** (power - BITS), limit: 2 ** power };
}

/** Writes the limbs of values from `start` on, one for each place of a limb. Tells which limbs are not all 0, and what is apart. */
export function writeLimbs(
  values: Float64Array,
  { unit, limit }: FixedPoint,
  start: number,
  [high, middle, low]: Limbs,
): { isUsed: boolean[]; apart: number[] } {
  const used = [0, 0, 0];
  const apart: number[] = [];
  for (let i = 0; i < high.length; i++) {
    const value = values[start + i]!;
    const isInside = Math.abs(value) < limit;
    if (!isInside) apart.push(i);
    const whole = isInside ? Math.round(value / unit) : 0;
    const last = (whole << 16) >> 16;
    const rest = (whole - last) / LIMB;
    const second = (rest << 16) >> 16;
    const first = (rest - second) / LIMB;
    high[i] = first;
    middle[i] = second;
    low[i] = last;
    used[0]! |= first;
    used[1]! |= second;
    used[2]! |= last;
  }
  return { isUsed: used.map((bits) => bits !== 0), apart };
}
