import type { Physical } from '@rastro/contract';
import { fault, InputError, place } from '@rastro/fault';
import type { OpenedFile } from './opened-file.ts';
import type { Session } from './session.ts';

/** Rows of one file take this much room in `_at`: more than any file has. */
const FILE_STRIDE = 2 ** 40;

/** The files of a dataset as one table with the fields of a plan, by position. */
export interface Table {
  readonly files: readonly OpenedFile[];
  /** What each field is in the files; undefined when no file has it. */
  readonly physical: readonly (Physical | undefined)[];
  /** Positions of the fields that some files have and others lack. */
  readonly partial: readonly number[];
  /** The columns that are no field, over all files. */
  readonly extras: readonly string[];
}

/** Lays the columns of files out as the fields asked for. @throws InputError when files disagree about a column's type. */
export function tableOf(files: readonly OpenedFile[], fields: readonly string[]): Table {
  const readable = files.filter(({ facts }) => facts.columns.length > 0);
  const physical = fields.map((name) => commonType(readable, name));
  const extras = [...new Set(readable.flatMap(({ facts }) => facts.columns))].filter(
    (name) => !fields.includes(name),
  );
  const partial = [...fields.keys()].filter(
    (index) =>
      physical[index] !== undefined && readable.some(({ facts }) => !facts.columns.includes(fields[index]!)),
  );
  return { files: readable, physical, partial, extras };
}

function commonType(files: readonly OpenedFile[], name: string): Physical | undefined {
  const [first, ...others] = files.flatMap((file) => {
    const column = file.columns[file.facts.columns.indexOf(name)];
    return column ? [{ path: file.file.path, type: column.physical }] : [];
  });
  const other = others.find(({ type }) => type !== first!.type);
  if (!other) return first?.type;
  const wide = widest([first!, ...others].map(({ type }) => type));
  if (wide !== undefined) return wide;
  throw new InputError(
    fault(
      'data-types-differ',
      `"${name}" is ${first!.type} in ${first!.path} but ${other.type} in ${other.path}`,
      place(other.path),
      'Write the column with the same type in every file.',
    ),
  );
}

const WHOLE = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const FRACTION = /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/;

/** One type for what writers store now in one, now in another width; undefined when there is none. */
function widest(types: readonly Physical[]): Physical | undefined {
  if (types.every((type) => WHOLE.test(type)))
    return types.some((type) => /^U?HUGE|^UBIG/.test(type)) ? 'HUGEINT' : 'BIGINT';
  if (types.every((type) => WHOLE.test(type) || FRACTION.test(type))) return 'DOUBLE';
  return types.every((type) => /^TIMESTAMP(_\w+)?$/.test(type)) ? 'TIMESTAMP' : undefined;
}

/** The same table with every column read as typed that is certain in all files; undefined where there is none. */
export function quickTable(table: Table, fields: readonly string[]): Table | undefined {
  const [first, ...others] = table.files;
  const names = fields.filter((name) =>
    [first, ...others].every((file) => file?.quick && file.certain?.has(name)),
  );
  if (names.length === 0) return undefined;
  return tableOf(
    table.files.map((file) => file.quick!(new Set(names))),
    fields,
  );
}

/** Makes the views `source` and `numbered` that the SQL of a plan reads. */
export async function makeViews(session: Session, table: Table, fields: readonly string[]): Promise<void> {
  await makeSource(session, table, fields);
  const numbered = table.files.map((file, index) =>
    selectFrom(file, `(${index * FILE_STRIDE} + ${file.rowNumber})::BIGINT AS _at`, { table, fields }),
  );
  await session.run(`CREATE OR REPLACE TEMP VIEW numbered AS ${numbered.join('\nUNION ALL ') || NONE}`);
}

/** Makes the view `source` alone: of the same rows, with other types. */
export async function makeSource(session: Session, table: Table, fields: readonly string[]): Promise<void> {
  const source = table.files.map((file) => selectFrom(file, '1 AS _one', { table, fields }));
  await session.run(`CREATE OR REPLACE TEMP VIEW source AS ${source.join('\nUNION ALL ') || NONE}`);
}

const NONE = `SELECT 0::BIGINT AS _at WHERE false`;

function selectFrom(
  file: OpenedFile,
  first: string,
  { table, fields }: { table: Table; fields: readonly string[] },
): string {
  const find = (name: string, as?: Physical) => {
    const column = file.columns[file.facts.columns.indexOf(name)];
    return column && (as === undefined || as === column.physical ? column.sql : `${column.sql}::${as}`);
  };
  const columns = [
    ...fields.flatMap((name, index) =>
      table.physical[index] === undefined
        ? []
        : [`${find(name, table.physical[index]) ?? 'NULL'} AS _f${index}`],
    ),
    ...table.partial.map((index) => `${find(fields[index]!) !== undefined} AS _h${index}`),
    ...table.extras.map((name, index) => `${find(name) ?? 'NULL'}::VARCHAR AS _x${index}`),
  ];
  return `SELECT ${[first, ...columns].join(', ')} FROM ${file.relation}`;
}

/** A row of the table, as file and row number. */
export function rowAt(table: Table, at: number): { file: OpenedFile; row: number } {
  const index = Math.floor(at / FILE_STRIDE);
  return { file: table.files[index]!, row: at - index * FILE_STRIDE };
}

/** The physical lines (or row numbers) of rows, looked up with one pass over each file that has any. */
export async function locateAll(table: Table, ats: Iterable<number>): Promise<Map<number, number>> {
  const rows = new Map<number, number[]>();
  for (const at of new Set(ats)) {
    const index = Math.floor(at / FILE_STRIDE);
    const row = at - index * FILE_STRIDE;
    const known = rows.get(index);
    if (known) known.push(row);
    else rows.set(index, [row]);
  }
  const located = new Map<number, number>();
  for (const [index, wanted] of rows) {
    wanted.sort((a, b) => a - b);
    const positions = await table.files[index]!.locate(wanted);
    for (const [row, position] of positions) located.set(index * FILE_STRIDE + row, position);
  }
  return located;
}
