import type { Finding, Report } from './model.ts';
import { gravestFirst } from './status.ts';

/** GitHub shows this many annotations of each kind per step, and drops the others without a word. */
const PER_SEVERITY = 10;

/**
 * The findings of a report that one step can show: at most ten errors, ten warnings and ten notices, errors first. When some were
 * left out, the last is a notice that says how many.
 */
export function annotations(report: Report): Finding[] {
  const sorted = gravestFirst(report.findings);
  const of = (severity: Finding['severity'], count: number) =>
    sorted.filter((finding) => finding.severity === severity).slice(0, count);
  const shown = [...of('error', PER_SEVERITY), ...of('warning', PER_SEVERITY), ...of('notice', PER_SEVERITY)];
  if (shown.length === sorted.length) return shown;

  const kept = [
    ...of('error', PER_SEVERITY),
    ...of('warning', PER_SEVERITY),
    ...of('notice', PER_SEVERITY - 1),
  ];
  const left = sorted.length - kept.length;
  return [
    ...kept,
    {
      severity: 'notice',
      title: `${left.toLocaleString('en')} more ${left === 1 ? 'finding' : 'findings'}`,
      message: `${kept.length} of ${sorted.length.toLocaleString('en')} findings are shown here; the report has the rest.`,
    },
  ];
}
