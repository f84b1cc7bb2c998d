import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Column } from '../src/index.ts';

const REAL = process.env.RASTRO_REAL ?? resolve(import.meta.dirname, '../../../../shared/real');

/** Whether the shared real data is there. Where it must be, its absence is an error. */
export function hasRealData(): boolean {
  if (existsSync(REAL)) return true;
  if (process.env.RASTRO_REQUIRE_REAL === '1') throw new Error(`no real data at ${REAL}`);
  console.warn(`skipped: no real data at ${REAL}`);
  return false;
}

/** A table split into what to learn from and what to learn. */
export interface Table {
  readonly columns: Column[];
  readonly target: Column;
}

/** Reads a plain CSV file (no quotes) of the shared real data. Columns of numbers are numbers. */
export function realTable(path: string, target: string): Table {
  const [header, ...lines] = readFileSync(resolve(REAL, path), 'utf8').trim().split(/\r?\n/);
  const cells = lines.map((line) => line.split(','));
  const columns = header!.split(',').map((name, index) =>
    column(
      name,
      cells.map((row) => row[index]!),
    ),
  );
  return parted(columns, target);
}

export function parted(columns: readonly Column[], target: string): Table {
  return {
    columns: columns.filter(({ name }) => name !== target),
    target: columns.find(({ name }) => name === target)!,
  };
}

function column(name: string, texts: readonly string[]): Column {
  if (texts.every((text) => Number.isFinite(Number(text)))) {
    return { name, data: Float64Array.from(texts, (text) => (text === '' ? Number.NaN : Number(text))) };
  }
  return { name, data: texts.map((text) => (text === '' ? null : text)) };
}
