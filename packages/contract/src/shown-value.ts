const LONGEST = 80;

/** A value for people: shortened, with control and invisible characters escaped. A missing value shows as `(missing)`. */
export function shortened(value: string | null): string {
  if (value === null) return '(missing)';
  const characters = [...value];
  const cut = characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : value;
  return cut.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  switch (character) {
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    default:
      return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  }
}
