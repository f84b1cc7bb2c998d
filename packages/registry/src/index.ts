/** Versions, stages, semver rules, policy, promotion plans. */
export { evaluatePolicy } from './evaluate-policy.ts';
export { type GtoModel, gtoView, type HistoryLine, history } from './gto-view.ts';
export { POLICY_FILE, Policy, readPolicy } from './policy.ts';
export type {
  Approval,
  DriftEvidence,
  EvaluationEvidence,
  Evidence,
  PolicyVerdict,
  Principal,
  PromotionRequest,
  RuleResult,
} from './policy-question.ts';
export {
  POLICY_TESTS_FILE,
  type PolicyTestResult,
  PolicyTests,
  readPolicyTests,
  runPolicyTests,
} from './policy-tests.ts';
export { type PromotionPlan, planPromotion } from './promotion.ts';
export { type ModelFacts, type RequiredBump, requiredBump, type TensorType } from './required-bump.ts';
export {
  type AnnotatedTag,
  latestVersion,
  type ModelVersion,
  type RegisteredModel,
  type Registry,
  type RegistryEvent,
  registryState,
  stagesOfWithdrawn,
  versionTrailer,
} from './state.ts';
export {
  formatTagName,
  isModelName,
  isStageName,
  isVersion,
  parseTagName,
  type RegistryTag,
} from './tag-name.ts';
export { type Bump, compareVersions, nextVersion } from './version.ts';
