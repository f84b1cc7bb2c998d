import type { DuckDBConnection } from '@duckdb/node-api';
import { fault, OutsideError } from '@rastro/fault';

/** One row of an answer: texts, numbers as texts, lists and structs as JSON values. */
export type JsonRow = Record<string, unknown>;

/** A connection of its own, so that its temporary views are nobody else's. */
export class Session {
  readonly connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.connection = connection;
  }

  async run(sql: string): Promise<void> {
    await this.#told(() => this.connection.run(sql));
  }

  async rows(sql: string, values?: string[]): Promise<JsonRow[]> {
    const reader = await this.#told(() => this.connection.runAndReadAll(sql, values));
    return reader.getRowObjectsJson() as JsonRow[];
  }

  async row(sql: string): Promise<JsonRow> {
    const [first] = await this.rows(sql);
    if (!first) throw new TypeError('the query gave no row');
    return first;
  }

  close(): void {
    this.connection.closeSync();
  }

  async #told<T>(ask: () => Promise<T>): Promise<T> {
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
}
