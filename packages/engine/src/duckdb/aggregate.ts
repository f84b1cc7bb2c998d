import { fault, InputError } from '@rastro/fault';
import type { ColumnData, DataEngine } from '@rastro/usecases';
import { identifier } from './literals.ts';
import { firstLine } from './opened-file.ts';
import type { Session } from './session.ts';

type Aggregate = DataEngine['aggregate'];

/** Rows that DuckDB takes in one chunk. */
const CHUNK_ROWS = 2048;

/** See `DataEngine.aggregate`. One query per expression, whatever the number of parts. */
export async function aggregateColumns(
  duckdb: typeof import('@duckdb/node-api'),
  session: Session,
  ...[columns, expressions, { leaveOut }]: Parameters<Aggregate>
): ReturnType<Aggregate> {
  await fillTable(duckdb, session, columns);
  const results: Awaited<ReturnType<Aggregate>> = [];
  for (const expression of expressions) {
    const one = `(${expression}\n)::DOUBLE`;
    const [whole] = await asked(session, expression, `SELECT ${one} AS value, count(*) FROM judged`);
    const parts =
      leaveOut < 2
        ? []
        : await asked(
            session,
            expression,
            `SELECT part, ${one} AS value FROM judged JOIN range(${leaveOut}) parts(part) ON _row % ${leaveOut} <> part GROUP BY part ORDER BY part`,
          );
    results.push({ value: whole ?? null, without: parts });
  }
  return results;
}

async function asked(session: Session, expression: string, sql: string): Promise<(number | null)[]> {
  try {
    const rows = await session.rows(sql);
    return rows.map(({ value }) => {
      const number = value === null ? Number.NaN : Number(value);
      return Number.isFinite(number) ? number : null;
    });
  } catch (error) {
    throw new InputError(
      fault(
        'sql-metric',
        `"${expression}" cannot be computed: ${firstLine(error)}`,
        undefined,
        'Write a SQL aggregate that gives one number, over truth, prediction, score and the columns it names.',
      ),
      { cause: error },
    );
  }
}

async function fillTable(
  duckdb: typeof import('@duckdb/node-api'),
  session: Session,
  columns: readonly { readonly name: string; readonly values: ColumnData }[],
): Promise<void> {
  const isNumber = ({ values }: { values: ColumnData }) => values instanceof Float64Array;
  const types = columns.map((column) => (isNumber(column) ? duckdb.DOUBLE : duckdb.VARCHAR));
  const declared = columns.map(
    (column) => `${identifier(column.name)} ${isNumber(column) ? 'DOUBLE' : 'VARCHAR'}`,
  );
  await session.run(`CREATE TEMP TABLE judged (_row BIGINT, ${declared.join(', ')})`);
  const appender = await (await session.connection).createAppender('judged');
  const rows = columns[0]?.values.length ?? 0;
  for (let start = 0; start < rows; start += CHUNK_ROWS) {
    const end = Math.min(rows, start + CHUNK_ROWS);
    const chunk = duckdb.DuckDBDataChunk.create([duckdb.BIGINT, ...types], end - start);
    chunk.setColumns([
      Array.from({ length: end - start }, (_, row) => BigInt(start + row)),
      ...columns.map(({ values }) =>
        values instanceof Float64Array
          ? Array.from(values.subarray(start, end), (value) => (Number.isNaN(value) ? null : value))
          : values.slice(start, end),
      ),
    ]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
