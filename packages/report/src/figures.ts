import type { Chart } from './model.ts';

const ONE_DECIMAL_BELOW = 1e15;

/** A number for people: up to four significant decimals, no exponent for ordinary sizes. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= ONE_DECIMAL_BELOW)) return value.toExponential(2);
  if (size >= 1000 || Number.isInteger(value)) return String(Math.round(value * 10) / 10);
  return String(Number(value.toPrecision(4)));
}

type Point = readonly [number, number];

/** The points of a series that can be drawn, from left to right. */
export function drawablePoints(points: readonly Point[]): Point[] {
  return points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)).toSorted((a, b) => a[0] - b[0]);
}

/** The least and the greatest of some numbers; `undefined` for none. */
export function extent(values: Iterable<number>): readonly [number, number] | undefined {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return least <= greatest ? [least, greatest] : undefined;
}

/** The range of an axis: what the chart asks for, else what the data span (bars from zero), never of no width. */
export function yRange(chart: Chart): readonly [number, number] {
  const values = chart.series.flatMap(({ points }) => drawablePoints(points).map(([, y]) => y));
  const [least, greatest] = extent(chart.type === 'bar' ? [0, ...values] : values) ?? [0, 1];
  const low = chart.y.min ?? least;
  const high = chart.y.max ?? greatest;
  if (high > low) return [low, high];
  const pad = Math.abs(low) * 0.1 || 1;
  return [low - pad, low + pad];
}

/** The value of a series at `x`, on the straight line between its neighbours; the nearest end's value outside. */
export function valueAt(points: readonly Point[], x: number): number {
  const after = points.findIndex(([px]) => px >= x);
  if (after === -1) return points.at(-1)![1];
  const [x1, y1] = points[after]!;
  if (after === 0 || x1 === x) return y1;
  const [x0, y0] = points[after - 1]!;
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

const BARS = '▁▂▃▄▅▆▇█';

/** A line of numbers as eight heights of block; the last `max` of them. */
export function sparkline(values: readonly number[], max = 40): string {
  const shown = values.filter(Number.isFinite).slice(-max);
  const range = extent(shown);
  if (!range) return '';
  const [low, high] = range;
  return shown
    .map((value) => BARS[high === low ? 3 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))])
    .join('');
}

/**
 * What a series says in words, so that no one has to see the picture: its own summary, else its first and last value and its range.
 */
export function seriesInWords({
  points,
  summary,
}: {
  readonly points: readonly Point[];
  readonly summary?: string | undefined;
}): string {
  if (summary !== undefined) return summary;
  const drawn = drawablePoints(points);
  const range = extent(drawn.map(([, y]) => y));
  if (!range) return 'no values';
  const [first, last] = [drawn[0]![1], drawn.at(-1)![1]];
  if (drawn.length === 1) return showNumber(first);
  const course = `${showNumber(first)} → ${showNumber(last)}`;
  const [low, high] = range;
  const inside = low < Math.min(first, last) || high > Math.max(first, last);
  return inside ? `${course}, between ${showNumber(low)} and ${showNumber(high)}` : course;
}
