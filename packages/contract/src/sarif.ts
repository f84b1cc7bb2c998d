import type { Place, Severity } from '@rastro/fault';
import type { CheckResult, Offender, RuleResult } from './check-result.ts';

/** GitHub takes no more results from one run. */
const MAX_RESULTS = 25_000;

const LEVEL: Record<Severity, 'error' | 'warning' | 'note'> = {
  error: 'error',
  warning: 'warning',
  notice: 'note',
};

/** The broken rules of a check as a SARIF 2.1.0 log, for code scanning. One result for each offender that was told. */
export function sarifOf(result: CheckResult, tool: { version: string }): string {
  const broken = result.rules.filter(({ status }) => status === 'fail' || status === 'warn');
  const results = broken.flatMap((rule, ruleIndex) => resultsOf(rule, ruleIndex)).slice(0, MAX_RESULTS);
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Rastro',
            version: tool.version,
            rules: broken.map((rule) => ({
              id: rule.id,
              shortDescription: { text: `${subjectOf(rule)}: ${rule.expected}` },
              defaultConfiguration: { level: LEVEL[rule.severity] },
            })),
          },
        },
        results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultsOf(rule: RuleResult, ruleIndex: number): object[] {
  const common = { ruleId: rule.id, ruleIndex, level: LEVEL[rule.severity] };
  if (rule.offenders.length === 0) {
    const text = `${subjectOf(rule)}: expected ${rule.expected}${rule.actual === undefined ? '' : `, found ${rule.actual}`}`;
    return [{ ...common, message: { text }, locations: [locationOf(rule.place)] }];
  }
  return rule.offenders.map((offender) => ({
    ...common,
    message: { text: offenderText(rule, offender) },
    locations: [locationOf(offender)],
    ...(offender.print === undefined
      ? {}
      : { partialFingerprints: { 'rastro/v1': `${rule.id}:${offender.print}` } }),
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
