import type { Document } from '@rastro/document';
import type { Place, Severity } from '@rastro/fault';
import type {
  Check,
  CheckedFile,
  CheckPlan,
  CheckSource,
  Limits,
  PlannedReference,
  PlannedRule,
  TableFormat,
  Unasked,
} from './check-plan.ts';
import { mentionsOf } from './expression.ts';
import { mismatch } from './pattern-sql.ts';
import { Contract, type ContractField } from './schema.ts';
import * as sql from './sql.ts';
import type { ValueTest } from './value-test.ts';

/** What a plan is made from, besides the contract. */
export interface PlanRequest {
  readonly files: readonly CheckedFile[];
  /** Default: the contract's, else what the first file's name ends with. */
  readonly format?: TableFormat;
  /** Milliseconds since the epoch, for freshness; without it freshness is not asked. */
  readonly now?: number;
  /** Rows of the data that this data replaces, for the change in rows. */
  readonly referenceRows?: number;
  /** The dataset of each foreign key, in the order of the contract: its files, and its own contract if it has one. */
  readonly references?: readonly { readonly files: readonly CheckedFile[]; readonly contract?: Contract }[];
  /** Offenders to tell for each rule. Default 20, at most 100,000. */
  readonly limit?: number;
}

const MAX_LIMIT = 100_000;

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

/** Compiles a contract into the checks to run over files. */
export function planChecks(document: Document<Contract>, request: PlanRequest): CheckPlan {
  const { value: contract } = document;
  return {
    contract: document.file,
    source: sourceOf(contract.source, request),
    fields: contract.fields,
    extraColumns: contract.extraColumns,
    columnOrder: contract.columnOrder,
    primaryKey: keyFields(contract),
    checks: [
      ...contract.fields.flatMap((field, index) => fieldChecks(document, field, index)),
      ...keyChecks(document),
      ...contract.rules.map((_, index) => ruleCheck(document, index)),
      ...tableChecks(document, request.referenceRows),
      ...freshnessChecks(document, request.now),
    ],
    unasked: unaskedOf(document, request),
    rules: contract.rules.map(
      (rule, index): PlannedRule => ({
        check: `rules.${rule.name}`,
        expression: rule.check,
        place: document.placeOf(['rules', index, 'check']),
      }),
    ),
    references: contract.foreignKeys.map((key, index): PlannedReference => {
      const { files, contract: other } = request.references?.[index] ?? { files: [] };
      return {
        source: sourceOf(other?.source ?? USUAL_SOURCE, { files }),
        columns: [key.reference.fields].flat(),
        fields: [key.fields].flat().map((name) => contract.fields.findIndex((field) => field.name === name)),
        declared: other?.fields,
      };
    }),
    limit: Math.min(request.limit ?? 20, MAX_LIMIT),
    places: {
      source: document.placeOfKey(['source']),
      fields: document.placeOfKey(['fields']),
      field: contract.fields.map((_, index) => document.placeOf(['fields', index, 'name'])),
    },
  };
}

/** How a file is read whose contract does not say, or that has none. */
const USUAL_SOURCE = Contract.shape.source.parse({});

function keyFields({ primaryKey, fields }: Contract): number[] {
  return [primaryKey ?? []].flat().map((name) => fields.findIndex((field) => field.name === name));
}

function unaskedOf(document: Document<Contract>, { referenceRows }: PlanRequest): Unasked[] {
  const { rows } = document.value;
  if (rows?.maxDecrease === undefined && rows?.maxIncrease === undefined) return [];
  if (referenceRows !== undefined) return [];
  return [
    {
      id: 'rows.change',
      kind: 'rows',
      columns: [],
      expected: 'about as many rows as the reference',
      severity: rows.severity,
      place: document.placeOfKey(['rows', rows.maxDecrease === undefined ? 'maxIncrease' : 'maxDecrease']),
      note: 'there is no reference: no base, or none whose rows are known',
    },
  ];
}

function sourceOf(source: Contract['source'], request: PlanRequest): CheckSource {
  const format = request.format ?? source.format ?? formatOf(request.files);
  return {
    files: request.files,
    format,
    delimiter: source.delimiter ?? (format === 'tsv' ? '\t' : ','),
    quote: source.quote,
    comment: source.comment,
    encoding: source.encoding,
    header: source.header,
    trim: source.trim,
    missingValues: source.missingValues,
  };
}

/** The format that a file's name tells. Whatever is unknown is read as CSV. */
function formatOf(files: readonly CheckedFile[]): TableFormat {
  const ending = /\.(\w+)(\.gz)?$/i.exec(files[0]?.path ?? '')?.[1]?.toLowerCase();
  switch (ending) {
    case 'tsv':
    case 'json':
    case 'jsonl':
    case 'parquet':
      return ending;
    case 'ndjson':
      return 'jsonl';
    case 'pq':
      return 'parquet';
    default:
      return 'csv';
  }
}

function fieldChecks(document: Document<Contract>, field: ContractField, index: number): Check[] {
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
    checks.push(
      row('nulls', 'required', 'nulls', nullsWords(field.nulls), `${t} IS NULL`, present, { limits }),
    );
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
  return `at most ${percent(fail ?? warn ?? 1)} of the values missing`;
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
  const words: string[] = [];
  if (minLength !== undefined) {
    broken.push(`length(${v}) < ${minLength}`);
    doubt.push(`min(length(${v})) < ${minLength}`);
    words.push(`at least ${minLength}`);
  }
  if (maxLength !== undefined) {
    broken.push(`length(${v}) > ${maxLength}`);
    // No text has more characters than bytes, which are counted already.
    doubt.push(`max(strlen(${v})) > ${maxLength}`);
    words.push(`at most ${maxLength}`);
  }
  if (broken.length === 0) return undefined;
  return {
    key: minLength === undefined ? 'maxLength' : 'minLength',
    expected: `${words.join(' and ')} characters`,
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

function statisticChecks(document: Document<Contract>, field: ContractField, index: number): Check[] {
  const { statistics } = field;
  if (!statistics) return [];
  const v = `_v${index}`;
  const check = (part: string, key: readonly PropertyKey[], measure: string, bounds: Bounds): Check => ({
    id: `${field.name}.${part}`,
    kind: 'statistic',
    needs: [index],
    expected: `${part} ${boundsWords(bounds)}`,
    severity: field.severity,
    place: document.placeOf(['fields', index, 'statistics', ...key]),
    ask: { how: 'measure', measure, minimum: bounds.minimum, maximum: bounds.maximum },
  });
  const { mean, std, sum, distinct, quantiles = [] } = statistics;
  return [
    ...(mean ? [check('mean', ['mean'], `avg(${v})`, mean)] : []),
    ...(std ? [check('std', ['std'], `stddev_samp(${v})`, std)] : []),
    ...(sum ? [check('sum', ['sum'], `sum(${v}::DOUBLE)`, sum)] : []),
    ...(distinct ? [check('distinct', ['distinct'], `count(DISTINCT ${v})`, distinct)] : []),
    ...quantiles.map((quantile, position) =>
      check(
        `quantile-${quantile.at}`,
        ['quantiles', position],
        `quantile_cont(${v}, ${sql.double(quantile.at)})`,
        quantile,
      ),
    ),
  ];
}

interface Bounds {
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
}

function boundsWords({ minimum, maximum }: Bounds): string {
  return [
    minimum === undefined ? [] : [`at least ${minimum}`],
    maximum === undefined ? [] : [`at most ${maximum}`],
  ]
    .flat()
    .join(' and ');
}

function keyChecks(document: Document<Contract>): Check[] {
  const { value: contract } = document;
  const position = (name: string) => contract.fields.findIndex((field) => field.name === name);
  const checks: Check[] = [];
  if (contract.primaryKey !== undefined) {
    const fields = keyFields(contract);
    const common = { needs: fields, severity: 'error' as Severity, place: document.placeOf(['primaryKey']) };
    const limits = { warn: undefined, fail: 0 };
    checks.push(
      {
        ...common,
        id: 'primaryKey.required',
        kind: 'primary-key',
        expected: 'a value in every column of the primary key',
        ask: {
          how: 'row',
          broken: sql.any(fields.map((index) => `_t${index} IS NULL`)),
          shows: fields,
          limits,
          value: { test: 'present' },
        },
      },
      {
        ...common,
        id: 'primaryKey.unique',
        kind: 'primary-key',
        expected: 'no primary key twice',
        ask: { how: 'key', fields, limits },
      },
    );
  }
  contract.foreignKeys.forEach((key, index) => {
    const fields = [key.fields].flat().map(position);
    checks.push({
      id: `foreignKeys.${index}`,
      kind: 'foreign-key',
      needs: fields,
      expected: `found in ${[key.reference.path ?? key.reference.contract ?? []].flat().join(', ')}`,
      severity: key.severity,
      place: document.placeOf(['foreignKeys', index]),
      ask: { how: 'reference', fields, reference: index, limits: { warn: undefined, fail: key.tolerance } },
    });
  });
  return checks;
}

function ruleCheck(document: Document<Contract>, index: number): Check {
  const { rules, fields } = document.value;
  const rule = rules[index]!;
  const names = fields.map(({ name }) => name);
  const needs = mentionsOf(rule.check, names).columns.map((name) => names.indexOf(name));
  return {
    id: `rules.${rule.name}`,
    kind: 'row',
    needs,
    expected: rule.description ?? rule.check,
    severity: rule.severity,
    place: document.placeOf(['rules', index, 'check']),
    // The line break ends a comment that the expression may end with.
    ask: {
      how: 'row',
      broken: `NOT (${rule.check}\n)`,
      shows: needs,
      limits: { warn: undefined, fail: rule.tolerance },
    },
  };
}

function tableChecks(document: Document<Contract>, referenceRows: number | undefined): Check[] {
  const { rows } = document.value;
  if (!rows) return [];
  const { minimum, maximum, maxDecrease, maxIncrease, severity } = rows;
  const measured = (id: string, key: string, expected: string, bounds: Bounds): Check => ({
    id,
    kind: 'rows',
    needs: [],
    expected,
    severity,
    place: document.placeOfKey(['rows', key]),
    ask: { how: 'measure', measure: 'count(*)', minimum: bounds.minimum, maximum: bounds.maximum },
  });
  const checks: Check[] = [];
  if (minimum !== undefined || maximum !== undefined) {
    const bounds = { minimum, maximum };
    checks.push(
      measured(
        'rows.count',
        minimum === undefined ? 'maximum' : 'minimum',
        `${boundsWords(bounds)} rows`,
        bounds,
      ),
    );
  }
  if (referenceRows !== undefined && (maxDecrease !== undefined || maxIncrease !== undefined)) {
    const bounds = {
      minimum: maxDecrease === undefined ? undefined : referenceRows * (1 - maxDecrease),
      maximum: maxIncrease === undefined ? undefined : referenceRows * (1 + maxIncrease),
    };
    checks.push(
      measured(
        'rows.change',
        maxDecrease === undefined ? 'maxIncrease' : 'maxDecrease',
        `${boundsWords(bounds)} rows, where the reference has ${referenceRows}`,
        bounds,
      ),
    );
  }
  if (rows.unique) {
    checks.push({
      id: 'rows.unique',
      kind: 'unique',
      needs: [],
      expected: 'no row twice',
      severity,
      place: document.placeOfKey(['rows', 'unique']),
      ask: { how: 'key', fields: undefined, limits: { warn: undefined, fail: 0 } },
    });
  }
  return checks;
}

const UNIT_MILLISECONDS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

function freshnessChecks(document: Document<Contract>, now: number | undefined): Check[] {
  const { freshness, fields } = document.value;
  if (!freshness || now === undefined) return [];
  const index = fields.findIndex(({ name }) => name === freshness.field);
  const unit = freshness.maxAge.at(-1) as keyof typeof UNIT_MILLISECONDS;
  const age = Number(freshness.maxAge.slice(0, -1)) * UNIT_MILLISECONDS[unit];
  return [
    {
      id: 'freshness',
      kind: 'freshness',
      needs: [index],
      expected: `the newest row at most ${freshness.maxAge} old`,
      severity: freshness.severity,
      place: document.placeOf(['freshness', 'maxAge']),
      ask: { how: 'newest', measure: `epoch_ms(max(_v${index})::TIMESTAMP)`, notBefore: now - age },
    },
  ];
}
