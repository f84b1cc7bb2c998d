import type { ContractField } from './schema.ts';

type Path = readonly PropertyKey[];

/** A difference before it is known where it stands. Breaking: data that kept the old contract may break the new one. */
export interface Difference {
  readonly kind: 'breaking' | 'compatible';
  readonly message: string;
  readonly path: Path;
}

/** How the promise of one column changed. */
export function fieldDifferences(before: ContractField, after: ContractField): Difference[] {
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
    ...sensitiveDifference(before, after),
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

export function flag(key: string, words: string, before: boolean, after: boolean): Difference[] {
  if (before === after) return [];
  return after
    ? [{ kind: 'breaking', message: `${words} now`, path: [key] }]
    : [{ kind: 'compatible', message: `${words} no longer`, path: [key] }];
}

/** A bound that moves the strict way, or is new, breaks. */
export function bound(
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

export function wording(
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

export function severityDifference(
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

/** Who reads reports sees another thing; no data breaks by it. */
function sensitiveDifference(before: ContractField, after: ContractField): Difference[] {
  const [was, is] = [before.sensitive === true, after.sensitive === true];
  if (was === is) return [];
  const message = is
    ? 'is sensitive now: its values are not shown'
    : 'is no longer sensitive: its values are shown';
  return [{ kind: 'compatible', message: `"${after.name}" ${message}`, path: ['sensitive'] }];
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

export function rangeDifference(
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
