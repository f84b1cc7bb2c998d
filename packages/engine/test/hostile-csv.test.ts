import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type CheckResult, planChecks, readContract } from '@rastro/contract';
import { isRastroError } from '@rastro/fault';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createDuckDbEngine } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'rastro-hostile-'));
const engine = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const CONTRACT = (delimiter: string, comment: boolean, encoding: string) => `
source: { delimiter: ${JSON.stringify(delimiter)}, encoding: ${encoding}${comment ? ', comment: "#"' : ''}, missingValues: ["", "NA"] }
fields:
  - { name: id, type: integer, required: true }
  - { name: note }
  - { name: amount, type: number, minimum: 0, maximum: 1000 }
  - { name: day, type: date }
  - { name: kind, enum: [a, 'b"c', "d\\ne"], unique: false }
rules:
  - { name: odd-rows-small, check: "id % 2 = 0 or amount is null or amount < 900" }
`;

/** Faults that can be planted in a row: the rule that must find it, and what it does to the row's fields. */
const FAULTS = {
  'id.type': (fields: string[], text: string) => replaced(fields, 0, text),
  'id.required': (fields: string[]) => replaced(fields, 0, ''),
  'amount.type': (fields: string[], text: string) => replaced(fields, 2, text),
  'amount.range': (fields: string[]) => replaced(fields, 2, '-0.5'),
  'day.type': (fields: string[], text: string) => replaced(fields, 3, text),
  'kind.enum': (fields: string[]) => replaced(fields, 4, 'A'),
  'structure.field-count': (fields: string[]) => [...fields, 'more'],
} as const;

const BAD_TEXT: Record<string, readonly string[]> = {
  'id.type': ['2.5', '0x1F', '1e3', '1_000', ' 5', '5 ', 'x', '٣', '--1', '1,5', '99999999999999999999'],
  'amount.type': ['1e400', 'inf', 'nan', '1_0', ' 1', '1 ', '1,5', '0x10', '1.2.3', 'é', '1e', '-'],
  'day.type': [
    '2024/01/05',
    'epoch',
    'infinity',
    '2024-02-30',
    '2024-1-5',
    ' 2024-01-05',
    '2024-01-05 10:00',
  ],
};

function replaced(fields: readonly string[], index: number, text: string): string[] {
  return fields.with(index, text);
}

const hostileText = fc
  .array(
    fc.constantFrom(
      'a',
      'ß',
      '日本',
      '🦊',
      '"',
      '""',
      ',',
      ';',
      '\t',
      '|',
      '\n',
      '\r\n',
      ' ',
      '#',
      "'",
      '\\',
      '\\n',
      'NULL',
      '-',
      '=',
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const row = fc.record({
  note: hostileText,
  amount: fc.constantFrom('0', '1.5', '+3', '.5', '7.', '1e2', '1000', '', 'NA', '-0'),
  day: fc.constantFrom('2024-01-05', '1999-12-31', '', 'NA'),
  kind: fc.constantFrom('a', 'b"c', 'd\ne', ''),
  quoteAll: fc.boolean(),
  before: fc.constantFrom('none', 'none', 'none', 'blank', 'comment'),
  fault: fc.option(fc.tuple(fc.constantFrom(...Object.keys(FAULTS)), fc.nat()), { freq: 3 }),
});

const file = fc.record({
  rows: fc.array(row, { maxLength: 25 }),
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  end: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  lastEnd: fc.boolean(),
  comments: fc.boolean(),
  encoding: fc.constantFrom('utf-8', 'utf-8', 'utf-16', 'utf-16be'),
  packed: fc.constantFrom(false, false, true),
});

type HostileFile = typeof file extends fc.Arbitrary<infer T> ? T : never;

/** The text of a file, and per rule the physical lines of the rows that break it. */
function written({ rows, delimiter, end, bom, lastEnd, comments }: HostileFile) {
  const expected = new Map<string, number[]>();
  let text = ['id', 'note', 'amount', 'day', 'kind'].join(delimiter) + end;
  rows.forEach(({ note, amount, day, kind, quoteAll, before, fault }, index) => {
    if (before === 'blank') text += end;
    if (before === 'comment' && comments) text += `# "not a row${delimiter}${end}`;
    const id = `${index}`;
    let fields: string[] = [id, note, amount, day, kind];
    const line = text.split('\n').length;
    if (fault) {
      const [rule, pick] = fault;
      const bad = BAD_TEXT[rule];
      fields = FAULTS[rule as keyof typeof FAULTS](fields, bad ? bad[pick % bad.length]! : '');
      expected.set(rule, [...(expected.get(rule) ?? []), line]);
    }
    const isOdd = index % 2 === 1;
    if (fields.length === 5 && isOdd && fields[0] === id && fields[2] === '1000') {
      expected.set('rules.odd-rows-small', [...(expected.get('rules.odd-rows-small') ?? []), line]);
    }
    const quote = (value: string, position: number) =>
      quoteAll ||
      /["\r\n]/.test(value) ||
      value.includes(delimiter) ||
      (position === 0 && value.startsWith('#'))
        ? `"${value.replaceAll('"', '""')}"`
        : value;
    text += fields.map(quote).join(delimiter) + end;
  });
  if (!lastEnd) text = text.slice(0, -end.length);
  return { text: (bom ? '\ufeff' : '') + text, expected };
}

/** The bytes of a text; UTF-16 without a mark in front when its byte order is declared. */
function bytesOf(text: string, { encoding, packed }: HostileFile): Buffer {
  const bytes = encoding === 'utf-8' ? Buffer.from(text) : Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') bytes.swap16();
  return packed ? gzipSync(bytes) : bytes;
}

/** The column of hostile texts as it is read. */
async function notesOf(path: string, { delimiter, comments, encoding }: HostileFile): Promise<unknown[]> {
  const comment = comments ? { comment: '#' } : {};
  const source = { files: [path], format: 'csv' as const, delimiter, encoding, ...comment };
  const notes: unknown[] = [];
  for await (const { columns } of engine.read(source, [{ name: 'note', as: 'string' }]))
    notes.push(...columns[0]!);
  return notes;
}

function brokenLines(result: CheckResult): Record<string, number[]> {
  return Object.fromEntries(
    result.rules
      .filter(({ count }) => count > 0)
      .map(({ id, offenders }) => [id, offenders.map(({ line }) => line!).sort((a, b) => a - b)]),
  );
}

test('planted faults are found on their physical lines, and nothing else is', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(file, async (hostile) => {
      const { text, expected } = written(hostile);
      const notes = hostile.rows.map(({ note }) => note || null);
      const path = join(folder, `${number++}.csv`);
      writeFileSync(path, bytesOf(text, hostile));
      const { delimiter, comments, encoding } = hostile;
      const contract = readContract(CONTRACT(delimiter, comments, encoding), 'contracts/hostile.yaml');
      const result = await engine.check(
        planChecks(contract, { files: [{ absolute: path, path }], limit: 100 }),
      );
      if (!expected.has('structure.field-count')) expect(await notesOf(path, hostile)).toEqual(notes);
      rmSync(path);
      expect(result.rows).toBe(hostile.rows.length);
      expect(brokenLines(result)).toEqual(Object.fromEntries(expected));
    }),
    { numRuns: 100 },
  );
});

test('whatever the bytes, the file is judged or refused with a reason', async () => {
  const bytes = fc
    .array(
      fc.constantFrom(
        'a',
        '1',
        ',',
        ',',
        '"',
        '""',
        '\n',
        '\n',
        '\r',
        '\r\n',
        '\0',
        '\xff',
        '\xc3\xa9',
        ' ',
        '\t',
        '#',
        '\\',
        "'",
        ';',
        '\ufeff',
      ),
      { maxLength: 40 },
    )
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));
  const source = fc.constantFrom(
    '',
    'source: { header: false }',
    'source: { trim: true }',
    'source: { comment: "#" }',
    'source: { encoding: latin-1 }',
    'source: { quote: "\'", delimiter: ";" }',
  );
  let number = 0;
  await fc.assert(
    fc.asyncProperty(bytes, source, fc.boolean(), async (tail, source, hasHeader) => {
      const path = join(folder, `soup${number++}.csv`);
      writeFileSync(path, Buffer.concat([Buffer.from(hasHeader ? 'a,b\n' : ''), tail]));
      const contract = readContract(
        `${source}\nfields: [{ name: a, unique: true }, { name: b, type: integer }]\nrows: { unique: true }`,
        'c.yaml',
      );
      const plan = planChecks(contract, { files: [{ absolute: path, path }], limit: 100 });
      const result = await engine.check(plan).catch((error: unknown) => {
        if (isRastroError(error) && error.code === 'data-encoding') return undefined;
        throw error;
      });
      rmSync(path);
      for (const { id, status, offenders } of result?.rules ?? []) {
        const isAboutTheFile = id.startsWith('structure') || id.startsWith('extra') || id.endsWith('.column');
        if (status === 'fail' && !isAboutTheFile) expect(offenders.every(({ line }) => line! > 0)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});
