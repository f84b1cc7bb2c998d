import type { Report } from './model.ts';
import { oneLine } from './plain-text.ts';

/** Where reports were made: a commit, and the ref that it can be fetched by. */
export interface Source {
  readonly commit: string;
  /** Such as `pull/7/head`: what a clone does not fetch of itself. */
  readonly ref?: string;
}

/** In the order of the work: what a later one reads, an earlier one wrote. */
const ORDER = ['validate', 'train', 'evaluate', 'compare'];

/** The command lines that make the reports again, each argument quoted for a POSIX shell; none when no report says how. */
export function commandsToRepeat(reports: readonly Report[], source: Source | undefined): string[] {
  const rank = ({ verb }: Report) => ORDER.indexOf(verb);
  const repeatable = reports
    .filter((report) => report.arguments !== undefined && rank(report) !== -1)
    .sort((a, b) => rank(a) - rank(b));
  const commands = repeatable.map((report) =>
    ['rastro', report.verb, ...report.arguments!.map(shellWord)].join(' '),
  );
  if (commands.length === 0) return [];
  return [...checkout(source), ...new Set(commands)];
}

function checkout(source: Source | undefined): string[] {
  if (!source) return [];
  const commit = shellWord(source.commit);
  return [...(source.ref ? [`git fetch origin ${shellWord(source.ref)}`] : []), `git checkout ${commit}`];
}

/** One word of a shell, whatever is in it. A line break becomes a space: a pasted line must not be two. */
function shellWord(text: string): string {
  const line = oneLine(text);
  return /^[\w@%+=:,./-]+$/u.test(line) ? line : `'${line.replaceAll("'", `'\\''`)}'`;
}
