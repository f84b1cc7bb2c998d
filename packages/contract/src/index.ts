/** The promise data makes: schema, parse, infer, evolve, plan of checks. */
export type { Check, CheckedFile, CheckPlan, CheckSource } from './check-plan.ts';
export type { CheckResult, Offender, RuleKind, RuleResult } from './check-result.ts';
