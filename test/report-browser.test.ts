import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Report, renderHtml, renderMarkdown } from '@rastro/report';
import { temporaryDirectory } from '@rastro/testkit';
import fc from 'fast-check';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { churnReport, findings, passing } from '../packages/report/test/sample.ts';
import { openBrowser, realChromium, screenshotPath } from './browser.ts';
import { mermaidScript, openComment, watch } from './comment-page.ts';

const chromium = realChromium();
const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const goldenFolders = ['packages/report/test/golden', 'test/golden'].map((folder) =>
  join(import.meta.dirname, '..', folder),
);

describe.skipIf(!chromium)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(chromium!);
  });
  afterAll(() => browser?.close());

  describe('the HTML report', () => {
    test('opens without a network request or an error, in light and dark, and passes axe', async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, said, asked } = await openReport(browser, { colorScheme });
        await showAllCharts(page);
        expect(await violations(page)).toEqual([]);
        expect(said).toEqual([]);
        expect(asked).toEqual([]);
        await page.screenshot({ path: screenshotPath(`report-${colorScheme}`), fullPage: true });
        await page.context().close();
      }
    });

    test('draws each chart for a pointer to explore, and hides a series at the press of its key', async () => {
      const { page, said } = await openReport(browser);
      await showAllCharts(page);
      expect(await page.locator('figure[data-plot]').count()).toBe(3);
      expect(await page.locator('.uplot canvas').count()).toBe(3);
      const roc = page.locator('figure', { hasText: 'ROC' }).first();
      await roc.locator('.u-over').hover();
      expect(await roc.locator('.readout').textContent()).toMatch(
        /False positive rate .*baseline .*candidate/,
      );
      const key = roc.getByRole('button', { name: /candidate/ });
      await key.click();
      expect(await key.getAttribute('aria-pressed')).toBe('false');
      await roc.locator('.u-over').hover({ position: { x: 300, y: 60 } });
      expect(await roc.locator('.readout').textContent()).not.toContain('candidate');
      expect(said).toEqual([]);
    });

    test('tells the values of a chart by keyboard, from point to point', async () => {
      const { page, said } = await openReport(browser);
      await showAllCharts(page);
      const roc = page.locator('figure', { hasText: 'ROC' }).first();
      const readout = roc.getByRole('status');
      await roc.locator('.plot').focus();
      const told: (string | null)[] = [];
      for (const key of ['Home', 'ArrowRight', 'End', 'ArrowLeft', 'Home']) {
        await page.keyboard.press(key);
        told.push(await readout.textContent());
      }
      expect(new Set(told).size).toBe(4);
      expect(told[0]).toMatch(/^False positive rate 0 .*baseline 0 .*candidate 0/);
      expect(told[4]).toBe(told[0]);
      expect(said).toEqual([]);
    });

    test('sorts a table by numbers and back, by keyboard', async () => {
      const { page } = await openReport(browser);
      const table = page.locator('table', { hasText: 'row-2' }).first();
      const head = table.getByRole('button', { name: 'Value' });
      const rows = () => table.locator('tbody th').allTextContents();
      await head.focus();
      await page.keyboard.press('Enter');
      expect(await rows()).toEqual(['row-3', 'row-1', 'row-2']);
      await page.keyboard.press('Enter');
      expect(await rows()).toEqual(['row-2', 'row-1', 'row-3']);
    });

    test('prints the still drawings, and opens what is folded', async () => {
      const { page } = await openReport(browser);
      await showAllCharts(page);
      await page.emulateMedia({ media: 'print' });
      await page.evaluate('dispatchEvent(new Event("beforeprint"))');
      expect(await page.locator('.live').first().isVisible()).toBe(false);
      const still = await page.locator('figure[data-plot] .plot > svg').first().boundingBox();
      expect(still!.width).toBeGreaterThan(300);
      expect(await page.locator('details:not(.data):not([open])').count()).toBe(0);
    });

    test('says everything without scripts', async () => {
      const { page } = await openReport(browser, { javaScriptEnabled: false });
      expect(await page.locator('figure[data-plot] .plot > svg').first().isVisible()).toBe(true);
      expect(await page.locator('.graph svg').isVisible()).toBe(true);
    });
  });

  describe('Mermaid', () => {
    let page: Page;
    beforeAll(async () => {
      page = await browser.newPage();
      await page.goto('about:blank');
      await page.addScriptTag({ path: mermaidScript });
      await page.evaluate('mermaid.initialize({ startOnLoad: false })');
    });

    test('draws every chart of the golden reports', async () => {
      const sources = goldenFolders
        .flatMap(goldenFiles)
        .flatMap((path) => mermaidBlocks(readFileSync(path, 'utf8')));
      expect(sources.length).toBeGreaterThan(0);
      for (const source of sources) await draw(page, source);
    });

    test('draws charts and graphs whatever they are called', async () => {
      const name = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.constantFrom(
          '"]; click A "https://evil.example"',
          '%%{init: {}}%%',
          '`',
          'end',
          '[x] --> y',
          '&quot;#35;',
        ),
      );
      await fc.assert(
        fc.asyncProperty(
          name,
          name,
          fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 2, maxLength: 6 }),
          async (one, two, values) => {
            for (const source of mermaidBlocks(
              renderMarkdown([named(one, two, values)], { budget: { limit: 60_000, unit: 'characters' } }),
            ))
              await draw(page, source);
          },
        ),
        { numRuns: 60 },
      );
    });
  });

  test.each(['light', 'dark'] as const)(
    'a comment reads as on GitHub in %s, with its charts drawn',
    async (colorScheme) => {
      const [path] = goldenFiles(goldenFolders[1]!).filter((each) => each.includes('adult-v1-to-v2'));
      const markdown = path
        ? readFileSync(path, 'utf8')
        : renderMarkdown([everyBlock()], { budget: { limit: 60_000, unit: 'characters' } });
      const { page, drawn, said } = await openComment(browser, markdown, { colorScheme });
      expect(drawn).toBeGreaterThan(0);
      expect(await page.locator('h2').count()).toBe(1);
      await page.screenshot({ path: screenshotPath(`comment-${colorScheme}`), fullPage: true });
      await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
      await page.screenshot({ path: screenshotPath(`comment-open-${colorScheme}`), fullPage: true });
      expect(said).toEqual([]);
      await page.context().close();
    },
  );
});

async function openReport(
  browser: Browser,
  options: { colorScheme?: 'light' | 'dark'; javaScriptEnabled?: boolean } = {},
) {
  const folder = await temporaryDirectory('rastro-page');
  const path = join(folder.path, 'report.html');
  await writeFile(
    path,
    renderHtml([everyBlock(), passing('train')], {
      title: 'Pull request 7',
      generatedFrom: 'commit 1a2b3c4',
    }),
  );
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  const page = await context.newPage();
  const said = watch(page);
  const asked: string[] = [];
  const address = pathToFileURL(path).href;
  page.on('request', (request) => {
    if (request.url() !== address) asked.push(request.url());
  });
  await page.goto(address);
  await folder.dispose();
  return { page, said, asked };
}

async function showAllCharts(page: Page): Promise<void> {
  await page.evaluate('for (const fold of document.querySelectorAll("details:not(.data)")) fold.open = true');
  for (const figure of await page.locator('figure[data-plot]').all()) {
    await figure.scrollIntoViewIfNeeded();
    await figure.locator('.uplot').waitFor();
  }
}

async function violations(page: Page): Promise<unknown> {
  await page.evaluate(axe);
  return page.evaluate(`axe.run(document).then(({ violations }) =>
    violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => html.slice(0, 200) + failureSummary) })))`);
}

async function draw(page: Page, source: string): Promise<void> {
  const result = await page.evaluate(
    `mermaid.parse(${JSON.stringify(source)}).then(() => mermaid.render('drawn', ${JSON.stringify(source)})).then(({ svg }) => svg, (error) => 'refused: ' + error.message)`,
  );
  expect(result, source).toMatch(/^<svg/);
  expect(result, source).not.toMatch(/Syntax error|<a /);
}

function goldenFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.includes('.md'))
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function mermaidBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```mermaid\n([\s\S]*?)\n```$/gm)].map(([, source]) => source!);
}

function named(one: string, two: string, values: number[]): Report {
  const points = values.map((value, index): [number, number] => [index, value]);
  return {
    ...passing('x'),
    sections: [
      {
        id: 'charts',
        title: 'Charts',
        importance: 80,
        blocks: [
          {
            kind: 'chart',
            chart: {
              type: 'line',
              title: one,
              x: { title: two },
              y: { title: one },
              series: [{ name: two, points }],
            },
          },
          {
            kind: 'chart',
            chart: {
              type: 'bar',
              title: two,
              x: { title: one, categories: values.map((_, index) => `${one}${index}`) },
              y: { title: two },
              series: [{ name: one, points }],
            },
          },
          {
            kind: 'graph',
            graph: {
              title: one,
              nodes: [
                { id: 'a', title: one, note: two },
                { id: 'b', title: two },
              ],
              edges: [['a', 'b']],
            },
          },
        ],
      },
    ],
  };
}

/** A report with every kind of block, findings and all. */
function everyBlock(): Report {
  const report = { ...churnReport(), findings: findings(15) };
  report.sections.push({
    id: 'more',
    title: 'More',
    importance: 70,
    blocks: [
      {
        kind: 'table',
        columns: [{ title: 'Name' }, { title: 'Value', align: 'right' }],
        rows: [
          ['row-1', '9.5'],
          ['row-2', '1,234.5'],
          ['row-3', '-3'],
        ],
      },
      {
        kind: 'chart',
        chart: {
          type: 'bar',
          title: 'Importance',
          x: { title: 'Feature', categories: ['age', 'tenure', 'plan'] },
          y: { title: 'Drop in accuracy' },
          series: [
            {
              name: 'drop',
              points: [
                [0, 0.04],
                [1, 0.02],
                [2, 0.001],
              ],
            },
          ],
        },
      },
      {
        kind: 'graph',
        graph: {
          title: 'Lineage',
          nodes: [
            { id: 'data', title: 'data/train.csv', note: '0f343b093112' },
            { id: 'train', title: 'train', note: 'commit 1a2b3c4' },
            { id: 'model', title: 'models/churn.onnx', note: 'd699c4726952' },
          ],
          edges: [
            ['data', 'train'],
            ['train', 'model'],
          ],
        },
      },
    ],
  });
  return report;
}
