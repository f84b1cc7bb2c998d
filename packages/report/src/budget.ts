/** How much a body may hold. GitHub counts characters of comments, and bytes of check runs and step summaries. */
export interface Budget {
  readonly limit: number;
  readonly unit: 'characters' | 'bytes';
}

/** The body of a comment, an issue or a release. */
export const COMMENT_BUDGET: Budget = { limit: 65_536, unit: 'characters' };
/** The summary of a check run. GitHub's reference says characters, but what it refuses is "a maximum bytesize of 65535". */
export const CHECK_BUDGET: Budget = { limit: 65_535, unit: 'bytes' };
/** The summary of one step; one byte over it and the whole upload is dropped. */
export const SUMMARY_BUDGET: Budget = { limit: 1_048_576, unit: 'bytes' };

const encoder = new TextEncoder();

/**
 * The size of a text in a unit. Characters are UTF-16 units: never fewer than what any reader of "characters" counts.
 */
export function sizeOf(text: string, unit: Budget['unit']): number {
  return unit === 'bytes' ? encoder.encode(text).length : text.length;
}

/**
 * Something to show that can be told in less space. `shorten` gives its best form of at most `room`, or the empty text when
 * there is none.
 */
export interface Part {
  readonly importance: number;
  readonly full: string;
  shorten(room: number): string;
}

/** What stands between two parts. */
export const GAP = '\n\n';

const FIRST_SHARE = 0.7;

/**
 * The parts that fit into `room`, in their order, each as full as it can be; the empty text for one that is left out.
 * The most important is served first. At first none may take more than most of what is left, so that one endless table does
 * not starve the rest; what then remains goes to the most important again.
 */
export function fitParts(parts: readonly Part[], room: number, unit: Budget['unit']): string[] {
  const cost = (text: string) => (text === '' ? 0 : sizeOf(text, unit) + GAP.length);
  const full = parts.map((part) => cost(part.full));
  if (full.reduce((sum, size) => sum + size, 0) <= room) return parts.map((part) => part.full);

  const texts = parts.map(() => '');
  const byImportance = parts
    .map((part, index) => ({ part, index }))
    .sort((a, b) => b.part.importance - a.part.importance || a.index - b.index);
  let left = room;
  for (const share of [FIRST_SHARE, 1]) {
    for (const { part, index } of byImportance) {
      const taken = cost(texts[index]!);
      if (taken === full[index]) continue;
      const offer = Math.floor(left * share) + taken;
      const text = full[index]! <= offer ? part.full : part.shorten(offer - GAP.length);
      if (cost(text) <= taken) continue;
      left -= cost(text) - taken;
      texts[index] = text;
    }
  }
  return texts;
}

/** Parts one after the other, without those that were left out. */
export function joinParts(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(GAP);
}
