import { once, type Reading } from './reading.ts';
import { averagePrecision, orderByScore, rocAuc, type ScoreOrder, weightsByRank } from './score-order.ts';
import { readSorted } from './score-program.ts';
import type { Weights } from './weights.ts';

/** Column `column` of row-major scores [rows, width]. */
export function columnOf(scores: Float64Array, width: number, column: number): Float64Array {
  const values = new Float64Array(scores.length / width);
  for (let row = 0; row < values.length; row++) values[row] = scores[row * width + column]!;
  return values;
}

/** Rows of one class against others, ready to be measured with every row once, or sorted for resamples. */
export interface Versus {
  readonly whole: () => { readonly rocAuc: number; readonly averagePrecision: number };
  readonly order: () => ScoreOrder;
}

/** `subset` names the rows in the whole sample; weights are those of its rows. */
function versus(scores: Float64Array, isOfClass: Uint8Array, subset?: Uint32Array): Versus {
  const rows = {
    rows: scores.length,
    scores: { values: scores, width: 1, column: 1 },
    truth: { codes: isOfClass, classOf: Uint8Array.of(0, 1) },
  } as const;
  return {
    whole: once(() => readSorted(rows, ({ rocAuc, averagePrecision }) => ({ rocAuc, averagePrecision }))),
    order: once(() => orderByScore(scores, isOfClass, subset)),
  };
}

/** Each class against the rest, by its own score. */
export function oneVersusRest(truth: Uint16Array, scores: Float64Array, width: number): Versus[] {
  return Array.from({ length: width }, (_, column) => {
    const isOfClass = new Uint8Array(truth.length);
    for (let row = 0; row < truth.length; row++) isOfClass[row] = Number(truth[row] === column);
    return versus(columnOf(scores, width, column), isOfClass);
  });
}

/** The rows of one class of a pair against those of the other, by the score of the first. */
export interface Duel extends Versus {
  readonly first: number;
  readonly second: number;
}

/** Both directions of every pair of classes. */
export function oneVersusOne(truth: Uint16Array, scores: Float64Array, width: number): Duel[] {
  const rowsOf = rowsByClass(truth, width);
  const duels: Duel[] = [];
  for (let first = 0; first < width; first++) {
    for (let second = 0; second < width; second++) {
      if (first === second) continue;
      const rows = merged(rowsOf[first]!, rowsOf[second]!);
      const isFirst = new Uint8Array(rows.length);
      const own = new Float64Array(rows.length);
      for (let i = 0; i < rows.length; i++) {
        isFirst[i] = Number(truth[rows[i]!] === first);
        own[i] = scores[rows[i]! * width + first]!;
      }
      duels.push({ first, second, ...versus(own, isFirst, rows) });
    }
  }
  return duels;
}

function rowsByClass(truth: Uint16Array, width: number): Uint32Array[] {
  const counts = new Uint32Array(width);
  for (let row = 0; row < truth.length; row++) counts[truth[row]!]!++;
  const rowsOf = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (let row = 0; row < truth.length; row++) rowsOf[truth[row]!]![counts[truth[row]!]!++] = row;
  return rowsOf;
}

/** Two ascending lists as one. */
function merged(one: Uint32Array, other: Uint32Array): Uint32Array {
  const all = new Uint32Array(one.length + other.length);
  let taken = 0;
  for (let i = 0; i < all.length; i++) {
    const left = i - taken;
    const isOne = left === other.length || (taken < one.length && one[taken]! < other[left]!);
    all[i] = isOne ? one[taken++]! : other[left]!;
  }
  return all;
}

/** The AUC of each, NaN where one class alone has weight. */
export function rocAucs(all: readonly Versus[], reading: Reading): Float64Array {
  return Float64Array.from(all, ({ whole, order }) =>
    reading.isWhole ? whole().rocAuc : rocAuc(order(), weightsByRank(order(), reading.weights)),
  );
}

/**
 * Mean over the classes of each class's AUC against the rest, plain or weighted by rows of the class (sklearn
 * `roc_auc_score(multi_class="ovr")`). A class absent from the truth: NaN for the plain mean, no weight in the other. One
 * class only: NaN.
 */
export function rocAucOneVersusRest(
  aucs: Float64Array,
  support: Float64Array,
  average: 'macro' | 'weighted',
): number {
  return weightedAverage(aucs, (column) => (average === 'macro' ? 1 : support[column]!));
}

/**
 * Mean over the pairs of classes that occur in the truth of the mean of both directions' AUC, plain or weighted by rows of
 * the pair (Hand and Till 2001; sklearn `roc_auc_score(multi_class="ovo")`). One class only: NaN.
 */
export function rocAucOneVersusOne(
  duels: readonly Duel[],
  aucs: Float64Array,
  support: Float64Array,
  average: 'macro' | 'weighted',
): number {
  const rowsOfBoth = ({ first, second }: Duel) =>
    support[first] === 0 || support[second] === 0 ? 0 : support[first]! + support[second]!;
  return weightedAverage(aucs, (index) => {
    const rows = rowsOfBoth(duels[index]!);
    return average === 'macro' ? Math.sign(rows) : rows;
  });
}

/**
 * Mean over the classes of each class's average precision (sklearn `average_precision_score` of indicators). A class absent
 * from the truth counts 0.
 */
export function averagePrecisionMacro(
  all: readonly Versus[],
  support: Float64Array,
  reading: Reading,
): number {
  const precisions = all.map(({ whole, order }, column) => {
    if (support[column] === 0) return 0;
    return reading.isWhole
      ? whole().averagePrecision
      : averagePrecision(order(), weightsByRank(order(), reading.weights));
  });
  return weightedAverage(precisions, () => 1);
}

/** A value without weight may be NaN. */
function weightedAverage(values: ArrayLike<number>, weightOf: (index: number) => number): number {
  let sum = 0;
  let weightOfAll = 0;
  for (let index = 0; index < values.length; index++) {
    const weight = weightOf(index);
    if (weight === 0) continue;
    sum += weight * values[index]!;
    weightOfAll += weight;
  }
  return sum / weightOfAll;
}

/**
 * How many classes rank before the truth, per row. Of equal scores the later class ranks first, as in sklearn's
 * `top_k_accuracy_score`; a row is a hit at k when its rank is below k.
 */
export function ranksOfTruth(truth: Uint16Array, scores: Float64Array, width: number): Uint16Array {
  return Uint16Array.from(truth, (code, row) => {
    const own = scores[row * width + code]!;
    let before = 0;
    for (let column = 0; column < width; column++) {
      const other = scores[row * width + column]!;
      if (other > own || (other === own && column > code)) before++;
    }
    return before;
  });
}

/** Share of rows whose truth is among the k classes of highest score, in [0, 1]. No rows: NaN. */
export function topKAccuracy(ranks: Uint16Array, k: number, weights: Weights): number {
  let hits = 0;
  let rows = 0;
  for (let i = 0; i < ranks.length; i++) {
    const weight = weights[i]!;
    if (ranks[i]! < k) hits += weight;
    rows += weight;
  }
  return hits / rows;
}
