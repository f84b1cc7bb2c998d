import { readDocument } from '@rastro/document';
import { fault, InputError } from '@rastro/fault';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ENGINE } from './odcs-export.ts';
import type { Converted } from './table-schema.ts';

const Custom = z.array(z.looseObject({ property: z.string(), value: z.unknown() }));

const Quality = z.looseObject({
  type: z.string().optional(),
  metric: z.string().optional(),
  /** The word for `metric` before 3.1. */
  rule: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  severity: z.string().optional(),
  unit: z.string().optional(),
  query: z.string().optional(),
  engine: z.string().optional(),
  implementation: z.unknown().optional(),
  arguments: z.looseObject({}).optional(),
  customProperties: Custom.optional(),
});
type Quality = z.output<typeof Quality>;

const Property = z.looseObject({
  name: z.string(),
  businessName: z.string().optional(),
  description: z.string().optional(),
  logicalType: z.string().optional(),
  physicalType: z.string().optional(),
  logicalTypeOptions: z.looseObject({}).prefault({}),
  required: z.boolean().default(false),
  unique: z.boolean().default(false),
  primaryKey: z.boolean().default(false),
  primaryKeyPosition: z.number().optional(),
  classification: z.string().optional(),
  relationships: z.array(z.unknown()).default([]),
  quality: z.array(Quality).default([]),
});
type Property = z.output<typeof Property>;

/** The parts of the standard that are read. Other keys are allowed: it says much that is not about rows and columns. */
const Odcs = z.looseObject({
  apiVersion: z.string().regex(/^v3\./, 'only version 3 of the standard is read'),
  kind: z.literal('DataContract'),
  id: z.string(),
  name: z.string().optional(),
  version: z.union([z.string(), z.number()]).transform(String),
  description: z.union([z.string(), z.looseObject({ purpose: z.string().optional() })]).optional(),
  team: z.unknown().optional(),
  servers: z
    .array(
      z.looseObject({
        type: z.string(),
        path: z.string().optional(),
        format: z.string().optional(),
        customProperties: Custom.optional(),
      }),
    )
    .default([]),
  schema: z
    .array(
      z.looseObject({
        name: z.string(),
        description: z.string().optional(),
        properties: z.array(Property).min(1),
        relationships: z.array(z.unknown()).default([]),
        quality: z.array(Quality).default([]),
      }),
    )
    .min(1),
});
type Odcs = z.output<typeof Odcs>;
type Table = Odcs['schema'][number];

/**
 * Makes a contract from a document of the Open Data Contract Standard 3 (YAML), from the table that is named where it has several.
 * Read the result with `readContract`: it refuses what RE2 cannot run.
 * @throws InputError when the document is none of the standard, or it is not told which table is meant.
 */
export function contractFromOdcs(text: string, file: string, wanted?: string): Converted {
  const { value: document, placeOf } = readDocument(text, file, Odcs);
  const tables = document.schema;
  const table = wanted === undefined ? tables[0]! : tables.find(({ name }) => name === wanted);
  if (!table || (wanted === undefined && tables.length > 1)) {
    throw new InputError(
      fault(
        'odcs-table',
        wanted === undefined
          ? 'the document describes several tables'
          : `the document describes no table "${wanted}"`,
        placeOf(['schema']),
        `Name one of: ${tables.map(({ name }) => name).join(', ')}.`,
      ),
    );
  }
  const lost: string[] = [];
  const contract = importedTable(document, table, lost);
  return { text: stringify(contract, { lineWidth: 0 }), lost };
}

function importedTable(document: Odcs, table: Table, lost: string[]): Record<string, unknown> {
  const own = ownParts(table.quality);
  const rows = { ...rowsOf(table.quality, lost), ...((own.rows as object | undefined) ?? {}) };
  const rules = table.quality.flatMap((quality) => ruleOf(quality, lost));
  const key = table.properties
    .filter(({ primaryKey }) => primaryKey)
    .sort((a, b) => (a.primaryKeyPosition ?? 0) - (b.primaryKeyPosition ?? 0))
    .map(({ name }) => name);
  if (table.relationships.length > 0) lost.push('relationships: they name a table, not files');
  const source = { ...serverSource(document, lost), ...((own.source as object | undefined) ?? {}) };
  const duplicates = table.quality.find((quality) => metricOf(quality) === 'duplicateValues');
  if (duplicates && key.length === 0)
    lost.push('quality duplicateValues: state the columns as the primary key');
  return present({
    name: table.name,
    version: versionOf(document.version, lost),
    description: table.description ?? purposeOf(document),
    owner: ownerOf(document.team),
    source: Object.keys(source).length > 0 ? source : undefined,
    fields: table.properties.map((property) => importedField(property, lost)),
    primaryKey: key.length === 0 ? undefined : key.length === 1 ? key[0] : key,
    rules: rules.length > 0 ? rules : undefined,
    ...own,
    ...(Object.keys(rows).length > 0 ? { rows } : {}),
    ...(Object.keys(source).length > 0 ? { source } : {}),
  });
}

function purposeOf({ description }: Odcs): string | undefined {
  return typeof description === 'string' ? description : description?.purpose;
}

function ownerOf(team: unknown): string | undefined {
  const named = z.looseObject({ name: z.string() }).safeParse(team);
  return named.success ? named.data.name : undefined;
}

function versionOf(version: string, lost: string[]): string {
  const [, major, minor = '0', patch = '0'] = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(version) ?? [];
  if (major !== undefined) return [major, minor, patch].map(Number).join('.');
  lost.push(`version ${version}: not a semantic version; it is 1.0.0 now`);
  return '1.0.0';
}

const FORMATS = ['csv', 'tsv', 'jsonl', 'json', 'parquet'];

function serverSource({ servers }: Odcs, lost: string[]): Record<string, unknown> {
  const local = servers.find(({ type, path }) => type === 'local' && path !== undefined);
  if (!local) return {};
  const path = local.path!;
  const isOutside = /^([/\\]|[A-Za-z]:|\.\.([/\\]|$))/.test(path);
  if (isOutside) lost.push(`server path ${path}: it is not in the repository`);
  const ending = /\.(\w+)$/.exec(path)?.[1];
  const isSaid = local.format === ending || !FORMATS.includes(local.format ?? '');
  const delimiter = local.customProperties?.find(({ property }) => property === 'delimiter')?.value;
  const isUsual = delimiter === undefined || delimiter === (ending === 'tsv' ? '\t' : ',');
  return {
    ...(isOutside ? {} : { path }),
    ...(isSaid ? {} : { format: local.format }),
    ...(isUsual ? {} : { delimiter }),
  };
}

/** What stands in the checks of our own engine. */
function ownParts(quality: readonly Quality[]): Record<string, unknown> {
  const own = quality.find(({ type, engine }) => type === 'custom' && engine === ENGINE);
  return (own?.implementation as Record<string, unknown> | undefined) ?? {};
}

function metricOf({ type, metric, rule }: Quality): string | undefined {
  return type === undefined || type === 'library' ? (metric ?? rule) : undefined;
}

function rowsOf(quality: readonly Quality[], lost: string[]): Record<string, unknown> {
  const rows: Record<string, unknown> = {};
  for (const check of quality) {
    if (metricOf(check) !== 'rowCount') continue;
    const bounds = boundsOf(check);
    if (!bounds) lost.push(`quality rowCount: ${JSON.stringify(check)}`);
    else Object.assign(rows, bounds, isWarning(check) ? { severity: severityOf(check) } : {});
  }
  return rows;
}

/** The whole numbers that a check lets through, when they are a range. */
function boundsOf(check: Quality): { minimum?: number; maximum?: number } | undefined {
  const number = (key: string) => (typeof check[key] === 'number' ? (check[key] as number) : undefined);
  const [low, high] = Array.isArray(check.mustBeBetween) ? (check.mustBeBetween as number[]) : [];
  const exact = number('mustBe');
  const above = number('mustBeGreaterThan');
  const below = number('mustBeLessThan');
  const minimum =
    exact ?? low ?? number('mustBeGreaterOrEqualTo') ?? (above === undefined ? undefined : above + 1);
  const maximum =
    exact ?? high ?? number('mustBeLessOrEqualTo') ?? (below === undefined ? undefined : below - 1);
  if (minimum === undefined && maximum === undefined) return undefined;
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
}

const RULE_QUERY = /^\s*SELECT\s+count\(\*\)\s+FROM\s+\S+\s+WHERE\s+NOT\s*\(([\s\S]*)\)\s*;?\s*$/i;

/** A query that counts the rows for which something does not hold is a condition on every row. */
function ruleOf(check: Quality, lost: string[]): object[] {
  if (check.type === 'text') lost.push(`quality "${check.name ?? check.description ?? 'text'}": it is words`);
  if (check.type !== 'sql') return [];
  const condition = RULE_QUERY.exec(check.query ?? '')?.[1];
  const name = (check.name ?? 'rule').replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  if (condition === undefined || check.mustBe !== 0) {
    lost.push(`quality "${name}": a query that is no condition on every row: ${check.query ?? ''}`);
    return [];
  }
  const tolerance = check.customProperties?.find(({ property }) => property === 'tolerance')?.value;
  return [
    present({
      name,
      description: check.description,
      check: condition,
      severity: isWarning(check) ? severityOf(check) : undefined,
      tolerance,
    }),
  ];
}

function isWarning(check: Quality): boolean {
  return severityOf(check) !== 'error';
}

function severityOf({ severity = 'error' }: Quality): 'error' | 'warning' | 'notice' {
  if (/^warn/i.test(severity)) return 'warning';
  return /^(info|notice|low)/i.test(severity) ? 'notice' : 'error';
}

const LOGICAL: Record<string, string> = {
  string: 'string',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'datetime',
  time: 'time',
};

/** By what the name of a physical type begins with, where the logical one is not said. */
const PHYSICAL: readonly (readonly [RegExp, string])[] = [
  [/^(tiny|small|big|huge|u)?int|^long|^serial/i, 'integer'],
  [/^(float|double|real|decimal|numeric|number)/i, 'number'],
  [/^bool/i, 'boolean'],
  [/^(timestamp|datetime)/i, 'datetime'],
  [/^date/i, 'date'],
  [/^time/i, 'time'],
  [/^(var|n|c)*(char|text|string)/i, 'string'],
];

function importedField(property: Property, lost: string[]): Record<string, unknown> {
  const { name, logicalType, physicalType, quality } = property;
  const own = ownParts(quality);
  const guessed = PHYSICAL.find(([pattern]) => pattern.test(physicalType ?? ''))?.[1];
  const type =
    (own.type as string | undefined) ??
    (logicalType === undefined ? (guessed ?? 'any') : (LOGICAL[logicalType] ?? 'any'));
  if (logicalType !== undefined && !(logicalType in LOGICAL))
    lost.push(`${name}: the type ${logicalType}; any value passes now`);
  if (property.relationships.length > 0) lost.push(`${name}: relationships: they name a table, not files`);
  return present({
    name,
    title: property.businessName,
    description: property.description,
    type,
    ...options(property, type, lost),
    required: property.required || undefined,
    unique: property.unique || undefined,
    sensitive: /sensitive|pii|personal|confidential|restricted|secret/i.test(property.classification ?? '')
      ? true
      : undefined,
    ...fieldQuality(property, type, lost),
    ...own,
  });
}

const TEXT_FORMATS = ['email', 'uri', 'uuid'];

function options(
  { name, logicalTypeOptions }: Property,
  type: string,
  lost: string[],
): Record<string, unknown> {
  const isText = type === 'string' || type === 'any';
  const isOrdered = !isText && type !== 'boolean';
  const known: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(logicalTypeOptions)) {
    const isRange = /^(exclusive)?(minimum|maximum)$/i.test(key) && isOrdered;
    const isLength = /^(min|max)Length$|^pattern$/.test(key) && isText;
    const isFormat = key === 'format' && isText && TEXT_FORMATS.includes(String(value));
    if (isRange || isLength || isFormat) known[key] = value;
    else if (!(key === 'format' && String(value).startsWith('yyyy-MM-dd')))
      lost.push(`${name}: ${key} ${JSON.stringify(value)}`);
  }
  return known;
}

function fieldQuality(
  { name, quality, required }: Property,
  type: string,
  lost: string[],
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const nulls: { warn?: number; fail?: number } = {};
  for (const check of quality) {
    const { maximum } = boundsOf(check) ?? {};
    const values = check.arguments?.validValues ?? check.validValues;
    switch (metricOf(check)) {
      case 'invalidValues':
        if (Array.isArray(values) && maximum === 0)
          found.enum = type === 'string' ? values.map(String) : values;
        else if (typeof check.arguments?.pattern === 'string' && maximum === 0)
          found.pattern = check.arguments.pattern;
        else lost.push(`${name}: quality ${JSON.stringify(check)}`);
        break;
      case 'nullValues':
      case 'nullCheck':
      case 'missingValues': {
        const share = check.unit === 'percent' ? Number(check.mustBeLessOrEqualTo ?? maximum) / 100 : maximum;
        if (share === 0) found.required = true;
        else if (check.unit === 'percent' && share !== undefined && share <= 1)
          nulls[isWarning(check) ? 'warn' : 'fail'] = Number(share.toPrecision(12));
        else lost.push(`${name}: quality ${JSON.stringify(check)}`);
        break;
      }
      case 'duplicateValues':
      case 'duplicateCount':
        if (maximum === 0) found.unique = true;
        else lost.push(`${name}: quality ${JSON.stringify(check)}`);
        break;
      default:
        if (!(check.type === 'custom' && check.engine === ENGINE))
          lost.push(`${name}: quality ${JSON.stringify(check)}`);
    }
  }
  const isRequired = required || found.required === true;
  return { ...found, ...(Object.keys(nulls).length > 0 && !isRequired ? { nulls } : {}) };
}

function present(parts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}
