import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CheckResult,
  explainPlan,
  junitOf,
  markKnown,
  planChecks,
  readContract,
  sarifOf,
  verdictOf,
} from '@rastro/contract';
import { afterAll, expect, test } from 'vitest';
import { createDuckDbEngine } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'rastro-known-'));
const engine = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const CONTRACT = `
fields:
  - { name: id, type: integer, unique: true }
  - { name: age, type: integer, required: true, maximum: 70 }
rows: { minimum: 100 }
`;

let number = 0;
function check(text: string, limit?: number): Promise<CheckResult> {
  const absolute = join(folder, `${number++}.csv`);
  writeFileSync(absolute, text);
  const files = [{ absolute, path: 'data/a b.csv' }];
  return engine.check(
    planChecks(readContract(CONTRACT, 'contracts/a.yaml'), { files, ...(limit ? { limit } : {}) }),
  );
}

const fresh = (result: CheckResult) =>
  result.rules.flatMap((rule) =>
    rule.offenders.filter(({ known }) => known === false).map(({ line }) => [rule.id, line]),
  );

test('a row that moved is known, a row that came is new', async () => {
  const base = await check('id,age\n1,71\n2,\n3,20\n4,<&>\n');
  const head = await check('id,age\n9,30\n3,20\n1,71\n2,\n8,72\n4,<&>\n7,\n');
  const marked = markKnown({ head, base });
  expect(fresh(marked)).toEqual([
    ['age.required', 8],
    ['age.range', 6],
  ]);
  expect(marked.rules.find(({ id }) => id === 'rows.count')).toMatchObject({ count: 1, known: 1 });
  expect(verdictOf(marked.rules, 'new')).toBe('breach');
});

test('nothing new only warns, and never is never', async () => {
  const base = await check('id,age\n1,71\n2,\n');
  const head = await check('id,age\n2,\n5,50\n1,71\n');
  const { rules } = markKnown({ head, base });
  expect([verdictOf(rules, 'any'), verdictOf(rules, 'new'), verdictOf(rules, 'never')]).toEqual([
    'breach',
    'warn',
    'warn',
  ]);
});

test('where not every offender is told, counts are compared', async () => {
  const ages = (count: number) =>
    `id,age\n${Array.from({ length: count }, (_, index) => `${index},99`).join('\n')}\n`;
  const { rules } = markKnown({ head: await check(ages(12), 5), base: await check(ages(9), 5) });
  expect(rules.find(({ id }) => id === 'age.range')).toMatchObject({ count: 12, known: 9 });
});

test('breaches are written as SARIF', async () => {
  const log = JSON.parse(sarifOf([await check('id,age\n1,71\n1,x\n')], { version: '1.0.0' }));
  const { results, tool } = log.runs[0];
  expect(log.version).toBe('2.1.0');
  expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual([
    'id.unique',
    'age.type',
    'age.range',
    'rows.count',
  ]);
  expect(results.map((each: { ruleIndex: number }) => each.ruleIndex)).toEqual([0, 1, 2, 3]);
  expect(results[2]).toMatchObject({
    ruleId: 'age.range',
    level: 'error',
    message: { text: '"age": expected at most 70, found 71' },
    locations: [
      { physicalLocation: { artifactLocation: { uri: 'data/a%20b.csv' }, region: { startLine: 2 } } },
    ],
  });
  expect(results[3].locations[0].physicalLocation.artifactLocation.uri).toBe('contracts/a.yaml');
});

test('breaches are written as JUnit', async () => {
  const xml = junitOf([await check('id,age\n1,<&>\n')]);
  expect(xml).toContain('tests="8" failures="2"');
  expect(xml).toContain('data/a b.csv:2 &quot;age&quot;: expected an integer, found &lt;&amp;&gt;');
});

test('a plan can be read', () => {
  const files = [{ absolute: '/x/a.csv', path: 'a.csv' }];
  const text = explainPlan(planChecks(readContract(CONTRACT, 'contracts/a.yaml'), { files }));
  expect(text).toContain('Contract contracts/a.yaml over a.csv (csv).');
  expect(text).toContain('3. age.type: an integer (error)');
  expect(text).toContain('count_if(_v1 > 70) AS k4');
  expect(text).toMatch(/may also prove.*\n {2}id\.type, .*age\.range/);
});

test.each([
  ['parquet', /max\(_v1\) > 70\) AS d4/, /TRY_CAST|First the bytes/],
  ['jsonl', /json_type\(_f1\)/, /may also prove/],
] as const)('a plan over %s says how that is read', (format, there, absent) => {
  const files = [{ absolute: `/x/a.${format}`, path: `a.${format}` }];
  const text = explainPlan(planChecks(readContract(CONTRACT, 'contracts/a.yaml'), { files }));
  expect(text).toMatch(there);
  expect(text).not.toMatch(absent);
});
