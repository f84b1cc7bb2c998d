import type { DuckDBVector } from '@duckdb/node-api';

/** A bit for each row of a vector, 0 where its value is null; undefined when none is. */
export function validityOf(vector: DuckDBVector): Uint8Array | undefined {
  const { data } = (vector as unknown as { validity: { data: BigUint64Array | null } }).validity;
  return data ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : undefined;
}

export function isValid(validity: Uint8Array, row: number): boolean {
  return ((validity[row >> 3]! >> (row & 7)) & 1) === 1;
}
