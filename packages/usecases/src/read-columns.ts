import { joinNumbers } from './judged-columns.ts';
import type { ColumnData, ColumnRequest, DataEngine, TableSource } from './ports/index.ts';

/** Reads whole columns into memory, in file order: 8 bytes a row for numbers. */
export async function readColumns(
  engine: DataEngine,
  source: TableSource,
  requests: readonly ColumnRequest[],
  options: { where?: string } = {},
): Promise<ColumnData[]> {
  const parts: ColumnData[][] = requests.map(() => []);
  for await (const batch of engine.read(source, requests, options)) {
    for (const [index, column] of batch.columns.entries()) parts[index]!.push(column);
  }
  return requests.map(({ as }, index) =>
    as === 'number'
      ? joinNumbers(parts[index] as Float64Array[])
      : (parts[index] as (string | null)[][]).flat(),
  );
}
