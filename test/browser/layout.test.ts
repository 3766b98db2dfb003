import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ASSETS } from '../../src/gateway/pages/assets.js';
import type { Html } from '../../src/gateway/pages/html.js';
import { reviewPage } from '../../src/gateway/pages/review-page.js';
import { findChromium, NO_CHROMIUM, openBrowser } from '../support/chromium.js';
import { aReader, aView } from '../support/page-views.js';

let browser: Browser;
beforeAll(async () => {
  if (findChromium() !== undefined) browser = await openBrowser();
});
beforeEach(({ skip }) => skip(findChromium() === undefined, NO_CHROMIUM));
afterAll(() => browser?.close());

async function shownAt(width: number, height: number, content: Html): Promise<Page> {
  const tab = await browser.newPage({ viewport: { width, height } });
  await tab.setContent(content.toString());
  await tab.addStyleTag({ content: ASSETS.css.text });
  return tab;
}

describe('a review page of long values', () => {
  it('attack 15: a proposal of 640 characters leaves the refusal as much in reach as the approval', async () => {
    const view = aView({ mayDo: ['approve', 'reject'], brief: { description: 'averylongword'.repeat(49) } });
    const tab = await shownAt(1280, 800, reviewPage(view, aReader()));
    const refusal = await tab.locator('form[data-verb="reject"] button').boundingBox();
    expect((refusal?.y ?? Infinity) + (refusal?.height ?? 0)).toBeLessThan(800);
    const nested = await tab
      .locator('.decide')
      .evaluate((panel) => panel.scrollHeight > panel.clientHeight + 1);
    expect(nested).toBe(false);
    expect(await tab.locator('.options').textContent()).toContain('averylongword'.repeat(49));
  });

  it.each([390, 1280])('breaks no name inside a word at a width of %i', async (width) => {
    const args = { customerReference: 'x'.repeat(300), notes: 'y'.repeat(200) };
    const tab = await shownAt(width, 800, reviewPage(aView({ brief: { args } }), aReader()));
    const lines = await tab.locator('.arguments tbody th').evaluateAll((cells) =>
      cells.map((cell) => {
        const text = cell.ownerDocument.createRange();
        text.selectNodeContents(cell);
        return text.getClientRects().length;
      }),
    );
    expect(new Set(lines)).toEqual(new Set([1]));
    const times = await tab.locator('td > time').all();
    for (const one of times) expect((await one.boundingBox())?.width).toBeGreaterThan(100);
    const wide = await tab.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(width);
  });
});
