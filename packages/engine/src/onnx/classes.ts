import type { Graph, GraphNode } from './graph.ts';

/** Operators that pass classes on without changing which they are. */
const passing = ['Cast', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten'];

/**
 * The classes of a classifier in the order of its probabilities, as far as the model says so: from the node that a
 * label or probability output comes from, else from the only list of classes in the model.
 */
export function classesOf(graph: Graph): readonly string[] | undefined {
  for (const { name } of graph.outputs) {
    const found = classesBehind(graph, name);
    if (found) return found;
  }
  const lists = new Map(
    graph.nodes.flatMap(({ classes }) => (classes ? [[JSON.stringify(classes), classes] as const] : [])),
  );
  return lists.size === 1 ? [...lists.values()][0] : undefined;
}

/** A ZipMap turns probabilities into a sequence of maps; its input is the matrix. */
export function zipMaps(graph: Graph): GraphNode[] {
  return graph.nodes.filter(({ operator }) => operator === 'ZipMap');
}

function classesBehind(graph: Graph, tensor: string): readonly string[] | undefined {
  let name = tensor;
  let relabel = (label: string): string | undefined => label;
  // A valid graph has no cycle; the bound is for one that is not valid.
  for (let step = 0; step < graph.nodes.length; step++) {
    const node = graph.nodes.find(({ outputs }) => outputs.includes(name));
    if (!node) return undefined;
    if (node.classes) return allOf(node.classes.map(relabel));
    // scikit-learn's converter looks the label up in a constant: classes[argmax].
    if (['ArrayFeatureExtractor', 'Gather'].includes(node.operator)) {
      return allOf(graph.constants.get(node.inputs[0] ?? '')?.map(relabel) ?? []);
    }
    if (node.operator === 'LabelEncoder' && node.relabels) {
      const after = relabel;
      const { relabels } = node;
      relabel = (label) => {
        const next = relabels.get(label);
        return next === undefined ? undefined : after(next);
      };
      name = node.inputs[0] ?? '';
      continue;
    }
    if (!passing.includes(node.operator)) return undefined;
    name = node.inputs[0] ?? '';
  }
  return undefined;
}

/** The labels, when each is known and there is any. */
function allOf(labels: readonly (string | undefined)[]): readonly string[] | undefined {
  const known = labels.filter((label) => label !== undefined);
  return known.length > 0 && known.length === labels.length ? known : undefined;
}
