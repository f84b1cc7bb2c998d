import type { TableSource } from './data-engine.ts';

/** The embedded trainer. Same request, same bytes on every machine. */
export interface Trainer {
  train(request: {
    kind: 'gradient-boosting' | 'linear';
    task: 'binary' | 'multiclass' | 'regression';
    source: TableSource;
    target: string;
    /** Columns to learn from; all but the target when undefined. */
    features: readonly string[] | undefined;
    params: Readonly<Record<string, number | string | boolean>>;
    seed: number;
  }): Promise<{
    model: Uint8Array;
    rows: number;
    features: string[];
    summary: Record<string, number | string>;
  }>;
}
