import type { Severity } from '@rastro/fault';
import type { CheckResult, Offender, RuleResult } from './check-result.ts';

/** What makes a check fail: any breach, only what the base does not have, or nothing. */
export type FailOn = 'any' | 'new' | 'never';

/** How grave a broken rule is. What only warns is a warning, or a notice where the contract calls it one. */
export function levelOf({ status, severity }: Pick<RuleResult, 'status' | 'severity'>): Severity {
  if (status === 'fail') return 'error';
  return severity === 'notice' ? 'notice' : 'warning';
}

/**
 * `breach` when a rule failed, `warn` when one warned. With `new`, a breach that the base has in full only warns; with the
 * severity `warning`, a rule that warns counts as one that failed, but a notice does not.
 */
export function verdictOf(
  rules: readonly RuleResult[],
  failOn: FailOn,
  severity: 'error' | 'warning' = 'error',
): CheckResult['verdict'] {
  const broken = rules.filter(({ status }) => status === 'fail' || status === 'warn');
  const least = severity === 'warning' ? ['error', 'warning'] : ['error'];
  const counted = broken.filter((rule) => least.includes(levelOf(rule)));
  const failing = failOn === 'any' ? counted : failOn === 'never' ? [] : counted.filter(hasNew);
  if (failing.length > 0) return 'breach';
  return broken.length > 0 ? 'warn' : 'pass';
}

/** Whether a rule is broken in a way that the base does not know. Without a comparison with a base everything is new. */
export function hasNew({ count, known = 0 }: RuleResult): boolean {
  return count > known;
}

/** The same result with fewer offenders for each rule: what is new goes first. */
export function shortResult(result: CheckResult, limit: number): CheckResult {
  return {
    ...result,
    rules: result.rules.map((rule) => {
      if (rule.offenders.length <= limit) return rule;
      const known = rule.offenders.filter((offender) => offender.known);
      const fresh = rule.offenders.filter((offender) => !offender.known);
      return { ...rule, offenders: [...fresh, ...known].slice(0, limit) };
    }),
  };
}

/**
 * Marks the offenders that the base has too. Both results must come from the same contract, the base's from the base's
 * data. A row is known by what is in it, not by its line: lines move. Where not every offender was told, only the
 * counts are compared.
 */
export function markKnown({ head, base }: { head: CheckResult; base: CheckResult }): CheckResult {
  const before = new Map(base.rules.map((rule) => [rule.id, rule]));
  return { ...head, rules: head.rules.map((rule) => withKnown(rule, before.get(rule.id))) };
}

function withKnown(rule: RuleResult, base: RuleResult | undefined): RuleResult {
  if (rule.count === 0) return rule;
  if (!base || base.count === 0) return { ...rule, known: 0 };
  if (!isComplete(rule) || !isComplete(base)) return { ...rule, known: Math.min(rule.count, base.count) };
  const byContent = pairedBy(markOf, rule.offenders, base.offenders);
  // A row that was changed elsewhere is another row by its content; the same value at the same line is an old breach still.
  const byPlace = pairedBy(
    placeOf,
    rule.offenders.filter((offender) => !byContent.head.has(offender)),
    base.offenders.filter((offender) => !byContent.base.has(offender)),
  );
  const offenders = rule.offenders.map(
    (offender): Offender => ({
      ...offender,
      known: byContent.head.has(offender) || byPlace.head.has(offender),
    }),
  );
  // A rule about the table as a whole has no offenders: when both break it, it is known.
  const known = offenders.length === 0 ? rule.count : offenders.filter((offender) => offender.known).length;
  return { ...rule, known, offenders };
}

function isComplete({ count, offenders }: RuleResult): boolean {
  return offenders.length === count || offenders.length === 0;
}

/** Pairs offenders that have the same mark, each with one other. */
function pairedBy(
  markOf: (offender: Offender) => string,
  head: readonly Offender[],
  base: readonly Offender[],
): { head: ReadonlySet<Offender>; base: ReadonlySet<Offender> } {
  const left = new Map<string, Offender[]>();
  for (const offender of base) {
    const same = left.get(markOf(offender));
    if (same) same.push(offender);
    else left.set(markOf(offender), [offender]);
  }
  const paired = { head: new Set<Offender>(), base: new Set<Offender>() };
  for (const offender of head) {
    const match = left.get(markOf(offender))?.pop();
    if (!match) continue;
    paired.head.add(offender);
    paired.base.add(match);
  }
  return paired;
}

function placeOf({ file, line, row, column = '', value = '' }: Offender): string {
  return JSON.stringify([file, line ?? null, row ?? null, column, value]);
}

function markOf({ file, print, column = '', note = '' }: Offender): string {
  return print === undefined ? JSON.stringify([file, column, note]) : `${column}:${print}`;
}
