import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type CheckResult, type PlanRequest, planChecks, readContract } from '@rastro/contract';
import { InputError, showPlace } from '@rastro/fault';
import type { ColumnRequest, TableSource } from '@rastro/usecases';
import { afterAll, describe, expect, test } from 'vitest';
import { createDuckDbEngine } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'rastro-engine-'));
const engine = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function writeParquet(name: string, query: string): Promise<string> {
  const path = join(folder, name);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return path;
}

function check(
  contract: string,
  paths: string | readonly string[],
  request: Partial<PlanRequest> = {},
): Promise<CheckResult> {
  const files = [paths].flat().map((absolute) => ({ absolute, path: absolute.slice(folder.length + 1) }));
  return engine.check(planChecks(readContract(contract, 'c.yaml'), { files, ...request }));
}

const broken = (result: CheckResult) =>
  Object.fromEntries(
    result.rules
      .filter(({ status }) => status === 'fail' || status === 'warn')
      .map(({ id, offenders }) => [id, offenders.map(({ line, row }) => line ?? row)]),
  );

async function faultsOf(work: () => Promise<unknown>): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.faults.map(({ code, place }) =>
      `${code} ${place ? showPlace(place).replace(`${folder}/`, '') : ''}`.trim(),
    );
  }
}

async function readAll(
  source: TableSource,
  columns: readonly ColumnRequest[],
  options = {},
): Promise<unknown[][]> {
  const all: unknown[][] = columns.map(() => []);
  for await (const batch of engine.read(source, columns, options)) {
    for (const [index, column] of batch.columns.entries()) all[index]!.push(...column);
  }
  return all;
}

const PEOPLE = `
fields:
  - { name: id, type: integer, required: true }
  - { name: score, type: number, maximum: 1 }
  - { name: born, type: date }
  - { name: ok, type: boolean }
  - { name: seen, type: datetime }
  - { name: name }
`;

describe('the same contract over every format', () => {
  test('JSON Lines: wrong types, null, missing keys and broken lines by physical line', async () => {
    const path = write(
      'people.jsonl',
      [
        '{"id": 1, "score": 0.5, "born": "2024-01-05", "ok": true, "seen": "2024-01-05T10:00:00Z", "name": "x"}',
        '',
        '{"id": "2", "score": "0.5", "born": 20240105, "ok": "true", "seen": "yesterday", "name": 5}',
        '{"id": 3.5, "score": 2}',
        '{"id": null}',
        '{"score": 1,',
        '[1]',
        '{"id": 9007199254740993, "born": null}',
      ].join('\n'),
    );
    const result = await check(PEOPLE, path);
    expect(result.rows).toBe(7);
    expect(broken(result)).toEqual({
      'structure.json': [6, 7],
      'id.required': [5],
      'id.type': [3, 4],
      'score.type': [3],
      'score.range': [4],
      'born.type': [3],
      'ok.type': [3],
      'seen.type': [3],
      'name.type': [3],
    });
  });

  test('a JSON array: by line', async () => {
    const path = write(
      'people.json',
      '[{"id": 1, "score": 2, "born": null, "ok": false, "seen": null, "name": "a"},\n{"id": "x"}]',
    );
    expect(broken(await check(PEOPLE, path))).toEqual({ 'id.type': [2], 'score.range': [1] });
  });

  test('Parquet: by row, with the types that the file has', async () => {
    const path = await writeParquet(
      'people.parquet',
      `SELECT * FROM (VALUES
        (1.0::DOUBLE, 0.5::FLOAT, DATE '2024-01-05', true, TIMESTAMP '2024-01-05 10:00', 'a'),
        (2.5, 1.5, NULL, NULL, NULL, ''),
        (NULL, 'nan'::FLOAT, DATE 'infinity', false, NULL, NULL)) t(id, score, born, ok, seen, name)`,
    );
    const result = await check(PEOPLE, path);
    expect(broken(result)).toEqual({
      'id.required': [3],
      'id.type': [2],
      'score.type': [3],
      'score.range': [2],
      'born.type': [3],
    });
  });

  test('Parquet with names that differ in letter case, or not at all', async () => {
    const path = await writeParquet('names.parquet', 'SELECT 1 AS qqq1, {x: 5} AS s, 2 AS qqq2');
    const named = (name: string) => {
      const bytes = readFileSync(path).toString('latin1').replaceAll('qqq2', name);
      return write(`named-${name}.parquet`, Buffer.from(bytes, 'latin1'));
    };
    const contract =
      'fields: [{ name: qqq1, type: integer }, { name: QQQ1, type: integer, maximum: 1 }, { name: s, type: any }]';
    expect(broken(await check(contract, named('QQQ1')))).toEqual({ 'QQQ1.range': [1] });
    const twice = await check(
      'fields: [{ name: qqq1, type: integer }, { name: s, type: any }]',
      named('qqq1'),
    );
    expect(twice.rules.find(({ id }) => id === 'structure.header')?.offenders[0]?.note).toBe(
      'two columns are named "qqq1"',
    );
  });

  test('Parquet with a text where a number is promised breaks in every row', async () => {
    const path = await writeParquet('texts.parquet', `SELECT '1' AS a FROM range(3)`);
    expect(broken(await check('fields: [{ name: a, type: integer }]', path))).toEqual({
      'a.type': [1, 2, 3],
    });
  });

  test('many files are one table, each with its own column order and lines', async () => {
    const paths = [write('part1.csv', 'a,b\n1,x\n2,y\n'), write('part2.csv', 'b,a\nz,2\nz,oops\n')];
    const result = await check(
      'fields: [{ name: a, type: integer, unique: true }, { name: b, enum: [x, y, z] }]',
      paths,
    );
    expect(result.files).toEqual([
      { path: 'part1.csv', rows: 2 },
      { path: 'part2.csv', rows: 2 },
    ]);
    const offenders = result.rules.flatMap((rule) =>
      rule.offenders.map(({ file, line, note }) => [rule.id, file, line, note]),
    );
    expect(offenders).toEqual([
      ['a.type', 'part2.csv', 3, undefined],
      ['a.unique', 'part2.csv', 2, 'first in part1.csv, line 3'],
    ]);
  });

  test('UTF-16 is read when it is declared and refused when it is not', async () => {
    const text = '\ufeffa,b\n1,é\nx,日本\n';
    const path = write('wide.csv', Buffer.from(text, 'utf16le'));
    const contract = (source: string) =>
      `${source}\nfields: [{ name: a, type: integer }, { name: b, enum: [é] }]`;
    expect(broken(await check(contract('source: { encoding: utf-16 }'), path))).toEqual({
      'a.type': [3],
      'b.enum': [3],
    });
    expect(await faultsOf(() => check(contract(''), path))).toEqual(['data-encoding wide.csv:1']);
  });
});

describe('structure', () => {
  const contract = 'fields: [{ name: a }, { name: b, type: integer }]';

  test.each([
    ['an unterminated quote', 'a,b\n1,2\n"x,3\n4,5\n', { 'structure.quotes': [3] }],
    ['text after a closing quote', 'a,b\n"x"y,3\nz,q\n', { 'structure.quotes': [2], 'b.type': [3] }],
    ['a NUL', 'a,b\nx\0,3\nz,q\n', { 'structure.nul': [2], 'b.type': [3] }],
    ['short and long rows', 'a,b\nx\ny,1,2\nz,q\n', { 'structure.field-count': [2, 3], 'b.type': [4] }],
    ['blank lines', 'a,b\n\nx,1\n\n\nz,q\n\n', { 'b.type': [6] }],
    ['old Macintosh line ends', 'a,b\rx,1\rz,q\r', { 'b.type': [3] }],
    ['mixed line ends', 'a,b\r\nx,1\nz,q\r\n', { 'structure.line-ends': [undefined], 'b.type': [3] }],
    ['quoted line ends of another kind', 'a,b\n"x\r\ny",1\n"z\r",q\n', { 'b.type': [4] }],
    ['a quote inside an unquoted field', 'a,b\n5" pipe,1\nz"",q\n', { 'b.type': [3] }],
    ['no line end at the end', 'a,b\nx,1\nz,q', { 'b.type': [3] }],
    ['white space around values', 'a,b\nx, 1\nz,1 \n', { 'b.type': [2, 3] }],
  ])('with %s no row is lost, and every other row is judged', async (name, text, expected) => {
    expect(broken(await check(contract, write(`${name.replaceAll(' ', '-')}.csv`, text)))).toEqual(expected);
  });

  test('a blank line is a row where there is one column', async () => {
    const result = await check(
      'fields: [{ name: a, required: true, unique: true }]',
      write('one.csv', 'a\nx\n\nx\n'),
    );
    expect([result.rows, broken(result)]).toEqual([3, { 'a.required': [3], 'a.unique': [4] }]);
  });

  test('a header may have line ends in it, and a record may be larger than the engine takes by itself', async () => {
    const long = 'é'.repeat(1_500_000);
    const path = write('long-record.csv', `"a\nb",c\nx,1\n"${long}",2\ny,z\n`);
    const result = await check(
      'fields: [{ name: "a\\nb", maxLength: 10 }, { name: c, type: integer }]',
      path,
    );
    expect([result.rows, broken(result)]).toEqual([3, { 'a\nb.length': [4], 'c.type': [5] }]);
  });

  test('many columns, and names that SQL would stumble over', async () => {
    const names = [
      'select',
      'A',
      'a',
      'x"y',
      "it's",
      ...Array.from({ length: 300 }, (_, index) => `c ${index}`),
    ];
    const row = names.map((_, index) => (index === 2 ? 'bad' : '1'));
    const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
    const fields = names.map((name) => `  - { name: ${JSON.stringify(name)}, type: integer }`).join('\n');
    const rules = `rules: [{ name: r, check: '"select" = 1 and "x""y" = 1' }]`;
    const result = await check(
      `fields:\n${fields}\n${rules}`,
      write('wide-names.csv', `${header}\n${row.join(',')}\n`),
    );
    expect(broken(result)).toEqual({ 'a.type': [2] });
  });

  test('a missing column is told once, with the nearest name', async () => {
    const result = await check(
      'fields: [{ name: age, type: integer, minimum: 0 }, { name: b }]',
      write('near.csv', 'agee,b\n-1,x\n'),
    );
    const missing = result.rules.find(({ id }) => id === 'age.column')!;
    expect(missing.offenders[0]!.note).toContain('"agee"');
    expect(result.rules.find(({ id }) => id === 'age.range')!.status).toBe('skipped');
    expect(result.verdict).toBe('breach');
  });

  test('a header alone is a table without rows', async () => {
    expect(await check(contract, write('header.csv', 'a,b\n'))).toMatchObject({ verdict: 'pass', rows: 0 });
  });

  test('what is no table is refused with its reason', async () => {
    const cases = {
      'gone.csv': undefined,
      'packed.csv': Buffer.from([0x1f, 0x8b, 8, 0]),
      'pointer.csv': 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
      'fake.parquet': 'a,b\n1,2\n',
      'object.json': '{"a": 1}',
    };
    for (const [name, content] of Object.entries(cases)) {
      const path = content === undefined ? join(folder, name) : write(name, content);
      const [fault] = await faultsOf(() => check(contract, path));
      expect(fault, name).toMatch(/^data-(missing|compressed|pointer|format|json) /);
    }
  });
});

describe('rules', () => {
  const path = () => write('rules.csv', 'a,b\n1,x\n0,y\n,z\n');
  const rule = (check: string) =>
    `fields: [{ name: a, type: integer }, { name: b }]\nrules:\n  - name: r\n    check: ${check}\n`;

  test('hold where they are true or cannot tell', async () => {
    expect(broken(await check(rule('a > 0'), path()))).toEqual({ 'rules.r': [3] });
  });

  test.each([
    ['that does not parse', 'a >', 'rule-syntax c.yaml:4:15'],
    ['with two expressions', 'a, b', 'rule-syntax c.yaml:4:12'],
    ['with a query', 'a > 0 from c', 'unknown-column c.yaml:4:23'],
    ['with a subquery', 'a in (select 1)', 'rule-syntax c.yaml:4:14'],
    ['that closes our parentheses', '"true) or (true"', 'rule-syntax c.yaml:4:17'],
    ['that is no condition', 'a + 1', 'rule-meaning c.yaml:4:12'],
    ['that adds rows up', 'sum(a) > 1', 'rule-meaning c.yaml:4:12'],
    ['with an unknown function', 'nofunction(a)', 'rule-meaning c.yaml:4:12'],
    ['that fails on a row', 'cast(b as integer) > 0', 'rule-fails c.yaml:4:12'],
  ])('%s are refused at their place', async (_, expression, expected) => {
    expect(await faultsOf(() => check(rule(expression), path()))).toEqual([expected]);
  });

  test.each([
    ['year = 2024 and month < 3', [3]],
    ['extract(year from date) = year', []],
    ["date + interval 1 day > date '2024-06-01'", [2]],
    ['date < current_date and date::text is not null', []],
    ["text similar to 'x|y' and text collate nocase <> 'X'", [2]],
    ['len(list_filter([year], y -> y > month * 2024)) = 1', [2, 3]],
    ['len(list_filter([year], lambda y: y > 2024)) = 1', [2]],
  ])('may name columns as types and parts of dates are named: %s', async (expression, lines) => {
    const fields =
      '{ name: year, type: integer }, { name: month, type: integer }, { name: date, type: date }, { name: text }';
    const file = write('words.csv', 'year,month,date,text\n2024,1,2024-01-01,x\n2025,2,2025-01-01,y\n');
    const contract = `fields: [${fields}]\nrules:\n  - name: r\n    check: ${JSON.stringify(expression)}\n`;
    expect(broken(await check(contract, file))['rules.r'] ?? []).toEqual(lines);
  });

  test('find columns whose names the plan could use itself', async () => {
    const contract =
      'fields: [{ name: t0, type: integer }, { name: n, type: integer }, { name: at }]\nrules: [{ name: r, check: t0 < n }]';
    expect(broken(await check(contract, write('names.csv', 't0,n,at\n1,2,x\n2,1,y\n')))).toEqual({
      'rules.r': [3],
    });
  });
});

describe('keys, statistics and tolerances', () => {
  test('a primary key of two columns', async () => {
    const contract = 'fields: [{ name: a, type: integer }, { name: b }]\nprimaryKey: [a, b]';
    const result = await check(contract, write('keys.csv', 'a,b\n1,x\n1,y\n01,x\n2,\n1,x\n'));
    expect(broken(result)).toEqual({ 'primaryKey.required': [5], 'primaryKey.unique': [4, 6] });
  });

  test('numbers and dates that are written oddly are judged by their text, wherever they stand', async () => {
    const contract =
      'fields: [{ name: i, type: integer, maximum: 9 }, { name: n, type: number }, { name: d, type: date }, { name: t, type: datetime }]';
    const sound = '1,1.5,2024-01-31,2024-01-31 12:00:00\n';
    const odd: [string, string][] = [
      ['1_0,1,2024-01-31,2024-01-31 12:00:00', 'i.type'],
      ['1.5,1,2024-01-31,2024-01-31 12:00:00', 'i.type'],
      ['0x1F,1,2024-01-31,2024-01-31 12:00:00', 'i.type'],
      ['9223372036854775808,1,2024-01-31,2024-01-31 12:00:00', 'i.type'],
      ['" 5",1,2024-01-31,2024-01-31 12:00:00', 'i.type'],
      ['10,1,2024-01-31,2024-01-31 12:00:00', 'i.range'],
      ['1,1e400,2024-01-31,2024-01-31 12:00:00', 'n.type'],
      ['1,+-1,2024-01-31,2024-01-31 12:00:00', 'n.type'],
      ['1,nan,2024-01-31,2024-01-31 12:00:00', 'n.type'],
      ['1,1-1,2024-01-31,2024-01-31 12:00:00', 'n.type'],
      ['1,1,2024-02-30,2024-01-31 12:00:00', 'd.type'],
      ['1,1,2024/01/05,2024-01-31 12:00:00', 'd.type'],
      ['1,1,epoch,2024-01-31 12:00:00', 'd.type'],
      ['1,1,24-01-0005,2024-01-31 12:00:00', 'd.type'],
      ['1,1,2024-01-31,2024-01-31 25:00:00', 't.type'],
      ['1,1,2024-01-31,infinity', 't.type'],
      ['1,1,2024-01-31,2024-01-31 12-00-00', 't.type'],
      ['1,1,2024-01-31,2024-01-31', 't.type'],
      ['1,1,2024-01-31,2024-01-31 24:00:00', 't.type'],
      ['1,1,2024-01-31,2024-01-31T12:00:00+99:00', 't.type'],
      ['1,1,2024-01-31 00:00:00,2024-01-31 12:00:00', 'd.type'],
      ['1,1,0000-01-31,2024-01-31 12:00:00', 'd.type'],
      ['1,1,2024-01-31,0000-01-31 12:00:00', 't.type'],
      ['1,1,2024-01-31,0000-01-31T12:00:00Z', 't.type'],
      ['1,1,2024-01-31,0000-01-31T12:00:00+02:00', 't.type'],
    ];
    for (const [row, rule] of odd) {
      const path = write('odd.csv', `i,n,d,t\n${sound.repeat(3)}${row}\n${sound}`);
      expect(broken(await check(contract, path)), row).toEqual({ [rule]: [5] });
    }
    const usual =
      '"7",-1e3,"2024-01-31",2024-01-31T12:00:00\n,"",,\n+7,+.5,2024-01-31,2024-01-31T12:00:00+02:00\n1,1,0001-01-01,0010-01-01T00:00:00Z\n';
    expect(broken(await check(contract, write('usual.csv', `i,n,d,t\n${usual}`)))).toEqual({});
  });

  test('a JSON object that has a name twice is refused: readers do not agree on which counts', async () => {
    const path = write(
      'twice.jsonl',
      '{"a":1,"b":{"a":2,"a":3}}\n{"a":1, "a":2}\n{"a":"\\\\\\":{","b":["a:b"]}\n{"a":1,"\\u0061":2}\n',
    );
    expect(broken(await check('fields: [{ name: a, type: any }, { name: b, type: any }]', path))).toEqual({
      'structure.json': [2, 4],
    });
  });

  test('a foreign key', async () => {
    const parent = write('parent.csv', 'id,name\n1,a\n02,b\n');
    const contract =
      'fields: [{ name: a, type: integer }]\nforeignKeys: [{ fields: a, reference: { path: parent.csv, fields: id } }]';
    const references = [{ files: [{ absolute: parent, path: 'parent.csv' }] }];
    const child = write('child.csv', 'a\n1\n2\n3\n""\n3\n');
    expect(broken(await check(contract, child, { references }))).toEqual({ 'foreignKeys.0': [4, 6] });
    expect((await check(contract, child)).rules.find(({ id }) => id === 'foreignKeys.0')!.status).toBe(
      'skipped',
    );
  });

  test('a foreign key into a file that cannot be read as it is', async () => {
    const path = write('ragged-parents.csv', 'k\n1\n2,x\n');
    const files = [{ absolute: path, path: 'ragged-parents.csv' }];
    const contract =
      'fields: [{ name: k, type: integer }]\nforeignKeys: [{ fields: k, reference: { path: p, fields: k } }]';
    const child = write('child-of-ragged.csv', 'k\n2\n');
    expect(await faultsOf(() => check(contract, child, { references: [{ files }] }))).toEqual([
      'reference-structure ragged-parents.csv:3',
    ]);
  });

  test('a foreign key into a dataset that has a contract of its own', async () => {
    const parent = write('parent.txt', "1;'a;b'\n-;c\n02;d\n");
    const other = readContract(
      `source: { delimiter: ";", quote: "'", header: false, missingValues: ["-"], format: csv }\nfields: [{ name: id, type: integer }, { name: name }]`,
      'contracts/parent.yaml',
    ).value;
    const contract =
      'fields: [{ name: a, type: integer }, { name: b }]\nforeignKeys: [{ fields: [a, b], reference: { contract: contracts/parent.yaml, fields: [id, name] } }]';
    const references = [{ files: [{ absolute: parent, path: 'parent.txt' }], contract: other }];
    const child = write('children.csv', 'a,b\n1,a;b\n2,d\n,c\n1,d\n');
    expect(broken(await check(contract, child, { references }))).toEqual({ 'foreignKeys.0': [5] });
  });

  test('statistics, counts of rows and freshness', async () => {
    const path = write('numbers.csv', 'a,day\n1,2024-01-01\n2,2024-01-02\n3,2024-01-03\n');
    const contract = `
fields:
  - { name: a, type: number, statistics: { mean: { minimum: 2.5 }, std: { maximum: 1 }, distinct: { minimum: 3 }, quantiles: [{ at: 0.5, minimum: 2, maximum: 2 }] } }
  - { name: day, type: date }
rows: { minimum: 4, maxDecrease: 0.1 }
freshness: { field: day, maxAge: 2d }
`;
    const result = await check(contract, path, { now: Date.UTC(2024, 0, 6), referenceRows: 4 });
    expect(Object.keys(broken(result))).toEqual(['a.mean', 'rows.count', 'rows.change', 'freshness']);
    expect(result.rules.find(({ id }) => id === 'a.mean')!.actual).toBe('2');
    const fresh = await check(contract, path, { now: Date.UTC(2024, 0, 5), referenceRows: 3 });
    expect(Object.keys(broken(fresh))).toEqual(['a.mean', 'rows.count']);
  });

  test('nulls warn and fail at their shares, tolerance forgives, severity decides', async () => {
    const path = write('holes.csv', 'a,b,c,d\n1,,x,\n,,y,1\n3,3,1,1\n4,4,1,1\n');
    const status = async (fields: string) => {
      const { verdict, rules } = await check(`extraColumns: allow\nfields: [${fields}]`, path);
      return [verdict, ...rules.filter(({ count }) => count > 0).map((rule) => `${rule.id} ${rule.status}`)];
    };
    expect(await status('{ name: a, nulls: { warn: 0.2, fail: 0.3 } }')).toEqual(['warn', 'a.nulls warn']);
    expect(await status('{ name: b, nulls: { warn: 0.2, fail: 0.3 } }')).toEqual(['breach', 'b.nulls fail']);
    expect(await status('{ name: c, type: integer, tolerance: 0.5 }')).toEqual(['pass', 'c.type pass']);
    expect(await status('{ name: c, type: integer, tolerance: 0.4 }')).toEqual(['breach', 'c.type fail']);
    expect(await status('{ name: c, type: integer, severity: warning }')).toEqual(['warn', 'c.type warn']);
  });

  test('values of sensitive columns are never shown, and others are made harmless', async () => {
    const path = write('secret.csv', `a,b\nsecret,"line\nbreak\u202e${'x'.repeat(200)}"\n`);
    const result = await check(
      'fields: [{ name: a, type: integer, sensitive: true }, { name: b, type: integer }]\nprimaryKey: [a]\nrules: [{ name: r, check: a is not null and b is not null }]',
      path,
    );
    expect(JSON.stringify(result)).not.toContain('secret,');
    const values = result.rules.flatMap(({ offenders }) => offenders.map(({ value }) => value!));
    expect(values[0]).toBe('[redacted]');
    expect(values[1]).toMatch(/^line\\nbreak\\u\{202e\}x+…$/);
    expect(values[2]).toMatch(/^a=\[redacted\], b=line/);
  });

  test('nor are they in measures, in errors of rules, or where the header should be', async () => {
    const day = write('days.csv', 'day\n2001-02-03\n');
    const fields = 'fields: [{ name: day, type: date, sensitive: true }]';
    const old = await check(`${fields}\nfreshness: { field: day, maxAge: 1d }`, day, { now: Date.now() });
    expect(old.rules.find(({ id }) => id === 'freshness')).toMatchObject({
      status: 'fail',
      actual: '[redacted]',
    });
    const pay =
      'fields: [{ name: pay, type: integer, sensitive: true, statistics: { quantiles: [{ at: 1, maximum: 5 }] } }]';
    const paid = await check(pay, write('pay.csv', 'pay\n98765\n'));
    expect(JSON.stringify(paid)).not.toContain('98765');
    const rule = `fields: [{ name: a, sensitive: true }]\nrules: [{ name: r, check: "cast(a as integer) > 0" }]`;
    const failed = check(rule, write('cast.csv', 'a\nsecret\n'));
    await expect(failed).rejects.toThrow('the rule fails on a row of the data: Conversion Error (not shown');
    await expect(failed).rejects.not.toThrow('secret');
    const people =
      'extraColumns: forbid\nfields: [{ name: mail, sensitive: true }, { name: age, type: integer }]';
    const bare = await check(people, write('bare.csv', 'ana@example.org,31\nbo@example.org,32\n'));
    expect(Object.keys(broken(bare))).toEqual(['structure.header', 'mail.column', 'age.column']);
    expect(JSON.stringify(bare)).not.toContain('ana@');
  });
});

describe('reading', () => {
  const csv = () => ({
    files: [write('read.csv', 'n,s,d\n1.5,a,2024-01-05\n,"",\n-3,c,2024-02-01\n')],
    format: 'csv' as const,
  });

  test('gives numbers with NaN and texts with null, in order and in batches', async () => {
    const columns: ColumnRequest[] = [
      { name: 's', as: 'string' },
      { name: 'n', as: 'number' },
    ];
    expect(await readAll(csv(), columns)).toEqual([
      ['a', null, 'c'],
      [1.5, Number.NaN, -3],
    ]);
    const sizes: number[] = [];
    for await (const { rows } of engine.read(csv(), columns, { batchRows: 2 })) sizes.push(rows);
    expect(sizes).toEqual([2, 1]);
  });

  test('keeps order over many rows', async () => {
    const rows = 300_000;
    const text = `n,s\n${Array.from({ length: rows }, (_, index) => `${index},t${index}`).join('\n')}\n`;
    const source = { files: [write('long.csv', text)], format: 'csv' as const };
    let expected = 0;
    for await (const { columns, rows } of engine.read(source, [
      { name: 'n', as: 'number' },
      { name: 's', as: 'string' },
    ])) {
      for (let row = 0; row < rows; row++, expected++) {
        if (columns[0]![row] !== expected || columns[1]![row] !== `t${expected}`)
          throw new Error(`row ${expected} is out of order`);
      }
    }
    expect(expected).toBe(rows);
  });

  test('texts that come again are the texts they were, short, long, of several bytes, and missing', async () => {
    const kinds = [
      'a',
      'ab',
      'aé',
      'twelve bytes',
      'thirteen byte',
      'größer als zwölf',
      '🙂',
      '0',
      '1',
      '01',
      '',
    ];
    const texts = Array.from({ length: 30_000 }, (_, row) => kinds[(row * row + (row >> 7)) % kinds.length]!);
    const path = write('again.csv', `n,s\n${texts.map((text, row) => `${row},${text}`).join('\n')}\n`);
    const [read] = await readAll({ files: [path], format: 'csv' }, [{ name: 's', as: 'string' }]);
    expect(read).toEqual(texts.map((text) => (text === '' ? null : text)));
  });

  test('takes only rows where a condition on typed columns holds', async () => {
    const columns: ColumnRequest[] = [{ name: 'n', as: 'number' }];
    expect(await readAll(csv(), columns, { where: "n < 0 and d > date '2024-01-31'" })).toEqual([[-3]]);
    expect(await faultsOf(() => readAll(csv(), columns, { where: 'n <' }))).toEqual(['where']);
  });

  test('names the column and the physical line of what is no number', async () => {
    const source = { files: [write('bad.csv', 'n,s\n1,"two\nlines"\n1_000,x\n')], format: 'csv' as const };
    expect(await faultsOf(() => readAll(source, [{ name: 'n', as: 'number' }]))).toEqual([
      'not-a-number bad.csv:4',
    ]);
    expect(await faultsOf(() => readAll(source, [{ name: 'm', as: 'number' }]))).toEqual([
      'unknown-column bad.csv',
    ]);
    expect(await readAll({ ...source, missingValues: ['1_000'] }, [{ name: 'n', as: 'number' }])).toEqual([
      [1, Number.NaN],
    ]);
  });

  test.each([
    ['flag.csv', 'csv', 'n,s\nTrue,a\nFALSE,b\n,c\n'],
    ['flag.jsonl', 'jsonl', '{"n":true,"s":"a"}\n{"n":false,"s":"b"}\n{"n":null,"s":"c"}\n'],
  ] as const)('takes true and false of %s for 1 and 0', async (name, format, text) => {
    const source = { files: [write(name, text)], format };
    expect(await readAll(source, [{ name: 'n', as: 'number' }])).toEqual([[1, 0, Number.NaN]]);
  });

  test('a stray true among numbers is none, nor is a number among truths', async () => {
    const numbers = { files: [write('stray.csv', 'n\n7\ntrue\n')], format: 'csv' as const };
    expect(await faultsOf(() => readAll(numbers, [{ name: 'n', as: 'number' }]))).toEqual([
      'not-a-number stray.csv:3',
    ]);
    const truths = { files: [write('truths.csv', `n\n${'true\n'.repeat(1200)}7\n`)], format: 'csv' as const };
    expect(await faultsOf(() => readAll(truths, [{ name: 'n', as: 'number' }]))).toEqual([
      'not-a-number truths.csv:1202',
    ]);
  });

  test('reads Parquet and JSON Lines too', async () => {
    const parquet = await writeParquet(
      'read.parquet',
      `SELECT range AS n, 'v' || range AS s, range % 2 = 0 AS even FROM range(3)`,
    );
    const wanted: ColumnRequest[] = [
      { name: 'n', as: 'number' },
      { name: 's', as: 'string' },
    ];
    const expected = [
      [0, 1, 2],
      ['v0', 'v1', 'v2'],
    ];
    expect(await readAll({ files: [parquet], format: 'parquet' }, wanted)).toEqual(expected);
    expect(await readAll({ files: [parquet], format: 'parquet' }, [{ name: 'even', as: 'number' }])).toEqual([
      [1, 0, 1],
    ]);
    const jsonl = write('read.jsonl', '{"n":0,"s":"v0"}\n{"n":1,"s":"v1"}\n{"s":"v2","n":2}\n');
    expect(await readAll({ files: [jsonl], format: 'jsonl' }, wanted)).toEqual(expected);
  });

  test('numbers of Parquet are read as they are, whatever their width, NaN where they are missing', async () => {
    const parquet = await writeParquet(
      'wide.parquet',
      `SELECT CASE WHEN range % 7 > 0 THEN range % 3 END AS few, 5.5 AS same, (range / 4)::FLOAT AS single,
         CASE WHEN range % 2 = 0 THEN (-range)::BIGINT END AS long, (range % 100)::UTINYINT AS tiny,
         CASE WHEN range % 5 = 0 THEN 'nan'::DOUBLE ELSE range END AS odd FROM range(5000)`,
    );
    const names = ['few', 'same', 'single', 'long', 'tiny', 'odd'];
    const rows = Array.from({ length: 5000 }, (_, row) => row);
    const read = await readAll(
      { files: [parquet], format: 'parquet' },
      names.map((name) => ({ name, as: 'number' })),
      { batchRows: 1500 },
    );
    expect(Object.fromEntries(names.map((name, index) => [name, read[index]]))).toEqual({
      few: rows.map((row) => (row % 7 > 0 ? row % 3 : Number.NaN)),
      same: rows.map(() => 5.5),
      single: rows.map((row) => row / 4),
      long: rows.map((row) => (row % 2 === 0 ? 0 - row : Number.NaN)),
      tiny: rows.map((row) => row % 100),
      odd: rows.map((row) => (row % 5 === 0 ? Number.NaN : row)),
    });
  });

  test('an infinite number of Parquet is named with its row', async () => {
    const parquet = await writeParquet(
      'infinite.parquet',
      `SELECT CASE WHEN range = 2500 THEN '-inf'::DOUBLE WHEN range < 2500 THEN 'nan'::DOUBLE END AS n FROM range(3000)`,
    );
    expect(
      await faultsOf(() => readAll({ files: [parquet], format: 'parquet' }, [{ name: 'n', as: 'number' }])),
    ).toEqual(['not-a-number infinite.parquet']);
  });

  test('coded texts are the texts, over batches, from whole numbers too', async () => {
    const parquet = await writeParquet(
      'coded.parquet',
      `SELECT CASE WHEN range % 11 > 0 THEN (range % 5 - 2) * 3000000000 END AS long, (range % 300)::SMALLINT AS short,
         CASE WHEN range % 3 > 0 THEN 'kind ' || (range % 4) END AS s, range % 2 = 0 AS flag, (range % 3) / 2 AS half
       FROM range(4000)`,
    );
    const source = { files: [parquet], format: 'parquet' as const };
    for (const name of ['long', 'short', 's', 'flag', 'half']) {
      const [texts] = await readAll(source, [{ name, as: 'string' }]);
      const coded: (string | null)[] = [];
      for await (const { columns } of engine.read(source, [{ name, as: 'coded' }], { batchRows: 900 })) {
        coded.push(...columns[0]!);
      }
      expect(coded).toEqual(texts);
      expect(new Set(texts).size).toBeGreaterThan(1);
    }
  });

  test('a column that was given back is filled again, one that was kept is not', async () => {
    const parquet = await writeParquet('again.parquet', 'SELECT range AS n, -range AS m FROM range(10000)');
    const kept: number[] = [];
    const columns: ColumnRequest[] = [
      { name: 'n', as: 'number' },
      { name: 'm', as: 'number' },
    ];
    const given: (Float64Array | (string | null)[])[] = [];
    const others: Float64Array[] = [];
    for await (const batch of engine.read({ files: [parquet], format: 'parquet' }, columns, {
      batchRows: 1000,
    })) {
      kept.push(...(batch.columns[0] as Float64Array));
      others.push(batch.columns[1] as Float64Array);
      given.push(batch.columns[0]!);
      batch.release?.([batch.columns[0]!]);
    }
    expect(kept).toEqual(Array.from({ length: 10_000 }, (_, row) => row));
    expect(others.flatMap((column) => [...column])).toEqual(
      Array.from({ length: 10_000 }, (_, row) => 0 - row),
    );
    expect(new Set(given).size).toBeLessThan(given.length);
  });

  test('describes columns by the narrowest strict type', async () => {
    const text =
      'i,x,b,d,t,h,s,none\n1,1.5,true,2024-01-05,2024-01-05T10:00:00Z,10:00,a,\n2,1e3,false,2024-01-06,2024-01-06 11:00,11:00:01,2.5,\n';
    const { columns, rows } = await engine.describe({ files: [write('types.csv', text)], format: 'csv' });
    expect(rows).toBe(2);
    expect(columns.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'i: integer',
      'x: number',
      'b: boolean',
      'd: date',
      't: datetime',
      'h: time',
      's: string',
      'none: string',
    ]);
  });
});

test('many files under a memory limit are checked in parts, to the same answer', async () => {
  const files = Array.from({ length: 12 }, (_, file) => {
    const rows = Array.from(
      { length: 40_000 },
      (_, row) => `${file * 40_000 + row},user${file}-${row}@example.org`,
    );
    const text = `id,mail\n${rows.join('\n')}\n${file === 7 ? '3,user0-3@example.org\n' : ''}`;
    const absolute = write(`part-${file}.csv`, text);
    return { absolute, path: `part-${file}.csv` };
  });
  const contract = readContract(
    'fields: [{ name: id, type: integer, unique: true }, { name: mail, unique: true, sensitive: true }]',
    'c.yaml',
  );
  // Another process may spill at the same time; what it writes must not be read here.
  const other = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
  const limited = { memoryLimit: '60MB', threads: 2 };
  const plan = planChecks(contract, { files });
  const [result, theirs] = await Promise.all([engine.check(plan, limited), other.check(plan, limited)]);
  await other.close();
  expect(theirs).toEqual(result);
  const { rules, rows } = result;
  await engine.check(planChecks(contract, { files: files.slice(0, 1) }), { memoryLimit: '4GB' });
  expect(rows).toBe(480_001);
  const failed = rules.filter(({ status }) => status === 'fail');
  expect(failed.map(({ id, offenders }) => [id, offenders[0]!.file, offenders[0]!.line])).toEqual([
    ['id.unique', 'part-7.csv', 40_002],
    ['mail.unique', 'part-7.csv', 40_002],
  ]);
});
