import type { Physical } from '@rastro/contract';
import { fault, InputError, place } from '@rastro/fault';
import type { OpenedFile } from './opened-file.ts';
import type { Session } from './session.ts';

/** Rows of one file take this much room in `_at`: more than any file has. */
const FILE_STRIDE = 2 ** 40;

/** The files of a dataset as one table with the fields of a plan, by position. */
export interface Table {
  readonly files: readonly OpenedFile[];
  /** What each field is in the files; undefined when a file lacks it. */
  readonly physical: readonly (Physical | undefined)[];
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
  return { files: readable, physical, extras };
}

function commonType(files: readonly OpenedFile[], name: string): Physical | undefined {
  const types = files.map((file) => file.columns[file.facts.columns.indexOf(name)]?.physical);
  if (types.length === 0 || types.includes(undefined)) return undefined;
  const other = types.findIndex((type) => type !== types[0]);
  if (other < 0) return types[0];
  throw new InputError(
    fault(
      'data-types-differ',
      `"${name}" is ${types[0]} in ${files[0]!.file.path} but ${types[other]} in ${files[other]!.file.path}`,
      place(files[other]!.file.path),
      'Write the column with the same type in every file.',
    ),
  );
}

/** The same table with every column read as typed that all files write in the usual way; undefined where there is none. */
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
  const select = (file: OpenedFile, at: string): string => {
    const find = (name: string) => file.columns[file.facts.columns.indexOf(name)]?.sql;
    const columns = [
      ...fields.flatMap((name, index) =>
        table.physical[index] === undefined ? [] : [`${find(name)} AS _f${index}`],
      ),
      ...table.extras.map((name, index) => `${find(name) ?? 'NULL'}::VARCHAR AS _x${index}`),
    ];
    return `SELECT ${[...(at === '' ? ['1 AS _one'] : [at]), ...columns].join(', ')} FROM ${file.relation}`;
  };
  const none = `SELECT 0::BIGINT AS _at WHERE false`;
  const source = table.files.map((file) => select(file, ''));
  const numbered = table.files.map((file, index) =>
    select(file, `(${index * FILE_STRIDE} + ${file.rowNumber})::BIGINT AS _at`),
  );
  await session.run(`CREATE OR REPLACE TEMP VIEW source AS ${source.join('\nUNION ALL ') || none}`);
  await session.run(`CREATE OR REPLACE TEMP VIEW numbered AS ${numbered.join('\nUNION ALL ') || none}`);
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
