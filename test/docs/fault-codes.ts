import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './action-files.ts';
import { trackedFiles } from './tracked-files.ts';

/** An error as the source makes it. */
export interface FaultCode {
  readonly code: string;
  /** The message, with … for what differs from case to case. */
  readonly message: string;
  readonly next: string;
}

/** Every error that the shipped code makes under a name of its own, by name. */
export function faultCodes(): FaultCode[] {
  const found = new Map<string, FaultCode>();
  for (const path of trackedFiles().filter((file) => /^packages\/[\w-]+\/src\/.*\.ts$/.test(file))) {
    if (/^packages\/(testkit|demo)\//.test(path)) continue;
    for (const one of faultsOf(readFileSync(join(root, path), 'utf8'))) {
      const known = found.get(one.code);
      // The same fault told in two places: the one with the fuller advice.
      if (!known || one.next.length > known.next.length) found.set(one.code, one);
    }
  }
  return [...found.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

function faultsOf(source: string): FaultCode[] {
  const calls = [...source.matchAll(/(?<![\w.])fault\(/g)].map(({ index }) => {
    const [code = '', message = '', , next = ''] = argumentsAt(source, index + 'fault('.length);
    return { code, message, next };
  });
  const literals = [...source.matchAll(/\bcode: ('[a-z-]+'),\s*message:/g)].map(({ index, 1: code }) => {
    const rest = source.slice(index);
    const message = /\bmessage:\s*/.exec(rest)!;
    const next = /\bnext:\s*/.exec(rest.slice(0, 600));
    const text = (found: RegExpExecArray | null) =>
      found ? (argumentsAt(rest, found.index + found[0].length)[0] ?? '') : '';
    return { code: code!, message: text(message), next: text(next) };
  });
  return [...calls, ...literals]
    .filter(({ code }) => /^'[a-z]+(-[a-z0-9]+)*'$/.test(code))
    .map(({ code, message, next }) => ({
      code: code.slice(1, -1),
      message: words(message),
      next: words(next),
    }));
}

/** The texts of the arguments that begin at a place, up to the bracket that closes them. */
function argumentsAt(source: string, from: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = from;
  for (let at = from; at < source.length; at++) {
    const character = source[at]!;
    if (`'"\``.includes(character)) at = endOfText(source, at);
    else if ('([{'.includes(character)) depth++;
    else if (depth === 0 && ',)}'.includes(character)) {
      found.push(source.slice(start, at).trim());
      if (character !== ',') return found;
      start = at + 1;
    } else if (')]}'.includes(character)) depth--;
  }
  return found;
}

/** The place of the quote that ends the text beginning at a place; `${…}` in a template may hold texts of its own. */
function endOfText(source: string, from: number): number {
  const quote = source[from]!;
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === quote) return at;
    else if (quote === '`' && source.startsWith('${', at)) {
      let depth = 1;
      for (at += 2; depth > 0 && at < source.length; at++) {
        if (`'"\``.includes(source[at]!)) at = endOfText(source, at);
        else if (source[at] === '{') depth++;
        else if (source[at] === '}') depth--;
      }
      at--;
    }
  }
  return source.length;
}

/** A text as people read it: without quotes, and with … for whatever is put in. Nothing for an expression. */
function words(expression: string): string {
  const quote = expression[0] ?? '';
  if (!`'"\``.includes(quote) || endOfText(expression, 0) !== expression.length - 1) return '';
  let text = '';
  for (let at = 1; at < expression.length - 1; at++) {
    if (expression[at] === '\\') text += expression[++at] === 'n' ? ' ' : expression[at];
    else if (quote === '`' && expression.startsWith('${', at)) {
      text += '…';
      let depth = 1;
      for (at += 2; depth > 0; at++) {
        if (`'"\``.includes(expression[at]!)) at = endOfText(expression, at);
        else if (expression[at] === '{') depth++;
        else if (expression[at] === '}') depth--;
      }
      at--;
    } else text += expression[at];
  }
  return text;
}
