import type { FieldType } from './schema.ts';

interface Seen {
  readonly type: FieldType;
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
}

/** What cannot be larger or smaller by what it is. */
const LIMITS: readonly (readonly [name: RegExp, lowest: number, highest: number])[] = [
  [/(^|[_\W])lat(itude)?$/i, -90, 90],
  [/(^|[_\W])(lon|lng|long)(gitude|itude)?$/i, -180, 180],
  [/percent|pct/i, 0, 100],
];

/** The range of a column with room for a tenth of its width on both sides, in round numbers. Shares stay within 0 and 1. */
export function rangeOf({ type, name, minimum, maximum }: Seen): { minimum: number; maximum: number } {
  if (minimum >= 0 && maximum <= 1) return { minimum: 0, maximum: 1 };
  const slack = (maximum - minimum) * 0.1;
  const low = minimum >= 0 && minimum - slack < 0 ? 0 : -roundAbove(-minimum, slack, type);
  const high = maximum <= 0 && maximum + slack > 0 ? 0 : roundAbove(maximum, slack, type);
  const limit = LIMITS.find(
    ([pattern, lowest, highest]) => pattern.test(name) && minimum >= lowest && maximum <= highest,
  );
  if (!limit) return { minimum: low, maximum: high };
  return { minimum: Math.max(low, limit[1]), maximum: Math.min(high, limit[2]) };
}

/** The roundest number that is between one and two slacks above. */
function roundAbove(value: number, slack: number, type: FieldType): number {
  const least = value + slack;
  const finest = type === 'integer' ? 0 : Math.floor(Math.log10(slack)) - 1;
  const coarsest = Math.ceil(Math.log10(Math.max(Math.abs(least), slack))) + 1;
  for (let power = coarsest; power > finest; power--) {
    const round = ceiling(least, power);
    if (round <= value + 2 * slack) return round;
  }
  return ceiling(least, finest);
}

function ceiling(value: number, power: number): number {
  const unit = 10 ** power;
  return Number((Math.ceil(value / unit) * unit).toPrecision(12)) + 0;
}
