import type { BinnedFeature } from '../boosting/bins.ts';
import type { Ensemble } from '../boosting/boost.ts';
import type { Node } from '../boosting/tree.ts';
import type { Feature } from '../features.ts';
import type { GraphBuilder } from './graph.ts';
import { codedMatrix } from './inputs.ts';

/** A threshold that every finite number keeps: it parts the missing from all others. */
const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

interface Branch {
  readonly mode: 'BRANCH_LEQ' | 'BRANCH_EQ' | 'LEAF';
  readonly feature: number;
  readonly value: number;
  readonly left: number;
  readonly right: number;
  readonly missingLeft: boolean;
}

/** Adds the scores [N, outputs] of an ensemble to a graph, as one TreeEnsembleRegressor. */
export function addEnsembleScores(
  graph: GraphBuilder,
  ensemble: Ensemble,
  features: readonly Feature[],
  output: string,
): void {
  const trees = ensemble.trees.flatMap((round) => round.map((tree, target) => ({ tree, target })));
  const nodes = trees.flatMap(({ tree }, treeId) =>
    tree.map((node, nodeId) => ({ treeId, nodeId, ...branch(node, ensemble.features) })),
  );
  const leaves = trees.flatMap(({ tree, target }, treeId) =>
    tree.flatMap((node, nodeId) =>
      node.kind === 'leaf' ? [{ treeId, nodeId, target, value: node.value }] : [],
    ),
  );
  graph.node('TreeEnsembleRegressor', [codedMatrix(graph, features)], {
    domain: 'ai.onnx.ml',
    output,
    attributes: {
      n_targets: { int: ensemble.base.length },
      aggregate_function: 'SUM',
      post_transform: 'NONE',
      base_values: ensemble.base,
      nodes_treeids: Int32Array.from(nodes, (node) => node.treeId),
      nodes_nodeids: Int32Array.from(nodes, (node) => node.nodeId),
      nodes_modes: nodes.map((node) => node.mode),
      nodes_featureids: Int32Array.from(nodes, (node) => node.feature),
      nodes_values: Float32Array.from(nodes, (node) => node.value),
      nodes_truenodeids: Int32Array.from(nodes, (node) => node.left),
      nodes_falsenodeids: Int32Array.from(nodes, (node) => node.right),
      nodes_missing_value_tracks_true: Int32Array.from(nodes, (node) => (node.missingLeft ? 1 : 0)),
      target_treeids: Int32Array.from(leaves, (leaf) => leaf.treeId),
      target_nodeids: Int32Array.from(leaves, (leaf) => leaf.nodeId),
      target_ids: Int32Array.from(leaves, (leaf) => leaf.target),
      target_weights: Float32Array.from(leaves, (leaf) => leaf.value),
    },
  });
}

function branch(node: Node, features: readonly BinnedFeature[]): Branch {
  switch (node.kind) {
    case 'leaf':
      return { mode: 'LEAF', feature: 0, value: 0, left: 0, right: 0, missingLeft: false };
    case 'category': {
      const { feature, category: value, left, right } = node;
      return { mode: 'BRANCH_EQ', feature, value, left, right, missingLeft: false };
    }
    case 'threshold': {
      const { feature, left, right, missingLeft } = node;
      const binned = features[feature]!;
      if (binned.kind !== 'numeric')
        throw new TypeError('a threshold stands on a feature that is not numeric');
      const value = binned.thresholds[node.bin] ?? LARGEST_FLOAT32;
      return { mode: 'BRANCH_LEQ', feature, value, left, right, missingLeft };
    }
  }
}
