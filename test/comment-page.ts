import { createRequire } from 'node:module';
import { join } from 'node:path';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import type { Browser, Page } from 'playwright-core';

const require = createRequire(import.meta.url);
const githubStyle = require.resolve('github-markdown-css/github-markdown.css');
/** Mermaid as a script for a page, which then has it as `mermaid`. */
export const mermaidScript = join(require.resolve('mermaid'), '../mermaid.min.js');

export interface CommentPage {
  readonly page: Page;
  /** How many charts Mermaid drew. */
  readonly drawn: number;
  /** What the page complained about. */
  readonly said: readonly string[];
}

/** A comment as GitHub shows it: its dialect of Markdown, its style sheet, and charts drawn by Mermaid. */
export async function openComment(
  browser: Browser,
  markdown: string,
  look: { colorScheme?: 'light' | 'dark'; width?: number; deviceScaleFactor?: number } = {},
): Promise<CommentPage> {
  const { colorScheme = 'light', width = 900, deviceScaleFactor = 1 } = look;
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme, deviceScaleFactor });
  const said = watch(page);
  const body = micromark(markdown, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  await page.setContent(
    `<!doctype html><title>Comment</title><style>body { margin: 0 }</style><main class="markdown-body" style="padding:24px">${body}</main>`,
  );
  await page.addStyleTag({ path: githubStyle });
  await page.addScriptTag({ path: mermaidScript });
  const theme = colorScheme === 'dark' ? 'dark' : 'default';
  const drawn = await page.evaluate(`(async () => {
    mermaid.initialize({ startOnLoad: false, theme: '${theme}' });
    const blocks = [...document.querySelectorAll('code.language-mermaid')];
    for (const [index, block] of blocks.entries()) {
      const drawing = document.createElement('section');
      drawing.style = 'text-align: center; margin-bottom: 16px';
      drawing.innerHTML = (await mermaid.render('chart' + index, block.textContent)).svg;
      block.parentElement.replaceWith(drawing);
    }
    return blocks.length;
  })()`);
  return { page, drawn: drawn as number, said };
}

/** What a page complains about, from its first moment. */
export function watch(page: Page): string[] {
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  return said;
}
