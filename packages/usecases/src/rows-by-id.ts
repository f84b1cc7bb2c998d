import { fault, InputError, place } from '@rastro/fault';
import type { ColumnData } from './ports/index.ts';

type Ids = ColumnData<'string'>;

/**
 * For each row of the data, the row of the predictions that has the same id.
 * @throws InputError when an id is missing or comes twice on either side, or only one side has it.
 */
export function rowsById(data: Ids, { path, ids }: { path: string; ids: Ids }): Uint32Array {
  const rowOf = rowsOf(ids, path, path);
  const rowInData = rowsOf(data, 'the data', path);
  const lacking = [...rowInData.keys()].filter((id) => !rowOf.has(id));
  const surplus = [...rowOf.keys()].filter((id) => !rowInData.has(id));
  if (lacking.length > 0) throw unpaired(path, `${path} has no row of`, lacking);
  if (surplus.length > 0) throw unpaired(path, 'the data has no row of', surplus);
  return Uint32Array.from(rowInData.keys(), (id) => rowOf.get(id)!);
}

function rowsOf(ids: Ids, side: string, path: string): Map<string, number> {
  const rows = new Map<string, number>();
  for (const [row, id] of ids.entries()) {
    if (id === null) throw refused(path, `row ${row + 1} of ${side} has no id`);
    const before = rows.get(id);
    if (before !== undefined)
      throw refused(path, `rows ${before + 1} and ${row + 1} of ${side} have the same id "${id}"`);
    rows.set(id, row);
  }
  return rows;
}

function unpaired(path: string, says: string, ids: readonly string[]): InputError {
  const [first, ...more] = ids;
  return refused(path, `${says} id "${first}"${more.length === 0 ? '' : `, nor of ${more.length} more`}`);
}

function refused(path: string, message: string): InputError {
  return new InputError(
    fault(
      'predictions-ids',
      message,
      place(path),
      'Write one prediction for each row of the data, with its id.',
    ),
  );
}

/** A column with its rows in another order. */
export function inOrder<C extends Float64Array | Ids>(column: C, rows: Uint32Array): C {
  if (column instanceof Float64Array) return Float64Array.from(rows, (row) => column[row]!) as C;
  return Array.from(rows, (row) => column[row]!) as C;
}
