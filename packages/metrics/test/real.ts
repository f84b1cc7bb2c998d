import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = process.env.RASTRO_REAL ?? path.join(root, '../shared/real');

/** Whether the real data is there. Required runs must have it. */
const hasReal = existsSync(folder);
if (!hasReal && process.env.RASTRO_REQUIRE_REAL === '1') throw new Error(`no real test data at ${folder}`);
if (!hasReal) console.warn(`skipped: no real test data at ${folder}`);

/** Tests on the real data. Where it is absent their setup does not run either. */
export function describeReal(name: string, tests: () => void): void {
  if (hasReal) describe(name, tests);
  else describe.skip(name, () => test('on the real data', () => {}));
}

export interface Csv {
  numbers(column: string): Float64Array;
  texts(column: string): string[];
}

/** A plain CSV file without quoted fields. An empty number is NaN. */
export function realCsv(file: string): Csv {
  const [header, ...lines] = readFileSync(path.join(folder, file), 'utf8').trimEnd().split(/\r?\n/);
  const names = header!.split(',');
  const cells = lines.map((line) => line.split(','));
  const texts = (column: string) => {
    const at = names.indexOf(column);
    if (at < 0) throw new Error(`${file} has no column ${column}`);
    return cells.map((row) => row[at]!.trim());
  };
  return {
    texts,
    numbers: (column) =>
      Float64Array.from(texts(column), (cell) => (cell === '' ? Number.NaN : Number(cell))),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: each oracle has its own shape
export function realOracle(name: string): any {
  return JSON.parse(readFileSync(path.join(folder, 'oracles', name), 'utf8'));
}

/** `columns` side by side, row-major. */
export function rowMajor(columns: readonly Float64Array[]): Float64Array {
  const rows = columns[0]!.length;
  return Float64Array.from({ length: rows * columns.length }, (_, i) => {
    return columns[i % columns.length]![Math.floor(i / columns.length)]!;
  });
}
