/** The promise data makes: schema, parse, infer, evolve, plan of checks. */
export { type Automaton, automatonOfPattern, automatonOfTexts } from './automaton.ts';
export type { Check, CheckedFile, CheckPlan, CheckSource, PlannedRule, TableFormat } from './check-plan.ts';
export type { CheckResult, Offender, RuleKind, RuleResult } from './check-result.ts';
export { type Physical, type PlainColumn, plainColumn } from './column-sql.ts';
export type {
  Answer,
  FileFacts,
  Observation,
  SeenOffender,
  StructureCode,
  StructureFault,
} from './data-facts.ts';
export { type ContractChange, type ContractEvolution, compareContracts } from './evolve.ts';
export { explainPlan } from './explain-plan.ts';
export { type ColumnProfile, inferContract, type TableDialect, type TableProfile } from './infer.ts';
export { keyCandidates } from './infer-key.ts';
export { judge } from './judge.ts';
export { junitOf } from './junit.ts';
export { odcsFromContract } from './odcs-export.ts';
export { contractFromOdcs } from './odcs-import.ts';
export { type PersonalData, personalDataIn } from './personal-data.ts';
export { type PlanRequest, planChecks } from './plan-checks.ts';
export { readContract } from './read-contract.ts';
export { inText } from './reference-faults.ts';
export { offenderText, sarifOf } from './sarif.ts';
export { type DataShape, type KeyPart, Scans } from './scans.ts';
export { Contract, type ContractField, FieldType } from './schema.ts';
export { WHITE_SPACE } from './sql.ts';
export { type Converted, contractFromTableSchema, tableSchemaFromContract } from './table-schema.ts';
export { toldOffenders } from './told-offenders.ts';
export type { ValueTest, ValueTestName } from './value-test.ts';
export { type FailOn, hasNew, levelOf, markKnown, shortResult, verdictOf } from './verdict.ts';
