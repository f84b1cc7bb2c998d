import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { planChecks, readContract } from '@rastro/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPlan } from '../src/duckdb/check.ts';
import { columnTests, provenChecks } from '../src/duckdb/column-tests.ts';
import { openFile } from '../src/duckdb/opened-file.ts';
import { Session } from '../src/duckdb/session.ts';

const folder = mkdtempSync(join(tmpdir(), 'rastro-extremes-'));
const absolute = join(folder, 'data.parquet');
let session: Session;
beforeAll(async () => {
  session = new Session((await DuckDBInstance.create(':memory:', { threads: '2' })).connect());
  await session.run("SET TimeZone = 'UTC'");
});
afterAll(async () => {
  await session.close();
  rmSync(folder, { recursive: true, force: true });
});

const CONTRACT = `
fields:
  - { name: whole, type: integer, required: true, minimum: 0, exclusiveMaximum: 10 }
  - { name: real, type: number, required: true, minimum: -1, maximum: 1.5 }
  - { name: day, type: date, required: true, minimum: "2024-01-01" }
  - { name: seen, type: datetime, required: true, maximum: "2025-01-01T00:00:00Z" }
  - { name: flag, type: boolean, required: true }
  - { name: name, required: true, minLength: 1 }
`;

/** What is proven of a file with one row beside a sound one, and the checks that the whole says are broken. */
async function askOf(odd: Record<string, string> = {}) {
  const sound = {
    whole: '1::BIGINT',
    real: '1.5::DOUBLE',
    day: "DATE '2024-01-01'",
    seen: "TIMESTAMP '2024-06-01'",
    flag: 'true',
    name: "'a'",
  };
  const select = (row: Record<string, string>) =>
    `SELECT ${Object.entries(row)
      .map(([name, value]) => `${value} AS ${name}`)
      .join(', ')}`;
  await session.run(`COPY (${select(sound)} UNION ALL ${select({ ...sound, ...odd })}) TO '${absolute}'`);
  const files = [{ absolute, path: 'data.parquet' }];
  const plan = planChecks(readContract(CONTRACT, 'c.yaml'), { files });
  const options = { ...plan.source, limit: 1, tests: columnTests(plan) };
  const opened = await openFile(session, files[0]!, options, { folder, always: false });
  const { rules } = await checkPlan(session, plan, { tempDirectory: folder });
  return {
    proven: [...provenChecks(plan, [opened])].map((index) => plan.checks[index]!.id),
    broken: rules.filter(({ status }) => status === 'fail').map(({ id }) => id),
  };
}

const PROVABLE = [
  ...['whole.required', 'whole.type', 'whole.range', 'real.required', 'real.range'],
  ...['day.required', 'day.type', 'day.range', 'seen.required', 'seen.type', 'seen.range', 'flag.type'],
];

test('counts and extremes prove that numbers, days and times are there, of their type and in their range', async () => {
  expect(await askOf()).toEqual({ proven: PROVABLE, broken: [] });
});

test.each([
  [{ whole: 'NULL' }, ['whole.required']],
  [{ whole: '-1' }, ['whole.range']],
  [{ whole: '10' }, ['whole.range']],
  [{ real: '1.6' }, ['real.range']],
  [{ real: "'inf'::DOUBLE" }, ['real.type']],
  [{ real: "'nan'::DOUBLE" }, ['real.type']],
  [{ day: "DATE '2023-12-31'" }, ['day.range']],
  [{ day: "'infinity'::DATE" }, ['day.type']],
  [{ seen: "'-infinity'::TIMESTAMP" }, ['seen.type']],
  [{ seen: "TIMESTAMP '2025-01-01 00:00:01'" }, ['seen.range']],
  [{ flag: 'NULL', name: "''" }, ['flag.required', 'name.required']],
])('and nothing that a row breaks: %o', async (odd, broken) => {
  const asked = await askOf(odd);
  expect(asked.broken).toEqual(broken);
  expect(asked.proven.filter((id) => broken.includes(id))).toEqual([]);
  // One value that is not finite says nothing of the others.
  expect(asked.proven.length).toBeGreaterThanOrEqual(PROVABLE.length - 2);
});
