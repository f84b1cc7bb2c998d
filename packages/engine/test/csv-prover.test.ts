import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { automatonOfPattern, type CheckPlan, planChecks, readContract, Scans } from '@rastro/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnTests, provenChecks } from '../src/duckdb/column-tests.ts';
import { scanCsv } from '../src/duckdb/csv-file.ts';
import { openFile } from '../src/duckdb/opened-file.ts';
import { proveCsv } from '../src/duckdb/prove-csv.ts';
import { Session } from '../src/duckdb/session.ts';
import { makeViews, tableOf } from '../src/duckdb/table.ts';

const folder = mkdtempSync(join(tmpdir(), 'rastro-prover-'));
const path = join(folder, 'data.csv');
const file = { absolute: path, path: 'data.csv' };
let session: Session;
beforeAll(async () => {
  session = new Session((await DuckDBInstance.create(':memory:', { threads: '2' })).connect());
  await session.run("SET TimeZone = 'UTC'");
});
afterAll(async () => {
  await session.close();
  rmSync(folder, { recursive: true, force: true });
});

const CSV = {
  dialect: { delimiter: 44, quote: 34, comment: 35, trim: false },
  encoding: 'utf-8',
  header: true,
  limit: 5,
};

/** Bytes that matter, in pieces, so that they meet in every way. */
const pieces = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom(
        ',',
        ',',
        '\n',
        '\n',
        '"',
        '"x"',
        '""',
        'a',
        'é',
        '日本',
        ' ',
        'x,y,z\n',
        '1,2,3\n',
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom('\r', '\r\n', '#', '\0', '\xff', '\xe9', '\xe6\x97') },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 130 }).map((length) => 'b'.repeat(length)) },
  ),
  { maxLength: 40 },
);

test('a file is proven plain just where the slower scan finds it plain, with the same rows', async () => {
  let proven = 0;
  await fc.assert(
    fc.asyncProperty(
      pieces,
      fc.constantFrom('\n', '\n', '\r\n'),
      fc.integer({ min: 64, max: 300 }),
      fc.boolean(),
      async (some, end, room, header) => {
        const bytes = some.map((piece) =>
          /[\x80-\xff]/.test(piece) && !/[é日]/.test(piece)
            ? Buffer.from(piece, 'latin1')
            : Buffer.from(piece),
        );
        const body = Buffer.from(Buffer.concat(bytes).toString('latin1').replaceAll(/\r?\n/g, end), 'latin1');
        writeFileSync(path, Buffer.concat([Buffer.from(`a,b,c${end}`), body]));
        const slow = await scanCsv(file, { ...CSV, header });
        const fast = await proveCsv(file, { ...CSV, header, tests: new Map(), missingValues: [''], room });
        if (fast) proven++;
        if (!slow.isPlain) expect(fast).toBeUndefined();
        // A record that is longer than what is taken at once may be left to the slower scan.
        else if (fast || slow.longest <= room) expect(fast).toEqual({ ...slow, proven: expect.anything() });
      },
    ),
    { numRuns: 600 },
  );
  expect(proven).toBeGreaterThan(20);
});

const CONTRACT = `
source: { missingValues: ["", "NA", "-9"] }
fields:
  - { name: whole, type: integer, required: true, minimum: -5, exclusiveMaximum: 1000 }
  - { name: number, type: number, nulls: { fail: 0.1 }, exclusiveMinimum: 0.1, maximum: 1000 }
  - { name: day, type: date, minimum: "2000-02-29", maximum: "2024-12-31" }
  - { name: time, type: datetime, minimum: "2000-02-29T00:00:00", exclusiveMaximum: "2024-01-31T12:00:00Z" }
  - { name: truth, type: boolean, required: true }
  - { name: kind, enum: [a, c, 'b"c', "d\\ne", é, "a\\u00a0"], trimmed: true }
  - { name: code, minLength: 2, maxLength: 4, pattern: "[^@]+@[^@]+|[^a@]*x?" }
  - { name: mail, format: email }
primaryKey: [whole, kind]
`;

const VALUES: Record<string, { fit: readonly string[]; odd: readonly string[] }> = {
  whole: {
    fit: ['0', '-5', '999', '007', '-0'],
    odd: [
      '',
      'NA',
      '-9',
      '-',
      '+3',
      '2.0',
      '1e2',
      '0x1F',
      '1_0',
      ' 5',
      '٣',
      '-6',
      '1000',
      '9'.repeat(18),
      '9'.repeat(25),
    ],
  },
  number: {
    fit: [
      '0.2',
      '1000',
      '1e2',
      '1.5E+02',
      '0.10000000000000002',
      '999.99999999999999',
      '25e-1',
      '0.10001',
      '',
    ],
    odd: [
      ...[
        '0.1',
        '0.10000000000000001',
        '1000.0000000000001',
        '1000.00000000000001',
        '-1',
        '1e400',
        '1e99',
        '1e-400',
      ],
      ...[
        '.5',
        '5.',
        '+1',
        '1e',
        'e1',
        '-',
        '--1',
        'inf',
        'nan',
        '1_0',
        ' 1',
        '0x10',
        '1,5',
        '1.2.3',
        '1e2.5',
        'NA',
      ],
    ],
  },
  day: {
    fit: ['2000-02-29', '2024-12-31', '2020-06-30', ''],
    odd: [
      '1900-02-29',
      '2024-02-30',
      '2025-01-01',
      '2000-02-28',
      '0000-01-01',
      '2024/01/05',
      'epoch',
      '2024-1-5',
      ' 2024-01-05',
      '2024-13-01',
      '2024-00-10',
      '2024-04-31',
    ],
  },
  time: {
    fit: ['2000-02-29 00:00:00', '2024-01-31T11:59:59', '2020-12-31 23:59:59', ''],
    odd: [
      '2024-01-31 12:00:00',
      '2020-01-01 24:00:00',
      '2020-01-01 10:60:00',
      '2020-01-01 10:00:61',
      '2020-01-01 10:00',
      '2020-01-01 10:00:00Z',
      '2020-02-30 10:00:00',
      '2020-01-01X10:00:00',
      'infinity',
    ],
  },
  truth: { fit: ['true', 'False', '1', '0'], odd: ['', 'yes', 'tRue', '10', 'NA'] },
  kind: {
    fit: ['a', 'c', '', 'NA'],
    odd: ['é', 'a\u00a0', '\u3000a', '\x1fa', 'b"c', 'd\ne', 'A', ' a', 'a\t', 'e', 'aa'],
  },
  code: {
    fit: ['a@b', 'é@é', 'éx', 'éééx', ''],
    odd: ['@ab', 'a@@b', 'x', 'ab', 'ab@cd', '"@"', 'é\n@x', '日本@', 'éééé', 'ééééé'],
  },
  mail: { fit: ['a.b+c@d.example', ''], odd: ['é@d.example', 'a@b', 'a@b..c', '"a"@b.c', ' a@b.c'] },
};

const NAMES = Object.keys(VALUES);

const rowOf = (odd: boolean) =>
  fc.record(
    Object.fromEntries(
      NAMES.map((name) => [
        name,
        fc.tuple(fc.constantFrom(...VALUES[name]!.fit, ...(odd ? VALUES[name]!.odd : [])), fc.boolean()),
      ]),
    ),
  );

const written = (rows: readonly Record<string, readonly [string, boolean]>[]) =>
  [
    NAMES.join(','),
    ...rows.map((row) =>
      NAMES.map((name) => {
        const [value, quoted] = row[name]!;
        return quoted || /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
      }).join(','),
    ),
    '',
  ].join('\n');

/** For each check over values: how many rows break it by SQL over texts, and whether the bytes prove that none does. */
async function judged(plan: CheckPlan): Promise<{ id: string; broken: number; proven: boolean }[]> {
  const opened = await openFile(
    session,
    plan.source.files[0]!,
    { ...plan.source, limit: 1, tests: columnTests(plan) },
    { folder, always: false },
  );
  expect(opened.proven).toBeDefined();
  const names = plan.fields.map(({ name }) => name);
  const table = tableOf([opened], names);
  await makeViews(session, table, names);
  const row = await session.row(
    new Scans(plan, { physical: table.physical, extras: 0, partial: [] }).fused(),
  );
  const proven = provenChecks(plan, [opened]);
  return plan.checks.flatMap(({ id, ask }, index) =>
    ask.how === 'row' && ask.value
      ? [{ id, broken: Number(row[`k${index}`] ?? 0), proven: proven.has(index) }]
      : [],
  );
}

describe('values', () => {
  const plan = planChecks(readContract(CONTRACT, 'contract.yaml'), { files: [file] });

  test('what is proven of them no row breaks', async () => {
    let broken = 0;
    let proven = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 3, arbitrary: rowOf(false) }, rowOf(true)), {
          minLength: 1,
          maxLength: 4,
        }),
        async (rows) => {
          writeFileSync(path, written(rows));
          for (const check of await judged(plan)) {
            if (check.broken > 0) expect(check.proven, check.id).toBe(false);
            broken += Number(check.broken > 0);
            proven += Number(check.proven);
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(broken).toBeGreaterThan(100);
    expect(proven).toBeGreaterThan(300);
  });

  test('all is proven where every value fits and none is missing', async () => {
    const rows = Array.from({ length: 5 }, (_, row) =>
      NAMES.map((name) =>
        VALUES[name]!.fit.filter((value) => value !== '' && value !== 'NA').at(row % 2),
      ).join(','),
    );
    writeFileSync(path, [NAMES.join(','), ...rows, ''].join('\n'));
    const checks = await judged(plan);
    expect(checks.filter(({ proven }) => !proven)).toEqual([]);
    expect(checks.length).toBeGreaterThan(18);
  });
});

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    '@',
    '\\.',
    '.',
    '[ab]',
    '[^@]',
    '[^a\\n]',
    '\\d',
    '\\w',
    '\\s',
    '\\D',
    '[é-ü]',
    'é',
    '日',
    '[0-9A-F]',
    '\\x41',
    '^',
    '$',
    '(?i:k)',
    '(?i:É)',
    '(?i:[r-t])',
  ],
);
const pattern: fc.Arbitrary<string> = fc.letrec<{ all: string; group: string }>((tie) => ({
  group: fc.oneof(
    { maxDepth: 2 },
    atom,
    fc.tuple(tie('all'), tie('all')).map(([a, b]) => `(?:${a}|${b})`),
    tie('all').map((all) => `(${all})`),
  ),
  all: fc
    .array(fc.tuple(tie('group'), fc.constantFrom('', '', '?', '*', '+', '{2}', '{1,3}', '+?')), {
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) => parts.map(([part, times]) => part + times).join('')),
})).all;

test('an automaton accepts what the engine matches: all of it, but for classes with some letters beyond ASCII', async () => {
  const text = fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        'k',
        'K',
        '\u212a',
        'S',
        'ſ',
        '@',
        '.',
        '1',
        'A',
        'é',
        '日',
        '🦊',
        '\n',
        ' ',
        '\t',
        '_',
        '\v',
      ),
      {
        maxLength: 5,
      },
    )
    .map((parts) => parts.join(''));
  let matched = 0;
  await fc.assert(
    fc.asyncProperty(pattern, fc.array(text, { minLength: 20, maxLength: 40 }), async (source, texts) => {
      const automaton = automatonOfPattern(source);
      if (!automaton) return;
      const rows = await session.rows(
        `SELECT regexp_full_match(t, $1) AS m FROM (SELECT unnest(from_json($2, '["VARCHAR"]')) AS t)`,
        [source, JSON.stringify(texts)],
      );
      const isWhole = !/[é日]|\(\?i/.test(source);
      for (const [index, { m }] of rows.entries()) {
        let state = 1;
        for (const byte of Buffer.from(texts[index]!)) state = automaton.moves[256 * state + byte]!;
        const isAccepted = automaton.accepting[state] === 1;
        matched += Number(isAccepted);
        if (isWhole) expect(isAccepted, `${source} on ${JSON.stringify(texts[index])}`).toBe(m);
        else if (isAccepted) expect(m, `${source} on ${JSON.stringify(texts[index])}`).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
  expect(matched).toBeGreaterThan(100);
});

test('anchors and letters of either case are told byte by byte', () => {
  const accepts = (source: string, text: string): boolean => {
    const { moves, accepting } = automatonOfPattern(source)!;
    let state = 1;
    for (const byte of Buffer.from(text)) state = moves[256 * state + byte]!;
    return accepting[state] === 1;
  };
  expect(['ab', 'b', 'abb'].map((text) => accepts('^a?b$', text))).toEqual([true, true, false]);
  expect(['AbC-1', 'aBc-1', 'abd-1'].map((text) => accepts('^(?i)abc-[0-9]$', text))).toEqual([
    true,
    true,
    false,
  ]);
  expect(['', 'a'].map((text) => accepts('a*$^', text))).toEqual([true, false]);
  expect(['@', '`', '['].map((text) => accepts('(?i)[@]', text))).toEqual([true, false, false]);
});

test.each(['(?m)^a$', 'a\\b', `(?:${'[ab]?c'.repeat(60)}){4}`])('no automaton is made of %s', (source) => {
  expect(automatonOfPattern(source)).toBeUndefined();
});
