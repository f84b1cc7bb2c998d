import { z } from 'zod';
import { type Budget, GAP, sizeOf } from './budget.ts';
import { markdownStatus } from './markdown.ts';
import { escapeMarkdown, markdownCell } from './markdown-text.ts';
import { type Report, Status } from './model.ts';
import { capped, oneLine } from './plain-text.ts';
import { worstFirst } from './status.ts';

export const MAX_HISTORY = 10;
const MAX_SENTENCE = 160;
const MAX_REVISION = 40;

const Verdict = z.strictObject({
  status: Status,
  sentence: z.string().max(MAX_SENTENCE),
  revision: z.string().max(MAX_REVISION),
  run: z.number().int().nonnegative().optional(),
});
/** One verdict that a comment shows or has shown. */
export type Verdict = z.infer<typeof Verdict>;

/** Newest first: the verdict that the body shows, then the older ones. */
const Memory = z
  .array(Verdict)
  .min(1)
  .max(MAX_HISTORY + 1);

/** @throws RangeError when there is no report. */
export function verdictOf({
  reports,
  revision = '',
  run,
}: {
  readonly reports: readonly Report[];
  readonly revision?: string | undefined;
  readonly run?: number | undefined;
}): Verdict {
  const [worst] = worstFirst(reports);
  if (!worst) throw new RangeError('there is no report to render');
  return {
    status: worst.verdict.status,
    sentence: capped(oneLine(worst.verdict.sentence), MAX_SENTENCE),
    revision: capped(oneLine(revision), MAX_REVISION),
    ...(run === undefined ? {} : { run }),
  };
}

/** Whether two say the same about the same; which run found it does not matter. */
export function isSameVerdict(a: Verdict, b: Verdict): boolean {
  return a.status === b.status && a.sentence === b.sentence && a.revision === b.revision;
}

/** History takes at most a quarter of the budget. */
export function fitHistory(older: readonly Verdict[], { limit, unit }: Budget): Verdict[] {
  let count = older.length;
  const size = () => {
    const kept = older.slice(0, count);
    return sizeOf(`${memoryLine(kept)}${historyDetails(kept)}`, unit);
  };
  while (count > 0 && size() > limit / 4) count--;
  return older.slice(0, count);
}

/** The older verdicts, folded; empty when there are none. */
export function historyDetails(history: readonly Verdict[]): string {
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
export function memoryLine(verdicts: readonly Verdict[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(verdicts));
  return `<!-- rastro-history:${btoa(String.fromCharCode(...bytes))} -->`;
}

/** The verdicts that a body remembers, newest first; none when it has no such line, or a broken one. */
export function readMemory(body: string): Verdict[] {
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
