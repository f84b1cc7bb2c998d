/**
 * JSON with two-space indentation whose small lists stand on one line, so that a matrix reads as one and a line-based
 * difference shows the row that moved. Keys in the order of the object; a newline at the end.
 */
export function canonicalJson(value: unknown): string {
  return `${show(value, '')}\n`;
}

function show(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object' || item === null)) return inline(value);
    return `[\n${value.map((item) => deeper + show(item, deeper)).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, item]) => `${deeper}${JSON.stringify(key)}: ${show(item, deeper)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function inline(items: readonly unknown[]): string {
  return `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;
}
