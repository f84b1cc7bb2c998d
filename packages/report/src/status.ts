import type { Finding, Report, Status } from './model.ts';

/** From worst to best. `info` says nothing good or bad, so it ranks below a pass. */
const WORST_FIRST: readonly Status[] = ['fail', 'warn', 'pass', 'info'];

/** How bad: 0 for `info` to 3 for `fail`. */
export function gravity(status: Status): number {
  return WORST_FIRST.length - 1 - WORST_FIRST.indexOf(status);
}

/** The status that stands for all reports together; `info` when there are none. */
export function worstStatus(reports: readonly Report[]): Status {
  const present = new Set(reports.map((report) => report.verdict.status));
  return WORST_FIRST.find((status) => present.has(status)) ?? 'info';
}

/** Reports from worst to best; those of one status keep their order. */
export function worstFirst(reports: readonly Report[]): Report[] {
  return reports.toSorted((a, b) => gravity(b.verdict.status) - gravity(a.verdict.status));
}

/** The word for a status. Every renderer shows the word; colour and sign only help. */
export const STATUS_WORD: Readonly<Record<Status, string>> = {
  pass: 'Pass',
  warn: 'Warning',
  fail: 'Fail',
  info: 'Info',
};

export const SEVERITY_STATUS: Readonly<Record<Finding['severity'], Status>> = {
  error: 'fail',
  warning: 'warn',
  notice: 'info',
};

export const SEVERITY_WORD: Readonly<Record<Finding['severity'], string>> = {
  error: 'Error',
  warning: 'Warning',
  notice: 'Notice',
};

/** Findings from gravest to mildest; those of one severity keep their order. */
export function gravestFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) => gravity(SEVERITY_STATUS[b.severity]) - gravity(SEVERITY_STATUS[a.severity]),
  );
}

/** `data/train.csv:3:5`; empty when the finding has no file. */
export function findingPlace({ file, line, column }: Finding): string {
  if (file === undefined) return '';
  return [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
}

/** "2 fail, 1 warning, 7 pass", from worst to best. */
export function statusCounts(reports: readonly Report[]): string {
  return WORST_FIRST.map((status) => ({
    status,
    count: reports.filter((report) => report.verdict.status === status).length,
  }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${STATUS_WORD[status].toLowerCase()}`)
    .join(', ');
}
