import type { Place, Severity } from '@rastro/fault';

/** What a rule is about; the same words in annotations, JSON, SARIF and JUnit. */
export type RuleKind =
  | 'structure'
  | 'columns'
  | 'type'
  | 'required'
  | 'nulls'
  | 'range'
  | 'length'
  | 'pattern'
  | 'enum'
  | 'trimmed'
  | 'unique'
  | 'primary-key'
  | 'foreign-key'
  | 'statistic'
  | 'row'
  | 'rows'
  | 'freshness'
  | 'privacy';

/** One place where the data breaks a rule. */
export interface Offender {
  /** Path as the source named it. */
  readonly file: string;
  /** Physical line, 1-based: the first line of the record (CSV, TSV, JSON Lines). */
  readonly line?: number;
  /** Row number, 1-based, header not counted (Parquet, JSON). */
  readonly row?: number;
  readonly column?: string;
  /** The value as it stands, shortened and with control characters escaped; `[redacted]` when the field is sensitive. */
  readonly value?: string;
  /** What else helps: where the first of two equal rows is, how many fields a ragged row has. */
  readonly note?: string;
  /** A short mark of what is in the whole row: 32 bits, to know the row again in other data. */
  readonly print?: string;
  /** The base has this too. Only after a comparison with the base. */
  readonly known?: boolean;
}

/** What one rule of the contract found. */
export interface RuleResult {
  /** Unique in the contract and stable: `age.range`, `primaryKey`, `rules.sex-code-agrees`. */
  readonly id: string;
  readonly kind: RuleKind;
  readonly columns: readonly string[];
  /** What the contract asks for, in words: `an integer`, `between 0 and 70`. */
  readonly expected: string;
  readonly severity: Severity;
  /** `warn` when it is broken without failing the check; `skipped` when it could not be asked, with the reason in `note`. */
  readonly status: 'pass' | 'warn' | 'fail' | 'skipped';
  /** Rows (or files, for structure) that break the rule. */
  readonly count: number;
  /** How many of `count` the base has too. Only after a comparison with the base. */
  readonly known?: number;
  /** `count` over the rows of the data, 0 to 1. */
  readonly share: number;
  /** What was measured, for a rule about the table as a whole. */
  readonly actual?: string;
  readonly note?: string;
  /** The first offenders in file and line order. */
  readonly offenders: readonly Offender[];
  /** Where the contract states the rule. */
  readonly place: Place;
}

/** The answer to "does this data keep its contract?" */
export interface CheckResult {
  readonly verdict: 'pass' | 'warn' | 'breach';
  /** The contract's file. */
  readonly contract: string;
  readonly rows: number;
  readonly files: readonly { readonly path: string; readonly rows: number }[];
  /** Every rule that the contract states, in its order; structure first. */
  readonly rules: readonly RuleResult[];
}

/** Rows as a share of all; 0 where there are none. */
export function shareOf(count: number, rows: number): number {
  return rows === 0 ? 0 : Math.min(1, count / rows);
}
