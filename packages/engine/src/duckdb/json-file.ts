import { isUtf8 } from 'node:buffer';
import { open, readFile } from 'node:fs/promises';
import type { FileFacts, StructureCode, StructureFault } from '@rastro/contract';
import { fault, InputError, place } from '@rastro/fault';
import { bytesOfText } from './text-file.ts';

interface TextFile {
  readonly absolute: string;
  readonly path: string;
}

interface JsonOptions {
  readonly format: string;
  readonly encoding: string;
  readonly limit: number;
}

/** What a scan of a JSON file told. */
export interface JsonScan {
  readonly facts: FileFacts;
  readonly isPlain: boolean;
}

/** Scans JSON Lines, or one JSON array of objects; writes the sound objects to `copy` when the file cannot be used as it is. */
export async function scanJson(
  file: TextFile,
  options: JsonOptions,
  copy: string,
  always: boolean,
): Promise<JsonScan> {
  if (options.format === 'json') return scanArray(file, copy);
  const scan = await scanLines(file, options, undefined);
  if (!scan.isPlain || always) await scanLines(file, options, copy);
  return scan;
}

/** The physical lines (rows, for an array) of objects, given as their positions among the sound ones. */
export async function linesOfJson(
  file: TextFile,
  options: JsonOptions,
  positions: readonly number[],
): Promise<Map<number, number>> {
  if (options.format === 'json') return new Map(positions.map((position) => [position, position]));
  const wanted = new Set(positions);
  const lines = new Map<number, number>();
  let position = 0;
  for await (const { line, bytes } of linesIn(file, options.encoding)) {
    if (isBlank(bytes) || typeof parsed(bytes) === 'string') continue;
    position++;
    if (wanted.has(position)) lines.set(position, line);
    if (lines.size === wanted.size) break;
  }
  return lines;
}

async function scanLines(file: TextFile, options: JsonOptions, copy: string | undefined): Promise<JsonScan> {
  const columns = new Set<string>();
  const found = new Map<StructureCode, { count: number; places: { line: number; note: string }[] }>();
  const handle = copy === undefined ? undefined : await open(copy, 'w');
  let rows = 0;
  let dropped = 0;
  let skipped = 0;
  try {
    let out: string[] = [];
    for await (const { line, bytes } of linesIn(file, options.encoding)) {
      if (isBlank(bytes)) {
        skipped++;
        continue;
      }
      rows++;
      const object = parsed(bytes);
      if (typeof object === 'string') {
        dropped++;
        const code: StructureCode = isUtf8(bytes) ? 'json' : 'encoding';
        const entry = found.get(code) ?? { count: 0, places: [] };
        entry.count++;
        if (entry.places.length < options.limit) entry.places.push({ line, note: object });
        found.set(code, entry);
        continue;
      }
      for (const key in object) columns.add(key);
      if (handle) out.push(bytes.toString('utf8'), '\n');
      if (handle && out.length > 10_000) {
        await handle.writeFile(out.join(''));
        out = [];
      }
    }
    await handle?.writeFile(out.join(''));
  } finally {
    await handle?.close();
  }
  const faults: StructureFault[] = [...found].map(([code, entry]) => ({ code, ...entry }));
  if (rows === 0) faults.push({ code: 'empty', count: 1, places: [{ note: 'the file is empty' }] });
  return {
    isPlain: faults.length === 0 && skipped === 0 && options.encoding === 'utf-8',
    facts: { path: file.path, columns: [...columns], rows, dropped, faults },
  };
}

async function scanArray(file: TextFile, copy: string): Promise<JsonScan> {
  const refuse = (message: string, cause?: unknown): never => {
    throw new InputError(
      fault(
        'data-json',
        `${file.path} ${message}`,
        place(file.path, 1),
        'Write a JSON array of objects, or use JSON Lines.',
      ),
      { cause },
    );
  };
  let value: unknown;
  try {
    value = JSON.parse((await readFile(file.absolute, 'utf8')).replace(/^\uFEFF/, ''));
  } catch (error) {
    refuse('is not valid JSON', error);
  }
  if (!Array.isArray(value)) return refuse('is not a JSON array');
  const columns = new Set<string>();
  const places: { note: string }[] = [];
  const sound: string[] = [];
  value.forEach((item: unknown, index) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      places.push({ note: `item ${index + 1} is not an object` });
      return;
    }
    for (const key in item) columns.add(key);
    sound.push(JSON.stringify(item));
  });
  if (places.length > 0) refuse(`has an array in which ${places[0]!.note}`);
  const handle = await open(copy, 'w');
  try {
    await handle.writeFile(sound.map((line) => `${line}\n`).join(''));
  } finally {
    await handle.close();
  }
  const faults: StructureFault[] =
    sound.length === 0 ? [{ code: 'empty', count: 1, places: [{ note: 'the array is empty' }] }] : [];
  return {
    isPlain: false,
    facts: { path: file.path, columns: [...columns], rows: sound.length, dropped: 0, faults },
  };
}

async function* linesIn(file: TextFile, encoding: string): AsyncGenerator<{ line: number; bytes: Buffer }> {
  let rest = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of bytesOfText(file, encoding)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(10, start);
      if (end < 0) break;
      yield { line: ++line, bytes: bytes.subarray(start, end) };
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
  }
  if (rest.length > 0) yield { line: ++line, bytes: rest };
}

function isBlank(bytes: Buffer): boolean {
  return bytes[0] !== 123 && bytes.every((byte) => byte === 32 || byte === 9 || byte === 13);
}

/** The object of a line, or the reason why it is none. */
function parsed(bytes: Buffer): Record<string, unknown> | string {
  if (!isUtf8(bytes)) return 'not valid UTF-8';
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'the line is JSON, but no object';
    // Which of two values counts, readers do not agree on.
    if (namesIn(bytes) !== Object.keys(value).length) return 'the object has the same name twice';
    return value as Record<string, unknown>;
  } catch {
    // The parser's own message quotes the line, which may hold what nobody should see.
    return 'not valid JSON';
  }
}

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [123, 125, 91, 93];
const [QUOTE, BACKSLASH, COLON] = [34, 92, 58];

/** How many names the outermost object of valid JSON has, each counted as often as it is there. */
function namesIn(bytes: Buffer): number {
  let depth = 0;
  let names = 0;
  for (let position = 0; position < bytes.length; position++) {
    const byte = bytes[position]!;
    if (byte === QUOTE) {
      position++;
      while (bytes[position] !== QUOTE) position += bytes[position] === BACKSLASH ? 2 : 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (byte === COLON && depth === 1) names++;
  }
  return names;
}
