import * as sql from './sql.ts';

/** A piece of a simple pattern: a text, or any number of characters but one, or one of them at least. */
type Piece = { readonly text: string } | { readonly but: string; readonly isSome: boolean };

const PIECE =
  /\\([^A-Za-z0-9\s])|([A-Za-z0-9 @:/,;=<>&!~`'"#-])|\[\^(?:\\([^A-Za-z0-9\s])|([^\\\]^-]))\]([*+])|\.([*+])/uy;

/**
 * SQL that is true where a text does not match a pattern (RE2) as a whole, and null where there is none. Patterns such as
 * `[^@]+@[^@]+` are asked without regular expressions, many times faster.
 */
export function mismatch(value: string, pattern: string): string {
  const pieces = piecesOf(pattern);
  return (pieces && withoutRegex(value, pieces)) ?? `NOT regexp_full_match(${value}, ${sql.text(pattern)})`;
}

/** The pieces of a pattern that is but texts and repeated `[^x]` or `.`, for one x; undefined for any other. */
function piecesOf(pattern: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < pattern.length) {
    const [, escaped, plain, butEscaped, but = butEscaped, some, dot] = PIECE.exec(pattern) ?? [];
    const text = escaped ?? plain;
    if (text !== undefined) pieces.push({ text });
    else if (but !== undefined) pieces.push({ but, isSome: some === '+' });
    else if (dot !== undefined) pieces.push({ but: '\n', isSome: dot === '+' });
    else return undefined;
  }
  return pieces;
}

/**
 * Where every wildcard excludes the same character, and the texts have it k times, a text matches just when it is LIKE the pattern
 * with `%` for every wildcard and has the character no more than k times: for then the texts take all of them.
 */
function withoutRegex(value: string, pieces: readonly Piece[]): string | undefined {
  const buts = new Set(pieces.flatMap((piece) => ('but' in piece ? [piece.but] : [])));
  const literal = pieces.map((piece) => ('text' in piece ? piece.text : '')).join('');
  // LIKE has its own meaning for these, and a repetition after a text makes another pattern of it.
  if (buts.size !== 1 || /[%_\\]/.test(literal + [...buts].join(''))) return undefined;
  const [but] = buts as Set<string>;
  const times = literal.split(but!).length - 1;
  const tooOften = `${value} LIKE ${sql.text(`%${`${but}%`.repeat(times + 1)}`)}`;
  return sql.any([...unlike(value, pieces, but!), tooOften]);
}

function unlike(value: string, pieces: readonly Piece[], but: string): string[] {
  const isApart = pieces.every((piece, index) =>
    index % 2 === 0 ? 'but' in piece && piece.isSome : 'text' in piece && piece.text === but,
  );
  // LIKE is slow with `_`: that something is between two of the character is told by what must not stand side by side.
  if (isApart && pieces.length % 2 === 1 && pieces.length > 1) {
    const times = (pieces.length - 1) / 2;
    const beside = [`${but}%`, `%${but}`, ...(times > 1 ? [`%${but}${but}%`] : [])];
    return [
      `${value} NOT LIKE ${sql.text(`%${`${but}%`.repeat(times)}`)}`,
      ...beside.map((like) => `${value} LIKE ${sql.text(like)}`),
    ];
  }
  const like = pieces.map((piece) => ('text' in piece ? piece.text : piece.isSome ? '_%' : '%')).join('');
  return [`${value} NOT LIKE ${sql.text(like)}`];
}
