import { InputError, showPlace } from '@rastro/fault';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Contract, readContract } from '../src/index.ts';

function faultsOf(text: string): string[] {
  try {
    readContract(text, 'c.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.faults.map(({ code, place, next }) => `${code} ${showPlace(place!)} ${next ?? ''}`.trim());
  }
}

const FIELDS =
  'fields:\n  - { name: id, type: integer }\n  - { name: name }\n  - { name: seen, type: date }\n';

describe('a contract', () => {
  test('may bound integers by 64 bits', () => {
    const bounds = 'minimum: -9223372036854775808, maximum: 9223372036854775807';
    expect(faultsOf(`fields: [{ name: a, type: integer, ${bounds} }]`)).toEqual([]);
    const round = 'enum: [9007199254740992, +1700000000000000000, 1234567890123456800, 0x20000000000000]';
    expect(faultsOf(`fields: [{ name: a, type: integer, ${round} }]`)).toEqual([]);
    // The same double, which is not what was written.
    expect(faultsOf('fields: [{ name: a, type: integer, minimum: 1234567890123456768 }]')).toHaveLength(1);
  });

  test('needs only the names of columns', () => {
    const { value } = readContract('fields: [{ name: a }]', 'c.yaml');
    expect(value.fields[0]).toMatchObject({ name: 'a', type: 'string', required: false, severity: 'error' });
    expect(value.source).toMatchObject({ header: true, missingValues: [''], encoding: 'utf-8' });
  });

  test('may use every word of the schema', () => {
    const text = `
name: customers
version: 2.1.0
source: { path: data/*.csv, format: csv, delimiter: ";", missingValues: ["", NA], comment: "#" }
fields:
  - { name: id, type: integer, required: true, minimum: 1 }
  - { name: email, format: email, pattern: ".+@.+", sensitive: true, maxLength: 100, trimmed: true }
  - { name: score, type: number, exclusiveMaximum: 1, nulls: { warn: 0.01, fail: 0.1 }, statistics: { mean: { minimum: 0.2 }, quantiles: [{ at: 0.5, maximum: 0.9 }] } }
  - { name: born, type: date, minimum: "1900-01-01" }
  - { name: active, type: boolean, enum: [true] }
primaryKey: id
foreignKeys: [{ fields: id, reference: { path: other.csv, fields: id } }]
rows: { minimum: 1, maxDecrease: 0.1, unique: true }
rules: [{ name: young, check: "born is null or year(born) > 1900", severity: warning, tolerance: 0.01 }]
freshness: { field: born, maxAge: 7d }
`;
    expect(faultsOf(text)).toEqual([]);
  });

  test('is refused for every fault at once, each at its place', () => {
    expect(
      faultsOf(`${FIELDS}primaryKey: [id, nam]
freshness: { field: sen, maxAge: 1d }
rules:
  - { name: a, check: id > 0 and nme = 'x' }
`),
    ).toEqual([
      'unknown-column c.yaml:5:18 Did you mean "name"?',
      'unknown-column c.yaml:6:21 Did you mean "seen"?',
      'unknown-column c.yaml:8:34 Did you mean "name"?',
    ]);
  });

  test('is refused for a misspelt key', () => {
    expect(faultsOf('fields:\n  - { name: a, requried: true }')).toEqual([
      'unknown-key c.yaml:2:16 Did you mean "required"?',
    ]);
  });

  test.each([
    ['lookahead', '"(?=a)b"'],
    ['lookbehind', '"(?<!a)b"'],
    ['a backreference', String.raw`'(a)\1'`],
    ['a possessive quantifier', '"a++"'],
    ['a named group of another dialect', '"(?<n>a)"'],
    ['too many repetitions', '"a{1001}"'],
    ['an open group', '"(a"'],
  ])('cannot have a pattern with %s', (_, pattern) => {
    const faults = faultsOf(`fields:\n  - name: a\n    pattern: ${pattern}\n`);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^pattern c\.yaml:3:14 /);
  });

  test.each([
    ['a length on an integer', '{ name: a, type: integer, minLength: 1 }', 'constraint-type c.yaml:1:36'],
    ['a bound on a text', '{ name: a, minimum: 1 }', 'constraint-type c.yaml:1:21'],
    [
      'a text as the bound of a number',
      '{ name: a, type: number, minimum: low }',
      'invalid-value c.yaml:1:44',
    ],
    [
      'an integer that is not read exactly',
      '{ name: a, type: integer, maximum: 9007199254740993 }',
      'inexact-integer c.yaml:1:45',
    ],
    [
      'an integer among values that is not read exactly',
      '{ name: a, type: integer, enum: [1, -9007199254740993] }',
      'inexact-integer c.yaml:1:46',
    ],
    ['a bound in the year 0', '{ name: a, type: date, minimum: 0000-01-01 }', 'invalid-value c.yaml:1:42'],
    ['a bound that is no date', '{ name: a, type: date, minimum: 2024-1-1 }', 'invalid-value c.yaml:1:42'],
    [
      'bounds that leave nothing',
      '{ name: a, type: integer, minimum: 3, maximum: 2 }',
      'empty-range c.yaml:1:57',
    ],
    [
      'bounds that leave nothing because one is exclusive',
      '{ name: a, type: integer, minimum: 1, exclusiveMinimum: 2, maximum: 2 }',
      'empty-range c.yaml:1:78',
    ],
    [
      'an enum of numbers where values are texts',
      '{ name: a, type: any, enum: [1] }',
      'invalid-value c.yaml:1:39',
    ],
    ['an enum of another type', '{ name: a, enum: [1] }', 'invalid-value c.yaml:1:28'],
    ['required and nulls', '{ name: a, required: true, nulls: { fail: 0 } }', 'required-nulls c.yaml:1:37'],
  ])('cannot have %s', (_, field, expected) => {
    expect(faultsOf(`fields: [${field}]`).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      expected,
    ]);
  });

  test.each([
    ['{ delimiter: "\\"" }', 'separator c.yaml:1:11'],
    ['{ quote: "," }', 'separator c.yaml:1:11'],
    ['{ format: tsv, quote: "\\t" }', 'separator c.yaml:1:24'],
    ['{ delimiter: ";", comment: ";" }', 'separator c.yaml:1:27'],
    ['{ delimiter: "\\0" }', 'invalid-value c.yaml:1:22'],
    ['{ comment: "\\"" }', 'separator c.yaml:1:11'],
  ])('cannot have one character with two meanings: source: %s', (source, expected) => {
    const faults = faultsOf(`source: ${source}\nfields: [{ name: a }]`);
    expect(faults.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([expected]);
  });

  test('cannot have a NUL character, wherever a text may stand', () => {
    const faults = faultsOf(`source: { missingValues: ["", "a\\0"], path: "x\\0.csv" }
fields:
  - { name: "b\\0", enum: [c, "\\0d"], pattern: "e\\0" }
  - { name: f, type: boolean, trueValues: ["\\0"] }
rules: [{ name: r, check: "f <> '\\0'" }]
`);
    expect(faults).toEqual(
      ['1:45', '1:31', '3:13', '3:47', '3:30', '4:44', '5:28'].map((at) => `nul c.yaml:${at} Take it out.`),
    );
  });

  test('cannot declare a column or a rule twice', () => {
    const faults = faultsOf(
      'fields: [{ name: a }, { name: a }]\nrules: [{ name: r, check: "true" }, { name: r, check: "true" }]',
    );
    expect(faults.map((line) => line.split(' ')[0])).toEqual(['repeated-column', 'repeated-rule']);
  });

  test('may use functions, types, dates and quoted names in rules', () => {
    const checks = [
      'abs(id) > 0 and id in (1, 2)',
      "cast(name as integer) > 1 or name like '%id_x%'",
      "extract(year from seen) > 2000 and seen < date '2024-01-01' + interval 1 day",
      'case when id is null then true else "name" <> \'nobody\' end -- missing_column',
      'try_cast(name as double) between 1e3 and 2.5e-3',
      'seen::timestamp > current_date',
      'len(list_filter([id], x -> x > 1)) = 0',
      'ID > 0',
    ];
    const rules = checks.map((check, index) => `  - { name: r${index}, check: ${JSON.stringify(check)} }`);
    expect(faultsOf(`${FIELDS}rules:\n${rules.join('\n')}\n`)).toEqual([]);
  });

  test('has a JSON Schema in which every key is described', () => {
    const schema = z.toJSONSchema(Contract, { io: 'input' });
    const undescribed: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties } = node as { properties?: Record<string, { description?: string }> };
      for (const [key, child] of Object.entries(properties ?? {})) {
        if (!child.description) undescribed.push(`${path}.${key}`);
      }
      for (const [key, child] of Object.entries(node)) walk(child, `${path}.${key}`);
    };
    walk(schema, '');
    expect(undescribed).toEqual([]);
  });
});
