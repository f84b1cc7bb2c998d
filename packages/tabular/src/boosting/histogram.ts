import { type BinnedFeature, binsOf } from './bins.ts';

/** Sums over rows: of gradients, of second derivatives, and how many rows. */
export interface Sums {
  readonly gradient: number;
  readonly hessian: number;
  readonly rows: number;
}

/** One histogram per feature, end to end; a bin is three numbers: gradient, hessian, rows. */
export type Histogram = Float64Array;

const BIN_WIDTH = 3;

/** Builds histograms of the rows of a node, and hands their memory out again. */
export class Histograms {
  readonly #features: readonly BinnedFeature[];
  readonly #offsets: readonly number[];
  readonly #size: number;
  readonly #gradients: Float64Array;
  readonly #hessians: Float64Array;
  readonly #free: Histogram[] = [];

  constructor(features: readonly BinnedFeature[], rows: number) {
    let size = 0;
    this.#features = features;
    this.#offsets = features.map((feature) => {
      const offset = size;
      size += binsOf(feature) * BIN_WIDTH;
      return offset;
    });
    this.#size = size;
    this.#gradients = new Float64Array(rows);
    this.#hessians = new Float64Array(rows);
  }

  /** The histogram of some rows over the active features; those of the other features are left as they fall. */
  build(rows: Uint32Array, active: Uint32Array, gradients: Float64Array, hessians: Float64Array): Histogram {
    const histogram = this.#free.pop() ?? new Float64Array(this.#size);
    // Gathered once, so that every feature then reads them in order.
    for (let index = 0; index < rows.length; index++) {
      this.#gradients[index] = gradients[rows[index]!]!;
      this.#hessians[index] = hessians[rows[index]!]!;
    }
    for (const feature of active) {
      const binned = this.#features[feature]!;
      const start = this.#offsets[feature]!;
      const part = histogram.subarray(start, start + binsOf(binned) * BIN_WIDTH);
      part.fill(0);
      accumulate(part, binned.bins, rows, this.#gradients, this.#hessians);
    }
    return histogram;
  }

  /** Turns the histogram of a parent into that of its other child. */
  subtract(parent: Histogram, child: Histogram): Histogram {
    for (let index = 0; index < this.#size; index++) parent[index]! -= child[index]!;
    return parent;
  }

  release(histogram: Histogram): void {
    this.#free.push(histogram);
  }

  bin(histogram: Histogram, feature: number, bin: number): Sums {
    const at = this.#offsets[feature]! + bin * BIN_WIDTH;
    return { gradient: histogram[at]!, hessian: histogram[at + 1]!, rows: histogram[at + 2]! };
  }
}

function accumulate(
  histogram: Float64Array,
  bins: Uint8Array,
  rows: Uint32Array,
  gradients: Float64Array,
  hessians: Float64Array,
): void {
  for (let index = 0; index < rows.length; index++) {
    const at = bins[rows[index]!]! * BIN_WIDTH;
    histogram[at]! += gradients[index]!;
    histogram[at + 1]! += hessians[index]!;
    histogram[at + 2]! += 1;
  }
}
