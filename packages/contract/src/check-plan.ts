import type { Place, Severity } from '@rastro/fault';
import type { RuleKind, RuleResult } from './check-result.ts';
import type { ContractField } from './schema.ts';
import type { ValueTest } from './value-test.ts';

/** A file that is checked: where it is on this machine, and how people know it. */
export interface CheckedFile {
  readonly absolute: string;
  readonly path: string;
}

export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'json' | 'parquet';

/** The files under check and how they are read. */
export interface CheckSource {
  readonly files: readonly CheckedFile[];
  readonly format: TableFormat;
  readonly delimiter: string;
  readonly quote: string;
  readonly comment: string | undefined;
  readonly encoding: string;
  /** False when there is none: fields then go by position, and are named by the contract. */
  readonly header: boolean;
  readonly trim: boolean;
  readonly missingValues: readonly string[];
}

/** The share of rows that may break a rule before it warns, and before it fails; both exclusive. */
export interface Limits {
  readonly warn: number | undefined;
  readonly fail: number | undefined;
}

/**
 * How a check is asked. SQL speaks of the columns of the plan: `_t<i>` is the text of field i or null when it is missing,
 * `_v<i>` its typed value or null when it is missing or of another type.
 */
export type Ask =
  /** Broken on the rows where `broken` is true; `shows` are the fields whose values are told. */
  | {
      readonly how: 'row';
      readonly broken: string;
      readonly shows: readonly number[];
      readonly limits: Limits;
      /** An aggregate that is not true where no row breaks the check; it is cheaper than counting them. */
      readonly doubt?: string | undefined;
      /** The same as `broken`, of every value of the fields that the check needs; undefined where it is about more. */
      readonly value?: ValueTest;
    }
  /** Broken on every row whose key came before. `fields` undefined: the whole row is the key. */
  | { readonly how: 'key'; readonly fields: readonly number[] | undefined; readonly limits: Limits }
  /** Broken on every row whose key is not in another dataset. */
  | {
      readonly how: 'reference';
      readonly fields: readonly number[];
      readonly reference: number;
      readonly limits: Limits;
    }
  /** Broken when an aggregate lies outside its bounds. */
  | {
      readonly how: 'measure';
      readonly measure: string;
      readonly minimum: number | undefined;
      readonly maximum: number | undefined;
    }
  /** Broken when the newest value is older than `notBefore`, in milliseconds since the epoch. */
  | { readonly how: 'newest'; readonly measure: string; readonly notBefore: number };

/** A check of the plan. `id`, `kind` and `expected` are those of the rule's result. */
export interface Check {
  readonly id: string;
  readonly kind: RuleKind;
  /** Positions of the fields that it needs. */
  readonly needs: readonly number[];
  readonly expected: string;
  readonly severity: Severity;
  readonly place: Place;
  readonly ask: Ask;
}

/** A row rule as the contract states it, for the engine to parse before it runs. */
export interface PlannedRule {
  readonly check: string;
  readonly expression: string;
  readonly place: Place;
}

/** Another dataset that foreign keys point into, and its fields where it has a contract of its own. */
export interface PlannedReference {
  readonly source: CheckSource;
  readonly columns: readonly string[];
  /** The fields here that are held to those columns, in the same order. */
  readonly fields: readonly number[];
  readonly declared: readonly ContractField[] | undefined;
}

/** What the contract asks for and this run cannot tell. */
export type Unasked = Pick<RuleResult, 'id' | 'kind' | 'columns' | 'expected' | 'severity' | 'place'> & {
  readonly note: string;
};

/** Everything a data engine needs to check files against a contract; made by `planChecks`, printed by `explainPlan`. */
export interface CheckPlan {
  readonly contract: string;
  readonly source: CheckSource;
  readonly fields: readonly ContractField[];
  readonly extraColumns: 'allow' | 'warn' | 'forbid';
  readonly columnOrder: 'any' | 'exact';
  /** Positions of the fields that tell rows apart; none when the contract has no primary key. */
  readonly primaryKey: readonly number[];
  readonly checks: readonly Check[];
  readonly unasked: readonly Unasked[];
  readonly rules: readonly PlannedRule[];
  readonly references: readonly PlannedReference[];
  /** How many offenders are told for each rule. */
  readonly limit: number;
  /** Where the contract states its fields, and each field. */
  readonly places: { readonly fields: Place; readonly field: readonly Place[]; readonly source: Place };
}
