/** Rows of one column: numbers with NaN for a missing value, or texts with null for one. */
export type ColumnData = Float64Array | readonly (string | null)[];

export interface Column {
  readonly name: string;
  readonly data: ColumnData;
}

export type Task = 'binary' | 'multiclass' | 'regression';

export function isNumeric(data: ColumnData): data is Float64Array {
  return data instanceof Float64Array;
}
