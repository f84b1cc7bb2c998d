import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Budget,
  COMMENT_BUDGET,
  type Inline,
  marker,
  type Report,
  renderMarkdown,
  SUMMARY_BUDGET,
} from '../src/index.ts';
import { nodesOf, parseGfm, proseOf } from './gfm.ts';
import { churnReport, findings, passing } from './sample.ts';

const HOSTILE = 'a\\|b](http://x) @org/team <!--rastro-->';

describe('a report in Markdown', () => {
  it('reads as agreed', async () => {
    await expect(
      renderMarkdown([churnReport()], { budget: COMMENT_BUDGET, link: 'https://example.org/run/1' }),
    ).toMatchFileSnapshot('./golden/compare.md.txt');
  });

  it('reads as agreed where Mermaid is not drawn', async () => {
    await expect(
      renderMarkdown([churnReport(), passing('train'), passing('test')], {
        budget: COMMENT_BUDGET,
        charts: 'unicode',
      }),
    ).toMatchFileSnapshot('./golden/several-unicode.md.txt');
  });

  it('keeps a hostile metric name in one cell: no link, no ping, no marker', () => {
    const report = withTable(['Metric', 'Value'], [[HOSTILE, '0.9']]);
    const root = parseGfm(renderMarkdown([report], { budget: COMMENT_BUDGET, key: 'pr' }));
    const [table] = nodesOf(root, 'table');
    expect(table?.children.map((row) => row.children.length)).toEqual([2, 2]);
    const shown = proseOf(root).join('').replaceAll('\u200b', '');
    expect(shown).toContain(HOSTILE);
    expect(nodesOf(root, 'link')).toEqual([]);
    expect(nodesOf(root, 'html').map(({ value }) => value)).toEqual([marker('pr')]);
    expect(proseOf(root).join('')).not.toMatch(/@\w/);
  });

  it('says a long verdict once: up to its colon as the heading, and the rest below', () => {
    const tail = 'roc_auc 0.7350 → 0.7365 (+0.0015), log_loss 0.43451 → 0.43373 (-0.00077) and 1 more';
    const sentence = `delay shows no clear difference from the baseline: ${tail}.`;
    const report = { ...passing('delay'), verdict: { status: 'pass' as const, sentence } };
    const [heading, below] = parseGfm(renderMarkdown([report], { budget: COMMENT_BUDGET })).children;
    expect(proseOf({ type: 'root', children: [heading!] }).join('')).toBe(
      '✅ delay shows no clear difference from the baseline',
    );
    expect(proseOf({ type: 'root', children: [below!] }).join('')).toBe(`${tail}.`);
  });

  it('gives GitLab no order, wherever a text stands', () => {
    const order = '/merge';
    const long = `${'x'.repeat(100)}: ${order} ${'x'.repeat(100)}`;
    const report = {
      ...passing(order),
      verdict: { status: 'warn' as const, sentence: long },
      sections: [
        {
          id: 'part',
          title: order,
          importance: 90,
          blocks: [
            { kind: 'paragraph' as const, text: order },
            { kind: 'paragraph' as const, text: [' ', order] },
            { kind: 'list' as const, items: [order] },
          ],
        },
      ],
    };
    const others = [order, long].map((sentence) => ({
      ...passing(order),
      verdict: { status: 'warn' as const, sentence },
    }));
    const markdown = renderMarkdown([report, ...others], { budget: COMMENT_BUDGET });
    expect(markdown).toContain('/merge');
    expect(markdown).not.toMatch(/^\s*\//m);
  });

  it('folds neighbours of one group together, under its name', () => {
    const section = (id: string, importance: number) => ({
      id,
      title: `The ${id}`,
      importance,
      group: 'More',
      blocks: [{ kind: 'paragraph' as const, text: id }],
    });
    const report = {
      ...passing('x'),
      sections: [section('gate', 80), section('slices', 40), section('thresholds', 10)],
    };
    const markdown = renderMarkdown([report], { budget: COMMENT_BUDGET });
    expect(markdown.match(/<summary>.*<\/summary>/g)).toEqual([
      '<summary>More: the slices, the thresholds</summary>',
      '<summary>The slices</summary>',
      '<summary>The thresholds</summary>',
    ]);
    expect(markdown).toContain('### The gate');
  });

  it('shows a code cell with backticks, and one with a pipe, in one cell', () => {
    const report = withTable(['A', 'B', 'C'], [[[{ code: '``x`' }], [{ code: 'a|b\\|c' }], 'end']]);
    const [table] = nodesOf(parseGfm(renderMarkdown([report], { budget: COMMENT_BUDGET })), 'table');
    const cells = table?.children[1]?.children.map((cell) => cell.children);
    expect(cells).toMatchObject([
      [{ type: 'inlineCode', value: '``x`' }],
      [{ type: 'text', value: 'a|b\\|c' }],
      [{ type: 'text', value: 'end' }],
    ]);
  });

  it('fences code with a fence that the code does not have', () => {
    const text = '```mermaid\nflowchart\n`````\n@org <!-- rastro:pr -->';
    const report = withBlocks([{ kind: 'code', language: 'mermaid', text }]);
    const root = parseGfm(renderMarkdown([report], { budget: COMMENT_BUDGET }));
    const [code] = nodesOf(root, 'code');
    expect(code?.lang).toBeNull();
    expect(code?.value.replaceAll('\u200b', '')).toBe(text);
    expect(code?.value).not.toContain('<!--');
  });

  it('writes the address of a link so that nothing in it is read as Markdown', () => {
    const report = withBlocks([
      {
        kind: 'paragraph',
        text: [{ link: 'the log', url: 'https://ours.org/a?b=1&copy=2' }],
      },
    ]);
    const markdown = renderMarkdown([report], { budget: COMMENT_BUDGET });
    expect(nodesOf(parseGfm(markdown), 'link').map(({ url }) => url)).toEqual([
      'https://ours.org/a?b=1&copy=2',
    ]);
  });

  it('draws with Mermaid only what no title can break out of', () => {
    const report = withBlocks([
      {
        kind: 'chart',
        chart: {
          type: 'bar',
          title: 'a"\n```\nclick A href "javascript:x" %%{init}%%',
          x: { title: '";`', categories: ['one"]', 'two; drop'] },
          y: { title: '@org' },
          series: [
            {
              name: '"]',
              points: [
                [0, 1],
                [1, 2],
              ],
            },
          ],
        },
      },
    ]);
    const [code] = nodesOf(parseGfm(renderMarkdown([report], { budget: COMMENT_BUDGET })), 'code');
    expect(code?.value.split('\n').slice(1)).toEqual([
      'xychart-beta',
      '  title "a click A href javascript:x init"',
      '  x-axis "-" ["one", "two drop"]',
      '  y-axis "org" 0 --> 2',
      '  bar [1, 2]',
    ]);
  });

  it('falls back to numbers where Mermaid would draw something else', () => {
    const report = withBlocks([
      {
        kind: 'chart',
        chart: {
          type: 'bar',
          title: 'Two sets of bars',
          x: { title: 'class', categories: ['a', 'b'] },
          y: { title: 'recall' },
          series: [
            {
              name: 'old',
              points: [
                [0, 0.5],
                [1, 0.7],
              ],
            },
            {
              name: 'new',
              points: [
                [0, 0.6],
                [1, 0.65],
              ],
            },
          ],
        },
      },
    ]);
    const markdown = renderMarkdown([report], { budget: COMMENT_BUDGET });
    expect(markdown).not.toContain('mermaid');
    expect(markdown).toContain('- old: ▁█ 0.5 → 0.7');
  });
});

describe('any text of a user', () => {
  it('yields no link, image, HTML, mention or second cell', () => {
    fc.assert(
      fc.property(hostileText(), hostileText(), (one, two) => {
        const markdown = renderMarkdown([reportFullOf(one, two)], { budget: COMMENT_BUDGET, key: 'pr' });
        const root = parseGfm(markdown);
        for (const type of [
          'link',
          'image',
          'linkReference',
          'imageReference',
          'footnoteReference',
          'definition',
        ] as const) {
          expect(nodesOf(root, type)).toEqual([]);
        }
        for (const { value } of nodesOf(root, 'html')) {
          expect(
            value.replaceAll(/<\/?(details|summary)( open)?>/g, '').replace(marker('pr'), ''),
          ).not.toMatch(/[<>]/);
        }
        for (const text of proseOf(root)) {
          expect(text).not.toMatch(/@[\w-]|#\d|GH-\d|https?:\/\/|www\.|\b(?=\d*[a-f])[0-9a-f]{7,40}\b/i);
        }
        for (const table of nodesOf(root, 'table')) {
          for (const row of table.children)
            expect(row.children.length).toBe(table.children[0]!.children.length);
        }
        expect(markdown.split('<!--')).toHaveLength(2);
        expect(nodesOf(root, 'thematicBreak')).toEqual([]);
        expect(nodesOf(root, 'heading').length).toBe(3);
        expect(nodesOf(root, 'blockquote')).toEqual([]);
        expectBalanced(markdown);
      }),
      { numRuns: 100 },
    );
  });

  it('never goes over the budget, and leaves no fence or details open', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(hostileText(), hostileText()), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 6000, max: 30_000 }),
        fc.constantFrom<Budget['unit']>('characters', 'bytes'),
        fc.integer({ min: 1, max: 300 }),
        (texts, limit, unit, repeat) => {
          const reports = texts.map(([one, two]) => reportFullOf(one.repeat(repeat), two.repeat(repeat)));
          const markdown = renderMarkdown(reports, {
            budget: { limit, unit },
            key: 'pr',
            link: 'https://example.org',
          });
          expect(measure(markdown, unit)).toBeLessThanOrEqual(limit);
          expectBalanced(markdown);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('more than fits', () => {
  it('shows 10,000 findings by gravity, with a count of the rest', () => {
    const report = { ...churnReport(), findings: [...findings(9000, 'warning'), ...findings(1000, 'error')] };
    const markdown = renderMarkdown([report], { budget: COMMENT_BUDGET });
    expect(markdown.length).toBeLessThanOrEqual(65_536);
    expect(markdown.length).toBeGreaterThan(60_000);
    const shown = markdown.match(/❌ Error/g)!.length + (markdown.match(/⚠️ Warning/g)?.length ?? 0);
    expect(markdown).toContain(`_and ${(10_000 - shown).toLocaleString('en')} more_`);
    expect(markdown).toContain('<summary>Lineage</summary>');
  });

  it('tells of 500 models within a comment: the worst first, each counted', () => {
    const reports = Array.from({ length: 500 }, (_, index) =>
      index % 50 === 7 ? { ...churnReport(), subject: `model-${index}` } : passing(`model-${index}`),
    );
    const markdown = renderMarkdown(reports, { budget: COMMENT_BUDGET, link: 'https://example.org/run/1' });
    expect(markdown.length).toBeLessThanOrEqual(65_536);
    expect(markdown).toContain('500 checks: 10 fail, 490 pass');
    expect(markdown.indexOf('compare model-457 |')).toBeLessThan(markdown.indexOf('validate model-0 |'));
    expect(markdown.match(/<details open>/g)).toHaveLength(10);
    expect(markdown).toContain('[Open the full report](https://example.org/run/1)');
    expectBalanced(markdown);
  });

  it('keeps 500 failing models with 20 findings each within a step summary, in bytes', () => {
    const reports = Array.from({ length: 500 }, (_, index) => ({
      ...churnReport(),
      subject: `模型-${index}`,
      findings: findings(20),
    }));
    const markdown = renderMarkdown(reports, { budget: SUMMARY_BUDGET });
    expect(measure(markdown, 'bytes')).toBeLessThanOrEqual(1_048_576);
    expect(markdown).toMatch(/_\d+ reports left out for space\._/);
    expectBalanced(markdown);
  });

  it('shortens the less important section first', () => {
    const long = 'word '.repeat(300);
    const section = (id: string, importance: number): Report['sections'][number] => ({
      id,
      title: id,
      importance,
      blocks: Array.from({ length: 5 }, () => ({ kind: 'paragraph', text: long })),
    });
    const report = { ...passing('x'), sections: [section('minor', 10), section('major', 90)] };
    const markdown = renderMarkdown([report], { budget: { limit: 12_000, unit: 'characters' } });
    const [minor, major] = markdown.split('### major');
    expect(minor).toContain('_3 more parts left out for space_');
    expect(major).not.toContain('left out');
  });
});

function withBlocks(blocks: Report['sections'][number]['blocks']): Report {
  return { ...passing('x'), sections: [{ id: 'part', title: 'Part', importance: 80, blocks }] };
}

function withTable(titles: string[], rows: (string | Inline[])[][]): Report {
  return withBlocks([{ kind: 'table', columns: titles.map((title) => ({ title })), rows }]);
}

/** A report that puts two texts wherever a text may stand. */
function reportFullOf(one: string, two: string): Report {
  return {
    ...withBlocks([
      { kind: 'paragraph', text: one },
      { kind: 'paragraph', text: [one, two, { strong: one }, { code: two }, one] },
      { kind: 'list', items: [one, [two, one]] },
      { kind: 'facts', items: [{ label: one, value: two }] },
      {
        kind: 'table',
        columns: [{ title: one }, { title: two, align: 'right' }],
        rows: [[one, two], [[{ code: one }], [{ strong: two }]], [one], [one, two, one]],
      },
      { kind: 'code', language: two, text: one },
      {
        kind: 'chart',
        chart: {
          type: 'line',
          title: one,
          x: { title: two },
          y: { title: one },
          series: [
            {
              name: two,
              points: [
                [0, 1],
                [1, 3],
              ],
            },
          ],
        },
      },
      { kind: 'details', summary: one, blocks: [{ kind: 'paragraph', text: two }] },
    ]),
    subject: one.slice(0, 200),
    verdict: { status: 'warn', sentence: two },
    findings: [{ severity: 'error', title: one, message: two, file: one }],
  };
}

/** Text made of what Markdown and GitHub act on, and of anything else. */
function hostileText(): fc.Arbitrary<string> {
  const bait = fc.constantFrom(
    ...[
      '@',
      '@org',
      '#',
      '#12',
      'GH-1',
      'http://',
      'https://evil.example',
      'www.',
      'www.evil.example',
      'a@b.co',
      'mailto:',
    ],
    ...[
      '[',
      ']',
      '(',
      ')',
      '](',
      '![',
      '[x](http://y)',
      '<',
      '>',
      '<b>',
      '<!--',
      '-->',
      '</details>',
      '&lt;',
      '&#64;org',
    ],
    ...[
      '|',
      '\\',
      '\\|',
      '`',
      '```',
      '~~~',
      '*',
      '**',
      '_',
      '~',
      '$',
      '$x$',
      ':tada:',
      '\n',
      '\n\n',
      '\r',
      '\t',
      ' ',
      '    ',
    ],
    ...[
      '- ',
      '+ ',
      '1. ',
      '# ',
      '> ',
      '===',
      '---',
      '[^1]',
      '[^1]: x',
      '[a]: http://b',
      '%%{',
      '"',
      "'",
      'a',
      'abcdef1',
      '1234567',
    ],
    ...[
      '\u200b',
      '\u202e',
      '\ufeff',
      '\u0000',
      '\u001b[31m',
      '\ud800',
      '模',
      '👩‍🔬',
      '\u2028',
      ':',
      '/',
      '//',
    ],
  );
  const piece = fc.oneof(
    { weight: 6, arbitrary: bait },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
  );
  return fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
}

function measure(text: string, unit: Budget['unit']): number {
  return unit === 'bytes' ? Buffer.byteLength(text) : text.length;
}

/** Every details and every fence that opens also closes: seen by a sentence after the end, which must be a paragraph of its own. */
function expectBalanced(markdown: string): void {
  const root = parseGfm(`${markdown}\n\nafter-the-end`);
  expect(root.children.at(-1)).toMatchObject({
    type: 'paragraph',
    children: [{ type: 'text', value: 'after-the-end' }],
  });
  const html = nodesOf(root, 'html')
    .map(({ value }) => value)
    .join('\n');
  expect(html.match(/<details/g)?.length ?? 0).toBe(html.match(/<\/details>/g)?.length ?? 0);
}
