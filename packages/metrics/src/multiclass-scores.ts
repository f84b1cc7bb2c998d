import { averagePrecision, orderByScore, rocAuc, type ScoreOrder } from './score-order.ts';
import type { Weights } from './weights.ts';

/** Column `column` of row-major scores [rows, width]. */
export function columnOf(scores: Float64Array, width: number, column: number): Float64Array {
  return Float64Array.from({ length: scores.length / width }, (_, row) => scores[row * width + column]!);
}

/** Each class against the rest, sorted by its own score. */
export function oneVersusRest(truth: Uint16Array, scores: Float64Array, width: number): ScoreOrder[] {
  return Array.from({ length: width }, (_, column) =>
    orderByScore(
      columnOf(scores, width, column),
      Uint8Array.from(truth, (code) => Number(code === column)),
    ),
  );
}

/** The rows of one class of a pair against those of the other, sorted by the score of the first. */
export interface Duel {
  readonly first: number;
  readonly second: number;
  readonly order: ScoreOrder;
}

/** Both directions of every pair of classes. */
export function oneVersusOne(truth: Uint16Array, scores: Float64Array, width: number): Duel[] {
  const rowsOf = Array.from({ length: width }, (): number[] => []);
  for (let row = 0; row < truth.length; row++) rowsOf[truth[row]!]!.push(row);
  const duels: Duel[] = [];
  for (let first = 0; first < width; first++) {
    for (let second = 0; second < width; second++) {
      if (first === second) continue;
      const rows = Uint32Array.from([...rowsOf[first]!, ...rowsOf[second]!]).sort();
      const isFirst = Uint8Array.from(rows, (row) => Number(truth[row] === first));
      const own = Float64Array.from(rows, (row) => scores[row * width + first]!);
      duels.push({ first, second, order: orderByScore(own, isFirst, rows) });
    }
  }
  return duels;
}

/**
 * Mean over the classes of each class's AUC against the rest, plain or weighted by rows of the class (sklearn
 * `roc_auc_score(multi_class="ovr")`). A class absent from the truth: NaN for the plain mean, no weight in the other. One
 * class only: NaN.
 */
export function rocAucOneVersusRest(
  orders: readonly ScoreOrder[],
  support: Float64Array,
  average: 'macro' | 'weighted',
  weights: Weights,
): number {
  return weightedAverage(
    orders,
    (_, column) => (average === 'macro' ? 1 : support[column]!),
    (order) => rocAuc(order, weights),
  );
}

/**
 * Mean over the pairs of classes that occur in the truth of the mean of both directions' AUC, plain or weighted by rows of
 * the pair (Hand and Till 2001; sklearn `roc_auc_score(multi_class="ovo")`). One class only: NaN.
 */
export function rocAucOneVersusOne(
  duels: readonly Duel[],
  support: Float64Array,
  average: 'macro' | 'weighted',
  weights: Weights,
): number {
  const rowsOfBoth = ({ first, second }: Duel) =>
    support[first] === 0 || support[second] === 0 ? 0 : support[first]! + support[second]!;
  return weightedAverage(
    duels,
    (duel) => (average === 'macro' ? Math.sign(rowsOfBoth(duel)) : rowsOfBoth(duel)),
    ({ order }) => rocAuc(order, weights),
  );
}

/**
 * Mean over the classes of each class's average precision (sklearn `average_precision_score` of indicators). A class absent
 * from the truth counts 0.
 */
export function averagePrecisionMacro(
  orders: readonly ScoreOrder[],
  support: Float64Array,
  weights: Weights,
): number {
  return weightedAverage(
    orders,
    () => 1,
    (order, column) => (support[column] === 0 ? 0 : averagePrecision(order, weights)),
  );
}

/** What has no weight is not measured: its measure may be NaN. */
function weightedAverage<T>(
  parts: readonly T[],
  weightOf: (part: T, index: number) => number,
  measure: (part: T, index: number) => number,
): number {
  let sum = 0;
  let weightOfAll = 0;
  for (const [index, part] of parts.entries()) {
    const weight = weightOf(part, index);
    if (weight === 0) continue;
    sum += weight * measure(part, index);
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
