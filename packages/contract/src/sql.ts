/** A text as a SQL literal. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name as SQL takes it whatever is in it. */
export function name(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

/** `(a, b)` for a list of texts. */
export function texts(values: readonly string[]): string {
  return `(${values.map(text).join(', ')})`;
}

/** A number as a SQL literal of a double, so that no decimal arithmetic sneaks in. */
export function double(value: number): string {
  return `${value}`.includes('e') ? `${value}` : `${value}e0`;
}

/** All of these hold. */
export function all(conditions: readonly string[]): string {
  return conditions.length === 1 ? conditions[0]! : conditions.map((each) => `(${each})`).join(' AND ');
}

/** One of these holds. */
export function any(conditions: readonly string[]): string {
  return conditions.length === 1 ? conditions[0]! : conditions.map((each) => `(${each})`).join(' OR ');
}
