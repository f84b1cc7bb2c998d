/**
 * One pass over rows as they come: whether their scores are numbers and probabilities, and what they add up to.
 *
 * AssemblyScript: see score-passes.ts.
 */

import { GIVEN, LABELS, SCORES, TRUTH } from './score-chunk';

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
