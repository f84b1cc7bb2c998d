import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { inferContract, planChecks, readContract } from '@rastro/contract';
import { afterAll, expect, test } from 'vitest';
import { createDuckDbEngine } from '../src/index.ts';

const real = process.env.RASTRO_REAL ?? resolve(fileURLToPath(import.meta.url), '../../../../../shared/real');
const isHere = existsSync(real);
if (!isHere && process.env.RASTRO_REQUIRE_REAL === '1') throw new Error(`there is no real data in ${real}`);
if (!isHere) console.warn(`skipped: there is no real data in ${real}`);

const folder = mkdtempSync(join(tmpdir(), 'rastro-infer-'));
const engine = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function infer(path: string): Promise<string> {
  const profile = await engine.profile({ files: [path], format: 'csv' });
  return inferContract(profile, { name: 'data', source: { path: 'data.csv' } });
}

async function broken(contract: string, path: string): Promise<string[]> {
  const files = [{ absolute: path, path: 'data.csv' }];
  const { rules } = await engine.check(planChecks(readContract(contract, 'c.yaml'), { files }));
  return rules.filter(({ status }) => status === 'fail' || status === 'warn').map(({ id }) => id);
}

test
  .runIf(isHere)
  .each([
    'dirty/titanic_ge.csv',
    'dirty/airports.csv',
    'dirty/diamonds.csv',
    'binary-adult/test.csv',
    'multiclass-penguins/penguins_full.csv',
    'drift-california/reference.csv',
  ])('%s keeps the contract that is inferred from it', async (name) => {
  const path = join(real, name);
  const contract = await infer(path);
  expect(await broken(contract, path), contract).toEqual([]);
});

test('an inferred contract says what a person would say', async () => {
  const rows = Array.from({ length: 40 }, (_, index) =>
    [
      `AB-${1000 + index}`,
      `user${index}@example.org`,
      ['red', 'green', 'blue'][index % 3],
      index % 8 === 0 ? '' : 18 + index,
      (index * 2.5).toFixed(2),
      `2024-01-${String((index % 28) + 1).padStart(2, '0')}`,
      index % 2 === 0,
      `Some text, number ${index}`,
    ]
      .map((value) => `"${value}"`)
      .join(','),
  );
  const path = join(folder, 'shop.csv');
  writeFileSync(path, `order id,email,colour,age,amount,day,gift,note\n${rows.join('\n')}\n`);
  const contract = await infer(path);
  expect(contract).toBe(`# Inferred from 40 rows. Read it, and make it the promise that you mean.
name: data
version: 1.0.0
source:
  path: data.csv
fields:
  # no value missing; 40 distinct values; at most 7 characters.
  - name: order id
    type: string
    required: true
    pattern: "[A-Z]{2}-[0-9]{4}"
  # no value missing; 40 distinct values; at most 18 characters; these look like email addresses.
  - name: email
    type: string
    required: true
    format: email
    sensitive: true
  # no value missing; 3 distinct values; at most 5 characters.
  - name: colour
    type: string
    required: true
    enum: [blue, green, red]
  # 5 of 40 values missing; 35 distinct values; from 19 to 57.
  - name: age
    type: integer
    nulls: { fail: 0.2 }
    minimum: 15
    maximum: 61
  # no value missing; 40 distinct values; from 0 to 97.5.
  - name: amount
    type: number
    required: true
    minimum: 0
    maximum: 110
  # no value missing; 28 distinct values; from 2024-01-01 to 2024-01-28.
  - name: day
    type: date
    required: true
  # no value missing; 2 distinct values.
  - name: gift
    type: boolean
    required: true
  # no value missing; 40 distinct values; at most 20 characters.
  - name: note
    type: string
    required: true
    trimmed: true
# 40 distinct values in 40 rows, none missing.
primaryKey: order id
`);
  expect(await broken(contract, path)).toEqual([]);
});

test('what values mean shows in how they are written', async () => {
  const rows = Array.from({ length: 40 }, (_, index) => [
    `A${index * 7}`,
    String(index * 37).padStart(5, '0'),
    `1234567890123456789${index + 10}`,
    `${index + 1},${String(index).padStart(3, '0')}.5`,
    `https://example.org/${index}`,
    ['DE', 'FR', 'IT', 'ES', 'PL', 'CZ', 'AT', 'BE', 'NL', 'DK', 'SE', 'FI', 'NO', 'PT'][index % 14],
    -170 + index * 8.7,
    `${(index % 12) + 1}/${(index % 28) + 1}/2024`,
    1900 + index * 3,
    5000 + index * 1000,
  ]);
  const path = join(folder, 'written.csv');
  const header = 'name,zip,account,price,page,country,longitude,day,year,customer_id';
  writeFileSync(path, `${header}\n${rows.map((row) => `"${row.join('","')}"`).join('\n')}\n`);
  const contract = await infer(path);
  const { fields, primaryKey } = readContract(contract, 'c.yaml').value;
  const said = fields.map(({ name, type, groupChar, format, pattern, minimum, maximum }) =>
    [name, type, groupChar, format, pattern, minimum, maximum].filter((each) => each !== undefined),
  );
  expect(said).toEqual([
    ['name', 'string', '[A-Z]+[0-9]+'],
    ['zip', 'string', '[0-9]{5}'],
    ['account', 'string', '[0-9]{21}'],
    ['price', 'number', ',', 0, 44000],
    ['page', 'string', 'uri'],
    ['country', 'string', '[A-Z]{2}'],
    ['longitude', 'number', -180, 180],
    ['day', 'string', '[0-9]+/[0-9]+/[0-9]+'],
    ['year', 'integer', 1880, 2030],
    ['customer_id', 'integer', 0],
  ]);
  expect(primaryKey).toBe('customer_id');
  expect(await broken(contract, path)).toEqual([]);
});

test('numbers with a decimal comma are numbers', async () => {
  const rows = Array.from({ length: 30 }, (_, row) => `${row};${row}.000,${row};${row},500;${row}`);
  const path = join(folder, 'komma.csv');
  writeFileSync(path, `a;b;c;d\n${rows.join('\n')}\n`);
  const contract = await infer(path);
  const said = readContract(contract, 'c.yaml').value.fields.map(({ type, decimalChar, groupChar }) => [
    type,
    decimalChar,
    groupChar,
  ]);
  expect(said).toEqual([
    ['integer', '.', undefined],
    ['number', ',', '.'],
    ['number', ',', undefined],
    ['integer', '.', undefined],
  ]);
  expect(await broken(contract, path)).toEqual([]);
});

test('a key is what tells rows apart by its name or place, not words or measurements that happen to differ', async () => {
  const key = async (header: string, line: (row: number) => string) => {
    const path = join(folder, 'keys.csv');
    writeFileSync(path, `${header}\n${Array.from({ length: 30 }, (_, row) => line(row)).join('\n')}\n`);
    return readContract(await infer(path), 'c.yaml').value.primaryKey;
  };
  const day = (row: number) => `2024-01-${String(row + 1).padStart(2, '0')}`;
  expect(await key('first_name,age', (row) => `${'abcdefghij'[row % 10]}${row}x,${row % 7}`)).toBeUndefined();
  expect(await key('income,age', (row) => `${row * row * 100},${row % 7}`)).toBeUndefined();
  expect(await key('row,age', (row) => `${row},${row % 7}`)).toBe('row');
  expect(await key('day,age', (row) => `${day(row)},${row % 7}`)).toBe('day');
  expect(await key('age,userId', (row) => `${row % 7},${row * 50}`)).toBe('userId');
});

test('two or three columns are a key where none is alone, and that is not chance', async () => {
  const inferred = async (header: string, rows: readonly string[]) => {
    const path = join(folder, 'composite.csv');
    writeFileSync(path, `${header}\n${rows.join('\n')}\n`);
    const contract = await infer(path);
    expect(await broken(contract, path), contract).toEqual([]);
    return { key: readContract(contract, 'c.yaml').value.primaryKey, contract };
  };
  const of = (count: number, line: (row: number) => string) =>
    Array.from({ length: count }, (_, row) => line(row));
  const day = (row: number) => `2024-01-${String((row % 28) + 1).padStart(2, '0')}`;
  const visits = await inferred(
    'store_id,amount,day',
    of(280, (row) => `${Math.floor(row / 28)},${row % 13},${day(row)}`),
  );
  expect(visits.key).toEqual(['store_id', 'day']);
  expect(visits.contract).toContain(
    '# Together 280 distinct values in 280 rows, none missing; alone: store_id 10, day 28.\n',
  );
  const { key } = await inferred(
    'country,year,people',
    of(60, (row) => `${['at', 'be', 'ch'][row % 3]},${2000 + Math.floor(row / 3)},${row % 7}`),
  );
  expect(key).toEqual(['country', 'year']);
  const lines = of(240, (row) => `${row % 4},${Math.floor(row / 4) % 5},${day(Math.floor(row / 20))},x`);
  expect((await inferred('shop_id,till_no,date,word', lines)).key).toEqual(['shop_id', 'till_no', 'date']);
  expect((await inferred('shop_id,till_no,date,word', [...lines, lines[0]!])).key).toBeUndefined();
  // Measurements, and pairs so rare that no two would be equal anyway.
  const measured = of(200, (row) => `${row % 10},${Math.floor(row / 10)},${(row * 7919) % 199}`);
  expect((await inferred('height,weight,score', measured)).key).toBeUndefined();
  const rare = of(200, (row) => `${(row * 7919) % 150},${(row * 104729) % 149}`);
  expect((await inferred('a_id,b_id', rare)).key).toBeUndefined();
});

test('personal data that the contract does not speak of is told', async () => {
  const rows = ['ana@x.org', 'bo@y.com', 'cy@z.net', 'di@w.io', 'ed@v.de', 'flo@u.fr'];
  const path = join(folder, 'mails.csv');
  writeFileSync(path, `id,mail\n${rows.map((mail, index) => `${index},${mail}`).join('\n')}\n`);
  const contract = (more: string) => `fields: [{ name: id, type: integer }, { name: mail${more} }]`;
  expect(await broken(contract(''), path)).toEqual(['mail.privacy']);
  expect(await broken(contract(', sensitive: true'), path)).toEqual([]);
  expect(await broken(contract(', sensitive: allowed'), path)).toEqual([]);
});

test('an inferred contract has no bounds that it could not hold exactly', async () => {
  const path = join(folder, 'nanoseconds.csv');
  const rows = Array.from({ length: 40 }, (_, row) => `${1_700_000_000 + (row % 7)}000000001,${row % 3}`);
  writeFileSync(path, `stamp,kind\n${rows.join('\n')}\n`);
  const contract = await infer(path);
  expect(contract).not.toMatch(/m..imum: 1/);
  expect(await broken(contract, path)).toEqual([]);
});

test('an inferred contract holds no values of columns that look personal', async () => {
  const path = join(folder, 'phones.csv');
  const rows = Array.from({ length: 40 }, (_, row) => `${4155550100 + row * 7},${row % 3}`);
  writeFileSync(path, `phone,kind\n${rows.join('\n')}\n`);
  const contract = await infer(path);
  expect(contract).toMatch(/phone\n[^-]*sensitive: true/);
  expect(contract).not.toContain('41555');
  expect(await broken(contract, path)).toEqual([]);
});

test('how a file is written is found out', async () => {
  const rows = (line: (row: number) => string) =>
    Array.from({ length: 30 }, (_, row) => `${line(row)}\n`).join('');
  const dialect = async (bytes: string | Buffer, format: 'csv' | 'tsv' = 'csv') => {
    const path = join(folder, `dialect.${format}`);
    writeFileSync(path, bytes);
    return (await engine.profile({ files: [path], format })).dialect;
  };
  expect(await dialect(`a,b\n${rows((row) => `${row},"x;y;z"`)}`)).toEqual({});
  expect(await dialect(`a;b\n${rows((row) => `${row};1,5`)}`)).toEqual({ delimiter: ';' });
  expect(await dialect(`a|b\n${rows((row) => `${row}|NA`)}`)).toEqual({ delimiter: '|' });
  expect(await dialect(`a\tb\n${rows((row) => `${row}\tx`)}`)).toEqual({ delimiter: '\t' });
  expect(await dialect(`a\tb\n${rows((row) => `${row}\tx`)}`, 'tsv')).toEqual({});
  expect(await dialect(rows((row) => `${row},x`))).toEqual({ header: false });
  expect(await dialect(`a,b\n${rows((row) => `${row % 3 ? row : 'NA'},x`)}`)).toEqual({
    missingValues: ['', 'NA'],
  });
  expect(await dialect(`# made by hand; twice\n#\na,b\n${rows((row) => `${row},x`)}`)).toEqual({
    comment: '#',
  });
  expect(await dialect(`#id,b\n${rows((row) => `${row},x`)}`)).toEqual({});
  expect(await dialect(rows((row) => `${row}, x, ${row}, ?`))).toEqual({
    header: false,
    trim: true,
    missingValues: ['', '?'],
  });
  expect(await dialect(`country,2019,2020,2021\n${rows((row) => `c${row},1,2,3`)}`)).toEqual({});
  expect(await dialect(gzipSync(`a;b\n${rows((row) => `${row};1`)}`))).toEqual({ delimiter: ';' });
  expect(await dialect(Buffer.from(`a,b\n${rows((row) => `${row},é`)}`, 'latin1'))).toEqual({
    encoding: 'windows-1252',
  });
  const utf16 = Buffer.from(`a;b\n${rows((row) => `${row};é`)}`, 'utf16le');
  expect(await dialect(utf16)).toEqual({ encoding: 'utf-16le', delimiter: ';' });
  expect(await dialect(Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]))).toEqual({
    encoding: 'utf-16',
    delimiter: ';',
  });
});
