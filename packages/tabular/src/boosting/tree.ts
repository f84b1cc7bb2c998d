import type { BinnedFeature } from './bins.ts';

/** Sends a row left when its bin is at most `bin`, or when it is missing and `missingLeft`. */
export interface ThresholdNode {
  readonly kind: 'threshold';
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly left: number;
  readonly right: number;
}

/** Sends a row left when it is of one category. */
export interface CategoryNode {
  readonly kind: 'category';
  readonly feature: number;
  readonly category: number;
  readonly left: number;
  readonly right: number;
}

export interface LeafNode {
  readonly kind: 'leaf';
  /** A 32-bit float, as the written model holds it. */
  readonly value: number;
}

export type Node = ThresholdNode | CategoryNode | LeafNode;

/** A regression tree. Node 0 is the root. */
export type Tree = readonly Node[];

/** The value that a tree gives a row of the training data. */
export function treeValue(tree: Tree, features: readonly BinnedFeature[], row: number): number {
  let node = tree[0]!;
  while (node.kind !== 'leaf') node = tree[goesLeft(node, features, row) ? node.left : node.right]!;
  return node.value;
}

export function goesLeft(
  node: Exclude<Node, LeafNode>,
  features: readonly BinnedFeature[],
  row: number,
): boolean {
  const feature = features[node.feature]!;
  const bin = feature.bins[row]!;
  if (node.kind === 'category') return bin === node.category;
  return bin <= node.bin || (node.missingLeft && bin === feature.count);
}
