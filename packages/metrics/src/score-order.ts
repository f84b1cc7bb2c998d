import { argsort } from './argsort.ts';
import { sweepWeighted } from './weighted-sweep.ts';
import type { Weights } from './weights.ts';

/** Bit 0 of a mark: the row is positive. */
const POSITIVE = 1;
/** Bit 1: it is the last of those with its score. */
const LAST_OF_TIE = 2;

/** Binary rows from the highest score to the lowest, sorted once so that a resample is one pass. */
export interface ScoreOrder {
  /** `POSITIVE` and `LAST_OF_TIE`. */
  readonly marks: Uint8Array;
  /** Which row stands where; undefined when they stand in this order. */
  readonly rows: Uint32Array | undefined;
}

/**
 * Scores must not be NaN; `isPositive[i]` is 1 for a positive row. `subset` keeps only these rows, told by their number in the whole
 * sample.
 */
export function orderByScore(
  scores: Float64Array,
  isPositive: Uint8Array | Uint16Array,
  subset?: Uint32Array,
): ScoreOrder {
  const rows = argsort(scores).reverse();
  const marks = new Uint8Array(rows.length);
  for (let i = 0; i < marks.length; i++) {
    const isLast = i + 1 === marks.length || scores[rows[i]!] !== scores[rows[i + 1]!];
    marks[i] = (isPositive[rows[i]!]! * POSITIVE) | (isLast ? LAST_OF_TIE : 0);
  }
  return { marks, rows: subset ? rows.map((row) => subset[row]!) : rows };
}

/** The weights of rows in the order of their scores, as the measures below read them. */
export function weightsByRank({ rows }: ScoreOrder, weights: Weights): Weights {
  if (!rows) return weights;
  const ranked = new Uint8Array(rows.length);
  for (let i = 0; i < ranked.length; i++) ranked[i] = weights[rows[i]!]!;
  return ranked;
}

/** `SortedRows.rocAuc` of weighted rows. */
export function rocAuc({ marks }: ScoreOrder, ranked: Weights): number {
  return sweepWeighted(marks, ranked).rocAuc;
}

/** `SortedRows.averagePrecision` of weighted rows. */
export function averagePrecision({ marks }: ScoreOrder, ranked: Weights): number {
  return sweepWeighted(marks, ranked).averagePrecision;
}

/** `liftAmong` of weighted rows. */
export function liftAt(
  { marks }: ScoreOrder,
  ranked: Weights,
  share: number,
  { total, positives } = sweepWeighted(marks, ranked),
): number {
  const cut = Math.max(1, Math.round(total * share));
  let seen = 0;
  let found = 0;
  let tied = 0;
  let tiedPositives = 0;
  for (let i = 0; i < marks.length && seen < cut; i++) {
    const weight = ranked[i]!;
    tied += weight;
    tiedPositives += weight & -(marks[i]! & POSITIVE);
    if ((marks[i]! & LAST_OF_TIE) !== 0 && tied > 0) {
      const taken = Math.min(tied, cut - seen);
      found += tiedPositives * (taken / tied);
      seen += taken;
      tied = 0;
      tiedPositives = 0;
    }
  }
  return found / cut / (positives / total);
}
