import { FEWEST_ROWS, isIdName, isKey, keyColumn } from './infer-key.ts';
import { patternOf } from './infer-pattern.ts';
import { rangeOf } from './infer-range.ts';
import { type PersonalData, personalDataIn } from './personal-data.ts';
import type { FieldType } from './schema.ts';

/** What was measured of one column, exactly and over all rows; `sample` are values from its first rows. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: FieldType;
  /** How numbers are written, where that is not the usual way. */
  readonly decimalChar?: string;
  readonly groupChar?: string;
  readonly missing: number;
  readonly distinct: number;
  /** For numbers. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** For dates and times, as they are written. */
  readonly earliest?: string;
  readonly latest?: string;
  /** For texts: their length in characters. */
  readonly longest?: number;
  /** For texts: the shape that all of them have, with A, a and 9 for letters and digits. */
  readonly shape?: string;
  /** For texts: the shape that all of them have when equal classes in a row count as one. */
  readonly looseShape?: string;
  readonly allEmails: boolean;
  readonly allUuids: boolean;
  /** All are addresses of the web. */
  readonly allUrls: boolean;
  readonly allTrimmed: boolean;
  /** Every value, when there are few. */
  readonly values?: readonly string[];
  readonly sample: readonly (string | null)[];
}

/** How the files turned out to be written, where that is not the usual way. */
export interface TableDialect {
  readonly delimiter?: string;
  readonly comment?: string;
  readonly encoding?: 'utf-16' | 'utf-16le' | 'utf-16be' | 'windows-1252';
  readonly header?: false;
  readonly trim?: true;
  readonly missingValues?: readonly string[];
}

/** What was measured of a table. */
export interface TableProfile {
  readonly dialect: TableDialect;
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
  /** Positions of columns that tell rows apart together, the first of `keyCandidates` that do. */
  readonly compositeKey?: readonly number[];
}

const MOST_ENUM_VALUES = 12;
const LONGEST_ENUM_VALUE = 40;

/**
 * Writes a first contract: what the data shows, with room for what it may show next, and the evidence in comments.
 * The data that it was inferred from keeps it.
 */
export function inferContract(
  profile: TableProfile,
  about: { name: string; source: { readonly path?: string | readonly string[] } },
): string {
  const { rows, columns } = profile;
  const key = keyColumn(columns, rows);
  const source = Object.entries({ ...about.source, ...profile.dialect }).filter(
    ([, value]) => value !== undefined,
  );
  return [
    `# Inferred from ${count(rows, 'row')}. Read it, and make it the promise that you mean.`,
    `name: ${scalar(about.name)}`,
    'version: 1.0.0',
    ...(source.length === 0
      ? []
      : ['source:', ...source.map(([word, value]) => `  ${word}: ${flow(value)}`)]),
    'fields:',
    ...columns.flatMap((column) => fieldLines(column, rows, column === key)),
    ...(key
      ? [
          `# ${count(key.distinct, 'distinct value')} in ${count(rows, 'row')}, none missing.`,
          `primaryKey: ${scalar(key.name)}`,
        ]
      : compositeLines(profile)),
    '',
  ].join('\n');
}

function compositeLines({ rows, columns, compositeKey }: TableProfile): string[] {
  if (!compositeKey) return [];
  const parts = compositeKey.map((index) => columns[index]!);
  const alone = parts.map(({ name, distinct }) => `${name} ${distinct.toLocaleString('en-US')}`).join(', ');
  return [
    `# Together ${count(rows, 'distinct value')} in ${count(rows, 'row')}, none missing; alone: ${alone}.`,
    `primaryKey: [${parts.map(({ name }) => scalar(name)).join(', ')}]`,
  ];
}

function fieldLines(column: ColumnProfile, rows: number, isPrimaryKey: boolean): string[] {
  const present = rows - column.missing;
  const personal = personalDataIn(column.sample, column.name);
  const entries: [string, string][] = [
    ['type', column.type],
    ...(column.decimalChar === undefined
      ? []
      : [['decimalChar', scalar(column.decimalChar)] as [string, string]]),
    ...(column.groupChar === undefined ? [] : [['groupChar', scalar(column.groupChar)] as [string, string]]),
    ...missingEntries(column, rows),
    ...(isKey(column, rows) && !isPrimaryKey && column.type === 'string' && column.shape !== undefined
      ? [['unique', 'true'] as [string, string]]
      : []),
    // Bounds and lists are values, and those of a person stay out of the contract.
    ...(personal ? [] : rangeEntries(column, isPrimaryKey)),
    ...textEntries(personal ? withoutValues(column) : column, present),
    ...(personal ? [['sensitive', 'true'] as [string, string]] : []),
  ];
  return [
    `  # ${evidence(column, rows, personal)}`,
    `  - name: ${scalar(column.name)}`,
    ...entries.map(([word, value]) => `    ${word}: ${value}`),
  ];
}

function withoutValues({ values: _, ...column }: ColumnProfile): ColumnProfile {
  return column;
}

function evidence(column: ColumnProfile, rows: number, personal: PersonalData | undefined): string {
  const { missing, distinct, minimum, maximum, earliest, latest, longest } = column;
  const parts = [
    missing === 0
      ? 'no value missing'
      : `${missing.toLocaleString('en-US')} of ${count(rows, 'value')} missing`,
    count(distinct, 'distinct value'),
    ...(minimum === undefined || personal ? [] : [`from ${minimum} to ${maximum}`]),
    ...(earliest === undefined || personal ? [] : [`from ${earliest} to ${latest}`]),
    ...(longest === undefined ? [] : [`at most ${count(longest, 'character')}`]),
    ...(personal ? [`these look like ${personal}`] : []),
  ];
  return `${parts.join('; ')}.`;
}

function missingEntries({ missing }: ColumnProfile, rows: number): [string, string][] {
  if (rows === 0) return [];
  if (missing === 0) return [['required', 'true']];
  const share = Math.min(1, Math.ceil((missing / rows) * 1.5 * 100 + 1) / 100);
  return share < 1 ? [['nulls', `{ fail: ${share} }`]] : [];
}

function rangeEntries(column: ColumnProfile, isPrimaryKey: boolean): [string, string][] {
  const { type, name, minimum, maximum, distinct } = column;
  if (minimum === undefined || maximum === undefined || distinct < 2) return [];
  // Those that a contract could not hold exactly.
  if (type === 'integer' && Math.max(-minimum, maximum) * 2 > Number.MAX_SAFE_INTEGER) return [];
  const range = rangeOf({ type, name, minimum, maximum });
  // Ids go on growing.
  const isId = type === 'integer' && (isPrimaryKey || isIdName(name));
  if (isId) return minimum >= 0 ? [['minimum', '0']] : [];
  return [
    ['minimum', `${range.minimum}`],
    ['maximum', `${range.maximum}`],
  ];
}

function textEntries(column: ColumnProfile, present: number): [string, string][] {
  if (column.type !== 'string' || present === 0) return [];
  const { values, longest = 0 } = column;
  if (column.allEmails) return [['format', 'email']];
  if (column.allUuids) return [['format', 'uuid']];
  if (column.allUrls) return [['format', 'uri']];
  const isList = values !== undefined && values.length <= MOST_ENUM_VALUES && present >= values.length * 10;
  if (isList && longest <= LONGEST_ENUM_VALUE) return [['enum', `[${values.map(scalar).join(', ')}]`]];
  const pattern = present >= FEWEST_ROWS ? patternOf(column) : undefined;
  if (pattern !== undefined) return [['pattern', scalar(pattern)]];
  return column.allTrimmed ? [['trimmed', 'true']] : [];
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  return typeof value === 'string' ? scalar(value) : String(value);
}

/** A text as YAML: plain where that cannot be misread, in double quotes otherwise. */
function scalar(text: string): string {
  const isPlain =
    /^[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$/.test(text) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
