import type { ApprovalSource, StagePolicy, Waivable } from './policy.ts';

/** A person: the login, and the numeric id where the forge told it. */
export interface Principal {
  readonly login: string;
  readonly id: number | null;
}

export interface PromotionRequest {
  readonly model: string;
  readonly version: string;
  /** sha256 of the model file. */
  readonly sha256: string;
  readonly actor: Principal;
  /** Stages that the version holds or has held. */
  readonly stages: readonly string[];
  /** Whether a version that held the stage before is to return to it. */
  readonly rollback: boolean;
}

export interface Approval {
  readonly by: Principal;
  readonly source: ApprovalSource;
  readonly verdict: 'approved' | 'rejected';
  /** The model and the evaluation record that the person saw. */
  readonly sha256: string;
  readonly recordSha256: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type Metrics = Readonly<Record<string, number | null>>;

export interface EvaluationEvidence {
  /** sha256 of the model that was evaluated and of the evaluation record. */
  readonly sha256: string;
  readonly recordSha256: string;
  readonly metrics: Metrics;
  /** Which way is better, where the record tells it. */
  readonly goals: Readonly<Record<string, 'max' | 'min'>>;
  /** Column, then value of the column, then metric. */
  readonly slices: Readonly<Record<string, Readonly<Record<string, Metrics>>>>;
  /** Milliseconds since the epoch. */
  readonly evaluatedAt: number;
}

/** The last comparison of current rows with those that the version was trained on. */
export interface DriftEvidence {
  readonly verdict: 'stable' | 'drifted' | 'undecided';
  readonly columns: readonly {
    readonly name: string;
    readonly psi: number | null;
    readonly drifted: boolean;
  }[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Where it is recorded. */
  readonly entry: string;
}

/** What is known at the time of the decision. Null is "not recorded", and what is not recorded never passes. */
export interface Evidence {
  readonly evaluation: EvaluationEvidence | null;
  readonly dataContract: 'pass' | 'breach' | null;
  readonly drift: DriftEvidence | null;
  readonly approvals: readonly Approval[];
  /** Author of the change that made this version. */
  readonly author: Principal | null;
  /** The version that holds the stage now, with its metrics; null when the stage is empty. */
  readonly holder: { readonly version: string; readonly metrics: Metrics | null } | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One rule, what it asks, what is there, and where that was read. */
export interface RuleResult {
  readonly rule: string;
  readonly passed: boolean;
  /** Failed, but a rollback need not pass it. */
  readonly waived: boolean;
  readonly expected: string;
  readonly actual: string;
  readonly evidence: string;
}

export interface PolicyVerdict {
  readonly allowed: boolean;
  readonly rules: readonly RuleResult[];
}

export type Unwaived = Omit<RuleResult, 'waived'> & { readonly waivable?: Waivable };

export interface Question {
  readonly stage: string;
  readonly asked: StagePolicy;
  readonly request: PromotionRequest;
  readonly evidence: Evidence;
}

/** The beginning of a digest, enough to tell it by. */
export const short = (sha256: string) => sha256.slice(0, 12);
