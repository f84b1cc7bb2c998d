import type { PairedMethod } from './paired-verdict.ts';

export type MetricVerdict = 'improved' | 'inconclusive' | 'regressed' | 'missing' | 'breach' | 'no-baseline';

/** How a difference was judged. 'point' when there is no measure of noise: then any worsening beyond tolerance counts. */
export type CompareMethod = PairedMethod | 'intervals' | 'point';

export interface Comparison {
  readonly metric: string;
  /** Undefined for the whole sample. */
  readonly slice?: { readonly column: string; readonly value: string };
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Candidate minus baseline, with its interval at the confidence of the candidate's record. */
  readonly delta: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly tolerance: number;
  readonly method: CompareMethod | null;
  /** Two-sided, before and after Benjamini-Hochberg over all metrics and slices. */
  readonly p: number | null;
  readonly adjustedP: number | null;
  readonly verdict: MetricVerdict;
  /** Why, as a phrase. */
  readonly reason: string;
}
