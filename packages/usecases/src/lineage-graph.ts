import type { TrainLock } from '@rastro/lineage';
import type { EvaluationRecord } from '@rastro/metrics';
import type { Block } from '@rastro/report';
import { count, short } from './report.ts';

/** Files of one kind that are shown; the others are counted in one node. */
const MOST_FILES = 6;

interface File {
  readonly path: string;
  readonly sha256: string;
}

interface Node {
  readonly id: string;
  readonly title: string;
  readonly note?: string;
}

/** What a model came from and what judged it: files, the commands that read them, and what they wrote, each by digest. */
export function lineageGraph(
  model: string,
  {
    record,
    trained,
    commit,
  }: { record: EvaluationRecord; trained: TrainLock | undefined; commit: string | undefined },
): Block {
  const nodes: Node[] = [];
  const edges: [string, string][] = [];
  const add = (to: string, files: readonly File[], kind: string) => {
    const shown = files.slice(0, MOST_FILES).map(({ path, sha256 }) => ({
      id: `${kind} ${path}`.slice(0, 100),
      title: path,
      note: short(sha256),
    }));
    const left = files.length - shown.length;
    const all = left > 0 ? [...shown, { id: `${kind} others`, title: `${count(left, 'more file')}` }] : shown;
    for (const node of all) {
      nodes.push(node);
      edges.push([node.id, to]);
    }
  };
  if (trained) {
    add('train', [...trained.data, ...trained.deps], 'input');
    nodes.push({ id: 'train', title: trained.cmd.slice(0, 80), note: `seed ${trained.seed}` });
    edges.push(['train', 'model']);
  }
  nodes.push({ id: 'model', title: model, note: short(record.model.sha256) });
  edges.push(['model', 'evaluate']);
  add('evaluate', record.data.files, 'judged');
  nodes.push(
    {
      id: 'evaluate',
      title: 'rastro evaluate',
      ...(commit === undefined ? {} : { note: `commit ${short(commit)}` }),
    },
    { id: 'record', title: `metrics/${model}.json` },
  );
  edges.push(['evaluate', 'record']);
  return { kind: 'graph', graph: { title: `Where ${model} comes from`, nodes, edges } };
}
