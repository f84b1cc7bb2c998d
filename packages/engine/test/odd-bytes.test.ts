import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { type CheckResult, type PlanRequest, planChecks, readContract } from '@rastro/contract';
import { InputError, showPlace } from '@rastro/fault';
import { afterAll, describe, expect, test } from 'vitest';
import { createDuckDbEngine } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'rastro-odd-bytes-'));
const engine = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
  return path;
}

function check(
  contract: string,
  paths: string | readonly string[],
  request: Partial<PlanRequest> = {},
): Promise<CheckResult> {
  const files = [paths].flat().map((path) => ({ absolute: join(folder, path), path }));
  return engine.check(planChecks(readContract(contract, 'c.yaml'), { files, ...request }));
}

/** The places of every rule that is broken: `file:line` where there are several files. */
const broken = (result: CheckResult) =>
  Object.fromEntries(
    result.rules
      .filter(({ status }) => status === 'fail' || status === 'warn')
      .map(({ id, offenders }) => [
        id,
        offenders.map(({ file, line, row }) => (result.files.length > 1 ? `${file}:${line ?? row}` : line)),
      ]),
  );

async function refusal(contract: string, path: string): Promise<string> {
  try {
    await check(contract, path);
    return 'judged';
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.faults
      .map(({ code, message, place }) => `${code} ${showPlace(place!)} ${message}`)
      .join('\n');
  }
}

const AB = 'fields: [{ name: a }, { name: b, type: integer }]';

const wide = (text: string, { isBig = false } = {}) => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};

describe('the encoding', () => {
  const table = 'a,b\né😀,1\nz,q\n';

  test.each([
    ['utf-16', wide(`\ufeff${table}`)],
    ['utf-16', wide(`\ufeff${table}`, { isBig: true })],
    ['utf-16', wide(table)],
    ['utf-16', wide(table, { isBig: true })],
    ['utf-16be', wide(table, { isBig: true })],
    ['utf-8', Buffer.from(`\ufeff${table}`)],
  ])('%s is read as it is declared, with a mark and without', async (encoding, bytes) => {
    const path = write('encoded.csv', bytes);
    const contract = `source: { encoding: ${encoding} }\nfields: [{ name: a, maxLength: 2 }, { name: b, type: integer }]`;
    expect(broken(await check(contract, path))).toEqual({ 'b.type': [3] });
  });

  test.each([
    ['UTF-16 that is not declared', '', wide(table), 1, 'is UTF-16'],
    ['UTF-16 of the other order', 'utf-16le', wide(table, { isBig: true }), 1, 'is utf-16be'],
    ['UTF-8 that is declared as UTF-16', 'utf-16', Buffer.from(table), 1, 'is not utf-16'],
    [
      'UTF-8 with a mark that is declared as latin-1',
      'latin-1',
      Buffer.from(`\ufeff${table}`),
      1,
      'is UTF-8',
    ],
    ['half a character', 'utf-16', wide('a,b\nx,1\n\ud800,2\n'), 3, 'is not valid UTF-16'],
    [
      'an odd number of bytes',
      'utf-16',
      Buffer.concat([wide('a,b\nx,1\n'), Buffer.from('z')]),
      3,
      'is not valid UTF-16',
    ],
  ])('is refused at its line where it is not what is declared: %s', async (_, encoding, bytes, line, why) => {
    const contract = `${encoding === '' ? '' : `source: { encoding: ${encoding} }`}\n${AB}`;
    expect(await refusal(contract, write('other.csv', bytes))).toContain(
      `data-encoding other.csv:${line} other.csv ${why}`,
    );
  });
});

describe('what is no text', () => {
  test.each([
    ['a ZIP archive', Buffer.from('PK\x03\x04\x14\0\x06\0', 'latin1')],
    ['zstd', Buffer.from('28b52ffd00112233', 'hex')],
    ['bzip2', Buffer.from('BZh91AY&SY\x01\x02', 'latin1')],
    ['SQLite', Buffer.from('SQLite format 3\0')],
    ['a Parquet file', Buffer.from('PAR1\x15\0')],
    ['a web page', Buffer.from('\n<!DOCTYPE html>\n<p>not found</p>')],
  ])('%s is refused by its name', async (what, bytes) => {
    expect(await refusal(AB, write('x.csv', bytes))).toMatch(new RegExp(`^data-format x.csv:1 .*${what}`));
  });

  test('a text may begin with the letters that such a file begins with', async () => {
    expect(
      broken(
        await check('fields: [{ name: ORC }, { name: b, type: integer }]', write('orc.csv', 'ORC,b\n1,x\n')),
      ),
    ).toEqual({
      'b.type': [2],
    });
  });
});

describe('a file that is compressed with gzip', () => {
  test('is judged by the lines that it has unpacked', async () => {
    const text = 'a,b\n"x\ny",1\n\nz,q\n';
    expect(broken(await check(AB, write('packed.csv.gz', gzipSync(text))))).toEqual({ 'b.type': [5] });
    expect(broken(await check(AB, write('packed.csv', gzipSync(text))))).toEqual({ 'b.type': [5] });
    const lines = gzipSync('{"a":"x","b":1}\n{"a":"x","b":"q"}\n');
    expect(broken(await check(AB, write('packed.jsonl.gz', lines)))).toEqual({ 'b.type': [2] });
  });

  test('may have several parts, and another encoding', async () => {
    const parts = Buffer.concat([gzipSync('a,b\nx,1\n'), gzipSync('z,q\n')]);
    expect(broken(await check(AB, write('parts.csv.gz', parts)))).toEqual({ 'b.type': [3] });
    const contract = `source: { encoding: utf-16 }\n${AB}`;
    expect(broken(await check(contract, write('wide.csv.gz', gzipSync(wide('a,b\nz,q\n')))))).toEqual({
      'b.type': [2],
    });
  });

  test('is refused when it ends too early', async () => {
    const cut = gzipSync('a,b\nx,1\n'.repeat(100)).subarray(0, -12);
    expect(await refusal(AB, write('cut.csv.gz', cut))).toMatch(/^data-compressed cut.csv.gz /);
  });
});

describe('a header that is not found', () => {
  test.each([
    ['a;b\nx;1\n', 'set source.delimiter to ";"'],
    ['"a"\t"b"\nx\t1\n', String.raw`set source.delimiter to "\t"`],
    ['# by hand\na,b\nx,1\n', 'set source.comment to "#"'],
    ['sep=;\na;b\n', 'hint for a spreadsheet'],
    ['x,1\ny,2\n', 'set "header: false"'],
  ])('%j says what to change', async (text, hint) => {
    const result = await check(AB, write('header.csv', text));
    expect(result.rules.find(({ id }) => id === 'structure.header')?.offenders[0]?.note).toContain(hint);
  });

  test('is told on its line, and column by column where only letter case differs', async () => {
    const contract = `source: { comment: "#" }\nextraColumns: forbid\n${AB}`;
    expect(broken(await check(contract, write('case.csv', '# by hand\n\nA,B\nx,1\n')))).toEqual({
      'a.column': [3],
      'b.column': [3],
      extraColumns: [3, 3],
    });
  });
});

describe('JSON', () => {
  test('what the engine cannot read is told by line', async () => {
    const text =
      '{"a":"x","b":1}\n{"a":"\\ud800","b":1}\n{"a":"\\ud83d\\ude00","b":2}\n[1]\n{"a":"x","b":"q"}\n';
    const result = await check(AB, write('half.jsonl', text));
    expect(broken(result)).toEqual({ 'structure.json': [2, 4], 'b.type': [5] });
  });

  test('a number that no double holds is none', async () => {
    const text = '{"a":1e400}\n{"a":-1e400}\n{"a":1e300}\n';
    expect(broken(await check('fields: [{ name: a, type: number }]', write('huge.jsonl', text)))).toEqual({
      'a.type': [1, 2],
    });
  });

  test('an array is judged as it is written, by line', async () => {
    const text = `[
  {"a": "],{\\"", "b": 9007199254740993},
  {
    "a": "x", "b": "q"
  }, {"a": "y", "b": 1, "b": 2},
  7,
  {"a": {"b": [1, 2]}, "b": 3}
]
`;
    const contract =
      'fields: [{ name: a, type: any }, { name: b, type: integer, maximum: 9007199254740992 }]';
    expect(broken(await check(contract, write('array.json', text)))).toEqual({
      'structure.json': [5, 6],
      'b.type': [3],
      'b.range': [2],
    });
  });

  test.each([
    ['{"a": 1}\n', 1, 'format: jsonl'],
    ['[{"a": 1},\n{"a": 2}', 2, 'ends before'],
    ['[{"a": 1}]\n\n[]', 3, 'goes on after'],
    ['[{"a": 1},,\n]', 1, 'nothing between'],
  ])('%j is refused at its line', async (text, line, why) => {
    const path = write('broken.json', text);
    const error = await check(AB, path).catch((error: unknown) => error as InputError);
    const [fault] = (error as InputError).faults;
    expect(`${fault!.message} ${fault!.next}`).toContain(why);
    expect(fault!.place).toMatchObject({ file: path, line });
  });
});

test.each(['csv', 'jsonl'])('a bound of 19 digits is kept to the last one: %s', async (format) => {
  const values = ['1699999999999999999', '1700000000000000000', '1700000000000000001'];
  const text = format === 'csv' ? ['a', ...values].join('\n') : values.map((a) => `{"a":${a}}`).join('\n');
  const path = write(`nanoseconds.${format}`, `${text}\n`);
  const first = format === 'csv' ? 2 : 1;
  const bound = (key: string) => `fields: [{ name: a, type: integer, ${key}: 1700000000000000000 }]`;
  expect(broken(await check(bound('maximum'), path))).toEqual({ 'a.range': [first + 2] });
  expect(broken(await check(bound('exclusiveMinimum'), path))).toEqual({ 'a.range': [first, first + 1] });
});

describe('many files', () => {
  test('a column that one of them lacks is judged in the others', async () => {
    const contract = `
fields: [{ name: a, required: true }, { name: b, type: integer, minimum: 0, required: true }]
rules: [{ name: has-b, check: b is not null }]`;
    const paths = [
      write('1.csv', 'a,b\nx,1\ny,\n'),
      write('2.csv', 'a\nx\n""\n'),
      write('3.csv', 'b,a\n-1,z\n'),
    ];
    expect(broken(await check(contract, paths))).toEqual({
      'b.column': ['2.csv:1'],
      'a.required': ['2.csv:3'],
      'b.required': ['1.csv:3'],
      'b.range': ['3.csv:2'],
      'rules.has-b': ['1.csv:3'],
    });
  });

  test('folders such as year=2024 are columns for the fields that files do not have themselves', async () => {
    const contract = `
fields: [{ name: a, type: integer }, { name: year, type: integer, minimum: 2024 }, { name: part, required: true }]
rules: [{ name: late, check: a < 9 or year = 2025 }]`;
    const paths = [
      write('year=2023/part=x/a.csv', 'a\n1\nq\n'),
      write('year=2025/part=__HIVE_DEFAULT_PARTITION__/a.csv', 'a\n9\n'),
    ];
    expect(broken(await check(contract, paths))).toEqual({
      'a.type': ['year=2023/part=x/a.csv:3'],
      'year.range': ['year=2023/part=x/a.csv:2', 'year=2023/part=x/a.csv:3'],
      'part.required': ['year=2025/part=__HIVE_DEFAULT_PARTITION__/a.csv:2'],
    });
  });

  test('Parquet files may store numbers in different widths', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const paths: string[] = [];
    for (const [index, row] of [
      '1::INTEGER a, 1.5::DECIMAL(5,1) b, 1::UBIGINT c',
      '2::BIGINT a, 2::INTEGER b, 18446744073709551615::UBIGINT c',
      "2.5::DOUBLE a, 'inf'::FLOAT b, 3::INTEGER c",
    ].entries()) {
      const path = `widths-${index}.parquet`;
      await connection.run(`COPY (SELECT ${row}) TO '${join(folder, path)}' (FORMAT parquet)`);
      paths.push(path);
    }
    connection.closeSync();
    instance.closeSync();
    const contract =
      'fields: [{ name: a, type: integer }, { name: b, type: number }, { name: c, type: integer, maximum: 9 }]';
    expect(broken(await check(contract, paths))).toEqual({
      'a.type': ['widths-2.parquet:1'],
      'b.type': ['widths-2.parquet:1'],
      'c.range': ['widths-1.parquet:1'],
    });
  });
});

describe('values', () => {
  test.each(['\x01', '\x1f', 'n', '|', ' '])('may be separated by %j', async (mark) => {
    const rows = [
      ['a', 'b'],
      ['"x"', '1'],
      ['', '2'],
      ['y', 'z'],
    ].map((row) => row.join(mark));
    const contract = `source: { delimiter: ${JSON.stringify(mark)}, missingValues: [] }\n${AB}`;
    expect(broken(await check(contract, write('marks.csv', `${rows.join('\n')}\n`)))).toEqual({
      'b.type': [4],
    });
  });

  test('may be missing by a text that has the delimiter or a quote in it', async () => {
    const contract = String.raw`source: { missingValues: ["", "n, a", "\"\""] }
fields: [{ name: a, required: true }, { name: b, type: integer, required: true }]`;
    const text = 'a,b\nx,1\n"n, a",2\n"",3\nx,\nx,"n, a"\nx,4\n';
    expect(broken(await check(contract, write('missing.csv', text)))).toEqual({
      'a.required': [3, 4],
      'b.required': [5, 6],
    });
  });

  test('a foreign key points at values that are read as strictly as those that point', async () => {
    const path = write('orders.csv', 'a\n1\n2\n3\n1000\n');
    const other = write('ids.csv', 'id\n" 1"\n2.5\n0x3\n"1.000"\n');
    const references = [{ files: [{ absolute: join(folder, other), path: other }] }];
    const contract = (more = '') =>
      `fields: [{ name: a, type: integer }]\nforeignKeys: [{ fields: a, reference: { path: ids.csv, fields: id${more} } }]`;
    expect(broken(await check(contract(), path, { references }))).toEqual({ 'foreignKeys.0': [2, 3, 4, 5] });
    const its = readContract(
      'source: { trim: true }\nfields: [{ name: id, type: integer, groupChar: ".", decimalChar: "," }]',
      'ids.yaml',
    ).value;
    expect(
      broken(await check(contract(), path, { references: [{ ...references[0]!, contract: its }] })),
    ).toEqual({
      'foreignKeys.0': [3, 4],
    });
  });

  test('white space at the end of a text is what Unicode says it is', async () => {
    const path = write('space.csv', 'a\nx\n x\nx\u00a0\n\u3000x\n"x\n"\nx y\n\u2009x\n');
    expect(broken(await check('fields: [{ name: a, trimmed: true }]', path))).toEqual({
      'a.trimmed': [3, 4, 5, 6, 9],
    });
  });

  test('an integer of more than 64 bits is told to be one', async () => {
    const result = await check(
      'fields: [{ name: a, type: integer }]',
      write('ids.csv', 'a\n99999999999999999999\nx\n'),
    );
    const notes = result.rules
      .find(({ id }) => id === 'a.type')!
      .offenders.map(({ line, note }) => [line, note?.split(' ').at(-1)]);
    expect(notes).toEqual([
      [2, 'string'],
      [3, undefined],
    ]);
  });
});
