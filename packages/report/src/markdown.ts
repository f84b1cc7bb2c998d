import { type Budget, fitParts, GAP, joinParts, type Part, sizeOf } from './budget.ts';
import { blockParts, detailsPart, type MarkdownStyle, sectionPart } from './markdown-blocks.ts';
import { escapeMarkdown, type LinkRule, linkTarget } from './markdown-text.ts';
import { marker } from './marker.ts';
import type { Block, Finding, Report, Status } from './model.ts';
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
  /** What the heading speaks of. Default: verb and subject of the report, or how many reports there are. */
  readonly title?: string;
  /** Puts the hidden marker of this key first, for a comment that is to be found again. */
  readonly key?: string;
  /** Where the whole report is (http or https). */
  readonly link?: string;
  /** Which links in the reports become links. Default: all. Reports from strangers deserve a stricter rule. */
  readonly mayLink?: LinkRule;
  /** Charts as Mermaid (default), or as sparklines where Mermaid is not drawn. */
  readonly charts?: 'mermaid' | 'unicode';
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

/**
 * Reports as GitHub's Markdown, of at most `budget.limit` in `budget.unit`. The worst verdict leads. What does not fit is left out
 * by importance, with counts; reports that fare worse are told first and fullest. Fences and details are always closed.
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
    mayLink: options.mayLink ?? (() => true),
    charts: options.charts ?? 'mermaid',
  };

  const fixed = sizeOf(joinParts([head, foot]), unit) + 2 * GAP.length + NOTE_ROOM;
  let room = limit - fixed;
  const overview = reports.length > 1 ? overviewPart(reports, style) : undefined;
  const overviewText = overview
    ? (fitParts([overview], Math.floor(room * OVERVIEW_SHARE), unit)[0] ?? '')
    : '';
  room -= sizeOf(overviewText, unit) + GAP.length;

  const parts =
    reports.length === 1 ? reportParts(reports[0]!, style) : worstFirst(reports).map(foldedReport(style));
  const texts = fitParts(parts, room, unit);
  const left = texts.filter((text) => text === '').length;
  const what = reports.length === 1 ? 'section' : 'report';
  const note =
    left === 0 ? '' : `_${left.toLocaleString('en')} ${what}${left === 1 ? '' : 's'} left out for space._`;
  return `${joinParts([head, overviewText, ...texts, note, foot])}\n`;
}

const NOTE_ROOM = 80;

function headOf(reports: readonly Report[], { key, title }: MarkdownOptions): string {
  const [worst] = worstFirst(reports);
  if (!worst) throw new RangeError('there is no report to render');
  const about =
    title ?? (reports.length === 1 ? `${worst.verb} ${worst.subject}` : `${reports.length} reports`);
  const heading = `## ${markdownStatus(worst.verdict.status)} · ${escapeMarkdown(about, 80)}`;
  return joinParts([key === undefined ? '' : marker(key), heading, verdictLine(reports, worst)]);
}

function verdictLine(reports: readonly Report[], worst: Report): string {
  const sentence = escapeMarkdown(worst.verdict.sentence, 300);
  if (reports.length === 1) return sentence === '' ? '' : `**${sentence}**`;
  return `**${escapeMarkdown(worst.subject, 60)}: ${sentence}**${GAP}${reports.length} reports: ${statusCounts(reports)}.`;
}

function footOf({ link }: MarkdownOptions): string {
  const url = link === undefined ? undefined : linkTarget(link);
  return url === undefined ? '' : `[Open the full report](${url})`;
}

function overviewPart(reports: readonly Report[], style: MarkdownStyle): Part {
  const rows = worstFirst(reports).map(({ verb, subject, verdict }) => [
    markdownStatus(verdict.status),
    subject,
    verb,
    verdict.sentence,
  ]);
  const columns = ['Status', 'Subject', 'Check', 'Verdict'].map((title) => ({ title }));
  return blockParts([{ kind: 'table', columns, rows }], style)[0]!;
}

/** One of several reports: closed unless it fails, since a reader opens what went wrong. */
function foldedReport(style: MarkdownStyle): (report: Report) => Part {
  return (report) => {
    const { status } = report.verdict;
    const summary = `${markdownStatus(status)} · ${report.subject} · ${report.verb}`;
    return detailsPart({
      summary,
      parts: reportParts(report, style),
      importance: gravity(status),
      unit: style.unit,
      noun: 'section',
      open: status === 'fail',
    });
  };
}

/** The sections of a report in their order, then its findings. */
function reportParts(report: Report, style: MarkdownStyle): Part[] {
  const { unit } = style;
  const sections = report.sections.map(({ title, importance, blocks }) =>
    sectionPart({
      heading: `### ${escapeMarkdown(title, 120)}`,
      parts: blockParts(blocks, style),
      importance,
      unit,
    }),
  );
  const findings = sectionPart({
    heading: '### Findings',
    parts: blockParts(findingBlocks(report.findings), style),
    importance: report.findings.some(({ severity }) => severity === 'error') ? 90 : 40,
    unit,
  });
  return [...sections, findings].filter((part) => part.full !== '');
}

function findingBlocks(findings: readonly Finding[]): Block[] {
  if (findings.length === 0) return [];
  const rows = gravestFirst(findings).map((finding) => [
    `${SIGN[SEVERITY_STATUS[finding.severity]]} ${SEVERITY_WORD[finding.severity]}`,
    [{ code: findingPlace(finding) }],
    [{ strong: finding.title }, ' ', finding.message],
  ]);
  const columns = ['Severity', 'Place', 'What is wrong'].map((title) => ({ title }));
  return [{ kind: 'table', columns, rows }];
}
