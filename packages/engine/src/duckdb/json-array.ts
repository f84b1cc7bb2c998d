import { fault, InputError, place } from '@rastro/fault';
import { bytesOfText } from './text-file.ts';

/** One object as text without line ends, and the physical line that it begins on. */
export interface JsonItem {
  readonly line: number;
  readonly bytes: Buffer;
}

const [LF, CR, SPACE, TAB] = [10, 13, 32, 9];
const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [91, 93, 123, 125];

/**
 * The items of a JSON array as they are written, each with its line: parsed and written again, large numbers would be others,
 * and of a name that comes twice one would be gone. Whether an item is valid is for others to tell.
 * @throws InputError when the file is no JSON array.
 */
export async function* itemsOf(
  file: { absolute: string; path: string },
  encoding: string,
): AsyncGenerator<JsonItem> {
  const refuse = (line: number, message: string, next: string): never => {
    throw new InputError(fault('data-json', `${file.path} ${message}`, place(file.path, line), next));
  };
  let parts: Buffer[] = [];
  let line = 1;
  let begun = 0;
  let depth = 0;
  let isInText = false;
  let isEscaped = false;
  let isAfterComma = false;
  let isOver = false;
  for await (const bytes of bytesOfText(file, encoding)) {
    let start = begun > 0 ? 0 : -1;
    const taken = (end: number): JsonItem => {
      if (start >= 0) parts.push(Buffer.from(bytes.subarray(start, end)));
      const item = { line: begun, bytes: flat(Buffer.concat(parts)) };
      parts = [];
      begun = 0;
      start = -1;
      return item;
    };
    for (let position = 0; position < bytes.length; position++) {
      const byte = bytes[position]!;
      if (byte === LF) line++;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInText = false;
        continue;
      }
      if (byte === SPACE || byte === TAB || byte === LF || byte === CR) continue;
      if (isOver) refuse(line, 'goes on after its JSON array', 'Write one JSON array of objects.');
      if (depth === 0) {
        if (byte !== OPEN_BRACKET) {
          const next =
            byte === OPEN_BRACE
              ? 'Write a JSON array of objects; for one object on each line set "format: jsonl" in the source of the contract.'
              : 'Write a JSON array of objects, or use JSON Lines.';
          refuse(line, 'is not a JSON array', next);
        }
        depth = 1;
      } else if (depth === 1 && (byte === COMMA || byte === CLOSE_BRACKET)) {
        if (begun > 0) yield taken(position);
        else if (byte === COMMA || isAfterComma)
          refuse(line, 'has an array with nothing between two commas', 'Mend the file.');
        isAfterComma = byte === COMMA;
        isOver = byte === CLOSE_BRACKET;
      } else {
        if (begun === 0) {
          begun = line;
          start = position;
        }
        if (byte === QUOTE) isInText = true;
        else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
        else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && depth > 1) depth--;
      }
    }
    if (start >= 0) parts.push(Buffer.from(bytes.subarray(start)));
  }
  if (depth > 0 && !isOver)
    refuse(line, 'ends before its JSON array does', 'Check that the file is complete.');
}

/** Line ends stand between the parts of an item only: in its texts they are escaped. */
function flat(item: Buffer): Buffer {
  for (let at = 0; at < item.length; at++) if (item[at] === LF || item[at] === CR) item[at] = SPACE;
  return item;
}
