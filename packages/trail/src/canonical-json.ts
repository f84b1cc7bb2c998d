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

/**
 * Whether a text is the one form of the value that was parsed from it. As native code writes it again, the order of keys is all
 * that is left to check, so that a long trail is read fast.
 */
export function isCanonicalJson(text: string, value: unknown): boolean {
  const canonical = JSON.stringify(value, undefined, 2);
  // Compared in place: a text with a newline added would be copied first.
  const isSame = text.length === canonical.length + 1 && text.endsWith('\n') && text.startsWith(canonical);
  return isSame && isSorted(value);
}

function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    // Keys that are array indices come first and by their number in any object, and so they do in the canonical form.
    if (before !== undefined && before > key && !isIndex(before)) return false;
    // A schema would take it for the prototype and drop it.
    if (key === '__proto__' || !isSorted((value as Record<string, unknown>)[key])) return false;
    before = key;
  }
  return true;
}

const isIndex = (key: string) => /^(0|[1-9][0-9]*)$/.test(key) && Number(key) < 2 ** 32 - 1;
