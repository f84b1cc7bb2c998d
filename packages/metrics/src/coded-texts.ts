/** As many bytes each as hold every code. */
export type Codes = Uint8Array | Uint16Array | Uint32Array;

/**
 * A column of texts in which each distinct one stands once: the text of a row is `values[codes[row]]`, null when it is missing.
 * A text may be among the values that no row has. One to four bytes a row, and nothing for the garbage collector to walk.
 */
export class CodedTexts {
  readonly codes: Codes;
  readonly values: readonly (string | null)[];

  constructor(codes: Codes, values: readonly (string | null)[]) {
    this.codes = codes;
    this.values = values;
  }

  get length(): number {
    return this.codes.length;
  }

  at(row: number): string | null | undefined {
    const code = this.codes[row];
    return code === undefined ? undefined : this.values[code];
  }

  slice(start?: number, end?: number): CodedTexts {
    return new CodedTexts(this.codes.slice(start, end), this.values);
  }

  *[Symbol.iterator](): Iterator<string | null> {
    for (const code of this.codes) yield this.values[code]!;
  }

  /** The row in which a value first stands, by code; -1 for a value that no row has. */
  firstRows(): Int32Array {
    const { codes } = this;
    const first = new Int32Array(this.values.length).fill(-1);
    let left = first.length;
    for (let row = 0; row < codes.length && left > 0; row++) {
      if (first[codes[row]!] !== -1) continue;
      first[codes[row]!] = row;
      left--;
    }
    return first;
  }
}

/** Texts one by one, or coded. */
export type Texts = readonly (string | null)[] | CodedTexts;

export function codedTexts(texts: Texts): CodedTexts {
  return texts instanceof CodedTexts ? texts : codedBy(texts, (text) => text);
}

/** A column of anything, its texts made once for each distinct value. */
export function codedBy<T>(items: ArrayLike<T>, text: (item: T) => string | null): CodedTexts {
  const known = new Map<T, number>();
  const codes = new Uint32Array(items.length);
  for (let row = 0; row < codes.length; row++) codes[row] = codeIn(known, items[row]!);
  return new CodedTexts(codes, Array.from(known.keys(), text));
}

/** Parts of a column one after another. */
export function joinTexts(parts: readonly Texts[]): CodedTexts {
  const [first] = parts;
  if (
    first instanceof CodedTexts &&
    parts.every((part) => part instanceof CodedTexts && part.values === first.values)
  )
    return joinCodes(parts as readonly CodedTexts[], first.values);
  const known = new Map<string | null, number>();
  const codes = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    const coded = codedTexts(part);
    const code = Uint32Array.from(coded.values, (value) => codeIn(known, value));
    for (let row = 0; row < coded.length; row++) codes[offset + row] = code[coded.codes[row]!]!;
    offset += coded.length;
  }
  return new CodedTexts(codes, [...known.keys()]);
}

/** Parts that are coded by the same values. */
function joinCodes(parts: readonly CodedTexts[], values: CodedTexts['values']): CodedTexts {
  const rows = parts.reduce((sum, part) => sum + part.length, 0);
  const codes = parts.every((part) => part.codes instanceof Uint8Array)
    ? new Uint8Array(rows)
    : new Uint32Array(rows);
  let offset = 0;
  for (const part of parts) {
    codes.set(part.codes, offset);
    offset += part.length;
  }
  return new CodedTexts(codes, values);
}

/** The code of an item, a new one when it is new. */
export function codeIn<T>(known: Map<T, number>, item: T): number {
  const code = known.get(item);
  if (code !== undefined) return code;
  known.set(item, known.size);
  return known.size - 1;
}
