import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api';
import type { Batch, ColumnKind } from '@rastro/usecases';
import { freeMemory } from '../free-memory.ts';
import { type ColumnReader, SpareColumns } from './column-readers.ts';
import type { Session } from './session.ts';

/** Room for DuckDB's own threads to read on in while a model is busy. */
const AHEAD = '16MB';

/** The rows of an answer in batches, each of its columns taken by its own reader. */
export async function* batches(
  session: Session,
  sql: string,
  columns: readonly { readonly reader: (spare: SpareColumns) => ColumnReader }[],
  batchRows: number,
): AsyncIterable<Batch<ColumnKind>> {
  const spare = new SpareColumns();
  const readers = columns.map(({ reader }) => reader(spare));
  for (const reader of readers) reader.begin(batchRows);
  let filled = 0;
  for await (const chunk of chunksOf(session, sql, AHEAD)) {
    const vectors = readers.map((_, index) => chunk.getColumnVector(index));
    const kept = new Set<DuckDBVector>();
    for (let from = 0; from < chunk.rowCount; ) {
      const count = Math.min(chunk.rowCount - from, batchRows - filled);
      for (const [index, reader] of readers.entries()) {
        const vector = vectors[index]!;
        if (reader.take(vector, { from, count, to: filled })) kept.add(vector);
      }
      from += count;
      filled += count;
      if (filled < batchRows) continue;
      yield {
        rows: filled,
        columns: readers.map((reader) => reader.end(filled)),
        release: (given) => spare.put(given),
      };
      for (const reader of readers) reader.begin(batchRows);
      filled = 0;
    }
    for (const vector of vectors) if (!kept.has(vector)) free(vector);
  }
  if (filled > 0) yield { rows: filled, columns: readers.map((reader) => reader.end(filled)) };
}

/** The chunks of an answer, each fetched while the one before is worked on; DuckDB's own threads read on until `ahead` is full. */
export async function* chunksOf(
  session: Session,
  sql: string,
  ahead: string,
): AsyncIterable<DuckDBDataChunk> {
  await session.run(`SET streaming_buffer_size = '${ahead}'`);
  const result = await (await session.connection).stream(sql);
  let next = result.fetchChunk();
  try {
    for (;;) {
      const chunk = await next;
      if (!chunk || chunk.rowCount === 0) return;
      next = result.fetchChunk();
      // A failure is told when it is its turn.
      next.catch(() => {});
      yield chunk;
    }
  } finally {
    // The session must not be closed under a fetch.
    await next.catch(() => {});
  }
}

/** Frees the copy of a vector's values that was made for it, once they are taken. */
export function free(vector: DuckDBVector): void {
  const { items, dataView } = vector as unknown as { items?: ArrayBufferView; dataView?: ArrayBufferView };
  const values = ArrayBuffer.isView(items) ? items : dataView;
  if (values !== undefined) freeMemory(values);
}
