import type { Document } from '@rastro/document';
import type { Place } from '@rastro/fault';
import type { Check, Limits } from './check-plan.ts';
import { mismatch } from './pattern-sql.ts';
import type { Contract, ContractField } from './schema.ts';
import * as sql from './sql.ts';
import { countWords, statisticChecks } from './statistic-checks.ts';
import type { ValueTest } from './value-test.ts';

const FORMATS: Record<string, string> = {
  email: String.raw`[A-Za-z0-9.!#$%&'*+/=?^_{|}~\x60-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+`,
  uri: String.raw`[A-Za-z][A-Za-z0-9+.-]*:[^\s]+`,
  uuid: '[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}',
};

const TYPE_WORDS: Record<ContractField['type'], string> = {
  string: 'a text',
  integer: 'an integer',
  number: 'a finite number',
  boolean: 'a boolean',
  date: 'a date such as 2024-01-31',
  datetime: 'a date and time such as 2024-01-31T12:00:00Z',
  time: 'a time such as 12:00:00',
  any: 'any value',
};

/** What a field promises of its values, as checks. */
export function fieldChecks(document: Document<Contract>, field: ContractField, index: number): Check[] {
  const place = (key: string): Place => document.placeOfKey(['fields', index, key]);
  const t = `_t${index}`;
  const v = `_v${index}`;
  const row = (
    part: string,
    kind: Check['kind'],
    key: string,
    expected: string,
    broken: string,
    value: ValueTest,
    { limits, doubt }: { limits?: Limits; doubt?: string } = {},
  ): Check => ({
    id: `${field.name}.${part}`,
    kind,
    needs: [index],
    expected,
    severity: field.severity,
    place: place(key),
    ask: {
      how: 'row',
      broken,
      shows: [index],
      limits: limits ?? { warn: undefined, fail: field.tolerance },
      doubt,
      value,
    },
  });
  const checks: Check[] = [];
  const present = { test: 'present' } as const;
  if (field.required)
    checks.push(row('required', 'required', 'required', 'a value', `${t} IS NULL`, present));
  if (field.nulls) {
    const { warn, fail } = field.nulls;
    const limits = { warn, fail };
    checks.push(row('nulls', 'nulls', 'nulls', nullsWords(field.nulls), `${t} IS NULL`, present, { limits }));
  }
  if (field.type !== 'any')
    checks.push(
      row('type', 'type', 'type', TYPE_WORDS[field.type], `${t} IS NOT NULL AND ${v} IS NULL`, {
        test: 'type',
      }),
    );
  const range = rangeOf(field, v);
  if (range) {
    const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = field;
    const value = { test: 'range', minimum, exclusiveMinimum, maximum, exclusiveMaximum } as const;
    checks.push(
      row('range', 'range', range.key, range.expected, range.broken, value, { doubt: range.doubt }),
    );
  }
  const length = lengthOf(field, v);
  if (length) {
    const value = { test: 'length', minimum: field.minLength, maximum: field.maxLength } as const;
    checks.push(
      row('length', 'length', length.key, length.expected, length.broken, value, { doubt: length.doubt }),
    );
  }
  if (field.enum) {
    checks.push(
      row('enum', 'enum', 'enum', `one of ${listed(field.enum)}`, noneOf(field, field.enum, v), {
        test: 'oneOf',
        values: field.enum,
      }),
    );
  }
  if (field.trimmed) {
    checks.push(
      row(
        'trimmed',
        'trimmed',
        'trimmed',
        'no white space at either end',
        `${v} <> trim(${v}, ${sql.WHITE_SPACE})`,
        { test: 'trimmed' },
      ),
    );
  }
  if (field.format) {
    checks.push(
      row('format', 'pattern', 'format', FORMAT_WORDS[field.format], mismatch(v, FORMATS[field.format]!), {
        test: 'format',
        pattern: FORMATS[field.format]!,
      }),
    );
  }
  if (field.pattern !== undefined) {
    checks.push(
      row('pattern', 'pattern', 'pattern', `the pattern ${field.pattern}`, mismatch(v, field.pattern), {
        test: 'pattern',
        pattern: field.pattern,
      }),
    );
  }
  if (field.unique) {
    checks.push({
      id: `${field.name}.unique`,
      kind: 'unique',
      needs: [index],
      expected: 'no value twice',
      severity: field.severity,
      place: place('unique'),
      ask: { how: 'key', fields: [index], limits: { warn: undefined, fail: field.tolerance } },
    });
  }
  return [...checks, ...statisticChecks(document, field, index)];
}

const FORMAT_WORDS = { email: 'an email address', uri: 'a URI', uuid: 'a UUID' } as const;

function nullsWords({ warn, fail }: { warn?: number | undefined; fail?: number | undefined }): string {
  const percent = (share: number) => `${Number((share * 100).toPrecision(6))} %`;
  const never = warn === undefined || fail === undefined ? '' : `, and never more than ${percent(fail)}`;
  return `at most ${percent(warn ?? fail ?? 1)} of the values missing${never}`;
}

interface Constraint {
  readonly key: string;
  readonly expected: string;
  readonly broken: string;
  readonly doubt: string;
}

function rangeOf(field: ContractField, v: string): Constraint | undefined {
  const bounds = (
    [
      ['minimum', '<', 'min', 'at least'],
      ['exclusiveMinimum', '<=', 'min', 'above'],
      ['maximum', '>', 'max', 'at most'],
      ['exclusiveMaximum', '>=', 'max', 'below'],
    ] as const
  ).flatMap(([key, broken, extreme, words]) => {
    const bound = field[key];
    if (bound === undefined) return [];
    const against = `${broken} ${literal(field, bound)}`;
    return [
      { key, words: `${words} ${bound}`, broken: `${v} ${against}`, doubt: `${extreme}(${v}) ${against}` },
    ];
  });
  if (bounds.length === 0) return undefined;
  return {
    key: bounds[0]!.key,
    expected: bounds.map(({ words }) => words).join(' and '),
    broken: sql.any(bounds.map(({ broken }) => broken)),
    doubt: sql.any(bounds.map(({ doubt }) => doubt)),
  };
}

function lengthOf({ minLength, maxLength }: ContractField, v: string): Constraint | undefined {
  const broken: string[] = [];
  const doubt: string[] = [];
  if (minLength !== undefined) {
    broken.push(`length(${v}) < ${minLength}`);
    doubt.push(`min(length(${v})) < ${minLength}`);
  }
  if (maxLength !== undefined) {
    broken.push(`length(${v}) > ${maxLength}`);
    // No text has more characters than bytes, which are counted already.
    doubt.push(`max(strlen(${v})) > ${maxLength}`);
  }
  if (broken.length === 0) return undefined;
  return {
    key: minLength === undefined ? 'maxLength' : 'minLength',
    expected: countWords({ minimum: minLength, maximum: maxLength }, 'character'),
    broken: sql.any(broken),
    doubt: sql.any(doubt),
  };
}

/** A function is asked once for each entry of a dictionary, which Parquet has of values that come often; `IN` for every row. */
const MOST_IN_LIST = 16;

function noneOf(field: ContractField, values: readonly (string | number | boolean)[], v: string): string {
  const list = values.map((value) => literal(field, value)).join(', ');
  const isText = field.type === 'string' || field.type === 'any';
  return isText && values.length <= MOST_IN_LIST
    ? `NOT list_contains([${list}], ${v})`
    : `${v} NOT IN (${list})`;
}

function literal(field: ContractField, value: string | number | boolean): string {
  switch (field.type) {
    case 'integer':
      return `${value}`;
    case 'number':
      return sql.double(value as number);
    case 'boolean':
      return `${value}`;
    case 'date':
      return `DATE ${sql.text(`${value}`)}`;
    case 'datetime':
      return `TIMESTAMP ${sql.text(`${value}`.replace(/Z$/, ''))}`;
    case 'time':
      return `TIME ${sql.text(`${value}`)}`;
    case 'string':
    case 'any':
      return sql.text(`${value}`);
  }
}

function listed(values: readonly (string | number | boolean)[]): string {
  const shown = values
    .slice(0, 10)
    .map((value) => `${value}`)
    .join(', ');
  return values.length > 10 ? `${shown} and ${values.length - 10} more` : shown;
}
