import { argsort } from './argsort.ts';
import { chiSquareTail, fairBinomialCdf, normalTail } from './distributions.ts';

export interface McNemar {
  /** Rows that only the first got right, and only the second. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Two-sided, from the binomial distribution. */
  readonly exactP: number;
  /** (|b - c| - 1)^2 / (b + c), with continuity correction, and its p-value at one degree of freedom. */
  readonly chi2: number;
  readonly chi2P: number;
}

/**
 * Whether two classifiers err equally often on the same rows (McNemar 1947; statsmodels `mcnemar`). The arguments are 1
 * where the row was answered rightly. No row on which they differ: p is 1.
 */
export function mcnemar(first: Uint8Array, second: Uint8Array): McNemar {
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let row = 0; row < first.length; row++) {
    if (first[row]! > second[row]!) onlyFirst++;
    else if (second[row]! > first[row]!) onlySecond++;
  }
  const differing = onlyFirst + onlySecond;
  const chi2 = differing === 0 ? 0 : Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / differing;
  return {
    onlyFirst,
    onlySecond,
    exactP: Math.min(1, 2 * fairBinomialCdf(Math.min(onlyFirst, onlySecond), differing)),
    chi2,
    chi2P: chiSquareTail(chi2, 1),
  };
}

export interface DeLong {
  /** AUC of the first and the second, and the standard error of second minus first. */
  readonly first: number;
  readonly second: number;
  readonly standardError: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Whether two scores rank the same rows equally well (DeLong, DeLong and Clarke-Pearson 1988, through midranks after Sun
 * and Xu 2014). `truth` is 1 for positive rows. Fewer than two rows of a class: the standard error is NaN and p is 1.
 */
export function delong(truth: ArrayLike<number>, first: Float64Array, second: Float64Array): DeLong {
  const a = placements(truth, first);
  const b = placements(truth, second);
  const variance =
    varianceOfDifference(a.ofPositives, b.ofPositives) + varianceOfDifference(a.ofNegatives, b.ofNegatives);
  const standardError = Math.sqrt(variance);
  const difference = b.auc - a.auc;
  return { first: a.auc, second: b.auc, standardError, p: twoSided(difference, standardError) };
}

/** The two-sided p-value of a normal estimate; no spread: 1 for no difference, else 0; undefined spread: 1. */
export function twoSided(difference: number, standardError: number): number {
  if (Number.isNaN(standardError) || Number.isNaN(difference)) return 1;
  if (standardError === 0) return difference === 0 ? 1 : 0;
  return Math.min(1, 2 * normalTail(Math.abs(difference) / standardError));
}

interface Placements {
  readonly auc: number;
  /** For each positive row, the share of negatives below it. */
  readonly ofPositives: Float64Array;
  /** For each negative row, the share of positives above it. */
  readonly ofNegatives: Float64Array;
}

function placements(truth: ArrayLike<number>, scores: Float64Array): Placements {
  const isPositive = (row: number) => truth[row] === 1;
  const rows = [...scores.keys()];
  const positives = Uint32Array.from(rows.filter(isPositive));
  const negatives = Uint32Array.from(rows.filter((row) => !isPositive(row)));
  const pick = (chosen: Uint32Array) => Float64Array.from(chosen, (row) => scores[row]!);
  const all = midranks(scores);
  const amongPositives = midranks(pick(positives));
  const amongNegatives = midranks(pick(negatives));
  const ofPositives = Float64Array.from(
    positives,
    (row, i) => (all[row]! - amongPositives[i]!) / negatives.length,
  );
  const ofNegatives = Float64Array.from(
    negatives,
    (row, i) => 1 - (all[row]! - amongNegatives[i]!) / positives.length,
  );
  return { auc: mean(ofPositives), ofPositives, ofNegatives };
}

/** Ranks from 1, equal values sharing the mean of theirs. */
function midranks(values: Float64Array): Float64Array {
  const order = argsort(values);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/** Variance of the mean difference of two paired lists. */
function varianceOfDifference(a: Float64Array, b: Float64Array): number {
  const differences = a.map((value, i) => b[i]! - value);
  const centre = mean(differences);
  const squares = differences.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (differences.length - 1) / differences.length;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
