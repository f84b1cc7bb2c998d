import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import type { FileFacts, StructureCode, StructureFault } from '@rastro/contract';
import { itemsOf, type JsonItem } from './json-array.ts';
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
  if (options.format === 'json') return scanLines(file, options, copy);
  const scan = await scanLines(file, options, undefined);
  if (!scan.isPlain || always) await scanLines(file, options, copy);
  return scan;
}

/** The physical lines of objects, given as their positions among the sound ones. */
export async function linesOfJson(
  file: TextFile,
  options: JsonOptions,
  positions: readonly number[],
): Promise<Map<number, number>> {
  const wanted = new Set(positions);
  const lines = new Map<number, number>();
  let position = 0;
  for await (const { line, bytes } of objectsIn(file, options)) {
    if (isBlank(bytes) || typeof parsed(bytes) === 'string') continue;
    position++;
    if (wanted.has(position)) lines.set(position, line);
    if (lines.size === wanted.size) break;
  }
  return lines;
}

async function scanLines(file: TextFile, options: JsonOptions, copy: string | undefined): Promise<JsonScan> {
  const { format } = options;
  const columns = new Set<string>();
  const found = new Map<StructureCode, { count: number; places: { line: number; note: string }[] }>();
  const handle = copy === undefined ? undefined : await open(copy, 'w');
  let rows = 0;
  let dropped = 0;
  let skipped = 0;
  try {
    let out: string[] = [];
    for await (const { line, bytes } of objectsIn(file, options)) {
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
  if (rows === 0)
    faults.push({
      code: 'empty',
      count: 1,
      places: [{ note: format === 'json' ? 'there is no object in it' : 'the file is empty' }],
    });
  return {
    isPlain: format === 'jsonl' && faults.length === 0 && skipped === 0 && options.encoding === 'utf-8',
    facts: { path: file.path, columns: [...columns], rows, dropped, faults },
  };
}

/** The texts of the objects: lines, or the items of the array. */
function objectsIn(file: TextFile, { format, encoding }: JsonOptions): AsyncIterable<JsonItem> {
  return format === 'json' ? itemsOf(file, encoding) : linesIn(file, encoding);
}

async function* linesIn(file: TextFile, encoding: string): AsyncGenerator<JsonItem> {
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
    const text = bytes.toString('utf8');
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return 'an array, not an object; for one array of objects set "format: json"';
    if (typeof value !== 'object' || value === null) return 'JSON, but no object';
    // JSON.parse takes half a character, which is no text, and which the engine refuses.
    if (SURROGATE.test(text) && !isWellFormed(value)) return 'a text has half of a surrogate pair in it';
    // Which of two values counts, readers do not agree on.
    if (namesIn(bytes) !== Object.keys(value).length) return 'the object has the same name twice';
    return value as Record<string, unknown>;
  } catch {
    // The parser's own message quotes the line, which may hold what nobody should see.
    return bytes[0] === OPEN_BRACKET
      ? 'not valid JSON; for one array of objects set "format: json" in the source of the contract'
      : 'not valid JSON';
  }
}

const SURROGATE = /\\u[dD][89a-fA-F]/;

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => name.isWellFormed() && isWellFormed(inner));
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
