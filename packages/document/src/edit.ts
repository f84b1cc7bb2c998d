import { fault, InputError, place } from '@rastro/fault';
import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  stringify,
  type YAMLMap,
} from 'yaml';

/** A value to set at a path of keys; the maps that hold it are made when they are not there. */
export interface Edit {
  readonly path: readonly string[];
  readonly value: string | number | boolean;
}

/**
 * The YAML text with these values set; all else, comments and spaces too, stays as it was written.
 * @throws InputError when the place of a value is shared by an anchor and its aliases, which would change with it.
 */
export function editDocument(text: string, file: string, edits: readonly Edit[]): string {
  return edits.reduce((edited, edit) => withEdit(edited, file, edit), text);
}

function withEdit(text: string, file: string, { path, value }: Edit): string {
  const document = parseDocument(text);
  refuseShared(text, file, path);
  const node = document.getIn(path, true);
  const edited =
    isScalar(node) && node.range && node.source !== undefined && !String(node.type).startsWith('BLOCK')
      ? spliced(text, node.range[0], node.range[1], written(value))
      : withNewKey(text, path, written(value));
  const wanted = { ...document.toJS() };
  setAt(wanted, path, value);
  if (edited !== undefined && isSame(edited, wanted)) return edited;
  // Where the text leaves no plain place for it, the whole is written again, as it was read.
  document.setIn(
    path.slice(0, heldBy(document.contents, path).depth + 1),
    document.createNode(rest(path, value, document.contents)),
  );
  return document.toString({ lineWidth: 0 });
}

/** The value under the keys that are not there yet. */
function rest(path: readonly string[], value: Edit['value'], contents: unknown): unknown {
  const missing = path.slice(heldBy(contents, path).depth + 1);
  return missing.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

/** The text with a key that its map does not have; undefined when the map has nothing to go by. */
function withNewKey(text: string, path: readonly string[], value: string): string | undefined {
  const { map, depth } = heldBy(parseDocument(text).contents, path);
  const last = map?.items.at(-1);
  const first = map?.items[0]?.key;
  if (!map || !last || !isNode(first) || !first.range || map.has(path[depth]!)) return undefined;
  const inner = path.slice(depth + 1).reduceRight((text, key) => `{ ${written(key)}: ${text} }`, value);
  const pair = `${written(path[depth]!)}: ${inner}`;
  const end = endOf(last);
  if (map.flow) return spliced(text, end, end, `, ${pair}`);
  const line = text.indexOf('\n', Math.max(0, end - 1));
  const at = line === -1 ? text.length : line;
  const lineStart = text.lastIndexOf('\n', first.range[0] - 1) + 1;
  return spliced(text, at, at, `\n${' '.repeat(first.range[0] - lineStart)}${pair}`);
}

/** The innermost map on the way that is there, and how many keys lead to it. */
function heldBy(contents: unknown, path: readonly string[]): { map: YAMLMap | undefined; depth: number } {
  let map = isMap(contents) ? contents : undefined;
  let depth = 0;
  for (const key of path.slice(0, -1)) {
    const next = map?.get(key, true);
    if (!isMap(next)) break;
    map = next;
    depth += 1;
  }
  return { map, depth };
}

/** Where the text of a node ends, without what follows on its line. */
function endOf(node: unknown): number {
  if (isPair(node)) return endOf(node.value ?? node.key);
  if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0) return endOf(node.items.at(-1));
  return isNode(node) ? (node.range?.[1] ?? 0) : 0;
}

/** As YAML of any style can hold it: a text with marks in quotes. */
function written(value: Edit['value']): string {
  const plain = stringify(value).trim();
  return /^[\w.+-]+$/.test(plain) ? plain : JSON.stringify(value);
}

function spliced(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}

function setAt(root: Record<string, unknown>, path: readonly string[], value: Edit['value']): void {
  let here = root;
  for (const key of path.slice(0, -1)) {
    const next = here[key];
    here[key] = typeof next === 'object' && next !== null ? { ...next } : {};
    here = here[key] as Record<string, unknown>;
  }
  here[path.at(-1)!] = value;
}

function isSame(text: string, wanted: unknown): boolean {
  const document = parseDocument(text);
  return document.errors.length === 0 && sorted(document.toJS()) === sorted(wanted);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function refuseShared(text: string, file: string, path: readonly string[]): void {
  const lines = new LineCounter();
  let node: unknown = parseDocument(text, { lineCounter: lines }).contents;
  for (const key of path) {
    if (!isMap(node)) return;
    node = node.get(key, true);
    if (!isNode(node) || !(isAlias(node) || (node as { anchor?: string }).anchor)) continue;
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    throw new InputError(
      fault(
        'yaml-anchor',
        `${path.join('.')} is shared with other places of ${file}, by an anchor`,
        place(file, line, col),
        'Write the values out, or change them by hand.',
      ),
    );
  }
}
