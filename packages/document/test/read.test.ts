import { InputError } from '@rastro/fault';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readDocument } from '../src/index.ts';

const Schema = z.strictObject({
  version: z.literal(1),
  fields: z.record(
    z.string(),
    z.strictObject({ minimum: z.number().optional(), required: z.boolean().default(false) }),
  ),
  how: z.union([z.string(), z.strictObject({ command: z.string() })]).optional(),
});

function faultsIn(text: string) {
  try {
    readDocument(text, 'x.yaml', Schema);
  } catch (error) {
    if (error instanceof InputError) return error.faults;
    throw error;
  }
  return [];
}

test('an unknown key is told at its own line and column, with the key that was meant', () => {
  expect(faultsIn('version: 1\nfields:\n  age:\n    minimun: 3\n')).toEqual([
    {
      code: 'unknown-key',
      message: 'unknown key "minimun" in fields.age',
      place: { file: 'x.yaml', line: 4, column: 5 },
      next: 'Did you mean "minimum"?',
    },
  ]);
});

test('an unknown key inside a branch of a union is found in the branch that was meant', () => {
  const [fault] = faultsIn('version: 1\nfields: {}\nhow:\n  comand: ls\n');
  expect(fault).toMatchObject({ place: { line: 4, column: 3 } });
});

test('every fault is told, not only the first', () => {
  expect(
    faultsIn('version: 2\nfields:\n  a: { minimum: low, required: 3 }\n').map((fault) => fault.place?.column),
  ).toEqual([10, 17, 32]);
});

test('a missing key is told at its parent', () => {
  expect(faultsIn('fields: {}\n')[0]).toMatchObject({ code: 'missing-key', place: { line: 1, column: 1 } });
});

test.each([
  ['a: [1', 'yaml-syntax'],
  ['a: 1\na: 2', 'yaml-syntax'],
  ['', 'yaml-empty'],
  ['# nothing\n', 'yaml-empty'],
])('%j is refused as %s', (text, code) => {
  expect(faultsIn(text)[0]?.code).toBe(code);
});
