import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ASSETS } from '../../src/gateway/pages/assets.js';
import type { Html } from '../../src/gateway/pages/html.js';
import { largeFormPage } from '../../src/gateway/pages/edit-page.js';
import { reviewPage } from '../../src/gateway/pages/review-page.js';
import { schemaFields } from '../../src/gateway/pages/schema-form.js';
import { taskPage } from '../../src/gateway/pages/task-page.js';
import { findChromium, NO_CHROMIUM, openBrowser } from '../support/chromium.js';
import { gallery } from '../support/page-gallery.js';
import { aReader, aTask, aView } from '../support/page-views.js';

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

  // Seen to fail: pages of 6756 and 5891 pixels, with the words of the buttons out of the picture.
  it.each([375, 1280])(
    'keeps a proposal of one long word inside the page at a width of %i',
    async (width) => {
      const view = aView({
        mayDo: ['approve', 'reject'],
        brief: { description: 'averylongword'.repeat(49) },
      });
      const tab = await shownAt(width, 800, reviewPage(view, aReader()));
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      for (const verb of ['approve', 'reject']) {
        const button = await tab.locator(`form[data-verb="${verb}"] button`).first().boundingBox();
        expect((button?.x ?? Infinity) + (button?.width ?? 0), verb).toBeLessThanOrEqual(width);
      }
    },
  );

  // Seen to fail: an edit page of 4842 pixels, a table of calls of 6346.
  it.each([375, 1280])(
    'keeps one long word inside the page of an edit and of a task at %i',
    async (width) => {
      const long = 'averylongword'.repeat(49);
      const view = aView({ brief: { description: long, args: { note: long } } });
      const fields = schemaFields(
        { type: 'object', properties: { note: { type: 'string' } } },
        { note: long },
      );
      const edit = largeFormPage(view, aReader(), { verb: 'edit', fields, problems: [] });
      const { operations } = aTask();
      const task = aTask({ operations: operations.map((call) => ({ ...call, tool: long, proposal: long })) });
      for (const content of [edit, taskPage(task, aReader())]) {
        const tab = await shownAt(width, 800, content);
        expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        const table = tab.locator('.scroll');
        if (width === 1280 && (await table.count()) > 0)
          expect(await table.evaluate((box) => box.scrollWidth)).toBeLessThanOrEqual(width);
      }
    },
  );

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

/** Dates with their time, and ids of questions, that stand on more than one line, wherever on the page. */
const BROKEN = `(() => {
  const broken = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode())
    for (const { 0: found, index } of node.data.matchAll(/\\d{4}-\\d\\d-\\d\\d(?: \\d\\d:\\d\\d)?(?: UTC)?|\\b[\\w-]+-\\d+:\\d+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + found.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) broken.push(found);
    }
  return broken;
})()`;

describe('what is read as one', () => {
  const dated = aView({
    brief: {
      request: `${'It was ordered, and paid, on 2026-11-02. '.repeat(40)}`,
      preview: {
        evidence: [{ what: 'parcel handed to the carrier on 2026-11-12 09:30', source: 'shop', at: 0 }],
      },
    },
  });
  const { inbox, review, task, history, roster } = gallery();
  const pages = { inbox, review, task, history, roster, dated: reviewPage(dated, aReader()) };

  it.each(Object.entries(pages))(
    'breaks no date, time or id on %s, however wide it is',
    async (_name, content) => {
      const tab = await shownAt(360, 800, content ?? aMissingPage());
      for (const width of [360, 700, 1100, 1360]) {
        await tab.setViewportSize({ width, height: 800 });
        expect([width, await tab.evaluate(BROKEN)]).toEqual([width, []]);
        expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(width);
      }
    },
  );

  it('breaks no amount of a change', async () => {
    const tab = await shownAt(360, 800, review ?? aMissingPage());
    await tab.addStyleTag({ content: 'dd { width: 9rem }' });
    const lines = await tab.locator('.diff :is(del, ins)').evaluateAll((amounts) =>
      amounts.map((amount) => {
        const text = amount.ownerDocument.createRange();
        text.selectNodeContents(amount);
        return new Set([...text.getClientRects()].map(({ top }) => top)).size;
      }),
    );
    expect(lines.length).toBeGreaterThan(0);
    expect(new Set(lines)).toEqual(new Set([1]));
  });

  it('lets an id that is longer than its line go on in the next', async () => {
    const session = `session-${'0123456789-'.repeat(30)}`;
    const tab = await shownAt(360, 800, reviewPage(aView({ brief: { session } }), aReader()));
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });
});

function aMissingPage(): never {
  throw new Error('the gallery has no page of this name');
}
