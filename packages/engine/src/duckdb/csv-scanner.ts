import { isUtf8 } from 'node:buffer';

/** How the bytes of a delimited text are cut into records. All are ASCII codes. */
export interface CsvDialect {
  readonly delimiter: number;
  readonly quote: number;
  readonly comment: number | undefined;
  /** White space around a field is not part of it, so a quote may follow it. */
  readonly trim: boolean;
}

/** One record. The scanner reuses the object: read what is needed before the next record. */
export interface CsvRecord {
  /** Physical line that the record begins on, 1-based. */
  line: number;
  /** The bytes of the record, without its line end: `buffer[start..end)`. */
  buffer: Buffer;
  start: number;
  end: number;
  /** Fields in it; a record without any byte has one. */
  fields: number;
  /** A closing quote was followed by more text. */
  strayQuote: boolean;
  /** Never closed its last quote: the record runs to the end of the file. */
  unterminated: boolean;
  hasNul: boolean;
  /** False when its bytes are no UTF-8; it means nothing in another encoding. */
  isUtf8: boolean;
}

/** How often each kind of line end closed a record, and whether any line was skipped or read leniently. */
export interface CsvTraits {
  lf: number;
  crlf: number;
  cr: number;
  /** Blank lines and comments. */
  skipped: number;
  /** Bytes of the longest record. */
  longest: number;
  /** Quotes inside unquoted fields, or white space around quotes: readers differ on these. */
  lenient: boolean;
}

/** A longer record is a quote that was never closed, or no CSV. */
export const LONGEST_RECORD = 16 * 1024 * 1024;

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;

const FIELD_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
const QUOTE_IN_QUOTED = 3;
const LEADING_SPACE = 4;

/**
 * Cuts ASCII-compatible bytes into CSV records (RFC 4180, read leniently) and knows the physical line of each. It is the
 * authority on structure: the engine reads values, but which rows there are and where they stand is decided here.
 *
 * `visit` is called for every record that is not blank or a comment; when it returns false the scan ends.
 */
export class CsvScanner {
  readonly traits: CsvTraits = { lf: 0, crlf: 0, cr: 0, skipped: 0, longest: 0, lenient: false };
  readonly #dialect: CsvDialect;
  readonly #visit: (record: CsvRecord) => boolean;
  readonly #class = new Uint8Array(256);
  readonly #record: CsvRecord;
  #work: Buffer = Buffer.alloc(0);
  #held = 0;
  #line = 1;
  #columns: number | undefined;
  #done = false;

  constructor(dialect: CsvDialect, visit: (record: CsvRecord) => boolean) {
    this.#dialect = dialect;
    this.#visit = visit;
    for (const byte of [dialect.delimiter, dialect.quote, LF, CR, 0]) this.#class[byte] = 1;
    this.#record = {
      line: 1,
      buffer: this.#work,
      start: 0,
      end: 0,
      fields: 1,
      strayQuote: false,
      unterminated: false,
      hasNul: false,
      isUtf8: true,
    };
  }

  /** Scans the next bytes of the file, which may be overwritten afterwards. Returns false when no more are wanted. */
  push(chunk: Buffer): boolean {
    this.#hold(chunk);
    const used = this.#scan(this.#work.subarray(0, this.#held), false);
    this.#work.copyWithin(0, used, this.#held);
    this.#held -= used;
    if (!this.#done && this.#held > LONGEST_RECORD)
      this.#emitUnterminated(this.#work.subarray(0, this.#held));
    return !this.#done;
  }

  /** Scans what is left when the file has ended. */
  end(): void {
    if (!this.#done) this.#scan(this.#work.subarray(0, this.#held), true);
  }

  /** Puts bytes behind those of the record that is not whole yet, so that every record lies in one piece. */
  #hold(chunk: Buffer): void {
    const needed = this.#held + chunk.length;
    if (needed > this.#work.length) {
      const larger = Buffer.allocUnsafe(needed * 2);
      this.#work.copy(larger, 0, 0, this.#held);
      this.#work = larger;
    }
    chunk.copy(this.#work, this.#held);
    this.#held = needed;
  }

  /** Scans the whole records of `buffer` and returns how many bytes they took. */
  #scan(buffer: Buffer, isLast: boolean): number {
    const { delimiter, quote, trim } = this.#dialect;
    const { traits } = this;
    const record = this.#record;
    const kind = this.#class;
    const length = buffer.length;
    record.buffer = buffer;
    // Asked once for many records: one bad byte in millions is rare. The end of the last whole line is no cut in a character.
    const areAllUtf8 = isUtf8(isLast ? buffer : buffer.subarray(0, buffer.lastIndexOf(LF) + 1));
    const sure = areAllUtf8 ? buffer.lastIndexOf(LF) : -1;
    let start = 0;
    let position = 0;
    while (start < length && !this.#done) {
      let state = FIELD_START;
      let fields = 1;
      let stray = false;
      let nul = false;
      let lenient = false;
      let innerLines = 0;
      let lineEnd = 0;
      position = start;
      for (; position < length; position++) {
        let byte = buffer[position]!;
        if (kind[byte] === 0 && (state === UNQUOTED || state === QUOTED)) {
          do position++;
          while (position < length && kind[buffer[position]!] === 0);
          if (position === length) break;
          byte = buffer[position]!;
        }
        if (state === QUOTED) {
          if (byte === quote) state = QUOTE_IN_QUOTED;
          else if (byte === LF) innerLines++;
          else if (byte === 0) nul = true;
          else if (byte === CR && traits.cr > 0 && traits.lf + traits.crlf === 0) innerLines++;
          continue;
        }
        if (byte === delimiter) {
          fields++;
          state = FIELD_START;
        } else if (byte === LF) {
          lineEnd = 1;
          break;
        } else if (byte === CR) {
          if (position + 1 === length && !isLast) return start;
          lineEnd = buffer[position + 1] === LF ? 2 : 1;
          break;
        } else if (byte === quote) {
          if (state === FIELD_START) state = QUOTED;
          else if (state === QUOTE_IN_QUOTED) state = QUOTED;
          else if (state === LEADING_SPACE) {
            state = QUOTED;
            lenient = true;
          } else lenient = true;
        } else {
          if (byte === 0) nul = true;
          const isSpace = byte === SPACE || byte === TAB;
          if (state === QUOTE_IN_QUOTED) {
            lenient = true;
            if (!(trim && isSpace)) {
              stray = true;
              state = UNQUOTED;
            }
          } else state = trim && isSpace && state !== UNQUOTED ? LEADING_SPACE : UNQUOTED;
        }
      }
      if (lineEnd === 0 && !isLast) return start;
      if (lineEnd === 2) traits.crlf++;
      else if (lineEnd === 1) {
        if (buffer[position] === LF) traits.lf++;
        else traits.cr++;
      }
      if (lenient) traits.lenient = true;
      if (position - start > traits.longest) traits.longest = position - start;
      record.line = this.#line;
      record.start = start;
      record.end = position;
      record.fields = fields;
      record.strayQuote = stray;
      record.unterminated = state === QUOTED;
      record.hasNul = nul;
      record.isUtf8 = position <= sure || isUtf8(buffer.subarray(start, position));
      if (this.#isSkipped(buffer, start, position)) traits.skipped++;
      else {
        this.#columns ??= fields;
        if (!this.#visit(record)) this.#done = true;
      }
      this.#line += innerLines + 1;
      start = position + lineEnd;
    }
    return start;
  }

  /** A blank line in a table of one column is a row with an empty field; elsewhere it is nothing. */
  #isSkipped(buffer: Buffer, start: number, end: number): boolean {
    if (start === end) return this.#columns !== 1;
    return buffer[start] === this.#dialect.comment;
  }

  #emitUnterminated(buffer: Buffer): void {
    const record = this.#record;
    record.buffer = buffer;
    record.line = this.#line;
    record.start = 0;
    record.end = buffer.length;
    record.unterminated = true;
    record.isUtf8 = true;
    this.#visit(record);
    this.#done = true;
  }
}

/** The texts of a record's fields, in UTF-8 or as `decode` reads them. */
export function fieldsOf(
  record: CsvRecord,
  dialect: CsvDialect,
  decode: (bytes: Buffer) => string,
): string[] {
  const text = decode(record.buffer.subarray(record.start, record.end));
  const delimiter = String.fromCharCode(dialect.delimiter);
  const quote = String.fromCharCode(dialect.quote);
  const fields: string[] = [];
  let position = 0;
  for (;;) {
    const [field, end] = nextField(text, position, { delimiter, quote, trim: dialect.trim });
    fields.push(field);
    if (end >= text.length) return fields;
    position = end + 1;
  }
}

function nextField(
  text: string,
  from: number,
  { delimiter, quote, trim }: { delimiter: string; quote: string; trim: boolean },
): [field: string, end: number] {
  let start = from;
  if (trim) while (text[start] === ' ' || text[start] === '\t') start++;
  if (text[start] !== quote) {
    const found = text.indexOf(delimiter, from);
    const end = found < 0 ? text.length : found;
    const field = text.slice(from, end);
    return [trim ? field.trim() : field, end];
  }
  let value = '';
  let position = start + 1;
  for (;;) {
    const close = text.indexOf(quote, position);
    if (close < 0) return [value + text.slice(position), text.length];
    value += text.slice(position, close);
    position = close + 1;
    if (text[position] !== quote) break;
    value += quote;
    position++;
  }
  const found = text.indexOf(delimiter, position);
  const end = found < 0 ? text.length : found;
  const after = text.slice(position, end);
  return [trim ? (value + after).trim() : value + after, end];
}
