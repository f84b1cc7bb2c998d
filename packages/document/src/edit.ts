import { fault, InputError, place } from '@rastro/fault';
import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, stringify } from 'yaml';

/** A value to set at a path of keys; the map that holds it is made when it is not there. */
export interface Edit {
  readonly path: readonly string[];
  readonly value: string | number | boolean;
}

/**
 * The YAML text with these values set; all else, comments too, stays as it was written.
 * @throws InputError when the place of a value is shared by an anchor and its aliases, which would change with it.
 */
export function editDocument(text: string, file: string, edits: readonly Edit[]): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const added: Edit[] = [];
  const replaced: { from: number; to: number; by: string }[] = [];
  for (const edit of edits) {
    const shared = sharedOnTheWay(document, edit.path);
    if (shared !== undefined) {
      const { line, col } = lines.linePos(shared);
      throw new InputError(
        fault(
          'yaml-anchor',
          `${edit.path.join('.')} is shared with other places of ${file}, by an anchor`,
          place(file, line, col),
          'Write the values out, or change them by hand.',
        ),
      );
    }
    const node = document.getIn(edit.path, true);
    if (isScalar(node) && node.range && !String(node.type).startsWith('BLOCK'))
      replaced.push({ from: node.range[0], to: node.range[1], by: written(edit.value) });
    else added.push(edit);
  }
  let edited = text;
  for (const { from, to, by } of replaced.sort((a, b) => b.from - a.from))
    edited = edited.slice(0, from) + by + edited.slice(to);
  if (added.length === 0) return edited;
  // What is new has no place yet: the rest is written again around it, as it was read.
  const whole = parseDocument(edited);
  for (const { path, value } of added) whole.setIn(path, value);
  return whole.toString({ lineWidth: 0 });
}

/** As YAML of any style can hold it: a text with marks in quotes. */
function written(value: Edit['value']): string {
  const plain = stringify(value).trim();
  return /^[\w.+-]+$/.test(plain) ? plain : JSON.stringify(value);
}

function sharedOnTheWay(document: Document.Parsed, path: readonly string[]): number | undefined {
  let node: unknown = document.contents;
  for (const key of path) {
    if (!isMap(node)) break;
    node = node.get(key, true);
    if (isAlias(node) || (isNode(node) && (node as { anchor?: string }).anchor)) return node.range?.[0] ?? 0;
  }
  return undefined;
}
