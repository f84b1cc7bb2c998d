import { randomUUID } from 'node:crypto';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { CheckPlan, CheckResult, TableProfile } from '@rastro/contract';
import type {
  Batch,
  ColumnDescription,
  ColumnKind,
  ColumnRequest,
  DataEngine,
  EngineResources,
  TableSource,
} from '@rastro/usecases';
import { aggregateColumns } from './aggregate.ts';
import { checkPlan } from './check.ts';
import { describeTable } from './column-types.ts';
import { profileTable } from './profile.ts';
import { readTable } from './read.ts';
import { Session, told } from './session.ts';

/** What the engine may use. */
export interface DuckDbOptions {
  /** Brings DuckDB, which is never part of a bundle. */
  readonly load: () => Promise<typeof import('@duckdb/node-api')>;
  /** Threads to work on. Default: as many as the machine gives. */
  readonly threads?: number;
  /** Memory that the engine may take before it spills to disk, such as `1GB`. Default: its own, 80 % of the machine's. */
  readonly memoryLimit?: string;
  /** Folder for what spills, and for copies of files. Default: the system's. */
  readonly tempDirectory?: string;
}

/** Reads and checks tables with DuckDB. DuckDB is loaded and started when it is first needed. */
export function createDuckDbEngine(options: DuckDbOptions): DataEngine {
  return new DuckDbEngine(options);
}

class DuckDbEngine implements DataEngine {
  readonly #options: DuckDbOptions;
  #instance: Promise<DuckDBInstance> | undefined;

  constructor(options: DuckDbOptions) {
    this.#options = options;
  }

  describe(source: TableSource): Promise<{ columns: ColumnDescription[]; rows: number }> {
    return this.#inSession((session) => describeTable(session, source, this.#tempDirectory));
  }

  profile(source: TableSource): Promise<TableProfile> {
    return this.#inSession((session) => profileTable(session, source, this.#tempDirectory));
  }

  async *read<Kind extends ColumnKind>(
    source: TableSource,
    columns: readonly ColumnRequest<Kind>[],
    options: { batchRows?: number; where?: string } = {},
  ): AsyncIterable<Batch<Kind>> {
    const session = this.#open();
    try {
      yield* readTable(session, source, columns, { ...options, tempDirectory: this.#tempDirectory });
    } finally {
      await session.close();
    }
  }

  async aggregate(...request: Parameters<DataEngine['aggregate']>): ReturnType<DataEngine['aggregate']> {
    const duckdb = await this.#options.load();
    return this.#inSession((session) => aggregateColumns(duckdb, session, ...request));
  }

  check(plan: CheckPlan, { memoryLimit, threads }: EngineResources = {}): Promise<CheckResult> {
    return this.#inSession(
      (session) => checkPlan(session, plan, { tempDirectory: this.#tempDirectory }),
      [
        ...(memoryLimit === undefined ? [] : [`SET memory_limit = '${memoryLimit}'`]),
        ...(threads === undefined ? [] : [`SET threads = ${threads}`]),
      ],
    );
  }

  async close(): Promise<void> {
    const instance = this.#instance;
    this.#instance = undefined;
    (await instance)?.closeSync();
  }

  get #tempDirectory(): string {
    return this.#options.tempDirectory ?? tmpdir();
  }

  async #inSession<T>(work: (session: Session) => Promise<T>, settings: readonly string[] = []): Promise<T> {
    const session = this.#open(settings);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  #open(settings: readonly string[] = []): Session {
    this.#instance ??= this.#start();
    return new Session(connectTo(this.#instance, settings));
  }

  async #start(): Promise<DuckDBInstance> {
    const { load, threads = availableParallelism(), memoryLimit } = this.#options;
    const duckdb = await load();
    return duckdb.DuckDBInstance.create(':memory:', {
      threads: String(threads),
      // Its files have the same names in every process: in one folder two engines would write over what the other has spilled.
      temp_directory: join(this.#tempDirectory, `rastro-spill-${randomUUID()}`),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      ...(memoryLimit === undefined ? {} : { memory_limit: memoryLimit }),
    });
  }
}

async function connectTo(
  instance: Promise<DuckDBInstance>,
  settings: readonly string[],
): Promise<DuckDBConnection> {
  const connection = await (await instance).connect();
  // Times without a zone must mean the same on every machine.
  for (const setting of ["SET TimeZone = 'UTC'", ...settings]) await told(() => connection.run(setting));
  return connection;
}
