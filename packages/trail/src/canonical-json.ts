/**
 * JSON with one form per value: keys in code-unit order, two spaces, a newline at the end. Numbers as ECMAScript writes
 * them. @throws RangeError for a number that JSON cannot carry.
 */
export function canonicalJson(value: unknown): string {
  return `${JSON.stringify(sorted(value), undefined, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RangeError(`not a JSON number: ${value}`);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const out: Record<string, unknown> = Object.create(null);
  for (const [key, item] of entries) out[key] = sorted(item);
  return out;
}
