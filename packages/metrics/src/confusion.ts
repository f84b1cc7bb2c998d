import type { Weights } from './weights.ts';

/** Counts of rows by truth and prediction: `cells[truth * size + predicted]`, classes in the sample's order. */
export interface Confusion {
  readonly size: number;
  readonly cells: Float64Array;
}

/** The cell that each row falls into, made once so that a resample is one pass of additions. */
export function cellsOf(truth: Uint16Array, predicted: Uint16Array, size: number): Uint32Array {
  const cells = new Uint32Array(truth.length);
  for (let row = 0; row < cells.length; row++) cells[row] = truth[row]! * size + predicted[row]!;
  return cells;
}

/** The counts of all rows, each once. */
export function confusionOf(truth: Uint16Array, predicted: Uint16Array, size: number): Confusion {
  const count = size * size;
  // Two lists side by side: a cell that was just written must be waited for.
  const even = new Int32Array(count);
  const odd = new Int32Array(count);
  const rows = truth.length;
  for (let i = 0; i + 1 < rows; i += 2) {
    even[truth[i]! * size + predicted[i]!]!++;
    odd[truth[i + 1]! * size + predicted[i + 1]!]!++;
  }
  if (rows % 2 === 1) even[truth[rows - 1]! * size + predicted[rows - 1]!]!++;
  return { size, cells: Float64Array.from(even, (sum, cell) => sum + odd[cell]!) };
}

export function countCells(cellOfRow: Uint32Array, size: number, weights: Weights): Confusion {
  const count = size * size;
  const even = new Int32Array(count);
  const odd = new Int32Array(count);
  const rows = cellOfRow.length;
  for (let i = 0; i + 1 < rows; i += 2) {
    even[cellOfRow[i]!]! += weights[i]!;
    odd[cellOfRow[i + 1]!]! += weights[i + 1]!;
  }
  if (rows % 2 === 1) even[cellOfRow[rows - 1]!]! += weights[rows - 1]!;
  return { size, cells: Float64Array.from(even, (sum, cell) => sum + odd[cell]!) };
}

export interface ClassCounts {
  /** Rows of the class that were given it. */
  readonly hits: number;
  /** Rows of the class. */
  readonly support: number;
  /** Rows that were given the class. */
  readonly predicted: number;
}

/** The counts of one class against the rest. */
export function classCounts({ size, cells }: Confusion, index: number): ClassCounts {
  let support = 0;
  let predicted = 0;
  for (let other = 0; other < size; other++) {
    support += cells[index * size + other]!;
    predicted += cells[other * size + index]!;
  }
  return { hits: cells[index * size + index]!, support, predicted };
}

/** Number of rows counted. */
export function rowsCounted({ cells }: Confusion): number {
  return cells.reduce((sum, count) => sum + count, 0);
}

function correct({ size, cells }: Confusion): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += cells[i * size + i]!;
  return sum;
}

function allCounts(confusion: Confusion): ClassCounts[] {
  return Array.from({ length: confusion.size }, (_, index) => classCounts(confusion, index));
}

/** 0/0 counts as 0, which is scikit-learn's default (`zero_division="warn"`). */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Share of rows whose prediction is the truth, in [0, 1] (sklearn `accuracy_score`). No rows: NaN. */
export function accuracy(confusion: Confusion): number {
  return correct(confusion) / rowsCounted(confusion);
}

/**
 * Mean recall over the classes that occur in the truth, in [0, 1] (sklearn `balanced_accuracy_score`, not adjusted).
 * Classes without rows are left out. No rows: NaN.
 */
export function balancedAccuracy(confusion: Confusion): number {
  const present = allCounts(confusion).filter(({ support }) => support > 0);
  return present.reduce((sum, { hits, support }) => sum + hits / support, 0) / present.length;
}

/** Share of the rows given a class that belong to it (sklearn `precision_score`). Class never predicted: 0. */
export function precisionOf({ hits, predicted }: ClassCounts): number {
  return ratio(hits, predicted);
}

/** Share of the rows of a class that were given it (sklearn `recall_score`). Class absent from the truth: 0. */
export function recallOf({ hits, support }: ClassCounts): number {
  return ratio(hits, support);
}

/**
 * (1 + b^2) tp / ((1 + b^2) tp + b^2 fn + fp): the weighted harmonic mean of precision and recall, where recall counts
 * b times as much (van Rijsbergen; sklearn `fbeta_score`). Class neither there nor predicted: 0.
 */
export function fbetaOf({ hits, support, predicted }: ClassCounts, beta: number): number {
  const squared = beta * beta;
  return ratio((1 + squared) * hits, squared * support + predicted);
}

export type Average = 'macro' | 'micro' | 'weighted';

/**
 * A measure per class, averaged as scikit-learn does. Macro: the plain mean; weighted: by rows of the class in the truth;
 * both over the classes that occur in truth or predictions. Micro: the measure of the counts summed over classes.
 */
export function averaged(
  confusion: Confusion,
  average: Average,
  measure: (counts: ClassCounts) => number,
): number {
  const counts = allCounts(confusion).filter(({ support, predicted }) => support + predicted > 0);
  if (average === 'micro') {
    const sum = (key: keyof ClassCounts) => counts.reduce((so, each) => so + each[key], 0);
    return measure({ hits: sum('hits'), support: sum('support'), predicted: sum('predicted') });
  }
  const weightOf = ({ support }: ClassCounts) => (average === 'macro' ? 1 : support);
  const weight = counts.reduce((sum, each) => sum + weightOf(each), 0);
  return counts.reduce((sum, each) => sum + weightOf(each) * measure(each), 0) / weight;
}

/**
 * Matthews correlation coefficient in [-1, 1], for any number of classes (Gorodkin, "Comparing two K-category assignments
 * by a K-category correlation coefficient", 2004; sklearn `matthews_corrcoef`). Truth or predictions constant: 0.
 */
export function mcc(confusion: Confusion): number {
  const counts = allCounts(confusion);
  const rows = rowsCounted(confusion);
  const sum = (of: (counts: ClassCounts) => number) => counts.reduce((so, each) => so + of(each), 0);
  const covariance = correct(confusion) * rows - sum((c) => c.support * c.predicted);
  const truthSpread = rows * rows - sum((c) => c.support ** 2);
  const predictedSpread = rows * rows - sum((c) => c.predicted ** 2);
  const spread = truthSpread * predictedSpread;
  if (rows === 0) return Number.NaN;
  return spread === 0 ? 0 : covariance / Math.sqrt(spread);
}

/**
 * Agreement of truth and predictions beyond chance, in [-1, 1] (Cohen 1960; sklearn `cohen_kappa_score`, unweighted).
 * NaN when both are the same single class, where chance alone explains everything.
 */
export function cohenKappa(confusion: Confusion): number {
  const rows = rowsCounted(confusion);
  const chance = allCounts(confusion).reduce((sum, c) => sum + (c.support / rows) * (c.predicted / rows), 0);
  return chance === 1 ? Number.NaN : (correct(confusion) / rows - chance) / (1 - chance);
}
