import type { Place, Severity } from '@rastro/fault';
import type { CheckResult, Offender, RuleResult } from './check-result.ts';
import { toldOffenders } from './told-offenders.ts';
import { levelOf } from './verdict.ts';

/** GitHub takes no more results from one run. */
const MAX_RESULTS = 25_000;

const LEVEL: Record<Severity, 'error' | 'warning' | 'note'> = {
  error: 'error',
  warning: 'warning',
  notice: 'note',
};

/**
 * The broken rules of checks as a SARIF 2.1.0 log, for code scanning: one result for each offender that was told. All are
 * one run, as code scanning takes one for each tool; a rule is named by its contract too, as two contracts may have one alike.
 */
export function sarifOf(results: readonly CheckResult[], tool: { version: string }): string {
  const broken = results.flatMap((result) =>
    result.rules
      .filter(({ status }) => status === 'fail' || status === 'warn')
      .map((rule) => ({ rule, id: results.length === 1 ? rule.id : `${result.contract}:${rule.id}` })),
  );
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Rastro',
            version: tool.version,
            rules: broken.map(({ rule, id }) => ({
              id,
              shortDescription: { text: `${subjectOf(rule)}: ${rule.expected}` },
              defaultConfiguration: { level: LEVEL[levelOf(rule)] },
            })),
          },
        },
        results: broken
          .flatMap(({ rule, id }, index) => resultsOf(rule, { ruleId: id, ruleIndex: index }))
          .slice(0, MAX_RESULTS),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultsOf(rule: RuleResult, named: { ruleId: string; ruleIndex: number }): object[] {
  const common = { ...named, level: LEVEL[levelOf(rule)] };
  if (rule.offenders.length === 0) {
    const text = `${subjectOf(rule)}: expected ${rule.expected}${rule.actual === undefined ? '' : `, found ${rule.actual}`}`;
    return [{ ...common, message: { text }, locations: [locationOf(rule.place)] }];
  }
  return toldOffenders(rule).map((offender) => ({
    ...common,
    message: { text: offenderText(rule, offender) },
    locations: [locationOf(offender)],
    ...(offender.print === undefined
      ? {}
      : { partialFingerprints: { 'rastro/v1': `${named.ruleId}:${offender.print}` } }),
    ...(offender.known === undefined ? {} : { baselineState: offender.known ? 'unchanged' : 'new' }),
  }));
}

function locationOf({ file, line }: Pick<Place, 'file' | 'line'>): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: encodeURI(file) },
      region: { startLine: line ?? 1 },
    },
  };
}

function subjectOf({ id, columns }: RuleResult): string {
  return columns.length === 0 ? id : columns.map((column) => `"${column}"`).join(', ');
}

/** What is wrong at one place, in a sentence: `"age": expected an integer, found 2.5`. */
export function offenderText(rule: RuleResult, { value, note, row }: Offender): string {
  const found = value === undefined ? '' : `, found ${value}`;
  const where = row === undefined ? '' : ` in row ${row}`;
  return `${subjectOf(rule)}: expected ${rule.expected}${found}${where}${note === undefined ? '' : ` (${note})`}`;
}
