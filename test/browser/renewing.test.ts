import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pageOf } from '../gateway/browse.js';
import { anOpenQuestion } from '../gateway/questions.js';
import { findChromium, NO_CHROMIUM } from '../support/chromium.js';
import { openHouse, type House } from './house.js';

let house: House;

beforeAll(async () => {
  if (findChromium() !== undefined) house = await openHouse();
});
beforeEach(({ skip }) => skip(findChromium() === undefined, NO_CHROMIUM));
afterAll(() => house?.close());

/** A page of ours whose clock a test moves; `asked` notes what it loads by itself. */
async function opened(path: string): Promise<{ page: Page; asked: string[]; close: () => Promise<void> }> {
  const { page, context } = await house.visit('amira');
  await page.clock.install();
  await page.goto(`${house.url}${path}`);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.isNavigationRequest()) asked.push(new URL(request.url()).search);
  });
  return { page, asked, close: () => context.close() };
}

async function halfAMinuteLater(page: Page): Promise<void> {
  await page.clock.fastForward(40_000);
}

describe('a page that nobody touches', () => {
  // Seen to fail: it asked for the inbox as a person does, which kept the session alive.
  it('renews an inbox, says that nobody asked for it, and keeps its address', async () => {
    const { page, asked, close } = await opened('/inbox?state=all');
    await halfAMinuteLater(page);
    await expect.poll(() => asked).toEqual(['?state=all&renewed=1']);
    await expect.poll(() => page.url()).toBe(`${house.url}/inbox?state=all`);
    await close();
  });

  // Seen to fail: "Why it stopped here" is always open, and the script renewed no page with something open.
  it('renews a question, and one of which something was opened stays', async () => {
    const row = await anOpenQuestion(house.gate);
    const { page, asked, close } = await opened(pageOf(row));
    await halfAMinuteLater(page);
    await expect.poll(() => asked).toEqual(['?renewed=1']);
    await expect.poll(() => page.url()).toBe(`${house.url}${pageOf(row)}`);
    const folded = page.locator('details:not([open])');
    const before = await folded.count();
    await folded.first().evaluate((one) => one.setAttribute('open', ''));
    await halfAMinuteLater(page);
    expect(await folded.count()).toBe(before - 1);
    expect(asked).toHaveLength(1);
    await close();
  });
});
