import {
  Contract,
  contractFromOdcs,
  contractFromTableSchema,
  odcsFromContract,
  readContract,
  tableSchemaFromContract,
} from '@rastro/contract';
import {
  DataLock,
  Project,
  readDataLock,
  readProject,
  readTrainLock,
  TrainLock,
  writeLock,
} from '@rastro/lineage';
import { EvaluationRecord, readRecord, writeRecord } from '@rastro/metrics';
import { Policy, PolicyTests, readPolicy, readPolicyTests } from '@rastro/registry';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { expectPlaces, readOrRefuse } from './answers.ts';
import { bent, damaged, hostileText } from './hostile.ts';
import { runs } from './settings.ts';
import { valid } from './valid.ts';

const files = [
  { name: 'rastro.yaml', schema: Project, read: readProject },
  { name: 'contracts/x.yaml', schema: Contract, read: readContract },
  { name: 'rastro.policy.yaml', schema: Policy, read: readPolicy },
  { name: 'rastro.policy.test.yaml', schema: PolicyTests, read: readPolicyTests },
  { name: 'rastro.lock/x/train.yaml', schema: TrainLock, read: readTrainLock },
  { name: 'rastro.lock/data/x/validate.yaml', schema: DataLock, read: readDataLock },
] as const;

const yaml = (value: unknown) => stringify(value, { aliasDuplicateObjects: true });
const utf8 = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe.each(files)('$name', ({ name, schema, read }) => {
  const whole = valid(schema);
  const holds = (text: string) => {
    const answer = readOrRefuse(() => read(text, name));
    if ('refused' in answer) expectPlaces(answer.refused, name, text);
  };

  test('as its schema allows it is read, or refused at a place', () => {
    fc.assert(fc.property(whole.map(yaml), holds), runs(150));
  });

  test('with values and keys that do not belong is read, or refused at a place', () => {
    fc.assert(fc.property(bent(whole).map(yaml), holds), runs(300));
  });

  test('with damaged text is read, or refused at a place', () => {
    const text = whole.map((value) => new TextEncoder().encode(yaml(value)));
    fc.assert(fc.property(damaged(text).map(utf8), holds), runs(300));
  });

  test('that is any text is read, or refused at a place', () => {
    fc.assert(fc.property(hostileText, holds), runs(100));
  });

  test.each([
    ['an anchor within itself', 'a: &a [*a]\n'],
    ['a bomb of few aliases', bomb(9, 10)],
    ['a document of very many levels', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['a key that is a list', '? [a, b]\n: c\n'],
    ['a key that is nothing', '? \n: c\n'],
    ['two documents', 'version: 1\n---\nversion: 1\n'],
    ['a merge of what is no map', '<<: [1, 2]\nversion: 1\n'],
    ['a tag of Python', 'version: !!python/object/apply:os.system ["touch x"]\n'],
    ['binary', 'version: !!binary aGVsbG8=\n'],
    ['the prototype', '__proto__: { polluted: true }\nversion: 1\n'],
    ['a glob without quotes', 'version: *.csv\n'],
  ])('that has %s is refused at a place', (_, text) => {
    const answer = readOrRefuse(() => read(text, name));
    expect(answer).toHaveProperty('refused');
    if ('refused' in answer) expectPlaces(answer.refused, name, text);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

/** A contract whose parts go together, so that it is never refused. */
const soundContract: fc.Arbitrary<unknown> = (() => {
  const text = hostileText.filter((one) => !one.includes('\0'));
  const field = fc.oneof(
    fc.record({
      type: fc.constant('string'),
      minLength: fc.nat(3),
      maxLength: fc.integer({ min: 3, max: 9 }),
      trimmed: fc.boolean(),
    }),
    fc.record({
      type: fc.constantFrom('integer', 'number'),
      minimum: fc.integer({ max: 0 }),
      maximum: fc.nat(),
    }),
    fc.record({ type: fc.constant('integer'), exclusiveMinimum: fc.integer({ max: 0 }) }),
    fc.record({ type: fc.constant('string'), enum: fc.array(text, { minLength: 1, maxLength: 4 }) }),
    fc.record({ type: fc.constant('string'), pattern: fc.constantFrom('[a-z]+', 'a|b', '^x$', '\\d{2}"') }),
    fc.record({ type: fc.constant('date'), minimum: fc.constant('2020-01-01') }),
    fc.record({ type: fc.constantFrom('boolean', 'datetime', 'time', 'any') }),
  );
  const common = fc.record({
    title: text,
    description: text,
    required: fc.boolean(),
    unique: fc.boolean(),
    severity: fc.constantFrom('error', 'warning'),
    tolerance: fc.constantFrom(0, 0.05),
    sensitive: fc.constantFrom(true, false, 'allowed'),
  });
  const fields = fc
    .array(fc.tuple(field, common), { minLength: 1, maxLength: 5 })
    .map((all) => all.map(([one, more], index) => ({ name: `c${index}`, ...one, ...more })));
  return fc.record({
    name: fc.string({ minLength: 1 }).filter((one) => one.trim() !== ''),
    description: text,
    fields,
    primaryKey: fc.constant(['c0']),
    extraColumns: fc.constantFrom('allow', 'warn', 'forbid'),
    rows: fc.record({ minimum: fc.nat(), severity: fc.constantFrom('error', 'warning') }),
    rules: fc.constantFrom([], [{ name: 'r', check: 'c0 is not null' }]),
  });
})();

/** `levels` lists, each of which names the one before it `width` times. */
function bomb(levels: number, width: number): string {
  const lists = Array.from({ length: levels }, (_, level) =>
    level === 0
      ? `l0: &l0 [${Array.from({ length: width }, () => 'x').join(', ')}]`
      : `l${level}: &l${level} [${Array.from({ length: width }, () => `*l${level - 1}`).join(', ')}]`,
  );
  return `${lists.join('\n')}\n`;
}

describe('what Rastro writes, it reads back the same', () => {
  test('a lock of training', () => {
    fc.assert(
      fc.property(valid(TrainLock), (value) => {
        const lock = TrainLock.parse(value);
        const text = writeLock(lock);
        expect(writeLock(readTrainLock(text, 'x'))).toBe(text);
        expect(readTrainLock(text, 'x').params).toEqual(lock.params);
      }),
      runs(200),
    );
  });

  test('a lock of a data check', () => {
    fc.assert(
      fc.property(valid(DataLock), (value) => {
        const text = writeLock(DataLock.parse(value));
        expect(writeLock(readDataLock(text, 'x'))).toBe(text);
      }),
      runs(200),
    );
  });

  test('an evaluation record', () => {
    fc.assert(
      fc.property(valid(EvaluationRecord), (value) => {
        const record = EvaluationRecord.safeParse(value);
        // An interval that ends before it begins is none.
        fc.pre(record.success);
        const text = writeRecord(record.data!);
        expect(writeRecord(readRecord(text, 'x'))).toBe(text);
      }),
      runs(200),
    );
  });
});

describe('records, and contracts in the formats of others', () => {
  test.each([
    [
      'ODCS',
      (contract: Contract) => odcsFromContract(contract, 'x'),
      (text: string) => contractFromOdcs(text, 'x'),
    ],
    ['Table Schema', tableSchemaFromContract, (text: string) => contractFromTableSchema(text, 'x', 'x')],
  ] as const)('a contract that goes out as %s comes back as one that is read', (_, write, read) => {
    fc.assert(
      fc.property(soundContract.map(yaml), (text) => {
        const out = write(readContract(text, 'x').value);
        const back = readOrRefuse(() => readContract(read(out.text).text, 'back'));
        expect(back, `${text}\n${out.text}`).toHaveProperty('value');
      }),
      runs(150),
    );
  });

  test.each([
    ['ODCS', (text: string) => contractFromOdcs(text, 'x')],
    ['Table Schema', (text: string) => contractFromTableSchema(text, 'x', 'x')],
  ] as const)('bent, or of hostile texts, %s is read or refused', (_, read) => {
    const document = soundContract.map(
      (value) => parse(odcsFromContract(readContract(yaml(value), 'x').value, 'x').text) as unknown,
    );
    fc.assert(
      fc.property(bent(document).map(yaml), (text) => void readOrRefuse(() => read(text))),
      runs(200),
    );
  });

  test('a bent or damaged record is refused', () => {
    const text = bent(valid(EvaluationRecord)).map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(text, (one) => void readOrRefuse(() => readRecord(one, 'x'))),
      runs(300),
    );
    const bytes = valid(EvaluationRecord).map((value) => new TextEncoder().encode(JSON.stringify(value)));
    fc.assert(
      fc.property(damaged(bytes).map(utf8), (one) => void readOrRefuse(() => readRecord(one, 'x'))),
      runs(300),
    );
  });
});
