import { didYouMean } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import type { ColumnKind, ColumnRequest, TableSource } from '@rastro/usecases';
import {
  type ColumnReader,
  codesOfIntegers,
  codesOfTexts,
  finiteNumbers,
  numbers,
  type SpareColumns,
  texts,
} from './column-readers.ts';
import { isUntyped, typesOf } from './column-types.ts';
import { identifier } from './literals.ts';
import { columnSql, type Opened } from './open-table.ts';
import { firstLine } from './opened-file.ts';
import type { Session } from './session.ts';

/** A column that is to be read: of the files, or computed. */
export interface WantedColumn {
  readonly name: string;
  readonly sql: string;
  /** Takes the values that the SQL gives out of the engine. */
  readonly reader: (spare: SpareColumns) => ColumnReader;
  /** For a number: the condition on rows whose value is none, the text of that value, and what it should be. */
  readonly isBad?: string;
  readonly text?: string;
  readonly due?: string;
}

/** Rows that a column of texts is known by. */
const FIRST_ROWS = 1000;

/** Columns to be read as numbers whose first texts are all `true` or `false`, however written: these are numbers 1 and 0. */
export async function truthColumns(
  session: Session,
  source: TableSource,
  opened: Opened,
  requests: readonly ColumnRequest<ColumnKind>[],
): Promise<ReadonlySet<number>> {
  const indexes = requests
    .filter(({ as, sql }) => as === 'number' && sql === undefined)
    .map(({ name }) => opened.names.indexOf(name))
    .filter((index) => index >= 0 && isUntyped(opened.table, index));
  if (indexes.length === 0) return new Set();
  const text = (index: number) => columnSql(source, opened, index, 'any').text;
  const row = await session.row(
    `SELECT ${indexes.map((index) => `coalesce(bool_and(lower(${text(index)}::VARCHAR) IN ('true', 'false')), false) AS t${index}`).join(', ')} FROM (SELECT * FROM source LIMIT ${FIRST_ROWS}) AS source`,
  );
  return new Set(indexes.filter((index) => row[`t${index}`] === true));
}

/** @throws InputError when there is no such column. */
export function fileColumn(
  source: TableSource,
  opened: Opened,
  { name, as }: ColumnRequest<ColumnKind>,
  truths: ReadonlySet<number>,
): WantedColumn {
  const index = opened.names.indexOf(name);
  if (index < 0) {
    const nearest = didYouMean(name, opened.names);
    throw new InputError(
      fault(
        'unknown-column',
        `there is no column "${name}" in ${source.files[0]}`,
        place(source.files[0]!),
        nearest ? `Did you mean "${nearest}"?` : `It has: ${opened.names.join(', ')}.`,
      ),
    );
  }
  const physical = opened.table.physical[index]!;
  if (as === 'coded' && WHOLE.test(physical)) {
    return { name, reader: codesOfIntegers, sql: `_f${index}::BIGINT` };
  }
  if (as !== 'number') {
    const reader = as === 'coded' ? codesOfTexts : texts;
    return { name, reader, sql: `${columnSql(source, opened, index, 'any').text}::VARCHAR` };
  }
  if (physical === 'BOOLEAN') return { name, reader: numbers, sql: `_f${index}::DOUBLE` };
  if (truths.has(index)) {
    const { text, value } = columnSql(source, opened, index, 'boolean');
    const isBad = `${text} IS NOT NULL AND (${value}) IS NULL`;
    return { ...judged(name, { isBad, text, value: `(${value})::DOUBLE` }), due: 'true or false' };
  }
  const { text, value } = columnSql(source, opened, index, 'number');
  if (!/^(FLOAT|DOUBLE)$/.test(physical)) {
    return judged(name, { isBad: `${text} IS NOT NULL AND (${value}) IS NULL`, text, value });
  }
  // A double that is not a number is how writers of Parquet store a missing one. To look for infinite ones here is much
  // quicker than to have the query do it.
  return { name, reader: finiteNumbers, sql: `_f${index}::DOUBLE`, isBad: `isinf(${text})`, text };
}

/** Whole numbers of which 64 bits with a sign hold every one. */
const WHOLE = /^((TINY|SMALL|BIG)INT|U?INTEGER|U(TINY|SMALL)INT)$/;

/** A column whose values the query itself judges: it fails at one that is none. */
function judged(name: string, column: { isBad: string; text: string; value: string }): WantedColumn {
  const { isBad, text, value } = column;
  return {
    name,
    reader: numbers,
    sql: `CASE WHEN ${isBad} THEN error('not a number') ELSE ${value} END`,
    isBad,
    text,
  };
}

/** The columns under their names, with the types that their values show. */
export async function namedColumns(session: Session, source: TableSource, opened: Opened): Promise<string> {
  const types = await typesOf(session, source, opened);
  return types
    .map(({ name, type }, index) => {
      const known = type === 'string' || type === 'other' ? 'any' : type;
      return `${columnSql(source, opened, index, known).value} AS ${identifier(name)}`;
    })
    .join(', ');
}

/**
 * A view of the rows, with every column under its own name besides where expressions ask for them. Not by a subquery for
 * each row: that becomes a join, which gives the rows in an order of its own.
 */
export function fromWith(names: string | undefined, view: 'source' | 'numbered'): string {
  return names === undefined ? view : `(SELECT *, ${names} FROM ${view}) AS ${view}`;
}

/** @throws InputError when the expression cannot be asked. */
export async function computedColumn(
  session: Session,
  from: string,
  { name, as, sql: expression }: ColumnRequest<ColumnKind>,
): Promise<WantedColumn> {
  const value = `(${expression}\n)::${as === 'number' ? 'DOUBLE' : 'VARCHAR'}`;
  // Beside a column, so that an aggregate over all rows is refused.
  await refuseUnaskable(session, `SELECT _f0, ${value} FROM ${from}`, `the expression "${expression}"`);
  return { name, reader: readers[as], sql: value };
}

const readers = { number: numbers, string: texts, coded: codesOfTexts };

/** A WHERE clause on the columns. @throws InputError when it cannot be asked. */
export async function whereOf(session: Session, from: string, where: string): Promise<string> {
  const clause = ` WHERE coalesce((${where}\n), false)`;
  await refuseUnaskable(session, `SELECT 1 FROM ${from}${clause}`, `the condition "${where}"`);
  return clause;
}

async function refuseUnaskable(session: Session, query: string, what: string): Promise<void> {
  try {
    await session.rows(`DESCRIBE ${query}`);
  } catch (error) {
    throw new InputError(
      fault(
        'where',
        `${what} cannot be asked: ${firstLine(error)}`,
        undefined,
        'Write SQL on the columns of the data.',
      ),
      { cause: error },
    );
  }
}
