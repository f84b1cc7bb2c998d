import type { ColumnData, ColumnRequest, DataEngine, TableSource } from './ports/index.ts';

/** Some rows of a table in memory, by column, with their numbers in the table from 1. */
export interface LoadedRows {
  readonly columns: readonly ColumnData[];
  readonly numbers: readonly number[];
}

/** The first rows for which a condition holds; reads no further than it must. */
export async function loadRows(
  engine: DataEngine,
  source: TableSource,
  requests: readonly ColumnRequest[],
  { where, atMost }: { where?: string | undefined; atMost: number },
): Promise<LoadedRows> {
  const condition: ColumnRequest[] =
    where === undefined
      ? []
      : [{ name: 'where', as: 'number', sql: `coalesce((${where}\n), false)::INTEGER` }];
  const parts: ColumnData[][] = requests.map(() => []);
  const numbers: number[] = [];
  let before = 0;
  for await (const batch of engine.read(source, [...requests, ...condition], {
    batchRows: Math.min(atMost, 16_384),
  })) {
    const holds = condition.length === 0 ? undefined : (batch.columns.at(-1) as Float64Array);
    const chosen = Array.from({ length: batch.rows }, (_, row) => row)
      .filter((row) => holds === undefined || holds[row] === 1)
      .slice(0, atMost - numbers.length);
    for (const [index, part] of parts.entries()) part.push(rowsOf(batch.columns[index]!, chosen));
    numbers.push(...chosen.map((row) => before + row + 1));
    before += batch.rows;
    if (numbers.length >= atMost) break;
  }
  return { columns: parts.map((part, index) => join(part, requests[index]!.as)), numbers };
}

/** The rows of a column at these places. */
export function rowsOf(column: ColumnData, rows: readonly number[] | Uint32Array): ColumnData {
  return column instanceof Float64Array
    ? Float64Array.from(rows, (row) => column[row]!)
    : Array.from(rows, (row) => column[row]!);
}

function join(parts: readonly ColumnData[], as: ColumnRequest['as']): ColumnData {
  if (as === 'string') return (parts as readonly (string | null)[][]).flat();
  return Float64Array.from((parts as readonly Float64Array[]).flatMap((part) => [...part]));
}
