import type { Finding, Report } from '@rastro/report';
import { capped, oneLine, worstStatus } from '@rastro/report';
import type { CheckRun } from './ports/index.ts';

/** Twenty requests of fifty: a reader has long gone to the data itself. */
const MOST_ANNOTATIONS = 1000;
const MOST_WORDS = 2000;
const MOST_TITLE = 200;

const LEVEL = { error: 'failure', warning: 'warning', notice: 'notice' } as const;
const GRAVEST_FIRST = ['error', 'warning', 'notice'];

/** A check run that says what the comment says, with the findings that have a line beside it, gravest first. */
export function checkRunOf(
  reports: readonly Report[],
  { name, commit, summary }: Pick<CheckRun, 'name' | 'commit' | 'summary'>,
): CheckRun {
  const status = worstStatus(reports);
  const worst = reports.find(({ verdict }) => verdict.status === status);
  const findings = reports
    .flatMap((report) => report.findings)
    .filter(isAtLine)
    .sort((a, b) => GRAVEST_FIRST.indexOf(a.severity) - GRAVEST_FIRST.indexOf(b.severity));
  return {
    name,
    commit,
    summary,
    conclusion: status === 'fail' ? 'failure' : status === 'pass' ? 'success' : 'neutral',
    title: words(worst?.verdict.sentence ?? '', MOST_TITLE) || 'Nothing to report',
    annotations: findings.slice(0, MOST_ANNOTATIONS).map(({ severity, file, line, title, message }) => ({
      level: LEVEL[severity],
      file,
      line,
      title: words(title, MOST_TITLE),
      message: words(message, MOST_WORDS) || words(title, MOST_TITLE) || severity,
    })),
  };
}

/** One line of whole characters: GitHub refuses the half of one. */
function words(text: string, max: number): string {
  return capped(oneLine(text), max);
}

type FindingAtLine = Finding & { file: string; line: number };

/** Only a place inside of the repository can be annotated. */
function isAtLine(finding: Finding): finding is FindingAtLine {
  const { file, line } = finding;
  return (
    file !== undefined && line !== undefined && !file.startsWith('/') && !file.split(/[\\/]/u).includes('..')
  );
}
