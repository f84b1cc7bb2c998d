/**
 * Poisson resamples and means of values under them, two rows at a time. See src/poisson-means.ts, which lays out the memory, and
 * src/random.ts: these are its numbers, in its order.
 *
 * AssemblyScript: compiled to WebAssembly by the engine's assembly/build.mjs.
 */

const UNDECIDED: u32 = 0x8000;

/** The four words of xoshiro128**. */
let a: u32;
let b: u32;
let c: u32;
let d: u32;

/** Where the tables are: 4096 pairs by their top twelve bits, all pairs, and the limits below 2^32. */
let pairOfTop: usize;
let pairs: usize;
let limits: usize;
let limitCount: usize;

export function heapBase(): usize {
  return __heap_base;
}

export function tables(tops: usize, all: usize, limitsOfPairs: usize, count: usize): void {
  pairOfTop = tops;
  pairs = all;
  limits = limitsOfPairs;
  limitCount = count;
}

function step(): u32 {
  const word = rotl<u32>(b * 5, 7) * 9;
  const t = b << 9;
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= t;
  d = rotl<u32>(d, 11);
  return word;
}

function pairOf(bits: u32): u32 {
  let i: usize = 0;
  while (i < limitCount && bits >= load<u32>(limits + (i << 2))) i++;
  return load<u16>(pairs + (i << 1));
}

function settledPair(top: u32): u32 {
  const pair: u32 = load<u16>(pairOfTop + ((top as usize) << 1));
  return pair === UNDECIDED ? pairOf((top << 20) | (step() >>> 12)) : pair;
}

/** Four counts, a byte each, as four words. */
function countsOf(first: u32, second: u32): v128 {
  const bytes = i32x4.splat((first | (second << 16)) as i32);
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
}

/** Counts times values: the sum of the rows that are even, and that of those that are odd. */
function weighted(counts: v128, at: usize): v128 {
  const low = f64x2.convert_low_i32x4_s(counts);
  const high = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(counts, counts, 2, 3, 2, 3));
  return f64x2.add(f64x2.mul(low, v128.load(at)), f64x2.mul(high, v128.load(at, 16)));
}

/**
 * The mean of `rows` doubles at `values` under the next resample. `state` holds four words before and after; at `spare` is room
 * for two words for every four rows. No rows drawn: NaN.
 */
export function mean(state: usize, values: usize, rows: usize, spare: usize): f64 {
  let w = load<u32>(state);
  let x = load<u32>(state, 4);
  let y = load<u32>(state, 8);
  let z = load<u32>(state, 12);
  let sums = f64x2.splat(0);
  let drawn = i32x4.splat(0);
  let undecided = spare;
  const tops = pairOfTop;
  const foursEnd = values + ((rows & ~3) << 3);
  for (let at = values; at < foursEnd; at += 32) {
    const word = rotl<u32>(x * 5, 7) * 9;
    const t = x << 9;
    y ^= w;
    z ^= x;
    x ^= y;
    w ^= z;
    y ^= t;
    z = rotl<u32>(z, 11);
    const first: u32 = load<u16>(tops + (((word >>> 20) as usize) << 1));
    const second: u32 = load<u16>(tops + (((word >>> 3) & 0x1ffe) as usize));
    if (((first | second) & UNDECIDED) !== 0) {
      store<u32>(undecided, at as u32);
      store<u32>(undecided, word, 4);
      undecided += 8;
      continue;
    }
    const counts = countsOf(first, second);
    sums = f64x2.add(sums, weighted(counts, at));
    drawn = i32x4.add(drawn, counts);
  }
  a = w;
  b = x;
  c = y;
  d = z;
  for (let each = spare; each < undecided; each += 8) {
    const word = load<u32>(each, 4);
    const first = settledPair(word >>> 20);
    const counts = countsOf(first, settledPair((word >>> 4) & 0xfff));
    sums = f64x2.add(sums, weighted(counts, load<u32>(each) as usize));
    drawn = i32x4.add(drawn, counts);
  }
  let even = f64x2.extract_lane(sums, 0);
  const odd = f64x2.extract_lane(sums, 1);
  let total =
    i32x4.extract_lane(drawn, 0) +
    i32x4.extract_lane(drawn, 1) +
    i32x4.extract_lane(drawn, 2) +
    i32x4.extract_lane(drawn, 3);
  const end = values + (rows << 3);
  for (let at = foursEnd; at < end; at += 8) {
    const count = (pairOf(step()) & 0xff) as i32;
    even += (count as f64) * load<f64>(at);
    total += count;
  }
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
  return (even + odd) / (total as f64);
}

/**
 * Writes the counts of the next resample of `rows` rows to `counts`, a byte each. `state` and `spare` are as for `mean`.
 */
export function draw(state: usize, counts: usize, rows: usize, spare: usize): void {
  let w = load<u32>(state);
  let x = load<u32>(state, 4);
  let y = load<u32>(state, 8);
  let z = load<u32>(state, 12);
  let undecided = spare;
  const tops = pairOfTop;
  const foursEnd = counts + (rows & ~3);
  for (let at = counts; at < foursEnd; at += 4) {
    const word = rotl<u32>(x * 5, 7) * 9;
    const t = x << 9;
    y ^= w;
    z ^= x;
    x ^= y;
    w ^= z;
    y ^= t;
    z = rotl<u32>(z, 11);
    const first: u32 = load<u16>(tops + (((word >>> 20) as usize) << 1));
    const second: u32 = load<u16>(tops + (((word >>> 3) & 0x1ffe) as usize));
    store<u32>(at, first | (second << 16));
    if (((first | second) & UNDECIDED) !== 0) {
      store<u32>(undecided, at as u32);
      store<u32>(undecided, word, 4);
      undecided += 8;
    }
  }
  a = w;
  b = x;
  c = y;
  d = z;
  for (let each = spare; each < undecided; each += 8) {
    const at = load<u32>(each) as usize;
    const word = load<u32>(each, 4);
    const first = settledPair(word >>> 20);
    store<u32>(at, first | (settledPair((word >>> 4) & 0xfff) << 16));
  }
  const end = counts + rows;
  for (let at = foursEnd; at < end; at++) store<u8>(at, pairOf(step()) & 0xff);
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
}

/**
 * Writes the counts of the next resample as `draw` does, and the means of two columns under them to `out` and after it: the sums
 * fill the time that each random number waits for the one before.
 */
export function drawTwoMeans(
  state: usize,
  counts: usize,
  rows: usize,
  spare: usize,
  first: usize,
  second: usize,
  out: usize,
): void {
  let w = load<u32>(state);
  let x = load<u32>(state, 4);
  let y = load<u32>(state, 8);
  let z = load<u32>(state, 12);
  let firstSums = f64x2.splat(0);
  let secondSums = f64x2.splat(0);
  let drawn = i32x4.splat(0);
  let undecided = spare;
  const tops = pairOfTop;
  const fours = rows & ~3;
  for (let row: usize = 0; row < fours; row += 4) {
    const word = rotl<u32>(x * 5, 7) * 9;
    const t = x << 9;
    y ^= w;
    z ^= x;
    x ^= y;
    w ^= z;
    y ^= t;
    z = rotl<u32>(z, 11);
    const one: u32 = load<u16>(tops + (((word >>> 20) as usize) << 1));
    const other: u32 = load<u16>(tops + (((word >>> 3) & 0x1ffe) as usize));
    if (((one | other) & UNDECIDED) !== 0) {
      store<u32>(undecided, row as u32);
      store<u32>(undecided, word, 4);
      undecided += 8;
      continue;
    }
    store<u32>(counts + row, one | (other << 16));
    const four = countsOf(one, other);
    firstSums = f64x2.add(firstSums, weighted(four, first + (row << 3)));
    secondSums = f64x2.add(secondSums, weighted(four, second + (row << 3)));
    drawn = i32x4.add(drawn, four);
  }
  a = w;
  b = x;
  c = y;
  d = z;
  for (let each = spare; each < undecided; each += 8) {
    const row = load<u32>(each) as usize;
    const word = load<u32>(each, 4);
    const one = settledPair(word >>> 20);
    const other = settledPair((word >>> 4) & 0xfff);
    store<u32>(counts + row, one | (other << 16));
    const four = countsOf(one, other);
    firstSums = f64x2.add(firstSums, weighted(four, first + (row << 3)));
    secondSums = f64x2.add(secondSums, weighted(four, second + (row << 3)));
    drawn = i32x4.add(drawn, four);
  }
  let firstSum = f64x2.extract_lane(firstSums, 0) + f64x2.extract_lane(firstSums, 1);
  let secondSum = f64x2.extract_lane(secondSums, 0) + f64x2.extract_lane(secondSums, 1);
  let total =
    i32x4.extract_lane(drawn, 0) +
    i32x4.extract_lane(drawn, 1) +
    i32x4.extract_lane(drawn, 2) +
    i32x4.extract_lane(drawn, 3);
  for (let row = fours; row < rows; row++) {
    const count = (pairOf(step()) & 0xff) as i32;
    store<u8>(counts + row, count as u8);
    firstSum += (count as f64) * load<f64>(first + (row << 3));
    secondSum += (count as f64) * load<f64>(second + (row << 3));
    total += count;
  }
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
  store<f64>(out, firstSum / (total as f64));
  store<f64>(out, secondSum / (total as f64), 8);
}

/** Writes the means of two columns of `rows` doubles under counts to `out` and after it. No rows drawn: NaN. */
export function twoMeans(counts: usize, rows: usize, first: usize, second: usize, out: usize): void {
  // Two sums a column, because one would wait for each addition.
  let firstLow = f64x2.splat(0);
  let firstHigh = f64x2.splat(0);
  let secondLow = f64x2.splat(0);
  let secondHigh = f64x2.splat(0);
  let drawn = i32x4.splat(0);
  const fours = rows & ~3;
  for (let row: usize = 0; row < fours; row += 4) {
    const bytes = v128.load32_zero(counts + row);
    const four = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
    const low = f64x2.convert_low_i32x4_s(four);
    const high = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(four, four, 2, 3, 2, 3));
    const one = first + (row << 3);
    const other = second + (row << 3);
    firstLow = f64x2.add(firstLow, f64x2.mul(low, v128.load(one)));
    firstHigh = f64x2.add(firstHigh, f64x2.mul(high, v128.load(one, 16)));
    secondLow = f64x2.add(secondLow, f64x2.mul(low, v128.load(other)));
    secondHigh = f64x2.add(secondHigh, f64x2.mul(high, v128.load(other, 16)));
    drawn = i32x4.add(drawn, four);
  }
  const firstSums = f64x2.add(firstLow, firstHigh);
  const secondSums = f64x2.add(secondLow, secondHigh);
  let firstSum = f64x2.extract_lane(firstSums, 0) + f64x2.extract_lane(firstSums, 1);
  let secondSum = f64x2.extract_lane(secondSums, 0) + f64x2.extract_lane(secondSums, 1);
  let total =
    i32x4.extract_lane(drawn, 0) +
    i32x4.extract_lane(drawn, 1) +
    i32x4.extract_lane(drawn, 2) +
    i32x4.extract_lane(drawn, 3);
  for (let row = fours; row < rows; row++) {
    const count = load<u8>(counts + row) as i32;
    firstSum += (count as f64) * load<f64>(first + (row << 3));
    secondSum += (count as f64) * load<f64>(second + (row << 3));
    total += count;
  }
  store<f64>(out, firstSum / (total as f64));
  store<f64>(out, secondSum / (total as f64), 8);
}
