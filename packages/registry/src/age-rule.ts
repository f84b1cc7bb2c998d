import { ageInMilliseconds } from './policy.ts';

/** Clocks of two machines may differ by this much, in milliseconds. */
export const CLOCK_SKEW = 5 * 60_000;

/** Whether something is at most so old, as a rule tells it. `did` is what happened then. */
export function ageRule(
  maxAge: string,
  { at, now, did }: { readonly at: number; readonly now: number; readonly did: string },
): { passed: boolean; expected: string; actual: string } {
  const age = now - at;
  return {
    passed: age >= -CLOCK_SKEW && age <= ageInMilliseconds(maxAge),
    expected: `at most ${maxAge} old`,
    actual: age < -CLOCK_SKEW ? `${did} in the future` : `${showAge(age)} old`,
  };
}

function showAge(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return 'of unknown age,';
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / (24 * 60))} d`;
}
