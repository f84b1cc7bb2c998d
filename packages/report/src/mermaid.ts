import { drawablePoints, extent, valueAt, yRange } from './figures.ts';
import { drawableGraph } from './graph.ts';
import type { Chart, Graph } from './model.ts';
import { capped, oneLine } from './plain-text.ts';

/** Told apart by people who see colours differently, and seen on white as on near black. The words name them in the legend. */
const PALETTE = [
  { hex: '#3b82c4', word: 'blue' },
  { hex: '#d55e00', word: 'orange' },
  { hex: '#009e73', word: 'green' },
  { hex: '#b0589b', word: 'purple' },
] as const;

const MAX_COLUMNS = 41;

/**
 * A chart as the source of a Mermaid `xychart-beta`, with a legend that names the colour of each series; undefined when
 * Mermaid cannot draw it truly (too many series, numbers it cannot read).
 *
 * Mermaid spaces the values of a line evenly, so a line over numbers is read off at even steps.
 */
export function mermaidChart(
  chart: Chart,
): { source: string; legend: { name: string; color: string }[] } | undefined {
  const series = chart.series.map(({ name, points }) => ({ name, points: drawablePoints(points) }));
  const xs = extent(series.flatMap(({ points }) => points.map(([x]) => x)));
  const [low, high] = yRange(chart);
  // Mermaid draws the bars of several series over each other.
  const most = chart.type === 'bar' ? 1 : PALETTE.length;
  if (!xs || series.length > most || series.some(({ points }) => points.length === 0)) return;
  if (![...xs, low, high].every(isDrawable) || high - low < 1e-4) return;

  const categories = chart.x.categories;
  const steps = categories ? categories.map((_, index) => index) : evenSteps(xs, series);
  // A line through one point is not seen.
  if (steps.length < (chart.type === 'line' ? 2 : 1) || steps.length > MAX_COLUMNS) return;
  const labels = categories?.map((category) => quoted(category, 24)) ?? [];
  // Mermaid puts everything of one label in one place.
  if (new Set(labels).size < labels.length) return;
  const axis = categories ? `[${labels.join(', ')}]` : range(xs);
  const rows = series.map(({ points }) =>
    categories
      ? steps.map((x) => points.find(([px]) => px === x)?.[1])
      : steps.map((x) => valueAt(points, x)),
  );
  // A bar or point that is not there cannot be told to Mermaid: zero would be a lie.
  if (rows.some((row) => row.some((value) => value === undefined || !isDrawable(value)))) return;

  const digits = digitsWithin([low, high]);
  const used = PALETTE.slice(0, series.length);
  const palette = used.map(({ hex }) => hex).join(', ');
  const source = [
    `%%{init: {"xyChart": {"width": 640, "height": 360}, "themeVariables": {"xyChart": {"backgroundColor": "transparent", "plotColorPalette": "${palette}"}}}}%%`,
    'xychart-beta',
    `  title ${quoted(chart.title, 60)}`,
    `  x-axis ${quoted(chart.x.title, 40)} ${axis}`,
    `  y-axis ${quoted(chart.y.title, 40)} ${range([low, high])}`,
    ...rows.map((row) => `  ${chart.type} [${row.map((value) => decimal(value!, digits)).join(', ')}]`),
  ].join('\n');
  return { source, legend: series.map(({ name }, index) => ({ name, color: used[index]!.word })) };
}

/** A graph as the source of a Mermaid flowchart, from left to right; undefined when its edges form a circle. */
export function mermaidGraph(graph: Graph): string | undefined {
  const { nodes, edges, columns } = drawableGraph(graph);
  if (!columns) return undefined;
  return [
    'flowchart LR',
    ...nodes.map(({ title, note }, index) => {
      const words = quoted(note === undefined ? title : `${title}, ${note}`, 80);
      return `  n${index}[${words}]`;
    }),
    ...edges.map(([from, to]) => `  n${from} --> n${to}`),
  ].join('\n');
}

/** The places of the points when they are even already; else as many as show the course of a curve. */
function evenSteps(
  [first, last]: readonly [number, number],
  series: readonly { points: readonly (readonly [number, number])[] }[],
): number[] {
  if (first === last) return [first];
  const own = series[0]!.points.map(([x]) => x);
  const even = (count: number) =>
    Array.from({ length: count }, (_, index) => first + ((last - first) * index) / (count - 1));
  const step = (last - first) / (own.length - 1);
  const isEven = even(own.length).every((x, index) => Math.abs(x - own[index]!) < step * 1e-6);
  return isEven && own.length <= MAX_COLUMNS ? own : even(MAX_COLUMNS);
}

/** Mermaid reads plain decimals only: no exponents. */
function isDrawable(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) < 1e12;
}

function decimal(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

function range(ends: readonly [number, number]): string {
  return ends.map((end) => decimal(end, digitsWithin(ends))).join(' --> ');
}

/** As many decimals as a picture can show between two ends: a ten-thousandth of the way, and never so many that Mermaid is lost. */
function digitsWithin([low, high]: readonly [number, number]): number {
  return Math.min(6, Math.max(0, 4 - Math.floor(Math.log10(high - low || 1))));
}

/** A title that cannot leave its quotes: only letters, digits and a few harmless marks stay. Mermaid refuses an empty one. */
function quoted(text: string, max: number): string {
  const safe = oneLine(text).replaceAll(/[^\p{L}\p{M}\p{N} .,:()/'+=_-]/gu, ' ');
  return `"${capped(oneLine(safe), max) || '-'}"`;
}
