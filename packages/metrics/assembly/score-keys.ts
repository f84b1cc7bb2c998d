/**
 * Rows as keys that order as their scores do, and their order.
 *
 * AssemblyScript: see score-passes.ts.
 */

import { SCORES, TRUTH } from './score-chunk';

/** Rows that are positive. */
export let positives: u32 = 0;

/** The least and the greatest key. */
let least: u64 = 0;
let greatest: u64 = 0;

export function startKeys(): void {
  least = u64.MAX_VALUE;
  greatest = 0;
  positives = 0;
}

/**
 * Writes the rows that were taken to `keys`, four bytes each: what most models answer are float32 from 0 up, which without their
 * sign leave room for the bit of their class in 32 bits that order as they do. -0 counts as 0. False for any others.
 */
export function addKeys(rows: u32, keys: usize): bool {
  let low: u32 = u32.MAX_VALUE;
  let high: u32 = 0;
  let found: u32 = 0;
  let unfit: u32 = 0;
  for (let row: usize = 0; row < rows; row++) {
    const score = load<f64>(SCORES + (row << 3)) + 0;
    const single = score as f32;
    const bits = reinterpret<u32>(single);
    const truth = load<u8>(TRUTH + row) as u32;
    unfit |= (((single as f64) !== score) as u32) | (bits >>> 31);
    const key = (bits << 1) | truth;
    found += truth;
    low = min(low, key);
    high = max(high, key);
    store<u32>(keys + (row << 2), key);
  }
  least = min(least, low as u64);
  greatest = max(greatest, high as u64);
  positives += found;
  return unfit === 0;
}

const SIGN: u64 = 1 << 63;

/** Writes the rows that were taken to `keys`, eight bytes each that order as any scores do, and their classes beside them. */
export function addWideKeys(rows: u32, keys: usize, classes: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    const bits = reinterpret<u64>(load<f64>(SCORES + (row << 3)) + 0);
    // Of numbers below 0 all bits are turned, so that they order as the numbers do.
    const key = (bits & SIGN) === 0 ? bits | SIGN : ~bits;
    least = min(least, key);
    greatest = max(greatest, key);
    positives += load<u8>(TRUTH + row) as u32;
    store<u64>(keys + (row << 3), key);
  }
  memory.copy(classes, TRUTH, rows);
}

/** The bits of a digit at most: the rows of each are written in a place of their own, and so many the processor's cache bears. */
const MOST_BITS: u32 = 14;
/** Where the keys of each digit start. */
const STARTS: usize = memory.data(65_536, 16);

/** How many passes, and digits of how many bits, tell the keys apart. */
let passes: u32 = 0;
let digitBits: u32 = 0;

function planPasses(range: u64, rows: u32): void {
  const bits = 64 - (clz(range) as u32);
  // Of few rows not even the starts would be used.
  const most = min<u32>(MOST_BITS, max<u32>(8, 32 - clz<u32>(rows)));
  passes = (bits + most - 1) / most;
  digitBits = passes === 0 ? 0 : (bits + passes - 1) / passes;
}

/**
 * A radix sort, ascending, of keys as `addKeys` wrote them; the bit of the class is carried along and not sorted by. Answers where
 * the sorted keys are: `keys` or `spare`.
 */
export function sort(keys: usize, spare: usize, rows: u32): usize {
  const from = (least as u32) >>> 1;
  planPasses(((greatest as u32) >>> 1) - from, rows);
  for (let pass: u32 = 0; pass < passes; pass++) {
    sortByDigit(keys, spare, rows, from, pass * digitBits);
    const sorted = spare;
    spare = keys;
    keys = sorted;
  }
  return keys;
}

function sortByDigit(keys: usize, to: usize, rows: u32, from: u32, shift: u32): void {
  const mask: u32 = (1 << digitBits) - 1;
  const end = keys + ((rows as usize) << 2);
  memory.fill(STARTS, 0, (mask + 1) << 2);
  for (let at = keys; at < end; at += 4) {
    count((((load<u32>(at) >>> 1) - from) >>> shift) & mask);
  }
  placeDigits(mask, to, 4);
  for (let at = keys; at < end; at += 4) {
    const key = load<u32>(at);
    store<u32>(nextPlace((((key >>> 1) - from) >>> shift) & mask, 4), key);
  }
}

/** Sorts keys as `addWideKeys` wrote them, and their classes along with them. Answers whether both are in their spare room. */
export function sortWide(keys: usize, spare: usize, classes: usize, spareClasses: usize, rows: u32): bool {
  planPasses(greatest - least, rows);
  for (let pass: u32 = 0; pass < passes; pass++) {
    sortWideByDigit(keys, spare, classes, spareClasses, rows, pass * digitBits);
    const sorted = spare;
    spare = keys;
    keys = sorted;
    const sortedClasses = spareClasses;
    spareClasses = classes;
    classes = sortedClasses;
  }
  return (passes & 1) === 1;
}

function sortWideByDigit(
  keys: usize,
  to: usize,
  classes: usize,
  classesTo: usize,
  rows: u32,
  shift: u64,
): void {
  const mask: u32 = (1 << digitBits) - 1;
  const from = least;
  memory.fill(STARTS, 0, (mask + 1) << 2);
  for (let row: usize = 0; row < rows; row++) {
    count((((load<u64>(keys + (row << 3)) - from) >>> shift) as u32) & mask);
  }
  placeDigits(mask, 0, 1);
  for (let row: usize = 0; row < rows; row++) {
    const key = load<u64>(keys + (row << 3));
    const place = nextPlace((((key - from) >>> shift) as u32) & mask, 1);
    store<u64>(to + (place << 3), key);
    store<u8>(classesTo + place, load<u8>(classes + row));
  }
}

function count(digit: u32): void {
  const start = STARTS + ((digit as usize) << 2);
  store<u32>(start, load<u32>(start) + 1);
}

/** From how many keys have each digit to where they start: at `place`, `size` for each. */
function placeDigits(mask: u32, place: usize, size: u32): void {
  for (let digit: usize = 0; digit <= mask; digit++) {
    const keys = load<u32>(STARTS + (digit << 2));
    store<u32>(STARTS + (digit << 2), place as u32);
    place += keys * size;
  }
}

function nextPlace(digit: u32, size: u32): usize {
  const start = STARTS + ((digit as usize) << 2);
  const place = load<u32>(start);
  store<u32>(start, place + size);
  return place;
}

/**
 * Makes of sorted wide keys those of four bytes: the rank of each among the distinct ones, and the bit of its class. In place of the
 * wide ones are the scores then.
 */
export function narrow(wide: usize, classes: usize, keys: usize, rows: u32): void {
  let rank: u32 = 0;
  let last: u64 = load<u64>(wide);
  for (let row: usize = 0; row < rows; row++) {
    const key = load<u64>(wide + (row << 3));
    rank += (key !== last) as u32;
    last = key;
    store<u32>(keys + (row << 2), (rank << 1) | (load<u8>(classes + row) as u32));
    store<u64>(wide + (row << 3), (key & SIGN) === 0 ? ~key : key ^ SIGN);
  }
}
