import type { Inline, Text } from './model.ts';
import { capped, manyLines, oneLine, piecesOf, wordsOf } from './plain-text.ts';
import { webAddress } from './web-address.ts';

/** A break that is not seen. GitHub looks for names, numbers and addresses after Markdown is done: escapes do not stop it. */
const BREAK = '\u200b';

const MAX_LINE = 2000;
const MAX_CELL = 300;

/** Takes from a line what GitHub and GitLab turn into a mention, a reference, an address or an emoji. */
function disarm(line: string): string {
  return line
    .replaceAll('@', `@${BREAK}`)
    .replaceAll(/#(?=\d|$)/gu, `#${BREAK}`)
    .replaceAll(/[!&](?=\d)/gu, `$&${BREAK}`)
    .replaceAll(/GH-(?=\d)/giu, `$&${BREAK}`)
    .replaceAll(/:(?=\/)/gu, `:${BREAK}`)
    .replaceAll(/www(?=\.)/giu, `www${BREAK}`)
    .replaceAll(/:(?=[\w+-]+:)/gu, `:${BREAK}`);
}

function breakCommitIds(line: string): string {
  return line.replaceAll(/\b[0-9a-f]{7,40}\b/giu, breakCommitId);
}

/** GitHub looks for 7 to 40 digits. Decimal digits only are a number to be copied, far more likely than a commit. */
function breakCommitId(id: string): string {
  return /[a-f]/iu.test(id) ? id.replaceAll(/.{6}(?=.)/gu, `$&${BREAK}`) : id;
}

/** Plain text as Markdown that shows just that text: no link, no mention, no markup, no second line. */
export function escapeMarkdown(text: string, max = MAX_LINE): string {
  return escapeMarks(breakCommitIds(disarm(capped(oneLine(text), max))));
}

function escapeMarks(line: string): string {
  return (
    line
      .replaceAll(/[\\`*_[\]<>|~&#!]/gu, '\\$&')
      // A backslash before a dollar sign does not keep GitHub from reading mathematics.
      .replaceAll('$', '&#36;')
  );
}

/** Plain text for the inside of a `<summary>`, where Markdown is not read but HTML is. */
export function escapeSummary(text: string): string {
  return breakCommitIds(disarm(capped(oneLine(text), MAX_CELL)))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('$', '&#36;');
}

/** One line of Markdown for a report's text, to stand at the start of a paragraph or list item. */
export function markdownLine(text: Text, max = MAX_LINE): string {
  return atLineStart(inline(text, max, false));
}

/** One line of Markdown for the inside of a table cell. */
export function markdownCell(text: Text): string {
  return inline(text, MAX_CELL, true);
}

function inline(text: Text, max: number, inCell: boolean): string {
  let room = max;
  const parts: string[] = [];
  for (const piece of piecesOf(text)) {
    if (room <= 0) break;
    parts.push(markdownPiece(piece, room, inCell));
    room -= wordsOf(piece).length;
  }
  return parts.join('').trim();
}

function markdownPiece(piece: Inline, max: number, inCell: boolean): string {
  if (typeof piece === 'string') return spaced(piece, escapeMarkdown(piece, max));
  if ('code' in piece) return codeSpan(piece.code, max, inCell);
  if ('strong' in piece) {
    const words = escapeMarkdown(piece.strong, max);
    return words === '' ? '' : spaced(piece.strong, `**${words}**`);
  }
  const url = linkTarget(piece.url);
  if (url === undefined) return spaced(piece.link, escapeMarkdown(piece.link, max));
  // A commit inside of a link is left alone by GitHub, and people copy it from there.
  const words = escapeMarks(disarm(capped(oneLine(piece.link), max)));
  return spaced(piece.link, `[${words || 'link'}](${url})`);
}

/** Gives a line back the space that the piece began or ended with, which parts it from its neighbours. */
function spaced(raw: string, words: string): string {
  if (words === '') return raw === '' ? '' : ' ';
  return `${/^\s/u.test(raw) ? ' ' : ''}${words}${/\s$/u.test(raw) ? ' ' : ''}`;
}

const MAX_TARGET = 1000;

/** An address with every character that Markdown reads percent-encoded; undefined when it is not one of the web, or too long. */
export function linkTarget(url: string): string | undefined {
  const target = webAddress(url)
    ?.replaceAll(
      /[\\()[\]<>|`*"'$]/gu,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    )
    .replaceAll('&', '&amp;');
  return target !== undefined && target.length <= MAX_TARGET ? target : undefined;
}

/** A code span whose fence is longer than any run of backticks in it. */
function codeSpan(code: string, max: number, inCell: boolean): string {
  const words = keepCommentsOut(capped(oneLine(code), max));
  if (words === '') return '';
  // A pipe parts cells even inside of a code span, and renderers differ on a backslash before it.
  if (inCell && words.includes('|')) return escapeMarkdown(words, max);
  const fence = '`'.repeat(longestRun(words, '`') + 1);
  const pad = words.startsWith('`') || words.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${words}${pad}${fence}`;
}

/** Languages that GitHub colours. Others are drawn or acted on (Mermaid, maps, suggestions), which is not for a report to ask. */
const LANGUAGES = new Set(
  'bash console csv diff ini json json5 jsonl python r sh shell sql text toml typescript xml yaml'.split(' '),
);

/** A fenced block of code. `lines` are as `codeLines` gives them. */
export function fencedCode(lines: readonly string[], language: string | undefined): string {
  const text = lines.join('\n');
  const fence = '`'.repeat(Math.max(3, longestRun(text, '`') + 1));
  const label = language !== undefined && LANGUAGES.has(language.toLowerCase()) ? language.toLowerCase() : '';
  return `${fence}${label}\n${text}\n${fence}`;
}

const MAX_CODE_LINE = 1000;

/** The lines of a code block, made harmless and not too long. */
export function codeLines(text: string): string[] {
  return keepCommentsOut(manyLines(text))
    .replace(/\n+$/u, '')
    .split('\n')
    .map((line) => capped(line, MAX_CODE_LINE));
}

/** Nothing that a user writes may look like our hidden marker, not even in code, where it would be shown and not read. */
function keepCommentsOut(text: string): string {
  return text.replaceAll('<!--', `<${BREAK}!--`);
}

function longestRun(text: string, character: string): number {
  let longest = 0;
  let run = 0;
  for (const each of text) {
    run = each === character ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** Escapes what would start a list, a heading's underline, a quote or an order to GitLab (`/merge`) if it came first on its line. */
function atLineStart(line: string): string {
  return line.replace(/^[-+=/]/u, '\\$&').replace(/^(\d{1,9})([.)])/u, '$1\\$2');
}
