import { fault, InputError, place } from '@rastro/fault';
import { Report } from './model.ts';
import { capped, oneLine } from './plain-text.ts';

/** Larger than any report that a verb builds; small enough to hold in memory many times over. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** Objects and arrays within each other: a report, its sections, and a handful of details within details. */
const MAX_DEPTH = 24;
const MAX_FAULTS = 20;

/** A report as JSON text, ending in a line feed. @throws ZodError when it is not one: a mistake of its builder. */
export function renderJson(report: Report): string {
  return `${JSON.stringify(Report.parse(report), undefined, 2)}\n`;
}

/**
 * Reads a report that may come from a stranger. Size and depth are checked before anything is built from it.
 * @throws InputError with every fault (20 at most) when it is too large, too deep, not JSON, or not a report.
 */
export function parseReport(text: string, file: string): Report {
  if (text.length > MAX_CHARACTERS) {
    throw refusal(
      file,
      'report-too-large',
      `a report may have ${MAX_CHARACTERS} characters, this has ${text.length}`,
    );
  }
  if (isDeeperThan(text, MAX_DEPTH)) {
    throw refusal(file, 'report-too-deep', `a report may nest ${MAX_DEPTH} levels, this nests more`);
  }
  const result = Report.safeParse(readJson(text, file));
  if (result.success) return result.data;
  throw new InputError(
    result.error.issues.slice(0, MAX_FAULTS).map((issue) => {
      const where = issue.path.map(String).join('.') || 'the document';
      return fault('invalid-report', capped(oneLine(`${where}: ${issue.message}`), 300), place(file), NEXT);
    }),
  );
}

const NEXT = 'Write the report with the same version of Rastro that reads it.';

function refusal(file: string, code: string, message: string): InputError {
  return new InputError(fault(code, message, place(file), NEXT));
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(fault('report-not-json', 'not a JSON document', place(file), NEXT), {
      cause: error,
    });
  }
}

/** Counts brackets outside of strings, so that a deep document is refused before it is built. */
function isDeeperThan(text: string, max: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      if (++depth > max) return true;
    } else if (character === '}' || character === ']') depth--;
  }
  return false;
}
