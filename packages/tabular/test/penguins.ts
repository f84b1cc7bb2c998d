import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Column } from '../src/index.ts';
import { parted, type Table } from './table.ts';

const TEXTS = ['Species', 'Island', 'Sex'];
const NUMBERS = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'];

/** The Palmer penguins: 344 rows with texts, numbers and missing values of both. */
export function penguins(target: string): Table {
  const file = resolve(import.meta.dirname, '../node_modules/vega-datasets/data/penguins.json');
  const rows = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string | number | null>[];
  const columns: Column[] = [
    ...TEXTS.map((name) => ({ name, data: rows.map((row) => row[name] as string | null) })),
    ...NUMBERS.map((name) => ({
      name,
      data: Float64Array.from(rows, (row) => (row[name] as number | null) ?? Number.NaN),
    })),
  ];
  return parted(columns, target);
}

/** The rows whose target is there. */
export function known({ columns, target }: Table): Table {
  const keep = Array.from<string | number | null, boolean>(
    target.data,
    (value) => value !== null && !Number.isNaN(value),
  );
  const pick = ({ name, data }: Column): Column => ({
    name,
    data:
      data instanceof Float64Array ? data.filter((_, row) => keep[row]) : data.filter((_, row) => keep[row]),
  });
  return { columns: columns.map(pick), target: pick(target) };
}
