import type { Graph } from './model.ts';

export type GraphNode = Graph['nodes'][number];

/** A graph by the names of its nodes, without edges to nodes that are not there. */
export interface DrawableGraph {
  readonly nodes: readonly GraphNode[];
  /** Indices of nodes. */
  readonly edges: readonly (readonly [number, number])[];
  /**
   * The column of each node: one after that of the last of its sources; what has none stands right before the first that was made of
   * it, so that no edge runs behind a node. Undefined when the edges form a circle.
   */
  readonly columns: readonly number[] | undefined;
}

export function drawableGraph({ nodes, edges }: Graph): DrawableGraph {
  const indices = new Map(nodes.map(({ id }, index) => [id, index]));
  const known = edges.flatMap(([from, to]): [number, number][] => {
    const [source, target] = [indices.get(from), indices.get(to)];
    return source === undefined || target === undefined ? [] : [[source, target]];
  });
  return { nodes, edges: known, columns: columnsOf(nodes.length, known) };
}

function columnsOf(count: number, edges: readonly (readonly [number, number])[]): number[] | undefined {
  const columns = Array.from({ length: count }, () => 0);
  for (let round = 0; round <= count; round++) {
    const behind = edges.filter(([from, to]) => columns[to]! <= columns[from]!);
    if (behind.length === 0) return columns.map((column, node) => (column === 0 ? latest(node) : column));
    for (const [from, to] of behind) columns[to] = columns[from]! + 1;
  }
  return undefined;

  function latest(node: number): number {
    const targets = edges.filter(([from]) => from === node).map(([, to]) => columns[to]!);
    return targets.length === 0 ? 0 : Math.min(...targets) - 1;
  }
}

/** What a graph says in words, one line per node that something was made of. */
export function graphInWords(graph: Graph): string[] {
  const { nodes, edges } = drawableGraph(graph);
  return nodes.flatMap((node, index) => {
    const sources = edges.filter(([, to]) => to === index).map(([from]) => nodes[from]!.title);
    return sources.length === 0 ? [] : [`${node.title} from ${sources.join(', ')}`];
  });
}
