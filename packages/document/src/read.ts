import { type Fault, fault, InputError, type Place, place } from '@rastro/fault';
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument as parseYaml,
  visit,
  type YAMLError,
  type Document as YamlDocument,
} from 'yaml';
import type { z } from 'zod';
import { knownKeys } from './known-keys.ts';
import { didYouMean } from './nearest.ts';

type Path = readonly PropertyKey[];

/** Where in a file each value and each key of a parsed document stands. */
export interface Places {
  /** The place of the value at a path; of the nearest parent that exists when the path does not. */
  placeOf(path: Path): Place;
  /** The place of the key at the end of a path; of its parent when there is no such key. */
  placeOfKey(path: Path): Place;
  /** A number or text as it is written; undefined for lists, maps, aliases and what is not there. */
  textOf(path: Path): string | undefined;
}

/** A document that passed its schema, and the way back from a value to its place in the text. */
export interface Document<T> extends Places {
  readonly value: T;
  readonly file: string;
}

/** Aliases may repeat a value, but a document with more than this many is a bomb or a mistake. */
const MAX_ALIASES = 100;

/**
 * Reads YAML text (1.2 core schema) and holds it to a schema.
 * @throws InputError with every fault found: syntax, duplicate keys, unknown keys (naming the nearest), wrong types.
 */
export function readDocument<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
): Document<z.output<S>> {
  const { value, places } = parseDocument(text, file);
  const result = schema.safeParse(value, { reportInput: true });
  if (!result.success) {
    throw new InputError(
      withoutEchoes(result.error.issues.flatMap(flattenUnions))
        .flatMap((issue) => faultsOf(issue, schema, places))
        .sort(inReadingOrder),
    );
  }
  return { value: result.data, file, ...places };
}

/** Parses YAML without a schema. @throws InputError when it is not YAML, is empty, or has a key twice. */
export function parseDocument(text: string, file: string): { value: unknown; places: Places } {
  const lines = new LineCounter();
  const document = parseYaml(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  const at = (offset: number | undefined): Place => {
    if (offset === undefined) return place(file, 1, 1);
    const { line, col } = lines.linePos(offset);
    return place(file, line, col);
  };
  if (document.errors.length > 0) {
    throw new InputError(
      withoutConsequences(document.errors).map((error) =>
        fault(
          'yaml-syntax',
          `not valid YAML: ${error.message.split('\n')[0]}`,
          at(error.pos[0]),
          'Mend the YAML at this place.',
        ),
      ),
    );
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    throw new InputError(
      fault('yaml-empty', `${file} is empty`, place(file, 1, 1), 'Write the file, or delete it.'),
    );
  }
  refuseAliases(document, { file, at });
  return { value: plainValue(document, file), places: placesOf(document, at) };
}

function inReadingOrder({ place: a }: Fault, { place: b }: Fault): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

/** After a syntax error the parser guesses on, and stumbles over its guesses; only keys that come twice are worth a list. */
function withoutConsequences(errors: readonly YAMLError[]): readonly YAMLError[] {
  const first = errors.findIndex(({ code }) => code !== 'DUPLICATE_KEY');
  return first === -1 ? errors : errors.slice(0, first + 1);
}

/** An alias must name an anchor before it, and not one that it is inside of. */
function refuseAliases(
  document: YamlDocument,
  { file, at }: { file: string; at: (offset: number | undefined) => Place },
): void {
  const faults: Fault[] = [];
  let aliases = 0;
  visit(document, {
    Alias(_, alias, parents) {
      aliases++;
      const anchored = alias.resolve(document);
      if (anchored === undefined) faults.push(unknownAnchor(alias.source, at(alias.range?.[0])));
      else if (parents.includes(anchored)) {
        const message = `*${alias.source} stands for what it is inside of`;
        faults.push(fault('yaml-alias', message, at(alias.range?.[0]), 'Write the value out.'));
      }
    },
  });
  if (faults.length > 0) throw new InputError(faults);
  if (aliases > MAX_ALIASES) throw tooManyAliases(file);
}

/** Most often no alias was meant, but a glob. */
function unknownAnchor(source: string, where: Place): Fault {
  return fault(
    'yaml-alias',
    `to YAML *${source} is an alias, and no &${source} comes before it`,
    where,
    `Put a text that begins with "*" in quotes: "*${source}".`,
  );
}

function tooManyAliases(file: string): InputError {
  return new InputError(
    fault('yaml-aliases', `more than ${MAX_ALIASES} aliases`, place(file, 1, 1), 'Write the values out.'),
  );
}

function plainValue(document: YamlDocument, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    // Few aliases, each of many: the library counts what they come to.
    if (error instanceof ReferenceError) throw tooManyAliases(file);
    throw error;
  }
}

function placesOf(document: YamlDocument, at: (offset: number | undefined) => Place): Places {
  const walk = (path: Path): { value: unknown; key: unknown; isThere: boolean } => {
    let value: unknown = document.contents;
    let key: unknown = value;
    let steps = 0;
    for (const step of path) {
      if (isMap(value)) {
        const pair = value.items.find(
          (item) => isScalar(item.key) && String(item.key.value) === String(step),
        );
        if (!pair) break;
        key = pair.key;
        value = pair.value ?? pair.key;
      } else if (isSeq(value)) {
        const item = value.items[Number(step)];
        if (item === undefined) break;
        key = item;
        value = item;
      } else break;
      steps++;
    }
    return { value, key, isThere: steps === path.length };
  };
  const offset = (node: unknown) => (node as { range?: readonly number[] } | null | undefined)?.range?.[0];
  return {
    placeOf: (path) => at(offset(walk(path).value)),
    placeOfKey: (path) => at(offset(walk(path).key)),
    textOf(path) {
      const { value, isThere } = walk(path);
      return isThere && isScalar(value) ? value.source : undefined;
    },
  };
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType, places: Places): Fault[] {
  if (issue.code !== 'unrecognized_keys') return [plain(issue, places)];
  return issue.keys.map((key) => unknownKey(key, issue.path, schema, places));
}

/** The issues of the branch that was meant, in place of "no branch of the union fits". */
function flattenUnions(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  const branch = issue.code === 'invalid_union' ? likeliestBranch(issue.errors) : undefined;
  if (!branch) return [issue];
  return branch.flatMap((inner) => flattenUnions({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** A misspelt key is one fault: that the key that was meant is missing then goes without saying. */
function withoutEchoes(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const misspelt = issues.filter((issue) => issue.code === 'unrecognized_keys');
  const isEcho = (issue: z.core.$ZodIssue) =>
    isMissing(issue) &&
    misspelt.some(
      ({ path, keys }) =>
        path.length === issue.path.length - 1 &&
        path.every((step, index) => step === issue.path[index]) &&
        keys.some((key) => didYouMean(key, [String(issue.path.at(-1))]) !== undefined),
    );
  return issues.filter((issue) => !isEcho(issue));
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  return 'input' in issue && issue.input === undefined && issue.code !== 'custom';
}

/** The branch of a union that the user most likely meant: the one that failed deepest, then with the fewest faults. */
function likeliestBranch(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const depth = (issues: z.core.$ZodIssue[]) =>
    Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
  return branches
    .filter((issues) => depth(issues) > 0)
    .sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

function unknownKey(key: string, path: Path, schema: z.ZodType, places: Places): Fault {
  const known = knownKeys(schema, path);
  const nearest = didYouMean(key, known);
  const where = path.length === 0 ? 'the top level' : path.map(String).join('.');
  return fault(
    'unknown-key',
    `unknown key "${key}" in ${where}`,
    places.placeOfKey([...path, key]),
    nearest ? `Did you mean "${nearest}"?` : `Known keys here: ${known.join(', ') || 'none'}.`,
  );
}

function plain(issue: z.core.$ZodIssue, places: Places): Fault {
  const name = issue.path.map(String).join('.') || 'the document';
  const last = issue.path.at(-1);
  if (isMissing(issue) && typeof last === 'string') {
    const parent = issue.path.slice(0, -1);
    return fault(
      'missing-key',
      `"${last}" is missing in ${parent.map(String).join('.') || 'the top level'}`,
      places.placeOfKey(parent),
      `Add "${last}:" here.`,
    );
  }
  return fault(
    'invalid-value',
    `${name}: ${lowerFirst(issue.message)}`,
    places.placeOf(issue.path),
    'Change the value.',
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
