import type { Document } from '@rastro/document';
import type { Place } from '@rastro/fault';
import {
  bound,
  type Difference,
  fieldDifferences,
  flag,
  rangeDifference,
  severityDifference,
  wording,
} from './evolve-field.ts';
import type { Contract, ContractField } from './schema.ts';

/** One difference between two contracts. */
export interface ContractChange {
  /** Breaking: data that kept the old contract may break the new one, or something that it promised is gone. */
  readonly kind: Difference['kind'];
  /** The column, or `primaryKey`, `rules.<name>`, `source`… */
  readonly subject: string;
  /** In words, without a final period. */
  readonly message: string;
  /** Where the new contract says so; where the old one did, for what is gone. */
  readonly place: Place;
}

/** What happened to a contract between two versions of it. */
export interface ContractEvolution {
  readonly changes: readonly ContractChange[];
  readonly from: string;
  readonly to: string;
  /** False when there is a breaking change and the version does not say so by its first number (its second, before 1.0.0). */
  readonly versionTells: boolean;
  readonly versionPlace: Place;
}

/** Compares the contract of a change with the one it changes. */
export function compareContracts({
  base,
  head,
}: {
  base: Document<Contract>;
  head: Document<Contract>;
}): ContractEvolution {
  const changes = [...fieldChanges(base, head), ...tableChanges(base, head), ...ruleChanges(base, head)];
  const from = base.value.version;
  const to = head.value.version;
  return {
    changes,
    from,
    to,
    versionTells: !changes.some(({ kind }) => kind === 'breaking') || isBreakingBump(from, to),
    versionPlace: head.placeOf(['version']),
  };
}

function isBreakingBump(from: string, to: string): boolean {
  const [fromMajor = 0, fromMinor = 0] = from.split('.').map(Number);
  const [toMajor = 0, toMinor = 0] = to.split('.').map(Number);
  return toMajor > fromMajor || (fromMajor === 0 && toMajor === 0 && toMinor > fromMinor);
}

function fieldChanges(base: Document<Contract>, head: Document<Contract>): ContractChange[] {
  const before = new Map(base.value.fields.map((field, index) => [field.name, { field, index }]));
  const after = new Set(head.value.fields.map(({ name }) => name));
  const gone = [...before.values()].filter(({ field }) => !after.has(field.name));
  return [
    ...gone.map(
      ({ field, index }): ContractChange => ({
        kind: 'breaking',
        subject: field.name,
        message: `the column "${field.name}" is gone`,
        place: base.placeOf(['fields', index]),
      }),
    ),
    ...head.value.fields.flatMap((field, index) => {
      const path = ['fields', index];
      const known = before.get(field.name);
      const differences = known ? fieldDifferences(known.field, field) : [newField(field)];
      return differences.map((difference) =>
        placed(head, field.name, { ...difference, path: [...path, ...difference.path] }),
      );
    }),
  ];
}

function placed(
  document: Document<Contract>,
  subject: string,
  { kind, message, path }: Difference,
): ContractChange {
  return { kind, subject, message, place: document.placeOfKey(path) };
}

function newField({ name, required }: ContractField): Difference {
  return required
    ? { kind: 'breaking', message: `the column "${name}" is new and required`, path: ['required'] }
    : { kind: 'compatible', message: `the column "${name}" is new`, path: ['name'] };
}

function tableChanges({ value: before }: Document<Contract>, head: Document<Contract>): ContractChange[] {
  const { value: after } = head;
  const change = (subject: string, differences: readonly Difference[]) =>
    differences.map((difference) =>
      placed(head, subject, { ...difference, path: [subject, ...difference.path] }),
    );
  return [
    ...change('primaryKey', keyDifference(before.primaryKey, after.primaryKey)),
    ...change('foreignKeys', foreignKeyDifferences(before, after)),
    ...change('extraColumns', extraColumnsDifference(before, after)),
    ...change(
      'columnOrder',
      flag(
        'columnOrder',
        'the order of columns counts',
        before.columnOrder === 'exact',
        after.columnOrder === 'exact',
      ),
    ),
    ...change('source', sourceDifferences(before, after)),
    ...change('rows', [
      ...rangeDifference('the number of rows', before.rows, after.rows, []),
      ...bound(
        'maxDecrease',
        'the number of rows',
        'lowered',
        before.rows?.maxDecrease,
        after.rows?.maxDecrease,
      ),
      ...bound(
        'maxIncrease',
        'the number of rows',
        'lowered',
        before.rows?.maxIncrease,
        after.rows?.maxIncrease,
      ),
      ...flag('unique', 'every row is unique', before.rows?.unique ?? false, after.rows?.unique ?? false),
    ]),
    ...change('freshness', freshnessDifference(before.freshness, after.freshness)),
  ];
}

const MINUTES = { m: 1, h: 60, d: 24 * 60, w: 7 * 24 * 60 };

function freshnessDifference(before: Contract['freshness'], after: Contract['freshness']): Difference[] {
  const words = (freshness: Contract['freshness']) =>
    freshness && `${freshness.field} at most ${freshness.maxAge} old`;
  if (!before || !after || before.field !== after.field)
    return wording('maxAge', 'freshness', words(before), words(after));
  const minutes = (age: string) => Number(age.slice(0, -1)) * MINUTES[age.at(-1) as keyof typeof MINUTES];
  const difference = minutes(after.maxAge) - minutes(before.maxAge);
  if (difference === 0) return [];
  return [
    {
      kind: difference < 0 ? 'breaking' : 'compatible',
      message: `the newest row may be ${after.maxAge} old, was ${before.maxAge}`,
      path: ['maxAge'],
    },
  ];
}

function keyDifference(before: Contract['primaryKey'], after: Contract['primaryKey']): Difference[] {
  const words = (key: Contract['primaryKey']) => (key === undefined ? undefined : [key].flat().join(', '));
  return wording('primaryKey', 'the table', words(before), words(after)).map((each) => ({
    ...each,
    path: [],
  }));
}

function foreignKeyDifferences(before: Contract, after: Contract): Difference[] {
  const columns = ({ fields }: Contract['foreignKeys'][number]) => [fields].flat().join(', ');
  const known = before.foreignKeys.map((key) => JSON.stringify(key));
  const kept = after.foreignKeys.map(columns);
  const gone = before.foreignKeys.map(columns).filter((key) => !kept.includes(key));
  return [
    ...after.foreignKeys.flatMap((key, index): Difference[] =>
      known.includes(JSON.stringify(key))
        ? []
        : [
            {
              kind: 'breaking',
              message: `the foreign key on ${columns(key)} is new or changed`,
              path: [index],
            },
          ],
    ),
    ...gone.map(
      (key): Difference => ({ kind: 'compatible', message: `the foreign key on ${key} is gone`, path: [] }),
    ),
  ];
}

const COLUMN_STRICTNESS = { allow: 0, warn: 1, forbid: 2 };

function extraColumnsDifference(
  { extraColumns: before }: Contract,
  { extraColumns: after }: Contract,
): Difference[] {
  if (before === after) return [];
  const isBreaking = after === 'forbid' && COLUMN_STRICTNESS[before] < COLUMN_STRICTNESS[after];
  return [
    {
      kind: isBreaking ? 'breaking' : 'compatible',
      message: `extra columns: ${after}, was ${before}`,
      path: [],
    },
  ];
}

function sourceDifferences({ source: before }: Contract, { source: after }: Contract): Difference[] {
  const keys = ['format', 'delimiter', 'quote', 'comment', 'encoding', 'header', 'trim'] as const;
  const shown = (value: unknown) => (value === undefined ? 'the usual one' : JSON.stringify(value));
  const read = keys
    .filter((key) => before[key] !== after[key])
    .map(
      (key): Difference => ({
        kind: 'breaking',
        message: `the data is read in another way: ${key} is ${shown(after[key])}, was ${shown(before[key])}`,
        path: [key],
      }),
    );
  const missing = [...before.missingValues].sort().join('\0') !== [...after.missingValues].sort().join('\0');
  return missing
    ? [
        ...read,
        { kind: 'breaking', message: 'other texts stand for a missing value', path: ['missingValues'] },
      ]
    : read;
}

function ruleChanges(base: Document<Contract>, head: Document<Contract>): ContractChange[] {
  const before = new Map(base.value.rules.map((rule, index) => [rule.name, { rule, index }]));
  const after = new Set(head.value.rules.map(({ name }) => name));
  const gone = [...before.values()].filter(({ rule }) => !after.has(rule.name));
  return [
    ...gone.map(
      ({ rule, index }): ContractChange => ({
        kind: 'compatible',
        subject: `rules.${rule.name}`,
        message: `the rule ${rule.name} is gone`,
        place: base.placeOf(['rules', index]),
      }),
    ),
    ...head.value.rules.flatMap((rule, index) => {
      const known = before.get(rule.name)?.rule;
      const name = `the rule ${rule.name}`;
      const differences: Difference[] = known
        ? [
            ...(known.check === rule.check
              ? []
              : [{ kind: 'breaking' as const, message: `${name} asks something else`, path: ['check'] }]),
            ...severityDifference(name, known.severity, rule.severity),
            ...bound('tolerance', name, 'lowered', known.tolerance, rule.tolerance),
          ]
        : [
            {
              kind: rule.severity === 'error' ? 'breaking' : 'compatible',
              message: `${name} is new`,
              path: ['name'],
            },
          ];
      return differences.map((difference) =>
        placed(head, `rules.${rule.name}`, { ...difference, path: ['rules', index, ...difference.path] }),
      );
    }),
  ];
}
