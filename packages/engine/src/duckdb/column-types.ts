import type { ColumnDescription, ColumnType, TableSource } from '@rastro/usecases';
import { columnSql, inFolder, type Opened, openTable } from './open-table.ts';
import type { Session } from './session.ts';
import type { Table } from './table.ts';

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

/** Whether the file itself does not say what type a column has. */
export function isUntyped({ physical }: Table, index: number): boolean {
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
