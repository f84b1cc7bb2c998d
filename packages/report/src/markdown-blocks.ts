import { type Budget, fitParts, GAP, joinParts, type Part, sizeOf } from './budget.ts';
import { drawablePoints, seriesInWords, sparkline } from './figures.ts';
import { graphInWords } from './graph.ts';
import {
  codeLines,
  escapeMarkdown,
  escapeSummary,
  fencedCode,
  markdownCell,
  markdownLine,
} from './markdown-text.ts';
import { mermaidChart, mermaidGraph } from './mermaid.ts';
import type { Block, Chart, Graph, Text } from './model.ts';
import { grouped } from './plain-text.ts';

/** How blocks are written: the unit that sizes are counted in, and whether Mermaid is drawn. */
export interface MarkdownStyle {
  readonly unit: Budget['unit'];
  readonly charts: 'mermaid' | 'unicode';
}

type TableBlock = Extract<Block, { kind: 'table' }>;

/** Room for the line that says how much was left out. */
const NOTE_ROOM = 60;

/** A part that is shown whole or not at all. */
function whole(text: string, importance: number, unit: Budget['unit']): Part {
  return { importance, full: text, shorten: (room) => (sizeOf(text, unit) <= room ? text : '') };
}

/** The blocks of a section or details; earlier ones matter more. */
export function blockParts(blocks: readonly Block[], style: MarkdownStyle): Part[] {
  return blocks.map((block, index) => blockPart(block, -index, style)).filter((part) => part.full !== '');
}

function blockPart(block: Block, importance: number, style: MarkdownStyle): Part {
  switch (block.kind) {
    case 'paragraph':
      return whole(markdownLine(block.text), importance, style.unit);
    case 'list':
      return listPart(block.items, importance, style);
    case 'facts':
      return tablePart(
        {
          kind: 'table',
          columns: [{ title: 'Fact' }, { title: 'Value' }],
          rows: block.items.map(({ label, value }) => [[{ strong: label }], value]),
        },
        importance,
        style,
      );
    case 'table':
      return tablePart(block, importance, style);
    case 'code':
      return codePart(block, importance, style);
    case 'chart':
      return chartPart(block.chart, importance, style);
    case 'graph':
      return graphPart(block.graph, importance, style);
    case 'details':
      return detailsPart({
        summary: block.summary,
        parts: blockParts(block.blocks, style),
        importance,
        unit: style.unit,
        noun: 'part',
        open: false,
      });
  }
}

function listPart(items: readonly Text[], importance: number, style: MarkdownStyle): Part {
  const lines = items.map((item) => markdownLine(item)).filter((line) => line !== '');
  return linesPart({
    head: '',
    lines: lines.map((line) => `- ${line}`),
    more: 0,
    importance,
    unit: style.unit,
  });
}

function tablePart(block: TableBlock, importance: number, style: MarkdownStyle): Part {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = block.columns.map(({ align }) => RULES[align ?? 'left']);
  const head = `${row(block.columns.map(({ title }) => escapeMarkdown(title, 100)))}\n${row(rule)}`;
  const lines = block.rows.map((cells) =>
    row(block.columns.map((_, index) => markdownCell(cells[index] ?? ''))),
  );
  return linesPart({ head, lines, more: block.more ?? 0, importance, unit: style.unit });
}

const RULES = { left: ':---', right: '---:', center: ':---:' } as const;

/** Lines under a head of which the last ones can be left out, with a note of how many. */
function linesPart(list: {
  head: string;
  lines: readonly string[];
  /** Lines that were left out before. */
  more: number;
  importance: number;
  unit: Budget['unit'];
}): Part {
  const { head, lines, more, importance, unit } = list;
  const write = (count: number) => {
    const left = lines.length - count + more;
    const body = [head, ...lines.slice(0, count)].filter((line) => line !== '').join('\n');
    return left === 0 ? body : `${body}${GAP}_and ${grouped(left)} more_`;
  };
  if (lines.length + more === 0) return whole('', importance, unit);
  return {
    importance,
    full: write(lines.length),
    shorten: (room) => {
      const count = linesThatFit(lines, room - sizeOf(head, unit) - NOTE_ROOM, unit);
      return count === 0 ? '' : write(count);
    },
  };
}

/** How many lines, from the first, fit into a room. */
function linesThatFit(lines: readonly string[], room: number, unit: Budget['unit']): number {
  let used = 0;
  const beyond = lines.findIndex((line) => {
    used += sizeOf(line, unit) + 1;
    return used > room;
  });
  return beyond === -1 ? lines.length : beyond;
}

function codePart(
  block: Extract<Block, { kind: 'code' }>,
  importance: number,
  { unit }: MarkdownStyle,
): Part {
  const lines = codeLines(block.text);
  const write = (count: number) => {
    const code = fencedCode(lines.slice(0, count), block.language);
    const left = lines.length - count;
    return left === 0 ? code : `${code}${GAP}_and ${grouped(left)} more lines_`;
  };
  return {
    importance,
    full: write(lines.length),
    shorten: (room) => {
      const count = linesThatFit(lines, room - NOTE_ROOM, unit);
      // A longer fence than the note leaves room for is rarer than a cut command is harmful.
      const text = count === 0 ? '' : write(count);
      return sizeOf(text, unit) <= room ? text : '';
    },
  };
}

function chartPart(chart: Chart, importance: number, { unit, charts }: MarkdownStyle): Part {
  const words = chartInWords(chart);
  const drawing = charts === 'mermaid' ? mermaidChart(chart) : undefined;
  if (!drawing) return whole(words, importance, unit);
  const legend = drawing.legend.map(({ name, color }, index) => {
    const label =
      drawing.legend.length === 1 ? escapeMarkdown(name, 60) : `${escapeMarkdown(name, 60)} (${color})`;
    return `- ${label}: ${escapeMarkdown(seriesInWords(chart.series[index]!), 120)}`;
  });
  const full = `\`\`\`mermaid\n${drawing.source}\n\`\`\`${GAP}${legend.join('\n')}`;
  return {
    importance,
    full,
    shorten: (room) => [full, words].find((text) => sizeOf(text, unit) <= room) ?? '',
  };
}

function graphPart(graph: Graph, importance: number, style: MarkdownStyle): Part {
  const source = style.charts === 'mermaid' ? mermaidGraph(graph) : undefined;
  if (source !== undefined) return whole(`\`\`\`mermaid\n${source}\n\`\`\``, importance, style.unit);
  return listPart(graphInWords(graph), importance, style);
}

/** A chart where nothing can be drawn: a sparkline and the numbers that matter, one line per series. */
function chartInWords(chart: Chart): string {
  const lines = chart.series.slice(0, 20).map((series) => {
    const line = sparkline(drawablePoints(series.points).map(([, y]) => y));
    const words = escapeMarkdown(seriesInWords(series), 120);
    return `- ${escapeMarkdown(series.name, 60)}: ${line === '' ? '' : `${line} `}${words}`;
  });
  const left = chart.series.length - lines.length;
  if (left > 0) lines.push(`- and ${left} more`);
  return `**${escapeMarkdown(chart.title, 120) || 'Chart'}** (${escapeMarkdown(chart.y.title, 60) || 'value'} by ${escapeMarkdown(chart.x.title, 60) || 'position'})${GAP}${lines.join('\n')}`;
}

/** Parts under one heading, which live and die with it. */
interface Group {
  readonly parts: readonly Part[];
  readonly importance: number;
  readonly unit: Budget['unit'];
}

/** A `<details>` around parts; left out whole when none of them fits. */
export function detailsPart(group: Group & { summary: string; noun: string; open: boolean }): Part {
  const { summary, noun, open } = group;
  const before = `<details${open ? ' open' : ''}>\n<summary>${escapeSummary(summary) || 'Details'}</summary>\n\n`;
  return groupPart({ ...group, before, after: '\n\n</details>', noun });
}

/** A heading, which may be empty, over parts; left out whole when none of them fits. */
export function sectionPart(group: Group & { heading: string }): Part {
  return groupPart({
    ...group,
    before: group.heading === '' ? '' : `${group.heading}${GAP}`,
    after: '',
    noun: 'part',
  });
}

/** Says how many parts were left out; `noun` is what one of them is called. */
function groupPart(group: Group & { before: string; after: string; noun: string }): Part {
  const { parts, importance, unit, before, after, noun } = group;
  const wrap = (texts: readonly string[]) => {
    const body = joinParts(texts);
    return body === '' ? '' : `${before}${body}${after}`;
  };
  return {
    importance,
    full: wrap(parts.map((part) => part.full)),
    shorten: (room) => {
      const texts = fitParts(parts, room - sizeOf(before + after, unit) - NOTE_ROOM, unit);
      if (texts.every((text) => text === '')) return '';
      const left = texts.filter((text) => text === '').length;
      return wrap([
        ...texts,
        left === 0 ? '' : `_${left} more ${noun}${left === 1 ? '' : 's'} left out for space_`,
      ]);
    },
  };
}
