import { codedTexts, codeIn, type Texts } from './coded-texts.ts';
import { sortedLabels } from './labels.ts';

/**
 * A way to tell rows apart: by the values of a column, by ranges of a numeric one (`edges` are the inner borders, a
 * value on a border belongs above it; quartiles when left out), or by a condition worked out elsewhere.
 */
export type SliceSource =
  | { readonly column: string; readonly values: Texts }
  | { readonly column: string; readonly values: Float64Array; readonly edges?: readonly number[] | undefined }
  | { readonly column: string; readonly rows: Uint8Array };

/** The rows of one slice. `value` is "null" for rows without a value. */
export interface Slice {
  readonly column: string;
  readonly value: string;
  readonly rows: Uint32Array;
}

const MISSING = 'null';

/** The slices of a source, by value; numbers ascending. Every row of a column is in exactly one. */
export function slicesOf(source: SliceSource): Slice[] {
  const { column } = source;
  if ('rows' in source) {
    const rows = Uint32Array.from([...source.rows.keys()].filter((row) => source.rows[row] === 1));
    return [{ column, value: 'true', rows }];
  }
  const { values } = source;
  if (values instanceof Float64Array) {
    return rangeSlices(column, values, 'edges' in source ? source.edges : undefined);
  }
  return textSlices(column, values);
}

function textSlices(column: string, texts: Texts): Slice[] {
  const { codes, values } = codedTexts(texts);
  const known = new Map<string, number>();
  const nameOf = Uint32Array.from(values, (value) => codeIn(known, value ?? MISSING));
  const counts = new Uint32Array(known.size);
  for (let row = 0; row < codes.length; row++) counts[nameOf[codes[row]!]!]!++;
  const rowsOf = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (let row = 0; row < codes.length; row++) {
    const name = nameOf[codes[row]!]!;
    rowsOf[name]![counts[name]!++] = row;
  }
  return sortedLabels(known.keys())
    .map((value) => ({ column, value, rows: rowsOf[known.get(value)!]! }))
    .filter(({ rows }) => rows.length > 0);
}

function rangeSlices(column: string, values: Float64Array, given: readonly number[] | undefined): Slice[] {
  const edges = given ? [...given].sort((a, b) => a - b) : quartiles(values);
  const rowsOf = Array.from({ length: edges.length + 2 }, (): number[] => []);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const above = Number.isNaN(value) ? edges.length + 1 : edges.filter((edge) => value >= edge).length;
    rowsOf[above]!.push(row);
  }
  return rowsOf
    .map((rows, i) => ({ column, value: rangeName(edges, i), rows: Uint32Array.from(rows) }))
    .filter(({ rows }) => rows.length > 0);
}

function rangeName(edges: readonly number[], index: number): string {
  if (index > edges.length) return MISSING;
  const [from, to] = [edges[index - 1], edges[index]];
  if (from === undefined) return to === undefined ? 'any' : `< ${to}`;
  return to === undefined ? `>= ${from}` : `${from} to ${to}`;
}

function quartiles(values: Float64Array): number[] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return [];
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  return [...new Set([at(0.25), at(0.5), at(0.75)])];
}
