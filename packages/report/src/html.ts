import { sha256 } from '@noble/hashes/sha2.js';
import { summaryOfOthers } from './headline.ts';
import { htmlChart } from './html-chart.ts';
import { htmlGraph } from './html-graph.ts';
import { html, Markup, NOTHING, preformatted } from './html-markup.ts';
import { PLOT_SCRIPT, SCRIPT } from './html-script.ts';
import { STYLE } from './html-style.ts';
import type { Block, Finding, Inline, Report, Section, Status, Text } from './model.ts';
import { grouped, manyLines, oneLine, piecesOf } from './plain-text.ts';
import { PLOTTING_SCRIPT, PLOTTING_STYLE } from './plotting-library.ts';
import { commandsToRepeat, type Source } from './repeat.ts';
import {
  findingPlace,
  gravestFirst,
  SEVERITY_STATUS,
  SEVERITY_WORD,
  STATUS_WORD,
  statusCounts,
  worstFirst,
} from './status.ts';
import { webAddress } from './web-address.ts';

export interface HtmlOptions {
  readonly title: string;
  /** What the reports were made from, such as "commit a1b2c3d of main"; shown at the top and the bottom. */
  readonly generatedFrom: string;
  /** What a reader must know of where the reports come from; stands over the verdict. */
  readonly note?: string;
  /** For the commands that make the reports again. */
  readonly source?: Source;
}

/**
 * Reports as one HTML page that needs nothing else: no network, fonts or files. Light and dark, for screen readers and for paper.
 * Its policy allows this page's own style and script by their hashes and nothing more.
 *
 * @throws RangeError when there is no report.
 */
export function renderHtml(
  reports: readonly Report[],
  { title, generatedFrom, note, source }: HtmlOptions,
): string {
  const sorted = worstFirst(reports);
  const [worst] = sorted;
  if (!worst) throw new RangeError('there is no report to render');
  const hasCharts = reports.some(({ sections }) =>
    sections.some(({ blocks }) => blocks.some(isOrHoldsChart)),
  );
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${hasCharts ? PLOTTING_POLICY : PLAIN_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${STATUS_WORD[worst.verdict.status]}: ${title}</title>
<style>${new Markup(STYLE)}</style>
${hasCharts ? html`<style>${new Markup(PLOTTING_STYLE)}</style>` : NOTHING}
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
<div class="page">
<header>
<h1>${title}</h1>
<p class="muted">Generated from ${generatedFrom}</p>
${note ? html`<p>${note}</p>` : NOTHING}
${lead(sorted, worst)}
</header>
${contents(sorted)}
<main id="content">
${sorted.map((report, index) => (hasMore(report) || sorted.length === 1 ? article(report, `r${index + 1}`, sorted.length > 1) : NOTHING))}
${repeatOf(commandsToRepeat(reports, source))}
</main>
<footer>Rastro report, generated from ${generatedFrom}.</footer>
</div>
<script>${new Markup(SCRIPT)}</script>
${
  hasCharts
    ? html`<script>${new Markup(PLOTTING_SCRIPT)}</script>
<script>${new Markup(PLOT_SCRIPT)}</script>`
    : NOTHING
}
</body>
</html>
`;
  return page.text;
}

function policy(styles: readonly string[], scripts: readonly string[]): string {
  const hashes = (texts: readonly string[]) =>
    texts
      .map((text) => {
        const bytes = sha256(new TextEncoder().encode(text));
        return `'sha256-${btoa(String.fromCharCode(...bytes))}'`;
      })
      .join(' ');
  return `default-src 'none'; style-src ${hashes(styles)}; script-src ${hashes(scripts)}; base-uri 'none'; form-action 'none'`;
}

const PLAIN_POLICY = policy([STYLE], [SCRIPT]);
const PLOTTING_POLICY = policy([STYLE, PLOTTING_STYLE], [SCRIPT, PLOTTING_SCRIPT, PLOT_SCRIPT]);

function repeatOf(commands: readonly string[]): Markup {
  if (commands.length === 0) return NOTHING;
  return html`<section id="repeat" aria-labelledby="repeat-title">
<h2 id="repeat-title">Reproduce on your machine</h2>
<pre tabindex="0"><code>${preformatted(commands.join('\n'))}</code></pre>
</section>
`;
}

function isOrHoldsChart(block: Block): boolean {
  return block.kind === 'chart' || (block.kind === 'details' && block.blocks.some(isOrHoldsChart));
}

function lead(reports: readonly Report[], worst: Report): Markup {
  const { status, sentence } = worst.verdict;
  const counts =
    reports.length === 1
      ? NOTHING
      : html`${summaryOfOthers(reports).map((text) => html`<p>${text}</p>`)}<p class="muted">${reports.length} reports: ${statusCounts(reports)}.</p>`;
  return html`<div class="verdict ${status}">${badge(status)}<p>${sentence}</p></div>${counts}`;
}

/** Signs differ in shape, so that they are told apart without colour; the word always stands beside. */
const SIGN_PATH: Readonly<Record<Status, string>> = {
  pass: 'M2 8.5 6 12.5 14 3.5',
  warn: 'M8 2 15 14H1ZM8 6.5V10M8 12v.4',
  fail: 'M3 3 13 13M13 3 3 13',
  info: 'M8 7V13M8 3v.6',
};

function badge(status: Status, word = STATUS_WORD[status]): Markup {
  return html`<span class="badge ${status}"><svg viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="${SIGN_PATH[status]}"/></svg>${word}</span>`;
}

function contents(reports: readonly Report[]): Markup {
  const [only] = reports;
  if (reports.length === 1 && only) {
    const items = only.sections.map(
      ({ title }, index) => html`<li><a href="#r1-${index + 1}">${title}</a></li>`,
    );
    const findings =
      only.findings.length === 0 ? NOTHING : html`<li><a href="#r1-findings">Findings</a></li>`;
    return html`<nav aria-label="Contents"><ul>${items}${findings}</ul></nav>`;
  }
  const rows = reports.map((report, index) => {
    const { subject, verb, verdict } = report;
    const name = hasMore(report) ? html`<a href="#r${index + 1}">${subject}</a>` : html`${subject}`;
    return html`<tr><td>${badge(verdict.status)}</td><th scope="row">${name}</th><td>${verb}</td><td>${verdict.sentence}</td></tr>`;
  });
  const head = html`<tr><th scope="col">Status</th><th scope="col">Subject</th><th scope="col">Check</th><th scope="col">Verdict</th></tr>`;
  return html`<nav aria-label="Reports"><h2>All reports</h2>${frame('All reports', head, rows)}</nav>`;
}

/** Whether a report says more than its verdict, which stands in the table of all reports. */
function hasMore({ sections, findings }: Report): boolean {
  return sections.length > 0 || findings.length > 0;
}

function article(report: Report, id: string, isOneOfMany: boolean): Markup {
  const { status, sentence } = report.verdict;
  const own = isOneOfMany
    ? html`<div class="verdict ${status}">${badge(status)}<p>${sentence}</p></div>`
    : NOTHING;
  return html`<article id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${report.subject} <span class="muted">${report.verb}</span></h2>
${own}${report.sections.map((section, index) => sectionOf(section, `${id}-${index + 1}`))}${findingsOf(report.findings, id)}
</article>
`;
}

function sectionOf({ title, blocks }: Section, id: string): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title">${title}</h3>
${blocksOf(blocks, { id, title })}
</section>
`;
}

/** Where blocks stand: a stem for their ids, and what tables in it are called. */
interface Spot {
  readonly id: string;
  readonly title: string;
}

function blocksOf(blocks: readonly Block[], { id, title }: Spot): Markup[] {
  return blocks.map((block, index) => blockOf(block, { id: `${id}-${index + 1}`, title }));
}

function blockOf(block: Block, spot: Spot): Markup {
  switch (block.kind) {
    case 'paragraph':
      return html`<p>${inline(block.text)}</p>`;
    case 'list':
      return html`<ul>${block.items.map((item) => html`<li>${inline(item)}</li>`)}</ul>`;
    case 'facts':
      return html`<dl>${block.items.map(({ label, value }) => html`<dt>${label}</dt><dd>${inline(value)}</dd>`)}</dl>`;
    case 'table':
      return tableOf(block, spot.title);
    case 'code':
      return html`<pre tabindex="0"><code>${preformatted(manyLines(block.text).trimEnd())}</code></pre>`;
    case 'chart':
      return htmlChart(block.chart, spot.id);
    case 'graph':
      return htmlGraph(block.graph, spot.id);
    case 'details':
      return html`<details><summary>${block.summary || 'Details'}</summary>${blocksOf(block.blocks, { id: spot.id, title: block.summary || spot.title })}</details>`;
  }
}

function tableOf({ columns, rows, more }: Extract<Block, { kind: 'table' }>, title: string): Markup {
  const align = (column: number) => columns[column]?.align ?? 'left';
  const head = html`<tr>${columns.map((column, index) => html`<th scope="col" class="${align(index)}">${column.title}</th>`)}</tr>`;
  const body = rows.map(
    (row) =>
      html`<tr>${columns.map((_, index) =>
        index === 0
          ? html`<th scope="row" class="${align(0)}">${inline(row[0] ?? '')}</th>`
          : html`<td class="${align(index)}">${inline(row[index] ?? '')}</td>`,
      )}</tr>`,
  );
  return html`${frame(title, head, body)}${more ? html`<p class="muted">and ${grouped(more)} more</p>` : NOTHING}`;
}

function findingsOf(findings: readonly Finding[], id: string): Markup {
  if (findings.length === 0) return NOTHING;
  const head = html`<tr><th scope="col">Severity</th><th scope="col">Place</th><th scope="col">What is wrong</th></tr>`;
  const rows = gravestFirst(findings).map((finding) => {
    const place = findingPlace(finding);
    const where = place === '' ? NOTHING : html`<code>${place}</code>`;
    return html`<tr><th scope="row">${badge(SEVERITY_STATUS[finding.severity], SEVERITY_WORD[finding.severity])}</th><td>${where}</td><td><strong>${finding.title}</strong> ${finding.message}</td></tr>`;
  });
  return html`<section id="${id}-findings" aria-labelledby="${id}-findings-title">
<h3 id="${id}-findings-title">Findings</h3>
${frame('Findings', head, rows)}
</section>
`;
}

/** A table in a frame that scrolls sideways, by keyboard too. */
function frame(title: string, head: Markup, rows: readonly Markup[]): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${title}"><table>
<caption class="unseen">${title}</caption>
<thead>${head}</thead>
<tbody>${rows}</tbody>
</table></div>
`;
}

function inline(text: Text): Markup {
  return html`${piecesOf(text).map(pieceOf)}`;
}

function pieceOf(piece: Inline): Markup {
  if (typeof piece === 'string') return html`${spaceBefore(piece)}${piece}${spaceAfter(piece)}`;
  if ('code' in piece) return html`<code>${piece.code}</code>`;
  if ('strong' in piece) return html`<strong>${piece.strong}</strong>`;
  const address = webAddress(piece.url);
  if (address === undefined) return html`${piece.link}`;
  return html`<a href="${address}" rel="noopener noreferrer">${piece.link || address}</a>`;
}

const SPACE = new Markup(' ');

function spaceBefore(piece: string): Markup {
  return /^\s/u.test(piece) && oneLine(piece) !== '' ? SPACE : NOTHING;
}

/** Also the one space of a piece that is nothing else. */
function spaceAfter(piece: string): Markup {
  return /\s$/u.test(piece) ? SPACE : NOTHING;
}
