import { readDocument } from '@rastro/document';
import { fault, InputError } from '@rastro/fault';
import { stringify } from 'yaml';
import { z } from 'zod';
import { Odcs, type Property, type Table } from './odcs-document.ts';
import { fieldQuality, metricOf, ownParts, present, rowsOf, ruleOf } from './odcs-quality.ts';
import type { Converted } from './table-schema.ts';

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
