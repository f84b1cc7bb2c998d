/**
 * One pass over rows from the highest score to the lowest.
 *
 * AssemblyScript: see score-passes.ts.
 */

import { positives } from './score-keys';

/** Pairs of a positive and a negative row that are in order, ties by half; the precision at each positive row, summed. */
export let wins: f64 = 0;
export let precisions: f64 = 0;

/** The rows down to the score that is the best threshold, and the positive ones among them; no rows when there is none. */
export let bestRows: u32 = 0;
export let bestPositives: u32 = 0;

/**
 * Goes over sorted keys from the highest score to the lowest: the area under the ROC curve, the average precision, the threshold of
 * the best F1, and in `before` how many positive rows come before every 16th.
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
  let bestAt = keys + ((rows as usize) << 2);
  let bestFound: i64 = 0;
  const first = keys + ((rows as usize) << 2);
  for (let at = first - 4; at >= keys; at -= 4) {
    const row = (first - 4 - at) >>> 2;
    if ((row & 15) === 0) store<u32>(before + ((row >>> 4) << 2), found as u32);
    const key = load<u32>(at);
    found += (key & 1) as f64;
    passed += 1;
    // Keys of one score differ in their last bit alone.
    if (at > keys && (load<u32>(at - 4) ^ key) < 2) continue;
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
    bestAt = select<usize>(at, bestAt, isBetter);
    bestFound = select<i64>(reinterpret<i64>(found), bestFound, isBetter);
  }
  wins = inOrder;
  precisions = precise;
  bestRows = (first - bestAt) >>> 2;
  bestPositives = reinterpret<f64>(bestFound) as u32;
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
