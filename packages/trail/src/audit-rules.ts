import type { RuleResult } from '@rastro/registry';
import type { AuditStep, StepName } from './audit.ts';
import { type EntryOf, entryPath } from './entry.ts';

/** The decision that let a version into a stage. */
export type Move = EntryOf<'promote'> | EntryOf<'rollback'>;

export const isEvaluationRule = ({ rule }: RuleResult) =>
  rule === 'evaluation' || rule === 'max_age' || rule.startsWith('metrics.') || rule.startsWith('slices.');
export const isApprovalRule = ({ rule }: RuleResult) => rule === 'approvals' || rule === 'rejections';

export function judged(step: StepName, gate: Move, rules: readonly RuleResult[], good: string): AuditStep {
  const evidence = [entryPath(gate)];
  const breach = rules.find(({ passed, waived }) => !passed && !waived);
  if (breach) return { step, status: 'violated', sentence: showBreach(breach), evidence };
  const waived = rules.filter((rule) => rule.waived).map(({ rule }) => rule);
  const sentence = waived.length > 0 ? `${good} Waived for a rollback: ${waived.join(', ')}.` : good;
  return { step, status: 'verified', sentence, evidence };
}

export function showBreach({ rule, expected, actual }: RuleResult): string {
  return `At the time of the decision ${rule} asked for ${expected}, and there was: ${actual}.`;
}

/** The first rule whose outcome was recorded otherwise. Wording may change between versions of Rastro, outcomes may not. */
export function differingRule(
  recorded: readonly RuleResult[],
  recomputed: readonly RuleResult[],
): string | undefined {
  const outcome = ({ rule, passed, waived }: RuleResult) => `${rule} ${passed} ${waived}`;
  const [left, right] = [recorded.map(outcome), recomputed.map(outcome)];
  const odd = left.find((line) => !right.includes(line)) ?? right.find((line) => !left.includes(line));
  return odd?.split(' ')[0];
}
