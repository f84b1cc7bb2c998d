import { nice, ticks } from 'd3-array';
import { drawablePoints, extent, seriesInWords, showNumber, yRange } from './figures.ts';
import { html, type Markup, NOTHING } from './html-markup.ts';
import type { Chart } from './model.ts';
import { capped, oneLine } from './plain-text.ts';

/** One drawn series: its place in the legend decides colour and dashes. */
interface Line {
  readonly name: string;
  readonly summary?: string | undefined;
  readonly points: readonly (readonly [number, number])[];
}

/** Where data stand on the canvas. */
interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly low: number;
  readonly high: number;
}

const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 20;
const TOP = 14;
const BOTTOM = 54;
const MAX_SERIES = 6;
const MAX_MARKS = 40;
const MAX_VALUES = 12;
const MAX_DATA_ROWS = 200;

/**
 * A chart as a figure: inline SVG with its title and what it says in words, a legend, and the data as a table. Series differ by dashes
 * or filling besides colour.
 */
export function htmlChart(chart: Chart, id: string): Markup {
  const lines = chart.series
    .slice(0, MAX_SERIES)
    .map((series) => ({ ...series, points: drawablePoints(series.points) }));
  const words = chart.series.map((series) => `${series.name}: ${seriesInWords(series)}`).join('. ');
  return html`<figure class="chart"${plotData(lines, chart)}>
<figcaption id="${id}-title">${chart.title || 'Chart'}</figcaption>
${legend(lines, chart)}
<div class="plot" tabindex="0" role="group" aria-labelledby="${id}-title"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-words">
<desc id="${id}-words">${words}</desc>
${drawing(lines, chart)}</svg></div>
${dataTable(lines, chart)}
</figure>`;
}

/** Longer series are thinned out by the drawing itself; a page must not weigh what the data weigh. */
const MAX_PLOTTED = 2000;

/** What the script of the page draws anew for a pointer to explore; nothing for a chart that it cannot draw as truly. */
function plotData(lines: readonly Line[], chart: Chart): Markup {
  const isDrawn = chart.type === 'line' || lines.length === 1;
  if (!isDrawn || lines.every(({ points }) => points.length < 2)) return NOTHING;
  const data = {
    type: chart.type,
    x: chart.x.title,
    y: chart.y.title,
    min: chart.y.min,
    max: chart.y.max,
    categories: chart.x.categories?.map((category) => capped(oneLine(category), 12)),
    series: lines.map(({ name, points }) => ({
      name: capped(oneLine(name), 60),
      points: points.slice(0, MAX_PLOTTED),
    })),
  };
  return html` data-plot="${JSON.stringify(data)}"`;
}

function legend(lines: readonly Line[], chart: Chart): Markup {
  const left = chart.series.length - lines.length;
  const items = lines.map(
    (line, index) =>
      html`<li><svg class="key" viewBox="0 0 28 12" aria-hidden="true">${
        chart.type === 'bar'
          ? html`<rect class="bar s${index + 1}" x="4" y="1" width="20" height="10"/>`
          : html`<line class="line s${index + 1}" x1="0" y1="6" x2="28" y2="6"/>`
      }</svg>${line.name} <span class="muted">${seriesInWords(line)}</span></li>`,
  );
  const more = left === 0 ? NOTHING : html`<li class="muted">and ${left} more, not drawn</li>`;
  return html`<ul class="legend">${items}${more}</ul>`;
}

function drawing(lines: readonly Line[], chart: Chart): Markup {
  const frame = frameOf(lines, chart);
  const marks = lines.map((line, index) =>
    chart.type === 'bar' ? bars(line, index, lines.length, frame, chart) : curve(line, index, frame, chart),
  );
  return html`${grid(frame)}${xAxis(lines, frame, chart)}
<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${capped(oneLine(chart.x.title), 60)}</text>
<text class="axis" transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${capped(oneLine(chart.y.title), 40)}</text>
${marks}`;
}

function frameOf(lines: readonly Line[], chart: Chart): Frame {
  const [low, high] = drawnRange(chart);
  const [first, last] = xRange(lines, chart);
  return {
    x: (value) => LEFT + ((value - first) / (last - first)) * (WIDTH - LEFT - RIGHT),
    y: (value) => {
      const share = (Math.min(Math.max(value, low), high) - low) / (high - low);
      return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    },
    low,
    high,
  };
}

/** The range of the data, out to the next round numbers where the chart does not say otherwise. */
function drawnRange(chart: Chart): readonly [number, number] {
  const [low, high] = yRange(chart);
  const [roundLow, roundHigh] = nice(low, high, 5);
  return [chart.y.min ?? roundLow, chart.y.max ?? roundHigh];
}

/** Categories get half a step of air on both sides. */
function xRange(lines: readonly Line[], chart: Chart): readonly [number, number] {
  if (chart.x.categories) return [-0.5, Math.max(0.5, chart.x.categories.length - 0.5)];
  const [first, last] = extent(lines.flatMap(({ points }) => points.map(([x]) => x))) ?? [0, 1];
  const air = chart.type === 'bar' || first === last ? 0.5 : 0;
  return [first - air, last + air];
}

function grid({ y, low, high }: Frame): Markup {
  return html`${ticks(low, high, 5).map(
    (
      tick,
    ) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>
<text class="tick" x="${LEFT - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${showTick(tick)}</text>`,
  )}`;
}

function xAxis(lines: readonly Line[], { x }: Frame, chart: Chart): Markup {
  const categories = chart.x.categories;
  const [first, last] = xRange(lines, chart);
  const places = categories ? categories.map((_, index) => index) : ticks(first, last, 8);
  const every = Math.ceil(places.length / 10);
  const labels = places
    .filter((_, index) => index % every === 0)
    .map((place) => {
      const label = categories ? capped(oneLine(categories[place]!), 12) : showTick(place);
      return html`<text class="tick" x="${at(x(place))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label}</text>`;
    });
  const floor = HEIGHT - BOTTOM;
  return html`<line class="floor" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${floor}" y2="${floor}"/>${labels}`;
}

function curve({ name, points }: Line, index: number, { x, y }: Frame, chart: Chart): Markup {
  const path = points.map(([px, py], step) => `${step === 0 ? 'M' : 'L'}${at(x(px))} ${at(y(py))}`).join('');
  const marks =
    points.length > MAX_MARKS
      ? []
      : points.map(
          ([px, py]) =>
            html`<circle class="mark s${index + 1}" cx="${at(x(px))}" cy="${at(y(py))}" r="3.5"><title>${told(name, px, py, chart)}</title></circle>`,
        );
  return html`<path class="line s${index + 1}" d="${path}"/>${marks}`;
}

function bars(
  { name, points }: Line,
  index: number,
  of: number,
  { x, y, low, high }: Frame,
  chart: Chart,
): Markup {
  const band = Math.min(Math.abs(x(1) - x(0)) * 0.7, 120);
  const width = band / of;
  const ground = y(Math.min(Math.max(0, low), high));
  const showValues = points.length * of <= MAX_VALUES;
  return html`${points.map(([px, py]) => {
    const left = x(px) - band / 2 + index * width + 1;
    const top = Math.min(y(py), ground);
    const value = showValues
      ? html`<text class="tick" x="${at(left + width / 2 - 1)}" y="${at(top - 4)}" text-anchor="middle">${showNumber(py)}</text>`
      : NOTHING;
    return html`<rect class="bar s${index + 1}" x="${at(left)}" y="${at(top)}" width="${at(Math.max(1, width - 2))}" height="${at(Math.abs(y(py) - ground))}"><title>${told(name, px, py, chart)}</title></rect>${value}`;
  })}`;
}

function told(name: string, x: number, y: number, chart: Chart): string {
  return `${name}, ${chart.x.categories?.[x] ?? showNumber(x)}: ${showNumber(y)}`;
}

function dataTable(lines: readonly Line[], chart: Chart): Markup {
  const rows = lines.flatMap(({ name, points }) =>
    points.map(
      ([x, y]) =>
        html`<tr><th scope="row">${name}</th><td>${chart.x.categories?.[x] ?? showNumber(x)}</td><td class="right">${showNumber(y)}</td></tr>`,
    ),
  );
  const left = rows.length - MAX_DATA_ROWS;
  const more = left > 0 ? html`<p class="muted">and ${left} more points</p>` : NOTHING;
  return html`<details class="data"><summary>Data of this chart</summary>
<div class="scroll" tabindex="0" role="group" aria-label="Data of ${chart.title}"><table>
<caption class="unseen">${chart.title}</caption>
<thead><tr><th scope="col">Series</th><th scope="col">${chart.x.title || 'x'}</th><th scope="col" class="right">${chart.y.title || 'y'}</th></tr></thead>
<tbody>${rows.slice(0, MAX_DATA_ROWS)}</tbody></table></div>${more}</details>`;
}

/** All digits that tell one tick from the next, and none of what adding up leaves behind. */
function showTick(tick: number): string {
  return String(Number(tick.toPrecision(12)));
}

/** A coordinate to a tenth of a pixel. */
function at(value: number): number {
  return Math.round(value * 10) / 10;
}
