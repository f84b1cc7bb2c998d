import type { BinnedFeature } from './bins.ts';
import type { Histogram, Histograms, Sums } from './histogram.ts';

/** The best way to part the rows of a node in two. */
export interface Split {
  readonly gain: number;
  readonly feature: number;
  /** The last bin that goes left; for a categorical feature the only one. */
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly left: Sums;
  readonly right: Sums;
}

export interface SplitRules {
  readonly minRows: number;
  readonly minHessian: number;
  readonly l2: number;
  /** The size of a squared gradient, against which a gain is rounding or not. */
  readonly unit: number;
}

/** A gain below this share of what it is the difference of, or of one row's loss, is rounding. */
const LEAST_GAIN = 1e-12;

/** The Newton step for a node: the constant that minimises its second-order loss with an L2 penalty. */
export function leafWeight({ gradient, hessian }: Sums, l2: number): number {
  return -gradient / Math.max(hessian + l2, Number.MIN_VALUE);
}

/**
 * Finds the split with the largest gain in second-order loss (Chen and Guestrin, XGBoost, KDD 2016, equation 7).
 * Missing values go to the side where they gain most, or with most rows when there are none to learn from. A category is
 * split from all others. Of equal gains the first feature and bin win.
 */
export function findSplit(node: {
  readonly histograms: Histograms;
  readonly histogram: Histogram;
  readonly features: readonly BinnedFeature[];
  readonly active: Uint32Array;
  readonly sums: Sums;
  readonly rules: SplitRules;
}): Split | undefined {
  const { histograms, histogram, features, active, sums, rules } = node;
  const search = new Search(sums, rules);
  for (const index of active) {
    const feature = features[index]!;
    const bin = (number: number) => histograms.bin(histogram, index, number);
    if (feature.kind === 'categorical') {
      for (let number = 0; number < feature.count; number++) search.offer(index, number, false, bin(number));
      continue;
    }
    const missing = bin(feature.count);
    let below: Sums = { gradient: 0, hessian: 0, rows: 0 };
    for (let number = 0; number < feature.count; number++) {
      below = add(below, bin(number));
      const isLast = number === feature.count - 1;
      if (missing.rows === 0) {
        if (!isLast) search.offer(index, number, below.rows * 2 >= sums.rows, below);
        continue;
      }
      search.offer(index, number, false, below);
      if (!isLast) search.offer(index, number, true, add(below, missing));
    }
  }
  return search.best;
}

class Search {
  best: Split | undefined;
  readonly #sums: Sums;
  readonly #rules: SplitRules;
  readonly #whole: number;
  #gain: number;

  constructor(sums: Sums, rules: SplitRules) {
    this.#sums = sums;
    this.#rules = rules;
    this.#whole = this.#score(sums);
    this.#gain = LEAST_GAIN * (rules.unit + this.#whole);
  }

  offer(feature: number, bin: number, missingLeft: boolean, left: Sums): void {
    const { minRows, minHessian } = this.#rules;
    if (left.rows < minRows || left.hessian < minHessian) return;
    const right = subtract(this.#sums, left);
    if (right.rows < minRows || right.hessian < minHessian) return;
    const gain = this.#score(left) + this.#score(right) - this.#whole;
    if (!(gain > this.#gain)) return;
    this.#gain = gain;
    this.best = { gain, feature, bin, missingLeft, left, right };
  }

  #score({ gradient, hessian }: Sums): number {
    return (gradient * gradient) / Math.max(hessian + this.#rules.l2, Number.MIN_VALUE);
  }
}

function add(a: Sums, b: Sums): Sums {
  return { gradient: a.gradient + b.gradient, hessian: a.hessian + b.hessian, rows: a.rows + b.rows };
}

function subtract(a: Sums, b: Sums): Sums {
  return { gradient: a.gradient - b.gradient, hessian: a.hessian - b.hessian, rows: a.rows - b.rows };
}
