import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from '@rastro/testkit';
import { type Browser, chromium } from 'playwright-core';

/** Chromium: `$RASTRO_CHROMIUM`, or the system's own, which test/setup-real-parts.sh installs; undefined when it is not there. */
export function realChromium(): string | undefined {
  return realPart('Chromium', process.env.RASTRO_CHROMIUM ?? '/usr/bin/chromium');
}

/** A browser without a window. Its sandbox needs a user that is not root, which containers often lack. */
export async function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb'] });
}

/** Where a screenshot goes: kept by CI, never committed. */
export function screenshotPath(name: string): string {
  const folder = join(import.meta.dirname, '../.cache/screenshots');
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name}.png`);
}
