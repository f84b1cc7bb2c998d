import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fault, InputError, place } from '@rastro/fault';
import type { Batch, ColumnKind, ColumnRequest, TableSource } from '@rastro/usecases';
import { batches } from './batches.ts';
import { type Opened, openTable } from './open-table.ts';
import type { Session } from './session.ts';
import { locateAll, rowAt } from './table.ts';
import {
  computedColumn,
  fileColumn,
  fromWith,
  namedColumns,
  truthColumns,
  type WantedColumn,
  whereOf,
} from './wanted-column.ts';

const BATCH_ROWS = 65_536;

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
    const wanted: WantedColumn[] = [];
    const truths = await truthColumns(session, source, opened, requests);
    const names =
      options.where === undefined && requests.every(({ sql }) => sql === undefined)
        ? undefined
        : await namedColumns(session, source, opened);
    const from = fromWith(names, 'source');
    for (const request of requests) {
      wanted.push(
        request.sql === undefined
          ? fileColumn(source, opened, request, truths)
          : await computedColumn(session, from, request),
      );
    }
    const condition = options.where === undefined ? undefined : await whereOf(session, from, options.where);
    const sql = `SELECT ${wanted.map(({ sql }) => sql).join(', ')} FROM ${from}${condition ?? ''}`;
    let rows = 0;
    try {
      for await (const batch of batches(session, sql, wanted, options.batchRows ?? BATCH_ROWS)) {
        rows += batch.rows;
        const after = condition === undefined ? { after: opened.rows - rows } : {};
        // Each reader gives what its request asked for.
        yield { ...(batch as Batch<Kind>), ...after };
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

async function blameValue(
  session: Session,
  { table }: Opened,
  wanted: readonly WantedColumn[],
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
