import { isUtf8 } from 'node:buffer';
import type { TableDialect } from '@rastro/contract';
import type { TableSource } from '@rastro/usecases';
import { type CsvDialect, type CsvRecord, CsvScanner, fieldsOf } from './csv-scanner.ts';
import { markOf, utf16Order } from './first-bytes.ts';
import { decoderOf, rawBytes } from './text-file.ts';

/** A dialect shows early in a file. */
const PREFIX = 1024 * 1024;
/** Records that are looked at. */
const FIRST = 1000;
const DELIMITERS = [',', ';', '\t', '|'];

/** How a delimited file is written, where the source does not say, from its first megabyte. Only what is unusual is told. */
export async function detectDialect(source: TableSource): Promise<TableDialect> {
  const [file] = source.files;
  if (file === undefined || (source.format !== 'csv' && source.format !== 'tsv')) return {};
  const bytes = await prefixOf(file);
  const encoding = encodingOf(bytes);
  const text = textBytes(bytes, source.encoding ?? encoding);
  const usual = source.format === 'tsv' ? '\t' : ',';
  const comment = source.comment ?? commentIn(text);
  const delimiter = source.delimiter ?? bestDelimiter(text, usual, comment);
  const trim = source.trim ?? hasSpaces(text, delimiter, comment);
  const header = source.header ?? hasHeader(text, delimiter, comment);
  return {
    ...(source.encoding !== undefined || encoding === 'utf-8' ? {} : { encoding }),
    ...(source.delimiter !== undefined || delimiter === usual ? {} : { delimiter }),
    ...(source.comment !== undefined || comment === undefined ? {} : { comment }),
    ...(source.header !== undefined || header ? {} : { header: false }),
    ...(source.trim !== undefined || !trim ? {} : { trim: true }),
  };
}

async function prefixOf(file: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const bytes of rawBytes({ absolute: file, path: file })) {
    pieces.push(Buffer.from(bytes));
    length += bytes.length;
    if (length >= PREFIX) break;
  }
  return Buffer.concat(pieces).subarray(0, PREFIX);
}

function encodingOf(bytes: Buffer): NonNullable<TableDialect['encoding']> | 'utf-8' {
  if (markOf(bytes)?.startsWith('utf-16')) return 'utf-16';
  const order = utf16Order(bytes);
  if (order) return order;
  // The end of the prefix may cut a character.
  const isWhole = [0, 1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, bytes.length - cut)));
  return isWhole ? 'utf-8' : 'windows-1252';
}

function textBytes(bytes: Buffer, encoding: string): Buffer {
  if (!encoding.startsWith('utf-16')) return bytes.subarray(bytes.indexOf('\uFEFF') === 0 ? 3 : 0);
  const isBig = encoding === 'utf-16be' || bytes.subarray(0, 2).toString('hex') === 'feff';
  return Buffer.from(new TextDecoder(isBig ? 'utf-16be' : 'utf-16le').decode(bytes), 'utf8');
}

const dialectOf = (delimiter: string, comment?: string) => ({
  delimiter: delimiter.charCodeAt(0),
  quote: 34,
  comment: comment?.charCodeAt(0),
  trim: false,
});

/** Calls `visit` for the first records, until it returns false. */
function scanFirst(text: Buffer, dialect: CsvDialect, visit: (record: CsvRecord) => boolean): void {
  const scanner = new CsvScanner(dialect, visit);
  if (scanner.push(Buffer.from(text)) && text.length < PREFIX) scanner.end();
}

/** A file may begin with remarks: lines with a mark, followed by lines of another number of fields, which have none. */
function commentIn(text: Buffer): string | undefined {
  const mark = String.fromCharCode(text[0] ?? 0);
  if (mark !== '#' && mark !== '%') return undefined;
  const lines = text
    .subarray(0, 64 * 1024)
    .toString('latin1')
    .split(/\r\n|\n|\r/);
  const first = lines.findIndex((line) => !line.startsWith(mark));
  const remark = lines[first - 1];
  const header = lines[first];
  if (remark === undefined || header === undefined) return undefined;
  const widths = (line: string) => DELIMITERS.map((delimiter) => line.split(delimiter).length).join();
  return first > 1 || widths(remark) !== widths(header) ? mark : undefined;
}

/** The delimiter by which most records have the same number of fields, and more than one; the usual one when none does. */
function bestDelimiter(text: Buffer, usual: string, comment: string | undefined): string {
  const scores = DELIMITERS.map((delimiter) => {
    const counts = new Map<number, number>();
    let records = 0;
    scanFirst(text, dialectOf(delimiter, comment), ({ fields }) => {
      counts.set(fields, (counts.get(fields) ?? 0) + 1);
      return ++records < FIRST;
    });
    const [fields = 1, count = 0] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [];
    return { delimiter, share: fields > 1 ? count / records : 0, fields };
  });
  const [best] = scores.sort(
    (a, b) =>
      b.share - a.share ||
      Number(b.delimiter === usual) - Number(a.delimiter === usual) ||
      b.fields - a.fields,
  );
  return best!.share > 0.5 ? best!.delimiter : usual;
}

/** Whether most fields have a space before them: `17, Private, 5` is written for people. */
function hasSpaces(text: Buffer, delimiter: string, comment: string | undefined): boolean {
  let fields = 0;
  let spaced = 0;
  let records = 0;
  const dialect = dialectOf(delimiter, comment);
  scanFirst(text, dialect, (record) => {
    for (const field of fieldsOf(record, dialect, decoderOf('utf-8')).slice(1)) {
      if (field === '') continue;
      fields++;
      if (field.startsWith(' ')) spaced++;
    }
    return ++records < FIRST;
  });
  return spaced > fields * 0.6;
}

/** A first record with a number or a date in it names nothing, unless the numbers are years one after the other. */
function hasHeader(text: Buffer, delimiter: string, comment: string | undefined): boolean {
  let names: string[] = [];
  const dialect = dialectOf(delimiter, comment);
  scanFirst(text, dialect, (record) => {
    names = fieldsOf(record, dialect, decoderOf('utf-8'));
    return false;
  });
  const values = names.filter((name) =>
    /^\s*[+-]?(\d+([.,]\d+)?|\.\d+)\s*$|^\s*\d{4}-\d{2}-\d{2}/.test(name),
  );
  const years = values.map(Number);
  const areYears =
    years.length > 1 &&
    years.length < names.length &&
    years.every(
      (year, index) => year > 1000 && year < 3000 && (index === 0 || year - years[index - 1]! === 1),
    );
  return values.length === 0 || areYears;
}
