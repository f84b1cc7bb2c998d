import { ageRule } from './age-rule.ts';
import type { DriftEvidence, Question, Unwaived } from './policy-question.ts';

/** A version that no drift check has seen is not known to be stable, so that a limit fails until one has. */
export function driftRules({ asked, evidence }: Question): Unwaived[] {
  const limits = asked.drift;
  if (!limits) return [];
  const found = evidence.drift;
  const source = found?.entry ?? 'drift check';
  const rule = (name: string, passed: boolean, expected: string, actual: string): Unwaived => ({
    rule: name,
    waivable: 'drift',
    passed,
    expected,
    actual,
    evidence: source,
  });
  if (!found) return [rule('drift', false, 'a drift check of the version', 'not recorded')];
  if (found.verdict === 'undecided')
    return [rule('drift', false, 'a drift check that could tell', 'too few rows to tell')];
  const drifted = found.columns.filter((column) => column.drifted).map(({ name }) => name);
  const most = limits.max_columns ?? (limits.max_psi === undefined ? 0 : undefined);
  const age =
    limits.max_age === undefined
      ? undefined
      : ageRule(limits.max_age, { at: found.at, now: evidence.now, did: 'checked' });
  return [
    ...(age === undefined ? [] : [rule('drift.max_age', age.passed, age.expected, age.actual)]),
    ...(limits.max_psi === undefined ? [] : [psiRule(limits.max_psi, found, rule)]),
    ...(most === undefined
      ? []
      : [
          rule(
            'drift.max_columns',
            drifted.length <= most,
            `at most ${most} drifted columns`,
            drifted.length === 0 ? 'none' : `${drifted.length}: ${drifted.join(', ')}`,
          ),
        ]),
  ];
}

function psiRule(
  limit: number,
  { columns }: DriftEvidence,
  rule: (name: string, passed: boolean, expected: string, actual: string) => Unwaived,
): Unwaived {
  const unknown = columns.filter(({ psi }) => psi === null || !Number.isFinite(psi)).map(({ name }) => name);
  const [worst] = [...columns].sort((a, b) => (b.psi ?? 0) - (a.psi ?? 0));
  const actual =
    unknown.length > 0
      ? `not known of ${unknown.join(', ')}`
      : worst
        ? `${worst.psi} in ${worst.name}`
        : 'no column';
  const passed = unknown.length === 0 && worst !== undefined && (worst.psi ?? Number.NaN) <= limit;
  return rule('drift.max_psi', passed, `at most ${limit} in every column`, actual);
}
