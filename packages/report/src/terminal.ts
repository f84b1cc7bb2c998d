import pc from 'picocolors';
import stringWidth from 'string-width';
import { drawablePoints, seriesInWords, sparkline } from './figures.ts';
import { graphInWords } from './graph.ts';
import type { Block, Inline, Report, Section, Status, Text } from './model.ts';
import { grouped, manyLines, oneLine, piecesOf, plain, wordsOf } from './plain-text.ts';
import {
  findingPlace,
  gravestFirst,
  SEVERITY_STATUS,
  SEVERITY_WORD,
  STATUS_WORD,
  statusCounts,
  worstFirst,
} from './status.ts';

export interface TerminalOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
  /** Most rows of one table; the others are counted. Default: 40. */
  readonly maxRows?: number;
}

type Colors = ReturnType<typeof pc.createColors>;

interface Screen {
  readonly colors: Colors;
  readonly width: number;
  readonly maxRows: number;
}

const SIGN: Readonly<Record<Status, string>> = { pass: '✔', warn: '▲', fail: '✖', info: '●' };
const MIN_WIDTH = 20;

/**
 * Reports as text for a terminal, worst first, no line wider than `width` columns (20 at least). Wide characters count as two.
 * Control characters of users are taken out or shown as pictures: the only escapes are our colours.
 */
export function renderTerminal(reports: readonly Report[], options: TerminalOptions): string {
  const screen: Screen = {
    colors: pc.createColors(options.color),
    width: Math.max(MIN_WIDTH, Math.floor(options.width)),
    maxRows: options.maxRows ?? 40,
  };
  const lines = worstFirst(reports).flatMap((report, index) => [
    ...(index === 0 ? [] : ['']),
    ...reportLines(report, screen),
  ]);
  if (reports.length > 1)
    lines.push('', screen.colors.bold(`${reports.length} reports: ${statusCounts(reports)}`));
  return `${lines.join('\n')}\n`;
}

function reportLines(report: Report, screen: Screen): string[] {
  const { status, sentence } = report.verdict;
  const { bold } = screen.colors;
  const badge = paint(status, `${SIGN[status]} ${STATUS_WORD[status].toUpperCase()}`, screen.colors);
  const badgeWidth = stringWidth(`${SIGN[status]} ${STATUS_WORD[status]}`);
  const name = fit(oneLine(`${report.verb} ${report.subject}`), screen.width - badgeWidth - 2);
  return [
    `${badge}  ${bold(name)}`,
    ...wrap(plain(sentence), screen.width),
    ...report.sections.flatMap((section) => sectionLines(section, screen)),
    ...findingLines(report, screen),
  ];
}

function sectionLines({ title, blocks }: Section, screen: Screen): string[] {
  const body = blockLines(blocks, screen, 2);
  if (body.length === 0) return [];
  return ['', screen.colors.bold(fit(oneLine(title), screen.width)), ...body];
}

function blockLines(blocks: readonly Block[], screen: Screen, indent: number): string[] {
  const inner = { ...screen, width: Math.max(MIN_WIDTH - indent, screen.width - indent) };
  return blocks
    .flatMap((block) => linesOf(block, inner))
    .map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line}`));
}

function linesOf(block: Block, screen: Screen): string[] {
  const { colors, width } = screen;
  switch (block.kind) {
    case 'paragraph':
      return wrap(plain(block.text), width);
    case 'list':
      return block.items.flatMap((item) =>
        wrap(plain(item), width - 2).map((line, index) => (index === 0 ? `• ${line}` : `  ${line}`)),
      );
    case 'facts':
      return tableLines(
        block.items.map(({ label, value }) => [[{ strong: label }], value]),
        ['left', 'left'],
        screen,
      );
    case 'table': {
      const head = block.columns.map(({ title }): Text => [{ strong: title }]);
      const shown = block.rows.slice(0, screen.maxRows);
      const more = block.rows.length - shown.length + (block.more ?? 0);
      const lines = tableLines(
        [head, ...shown],
        block.columns.map(({ align }) => align ?? 'left'),
        screen,
      );
      return more === 0 ? lines : [...lines, colors.dim(fit(`and ${grouped(more)} more`, width))];
    }
    case 'code':
      // Whole, however wide: code is there to be copied.
      return manyLines(block.text)
        .replace(/\n+$/u, '')
        .split('\n')
        .map((line) => line.replaceAll('\t', '    '));
    case 'chart':
      return [
        fit(oneLine(block.chart.title), width),
        ...tableLines(
          block.chart.series.map((series) => [
            series.name,
            sparkline(
              drawablePoints(series.points).map(([, y]) => y),
              24,
            ),
            seriesInWords(series),
          ]),
          ['left', 'left', 'left'],
          screen,
        ),
      ];
    case 'graph':
      return graphInWords(block.graph).flatMap((line) => wrap(plain(line), width));
    case 'details':
      return [fit(oneLine(block.summary), width), ...blockLines(block.blocks, screen, 2)];
  }
}

function findingLines(report: Report, screen: Screen): string[] {
  if (report.findings.length === 0) return [];
  const shown = gravestFirst(report.findings).slice(0, screen.maxRows);
  const left = report.findings.length - shown.length;
  const lines = shown.flatMap((finding) => {
    const status = SEVERITY_STATUS[finding.severity];
    const word = `${SIGN[status]} ${SEVERITY_WORD[finding.severity]}`;
    const place = findingPlace(finding);
    const message = [place, finding.title, finding.message].filter((part) => part !== '').join('  ');
    const [first = '', ...rest] = wrap(plain(message), screen.width - stringWidth(word) - 4);
    const hang = ' '.repeat(stringWidth(word) + 4);
    return [`  ${paint(status, word, screen.colors)}  ${first}`, ...rest.map((line) => `${hang}${line}`)];
  });
  const more = left === 0 ? [] : [screen.colors.dim(`  and ${grouped(left)} more`)];
  return ['', screen.colors.bold('Findings'), ...lines, ...more];
}

function paint(status: Status, text: string, colors: Colors): string {
  switch (status) {
    case 'pass':
      return colors.green(text);
    case 'warn':
      return colors.yellow(text);
    case 'fail':
      return colors.red(text);
    case 'info':
      return colors.cyan(text);
  }
}

type Align = 'left' | 'right' | 'center';

const COLUMN_GAP = '  ';
const MIN_COLUMN = 3;

/**
 * Rows as aligned columns. The widest column gives way first when they do not fit, and its texts go on in the next line; a
 * column that has no room is left out.
 */
function tableLines(rows: readonly (readonly Text[])[], aligns: readonly Align[], screen: Screen): string[] {
  const widths = columnWidths(
    aligns.map((_, column) => Math.max(0, ...rows.map((row) => stringWidth(plain(row[column] ?? ''))))),
    screen.width,
  );
  return rows.flatMap((row) => {
    const cells = widths.map((width, column) => wrap(plain(row[column] ?? ''), width));
    const height = Math.max(1, ...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      widths
        .map((width, column) =>
          cell(row[column] ?? '', cells[column]![line] ?? '', width, aligns[column]!, screen.colors),
        )
        .join(COLUMN_GAP)
        .trimEnd(),
    );
  });
}

function columnWidths(wanted: readonly number[], room: number): number[] {
  const fits = Math.max(1, Math.floor((room + COLUMN_GAP.length) / (MIN_COLUMN + COLUMN_GAP.length)));
  const widths = wanted.slice(0, fits);
  let over = widths.reduce((sum, width) => sum + width + COLUMN_GAP.length, -COLUMN_GAP.length) - room;
  while (over > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= MIN_COLUMN) break;
    widths[widest]!--;
    over--;
  }
  return widths;
}

/** One line of a cell, in the form of its text. */
function cell(text: Text, words: string, width: number, align: Align, colors: Colors): string {
  const pad = Math.max(0, width - stringWidth(words));
  const before = align === 'right' ? pad : align === 'center' ? Math.floor(pad / 2) : 0;
  return `${' '.repeat(before)}${words === '' ? '' : formed(text, words, colors)}${' '.repeat(pad - before)}`;
}

/** Gives the words their form when the whole text is one piece; mixed cells stay plain. */
function formed(text: Text, words: string, colors: Colors): string {
  const pieces = piecesOf(text);
  const [piece] = pieces;
  return pieces.length === 1 && piece !== undefined ? inForm(piece, words, colors) : words;
}

function inForm(piece: Inline, words: string, colors: Colors): string {
  if (typeof piece === 'string' || wordsOf(piece) === '') return words;
  if ('strong' in piece) return colors.bold(words);
  return 'code' in piece ? colors.cyan(words) : colors.underline(words);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A line of at most `width` columns, ending in an ellipsis when it was cut, between characters as readers see them. */
function fit(line: string, width: number): string {
  if (stringWidth(line) <= width) return line;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(line)) {
    const size = stringWidth(segment);
    if (used + size > width - 1) break;
    kept += segment;
    used += size;
  }
  return width < 1 ? '' : `${kept}…`;
}

/** A text in lines of at most `width` columns, broken between words; a word that is wider than a line goes on in the next. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => piecesThatFit(long, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || stringWidth(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** A word in pieces of at most `width` columns, cut between characters as readers see them; one that is wider is left out. */
function piecesThatFit(word: string, width: number): string[] {
  if (stringWidth(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const { segment } of graphemes.segment(word)) {
    const size = stringWidth(segment);
    if (size > width) continue;
    if (used + size > width) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += segment;
    used += size;
  }
  return [...pieces, piece].filter((each) => each !== '');
}
