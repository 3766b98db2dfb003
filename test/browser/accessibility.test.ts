import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ASSETS } from '../../src/gateway/pages/assets.js';
import { findChromium, NO_CHROMIUM, openBrowser } from '../support/chromium.js';
import { gallery } from '../support/page-gallery.js';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const pages = gallery();

let browser: Browser;

beforeAll(async () => {
  if (findChromium() !== undefined) browser = await openBrowser();
});
beforeEach(({ skip }) => skip(findChromium() === undefined, NO_CHROMIUM));
afterAll(() => browser?.close());

/** A page as it is served, from memory. */
async function show(page: Page, name: string): Promise<void> {
  await page.unrouteAll();
  await page.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    const file = Object.values(ASSETS).find(({ path }) => path === pathname);
    return route.fulfill({
      contentType: file?.type ?? 'text/html; charset=utf-8',
      body: file?.text ?? String(pages[name]),
    });
  });
  await page.goto('http://pages.test/');
}

/** What axe says against a page, by rule. */
function violations(page: Page): Promise<unknown> {
  return page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 200) + ' ' + node.any.map((any) => any.message).join())]))`,
  );
}

describe.each(['light', 'dark'] as const)('every page in %s', (colorScheme) => {
  let page: Page;
  beforeAll(async () => {
    page = await (
      await browser?.newContext({ colorScheme, viewport: { width: 1360, height: 860 } })
    )?.newPage();
  });

  it.each(Object.keys(pages))('axe finds nothing against %s', async (name) => {
    await show(page, name);
    await page.evaluate(axe.source);
    expect(await violations(page)).toEqual([]);
  });
});

describe('a page on a narrow screen', () => {
  it('is as wide as the window', async () => {
    const context = await browser.newContext({ viewport: { width: 320, height: 700 } });
    const page = await context.newPage();
    for (const name of Object.keys(pages)) {
      await show(page, name);
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect([name, overflow]).toEqual([name, 0]);
    }
    await context.close();
  });

  it('has targets of 24 pixels and more', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    await show(page, 'review');
    const small = await page.evaluate(
      `[...document.querySelectorAll('button, select, input:not([type=hidden]), textarea, summary, .button, nav a')].filter((element) => element.getClientRects().length > 0).map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()]).filter(([, box]) => box.height < 24 || box.width < 24)`,
    );
    expect(small).toEqual([]);
    await context.close();
  });
});
