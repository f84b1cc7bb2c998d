import { type Budget, fitParts, GAP, joinParts, type Part, sizeOf } from './budget.ts';
import { headlineOf, summaryOfOthers } from './headline.ts';
import { blockParts, detailsPart, type MarkdownStyle, sectionPart } from './markdown-blocks.ts';
import { escapeMarkdown, linkTarget, markdownLine } from './markdown-text.ts';
import { marker } from './marker.ts';
import type { Block, Finding, Report, Section, Status } from './model.ts';
import { grouped } from './plain-text.ts';
import { commandsToRepeat, type Source } from './repeat.ts';
import {
  findingPlace,
  gravestFirst,
  gravity,
  SEVERITY_STATUS,
  SEVERITY_WORD,
  STATUS_WORD,
  statusCounts,
  worstFirst,
} from './status.ts';

export interface MarkdownOptions {
  readonly budget: Budget;
  /** What the heading says. Default: the verdict of the worst report. */
  readonly title?: string;
  /** Puts the hidden marker of this key first, for a comment that is to be found again. */
  readonly key?: string;
  /** What a reader must know of where the reports come from; stands under the verdict. */
  readonly note?: string;
  /** Where the whole report is (http or https). */
  readonly link?: string;
  /** Charts as Mermaid (default), or as sparklines where Mermaid is not drawn. */
  readonly charts?: 'mermaid' | 'unicode';
  /** What the reports were made from, for the commands that make them again. */
  readonly source?: Source;
}

/** The least that a verdict can be told in. */
const MIN_LIMIT = 6000;
/** How much of the room the table of all reports may take when there are many. */
const OVERVIEW_SHARE = 0.4;

const SIGN: Readonly<Record<Status, string>> = { pass: '✅', warn: '⚠️', fail: '❌', info: 'ℹ️' };

/** "❌ Fail": a sign and a word, never a colour alone. */
export function markdownStatus(status: Status): string {
  return `${SIGN[status]} ${STATUS_WORD[status]}`;
}

/** Sections that matter less are folded: there for who asks, out of the way of who reads the verdict. */
export const OPEN_FROM = 60;

/**
 * Reports as GitHub's Markdown, of at most `budget.limit` in `budget.unit`. The worst verdict is the heading; the worst report
 * and the first that was given stand open, others are folded unless they fail. What does not fit is left out by importance, with
 * counts; reports that fare worse are told first and fullest. Fences and details are always closed.
 *
 * @throws RangeError when the limit is below 6000 or there is no report: both are mistakes of the caller.
 */
export function renderMarkdown(reports: readonly Report[], options: MarkdownOptions): string {
  const { limit, unit } = options.budget;
  if (limit < MIN_LIMIT)
    throw new RangeError(`a Markdown report needs a budget of ${MIN_LIMIT}, got ${limit}`);
  const head = headOf(reports, options);
  const foot = footOf(options);
  const style: MarkdownStyle = {
    unit,
    charts: options.charts ?? 'mermaid',
  };

  const fixed = sizeOf(joinParts([head, foot]), unit) + 2 * GAP.length + NOTE_ROOM;
  let room = limit - fixed;
  const overview = reports.length > 1 ? overviewPart(reports, style) : undefined;
  const overviewText = overview
    ? (fitParts([overview], Math.floor(room * OVERVIEW_SHARE), unit)[0] ?? '')
    : '';
  room -= sizeOf(overviewText, unit) + GAP.length;

  const sorted = worstFirst(reports);
  const parts = [
    ...(reports.length === 1
      ? reportParts(sorted[0]!, style)
      : sorted.map((report, index) =>
          index === 0 || report === reports[0]
            ? openReport(report, sorted[0] === reports[0], style)
            : foldedReport(report, style),
        )),
    ...repeatPart(reports, options.source, style),
  ].filter((part) => part.full !== '');
  const texts = fitParts(parts, room, unit);
  const left = texts.filter((text) => text === '').length;
  const what = reports.length === 1 ? 'section' : 'report';
  const note = left === 0 ? '' : `_${grouped(left)} ${what}${left === 1 ? '' : 's'} left out for space._`;
  return `${joinParts([head, overviewText, ...texts, note, foot])}\n`;
}

const NOTE_ROOM = 80;

function headOf(reports: readonly Report[], { key, title, note }: MarkdownOptions): string {
  const [worst] = worstFirst(reports);
  if (!worst) throw new RangeError('there is no report to render');
  const { status, sentence } = worst.verdict;
  const { headline, rest } = headlineOf(worst);
  const heading = `## ${SIGN[status]} ${escapeMarkdown(title ?? headline, MAX_HEADING)}`;
  const lead = markdownLine(title === undefined ? rest : sentence, 300);
  const others = summaryOfOthers(reports).map((text) => markdownLine(text, 300));
  return joinParts([
    key === undefined ? '' : marker(key),
    heading,
    lead,
    others.join('<br>\n'),
    note ? `> ${escapeMarkdown(note, 300)}` : '',
  ]);
}

const MAX_HEADING = 160;

function footOf({ link }: MarkdownOptions): string {
  const url = link === undefined ? undefined : linkTarget(link);
  return url === undefined ? '' : `[Open the full report](${url})`;
}

function overviewPart(reports: readonly Report[], style: MarkdownStyle): Part {
  const rows = worstFirst(reports).map(({ verb, subject, verdict }) => [
    markdownStatus(verdict.status),
    `${verb} ${subject}`,
    verdict.sentence,
  ]);
  const columns = ['Status', 'Check', 'Verdict'].map((title) => ({ title }));
  const title = `${grouped(reports.length)} checks: ${statusCounts(reports)}`;
  const table = blockParts([{ kind: 'table', columns, rows }], style);
  return detailsPart({
    summary: title,
    parts: table,
    importance: 0,
    unit: style.unit,
    noun: 'part',
    open: reports.length > MOST_FOLDED && worstStatusIs(reports, 'fail'),
  });
}

/** A reader finds the failing among a few reports without their table. */
const MOST_FOLDED = 12;

function worstStatusIs(reports: readonly Report[], status: Status): boolean {
  return worstFirst(reports)[0]?.verdict.status === status;
}

/** A report that the comment is about: its sections under headings of their own. */
function openReport(report: Report, isOnly: boolean, style: MarkdownStyle): Part {
  const parts = reportParts(report, style);
  if (parts.length === 0) return { importance: 0, full: '', shorten: () => '' };
  return sectionPart({
    // Under the verdict that is its own it needs no name.
    heading: isOnly ? '' : `### ${SIGN[report.verdict.status]} ${escapeMarkdown(titleOf(report), 120)}`,
    parts,
    importance: gravity(report.verdict.status) + LEAD,
    unit: style.unit,
  });
}

/** What leads is served before all that fare as badly, and after those that fare worse. */
const LEAD = 0.5;

function titleOf({ verb, subject }: Report): string {
  return `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${subject}`;
}

/** One of several reports: closed unless it fails, since a reader opens what went wrong. */
function foldedReport(report: Report, style: MarkdownStyle): Part {
  const { status } = report.verdict;
  const [only, ...others] = report.sections;
  const isDoubleFold = only !== undefined && others.length === 0 && report.findings.length === 0;
  return detailsPart({
    summary: `${markdownStatus(status)} · ${titleOf(report)}${isDoubleFold ? `: ${only.title}` : ''}`,
    parts: isDoubleFold ? blockParts(only.blocks, style) : reportParts(report, style),
    importance: gravity(status),
    unit: style.unit,
    noun: 'section',
    open: status === 'fail',
  });
}

/** The commands that do all of it again, ready to be pasted. */
function repeatPart(reports: readonly Report[], source: Source | undefined, style: MarkdownStyle): Part[] {
  const commands = commandsToRepeat(reports, source);
  if (commands.length === 0) return [];
  const code: Block = { kind: 'code', language: 'sh', text: commands.join('\n') };
  return [
    detailsPart({
      summary: 'Reproduce on your machine',
      parts: blockParts([code], style),
      importance: -1,
      unit: style.unit,
      noun: 'part',
      open: false,
    }),
  ];
}

/** The sections of a report in their order, then its findings. What matters less is folded. */
function reportParts(report: Report, style: MarkdownStyle): Part[] {
  const { unit } = style;
  const sections = inGroups(report.sections).map((group) => groupOf(group, style));
  const findings = sectionPart({
    heading: '### Findings',
    parts: blockParts(findingBlocks(report.findings), style),
    importance: report.findings.some(({ severity }) => severity === 'error') ? 90 : 40,
    unit,
  });
  return [...sections, findings].filter((part) => part.full !== '');
}

/** Runs of folded sections of one group; every other section by itself. */
function inGroups(sections: readonly Section[]): (readonly [Section, ...Section[]])[] {
  const groups: [Section, ...Section[]][] = [];
  for (const section of sections) {
    const last = groups.at(-1);
    const isFolded = section.importance < OPEN_FROM && section.group !== undefined;
    if (last && isFolded && last[0].group === section.group && last[0].importance < OPEN_FROM)
      last.push(section);
    else groups.push([section]);
  }
  return groups;
}

function groupOf([first, ...others]: readonly [Section, ...Section[]], style: MarkdownStyle): Part {
  if (others.length === 0) return sectionOf(first, style);
  const sections = [first, ...others];
  const titles = sections.map(({ title }) =>
    title.replace(/^\p{Lu}(?=\p{Ll})/u, (start) => start.toLowerCase()),
  );
  return detailsPart({
    summary: `${first.group}: ${titles.join(', ')}`,
    parts: sections.map((section) => sectionOf(section, style)).filter((part) => part.full !== ''),
    importance: Math.max(...sections.map(({ importance }) => importance)),
    unit: style.unit,
    noun: 'section',
    open: false,
  });
}

function sectionOf({ title, importance, blocks }: Section, style: MarkdownStyle): Part {
  const { unit } = style;
  if (importance >= OPEN_FROM)
    return sectionPart({
      heading: `### ${escapeMarkdown(title, 120)}`,
      parts: blockParts(blocks, style),
      importance,
      unit,
    });
  const [only] = blocks;
  const isDoubleFold = blocks.length === 1 && only?.kind === 'details';
  return detailsPart({
    summary: isDoubleFold ? `${title}: ${only.summary}` : title,
    parts: blockParts(isDoubleFold ? only.blocks : blocks, style),
    importance,
    unit,
    noun: 'part',
    open: false,
  });
}

/** So many findings are shown at once; the others are folded. */
const OPEN_FINDINGS = 10;

function findingBlocks(findings: readonly Finding[]): Block[] {
  const rows = gravestFirst(findings).map((finding) => [
    `${SIGN[SEVERITY_STATUS[finding.severity]]} ${SEVERITY_WORD[finding.severity]}`,
    [{ code: findingPlace(finding) }],
    [{ strong: finding.title }, ' ', finding.message],
  ]);
  if (rows.length === 0) return [];
  const columns = ['Severity', 'Place', 'What is wrong'].map((title) => ({ title }));
  const [shown, folded] = [rows.slice(0, OPEN_FINDINGS), rows.slice(OPEN_FINDINGS)];
  const table: Block = { kind: 'table', columns, rows: shown };
  if (folded.length === 0) return [table];
  const more = `${grouped(folded.length)} more ${folded.length === 1 ? 'finding' : 'findings'}`;
  return [table, { kind: 'details', summary: more, blocks: [{ kind: 'table', columns, rows: folded }] }];
}
