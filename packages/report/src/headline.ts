import type { Report } from './model.ts';
import { grouped, oneLine } from './plain-text.ts';
import { worstFirst } from './status.ts';

const MAX_HEADLINE = 110;

/**
 * The verdict of a report as a heading, and what of its sentence is still to be said: the whole sentence is the heading when it
 * is short, else what stands before its first colon.
 */
export function headlineOf({ verb, subject, verdict }: Report): { headline: string; rest: string } {
  const sentence = withoutPeriod(oneLine(verdict.sentence));
  if (sentence === '') return { headline: `${verb} ${subject}`, rest: '' };
  if (sentence.length <= MAX_HEADLINE) return { headline: sentence, rest: '' };
  const stop = /[:;.](?= )/u.exec(sentence)?.index ?? -1;
  if (stop <= 0 || stop > MAX_HEADLINE) return { headline: `${verb} ${subject}`, rest: `${sentence}.` };
  return { headline: sentence.slice(0, stop), rest: `${sentence.slice(stop + 2)}.` };
}

const MOST_TOLD = 3;

/**
 * What the reports besides the worst have to say, in few sentences: each that fails or warns, up to three, and those that pass in
 * one sentence per verb.
 */
export function summaryOfOthers(reports: readonly Report[]): string[] {
  const [worst, ...others] = worstFirst(reports);
  const bad = others.filter(({ verdict }) => verdict.status === 'fail' || verdict.status === 'warn');
  const told = bad.slice(0, MOST_TOLD).map(({ verdict }) => `Also: ${verdict.sentence}`);
  const left = bad.length - told.length;
  const compared = new Set(reports.filter(({ verb }) => verb === 'compare').map(({ subject }) => subject));
  const good = others.filter(
    ({ verb, subject, verdict }) =>
      verdict.status === 'pass' && !(STEPS_BEFORE_COMPARE.has(verb) && compared.has(subject)),
  );
  return [
    ...told,
    ...(left > 0 ? [`And ${grouped(left)} more that fail or warn.`] : []),
    ...[...Map.groupBy(good, ({ verb }) => verb)]
      .slice(0, MOST_TOLD)
      .map(([verb, group]) => passing(verb, group, worst?.verb === verb)),
  ];
}

/** Their numbers are in the comparison of the same model. */
const STEPS_BEFORE_COMPARE = new Set(['train', 'evaluate']);

function passing(verb: string, group: readonly Report[], isAmongWorse: boolean): string {
  const [only] = group;
  if (group.length === 1 && only) return only.verdict.sentence;
  const other = isAmongWorse ? ' other' : '';
  const count = `${grouped(group.length)}${other}`;
  const names = group.length <= MOST_TOLD ? ` (${group.map(({ subject }) => subject).join(', ')})` : '';
  if (verb === 'validate') return `${count} datasets keep their contracts${names}.`;
  return `${count} pass ${verb}${names}.`;
}

function withoutPeriod(sentence: string): string {
  return sentence.replace(/\.$/u, '');
}
