import type { CheckSource } from './check-plan.ts';
import type { ContractField } from './schema.ts';
import * as sql from './sql.ts';

/**
 * What a column is in the files: `text` (CSV), `json` (any JSON value), or the name of a DuckDB type (Parquet).
 */
export type Physical = 'text' | 'json' | (string & {});

/** What decides how texts of a column are read. */
export type Notation = Pick<ContractField, 'type' | 'trueValues' | 'falseValues' | 'decimalChar'> &
  Partial<Pick<ContractField, 'groupChar'>>;

type Missing = Pick<CheckSource, 'trim' | 'missingValues'>;

/** The SQL type of a field's value. */
export function sqlType(type: ContractField['type']): string {
  switch (type) {
    case 'string':
    case 'any':
      return 'VARCHAR';
    case 'integer':
      return 'BIGINT';
    case 'number':
      return 'DOUBLE';
    case 'boolean':
      return 'BOOLEAN';
    case 'date':
      return 'DATE';
    case 'datetime':
      return 'TIMESTAMP';
    case 'time':
      return 'TIME';
  }
}

/** The text of a value, null when it is missing, from the column as the files have it. */
export function presentText(column: string, physical: Physical, source: Missing): string {
  if (physical === 'json') return withoutMissing(`(${column} ->> '$')`, source);
  if (physical === 'text') {
    return withoutMissing(source.trim ? String.raw`trim(${column}, E' \t\r\n')` : column, source);
  }
  return isTextType(physical) ? withoutMissing(`${column}::VARCHAR`, source) : column;
}

function withoutMissing(value: string, { missingValues }: Missing): string {
  if (missingValues.length === 0) return value;
  if (missingValues.length === 1) return `nullif(${value}, ${sql.text(missingValues[0]!)})`;
  return `CASE WHEN ${value} NOT IN ${sql.texts(missingValues)} THEN ${value} END`;
}

/**
 * The loose cast that a text column's value is made from, to be computed once: `typedValue` uses it several times.
 * Undefined where the value is made in another way.
 */
export function looseCast(field: Notation, text: string, physical: Physical): string | undefined {
  if (physical !== 'text') return undefined;
  const isUsual = field.groupChar === undefined && field.decimalChar === '.';
  switch (field.type) {
    case 'integer':
      return field.groupChar === undefined ? `TRY_CAST(${text} AS BIGINT)` : undefined;
    case 'number':
      return isUsual ? `TRY_CAST(${text} AS DOUBLE)` : undefined;
    case 'date':
      return `TRY_CAST(${text} AS DATE)`;
    case 'datetime':
      return `TRY_CAST(${text} AS TIMESTAMP)`;
    default:
      return undefined;
  }
}

/** The typed value, null when it is missing or of another type. `text` is the column that `presentText` made. */
export function typedValue(
  field: Notation,
  {
    text,
    column,
    physical,
    cast,
  }: { text: string; column: string; physical: Physical; cast?: string | undefined },
): string {
  if (physical === 'text') return fromText(field, text, cast ?? looseCast(field, text, physical) ?? '');
  if (physical === 'json') return fromJson(field, text, column);
  return fromNative(field, text, physical.toUpperCase());
}

/**
 * Casts of texts are looser than a contract: they take `2.5` and `0x1F` as integers, `epoch` as a date, `1_000` as a
 * number. A value that is written back as it came is certain; only the others pay for a regular expression.
 */
function fromText(field: Notation, t: string, loose: string): string {
  switch (field.type) {
    case 'string':
    case 'any':
      return t;
    case 'integer':
      return integerFrom(field, t, loose);
    case 'number':
      return numberFrom(field, t, loose);
    case 'boolean':
      return `CASE WHEN ${t} IN ${sql.texts(field.trueValues)} THEN true WHEN ${t} IN ${sql.texts(field.falseValues)} THEN false END`;
    case 'date':
      return `CASE WHEN length(${t}) = 10 AND ${loose}::VARCHAR = ${t} THEN ${loose} END`;
    case 'datetime':
      return `CASE WHEN length(${t}) = 19 AND ${loose}::VARCHAR = ${t} THEN ${loose} WHEN regexp_full_match(${t}, '${DATETIME_UTC}') THEN ${loose} WHEN regexp_full_match(${t}, '${DATETIME}') THEN TRY_CAST(${t} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END`;
    case 'time':
      return `CASE WHEN regexp_full_match(${t}, '${TIME}') THEN TRY_CAST(${t} AS TIME) END`;
  }
}

/** No year 0: SQL takes it for 1 BC, and most readers of dates refuse it. */
const DAY = '([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-[0-9]{2}-[0-9]{2}';
const TIME = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?';
const DATETIME_UTC = `${DAY}[T ]${TIME}Z?`;
const DATETIME = `${DAY}[T ]${TIME}(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?`;

function integerFrom({ groupChar }: Notation, t: string, loose: string): string {
  if (groupChar !== undefined) {
    const grouped = `[+-]?([0-9]+|[0-9]{1,3}(${inClass(groupChar)}[0-9]{3})+)`;
    return `CASE WHEN regexp_full_match(${t}, ${sql.text(grouped)}) THEN TRY_CAST(replace(${t}, ${sql.text(groupChar)}, '') AS BIGINT) END`;
  }
  return `CASE WHEN ${loose}::VARCHAR = ${t} OR regexp_full_match(${t}, '[+-]?[0-9]+') THEN ${loose} END`;
}

function numberFrom({ decimalChar, groupChar }: Notation, t: string, loose: string): string {
  const whole = groupChar === undefined ? '[0-9]+' : `([0-9]+|[0-9]{1,3}(${inClass(groupChar)}[0-9]{3})+)`;
  const point = inClass(decimalChar);
  const grammar = sql.text(`[+-]?(${whole}(${point}[0-9]*)?|${point}[0-9]+)([eE][+-]?[0-9]+)?`);
  if (decimalChar === '.' && groupChar === undefined) {
    return `CASE WHEN isfinite(${loose}) AND regexp_full_match(${t}, ${grammar}) THEN ${loose} END`;
  }
  const bare = groupChar === undefined ? t : `replace(${t}, ${sql.text(groupChar)}, '')`;
  const pointed = decimalChar === '.' ? bare : `replace(${bare}, ${sql.text(decimalChar)}, '.')`;
  const cast = `TRY_CAST(${pointed} AS DOUBLE)`;
  return `CASE WHEN regexp_full_match(${t}, ${grammar}) AND isfinite(${cast}) THEN ${cast} END`;
}

function inClass(character: string): string {
  return /[\^\\\]-]/.test(character) ? `\\${character}` : `[${character}]`;
}

function fromJson(field: Notation, t: string, column: string): string {
  const when = (types: string, value: string) =>
    `CASE WHEN json_type(${column}) IN (${types}) THEN ${value} END`;
  switch (field.type) {
    case 'any':
      return t;
    case 'integer':
      return when("'BIGINT', 'UBIGINT'", `TRY_CAST(${t} AS BIGINT)`);
    case 'number':
      return when(
        "'BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE'",
        `CASE WHEN isfinite(TRY_CAST(${t} AS DOUBLE)) THEN TRY_CAST(${t} AS DOUBLE) END`,
      );
    case 'boolean':
      return when("'BOOLEAN'", `${t} = 'true'`);
    case 'string':
    case 'date':
    case 'datetime':
    case 'time':
      return when("'VARCHAR'", fromText(field, t, looseCast(field, t, 'text') ?? ''));
  }
}

const INTEGERS = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const FRACTIONS = /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/;

function isTextType(physical: string): boolean {
  return /^(VARCHAR|ENUM\(.*\)|UUID)$/s.test(physical.toUpperCase());
}

function fromNative(field: Notation, t: string, physical: string): string {
  const none = `NULL::${sqlType(field.type)}`;
  switch (field.type) {
    case 'any':
      return `${t}::VARCHAR`;
    case 'string':
      return isTextType(physical) ? t : none;
    case 'integer':
      // What 64 bits with a sign do not hold is an integer all the same.
      if (/^U(BIG|HUGE)INT$/.test(physical)) return `TRY_CAST(${t} AS HUGEINT)`;
      if (physical === 'HUGEINT') return t;
      if (INTEGERS.test(physical)) return `${t}::BIGINT`;
      // Writers that know no missing integers store whole numbers as doubles.
      return FRACTIONS.test(physical)
        ? `CASE WHEN ${t} = trunc(${t}) THEN TRY_CAST(${t} AS BIGINT) END`
        : none;
    case 'number':
      if (INTEGERS.test(physical)) return `${t}::DOUBLE`;
      return FRACTIONS.test(physical) ? `CASE WHEN isfinite(${t}::DOUBLE) THEN ${t}::DOUBLE END` : none;
    case 'boolean':
      return physical === 'BOOLEAN' ? t : none;
    case 'date':
      if (physical === 'DATE') return `CASE WHEN isfinite(${t}) THEN ${t} END`;
      return /^TIMESTAMP(_\w+)?$/.test(physical)
        ? `CASE WHEN ${t} = date_trunc('day', ${t}) THEN ${t}::DATE END`
        : none;
    case 'datetime':
      if (physical === 'TIMESTAMP WITH TIME ZONE')
        return `CASE WHEN isfinite(${t}) THEN ${t} AT TIME ZONE 'UTC' END`;
      return /^TIMESTAMP(_\w+)?$/.test(physical)
        ? `CASE WHEN isfinite(${t}::TIMESTAMP) THEN ${t}::TIMESTAMP END`
        : none;
    case 'time':
      return physical === 'TIME' ? t : none;
  }
}

/** How a column is read without a contract: strictly, in the usual notation where no other is given. */
export interface PlainColumn extends Partial<Notation> {
  readonly type: ContractField['type'];
  readonly column: string;
  readonly physical: Physical;
  readonly trim: boolean;
  readonly missingValues: readonly string[];
}

/** SQL of a column's text (null when it is missing) and of its typed value (null when it is missing or of another type). */
export function plainColumn({ column, physical, trim, missingValues, ...given }: PlainColumn): {
  text: string;
  value: string;
} {
  const text = `(${presentText(column, physical, { trim, missingValues })})`;
  const notation = {
    trueValues: ['true', 'True', 'TRUE'],
    falseValues: ['false', 'False', 'FALSE'],
    decimalChar: '.',
    ...given,
  };
  return { text, value: typedValue(notation, { text, column, physical }) };
}
