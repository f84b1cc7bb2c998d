import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import { type Report, renderHtml } from '../src/index.ts';
import { churnReport, findings, passing } from './sample.ts';

type Element = DefaultTreeAdapterTypes.Element;

const ABOUT = { title: 'Pull request 41', generatedFrom: 'commit a1b2c3d' };

describe('a report as a page', () => {
  it('allows its own style and script by hash and nothing else', () => {
    const elements = elementsOf(renderHtml([churnReport()], ABOUT));
    const meta = elements.find((element) => attribute(element, 'http-equiv') === 'Content-Security-Policy');
    const policy = attribute(meta!, 'content');
    expect(policy).toContain("default-src 'none'");
    for (const name of ['style', 'script']) {
      const own = elements.filter(({ tagName }) => tagName === name);
      const hashes = own.map((element) => createHash('sha256').update(textOf(element)).digest('base64'));
      expect(policy).toContain(`${name}-src ${hashes.map((hash) => `'sha256-${hash}'`).join(' ')};`);
    }
  });

  it('carries the plotting library only for charts, and is then within 80 kB of what it says', () => {
    const withCharts = renderHtml([churnReport()], ABOUT);
    const without = renderHtml([passing('train')], ABOUT);
    expect(withCharts).toContain('Leon Sorokin');
    expect(without).not.toContain('uPlot');
    expect(without.length).toBeLessThan(20_000);
    expect(withCharts.length - without.length).toBeLessThan(80_000);
  });

  it('loads nothing, and styles nothing inline', () => {
    for (const { tagName, attrs } of elementsOf(renderHtml([churnReport()], ABOUT))) {
      expect(['img', 'link', 'iframe', 'object', 'embed', 'base', 'form', 'image', 'use']).not.toContain(
        tagName,
      );
      for (const { name } of attrs) expect(name).not.toMatch(/^(on.*|src|srcset|style)$/);
    }
  });

  it('has landmarks, headings in order, and unique ids that links find', () => {
    const elements = elementsOf(renderHtml([churnReport(), passing('train')], ABOUT));
    const names = elements.map(({ tagName }) => tagName);
    for (const landmark of ['header', 'nav', 'main', 'footer'])
      expect(names.filter((name) => name === landmark)).toHaveLength(1);
    const levels = names.filter((name) => /^h\d$/.test(name)).map((name) => Number(name[1]));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [index, level] of levels.entries())
      expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    const ids = elements.map((element) => attribute(element, 'id')).filter((id) => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
    for (const element of elements) {
      const target = attribute(element, 'href');
      if (target?.startsWith('#')) expect(ids).toContain(target.slice(1));
      for (const name of ['aria-labelledby', 'aria-describedby']) {
        const id = attribute(element, name);
        if (id !== undefined) expect(ids).toContain(id);
      }
    }
  });

  it('names every table and every column, and tells every chart in words', () => {
    const elements = elementsOf(renderHtml([churnReport()], ABOUT));
    for (const table of elements.filter(({ tagName }) => tagName === 'table')) {
      expect(childrenOf(table)[0]?.tagName).toBe('caption');
    }
    for (const head of elements.filter(({ tagName }) => tagName === 'th')) {
      expect(attribute(head, 'scope')).toMatch(/^(col|row)$/);
    }
    const words = elements.filter(({ tagName }) => tagName === 'desc').map(textOf);
    expect(words).toEqual([
      'accuracy: 0.88 → 0.891, between 0.88 and 0.912',
      'baseline: 0 → 1. candidate: 0 → 1',
    ]);
  });

  it('says the status in words', () => {
    const page = renderHtml([churnReport(), passing('train')], ABOUT);
    expect(page).toContain('<title>Fail: Pull request 41</title>');
    expect(page).toContain('</svg>Pass</span>');
  });

  it('has the same elements whatever the users wrote', () => {
    const shape = (text: string) =>
      elementsOf(renderHtml([reportFullOf(text)], { title: text, generatedFrom: text })).map(
        ({ tagName, attrs }) => `${tagName} ${attrs.map(({ name }) => name).join(' ')}`,
      );
    const calm = shape('calm');
    fc.assert(
      fc.property(hostileText(), (text) => {
        expect(shape(`a${text}`)).toEqual(calm);
      }),
      { numRuns: 60 },
    );
  });

  it('puts what was made of nothing right before what was made of it, so that no edge runs behind a node', () => {
    const report = passing('x');
    const graph = {
      title: 'Lineage',
      nodes: ['train', 'fit', 'model', 'test', 'judge'].map((id) => ({ id, title: id })),
      edges: ['train fit', 'fit model', 'model judge', 'test judge'].map(
        (edge) => edge.split(' ') as [string, string],
      ),
    };
    report.sections.push({ id: 'part', title: 'Part', importance: 1, blocks: [{ kind: 'graph', graph }] });
    const boxes = elementsOf(renderHtml([report], ABOUT)).filter(
      (element) => attribute(element, 'class') === 'box',
    );
    const [train, fit, model, held, judge] = boxes.map((box) => Number(attribute(box, 'x')));
    expect([train! < fit!, fit! < model!, held === model, model! < judge!]).toEqual([true, true, true, true]);
  });

  it('tells the ticks of a narrow axis apart', () => {
    const report = passing('x');
    const chart = {
      type: 'line' as const,
      title: 'AUC',
      x: { title: 'release', categories: ['a', 'b'] },
      y: { title: 'auc' },
      series: [
        {
          name: 'auc',
          points: [
            [0, 0.999921],
            [1, 0.999926],
          ] as [number, number][],
        },
      ],
    };
    report.sections.push({ id: 'part', title: 'Part', importance: 1, blocks: [{ kind: 'chart', chart }] });
    const ticks = elementsOf(renderHtml([report], ABOUT))
      .filter((element) => attribute(element, 'text-anchor') === 'end')
      .map(textOf);
    expect(ticks.length).toBeGreaterThan(2);
    expect(new Set(ticks).size).toBe(ticks.length);
  });

  it('has no part of its own for a report that is only its verdict, when there are several', () => {
    const page = renderHtml([churnReport(), passing('train')], ABOUT);
    expect(page).toContain('href="#r1"');
    expect(page).not.toContain('href="#r2"');
    expect(page).not.toContain('id="r2"');
  });

  it('never links to anything but the web', () => {
    const report = passing('x');
    const text = [{ link: 'click', url: 'javascript:alert(1)' }];
    report.sections.push({ id: 'part', title: 'Part', importance: 1, blocks: [{ kind: 'paragraph', text }] });
    const page = renderHtml([report], ABOUT);
    expect(page).toContain('click');
    expect(page).not.toContain('javascript:');
  });

  it('holds 500 models and 10,000 findings', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({
      ...churnReport(),
      subject: `model-${index}`,
      findings: findings(20),
    }));
    const rows = renderHtml(many, ABOUT).split('out of range').length - 1;
    expect(rows).toBe(10_000);
  });
});

function reportFullOf(text: string): Report {
  return {
    ...passing(text.slice(0, 200)),
    verdict: { status: 'warn', sentence: text },
    sections: [
      {
        id: 'part',
        title: text,
        importance: 50,
        blocks: [
          {
            kind: 'paragraph',
            text: [text, { code: text }, { strong: text }, { link: text, url: 'https://example.org' }],
          },
          { kind: 'list', items: [text] },
          { kind: 'facts', items: [{ label: text, value: text }] },
          { kind: 'table', columns: [{ title: text }], rows: [[text]] },
          { kind: 'code', language: text, text },
          {
            kind: 'chart',
            chart: {
              type: 'bar',
              title: text,
              x: { title: text, categories: [text] },
              y: { title: text },
              series: [{ name: text, points: [[0, 1]] }],
            },
          },
          { kind: 'details', summary: text, blocks: [] },
        ],
      },
    ],
    findings: [{ severity: 'error', title: text, message: text, file: text }],
  };
}

function hostileText(): fc.Arbitrary<string> {
  const bait = fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '&',
    '</script>',
    '<script>',
    '<!--',
    '-->',
    '</style>',
    '<img src=x onerror=y>',
    '&lt;',
    '\n',
    '=',
    '`',
    '${',
    '</svg>',
    ']]>',
  );
  return fc
    .array(fc.oneof(bait, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 8 })
    .map((pieces) => pieces.join(''));
}

function elementsOf(page: string): Element[] {
  const found: Element[] = [];
  const walk = (node: DefaultTreeAdapterTypes.Node) => {
    if ('tagName' in node) found.push(node);
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(parse(page));
  return found;
}

function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name === name)?.value;
}

function childrenOf(element: Element): Element[] {
  return element.childNodes.filter((node): node is Element => 'tagName' in node);
}

function textOf(element: Element): string {
  return element.childNodes.map((node) => ('value' in node ? node.value : '')).join('');
}
