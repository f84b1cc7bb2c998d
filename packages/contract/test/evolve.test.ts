import { describe, expect, test } from 'vitest';
import { compareContracts, readContract } from '../src/index.ts';

function changes(base: string, head: string): string[] {
  const evolution = compareContracts({
    base: readContract(base, 'c.yaml'),
    head: readContract(head, 'c.yaml'),
  });
  return evolution.changes.map(({ kind, message }) => `${kind}: ${message}`);
}

const one = (field: string) => `fields: [{ name: a, ${field} }]`;

describe('between two versions of a contract', () => {
  test('nothing changes when nothing does', () => {
    const text =
      'fields: [{ name: a, enum: [x], pattern: x }]\nprimaryKey: a\nrules: [{ name: r, check: a is not null }]';
    expect(changes(text, text)).toEqual([]);
  });

  test.each([
    ['type: number', 'type: integer', 'breaking: the type of "a" is narrowed from number to integer'],
    ['type: integer', 'type: number', 'compatible: the type of "a" is widened from integer to number'],
    ['type: date', 'type: string', 'breaking: the type of "a" is changed from date to string'],
    ['required: false', 'required: true', 'breaking: "a" is required now'],
    ['required: true', 'required: false', 'compatible: "a" is required no longer'],
    [
      'type: integer, minimum: 1',
      'type: integer, minimum: 2',
      'breaking: "a" has its minimum raised from 1 to 2',
    ],
    [
      'type: integer, minimum: 2',
      'type: integer, minimum: 1',
      'compatible: "a" has its minimum lowered from 2 to 1',
    ],
    ['type: integer', 'type: integer, maximum: 9', 'breaking: "a" has a maximum now: 9'],
    ['type: integer, maximum: 9', 'type: integer', 'compatible: "a" has no maximum any more'],
    ['enum: [x, y]', 'enum: [x]', 'breaking: "a" may no longer be y'],
    ['enum: [x]', 'enum: [x, y]', 'compatible: "a" may also be y'],
    ['pattern: x', 'pattern: y', 'breaking: "a" has another pattern: y'],
    ['severity: warning', 'severity: error', 'breaking: a breach of "a" is error now, was warning'],
    ['tolerance: 0.1', 'tolerance: 0', 'breaking: "a" has its tolerance lowered from 0.1 to 0'],
  ])('a column goes from %s to %s', (before, after, expected) => {
    expect(changes(one(before), one(after))).toEqual([expected]);
  });

  test.each([
    ['sensitive: true', 'sensitive: false', 'compatible: "a" is no longer sensitive: its values are shown'],
    ['sensitive: allowed', 'sensitive: true', 'compatible: "a" is sensitive now: its values are not shown'],
  ])('who may see values is told: from %s to %s', (before, after, expected) => {
    expect(changes(one(before), one(after))).toEqual([expected]);
  });

  test('data may become older, or has to be fresher', () => {
    const fresh = (maxAge: string) =>
      `fields: [{ name: a, type: date }]\nfreshness: { field: a, maxAge: ${maxAge} }`;
    expect(changes(fresh('7d'), fresh('2w'))).toEqual(['compatible: the newest row may be 2w old, was 7d']);
    expect(changes(fresh('7d'), fresh('36h'))).toEqual(['breaking: the newest row may be 36h old, was 7d']);
    expect(changes(fresh('7d'), fresh('1w'))).toEqual([]);
    expect(changes(one('type: date'), fresh('1w'))).toEqual([
      'breaking: freshness has a maxAge now: a at most 1w old',
    ]);
  });

  test('foreign keys come and go', () => {
    const key = (to: string) =>
      `${one('type: any')}\nforeignKeys: [{ fields: a, reference: { path: ${to}, fields: id } }]`;
    expect(changes(key('x.csv'), one('type: any'))).toEqual(['compatible: the foreign key on a is gone']);
    expect(changes(key('x.csv'), key('y.csv'))).toEqual(['breaking: the foreign key on a is new or changed']);
  });

  test('columns come and go', () => {
    expect(
      changes(
        'fields: [{ name: a }, { name: b }]',
        'fields: [{ name: a }, { name: c }, { name: d, required: true }]',
      ),
    ).toEqual([
      'breaking: the column "b" is gone',
      'compatible: the column "c" is new',
      'breaking: the column "d" is new and required',
    ]);
  });

  test('a breaking change needs a new major version', () => {
    const evolve = (from: string, to: string, field: string) =>
      compareContracts({
        base: readContract(`version: ${from}\n${one('type: number')}`, 'c.yaml'),
        head: readContract(`version: ${to}\n${one(field)}`, 'c.yaml'),
      }).versionTells;
    expect(evolve('1.2.0', '1.3.0', 'type: integer')).toBe(false);
    expect(evolve('1.2.0', '2.0.0', 'type: integer')).toBe(true);
    expect(evolve('0.2.0', '0.3.0', 'type: integer')).toBe(true);
    expect(evolve('1.2.0', '1.2.0', 'type: any')).toBe(true);
  });
});
