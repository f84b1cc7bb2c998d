import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CheckResult, planChecks, readContract } from '@rastro/contract';
import { isRastroError } from '@rastro/fault';
import { afterAll, describe, expect, test } from 'vitest';
import { createDuckDbEngine } from '../src/index.ts';

const root = resolve(fileURLToPath(import.meta.url), '../../../..');
const real = process.env.RASTRO_REAL ?? resolve(root, '../shared/real');
const folder = join(real, 'odd-csv');
const isHere = existsSync(folder);
if (!isHere && process.env.RASTRO_REQUIRE_REAL === '1') throw new Error(`there is no real data in ${real}`);
if (!isHere) console.warn(`skipped: there is no real data in ${real}`);

const engine = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
afterAll(() => engine.close());

function check(file: string, contract: string): Promise<CheckResult> {
  const plan = planChecks(readContract(contract, 'contracts/test.yaml'), {
    files: [{ absolute: join(folder, file), path: file }],
    limit: 100_000,
  });
  return engine.check(plan);
}

const named = (names: string, source = '') =>
  `${source}\nfields: [${names
    .split(' ')
    .map((name) => `{ name: ${name} }`)
    .join(', ')}]`;

const broken = (result: CheckResult) =>
  result.rules
    .filter(({ status }) => status === 'fail' || status === 'warn')
    .map(({ id, offenders }) => [id, ...offenders.flatMap(({ line }) => (line === undefined ? [] : [line]))]);

describe.runIf(isHere)('odd CSV files', () => {
  const oracle = isHere ? JSON.parse(readFileSync(join(real, 'oracles/odd-csv.json'), 'utf8')).files : {};

  test.each(Object.keys(oracle))(
    '%s is judged or refused with a reason, and its rows are all there',
    async (file) => {
      const { python_csv, delimiter_guess } = oracle[file];
      const header: string[] = python_csv.first_record ?? ['a'];
      const contract = `
source: { delimiter: ${JSON.stringify(delimiter_guess ?? ',')} }
extraColumns: allow
fields: [${[...new Set(header)].map((name) => `{ name: ${JSON.stringify(name)} }`).join(', ')}]`;
      const result = await check(file, contract);
      expect(result.rows).toBe(Math.max(0, python_csv.records_incl_header - 1));
      const faulty = broken(result);
      for (const rule of result.rules) {
        if (rule.status === 'fail')
          expect(rule.offenders.length, `${rule.id} without a place`).toBeGreaterThan(0);
      }
      const isOdd = /duplicate|empty\.csv|latin1|small_mix|mixed/.test(file);
      expect(faulty.length > 0).toBe(isOdd);
    },
  );

  test('the texts of the acid test come out as they should', async () => {
    for (const name of readdirSync(folder).filter((name) => name.endsWith('.expected.json'))) {
      const rows = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, string>[];
      const columns = Object.keys(rows[0]!);
      const source = {
        files: [join(folder, name.replace('.expected.json', '.csv'))],
        format: 'csv' as const,
      };
      const read: Record<string, unknown>[] = [];
      const wanted = columns.map((column) => ({ name: column, as: 'string' as const }));
      for await (const batch of engine.read(source, wanted)) {
        for (let row = 0; row < batch.rows; row++) {
          read.push(Object.fromEntries(columns.map((column, index) => [column, batch.columns[index]![row]])));
        }
      }
      expect(read, name).toEqual(rows);
    }
  });

  test('ragged rows are told by line, and the others are still judged', async () => {
    const file = 'duckdb__rejects__incorrect_columns__small_mix.csv';
    const result = await check(file, `fields: [{name: a}, {name: b}, {name: c}, {name: d, enum: ["5"]}]`);
    expect(result.rows).toBe(4);
    expect(broken(result)).toEqual([
      ['structure.field-count', 3, 4],
      ['d.enum', 2, 5],
    ]);
  });

  test('a repeated header name is told', async () => {
    const result = await check(
      'duckdb__auto__duplicate_header_columns.csv',
      `extraColumns: allow\n${named('a')}`,
    );
    expect(broken(result)).toEqual([['structure.header', 1]]);
  });

  test('a header that is a row is told', async () => {
    const file = 'duckdb__auto__semicolon_delim.csv';
    const result = await check(file, named('id code text', 'source: { delimiter: ";" }'));
    expect(result.rules.find(({ id }) => id === 'structure.header')!.offenders[0]!.note).toContain(
      'header: false',
    );
    const without = await check(file, named('id code text', 'source: { delimiter: ";", header: false }'));
    expect([without.verdict, without.rows]).toEqual(['pass', 3]);
  });

  test('latin-1 is read when it is declared, and told line by line when it is not', async () => {
    const file = 'duckdb__encodings__latin1.csv';
    const declared = await check(
      file,
      `source: { encoding: latin-1 }\nfields: [{ name: name, enum: [José Álvarez] }, { name: age, type: integer }]`,
    );
    expect(declared.rules.find(({ id }) => id === 'name.enum')!.count).toBe(11);
    const undeclared = await check(file, named('name age'));
    expect(undeclared.verdict).toBe('breach');
    expect(broken(undeclared)).toEqual([['structure.encoding', 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]]);
  });

  test('mixed line ends warn, and no row is lost', async () => {
    const result = await check('duckdb__mixed_new_line.csv', named('a b c', 'source: { header: false }'));
    expect([result.verdict, result.rows]).toEqual(['warn', 3]);
  });

  test('an empty file is a breach', async () => {
    const result = await check('duckdb__empty.csv', named('a'));
    expect(result.verdict).toBe('breach');
    expect(broken(result)).toEqual([['structure.empty']]);
  });

  test('thousands separators are numbers only where the contract says so', async () => {
    const file = 'duckdb__thousands_separator__multi_column_quote.csv';
    const field = (more: string) =>
      `fields: [{ name: name }, { name: money, type: number${more} }, { name: city }]`;
    expect(broken(await check(file, field('')))).toEqual([['money.type', 2, 3, 4]]);
    const grouped = await check(file, field(', groupChar: ",", minimum: 51'));
    expect(broken(grouped)).toEqual([['money.range', 5]]);
  });

  test('reading refuses what has no sound structure, at its line', async () => {
    const source = {
      files: [join(folder, 'duckdb__rejects__incorrect_columns__small_mix.csv')],
      format: 'csv' as const,
    };
    const error = await engine
      .read(source, [{ name: 'a', as: 'number' }])
      [Symbol.asyncIterator]()
      .next()
      .catch((e: unknown) => e);
    if (!isRastroError(error)) throw error;
    expect([error.code, error.faults[0].place?.line]).toEqual(['data-structure', 3]);
  });
});
