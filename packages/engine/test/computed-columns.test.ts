import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@rastro/fault';
import type { ColumnData, DataEngine } from '@rastro/usecases';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDuckDbEngine, loadDuckDb } from '../src/index.ts';

let engine: DataEngine;
let folder: string;

beforeEach(async () => {
  engine = createDuckDbEngine({ load: loadDuckDb });
  folder = await mkdtemp(join(tmpdir(), 'rastro-computed-'));
});
afterEach(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

async function read(sql: string, as: 'number' | 'string'): Promise<ColumnData> {
  const path = join(folder, 'people.csv');
  await writeFile(path, 'age,city of birth\n17,Rio\n40,\n,Recife\n');
  const source = { files: [path], format: 'csv' as const };
  for await (const batch of engine.read(source, [{ name: 'computed', as, sql }])) return batch.columns[0]!;
  throw new Error('no rows');
}

test('a column may be an expression on typed columns, row by row', async () => {
  expect([...(await read('age >= 18', 'number'))]).toEqual([0, 1, Number.NaN]);
  expect(await read('upper("city of birth")', 'string')).toEqual(['RIO', null, 'RECIFE']);
});

test('rows keep their order beside an expression and under a condition', async () => {
  const rows = 50_000;
  const path = join(folder, 'many.csv');
  const value = (row: number) => (row * 7919) % 1009;
  await writeFile(
    path,
    `n,v\n${Array.from({ length: rows }, (_, row) => `${row},${value(row)}`).join('\n')}\n`,
  );
  const source = { files: [path], format: 'csv' as const };
  const even = { name: 'even', as: 'number' as const, sql: 'v % 2 = 0' };
  const gathered = async (where?: string) => {
    const numbers: number[] = [];
    for await (const { columns } of engine.read(
      source,
      [{ name: 'n', as: 'number' }, even],
      where === undefined ? {} : { where },
    )) {
      const [n, flag] = columns as Float64Array[];
      numbers.push(...n!);
      expect(n!.every((row, at) => flag![at] === Number(value(row) % 2 === 0))).toBe(true);
    }
    return numbers;
  };
  const all = Array.from({ length: rows }, (_, row) => row);
  expect(await gathered()).toEqual(all);
  expect(await gathered('v < 500')).toEqual(all.filter((row) => value(row) < 500));
});

test('an expression over all rows is refused', async () => {
  await expect(read('avg(age)', 'number')).rejects.toThrow(/"avg\(age\)" cannot be asked/);
});

test('an expression that cannot be asked is refused in its own words', async () => {
  await expect(read('aeg > 18', 'number')).rejects.toThrow(/"aeg > 18" cannot be asked: .*aeg/);
});

test('aggregates over columns in memory, whole and with parts left out', async () => {
  const columns = [
    { name: 'truth', values: ['yes', 'no', 'yes', null] },
    { name: 'cost', values: Float64Array.of(1, 2, 3, Number.NaN) },
  ];
  const [sum, share, nothing] = await engine.aggregate(
    columns,
    ['sum(cost)', "avg((truth = 'yes')::int)", 'sum(cost) / 0'],
    { leaveOut: 2 },
  );
  expect(sum).toEqual({ value: 6, without: [2, 4] });
  expect(share!.value).toBeCloseTo(2 / 3, 15);
  expect(nothing!.value).toBeNull();
});

test('more rows than a chunk takes are all counted', async () => {
  const values = Float64Array.from({ length: 10_001 }, (_, row) => row);
  const [sum] = await engine.aggregate([{ name: 'x', values }], ['sum(x)'], { leaveOut: 0 });
  expect(sum).toEqual({ value: (10_000 * 10_001) / 2, without: [] });
});

test.each(['summ(cost)', 'cost', 'sum(cost); drop table judged', "'a'"])('%s is refused', async (sql) => {
  const columns = [{ name: 'cost', values: Float64Array.of(1, 2) }];
  await expect(engine.aggregate(columns, [sql], { leaveOut: 0 })).rejects.toThrow(InputError);
});
