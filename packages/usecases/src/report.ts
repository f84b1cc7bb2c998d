import type { Finding, Report, Section, Text } from '@rastro/report';

type Align = 'left' | 'right' | 'center';

/** Starts a report; sections and findings that are empty are left out. */
export function report(
  verb: string,
  subject: string,
  verdict: Report['verdict'],
  sections: readonly (Section | undefined)[] = [],
  findings: readonly Finding[] = [],
): Report {
  return {
    schema: 'rastro/report/v1',
    verb,
    subject,
    verdict,
    sections: sections.filter((section) => section !== undefined),
    findings: [...findings],
  };
}

/** A table; columns are titles, or a title with its alignment. */
export function table(
  columns: readonly (string | readonly [string, Align])[],
  rows: Text[][],
  more = 0,
): Section['blocks'][number] {
  return {
    kind: 'table',
    columns: columns.map((column) =>
      typeof column === 'string' ? { title: column } : { title: column[0], align: column[1] },
    ),
    rows,
    ...(more > 0 ? { more } : {}),
  };
}

/** The first 12 hex digits of a digest: enough to tell it, short enough to read. */
export function short(digest: string): string {
  return digest.slice(0, 12);
}

/** A number for people: up to 5 significant digits, the usual minus sign, a dash for what is not a number. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-4
    ? value.toExponential(3)
    : String(Number(value.toPrecision(size >= 1000 ? 6 : 4)));
}

/** `3 rows`, `1 row`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
