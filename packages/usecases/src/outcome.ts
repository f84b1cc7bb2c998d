import type { ExitCode } from '@rastro/fault';
import type { Report } from '@rastro/report';

/**
 * What a use case answers. A failed gate is a `breach`, told in the reports; errors are thrown instead.
 * `record` is the machine-readable result: outputs and `--json` come from it.
 */
export interface Outcome<T> {
  readonly status: 'pass' | 'breach';
  readonly reports: readonly Report[];
  readonly record: T;
  /** Where a "no" is to be told apart from the usual one by its exit code. */
  readonly exitCode?: ExitCode;
}
