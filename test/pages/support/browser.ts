import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Debian's. */
const CHROMIUM = process.env.HAUP_CHROMIUM ?? '/usr/bin/chromium';
/** `npm run test:pages` wants a browser; whoever runs all tests may have none. */
export const hasBrowser = existsSync(CHROMIUM) || process.env.HAUP_PAGES === '1';

export interface Look {
  readonly colorScheme: 'light' | 'dark';
  readonly media: 'screen' | 'print';
  readonly width: number;
}

export function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(`${CHROMIUM} is not there: apt-get install chromium, or HAUP_CHROMIUM=PATH`);
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
}

/** Shows a page as this reader sees it; a picture of it goes to the folder that HAUP_PAGES_OUT names. */
export async function show(browser: Browser, html: string, name: string, look: Look): Promise<Page> {
  const { colorScheme, media, width } = look;
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  page.on('request', (request) => {
    if (!request.url().startsWith('about:')) throw new Error(`the page asks for ${request.url()}`);
  });
  await page.emulateMedia({ media, colorScheme });
  await page.setContent(html);
  const { HAUP_PAGES_OUT: folder } = process.env;
  const path = folder && join(folder, `${name}-${media === 'print' ? 'print' : colorScheme}-${width}.png`);
  if (path) await page.screenshot({ path, fullPage: true });
  return page;
}

const inPage = readFileSync(new URL('in-page.js', import.meta.url), 'utf8');

/** Texts whose contrast to what is behind them is less than 4.5 (WCAG 2.2, AA), and what it is. */
export function paleTexts(page: Page): Promise<string[]> {
  return page.evaluate(`${inPage}; paleTexts()`);
}

/** Texts in pictures that lie over another one, or stick out of their picture. */
export function crowdedTexts(page: Page): Promise<string[]> {
  return page.evaluate(`${inPage}; crowdedTexts()`);
}

export function paperOf(page: Page): Promise<string> {
  return page.evaluate('getComputedStyle(document.body).backgroundColor');
}

export function widthOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth');
}
