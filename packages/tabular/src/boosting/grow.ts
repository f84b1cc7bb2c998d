import type { BinnedFeature } from './bins.ts';
import { type Histogram, Histograms, type Sums } from './histogram.ts';
import { findSplit, leafWeight, type Split, type SplitRules } from './split.ts';
import { type CategoryNode, goesLeft, type Node, type ThresholdNode, type Tree } from './tree.ts';

export interface GrowthRules extends SplitRules {
  readonly maxLeaves: number;
  readonly maxDepth: number;
  readonly learningRate: number;
}

/** A leaf while its tree grows: its rows are a stretch of the grower's row order. */
interface OpenLeaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly sums: Sums;
  readonly candidate: { readonly split: Split; readonly histogram: Histogram } | undefined;
}

/** A grown tree and the rows of the sample that each of its leaves holds. */
export interface Grown {
  readonly tree: Tree;
  readonly leaves: readonly { readonly node: number; readonly rows: Uint32Array }[];
}

/** What one tree is grown on: ascending rows, the features it may use, and the derivatives of the loss of every row. */
export interface Sample {
  readonly rows: Uint32Array;
  readonly active: Uint32Array;
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
}

/** Grows trees leaf by leaf, always where the gain is largest, over features that stay the same. */
export class Grower {
  readonly #features: readonly BinnedFeature[];
  readonly #rules: GrowthRules;
  readonly #histograms: Histograms;
  readonly #order: Uint32Array;
  readonly #scratch: Uint32Array;

  /** @param rows the most rows that a tree will be grown on */
  constructor(features: readonly BinnedFeature[], rows: number, rules: GrowthRules) {
    this.#features = features;
    this.#rules = rules;
    this.#histograms = new Histograms(features, rows);
    this.#order = new Uint32Array(rows);
    this.#scratch = new Uint32Array(rows);
  }

  /** Grows one tree. The rows that it returns are valid until the next call. */
  grow(sample: Sample): Grown {
    this.#order.set(sample.rows);
    const nodes: Node[] = [];
    const root = this.#root(sample);
    nodes.push(this.#leafNode(root.sums));
    let leaves = [root];
    for (
      let best = largestGain(leaves);
      best && leaves.length < this.#rules.maxLeaves;
      best = largestGain(leaves)
    ) {
      const children = this.#split(best, nodes, sample, leaves.length + 1 < this.#rules.maxLeaves);
      leaves = [...leaves.filter((leaf) => leaf !== best), ...children];
    }
    for (const { candidate } of leaves) if (candidate) this.#histograms.release(candidate.histogram);
    return { tree: nodes, leaves: leaves.map((leaf) => ({ node: leaf.node, rows: this.#rowsOf(leaf) })) };
  }

  #root(sample: Sample): OpenLeaf {
    let gradient = 0;
    let hessian = 0;
    for (const row of sample.rows) {
      gradient += sample.gradients[row]!;
      hessian += sample.hessians[row]!;
    }
    const sums = { gradient, hessian, rows: sample.rows.length };
    const root = { node: 0, start: 0, end: sample.rows.length, depth: 0, sums, candidate: undefined };
    return this.#canSplit(root) ? this.#withCandidate(root, this.#build(root, sample), sample) : root;
  }

  /** Makes the two children of a leaf, and finds how they could be split in turn when there is room for that. */
  #split(leaf: OpenLeaf, nodes: Node[], sample: Sample, goOn: boolean): [OpenLeaf, OpenLeaf] {
    const { split, histogram } = leaf.candidate!;
    const feature = this.#features[split.feature]!;
    const at = { feature: split.feature, left: nodes.length, right: nodes.length + 1 };
    const node =
      feature.kind === 'categorical'
        ? ({ kind: 'category', category: split.bin, ...at } as const)
        : ({ kind: 'threshold', bin: split.bin, missingLeft: split.missingLeft, ...at } as const);
    nodes[leaf.node] = node;
    nodes.push(this.#leafNode(split.left), this.#leafNode(split.right));
    const middle = this.#partition(leaf, node);
    const depth = leaf.depth + 1;
    const left: OpenLeaf = {
      node: at.left,
      start: leaf.start,
      end: middle,
      depth,
      sums: split.left,
      candidate: undefined,
    };
    const right: OpenLeaf = {
      node: at.right,
      start: middle,
      end: leaf.end,
      depth,
      sums: split.right,
      candidate: undefined,
    };
    if (!goOn || !(this.#canSplit(left) || this.#canSplit(right))) {
      this.#histograms.release(histogram);
      return [left, right];
    }
    // Only the smaller child is counted; the other is what the parent has more.
    const isLeftSmall = left.sums.rows <= right.sums.rows;
    const small = this.#build(isLeftSmall ? left : right, sample);
    const large = this.#histograms.subtract(histogram, small);
    return [
      this.#withCandidate(left, isLeftSmall ? small : large, sample),
      this.#withCandidate(right, isLeftSmall ? large : small, sample),
    ];
  }

  #canSplit({ depth, sums }: OpenLeaf): boolean {
    return depth < this.#rules.maxDepth && sums.rows >= 2 * this.#rules.minRows;
  }

  #build(leaf: OpenLeaf, sample: Sample): Histogram {
    return this.#histograms.build(this.#rowsOf(leaf), sample.active, sample.gradients, sample.hessians);
  }

  #withCandidate(leaf: OpenLeaf, histogram: Histogram, { active }: Sample): OpenLeaf {
    const split = this.#canSplit(leaf)
      ? findSplit({
          histograms: this.#histograms,
          histogram,
          features: this.#features,
          active,
          sums: leaf.sums,
          rules: this.#rules,
        })
      : undefined;
    if (split) return { ...leaf, candidate: { split, histogram } };
    this.#histograms.release(histogram);
    return leaf;
  }

  /** Moves the rows that go left before those that go right, each in their order; returns where the right ones start. */
  #partition(leaf: OpenLeaf, node: ThresholdNode | CategoryNode): number {
    const rows = this.#rowsOf(leaf);
    let left = 0;
    let right = 0;
    for (const row of rows) {
      if (goesLeft(node, this.#features, row)) rows[left++] = row;
      else this.#scratch[right++] = row;
    }
    rows.set(this.#scratch.subarray(0, right), left);
    return leaf.start + left;
  }

  #rowsOf({ start, end }: OpenLeaf): Uint32Array {
    return this.#order.subarray(start, end);
  }

  #leafNode(sums: Sums): Node {
    return { kind: 'leaf', value: Math.fround(this.#rules.learningRate * leafWeight(sums, this.#rules.l2)) };
  }
}

function largestGain(leaves: readonly OpenLeaf[]): OpenLeaf | undefined {
  let best: OpenLeaf | undefined;
  for (const leaf of leaves) {
    if (leaf.candidate && leaf.candidate.split.gain > (best?.candidate?.split.gain ?? 0)) best = leaf;
  }
  return best;
}
