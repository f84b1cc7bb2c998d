/**
 * Photographs the comment that the demo left on its first pull request: `npm run screenshot <folder of the demo> <folder for the
 * pictures>`. The README shows the pictures of `docs/images`.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBrowser, realChromium } from '../browser.ts';
import { openComment } from '../comment-page.ts';

const [demo, target] = process.argv.slice(2);
if (!demo || !target) throw new Error('npm run screenshot <folder of the demo> <folder for the pictures>');
const chromium = realChromium();
if (!chromium) throw new Error('there is no Chromium; bash test/setup-real-parts.sh brings it');

const WIDTH = 860;
const markdown = await readFile(join(demo, 'comment-1.md'), 'utf8');
await mkdir(target, { recursive: true });
const browser = await openBrowser(chromium);
for (const colorScheme of ['light', 'dark'] as const) {
  const { page, drawn } = await openComment(browser, markdown, { colorScheme, width: WIDTH });
  if (drawn === 0) throw new Error(`${demo}/comment-1.md has no chart`);
  // One chart is enough to see that they are drawn, so the picture ends after it and what names its lines.
  const curves = page.locator('details', { has: page.locator('svg') }).first();
  await curves.evaluate((fold) => fold.setAttribute('open', ''));
  const end = await curves.locator('ul').first().boundingBox();
  if (!end) throw new Error('the first chart has no legend');
  const height = Math.ceil(end.y + end.height + 16);
  await page.screenshot({
    path: join(target, `comment-${colorScheme}.png`),
    fullPage: true,
    clip: { x: 0, y: 0, width: WIDTH, height },
  });
}
await browser.close();
