/**
 * What all rows of a two-class sample add up to: one pass over them as they come, and one from the highest score to the lowest. See
 * src/score-program.ts, which puts rows here a chunk at a time and lays out the memory for their order.
 *
 * AssemblyScript: compiled to WebAssembly by the engine's assembly/build.mjs.
 */

/** Rows at a time: few enough to stay in the processor's cache from one loop to the next. */
export const CHUNK: u32 = 4096;

/** Where a chunk is put: its scores, one or two of a row, and the codes of its classes, four bytes each. */
export const GIVEN: usize = memory.data(65_536, 16);
export const CODES: usize = memory.data(16_384, 16);
/** What is taken of it: the score of the positive class of each row, its class and the one it was given, 0 or 1, a byte each. */
const SCORES: usize = memory.data(32_768, 16);
const TRUTH: usize = memory.data(4096, 16);
const LABELS: usize = memory.data(4096, 16);

export function heapBase(): usize {
  return __heap_base;
}

/** The first row with a score that is not a number, and with scores that are no probabilities; -1 for none. */
export let firstNaN: i32 = -1;
export let firstUnclear: i32 = -1;

/** How far scores may leave [0, 1], and two of a row a sum of 1. */
const OVERSHOOT: f64 = 1e-5;
const SUM_TOLERANCE: f64 = 1e-3;
/** The distance from 0 and 1 that the logarithm is kept at. */
const EPSILON: f64 = 2.220446049250313e-16;
/** So many probabilities, each at least 2^-52, have a product that a double holds, even by a product that is not below the least. */
const FACTORS: u32 = 16;
const LEAST: f64 = 1e-50;
const BINS: i32 = 10;

/** Rows, and sums of their probabilities, by bin and class: those of even rows, then those of odd ones, which need not wait. */
export const BIN_ROWS: usize = memory.data(160, 16);
export const BIN_SUMS: usize = memory.data(320, 16);

/** Rows called positive by their score, and those of them that are; the same by the labels that were given. */
export let called: u32 = 0;
export let calledRightly: u32 = 0;
export let labelled: u32 = 0;
export let labelledRightly: u32 = 0;
/** Rows whose label is not the one of their score, unless that is 0.5. */
export let disagreements: u32 = 0;
/** Of all rows. */
export let logLoss: f64 = 0;
export let brierLoss: f64 = 0;

export function startRows(): void {
  memory.fill(BIN_ROWS, 0, 160);
  memory.fill(BIN_SUMS, 0, 320);
  firstNaN = -1;
  firstUnclear = -1;
  called = 0;
  calledRightly = 0;
  labelled = 0;
  labelledRightly = 0;
  disagreements = 0;
  logLoss = 0;
  brierLoss = 0;
}

/** Looks whether the scores of `rows` rows are numbers and probabilities. `first` is the number of the first row. */
export function check(rows: u32, width: u32, first: u32): void {
  const end = GIVEN + ((rows * width) << 3);
  const isOdd = ((rows * width) & 1) === 1;
  // The last pair is made up of one score twice.
  if (isOdd) store<f64>(end, load<f64>(end - 8));
  let within = i64x2.splat(-1);
  for (let at = GIVEN; at < end; at += 16) {
    const scores = v128.load(at);
    // NaN is not within.
    within = v128.and(within, f64x2.ge(scores, f64x2.splat(-OVERSHOOT)));
    within = v128.and(within, f64x2.le(scores, f64x2.splat(1 + OVERSHOOT)));
  }
  let isRight = i64x2.all_true(within);
  if (width === 2) {
    for (let row: u32 = 0; row < rows; row++) isRight = isRight && gapOf(row) <= SUM_TOLERANCE;
  }
  if (!isRight) findWrong(rows, width, first);
}

function gapOf(row: u32): f64 {
  const at = GIVEN + ((row as usize) << 4);
  return abs(load<f64>(at) + load<f64>(at, 8) - 1);
}

function findWrong(rows: u32, width: u32, first: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    for (let column: u32 = 0; column < width; column++) {
      const score = load<f64>(GIVEN + ((row * width + column) << 3));
      if (firstNaN < 0 && Number.isNaN(score)) firstNaN = first + row;
      if (firstUnclear < 0 && (score < -OVERSHOOT || score > 1 + OVERSHOOT)) firstUnclear = first + row;
    }
    if (firstUnclear < 0 && width === 2 && gapOf(row) > SUM_TOLERANCE) firstUnclear = first + row;
  }
}

/** Takes the score of the positive class: class `column` of two; a single score is that of the second one. */
export function takeScores(rows: u32, width: u32, column: u32): void {
  if (width === 2) {
    const from = GIVEN + (column << 3);
    for (let row: usize = 0; row < rows; row++) {
      store<f64>(SCORES + (row << 3), load<f64>(from + (row << 4)));
    }
  } else if (column === 1) {
    memory.copy(SCORES, GIVEN, rows << 3);
  } else {
    for (let row: usize = 0; row < rows; row++) {
      store<f64>(SCORES + (row << 3), 1 - load<f64>(GIVEN + (row << 3)));
    }
  }
}

/** Takes the classes of the rows, or the ones they were given, from their codes: `classOf` holds the class of each, a byte. */
export function takeTruth(rows: u32, classOf: usize): void {
  takeClasses(TRUTH, rows, classOf);
}

export function takeLabels(rows: u32, classOf: usize): void {
  takeClasses(LABELS, rows, classOf);
}

function takeClasses(to: usize, rows: u32, classOf: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    store<u8>(to + row, load<u8>(classOf + load<u32>(CODES + (row << 2))));
  }
}

/** The classes of two rows, as numbers, by two bytes that are 0 or 1. */
function pairAt(at: usize): v128 {
  return f64x2.convert_low_i32x4_u(
    i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load16_lane(at, i32x4.splat(0), 0))),
  );
}

function lanes(counts: v128): u32 {
  return (i64x2.extract_lane(counts, 0) + i64x2.extract_lane(counts, 1)) as u32;
}

/** Adds the rows that were taken, two at a time. A row is called positive when its score is at least `threshold`. */
export function addRows(rows: u32, threshold: f64): void {
  const zero = f64x2.splat(0);
  const half = f64x2.splat(0.5);
  const one = f64x2.splat(1);
  let calledHere = zero;
  let calledRightlyHere = zero;
  let labelledHere = zero;
  let labelledRightlyHere = zero;
  let disagreementsHere = zero;
  let distances = zero;
  let logLosses: f64 = 0;
  // The logarithm of a product, in place of the sum of as many logarithms. A product near 1 would keep few digits of it: what it
  // lacks is then had without a subtraction, as 1 - l1 l2 = (1 - l1) + l1 (1 - l2).
  let product = one;
  let lacking = zero;
  for (let start: u32 = 0; start < rows; start += FACTORS) {
    const end = min(rows, start + FACTORS);
    for (let row: u32 = start; row < end; row += 2) {
      const isPair = row + 1 < end;
      const counted = isPair ? i64x2(-1, -1) : i64x2(-1, 0);
      const scores = v128.load(SCORES + ((row as usize) << 3));
      const truth = pairAt(TRUTH + (row as usize));
      const isPositive = v128.and(counted, f64x2.gt(truth, half));
      const isLabelled = v128.and(counted, f64x2.gt(pairAt(LABELS + (row as usize)), half));
      const isCalled = v128.and(counted, f64x2.ge(scores, f64x2.splat(threshold)));
      const isAbove = v128.and(counted, f64x2.gt(scores, half));
      // What holds is -1.
      calledHere = i64x2.sub(calledHere, isCalled);
      calledRightlyHere = i64x2.sub(calledRightlyHere, v128.and(isCalled, isPositive));
      labelledHere = i64x2.sub(labelledHere, isLabelled);
      labelledRightlyHere = i64x2.sub(labelledRightlyHere, v128.and(isLabelled, isPositive));
      disagreementsHere = i64x2.sub(
        disagreementsHere,
        v128.andnot(v128.xor(isLabelled, isAbove), f64x2.eq(scores, half)),
      );
      const probability = f64x2.pmin(one, f64x2.pmax(zero, scores));
      const distance = v128.and(counted, f64x2.sub(truth, probability));
      distances = f64x2.add(distances, f64x2.mul(distance, distance));
      // p of the positive and 1 - p of the negative, without a branch that no processor can foresee.
      const given = f64x2.abs(f64x2.sub(f64x2.sub(one, truth), probability));
      const kept = f64x2.pmin(f64x2.splat(1 - EPSILON), f64x2.pmax(f64x2.splat(EPSILON), given));
      const likelihood = v128.bitselect(kept, one, counted);
      lacking = f64x2.add(lacking, f64x2.mul(product, f64x2.sub(one, likelihood)));
      product = f64x2.mul(product, likelihood);
      const tenths = i32x4.trunc_sat_f64x2_u_zero(f64x2.mul(probability, f64x2.splat(BINS)));
      const bins = i32x4.min_u(tenths, i32x4.splat(BINS - 1));
      addToBin(2 * i32x4.extract_lane(bins, 0) + load<u8>(TRUTH + row), f64x2.extract_lane(probability, 0));
      if (isPair) {
        addToBin(
          2 * (BINS + i32x4.extract_lane(bins, 1)) + load<u8>(TRUTH + row, 1),
          f64x2.extract_lane(probability, 1),
        );
      }
    }
    const both = f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1);
    if (both < LEAST) {
      logLosses -= Math.log(both);
      product = one;
      lacking = zero;
    }
  }
  const even = f64x2.extract_lane(product, 0);
  const both = even * f64x2.extract_lane(product, 1);
  const missing = f64x2.extract_lane(lacking, 0) + even * f64x2.extract_lane(lacking, 1);
  logLosses -= both < 0.5 ? Math.log(both) : Math.log1p(-missing);
  called += lanes(calledHere);
  calledRightly += lanes(calledRightlyHere);
  labelled += lanes(labelledHere);
  labelledRightly += lanes(labelledRightlyHere);
  disagreements += lanes(disagreementsHere);
  brierLoss += f64x2.extract_lane(distances, 0) + f64x2.extract_lane(distances, 1);
  logLoss += logLosses;
}

function addToBin(bin: usize, probability: f64): void {
  const rowsAt = BIN_ROWS + (bin << 2);
  store<u32>(rowsAt, load<u32>(rowsAt) + 1);
  const sumAt = BIN_SUMS + (bin << 3);
  store<f64>(sumAt, load<f64>(sumAt) + probability);
}

/** The least and the greatest key, and the rows that are positive. */
let least: u32 = 0;
let greatest: u32 = 0;
export let positives: u32 = 0;

export function startKeys(): void {
  least = u32.MAX_VALUE;
  greatest = 0;
  positives = 0;
}

/**
 * Writes the rows that were taken to `keys`, four bytes each: what most models answer are float32 from 0 up, which without their
 * sign leave room for the bit of their class in 32 bits that order as they do. -0 counts as 0. False for any others.
 */
export function addKeys(rows: u32, keys: usize): bool {
  let low = least;
  let high = greatest;
  let found: u32 = 0;
  let inexact: u32 = 0;
  for (let row: usize = 0; row < rows; row++) {
    const score = load<f64>(SCORES + (row << 3)) + 0;
    const single = score as f32;
    const bits = reinterpret<u32>(single);
    const truth = load<u8>(TRUTH + row) as u32;
    inexact |= (((single as f64) !== score) as u32) | (bits >>> 31);
    const key = (bits << 1) | truth;
    found += truth;
    low = min(low, key);
    high = max(high, key);
    store<u32>(keys + (row << 2), key);
  }
  least = low;
  greatest = high;
  positives += found;
  return inexact === 0;
}

/** The bits of a digit at most: the rows of each are written in a place of their own, and so many the processor's cache bears. */
const MOST_BITS: u32 = 14;
/** Where the keys of each digit start. */
const STARTS: usize = memory.data(65_536, 16);

/**
 * A radix sort, ascending, of keys as `addKeys` wrote them; the bit of the class is carried along and not sorted by. Answers where
 * the sorted keys are: `keys` or `spare`.
 */
export function sort(keys: usize, spare: usize, rows: u32): usize {
  const from = least >>> 1;
  const bits: u32 = 32 - clz<u32>((greatest >>> 1) - from);
  // Of few rows not even the starts would be used.
  const most: u32 = min(MOST_BITS, max(8, 32 - clz<u32>(rows)));
  const passes: u32 = (bits + most - 1) / most;
  const width: u32 = passes === 0 ? 0 : (bits + passes - 1) / passes;
  for (let pass: u32 = 0; pass < passes; pass++) {
    sortByDigit(keys, spare, rows, from, pass * width, width);
    const sorted = spare;
    spare = keys;
    keys = sorted;
  }
  return keys;
}

function sortByDigit(keys: usize, to: usize, rows: u32, from: u32, shift: u32, width: u32): void {
  const mask: u32 = (1 << width) - 1;
  const end = keys + ((rows as usize) << 2);
  memory.fill(STARTS, 0, 4 << width);
  for (let at = keys; at < end; at += 4) {
    const start = STARTS + (((((load<u32>(at) >>> 1) - from) >>> shift) & mask) << 2);
    store<u32>(start, load<u32>(start) + 1);
  }
  let place = to;
  for (let digit: usize = 0; digit <= mask; digit++) {
    const count = load<u32>(STARTS + (digit << 2));
    store<u32>(STARTS + (digit << 2), place);
    place += count << 2;
  }
  for (let at = keys; at < end; at += 4) {
    const key = load<u32>(at);
    const start = STARTS + (((((key >>> 1) - from) >>> shift) & mask) << 2);
    const own = load<u32>(start);
    store<u32>(start, own + 4);
    store<u32>(own, key);
  }
}

/** Pairs of a positive and a negative row that are in order, ties by half; the precision at each positive row, summed. */
export let wins: f64 = 0;
export let precisions: f64 = 0;

/** The rows down to the score that is the best threshold, and the positive ones among them; no rows when there is none. */
export let bestRows: u32 = 0;
export let bestPositives: u32 = 0;

/**
 * Goes over sorted keys from the highest score to the lowest: the area under the ROC curve, the average precision, the threshold of
 * the best F1, and in `before` how many positive rows come before every 64th.
 */
export function sweep(keys: usize, rows: u32, before: usize): void {
  const all = positives as f64;
  let found: f64 = 0;
  let passed: f64 = 0;
  let foundBefore: f64 = 0;
  let passedBefore: f64 = 0;
  let inOrder: f64 = 0;
  let precise: f64 = 0;
  // The bits of numbers from 0 up order as they do, and are chosen among without a branch.
  let best: i64 = -1;
  let bestEnd: i32 = 0;
  let bestFound: i32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    if ((row & 63) === 0) store<u32>(before + ((row >>> 6) << 2), found as u32);
    const at = keys + ((rows - 1 - row) << 2);
    const key = load<u32>(at);
    found += (key & 1) as f64;
    passed += 1;
    // Keys of one score differ in their last bit alone.
    if (row + 1 < rows && (load<u32>(at - 4) ^ key) < 2) continue;
    const gained = found - foundBefore;
    const others = passed - passedBefore - gained;
    inOrder += others * (foundBefore + gained * 0.5);
    const ratios = f64x2.div(f64x2(found, 2 * found), f64x2(passed, passed + all));
    precise += gained * f64x2.extract_lane(ratios, 0);
    foundBefore = found;
    passedBefore = passed;
    const f1 = i64x2.extract_lane(ratios, 1);
    const isBetter = f1 > best;
    best = select<i64>(f1, best, isBetter);
    bestEnd = select<i32>(row + 1, bestEnd, isBetter);
    bestFound = select<i32>(found as i32, bestFound, isBetter);
  }
  wins = inOrder;
  precisions = precise;
  bestRows = bestEnd;
  bestPositives = bestFound;
}

/** What a threshold may be best at besides F1: see src/thresholds.ts. */
const YOUDEN = 0;
const RECALL = 1;
const PRECISION = 2;

/** `first` and `second` are the numbers that a goal comes with. Of equals the highest threshold is the best. */
export function findBest(keys: usize, rows: u32, goal: u32, first: f64, second: f64): void {
  const all = positives as f64;
  const others = (rows as f64) - all;
  let best = -Infinity;
  let found: f64 = 0;
  let passed: f64 = 0;
  bestRows = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const at = keys + ((rows - 1 - row) << 2);
    const key = load<u32>(at);
    found += (key & 1) as f64;
    passed += 1;
    if (row + 1 < rows && (load<u32>(at - 4) ^ key) < 2) continue;
    let worth: f64;
    if (goal === YOUDEN) worth = found / all - (passed - found) / others;
    else if (goal === RECALL) worth = found / passed >= first ? found / all : -Infinity;
    else if (goal === PRECISION) worth = found / all >= first ? found / passed : -Infinity;
    else worth = -(first * (passed - found) + second * (all - found));
    if (worth <= best) continue;
    best = worth;
    bestRows = row + 1;
    bestPositives = found as u32;
  }
}
