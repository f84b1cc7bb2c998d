import type { Place, Severity } from '@rastro/fault';
import type { RuleKind } from './check-result.ts';

/** A file that is checked: where it is on this machine, and how people know it. */
export interface CheckedFile {
  readonly absolute: string;
  readonly path: string;
}

/** The files under check and how they are read. */
export interface CheckSource {
  readonly files: readonly CheckedFile[];
  readonly format: 'csv' | 'tsv' | 'jsonl' | 'json' | 'parquet';
  readonly delimiter: string;
  readonly quote: string;
  readonly comment: string | undefined;
  readonly encoding: string | undefined;
  readonly header: boolean;
  readonly trim: boolean;
  readonly missingValues: readonly string[];
}

/** A check of the plan. `id`, `kind` and `expected` are those of the rule's result. */
export interface Check {
  readonly id: string;
  readonly kind: RuleKind;
  readonly columns: readonly string[];
  readonly expected: string;
  readonly severity: Severity;
  readonly place: Place;
}

/** Everything a data engine needs to check files against a contract; made by `planChecks`, printed by `explainPlan`. */
export interface CheckPlan {
  readonly contract: string;
  readonly source: CheckSource;
  readonly checks: readonly Check[];
}
