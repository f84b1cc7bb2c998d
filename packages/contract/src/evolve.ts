import type { Document } from '@rastro/document';
import type { Place } from '@rastro/fault';
import type { Contract, ContractField } from './schema.ts';

/** One difference between two contracts. */
export interface ContractChange {
  /** Breaking: data that kept the old contract may break the new one, or something that it promised is gone. */
  readonly kind: 'breaking' | 'compatible';
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

type Path = readonly PropertyKey[];

/** A difference before it is known where it stands. */
interface Difference {
  readonly kind: ContractChange['kind'];
  readonly message: string;
  readonly path: Path;
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

function fieldDifferences(before: ContractField, after: ContractField): Difference[] {
  const name = `"${after.name}"`;
  return [
    ...typeDifference(before, after),
    ...FLAGS.flatMap(([key, words]) => flag(key, `${name} ${words}`, before[key], after[key])),
    ...LOWER_BOUNDS.flatMap((key) => bound(key, name, 'raised', before[key], after[key])),
    ...UPPER_BOUNDS.flatMap((key) => bound(key, name, 'lowered', before[key], after[key])),
    ...enumDifference(before, after),
    ...wording('pattern', name, before.pattern, after.pattern),
    ...wording('format', name, before.format, after.format),
    ...bound(
      'nulls',
      `the share of ${name} that may be missing:`,
      'lowered',
      before.nulls?.fail,
      after.nulls?.fail,
    ),
    ...bound('tolerance', name, 'lowered', before.tolerance, after.tolerance),
    ...severityDifference(name, before.severity, after.severity),
    ...notationDifference(before, after),
    ...statisticsDifference(before, after),
  ];
}

const FLAGS = [
  ['required', 'is required'],
  ['unique', 'is unique'],
  ['trimmed', 'is trimmed'],
] as const;
const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength'] as const;
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength'] as const;

function typeDifference({ type: before }: ContractField, { type: after, name }: ContractField): Difference[] {
  if (before === after) return [];
  const isWider = after === 'any' || (before === 'integer' && after === 'number');
  const verb = isWider
    ? 'widened'
    : before === 'any' || (before === 'number' && after === 'integer')
      ? 'narrowed'
      : 'changed';
  return [
    {
      kind: isWider ? 'compatible' : 'breaking',
      message: `the type of "${name}" is ${verb} from ${before} to ${after}`,
      path: ['type'],
    },
  ];
}

function flag(key: string, words: string, before: boolean, after: boolean): Difference[] {
  if (before === after) return [];
  return after
    ? [{ kind: 'breaking', message: `${words} now`, path: [key] }]
    : [{ kind: 'compatible', message: `${words} no longer`, path: [key] }];
}

/** A bound that moves the strict way, or is new, breaks. */
function bound(
  key: string,
  name: string,
  strict: 'raised' | 'lowered',
  before: number | string | undefined,
  after: number | string | undefined,
): Difference[] {
  if (before === after) return [];
  if (after === undefined)
    return [{ kind: 'compatible', message: `${name} has no ${key} any more`, path: [key] }];
  if (before === undefined)
    return [{ kind: 'breaking', message: `${name} has a ${key} now: ${after}`, path: [key] }];
  const way = after > before ? 'raised' : 'lowered';
  return [
    {
      kind: way === strict ? 'breaking' : 'compatible',
      message: `${name} has its ${key} ${way} from ${before} to ${after}`,
      path: [key],
    },
  ];
}

function enumDifference(before: ContractField, after: ContractField): Difference[] {
  const name = `"${after.name}"`;
  if (!before.enum && !after.enum) return [];
  if (!after.enum) return [{ kind: 'compatible', message: `${name} may have any value now`, path: ['enum'] }];
  if (!before.enum)
    return [{ kind: 'breaking', message: `${name} may only have listed values now`, path: ['enum'] }];
  const gone = before.enum.filter((value) => !after.enum!.includes(value));
  const added = after.enum.filter((value) => !before.enum!.includes(value));
  return [
    ...(gone.length > 0
      ? [
          {
            kind: 'breaking' as const,
            message: `${name} may no longer be ${gone.join(', ')}`,
            path: ['enum'],
          },
        ]
      : []),
    ...(added.length > 0
      ? [{ kind: 'compatible' as const, message: `${name} may also be ${added.join(', ')}`, path: ['enum'] }]
      : []),
  ];
}

function wording(
  key: string,
  name: string,
  before: string | undefined,
  after: string | undefined,
): Difference[] {
  if (before === after) return [];
  if (after === undefined)
    return [{ kind: 'compatible', message: `${name} has no ${key} any more`, path: [key] }];
  const message =
    before === undefined ? `${name} has a ${key} now: ${after}` : `${name} has another ${key}: ${after}`;
  return [{ kind: 'breaking', message, path: [key] }];
}

const STRICTNESS = { notice: 0, warning: 1, error: 2 };

function severityDifference(
  name: string,
  before: keyof typeof STRICTNESS,
  after: keyof typeof STRICTNESS,
): Difference[] {
  if (before === after) return [];
  const isStricter = STRICTNESS[after] > STRICTNESS[before];
  const isBreaking = isStricter && after === 'error';
  return [
    {
      kind: isBreaking ? 'breaking' : 'compatible',
      message: `a breach of ${name} is ${after} now, was ${before}`,
      path: ['severity'],
    },
  ];
}

function notationDifference(before: ContractField, after: ContractField): Difference[] {
  const keys = ['decimalChar', 'groupChar', 'trueValues', 'falseValues'] as const;
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => ({
      kind: 'breaking',
      message: `"${after.name}" is written in another way: ${key}`,
      path: [key],
    }));
}

function statisticsDifference(before: ContractField, after: ContractField): Difference[] {
  const parts = ['mean', 'std', 'sum', 'distinct'] as const;
  return [
    ...parts.flatMap((part) =>
      rangeDifference(`the ${part} of "${after.name}"`, before.statistics?.[part], after.statistics?.[part], [
        'statistics',
        part,
      ]),
    ),
    ...(after.statistics?.quantiles ?? []).flatMap((quantile, index) => {
      const same = before.statistics?.quantiles?.find(({ at }) => at === quantile.at);
      return rangeDifference(`the quantile ${quantile.at} of "${after.name}"`, same, quantile, [
        'statistics',
        'quantiles',
        index,
      ]);
    }),
  ];
}

interface Range {
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
}

function rangeDifference(
  name: string,
  before: Range | undefined,
  after: Range | undefined,
  path: Path,
): Difference[] {
  return [
    ...bound('minimum', name, 'raised', before?.minimum, after?.minimum),
    ...bound('maximum', name, 'lowered', before?.maximum, after?.maximum),
  ].map((difference) => ({
    ...difference,
    path: after === undefined ? path.slice(0, 1) : [...path, ...difference.path],
  }));
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
    ...change('freshness', wording('maxAge', 'freshness', freshnessOf(before), freshnessOf(after))),
  ];
}

function freshnessOf({ freshness }: Contract): string | undefined {
  return freshness && `${freshness.field} at most ${freshness.maxAge} old`;
}

function keyDifference(before: Contract['primaryKey'], after: Contract['primaryKey']): Difference[] {
  const words = (key: Contract['primaryKey']) => (key === undefined ? undefined : [key].flat().join(', '));
  return wording('primaryKey', 'the table', words(before), words(after)).map((each) => ({
    ...each,
    path: [],
  }));
}

function foreignKeyDifferences(before: Contract, after: Contract): Difference[] {
  const known = before.foreignKeys.map((key) => JSON.stringify(key));
  return after.foreignKeys.flatMap((key, index) =>
    known.includes(JSON.stringify(key))
      ? []
      : [
          {
            kind: 'breaking' as const,
            message: `the foreign key on ${[key.fields].flat().join(', ')} is new or changed`,
            path: [index],
          },
        ],
  );
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
