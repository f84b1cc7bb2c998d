import type { DuckDBConnection } from '@duckdb/node-api';
import { fault, OutsideError } from '@rastro/fault';

/** One row of an answer: texts, numbers as texts, lists and structs as JSON values. */
export type JsonRow = Record<string, unknown>;

/** A connection of its own, so that its temporary views are nobody else's. It may still be on its way. */
export class Session {
  readonly connection: Promise<DuckDBConnection>;

  constructor(connection: Promise<DuckDBConnection>) {
    this.connection = connection;
    // A failure is told to whoever asks first.
    connection.catch(() => {});
  }

  async run(sql: string): Promise<void> {
    const connection = await this.connection;
    await told(() => connection.run(sql));
  }

  async rows(sql: string, values?: string[]): Promise<JsonRow[]> {
    const connection = await this.connection;
    const reader = await told(() => connection.runAndReadAll(sql, values));
    return reader.getRowObjectsJson() as JsonRow[];
  }

  async row(sql: string): Promise<JsonRow> {
    const [first] = await this.rows(sql);
    if (!first) throw new TypeError('the query gave no row');
    return first;
  }

  async close(): Promise<void> {
    await this.connection.then(
      (connection) => connection.closeSync(),
      () => {},
    );
  }
}

/** @throws OutsideError when what is asked takes more memory than there is. */
export async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const message = (error as Error).message;
    if (!/^Out of Memory Error/.test(message)) throw error;
    throw new OutsideError(
      fault(
        'engine-memory',
        'the data engine ran out of memory',
        undefined,
        'Give it more with the memory limit, fewer threads, or a disk to spill to.',
      ),
      { cause: error },
    );
  }
}
