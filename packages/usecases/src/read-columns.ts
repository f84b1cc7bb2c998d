import { type CodedTexts, joinNumbers, joinTexts } from '@rastro/metrics';
import type { ColumnData, ColumnKind, ColumnRequest, DataEngine, TableSource } from './ports/index.ts';

/** Reads whole columns into memory, in file order: 8 bytes a row for numbers, 4 for coded texts. */
export async function readColumns<Kind extends ColumnKind = 'number' | 'string'>(
  engine: DataEngine,
  source: TableSource,
  requests: readonly ColumnRequest<Kind>[],
  options: { where?: string } = {},
): Promise<ColumnData<Kind>[]> {
  const parts: ColumnData<ColumnKind>[][] = requests.map(() => []);
  for await (const batch of engine.read(source, requests, options)) {
    for (const [index, column] of batch.columns.entries()) parts[index]!.push(column);
  }
  return requests.map(({ as }, index) => join(as, parts[index]!) as ColumnData<Kind>);
}

function join(as: ColumnKind, parts: readonly ColumnData<ColumnKind>[]): ColumnData<ColumnKind> {
  switch (as) {
    case 'number':
      return joinNumbers(parts as Float64Array[]);
    case 'string':
      return (parts as (string | null)[][]).flat();
    case 'coded':
      return joinTexts(parts as CodedTexts[]);
  }
}
