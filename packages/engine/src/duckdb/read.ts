import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FieldType, type PlainColumn, plainColumn } from '@rastro/contract';
import { didYouMean } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import type {
  Batch,
  ColumnDescription,
  ColumnKind,
  ColumnRequest,
  ColumnType,
  TableSource,
} from '@rastro/usecases';
import { batches } from './batches.ts';
import {
  type ColumnReader,
  codesOfIntegers,
  codesOfTexts,
  finiteNumbers,
  numbers,
  type SpareColumns,
  texts,
} from './column-readers.ts';
import { firstLine, identifier, type OpenedFile, openFile, type Scratch } from './opened-file.ts';
import type { Session } from './session.ts';
import { locateAll, makeViews, rowAt, type Table, tableOf } from './table.ts';

const BATCH_ROWS = 65_536;

/** The columns of a table with the narrowest type that every value has, and its rows. */
export async function describeTable(
  session: Session,
  source: TableSource,
  tempDirectory: string,
): Promise<{ columns: ColumnDescription[]; rows: number }> {
  return inFolder(tempDirectory, async (scratch) => {
    const names = await openTable(session, source, scratch);
    return { columns: await typesOf(session, source, names), rows: names.rows };
  });
}

/**
 * Streams columns in batches.
 * @throws InputError when a column is not there, a row's structure is broken, or a value is not a number: with its place.
 */
export async function* readTable<Kind extends ColumnKind>(
  session: Session,
  source: TableSource,
  requests: readonly ColumnRequest<Kind>[],
  options: { batchRows?: number; where?: string; tempDirectory: string },
): AsyncIterable<Batch<Kind>> {
  const folder = await mkdtemp(join(options.tempDirectory, 'rastro-read-'));
  try {
    const opened = await openTable(session, source, { folder, always: false });
    const wanted: ReadColumn[] = [];
    const truths = await truthColumns(session, source, opened, requests);
    const names =
      options.where === undefined && requests.every(({ sql }) => sql === undefined)
        ? undefined
        : await namedColumns(session, source, opened);
    const from = fromWith(names, 'source');
    for (const request of requests) {
      wanted.push(
        request.sql === undefined
          ? readColumn(source, opened, request, truths)
          : await computedColumn(session, from, request),
      );
    }
    const condition = options.where === undefined ? undefined : await whereOf(session, from, options.where);
    const sql = `SELECT ${wanted.map(({ sql }) => sql).join(', ')} FROM ${from}${condition ?? ''}`;
    let rows = 0;
    try {
      for await (const batch of batches(session, sql, wanted, options.batchRows ?? BATCH_ROWS)) {
        rows += batch.rows;
        // Each reader gives what its request asked for.
        yield batch as Batch<Kind>;
      }
    } catch (error) {
      await blameValue(session, opened, wanted, { from: fromWith(names, 'numbered'), condition });
      throw error;
    }
    if (condition === undefined && rows !== opened.rows) {
      throw new Error(`the engine read ${rows} rows where the scanner counted ${opened.rows}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function inFolder<T>(tempDirectory: string, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tempDirectory, 'rastro-read-'));
  try {
    return await work({ folder, always: false });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Opened {
  readonly table: Table;
  readonly names: readonly string[];
  readonly rows: number;
}

/** Opens the files, refuses any fault of structure, and makes the views with every column of the first file. */
export async function openTable(session: Session, source: TableSource, scratch: Scratch): Promise<Opened> {
  if (source.files.length === 0) {
    throw new InputError(
      fault('data-missing', 'there is no file to read', undefined, 'Name at least one file.'),
    );
  }
  const files: OpenedFile[] = [];
  for (const path of source.files) {
    const options = {
      format: source.format,
      delimiter: source.delimiter ?? (source.format === 'tsv' ? '\t' : ','),
      quote: source.quote ?? '"',
      comment: source.comment,
      encoding: source.encoding ?? 'utf-8',
      header: source.header ?? true,
      trim: source.trim ?? false,
      limit: 1,
    };
    files.push(await openFile(session, { absolute: path, path }, options, scratch));
  }
  for (const { file, facts } of files) {
    const broken = facts.faults.find(({ code }) => code !== 'line-ends');
    if (!broken) continue;
    const { line, note } = broken.places[0]!;
    throw new InputError(
      fault('data-structure', `${file.path}: ${note}`, place(file.path, line), 'Mend the file.'),
    );
  }
  const names = files[0]!.facts.columns;
  const table = tableOf(files, names);
  const [lacking] = table.partial;
  if (lacking !== undefined) {
    const file = files.find(({ facts }) => !facts.columns.includes(names[lacking]!))!;
    throw new InputError(
      fault(
        'unknown-column',
        `${file.file.path} has no column "${names[lacking]}", which ${files[0]!.file.path} has`,
        place(file.file.path),
        'Give every file of a dataset the same columns, or make it a dataset of its own.',
      ),
    );
  }
  await makeViews(session, table, names);
  return { table, names, rows: files.reduce((sum, { facts }) => sum + facts.rows, 0) };
}

function columnSql(
  source: TableSource,
  { table }: Opened,
  index: number,
  type: FieldType,
  marks: Pick<PlainColumn, 'decimalChar' | 'groupChar'> = {},
) {
  return plainColumn({
    ...marks,
    type,
    column: `_f${index}`,
    physical: table.physical[index]!,
    trim: source.trim ?? false,
    missingValues: [...new Set(['', ...(source.missingValues ?? [])])],
  });
}

export function columnSqlOf(
  source: TableSource,
  opened: Opened,
  index: number,
  marks?: Pick<PlainColumn, 'decimalChar' | 'groupChar'>,
) {
  return (type: FieldType) => columnSql(source, opened, index, type, marks);
}

interface ReadColumn {
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
async function truthColumns(
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

function readColumn(
  source: TableSource,
  opened: Opened,
  { name, as }: ColumnRequest<ColumnKind>,
  truths: ReadonlySet<number>,
): ReadColumn {
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
function judged(name: string, column: { isBad: string; text: string; value: string }): ReadColumn {
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
async function namedColumns(session: Session, source: TableSource, opened: Opened): Promise<string> {
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
function fromWith(names: string | undefined, view: 'source' | 'numbered'): string {
  return names === undefined ? view : `(SELECT *, ${names} FROM ${view}) AS ${view}`;
}

async function computedColumn(
  session: Session,
  from: string,
  { name, as, sql: expression }: ColumnRequest<ColumnKind>,
): Promise<ReadColumn> {
  const value = `(${expression}\n)::${as === 'number' ? 'DOUBLE' : 'VARCHAR'}`;
  // Beside a column, so that an aggregate over all rows is refused.
  await refuseUnaskable(session, `SELECT _f0, ${value} FROM ${from}`, `the expression "${expression}"`);
  return { name, reader: readers[as], sql: value };
}

const readers = { number: numbers, string: texts, coded: codesOfTexts };

/** A WHERE clause on the columns. */
async function whereOf(session: Session, from: string, where: string): Promise<string> {
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

async function blameValue(
  session: Session,
  { table }: Opened,
  wanted: readonly ReadColumn[],
  { from, condition }: { from: string; condition: string | undefined },
): Promise<void> {
  for (const { name, isBad, text, due = 'a number' } of wanted) {
    if (!isBad) continue;
    const where = condition === undefined ? ` WHERE ${isBad}` : `${condition} AND ${isBad}`;
    const [bad] = await session.rows(
      `SELECT _at, left(${text}::VARCHAR, 80) AS value FROM ${from}${where} ORDER BY _at LIMIT 1`,
    );
    if (!bad) continue;
    const at = Number(bad._at);
    const { file } = rowAt(table, at);
    const position = (await locateAll(table, [at])).get(at);
    const where2 = file.counts === 'lines' ? place(file.file.path, position) : place(file.file.path);
    throw new InputError(
      fault(
        'not-a-number',
        `"${name}" must be ${due}, but ${file.counts === 'lines' ? 'line' : 'row'} ${position} has ${JSON.stringify(bad.value)}`,
        where2,
        'Mend the value, or add it to the missing values.',
      ),
    );
  }
}

const CANDIDATES = ['boolean', 'integer', 'number', 'date', 'datetime', 'time'] as const;

/** The types of all columns: what the file says, or for texts the narrowest type that every present value has. */
export async function typesOf(
  session: Session,
  source: TableSource,
  opened: Opened,
): Promise<ColumnDescription[]> {
  const { names, table } = opened;
  const counts = names.flatMap((_, index) => {
    if (!isUntyped(table, index)) return [];
    const of = (type: (typeof CANDIDATES)[number] | 'any') => columnSql(source, opened, index, type);
    return [
      `count(${of('any').text}) AS n${index}`,
      ...CANDIDATES.map((type) => `count(${of(type).value}) AS ${type}${index}`),
    ];
  });
  const row = counts.length === 0 ? {} : await session.row(`SELECT ${counts.join(', ')} FROM source`);
  return names.map((name, index) => {
    if (!isUntyped(table, index)) return { name, type: nativeType(table.physical[index]!) };
    const present = Number(row[`n${index}`]);
    const fitting = CANDIDATES.find((type) => Number(row[`${type}${index}`]) === present);
    return { name, type: present === 0 ? 'string' : (fitting ?? 'string') };
  });
}

function isUntyped({ physical }: Table, index: number): boolean {
  return physical[index] === 'text' || physical[index] === 'json';
}

function nativeType(physical: string): ColumnType {
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(physical)) return 'integer';
  if (/^(FLOAT|DOUBLE|DECIMAL)/.test(physical)) return 'number';
  if (/^(VARCHAR|ENUM|UUID)/.test(physical)) return 'string';
  if (physical === 'BOOLEAN') return 'boolean';
  if (physical === 'DATE') return 'date';
  if (/^TIMESTAMP/.test(physical)) return 'datetime';
  return physical === 'TIME' ? 'time' : 'other';
}
