import { closest, distance } from 'fastest-levenshtein';

/** The known word nearest to a misspelt one, or undefined when none is near enough to be what was meant. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const normal = (text: string) => text.toLowerCase().replaceAll(/[-_\s]/g, '');
  // Two letters in the wrong order are the commonest slip, and two edits apart.
  const letters = (text: string) => [...normal(text)].sort().join('');
  const same =
    known.find((candidate) => normal(candidate) === normal(word)) ??
    known.find((candidate) => letters(candidate) === letters(word));
  if (same) return same;
  const best = closest(word, known);
  return distance(word, best) <= Math.max(1, Math.floor(Math.max(word.length, best.length) / 3))
    ? best
    : undefined;
}
