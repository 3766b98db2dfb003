import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pageOf } from '../gateway/browse.js';
import { anOpenQuestion, stored } from '../gateway/questions.js';
import { findChromium, NO_CHROMIUM } from '../support/chromium.js';
import { openHouse, type House } from './house.js';

let house: House;

beforeAll(async () => {
  if (findChromium() !== undefined) house = await openHouse();
});
beforeEach(({ skip }) => skip(findChromium() === undefined, NO_CHROMIUM));
afterAll(() => house?.close());

/** Moves on with Tab alone until it is there; a page has far fewer stops. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let stops = 0; stops < 150; stops += 1) {
    await page.keyboard.press('Tab');
    if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) return;
  }
  throw new Error('Tab does not lead there');
}

async function type(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.type(text);
}

async function press(page: Page, button: Locator): Promise<void> {
  await tabTo(page, button);
  await page.keyboard.press('Enter');
}

describe.each([
  ['with its script', true],
  ['without script', false],
])('by Tab, Enter and letters alone, %s', (_, javaScriptEnabled) => {
  // Seen to fail: the sign-in button taken out of the tab order.
  it('somebody signs in, and approves what cannot be undone', async () => {
    const row = await anOpenQuestion(house.gate);
    const context = await house.browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    await page.goto(`${house.url}${await house.link('amira')}`);
    await press(page, page.getByRole('button', { name: 'Sign in as amira' }));
    await page.waitForURL(`${house.url}/inbox`);
    await press(page, page.locator(`a[href="${pageOf(row)}"]`));
    await page.waitForURL(`**${pageOf(row)}`);
    const form = page.locator('form[data-verb="approve"]');
    await type(page, form.getByLabel('Type issue_refund'), 'issue_refund');
    await type(page, form.getByLabel('Your reason'), 'The carrier confirms the loss.');
    await press(page, form.getByRole('button'));
    await page.getByRole('heading', { name: 'Recorded: approve' }).waitFor();
    expect((await stored(house.gate, row)).map(({ verb }) => verb)).toEqual(['approve']);
    await context.close();
  });

  it('somebody rejects with a reason of the list', async () => {
    const row = await anOpenQuestion(house.gate);
    const { page, context } = await house.visit('amira', { javaScriptEnabled });
    await page.goto(`${house.url}${pageOf(row)}`);
    const form = page.locator('form[data-verb="reject"]');
    const reason = form.getByLabel('Why', { exact: true });
    await tabTo(page, reason);
    while ((await reason.inputValue()) !== 'not-shown') await page.keyboard.press('ArrowDown');
    await type(page, form.getByLabel('What the agent should know'), 'It was delivered.');
    await press(page, form.getByRole('button'));
    await page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    expect((await stored(house.gate, row))[0]?.why).toBe('not-shown: It was delivered.');
    await context.close();
  });

  it('somebody changes an argument, sees what that changes, and approves it so', async () => {
    const row = await anOpenQuestion(house.gate);
    const { page, context } = await house.visit('amira', { javaScriptEnabled });
    await page.goto(`${house.url}${pageOf(row)}`);
    await press(page, page.locator('summary', { hasText: 'Edit' }));
    await press(page, page.getByRole('link', { name: 'Edit …' }));
    await page.waitForURL(`**${pageOf(row)}/edit`);
    await tabTo(page, page.getByLabel('amountCents'));
    await page.keyboard.press('Control+A');
    await page.keyboard.type('20000');
    await press(page, page.getByRole('button', { name: 'Show what this changes' }));
    await page.getByRole('heading', { name: 'You change amountCents from 24000 to 20000' }).waitFor();
    await type(page, page.getByLabel('Type issue_refund'), 'issue_refund');
    await type(page, page.getByLabel('Your reason'), 'The shipping stays paid.');
    await press(page, page.getByRole('button', { name: 'Approve it with this change' }));
    await page.getByRole('heading', { name: 'Recorded: edit' }).waitFor();
    expect((await stored(house.gate, row)).map(({ verb }) => verb)).toEqual(['edit']);
    await context.close();
  });
});
