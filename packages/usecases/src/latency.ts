import type { ModelConfig } from '@rastro/lineage';
import type { ColumnData, LoadedModel, ScoringRequest } from './ports/index.ts';

/** How fast a model answered on this machine; never part of a record, whose bytes must not depend on the machine. */
export interface Latency {
  /** Milliseconds for one row, warm: quantiles over the runs. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly runs: number;
  readonly batch: number;
  /** At the batch: rows by the median time. */
  readonly rowsPerSecond: number;
}

type LatencyConfig = NonNullable<NonNullable<ModelConfig['evaluate']>['latency']>;

export const DEFAULT_LATENCY: LatencyConfig = { runs: 500, batch: 1024 };

/** Runs of the batch that its throughput is the median of. */
const BATCH_RUNS = 20;

/** Scores one row and one batch again and again, with what it takes to pack columns and to read answers. */
export async function measureLatency(
  model: LoadedModel,
  scoring: ScoringRequest,
  columns: readonly ColumnData[],
  { runs, batch }: LatencyConfig,
): Promise<Latency> {
  const rows = columns[0]!.length;
  const one = columns.map((column) => column.slice(0, 1));
  // Rows are repeated to fill up a batch that is larger than the data.
  const many = columns.map((column) =>
    column instanceof Float64Array
      ? Float64Array.from({ length: batch }, (_, row) => column[row % rows]!)
      : Array.from({ length: batch }, (_, row) => column[row % rows]!),
  );
  const singles = (await model.time(scoring, { rows: 1, columns: one }, runs)).sort();
  const batches = (await model.time(scoring, { rows: batch, columns: many }, BATCH_RUNS)).sort();
  const at = (sorted: Float64Array, share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
  return {
    p50: at(singles, 0.5),
    p95: at(singles, 0.95),
    p99: at(singles, 0.99),
    runs,
    batch,
    rowsPerSecond: (1000 * batch) / at(batches, 0.5),
  };
}
