import { type DrawableGraph, drawableGraph, graphInWords } from './graph.ts';
import { html, type Markup, NOTHING } from './html-markup.ts';
import type { Graph } from './model.ts';
import { capped, oneLine } from './plain-text.ts';

const BOX = { width: 184, height: 46 };
const GAP = { x: 44, y: 16 };
const MARGIN = 8;
const MAX_WORDS = 26;

/** A graph as a figure: inline SVG from left to right, and the same in words. A graph with a circle is told in words only. */
export function htmlGraph(graph: Graph, id: string): Markup {
  const drawable = drawableGraph(graph);
  const words = graphInWords(graph);
  return html`<figure class="chart graph">
<figcaption id="${id}-title">${graph.title || 'Graph'}</figcaption>
${drawing(drawable, id, words)}
<details class="data"><summary>In words</summary><ul>${words.map((line) => html`<li>${line}</li>`)}</ul></details>
</figure>`;
}

function drawing({ nodes, edges, columns }: DrawableGraph, id: string, words: readonly string[]): Markup {
  if (!columns) return NOTHING;
  const places = placesOf(columns);
  const width = 2 * MARGIN + Math.max(...places.map(({ x }) => x)) + BOX.width;
  const height = 2 * MARGIN + Math.max(...places.map(({ y }) => y)) + BOX.height;
  const lines = edges.map(([from, to]) => {
    const [a, b] = [places[from]!, places[to]!];
    const [x1, y1] = [MARGIN + a.x + BOX.width, MARGIN + a.y + BOX.height / 2];
    const [x2, y2] = [MARGIN + b.x, MARGIN + b.y + BOX.height / 2];
    const bend = Math.max(24, (x2 - x1) / 2);
    return html`<path class="edge" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 6} ${y2}"/><path class="tip" d="M${x2} ${y2}l-8 -4v8z"/>`;
  });
  const boxes = nodes.map(({ title, note }, index) => {
    const { x, y } = places[index]!;
    const middle = MARGIN + x + BOX.width / 2;
    const full = note === undefined ? title : `${title}, ${note}`;
    const top = MARGIN + y + (note === undefined ? 28 : 20);
    const second =
      note === undefined
        ? NOTHING
        : html`<text class="note" x="${middle}" y="${top + 17}" text-anchor="middle">${capped(oneLine(note), MAX_WORDS)}</text>`;
    return html`<g><title>${full}</title><rect class="box" x="${MARGIN + x}" y="${MARGIN + y}" width="${BOX.width}" height="${BOX.height}" rx="6"/><text class="name" x="${middle}" y="${top}" text-anchor="middle">${capped(oneLine(title), MAX_WORDS)}</text>${second}</g>`;
  });
  return html`<div class="plot" tabindex="0" role="group" aria-labelledby="${id}-title"><svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-words">
<desc id="${id}-words">${words.join('. ')}</desc>
${lines}${boxes}</svg></div>`;
}

/** Each column is centred on the tallest. */
function placesOf(columns: readonly number[]): { x: number; y: number }[] {
  const heights = new Map<number, number>();
  const rows = columns.map((column) => {
    const row = heights.get(column) ?? 0;
    heights.set(column, row + 1);
    return row;
  });
  const tallest = Math.max(...heights.values());
  const step = BOX.height + GAP.y;
  return columns.map((column, index) => ({
    x: column * (BOX.width + GAP.x),
    y: (rows[index]! + (tallest - heights.get(column)!) / 2) * step,
  }));
}
