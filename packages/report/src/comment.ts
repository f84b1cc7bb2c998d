import { z } from 'zod';
import { type Budget, COMMENT_BUDGET, GAP, sizeOf } from './budget.ts';
import { type MarkdownOptions, markdownStatus, renderMarkdown } from './markdown.ts';
import { escapeMarkdown, markdownCell } from './markdown-text.ts';
import { marker } from './marker.ts';
import { type Report, Status } from './model.ts';
import { capped, oneLine } from './plain-text.ts';
import { worstFirst } from './status.ts';

export interface CommentOptions extends Omit<MarkdownOptions, 'budget' | 'key'> {
  readonly key: string;
  readonly reports: readonly Report[];
  /** The body that the comment has now, whoever last edited it; undefined when there is none yet. */
  readonly previous?: string | undefined;
  /** What this verdict is about, such as a short commit id; shown in the history once the verdict is an older one. */
  readonly revision?: string;
  /** Default: GitHub's limit for a comment. */
  readonly budget?: Budget;
}

const MAX_HISTORY = 10;
const MAX_SENTENCE = 160;
const MAX_REVISION = 40;

const Verdict = z.strictObject({
  status: Status,
  sentence: z.string().max(MAX_SENTENCE),
  revision: z.string().max(MAX_REVISION),
});
type Verdict = z.infer<typeof Verdict>;

/** Newest first: the verdict that the body shows, then the older ones. */
const Memory = z
  .array(Verdict)
  .min(1)
  .max(MAX_HISTORY + 1);

/**
 * The body of the one comment of a key: hidden marker, newest verdict and report, and older verdicts folded away. The older ones are
 * read back from the previous body, where they are kept in a hidden line right after the marker; a body whose line was edited
 * away or cut counts as one without history. The same reports and revision again give the same body.
 *
 * @throws InputError when the key cannot be a marker. @throws RangeError as `renderMarkdown` does.
 */
export function renderComment(options: CommentOptions): string {
  const { key, reports, previous, revision, budget = COMMENT_BUDGET, ...rest } = options;
  const now = verdictOf(reports, revision ?? '');
  const before = previous === undefined ? [] : readMemory(previous);
  const older = (same(before[0], now) ? before.slice(1) : before).slice(0, MAX_HISTORY);
  const history = fitHistory(older, budget);

  const top = `${marker(key)}\n${memoryLine([now, ...history])}`;
  const bottom = historyDetails(history);
  const around = sizeOf(`${top}${GAP}${GAP}${bottom}\n`, budget.unit);
  const body = renderMarkdown(reports, { ...rest, budget: { ...budget, limit: budget.limit - around } });
  return `${[top, body.trimEnd(), bottom].filter((text) => text !== '').join(GAP)}\n`;
}

function verdictOf(reports: readonly Report[], revision: string): Verdict {
  const [worst] = worstFirst(reports);
  if (!worst) throw new RangeError('there is no report to render');
  return {
    status: worst.verdict.status,
    sentence: capped(oneLine(worst.verdict.sentence), MAX_SENTENCE),
    revision: capped(oneLine(revision), MAX_REVISION),
  };
}

function same(a: Verdict | undefined, b: Verdict): boolean {
  return a?.status === b.status && a.sentence === b.sentence && a.revision === b.revision;
}

/** History takes at most a quarter of the budget. */
function fitHistory(older: readonly Verdict[], { limit, unit }: Budget): Verdict[] {
  let count = older.length;
  const size = () => {
    const kept = older.slice(0, count);
    return sizeOf(`${memoryLine(kept)}${historyDetails(kept)}`, unit);
  };
  while (count > 0 && size() > limit / 4) count--;
  return older.slice(0, count);
}

function historyDetails(history: readonly Verdict[]): string {
  if (history.length === 0) return '';
  const rows = history.map(
    ({ status, sentence, revision }) =>
      `| ${markdownStatus(status)} | ${markdownCell([{ code: revision }]) || '–'} | ${escapeMarkdown(sentence)} |`,
  );
  const title = history.length === 1 ? '1 earlier verdict' : `${history.length} earlier verdicts`;
  return [
    `<details>\n<summary>${title}</summary>`,
    ['| Status | Revision | Verdict |', '| :--- | :--- | :--- |', ...rows].join('\n'),
    '</details>',
  ].join(GAP);
}

const MEMORY_LINE = /^<!-- rastro-history:([A-Za-z0-9+/=]+) -->$/mu;

/** Verdicts in base64, which cannot close the HTML comment nor look like a marker. */
function memoryLine(verdicts: readonly Verdict[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(verdicts));
  return `<!-- rastro-history:${btoa(String.fromCharCode(...bytes))} -->`;
}

function readMemory(body: string): Verdict[] {
  const encoded = MEMORY_LINE.exec(body.replaceAll('\r\n', '\n'))?.[1];
  if (encoded === undefined) return [];
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return Memory.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data ?? [];
  } catch {
    // Someone edited the line: what it held is gone, and a comment without history is better than none.
    return [];
  }
}
