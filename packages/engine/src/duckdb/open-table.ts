import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FieldType, type PlainColumn, plainColumn } from '@rastro/contract';
import { fault, InputError, place } from '@rastro/fault';
import type { TableSource } from '@rastro/usecases';
import { type OpenedFile, openFile, type Scratch } from './opened-file.ts';
import type { Session } from './session.ts';
import { makeViews, type Table, tableOf } from './table.ts';

/** Files that are read as one table, by whoever has no contract for them. */
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

/** SQL of a column's text and of its value as of a type. */
export function columnSql(
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

/** Works in a folder of its own, which is gone afterwards. */
export async function inFolder<T>(tempDirectory: string, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tempDirectory, 'rastro-read-'));
  try {
    return await work({ folder, always: false });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
