import type { Inline, Text } from './model.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out.
const SPACING = /[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu;
/** Marks that change the direction of text, or are not seen: they make a text read as something that it is not. */
const UNSEEN = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** The text on one line: runs of white space and control characters become one space, unseen marks go. */
export function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(UNSEEN, '').replaceAll(SPACING, ' ').trim();
}

/** Text of several lines: line feeds and tabs stay, other control characters become pictures of themselves (U+2400). */
export function manyLines(text: string): string {
  return (
    text
      .toWellFormed()
      .replaceAll(UNSEEN, '')
      .replaceAll(/\r\n?|[\u2028\u2029]/gu, '\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to show.
      .replaceAll(/[\u0000-\u0008\u000b-\u001f]/gu, (control) =>
        String.fromCharCode(0x2400 + control.charCodeAt(0)),
      )
      .replaceAll(/[\u007f-\u009f]/gu, '␡')
  );
}

/** At most `max` UTF-16 units, ending in an ellipsis when something was left out; never half a character. */
export function capped(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text
    .slice(0, Math.max(0, max - 1))
    .toWellFormed()
    .replace(/\ufffd$/u, '')}…`;
}

/** A whole number for people: `60,000`. Asking Node.js for the same costs more than ten milliseconds, the first time. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/gu, ',');
}

/** What a piece of text says, without its form. */
export function wordsOf(piece: Inline): string {
  if (typeof piece === 'string') return piece;
  if ('code' in piece) return piece.code;
  if ('strong' in piece) return piece.strong;
  return piece.link;
}

/** The pieces of a text, neighbouring plain strings as one: what they say together is what must be judged. */
export function piecesOf(text: Text): Inline[] {
  const pieces: Inline[] = [];
  for (const piece of typeof text === 'string' ? [text] : text) {
    const last = pieces.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') pieces[pieces.length - 1] = last + piece;
    else pieces.push(piece);
  }
  return pieces;
}

/** A text as one plain line. */
export function plain(text: Text): string {
  return oneLine(piecesOf(text).map(wordsOf).join(''));
}
