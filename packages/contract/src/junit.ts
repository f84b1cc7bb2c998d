import type { CheckResult, RuleResult } from './check-result.ts';
import { offenderText } from './sarif.ts';
import { toldOffenders } from './told-offenders.ts';

/** The rules of checks as a JUnit report: one test case for each rule. A rule that only warns has passed, and says so. */
export function junitOf(results: readonly CheckResult[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Rastro" ${totalsOf(results.flatMap(({ rules }) => rules))}>
${results.map(testSuite).join('\n')}
</testsuites>
`;
}

function testSuite({ rules, contract }: CheckResult): string {
  return `  <testsuite name="${xml(contract)}" ${totalsOf(rules)}>
${rules.map((rule) => testCase(contract, rule)).join('\n')}
  </testsuite>`;
}

function totalsOf(rules: readonly RuleResult[]): string {
  const count = (status: RuleResult['status']) => rules.filter((rule) => rule.status === status).length;
  return `tests="${rules.length}" failures="${count('fail')}" errors="0" skipped="${count('skipped')}"`;
}

function testCase(contract: string, rule: RuleResult): string {
  const open = `    <testcase classname="${xml(contract)}" name="${xml(rule.id)}" file="${xml(rule.place.file)}"`;
  const text = xml(detailOf(rule));
  switch (rule.status) {
    case 'pass':
      return `${open}/>`;
    case 'warn':
      return `${open}>\n      <system-out>${text}</system-out>\n    </testcase>`;
    case 'skipped':
      return `${open}>\n      <skipped message="${xml(rule.note ?? '')}"/>\n    </testcase>`;
    case 'fail':
      return `${open}>\n      <failure message="${xml(`${rule.count} × not ${rule.expected}`)}" type="${rule.kind}">${text}</failure>\n    </testcase>`;
  }
}

function detailOf(rule: RuleResult): string {
  if (rule.offenders.length === 0)
    return `expected ${rule.expected}${rule.actual === undefined ? '' : `, found ${rule.actual}`}`;
  const told = toldOffenders(rule);
  const lines = told.map((offender) => {
    const where = offender.line === undefined ? offender.file : `${offender.file}:${offender.line}`;
    return `${where} ${offenderText(rule, offender)}`;
  });
  const more = told === rule.offenders ? rule.count - told.length : 0;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

const ENTITY: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

/** Text inside XML 1.0: escaped, and without the characters that XML cannot hold. */
function xml(text: string): string {
  return text
    .replaceAll(/[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[&<>"\n]/g, (character) => ENTITY[character]!);
}
