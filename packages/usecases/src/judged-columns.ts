import type { ModelConfig } from '@rastro/lineage';
import { type CodedTexts, joinNumbers, joinTexts, type SliceSource } from '@rastro/metrics';
import type { ColumnData, ColumnRequest, ScoringRequest } from './ports/index.ts';

export type SliceConfig = NonNullable<ModelConfig['evaluate']>['slices'][number];

/** What tells the truth about rows, and how they are told apart. */
export interface JudgedQuestion {
  readonly task: ScoringRequest['task'];
  readonly target: string;
  readonly slices: readonly SliceConfig[];
  /** For a ranking, the column with the query of a row. */
  readonly group?: string | undefined;
}

/** The rows that a model is judged on: what is true, and how to tell rows apart. */
export interface JudgedRows {
  readonly truth: CodedTexts | Float64Array;
  readonly slices: readonly SliceSource[];
  readonly groups: CodedTexts | undefined;
  readonly rows: number;
}

/** A part of a column. */
export type JudgedPart = ColumnData<'number' | 'coded'>;

/** The columns to read for judged rows, and the way back from their parts to the rows. */
export function judgedColumns({ task, target, slices, group }: JudgedQuestion): {
  columns: ColumnRequest<'number' | 'coded'>[];
  judge: (parts: readonly (readonly JudgedPart[])[]) => JudgedRows;
} {
  const columns: ColumnRequest<'number' | 'coded'>[] = [
    { name: target, as: task === 'regression' ? 'number' : 'coded' },
    ...slices.map(sliceColumn),
    ...(group === undefined ? [] : [{ name: group, as: 'coded' as const }]),
  ];
  const judge = (parts: readonly (readonly JudgedPart[])[]): JudgedRows => {
    const truth =
      task === 'regression'
        ? joinNumbers(parts[0] as readonly Float64Array[])
        : joinTexts(parts[0] as readonly CodedTexts[]);
    return {
      truth,
      rows: truth.length,
      slices: slices.map((slice, index) => sliceSource(slice, parts[index + 1]!)),
      groups: group === undefined ? undefined : joinTexts(parts.at(-1) as readonly CodedTexts[]),
    };
  };
  return { columns, judge };
}

function sliceColumn(slice: SliceConfig): ColumnRequest<'number' | 'coded'> {
  if (typeof slice === 'string') return { name: slice, as: 'coded' };
  if ('column' in slice) return { name: slice.column, as: 'number' };
  return { name: slice.name, as: 'number', sql: `coalesce((${slice.where}\n), false)::INTEGER` };
}

function sliceSource(slice: SliceConfig, parts: readonly JudgedPart[]): SliceSource {
  if (typeof slice === 'string') return { column: slice, values: joinTexts(parts as readonly CodedTexts[]) };
  const values = joinNumbers(parts as readonly Float64Array[]);
  if ('column' in slice) return { column: slice.column, values, edges: slice.edges };
  return { column: slice.name, rows: Uint8Array.from(values) };
}
