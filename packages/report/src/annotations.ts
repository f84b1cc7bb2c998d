import type { Finding, Report } from './model.ts';
import { grouped } from './plain-text.ts';
import { gravestFirst } from './status.ts';

/** GitHub shows this many annotations of each kind per step, and drops the others without a word. */
const PER_SEVERITY = 10;

/**
 * The findings of a report that one step can show: at most ten errors, ten warnings and ten notices, errors first, and of each rule
 * one before any has two. When some were left out, the last is a notice that says how many. `reserved` errors are left to the caller.
 */
export function annotations(
  report: Report,
  { reserved = 0 }: { readonly reserved?: number } = {},
): Finding[] {
  const sorted = gravestFirst(report.findings);
  const of = (severity: Finding['severity'], count: number) =>
    inTurns(sorted.filter((finding) => finding.severity === severity)).slice(0, count);
  const errors = of('error', Math.max(1, PER_SEVERITY - reserved));
  const warnings = of('warning', PER_SEVERITY);
  const shown = [...errors, ...warnings, ...of('notice', PER_SEVERITY)];
  if (shown.length === sorted.length) return shown;

  const kept = [...errors, ...warnings, ...of('notice', PER_SEVERITY - 1)];
  const left = sorted.length - kept.length;
  return [
    ...kept,
    {
      severity: 'notice',
      title: `${grouped(left)} more ${left === 1 ? 'finding' : 'findings'}`,
      message: `${kept.length} of ${grouped(sorted.length)} findings are shown here; the report has the rest.`,
    },
  ];
}

/** The first of each title, then the second of each, and so on. */
function inTurns(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, number>();
  const turns = findings.map((finding) => {
    const turn = seen.get(finding.title) ?? 0;
    seen.set(finding.title, turn + 1);
    return { finding, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ finding }) => finding);
}
