import type { SortedRows } from './sorted-rows.ts';

export interface Curve {
  /** [false positive rate, true positive rate] from (0, 0) to (1, 1). */
  readonly roc: [number, number][];
  /** [recall, precision] from the highest threshold to the lowest. */
  readonly pr: [number, number][];
}

/**
 * The ROC and precision-recall curves, thinned for drawing: about `points` of each, the first and the last among them,
 * spread evenly along the curve. One class only: undefined.
 */
export function curves(sorted: SortedRows, points: number): Curve | undefined {
  const { rows: all, positives } = sorted;
  const negatives = all - positives;
  if (positives === 0 || negatives === 0) return undefined;
  const roc = new Thinned(points);
  const pr = new Thinned(points);
  roc.add(0, 0);
  // The rows from which a curve may have come far enough. Whatever is skipped would not have been kept.
  let rocFrom = roc.missing * Math.min(positives, negatives);
  let prFrom = 0;
  let rows = 0;
  while (rows < all) {
    rows = sorted.endOfTie(Math.min(all, Math.max(rows + 1, Math.ceil(Math.min(rocFrom, prFrom)))));
    const tp = sorted.positivesAmong(rows);
    if (rows >= rocFrom || rows === all) {
      roc.add((rows - tp) / negatives, tp / positives);
      rocFrom = rows + roc.missing * Math.min(positives, negatives);
    }
    if (rows >= prFrom || rows === all) {
      pr.add(tp / positives, tp / rows);
      prFrom = rows + pr.missing / (1 / positives + 1 / rows);
    }
  }
  return { roc: roc.finish(), pr: pr.finish() };
}

/** A curve inside the unit square that keeps a point each time it has come 2 / points further along either axis. */
class Thinned {
  readonly #kept: [number, number][] = [];
  readonly #step: number;
  // Numbers and not points: a point for each of a million thresholds would be garbage.
  #keptX = Number.POSITIVE_INFINITY;
  #keptY = 0;
  #x = 0;
  #y = 0;
  #isPending = false;

  constructor(points: number) {
    this.#step = 2 / points;
  }

  add(x: number, y: number): void {
    this.#x = x;
    this.#y = y;
    this.#isPending = true;
    if (this.#distance() >= this.#step) this.#keep();
  }

  /** How far a point must at least be from the one that was added last to be kept, less what rounding may add. */
  get missing(): number {
    return (this.#step - this.#distance()) * (1 - 1e-9) - 1e-12;
  }

  finish(): [number, number][] {
    if (this.#isPending) this.#keep();
    return this.#kept;
  }

  #distance(): number {
    return Math.abs(this.#x - this.#keptX) + Math.abs(this.#y - this.#keptY);
  }

  #keep(): void {
    this.#kept.push([this.#x, this.#y]);
    this.#keptX = this.#x;
    this.#keptY = this.#y;
    this.#isPending = false;
  }
}
