import { type Budget, COMMENT_BUDGET, GAP, sizeOf } from './budget.ts';
import {
  fitHistory,
  historyDetails,
  isSameVerdict,
  MAX_HISTORY,
  memoryLine,
  readMemory,
  type Verdict,
  verdictOf,
} from './comment-history.ts';
import { type MarkdownOptions, renderMarkdown } from './markdown.ts';
import { marker } from './marker.ts';
import type { Report } from './model.ts';

/** What a comment is about to say, and of which run. */
export interface CommentVerdict {
  readonly reports: readonly Report[];
  /** What the verdict is about, such as a short commit id; shown in the history once the verdict is an older one. */
  readonly revision?: string;
  /** Number of the run that found it, greater for one that was started later. */
  readonly run?: number | undefined;
}

export interface CommentOptions extends Omit<MarkdownOptions, 'budget' | 'key'>, CommentVerdict {
  readonly key: string;
  /** The body that the comment has now, whoever last edited it; undefined when there is none yet. */
  readonly previous?: string | undefined;
  /** Default: GitHub's limit for a comment. */
  readonly budget?: Budget;
}

/**
 * The body of the one comment of a key: hidden marker, newest verdict and report, and older verdicts folded away. The older ones are
 * read back from the previous body, where they are kept in a hidden line right after the marker; a body whose line was edited
 * away or cut counts as one without history. The same reports and revision again give the same body.
 *
 * @throws InputError when the key cannot be a marker. @throws RangeError as `renderMarkdown` does.
 */
export function renderComment(options: CommentOptions): string {
  const { key, reports, previous, revision, run, budget = COMMENT_BUDGET, ...rest } = options;
  const now = verdictOf({ reports, revision, run });
  const before = previous === undefined ? [] : readMemory(previous);
  const [last] = before;
  const isAgain = last !== undefined && isSameVerdict(last, now);
  const older = (isAgain ? before.slice(1) : before).slice(0, MAX_HISTORY);
  const history = fitHistory(older, budget);

  const top = topOf(key, [isAgain ? last : now, ...history]);
  const bottom = historyDetails(history);
  const around = sizeOf(`${top}${GAP}${GAP}${bottom}\n`, budget.unit);
  const body = renderMarkdown(reports, { ...rest, budget: { ...budget, limit: budget.limit - around } });
  return joined([top, body.trimEnd(), bottom]);
}

/**
 * Whether a comment shows a later verdict than that of a run: then the run must not put its own in place of it. `isHead`: whether
 * the pull request still is at the run's commit; undefined when that is not known, and the numbers of the runs alone decide.
 */
export function showsLater(
  previous: string,
  { revision = '', run, isHead }: Omit<CommentVerdict, 'reports'> & { readonly isHead?: boolean | undefined },
): boolean {
  const [shown] = readMemory(previous);
  if (!shown || shown.revision === revision || isHead === true) return false;
  // Not a number when one of the two is not known, and then neither earlier nor later.
  const after = (run ?? Number.NaN) - (shown.run ?? Number.NaN);
  // Behind the head of the pull request a run gives way to any other, but to one that was started before it.
  return isHead === false ? !(after > 0) : after < 0;
}

/**
 * The body of a comment that shows a later verdict, with an earlier one put into its history. One whose end somebody edited, so
 * that its history is not found there, is left as it is.
 */
export function foldVerdict(
  previous: string,
  { key, budget = COMMENT_BUDGET, ...verdict }: CommentVerdict & Pick<CommentOptions, 'key' | 'budget'>,
): string {
  const text = previous.replaceAll('\r\n', '\n').trimEnd();
  const now = verdictOf(verdict);
  const [shown, ...older] = readMemory(text);
  if (!shown || older.some((each) => isSameVerdict(each, now))) return previous;
  const [top, bottom] = [topOf(key, [shown, ...older]), historyDetails(older)];
  if (!text.startsWith(top) || !text.endsWith(bottom)) return previous;
  const middle = text.slice(top.length, text.length - bottom.length).trim();
  for (let history = [now, ...older].slice(0, MAX_HISTORY); ; history = history.slice(0, -1)) {
    const body = joined([topOf(key, [shown, ...history]), middle, historyDetails(history)]);
    if (history.length === 0 || sizeOf(body, budget.unit) <= budget.limit) return body;
  }
}

function topOf(key: string, verdicts: readonly Verdict[]): string {
  return `${marker(key)}\n${memoryLine(verdicts)}`;
}

function joined(parts: readonly string[]): string {
  return `${parts.filter((text) => text !== '').join(GAP)}\n`;
}
