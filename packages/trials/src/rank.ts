import type { Trial } from './plan-trials.ts';

/** What a trial came to. */
export interface TrialResult extends Trial {
  /** Of the metric that decides; null when it has none. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Why it cannot win: it failed, has no value, or does not keep what is asked of the model. Empty when it can. */
  readonly faults: readonly string[];
}

/**
 * The results from the best: those that can win by the worth of their value, then those that cannot, likewise. Of equals the
 * one that was planned first, so that what is there stays unless something is better.
 * @param worth a value's worth: greater is better
 */
export function rankTrials(results: readonly TrialResult[], worth: (value: number) => number): TrialResult[] {
  const scoreOf = ({ value }: TrialResult) => (value === null ? Number.NEGATIVE_INFINITY : worth(value));
  return [...results].sort((a, b) => {
    const eligible = Number(b.faults.length === 0) - Number(a.faults.length === 0);
    if (eligible !== 0) return eligible;
    const [first, second] = [scoreOf(a), scoreOf(b)];
    return first === second ? a.trial - b.trial : second - first;
  });
}

/**
 * The p-value of the best of several for being better than trial 0: the best was chosen for its value, so that of a single
 * comparison would be too small (Bonferroni).
 * @param compared how many trials could have been the best
 */
export function adjustForChoice(p: number, compared: number): number {
  return Math.min(1, p * Math.max(1, compared));
}
