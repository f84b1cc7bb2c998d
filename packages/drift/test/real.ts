import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = process.env.RASTRO_REAL ?? path.join(root, '../shared/real');

/** Whether the real data is there. Required runs must have it. */
const hasReal = existsSync(folder);
if (!hasReal && process.env.RASTRO_REQUIRE_REAL === '1') throw new Error(`no real test data at ${folder}`);
if (!hasReal) console.warn(`skipped: no real test data at ${folder}`);

/** The cells of a plain CSV file, by column. */
export function realCsv(file: string): (column: string) => string[] {
  const [header, ...lines] = readFileSync(path.join(folder, file), 'utf8').trimEnd().split(/\r?\n/);
  const cells = lines.map((line) => line.split(','));
  return (column) => {
    const at = header!.split(',').indexOf(column);
    if (at < 0) throw new Error(`${file} has no column ${column}`);
    return cells.map((row) => row[at]!);
  };
}

// biome-ignore lint/suspicious/noExplicitAny: each oracle has its own shape
export function realOracle(name: string): any {
  return JSON.parse(readFileSync(path.join(folder, 'oracles', name), 'utf8'));
}

/** Tests on the real data. Where it is absent their setup does not run either. */
export function describeReal(name: string, tests: () => void): void {
  if (hasReal) describe(name, tests);
  else describe.skip(name, () => test('on the real data', () => {}));
}
