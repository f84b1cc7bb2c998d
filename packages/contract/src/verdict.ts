import type { CheckResult, Offender, RuleResult } from './check-result.ts';

/** What makes a check fail: any breach, only what the base does not have, or nothing. */
export type FailOn = 'any' | 'new' | 'never';

/** `breach` when a rule failed, `warn` when one warned. With `new`, a breach that the base has in full only warns. */
export function verdictOf(rules: readonly RuleResult[], failOn: FailOn): CheckResult['verdict'] {
  const fails = rules.filter(({ status }) => status === 'fail');
  const counted = failOn === 'any' ? fails : failOn === 'never' ? [] : fails.filter(hasNew);
  if (counted.length > 0) return 'breach';
  return fails.length > 0 || rules.some(({ status }) => status === 'warn') ? 'warn' : 'pass';
}

function hasNew({ count, known = 0 }: RuleResult): boolean {
  return count > known;
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
  const left = new Map<string, number>();
  for (const offender of base.offenders) left.set(markOf(offender), (left.get(markOf(offender)) ?? 0) + 1);
  const offenders = rule.offenders.map((offender): Offender => {
    const mark = markOf(offender);
    const count = left.get(mark) ?? 0;
    if (count > 0) left.set(mark, count - 1);
    return { ...offender, known: count > 0 };
  });
  // A rule about the table as a whole has no offenders: when both break it, it is known.
  const known = offenders.length === 0 ? rule.count : offenders.filter((offender) => offender.known).length;
  return { ...rule, known, offenders };
}

function isComplete({ count, offenders }: RuleResult): boolean {
  return offenders.length === count || offenders.length === 0;
}

function markOf({ file, print, column = '', note = '' }: Offender): string {
  return print === undefined ? JSON.stringify([file, column, note]) : `${column}:${print}`;
}
