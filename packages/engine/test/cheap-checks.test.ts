import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { planChecks, readContract } from '@rastro/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Session } from '../src/duckdb/session.ts';
import { createDuckDbEngine } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'rastro-cheap-'));
const engine = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
let session: Session;
beforeAll(async () => {
  session = new Session((await DuckDBInstance.create(':memory:', { threads: '2' })).connect());
});
afterAll(async () => {
  await session.close();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const brokenOf = (pattern: string): string => {
  const contract = `fields: [{ name: a, pattern: ${JSON.stringify(pattern)} }]`;
  const plan = planChecks(readContract(contract, 'c.yaml'), {
    files: [{ absolute: 'a.csv', path: 'a.csv' }],
  });
  const { ask } = plan.checks.find(({ kind }) => kind === 'pattern')!;
  return ask.how === 'row' ? ask.broken : '';
};

const texts = fc
  .array(fc.constantFrom('a', 'b', '@', '@', '-', '.', 'é', '日', '🦊', '\n', '%', '_', "'", '\\'), {
    maxLength: 7,
  })
  .map((parts) => parts.join(''));

test('a pattern that is asked without a regular expression means what it says', async () => {
  const wild = (but: string) => fc.constantFrom(`${but}+`, `${but}*`);
  const pattern = fc
    .constantFrom('[^@]', '[^a]', '[^\\-]', '.', '[^\\.]', '[^é]', '[^%]', "[^']")
    .chain((but) =>
      fc.oneof(
        fc.array(fc.oneof(wild(but), fc.constantFrom('a', 'b', '@', '-', '\\.', "'", '\\@')), {
          minLength: 1,
          maxLength: 6,
        }),
        fc
          .array(wild(but), { minLength: 2, maxLength: 4 })
          .map((wilds) => wilds.flatMap((each, index) => (index === 0 ? [each] : ['@', each]))),
      ),
    )
    .map((pieces) => pieces.join(''));
  let cheap = 0;
  let matched = 0;
  await fc.assert(
    fc.asyncProperty(
      pattern,
      fc.array(fc.option(texts), { minLength: 20, maxLength: 40 }),
      async (source, values) => {
        const broken = brokenOf(source);
        if (!broken.includes('regexp')) cheap++;
        const rows = await session.rows(
          `SELECT _v0, ${broken} AS cheap, NOT regexp_full_match(_v0, $1) AS slow FROM (SELECT unnest(from_json($2, '["VARCHAR"]')) AS _v0)`,
          [source, JSON.stringify(values)],
        );
        for (const { _v0, cheap, slow } of rows) {
          expect(cheap, `${source} on ${JSON.stringify(_v0)}`).toBe(slow);
          matched += Number(slow === false);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(cheap).toBeGreaterThan(100);
  expect(matched).toBeGreaterThan(200);
});

test.each(['[^@]+@[^@]+', 'user-[^@]*', '.+', '[^/]+/[^/]+/[^/]+', 'a.*z'])(
  '%s needs no regular expression',
  (pattern) => {
    expect(brokenOf(pattern)).not.toContain('regexp');
  },
);

test.each(['[^@]+@[^.]+', 'a*', 'user_.+', '[^@]+?', 'x|y', '[^a-z]+', '(a)', '[^%]+', 'a{2}.*'])(
  '%s stays a regular expression',
  (pattern) => {
    expect(brokenOf(pattern)).toContain('regexp');
  },
);

const CONTRACT = `
fields:
  - { name: whole, type: integer, minimum: -2, exclusiveMaximum: 3 }
  - { name: number, type: number, exclusiveMinimum: -1, maximum: 1.5 }
  - { name: day, type: date, minimum: "2024-01-02", maximum: "2024-01-03" }
  - { name: text, minLength: 2, maxLength: 3, enum: [ab, éé, "日本", abc, ""] }
`;

test('rows of Parquet that break a range, a length or an enum are counted each', async () => {
  const row = fc.record({
    whole: fc.option(fc.integer({ min: -4, max: 5 })),
    number: fc.option(fc.constantFrom(-1.5, -1, -0.5, 0, 1.5, 1.5000000001, 2)),
    day: fc.option(fc.constantFrom('2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04')),
    text: fc.option(fc.constantFrom('a', 'é', 'ab', 'éé', '日本', 'abc', 'ééé', '日本日本', 'abcd', '')),
  });
  const absolute = join(folder, 'data.parquet');
  const plan = planChecks(readContract(CONTRACT, 'c.yaml'), { files: [{ absolute, path: 'data.parquet' }] });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (rows) => {
      const typed = `from_json($1, '[{"whole":"BIGINT","number":"DOUBLE","day":"DATE","text":"VARCHAR"}]')`;
      await session.rows(`COPY (SELECT unnest(${typed}, recursive := true)) TO '${absolute}'`, [
        JSON.stringify(rows),
      ]);
      const { rules } = await engine.check(plan);
      const counts = (id: string) => rules.find((rule) => rule.id === id)!.count;
      const breaks = <T>(pick: (row: (typeof rows)[number]) => T | null, isBroken: (value: T) => boolean) =>
        rows.filter((each) => {
          const value = pick(each);
          return value !== null && value !== '' && isBroken(value);
        }).length;
      expect(counts('whole.range')).toBe(
        breaks(
          ({ whole }) => whole,
          (value) => value < -2 || value >= 3,
        ),
      );
      expect(counts('number.range')).toBe(
        breaks(
          ({ number }) => number,
          (value) => value <= -1 || value > 1.5,
        ),
      );
      expect(counts('day.range')).toBe(
        breaks(
          ({ day }) => day,
          (day) => day < '2024-01-02' || day > '2024-01-03',
        ),
      );
      expect(counts('text.length')).toBe(
        breaks(
          ({ text }) => text,
          (text) => text.length < 2 || text.length > 3,
        ),
      );
      expect(counts('text.enum')).toBe(
        breaks(
          ({ text }) => text,
          (text) => !['ab', 'éé', '日本', 'abc'].includes(text),
        ),
      );
    }),
    { numRuns: 60 },
  );
});

test('several keys that are asked at once count what each alone would', async () => {
  const value = fc.option(fc.integer({ min: 0, max: 4 }));
  const absolute = join(folder, 'keys.parquet');
  const fields =
    'fields: [{ name: a, type: integer, unique: true }, { name: b, type: integer, unique: true }]';
  const plan = planChecks(readContract(`${fields}\nprimaryKey: [a]`, 'c.yaml'), {
    files: [{ absolute, path: 'keys.parquet' }],
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ a: value, b: value }), { minLength: 1, maxLength: 8 }),
      async (rows) => {
        const typed = `from_json($1, '[{"a":"BIGINT","b":"BIGINT"}]')`;
        await session.rows(`COPY (SELECT unnest(${typed}, recursive := true)) TO '${absolute}'`, [
          JSON.stringify(rows),
        ]);
        const { rules } = await engine.check(plan);
        const again = (values: readonly (number | null)[]) =>
          values.filter((one, index) => one !== null && values.indexOf(one) < index).length;
        const count = (id: string) => rules.find((rule) => rule.id === id)!.count;
        const [a, b] = [rows.map((row) => row.a), rows.map((row) => row.b)];
        expect([count('a.unique'), count('b.unique'), count('primaryKey.unique')]).toEqual([
          again(a),
          again(b),
          again(a),
        ]);
      },
    ),
    { numRuns: 40 },
  );
});
