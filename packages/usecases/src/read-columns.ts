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

function joinNumbers(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
