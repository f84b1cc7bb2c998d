import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type CheckResult, planChecks, readContract } from '@rastro/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPlan } from '../src/duckdb/check.ts';
import { Session } from '../src/duckdb/session.ts';

const folder = mkdtempSync(join(tmpdir(), 'rastro-keys-'));
let instance: DuckDBInstance;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '2' });
});
afterAll(() => {
  instance.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

const CONTRACT = `
fields: [{ name: a, type: number, unique: true }, { name: b }]
primaryKey: [a, b]
rows: { unique: true }
`;

async function check(
  path: string,
  contract: string,
  { room, on = instance }: { room?: number; on?: DuckDBInstance } = {},
): Promise<CheckResult> {
  const session = new Session(on.connect());
  try {
    const files = [{ absolute: path, path: 'data.csv' }];
    const plan = planChecks(readContract(contract, 'c.yaml'), { files, limit: 10_000 });
    return await checkPlan(session, plan, { tempDirectory: folder, ...(room === undefined ? {} : { room }) });
  } finally {
    await session.close();
  }
}

/** By rule, the lines of the rows that are told. */
function linesOf({ rules }: CheckResult): Record<string, (number | undefined)[]> {
  return Object.fromEntries(
    rules
      .filter(({ id }) => /unique$/.test(id))
      .map(({ id, offenders, count }) => {
        expect(offenders).toHaveLength(count);
        return [id, offenders.map(({ line }) => line)];
      }),
  );
}

/** Lines of the rows whose key came before, the header being line 1. A row without a key has none. */
function again<Row>(rows: readonly Row[], keyOf: (row: Row) => string | undefined): number[] {
  const seen = new Set<string>();
  return rows.flatMap((row, index) => {
    const key = keyOf(row);
    if (key === undefined) return [];
    if (seen.has(key)) return [index + 2];
    seen.add(key);
    return [];
  });
}

test('the rows whose key came before are told, however many there are and however little room', async () => {
  const numbers = fc.constantFrom('', '1', '01', '1.0', '1e0', '2', '-0', '0', '3', '4', '5');
  const rows = fc.array(fc.tuple(numbers, fc.constantFrom('', 'x', 'y', 'X', 'é')), {
    minLength: 5,
    maxLength: 14,
  });
  const path = join(folder, 'data.csv');
  let repeated = 0;
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom(8, 64, undefined), async (table, room) => {
      writeFileSync(path, ['a,b', ...table.map((row) => row.join(',')), ''].join('\n'));
      const lines = linesOf(await check(path, CONTRACT, room === undefined ? {} : { room }));
      const expected = {
        // The values of numbers are compared, of whole rows the texts.
        'a.unique': again(table, ([a]) => (a === '' ? undefined : `${Number(a) + 0}`)),
        'primaryKey.unique': again(table, ([a, b]) =>
          a === '' || b === '' ? undefined : `${Number(a) + 0} ${b}`,
        ),
        'rows.unique': again(table, (row) => row.join(',')),
      };
      repeated += expected['rows.unique'].length;
      expect(lines).toEqual(expected);
    }),
    { numRuns: 60 },
  );
  expect(repeated).toBeGreaterThan(0);
});

test('more keys that repeat than can be named are all told', async () => {
  const path = join(folder, 'many.csv');
  const rows = Array.from({ length: 6000 }, (_, row) => `${row % 4000},x`);
  writeFileSync(path, ['a,b', ...rows, ''].join('\n'));
  for (const room of [20_000, undefined]) {
    const lines = linesOf(await check(path, CONTRACT, room === undefined ? {} : { room }));
    const expected = Array.from({ length: 2000 }, (_, row) => row + 4002);
    expect(lines).toEqual({ 'a.unique': expected, 'primaryKey.unique': expected, 'rows.unique': expected });
  }
});

test('keys that are too many for the memory are told part by part', async () => {
  const path = join(folder, 'large.csv');
  // Each of them is there once more, at the end.
  const twice = 20_000;
  const key = (row: number) => `${row % 180_000}-${'long text '.repeat(12)}`;
  const rows = Array.from({ length: 180_000 + twice }, (_, row) => key(row));
  writeFileSync(path, ['b', ...rows, ''].join('\n'));
  const small = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '48MB',
    max_temp_directory_size: '0KiB',
  });
  try {
    const connection = await small.connect();
    const whole = `SELECT count(*) FROM (SELECT b FROM read_csv('${path}', columns = {'b': 'VARCHAR'}) GROUP BY b HAVING count(*) > 1)`;
    await expect(connection.runAndReadAll(whole)).rejects.toThrow(/^Out of Memory Error/);
    connection.closeSync();
    const contract = 'fields: [{ name: b, unique: true }]';
    const { rules } = await check(path, contract, { on: small });
    const { count, offenders } = rules.find(({ id }) => id === 'b.unique')!;
    expect({ count, first: offenders[0]?.line }).toEqual({ count: twice, first: 180_002 });
  } finally {
    small.closeSync();
  }
});
