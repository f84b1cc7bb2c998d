import type { Finding, Report, Section, Text } from '@rastro/report';
import { grouped } from '@rastro/report';

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

/** `3 rows`, `1 row`, `60,000 rows`. */
export function count(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** `4.5 %`; more decimals for a share that would read as nothing. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.001 ? 3 : 1)} %`;
}

/** `76.3 kB`, in powers of ten. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(size) / 3), units.length);
  return `${(size / 1000 ** power).toFixed(1)} ${units[power - 1]}`;
}

interface Interval {
  readonly low: number | null;
  readonly high: number | null;
}

const NO_INTERVAL: Interval = { low: null, high: null };

/** How many decimals tell two digits of a difference; undefined when there is none to tell. */
export function decimalsOf(before: number | null, after: number | null, delta: number | null) {
  if (delta === null || !Number.isFinite(delta)) return undefined;
  const least = Math.max(Math.abs(before ?? 0), Math.abs(after ?? 0)) < 10 ? 3 : 0;
  const size = Math.abs(delta);
  return size === 0 ? 4 : Math.min(8, Math.max(least, 1 - Math.floor(Math.log10(size))));
}

/**
 * Two values and the way from one to the other, all to the same decimals: as many as tell two digits of the difference, so that
 * nobody has to subtract. A dash for what is not there.
 */
export function change(
  before: number | null,
  after: number | null,
  delta: number | null,
  { low, high }: Interval = NO_INTERVAL,
  decimals = decimalsOf(before, after, delta),
): { before: string; after: string; difference: string; interval: string } {
  if (delta === null || !Number.isFinite(delta) || decimals === undefined)
    return { before: figure(before), after: figure(after), difference: '–', interval: '–' };
  const fixed = (value: number | null) =>
    value === null ? '–' : value.toFixed(decimals).replace(/^-(?=0\.?0*$)/u, '');
  const signed = (value: number) => (Number(fixed(value)) > 0 ? `+${fixed(value)}` : fixed(value));
  return {
    before: fixed(before),
    after: fixed(after),
    difference: signed(delta),
    interval: low === null || high === null ? '–' : `${signed(low)} to ${signed(high)}`,
  };
}

/** A report that says how to make it again: the arguments of its verb. */
export function withCommand(made: Report, commandArguments: readonly string[]): Report {
  return { ...made, arguments: [...commandArguments] };
}
