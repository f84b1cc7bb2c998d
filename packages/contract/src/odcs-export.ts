import { stringify } from 'yaml';
import { Contract, type ContractField } from './schema.ts';
import type { Converted } from './table-schema.ts';

/** The name under which our own parts stand in a document of the Open Data Contract Standard. */
export const ENGINE = 'rastro';

/** Other programs read YAML 1.1, in which a bare `2024-01-31` or `yes` is no text. */
const YAML_1_1 = { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;

const LOGICAL_TYPES: Record<ContractField['type'], string | undefined> = {
  string: 'string',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
  date: 'date',
  datetime: 'timestamp',
  time: 'time',
  any: undefined,
};

/**
 * Writes a contract as the Open Data Contract Standard 3.1.0 (YAML). What the standard has no word for stands in quality checks of
 * type `custom` with our engine, so that nothing is lost on the way back.
 */
export function odcsFromContract(contract: Contract, name: string): Converted {
  const id = contract.name ?? name;
  const document = {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id,
    name: id,
    version: contract.version,
    status: 'active',
    ...(contract.description ? { description: { purpose: contract.description } } : {}),
    ...(contract.owner ? { team: { name: contract.owner } } : {}),
    ...serversOf(contract),
    schema: [
      {
        name: id,
        logicalType: 'object',
        physicalType: 'file',
        ...(contract.description ? { description: contract.description } : {}),
        properties: contract.fields.map((field) => propertyOf(field, contract)),
        ...orNothing('quality', tableQuality(contract)),
      },
    ],
  };
  return { text: stringify(document, YAML_1_1), lost: [] };
}

function serversOf({ source }: Contract): object {
  const { path, format, delimiter } = source;
  const [first, ...others] = [path ?? []].flat();
  if (first === undefined || others.length > 0) return {};
  const ending = /\.(\w+)$/.exec(first)?.[1] ?? 'csv';
  return {
    servers: [
      {
        server: 'local',
        type: 'local',
        path: first,
        format: format ?? ending,
        ...(delimiter === undefined
          ? {}
          : { customProperties: [{ property: 'delimiter', value: delimiter }] }),
      },
    ],
  };
}

function propertyOf(field: ContractField, contract: Contract): object {
  const { name, title, description, type, required, unique, sensitive } = field;
  const position = [contract.primaryKey ?? []].flat().indexOf(name);
  return {
    name,
    ...(title === undefined ? {} : { businessName: title }),
    ...(description === undefined ? {} : { description }),
    ...(LOGICAL_TYPES[type] === undefined ? {} : { logicalType: LOGICAL_TYPES[type] }),
    ...orNothing('logicalTypeOptions', typeOptions(field)),
    ...(required ? { required } : {}),
    ...(unique ? { unique } : {}),
    ...(position < 0 ? {} : { primaryKey: true, primaryKeyPosition: position + 1 }),
    ...(sensitive === true ? { classification: 'sensitive' } : {}),
    ...orNothing('quality', fieldQuality(field)),
  };
}

const TEXT_OPTIONS = ['minLength', 'maxLength', 'pattern', 'format'] as const;
const RANGE_OPTIONS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

function typeOptions(field: ContractField): Record<string, unknown> {
  const keys: readonly (keyof ContractField)[] = field.type === 'string' ? TEXT_OPTIONS : RANGE_OPTIONS;
  return present(Object.fromEntries(keys.map((key) => [key, field[key]])));
}

const LEVEL = { error: 'error', warning: 'warning', notice: 'info' } as const;

function fieldQuality(field: ContractField): object[] {
  const { type, nulls, severity } = field;
  const ours = ownParts(field, DEFAULT_FIELD, [
    ...['name', 'title', 'description', 'required', 'unique', 'nulls', 'enum'],
    ...(type === 'any' ? [] : ['type']),
    ...(type === 'string' ? TEXT_OPTIONS : RANGE_OPTIONS),
    ...(field.sensitive === true ? ['sensitive'] : []),
  ]);
  return [
    ...(field.enum
      ? [
          {
            metric: 'invalidValues',
            arguments: { validValues: field.enum },
            mustBe: 0,
            severity: LEVEL[severity],
          },
        ]
      : []),
    ...(nulls?.fail === undefined ? [] : [nullShare(nulls.fail, 'error')]),
    ...(nulls?.warn === undefined ? [] : [nullShare(nulls.warn, 'warning')]),
    ...ownQuality(ours),
  ];
}

function nullShare(share: number, severity: string): object {
  return {
    metric: 'nullValues',
    unit: 'percent',
    mustBeLessOrEqualTo: Number((share * 100).toPrecision(12)),
    severity,
  };
}

function tableQuality(contract: Contract): object[] {
  const { rows, rules, source } = contract;
  const { minimum, maximum } = rows ?? {};
  const count = { metric: 'rowCount', severity: LEVEL[rows?.severity ?? 'error'] };
  const isBetween = minimum !== undefined && maximum !== undefined && minimum < maximum;
  const ours = {
    ...ownParts(contract, DEFAULT_CONTRACT, [
      ...['name', 'version', 'description', 'owner', 'fields', 'primaryKey', 'rules', 'rows', 'source'],
    ]),
    ...orNothing('rows', ownParts(rows ?? {}, {}, ['minimum', 'maximum', 'severity'], { unique: false })),
    ...orNothing('source', ownParts(source, DEFAULT_CONTRACT.source, [])),
  };
  return [
    ...(isBetween ? [{ ...count, mustBeBetween: [minimum, maximum] }] : []),
    ...(!isBetween && minimum !== undefined ? [{ ...count, mustBeGreaterOrEqualTo: minimum }] : []),
    ...(!isBetween && maximum !== undefined ? [{ ...count, mustBeLessOrEqualTo: maximum }] : []),
    ...rules.map((rule) => ({
      type: 'sql',
      name: rule.name,
      ...(rule.description === undefined ? {} : { description: rule.description }),
      query: `SELECT count(*) FROM {object} WHERE NOT (${rule.check})`,
      mustBe: 0,
      severity: LEVEL[rule.severity],
      ...(rule.tolerance > 0 ? { customProperties: [{ property: 'tolerance', value: rule.tolerance }] } : {}),
    })),
    ...ownQuality(ours),
  ];
}

const DEFAULT_FIELD = Contract.shape.fields.element.parse({ name: '-' });
const DEFAULT_CONTRACT = Contract.parse({ fields: [{ name: '-' }] });

/** What differs from how it is when nothing is said, without what is told elsewhere. */
function ownParts(
  value: Readonly<Record<string, unknown>>,
  initial: Readonly<Record<string, unknown>>,
  told: readonly string[],
  also: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const usual = { ...initial, ...also };
  return Object.fromEntries(
    Object.entries(value).filter(
      ([key, part]) =>
        part !== undefined && !told.includes(key) && JSON.stringify(part) !== JSON.stringify(usual[key]),
    ),
  );
}

function ownQuality(parts: Record<string, unknown>): object[] {
  return Object.keys(parts).length === 0
    ? []
    : [{ type: 'custom', engine: ENGINE, implementation: present(parts) }];
}

function present(parts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

function orNothing(key: string, parts: object): object {
  return Object.keys(parts).length === 0 ? {} : { [key]: parts };
}
