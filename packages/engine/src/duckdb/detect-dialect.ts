import { isUtf8 } from 'node:buffer';
import type { TableDialect } from '@rastro/contract';
import type { TableSource } from '@rastro/usecases';
import { CsvScanner, fieldsOf } from './csv-scanner.ts';
import { markOf, utf16Order } from './first-bytes.ts';
import { decoderOf, rawBytes } from './text-file.ts';

/** A dialect shows early in a file. */
const PREFIX = 1024 * 1024;
const DELIMITERS = [',', ';', '\t', '|'];

/** How a delimited file is written, where the source does not say, from its first megabyte. Only what is unusual is told. */
export async function detectDialect(source: TableSource): Promise<TableDialect> {
  const [file] = source.files;
  if (file === undefined || (source.format !== 'csv' && source.format !== 'tsv')) return {};
  const bytes = await prefixOf(file);
  const encoding = encodingOf(bytes);
  const text = textBytes(bytes, source.encoding ?? encoding);
  const usual = source.format === 'tsv' ? '\t' : ',';
  const delimiter = source.delimiter ?? bestDelimiter(text, usual);
  const header = source.header ?? hasHeader(text, delimiter);
  return {
    ...(source.encoding !== undefined || encoding === 'utf-8' ? {} : { encoding }),
    ...(source.delimiter !== undefined || delimiter === usual ? {} : { delimiter }),
    ...(source.header !== undefined || header ? {} : { header: false }),
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

const dialectOf = (delimiter: string) => ({
  delimiter: delimiter.charCodeAt(0),
  quote: 34,
  comment: undefined,
  trim: false,
});

/** The delimiter by which most records have the same number of fields, and more than one; the usual one when none does. */
function bestDelimiter(text: Buffer, usual: string): string {
  const scores = DELIMITERS.map((delimiter) => {
    const counts = new Map<number, number>();
    let records = 0;
    const scanner = new CsvScanner(dialectOf(delimiter), ({ fields }) => {
      counts.set(fields, (counts.get(fields) ?? 0) + 1);
      return ++records < 1000;
    });
    if (scanner.push(Buffer.from(text)) && text.length < PREFIX) scanner.end();
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

/** A first record with a number, a date or an empty field in it names nothing. */
function hasHeader(text: Buffer, delimiter: string): boolean {
  let names: string[] = [];
  const dialect = dialectOf(delimiter);
  const scanner = new CsvScanner(dialect, (record) => {
    names = fieldsOf(record, dialect, decoderOf('utf-8'));
    return false;
  });
  if (scanner.push(Buffer.from(text))) scanner.end();
  return !names.some((name) => /^\s*[+-]?(\d+([.,]\d+)?|\.\d+)\s*$|^\d{4}-\d{2}-\d{2}/.test(name));
}
