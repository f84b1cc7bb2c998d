import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { realPart } from '@rastro/testkit';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { contractFromOdcs, odcsFromContract, readContract } from '../src/index.ts';

const root = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'rastro-odcs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONTRACT = `name: orders
version: 2.1.0
description: One row for each order.
owner: The shop
source: { path: "data/*.csv", delimiter: ";", missingValues: ["", "NA"] }
fields:
  - { name: id, title: Number, description: Of the order, type: integer, required: true, minimum: 1, maximum: 9999 }
  - { name: line, type: integer, exclusiveMinimum: 0 }
  - { name: mail, format: email, maxLength: 60, sensitive: true, nulls: { warn: 0.01, fail: 0.25 } }
  - { name: code, pattern: "[A-Z]{2}-[0-9]{3}", unique: true, trimmed: true }
  - { name: plan, enum: [basic, plus], severity: warning, tolerance: 0.1 }
  - { name: price, type: number, decimalChar: ",", groupChar: ".", statistics: { mean: { minimum: 1, maximum: 2 } } }
  - { name: day, type: date, minimum: "2020-01-01" }
  - { name: at, type: datetime, maximum: "2030-01-01T00:00:00Z" }
  - { name: hour, type: time }
  - { name: paid, type: boolean, trueValues: [yes], falseValues: [no] }
  - { name: rest, type: any }
primaryKey: [line, id]
foreignKeys: [{ fields: id, reference: { path: x.csv, fields: id } }]
extraColumns: forbid
rows: { minimum: 1, maximum: 100, maxDecrease: 0.5, unique: true }
rules:
  - { name: sane, check: "line > 0 or price < 1", description: Is sane, severity: warning, tolerance: 0.05 }
freshness: { field: day, maxAge: 7d }
`;

test('what a contract says comes back from the Open Data Contract Standard', () => {
  const { value } = readContract(CONTRACT, 'contracts/orders.yaml');
  const { text } = odcsFromContract(value, 'orders');
  const back = contractFromOdcs(text, 'orders.odcs.yaml');
  expect(back.lost).toEqual([]);
  expect(readContract(back.text, 'c.yaml').value).toEqual(value);
});

test('what other programs find in it is said in the words of the standard', () => {
  const { value } = readContract(CONTRACT, 'contracts/orders.yaml');
  const [table] = parse(odcsFromContract(value, 'orders').text).schema;
  const property = (wanted: string) => table.properties.find(({ name }: { name: string }) => name === wanted);
  expect(property('id')).toMatchObject({
    logicalType: 'integer',
    logicalTypeOptions: { minimum: 1, maximum: 9999 },
    required: true,
    primaryKeyPosition: 2,
  });
  expect(property('plan').quality[0]).toMatchObject({
    metric: 'invalidValues',
    arguments: { validValues: ['basic', 'plus'] },
    mustBe: 0,
  });
  expect(property('mail')).toMatchObject({
    classification: 'sensitive',
    logicalTypeOptions: { maxLength: 60 },
  });
  expect(table.quality[0]).toMatchObject({ metric: 'rowCount', mustBeBetween: [1, 100] });
  expect(table.quality[1]).toMatchObject({
    type: 'sql',
    query: 'SELECT count(*) FROM {object} WHERE NOT (line > 0 or price < 1)',
  });
});

test('what cannot be said in a contract is told', () => {
  const { text, lost } = contractFromOdcs(
    `apiVersion: v3.0.2
kind: DataContract
id: a
version: v1
status: draft
schema:
  - name: people
    properties:
      - name: id
        physicalType: BIGINT
        quality: [{ rule: duplicateCount, mustBe: 0 }, { type: text, description: Be nice }]
      - { name: tags, logicalType: array }
      - { name: name, logicalType: string, logicalTypeOptions: { format: hostname, pattern: "[a-z]+" } }
    quality:
      - { type: sql, name: big, query: "SELECT max(id) FROM people", mustBeGreaterThan: 7 }
`,
    'a.yaml',
  );
  expect(readContract(text, 'c.yaml').value.fields).toMatchObject([
    { name: 'id', type: 'integer', unique: true },
    { name: 'tags', type: 'any' },
    { name: 'name', pattern: '[a-z]+' },
  ]);
  expect(lost.join('\n')).toMatch(/array[\s\S]*hostname/);
  expect(lost.join('\n')).toMatch(/Be nice/);
  expect(lost.join('\n')).toMatch(/SELECT max/);
});

test('of several tables one is to be named', () => {
  const text =
    'apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: x\nschema:\n  - { name: a, properties: [{ name: x }] }\n  - { name: b, properties: [{ name: y }] }\n';
  expect(() => contractFromOdcs(text, 'a.yaml')).toThrow(/several tables/);
  expect(contractFromOdcs(text, 'a.yaml', 'b').text).toContain('name: y');
  expect(() => contractFromOdcs(text.replace('v3.1.0', 'v2.2.0'), 'a.yaml')).toThrow(/version 3/);
});

const python = () =>
  realPart(
    'datacontract-cli',
    process.env.RASTRO_DATACONTRACT ?? join(root, '.cache/datacontract/bin/python'),
  );

test('what is exported passes the published schema and datacontract-cli', ({ skip }) => {
  const program = python() ?? skip();
  const file = join(folder, 'orders.odcs.yaml');
  const { text } = odcsFromContract(readContract(CONTRACT, 'c.yaml').value, 'orders');
  writeFileSync(file, text);
  const faults = execFileSync(program, [join(root, 'test/published-schema.py'), 'odcs-3.1.0'], {
    input: text,
    encoding: 'utf8',
  });
  expect(faults).toBe('');
  const said = execFileSync(join(dirname(program), 'datacontract'), ['lint', file], { encoding: 'utf8' });
  expect(said).toMatch(/valid|passed/i);

  const again = join(folder, 'again.odcs.yaml');
  execFileSync(join(dirname(program), 'datacontract'), ['export', 'odcs', file, '--output', again]);
  const { text: back } = contractFromOdcs(readFileSync(again, 'utf8'), again);
  expect(readContract(back, 'c.yaml').value).toEqual(readContract(CONTRACT, 'c.yaml').value);
});

test('what datacontract-cli writes is read', ({ skip }) => {
  const program = python() ?? skip();
  writeFileSync(
    join(folder, 'people.csv'),
    `id,name,born,score\n${Array.from({ length: 30 }, (_, index) => `${index},Name ${index},1990-01-${String((index % 28) + 1).padStart(2, '0')},${index / 4}`).join('\n')}\n`,
  );
  const written = join(folder, 'people.odcs.yaml');
  const args = ['import', 'csv', '--source', join(folder, 'people.csv'), '--output', written];
  execFileSync(join(dirname(program), 'datacontract'), args, { encoding: 'utf8', stdio: 'pipe' });
  const { text } = contractFromOdcs(readFileSync(written, 'utf8'), 'people.odcs.yaml');
  expect(readContract(text, 'c.yaml').value.fields).toMatchObject([
    { name: 'id', type: 'integer' },
    { name: 'name', type: 'string' },
    { name: 'born', type: 'date' },
    { name: 'score', type: 'number' },
  ]);
});
