/** A text as a SQL literal. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** White space as Unicode has it, and Python's strip and JavaScript's trim take it away; as a SQL literal. */
export const WHITE_SPACE =
  "E' \\t\\n\\x0b\\x0c\\r\\x1c\\x1d\\x1e\\x1f" +
  "\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'";

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
