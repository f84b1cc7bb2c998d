import { open } from 'node:fs/promises';
import type { FileFacts, StructureCode, StructureFault } from '@rastro/contract';
import { type CsvDialect, type CsvRecord, CsvScanner, fieldsOf, LONGEST_RECORD } from './csv-scanner.ts';
import { bytesOfText, decoderOf, roomsOf } from './text-file.ts';

/** How a delimited text file is read. */
export interface CsvOptions {
  readonly dialect: CsvDialect;
  readonly encoding: string;
  readonly header: boolean;
  /** Structural faults to tell with their place; all are counted. */
  readonly limit: number;
}

interface TextFile {
  readonly absolute: string;
  readonly path: string;
}

/** What a scan of a delimited file told. */
export interface CsvScan {
  readonly facts: FileFacts;
  /** The engine can read the file as it is: nothing in it is faulty, skipped, or read differently by different readers. */
  readonly isPlain: boolean;
  /** The line end of a plain file. */
  readonly lineEnd: '\n' | '\r\n';
  /** Bytes of its longest record. */
  readonly longest: number;
}

/** Scans a file; with `copy`, writes its sound records there as plain CSV: UTF-8, quoted throughout, comma, LF, no header. */
export async function scanCsv(file: TextFile, options: CsvOptions, copy?: string): Promise<CsvScan> {
  const reader = new CsvReader(options);
  const writer = copy === undefined ? undefined : new CopyWriter(await open(copy, 'w'));
  try {
    const scanner = new CsvScanner(options.dialect, (record) => {
      const isSound = reader.take(record);
      if (isSound && writer) writer.add(fieldsOf(record, options.dialect, reader.decode));
      return !record.unterminated;
    });
    for await (const bytes of bytesOfText(file, options.encoding)) {
      const more = scanner.push(bytes);
      await writer?.flush();
      if (!more) break;
    }
    scanner.end();
    return reader.finish(file.path, scanner);
  } finally {
    await writer?.close();
  }
}

/** The first record of a file, when all of it is plain and stands at the beginning. */
export interface PlainHeader {
  /** Its names, or positions where the file has no header. */
  readonly columns: readonly string[];
  readonly lineEnd: '\n' | '\r\n';
  /** Bytes of the record that is the header; 0 where there is none. */
  readonly length: number;
  /** Where the data begins, in bytes after a byte order mark. */
  readonly dataStart: number;
}

const LF = 10;
const CR = 13;
const HEADER_ROOM = 65_536;

/** Reads the names of the columns from the first bytes of a file; undefined unless they are plain, with a line end after them. */
export async function readHeader(file: TextFile, options: CsvOptions): Promise<PlainHeader | undefined> {
  const reader = new CsvReader(options);
  let header: PlainHeader | undefined;
  const scanner = new CsvScanner(options.dialect, (record) => {
    reader.take(record);
    const { buffer, start, end } = record;
    const ending =
      buffer[end] === LF ? '\n' : buffer[end] === CR && buffer[end + 1] === LF ? '\r\n' : undefined;
    if (start > 0 || ending === undefined || !reader.finish(file.path, scanner).isPlain) return false;
    const length = options.header ? end : 0;
    const dataStart = options.header ? end + ending.length : 0;
    header = { columns: reader.columns, lineEnd: ending, length, dataStart };
    return false;
  });
  for await (const bytes of bytesOfText(file, options.encoding, roomsOf(HEADER_ROOM))) {
    scanner.push(bytes);
    break;
  }
  return header;
}

/** The physical lines of records, given as their positions (1-based) among the sound ones, in rising order. */
export async function linesOf(
  file: TextFile,
  options: CsvOptions,
  positions: readonly number[],
): Promise<Map<number, number>> {
  const lines = new Map<number, number>();
  const reader = new CsvReader(options);
  let position = 0;
  let next = 0;
  const scanner = new CsvScanner(options.dialect, (record) => {
    if (reader.take(record) && ++position === positions[next]) {
      lines.set(position, record.line);
      next++;
    }
    return next < positions.length;
  });
  for await (const bytes of bytesOfText(file, options.encoding)) if (!scanner.push(bytes)) break;
  scanner.end();
  return lines;
}

/** Judges the structure of records one by one. */
class CsvReader {
  readonly decode: (bytes: Buffer) => string;
  readonly #options: CsvOptions;
  readonly #isUtf8: boolean;
  readonly #faults = new Map<StructureCode, { count: number; places: { line: number; note: string }[] }>();
  #columns: string[] | undefined;
  #headerLine: number | undefined;
  #rows = 0;
  #dropped = 0;

  constructor(options: CsvOptions) {
    this.#options = options;
    this.decode = decoderOf(options.encoding);
    this.#isUtf8 = options.encoding.startsWith('utf-');
  }

  get columns(): readonly string[] {
    return this.#columns ?? [];
  }

  /** Takes a record: the header, or a row. Returns true for a row whose structure is sound. */
  take(record: CsvRecord): boolean {
    if (this.#columns === undefined) {
      const first = fieldsOf(record, this.#options.dialect, this.decode);
      if (this.#options.header) {
        this.#columns = first;
        this.#headerLine = record.line;
        this.#headerFaults(record);
        return false;
      }
      this.#columns = first.map((_, index) => `${index + 1}`);
    }
    this.#rows++;
    const isSound = this.#isSound(record, this.#columns.length);
    if (!isSound) this.#dropped++;
    return isSound;
  }

  #headerFaults(record: CsvRecord): void {
    const names = this.#columns!;
    const twice = [...new Set(names.filter((name, index) => names.indexOf(name) < index))];
    for (const name of twice) {
      const times = names.filter((other) => other === name).length;
      this.#found('header', record.line, `the header names "${name}" ${times} times`);
    }
    this.#byteFaults(record);
    if (record.unterminated) this.#unterminated(record);
  }

  #isSound(record: CsvRecord, columns: number): boolean {
    if (record.unterminated) {
      this.#unterminated(record);
      return false;
    }
    let isSound = this.#byteFaults(record);
    if (record.strayQuote) {
      this.#found(
        'quotes',
        record.line,
        'text follows a closing quote; a quote inside a quoted field is written twice',
      );
      isSound = false;
    }
    if (record.fields !== columns) {
      this.#found(
        'field-count',
        record.line,
        `${counted(record.fields, 'field')} where there ${columns === 1 ? 'is' : 'are'} ${counted(columns, 'column')}`,
      );
      isSound = false;
    }
    return isSound;
  }

  #byteFaults(record: CsvRecord): boolean {
    let isSound = true;
    if (record.hasNul) {
      const hint = looksLikeUtf16(record)
        ? '; every second byte is one, so this may be UTF-16: set source.encoding'
        : '';
      this.#found('nul', record.line, `the row has a NUL character${hint}`);
      isSound = false;
    }
    if (this.#isUtf8 && !record.isUtf8) {
      this.#found(
        'encoding',
        record.line,
        'not valid UTF-8; if the file has another encoding, set source.encoding (latin-1, windows-1252, utf-16)',
      );
      isSound = false;
    }
    return isSound;
  }

  #unterminated({ line, start, end }: CsvRecord): void {
    const what =
      end - start > LONGEST_RECORD
        ? `a row of more than ${LONGEST_RECORD / 2 ** 20} MiB begins here, as a quote makes it that is never closed`
        : 'a quote opens here and is never closed';
    this.#found('quotes', line, `${what}: the rest of the file cannot be read`);
  }

  #found(code: StructureCode, line: number, note: string): void {
    const entry = this.#faults.get(code) ?? { count: 0, places: [] };
    entry.count++;
    if (entry.places.length < this.#options.limit) entry.places.push({ line, note });
    this.#faults.set(code, entry);
  }

  finish(path: string, { traits }: CsvScanner): CsvScan {
    const { lf, crlf, cr } = traits;
    const faults: StructureFault[] = [...this.#faults].map(([code, found]) => ({ code, ...found }));
    if (this.#columns === undefined) {
      faults.push({ code: 'empty', count: 1, places: [{ note: 'the file is empty' }] });
    }
    if ([lf, crlf, cr].filter((count) => count > 0).length > 1) {
      const kinds = [lf && `${lf} LF`, crlf && `${crlf} CRLF`, cr && `${cr} CR`].filter(Boolean).join(', ');
      faults.push({
        code: 'line-ends',
        count: 1,
        places: [{ note: `lines end in different ways: ${kinds}` }],
      });
    }
    const isPlain =
      faults.length === 0 &&
      cr === 0 &&
      traits.skipped === 0 &&
      !traits.lenient &&
      this.#options.encoding === 'utf-8';
    return {
      isPlain,
      longest: traits.longest,
      lineEnd: crlf > 0 ? '\r\n' : '\n',
      facts: {
        path,
        columns: this.#columns ?? [],
        ...(this.#headerLine === undefined ? {} : { headerLine: this.#headerLine }),
        rows: this.#rows,
        dropped: this.#dropped,
        faults,
      },
    };
  }
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function looksLikeUtf16({ buffer, start, end }: CsvRecord): boolean {
  let nul = 0;
  for (let index = start; index < end; index++) if (buffer[index] === 0) nul++;
  return nul * 3 > end - start;
}

/** Collects plain CSV and writes it in large pieces. */
class CopyWriter {
  readonly #handle: Awaited<ReturnType<typeof open>>;
  #lines: string[] = [];

  constructor(handle: Awaited<ReturnType<typeof open>>) {
    this.#handle = handle;
  }

  add(fields: readonly string[]): void {
    this.#lines.push(`${fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')}\n`);
  }

  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    await this.#handle.writeFile(text);
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#handle.close();
    }
  }
}
