import { isUtf8 } from 'node:buffer';
import { fault, InputError, place } from '@rastro/fault';

/** What the byte order mark of a text says. */
export type Mark = 'utf-8' | 'utf-16le' | 'utf-16be' | undefined;

export function markOf(bytes: Buffer): Mark {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/**
 * The byte order of UTF-16 without a mark, told from where the NUL bytes are: every ASCII character has one, so tables are
 * full of them. Undefined for anything else.
 */
export function utf16Order(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const looked = bytes.subarray(0, 4096);
  let even = 0;
  let odd = 0;
  for (let at = looked.indexOf(0); at >= 0; at = looked.indexOf(0, at + 1)) {
    if (at % 2 === 0) even++;
    else odd++;
  }
  // In a short text a few stray NULs are soon many.
  const least = looked.length < 200 ? 0.35 : 0.2;
  if (looked.length < 4 || even + odd < looked.length * least) return undefined;
  if (odd > 0 && even * 4 <= odd) return 'utf-16le';
  return even > 0 && odd * 4 <= even ? 'utf-16be' : undefined;
}

/** The encoding that a text in UTF-16 has: as it is declared, or as its mark or its bytes say. */
export function utf16Of(bytes: Buffer, declared: string): string {
  return declared === 'utf-16' ? (markOf(bytes) ?? utf16Order(bytes) ?? 'utf-16le') : declared;
}

export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What is no text, and how it begins. */
const NO_TEXT: readonly (readonly [start: string, what: string, next: string])[] = [
  ['PAR1', 'a Parquet file', 'Set "format: parquet" in the source of the contract.'],
  ['PK\x03\x04', 'a ZIP archive or an Excel workbook', 'Unpack it, or save it as CSV.'],
  ['\xd0\xcf\x11\xe0', 'an Excel workbook', 'Save it as CSV.'],
  ['BZh', 'compressed (bzip2)', 'Decompress it, or compress it with gzip.'],
  ['\x28\xb5\x2f\xfd', 'compressed (zstd)', 'Decompress it, or compress it with gzip.'],
  ['\xfd7zXZ\x00', 'compressed (xz)', 'Decompress it, or compress it with gzip.'],
  ['ARROW1', 'an Arrow or Feather file', 'Save it as Parquet or CSV.'],
  ['ORC', 'an ORC file', 'Save it as Parquet or CSV.'],
  ['Obj\x01', 'an Avro file', 'Save it as Parquet or CSV.'],
  ['SQLite format 3\x00', 'an SQLite database', 'Save its table as Parquet or CSV.'],
  ['\x89HDF\r\n', 'an HDF5 file', 'Save its table as Parquet or CSV.'],
];

/** @throws InputError where the first bytes of a file show that it cannot be read as text in this encoding. */
export function refuseNoText(bytes: Buffer, path: string, encoding: string): void {
  const refuse = (code: string, message: string, next: string): never => {
    throw new InputError(fault(code, `${path} ${message}`, place(path, 1), next));
  };
  const start = bytes.subarray(0, 64).toString('latin1');
  const known = NO_TEXT.find(([mark]) => start.startsWith(mark) && (!isWord(mark) || isBinary(bytes)));
  if (known) refuse('data-format', `is ${known[1]}, not text`, known[2]);
  if (start.startsWith('version https://git-lfs.github.com/spec/')) {
    refuse(
      'data-pointer',
      'is a Git LFS pointer, not the data',
      'Fetch the data: use "lfs: true" in actions/checkout, or run "git lfs pull".',
    );
  }
  if (/^\s*(<!doctype html|<html)/i.test(start)) {
    refuse(
      'data-format',
      'is a web page, not data',
      'Look at what was downloaded: often it is an error page.',
    );
  }
  const mark = markOf(bytes);
  const isDeclared16 = encoding.startsWith('utf-16');
  const found = mark ?? utf16Order(bytes);
  if (mark === 'utf-8' && encoding !== 'utf-8') {
    refuse(
      'data-encoding',
      `is UTF-8 (its first bytes say so), not ${encoding}`,
      'Take "encoding" out of the source of the contract.',
    );
  }
  if (found?.startsWith('utf-16') && found !== encoding && encoding !== 'utf-16') {
    const say = mark ? 'utf-16' : found;
    const why = mark ? 'its first bytes say so' : 'every second byte is NUL';
    refuse(
      'data-encoding',
      `is ${isDeclared16 ? found : 'UTF-16'} (${why}), not ${encoding}`,
      `Set "encoding: ${say}" in the source of the contract.`,
    );
  }
  if (isDeclared16 && found === undefined && bytes.length > 0 && !bytes.includes(0)) {
    refuse(
      'data-encoding',
      `is not ${encoding}: it has no NUL byte, which every character of ASCII has there`,
      isUtf8(bytes) ? 'Take "encoding" out of the source of the contract.' : 'Set the encoding that it has.',
    );
  }
}

/** Such a mark may begin a text too. */
function isWord(mark: string): boolean {
  return /^[A-Za-z]+$/.test(mark);
}

function isBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, 256).some((byte) => byte > 126 || (byte < 32 && (byte < 9 || byte > 13)));
}
