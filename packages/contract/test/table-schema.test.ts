import { InputError } from '@rastro/fault';
import { expect, test } from 'vitest';
import { contractFromTableSchema, readContract, tableSchemaFromContract } from '../src/index.ts';

const SCHEMA = {
  fields: [
    {
      name: 'id',
      type: 'integer',
      constraints: { required: true, unique: true, minimum: '1', enum: ['1', 2] },
    },
    { name: 'mail', type: 'string', format: 'email', constraints: { maxLength: 50, pattern: '.+@.+' } },
    { name: 'price', type: 'number', decimalChar: ',', groupChar: '.', constraints: { maximum: 10.5 } },
    { name: 'day', type: 'date', constraints: { minimum: '2020-01-01' } },
    { name: 'old', type: 'date', format: '%d/%m/%Y' },
    { name: 'where', type: 'geopoint' },
    { name: 'active', type: 'boolean', trueValues: ['yes'], falseValues: ['no'] },
    { name: 'free' },
  ],
  missingValues: ['', 'NA'],
  primaryKey: ['id'],
};

test('a Table Schema becomes a contract that can be read', () => {
  const { text, lost } = contractFromTableSchema(JSON.stringify(SCHEMA), 'schema.json', 'people');
  const { value } = readContract(text, 'c.yaml');
  expect(value).toMatchObject({ name: 'people', primaryKey: ['id'], source: { missingValues: ['', 'NA'] } });
  expect(value.fields[0]).toMatchObject({
    type: 'integer',
    required: true,
    unique: true,
    minimum: 1,
    enum: [1, 2],
  });
  expect(value.fields[1]).toMatchObject({ type: 'string', format: 'email', maxLength: 50, pattern: '.+@.+' });
  expect(value.fields[2]).toMatchObject({ type: 'number', decimalChar: ',', groupChar: '.', maximum: 10.5 });
  expect(value.fields.map(({ type }) => type)).toEqual([
    'integer',
    'string',
    'number',
    'date',
    'string',
    'any',
    'boolean',
    'string',
  ]);
  expect(lost).toEqual([
    'old: the format %d/%m/%Y of a date; it is a string now',
    'where: the type geopoint; any value passes now',
  ]);
});

test('a contract that came from a Table Schema goes back to the same contract', () => {
  const first = contractFromTableSchema(JSON.stringify(SCHEMA), 'schema.json', 'people').text;
  const back = tableSchemaFromContract(readContract(first, 'c.yaml').value);
  expect(back.lost).toEqual([]);
  const second = contractFromTableSchema(back.text, 'schema.json', 'people');
  expect(second.lost).toEqual([]);
  expect(readContract(second.text, 'c.yaml').value).toEqual(readContract(first, 'c.yaml').value);
});

test('what a Table Schema cannot say is told', () => {
  const contract = readContract(
    'source: { delimiter: ";" }\nfields: [{ name: a, type: integer, sensitive: true, tolerance: 0.1 }]\nrules: [{ name: r, check: a > 0 }]\nrows: { minimum: 1 }',
    'c.yaml',
  );
  const { lost } = tableSchemaFromContract(contract.value);
  expect(lost.map((each) => each.split(/[:;]/).slice(0, 2).join(':').split(' Table')[0])).toEqual([
    'source:',
    'rules:',
    'rows:',
    'a: sensitive',
    'a: tolerance',
  ]);
});

test.each(['{', '[]', '{"fields": []}', '{"fields": [{"type": "integer"}]}'])(
  '%s is no Table Schema',
  (text) => {
    expect(() => contractFromTableSchema(text, 'schema.json', 'x')).toThrow(InputError);
  },
);
