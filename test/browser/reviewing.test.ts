import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pageOf } from '../gateway/browse.js';
import { anOpenQuestion, stored } from '../gateway/questions.js';
import { findChromium, NO_CHROMIUM } from '../support/chromium.js';
import type { QuestionRow } from '../../src/store/questions.js';
import { closeQuestion } from '../../src/store/questions.js';
import { openHouse, type House } from './house.js';

let house: House;

beforeAll(async () => {
  if (findChromium() !== undefined) house = await openHouse();
});
beforeEach(({ skip }) => skip(findChromium() === undefined, NO_CHROMIUM));
afterAll(() => house?.close());

const question = () => anOpenQuestion(house.gate);

async function open(page: Page, row: QuestionRow): Promise<void> {
  await page.goto(`${house.url}${pageOf(row)}`);
}

function form(page: Page, verb: string) {
  return page.locator(`form[data-verb="${verb}"]`);
}

async function reject(page: Page, why: string): Promise<void> {
  await form(page, 'reject').getByLabel('Why', { exact: true }).selectOption('not-shown');
  await form(page, 'reject').getByLabel('What the agent should know').fill(why);
}

const verbs = async (row: QuestionRow) => (await stored(house.gate, row)).map(({ verb }) => verb);

describe.each([
  ['with its script', true],
  ['without script', false],
])('a reviewer in a browser %s', (_, javaScriptEnabled) => {
  it('signs in, reads, and approves what cannot be undone by typing its name', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira', { javaScriptEnabled });
    await page.locator(`a[href="${pageOf(row)}"]`).click();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
      'Refund USD 240.00 on order 1182',
    );
    await form(page, 'approve').getByLabel('Type issue_refund').fill('issue_refund');
    await form(page, 'approve').getByLabel('Your reason').fill('The carrier confirms the loss.');
    await form(page, 'approve').getByRole('button').click();
    await page.getByRole('heading', { name: 'Recorded: approve' }).waitFor();
    expect(await verbs(row)).toEqual(['approve']);
    await context.close();
  });

  it('rejects with a reason of the list', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira', { javaScriptEnabled });
    await open(page, row);
    await reject(page, 'It was delivered.');
    await form(page, 'reject').getByRole('button').click();
    await page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    expect((await stored(house.gate, row))[0]?.why).toBe('not-shown: It was delivered.');
    await context.close();
  });

  it('changes an argument, sees what that changes, and approves it so', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira', { javaScriptEnabled });
    await open(page, row);
    await page.locator('summary', { hasText: 'Edit' }).click();
    await page.getByRole('link', { name: 'Edit …' }).click();
    await page.getByLabel('amountCents').fill('20000');
    await page.getByRole('button', { name: 'Show what this changes' }).click();
    await page.getByRole('heading', { name: 'You change amountCents from 24000 to 20000' }).waitFor();
    await page.getByLabel('Type issue_refund').fill('issue_refund');
    await page.getByLabel('Your reason').fill('The shipping stays paid.');
    await page.getByRole('button', { name: 'Approve it with this change' }).click();
    await page.getByRole('heading', { name: 'Recorded: edit' }).waitFor();
    expect(await verbs(row)).toEqual(['edit']);
    await context.close();
  });

  it('who clicks twice decides once', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira', { javaScriptEnabled });
    await open(page, row);
    await reject(page, 'twice');
    await form(page, 'reject').getByRole('button').dblclick();
    await page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    expect(await verbs(row)).toEqual(['reject']);
    await context.close();
  });

  it('who goes back after deciding finds the question as it is now', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira', { javaScriptEnabled });
    await open(page, row);
    await reject(page, 'once');
    await form(page, 'reject').getByRole('button').click();
    await page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    await house.gate.database.transaction((tx) => closeQuestion(tx, row, 'reject', 1));
    await page.goBack();
    await page.getByText('reject by amira').waitFor();
    expect(await form(page, 'approve').count()).toBe(0);
    await context.close();
  });
});

describe('a reviewer whom something comes between', () => {
  it('is told who was first, with what they typed', async () => {
    const row = await question();
    const [amira, joon] = await Promise.all([house.visit('amira'), house.visit('joon')]);
    await Promise.all([open(amira.page, row), open(joon.page, row)]);
    await reject(joon.page, 'No.');
    await form(joon.page, 'reject').getByRole('button').click();
    await joon.page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    await house.gate.database.transaction((tx) => closeQuestion(tx, row, 'reject', 1));
    await reject(amira.page, 'my own careful reason');
    await form(amira.page, 'reject').getByRole('button').click();
    const alert = amira.page.getByRole('alert');
    await alert.getByText('joon was first: reject.').waitFor();
    expect(await amira.page.getByText('my own careful reason').count()).toBe(1);
    await Promise.all([amira.context.close(), joon.context.close()]);
  });

  it('loses the connection while sending, tries again, and finds one decision', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira');
    await open(page, row);
    await reject(page, 'lost on the way');
    const failed = page.waitForEvent('requestfailed');
    house.gate.tasks.answer = {
      decide: async () => {
        house.cut(); // it is stored by now, and its answer does not arrive
        return { kind: 'applied', state: 'RESUMING' };
      },
    };
    await form(page, 'reject').getByRole('button').click();
    await failed;
    await expect.poll(() => page.url()).toMatch(/^chrome-error:/);
    house.gate.reset();
    await page.reload(); // sends the form once more
    await page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    expect(await verbs(row)).toEqual(['reject']);
    await context.close();
  });

  // Seen to fail: the second click came to a link that the first had used up, and the browser dropped the first's cookie.
  it('who clicks twice on a sign-in link is signed in', async () => {
    const context = await house.browser.newContext();
    const page = await context.newPage();
    await page.goto(`${house.url}${await house.link('amira')}`);
    const posts: string[] = [];
    let answer = () => {};
    const clicked = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/sign-in/once/*', async (route) => {
      posts.push(route.request().url());
      await clicked;
      await route.continue();
    });
    const { x = 0, y = 0 } = (await page.getByRole('button').boundingBox()) ?? {};
    const first = page.waitForRequest('**/sign-in/once/*');
    await page.mouse.click(x + 9, y + 9);
    await first;
    await page.mouse.click(x + 9, y + 9);
    answer();
    await page.waitForURL(`${house.url}/inbox`);
    expect(posts).toHaveLength(1);
    await context.close();
  });

  // Seen to fail: a form that was sent once took no click any more.
  it('stops the browser while sending, and sends again', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira');
    await page.clock.install();
    await open(page, row);
    await reject(page, 'stopped on the way');
    const unanswered = `**${pageOf(row)}`;
    await page.route(unanswered, (route) => route.fulfill({ status: 204 })); // leaves the page where it is
    const sent = page.waitForResponse(unanswered);
    await form(page, 'reject').getByRole('button').click();
    await sent;
    await page.unroute(unanswered);
    await page.clock.fastForward(10_000);
    await form(page, 'reject').getByRole('button').click();
    await page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    expect(await verbs(row)).toEqual(['reject']);
    await context.close();
  });

  it('whose session is over signs in beside, and sends what was typed', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira');
    await open(page, row);
    await reject(page, 'my own careful reason');
    const cookies = await context.cookies();
    await context.clearCookies();
    await form(page, 'reject').getByRole('button').click();
    await page.getByText('Your session is over').waitFor();
    expect(await page.getByText('my own careful reason').count()).toBe(1);
    const other = await house.visit('amira');
    const later = (await other.context.cookies()).filter(({ name }) =>
      cookies.some((cookie) => cookie.name === name),
    );
    await context.addCookies(later);
    await page.getByRole('button', { name: 'I have signed in: send it again' }).click();
    await page.getByText('You have signed in since').waitFor();
    expect(await form(page, 'reject').getByLabel('What the agent should know').inputValue()).toBe(
      'my own careful reason',
    );
    await form(page, 'reject').getByRole('button').click();
    await page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    expect(await verbs(row)).toEqual(['reject']);
    await Promise.all([context.close(), other.context.close()]);
  });
});

describe('by keyboard alone', () => {
  it('a question is opened, read and rejected', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira');
    const focused = () =>
      page.evaluate('document.activeElement?.getAttribute("href") ?? document.activeElement?.textContent');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('#main');
    for (let n = 0; n < 200 && (await focused()) !== pageOf(row); n += 1) await page.keyboard.press('j');
    expect(await focused()).toBe(pageOf(row));
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${pageOf(row)}`);
    await page.keyboard.press('r');
    expect(await focused()).not.toBe('reject-reason');
    await page.keyboard.press('d');
    await page.keyboard.press('r');
    expect(await page.evaluate('document.activeElement.id')).toBe('reject-reason');
    await page.keyboard.type('The evidence');
    await page.keyboard.press('Tab');
    await page.keyboard.type('It was delivered; jk is text here.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Recorded: reject' }).waitFor();
    expect((await stored(house.gate, row))[0]?.why).toBe('not-shown: It was delivered; jk is text here.');
    await context.close();
  });

  it('single keys do nothing once they are turned off', async () => {
    const row = await question();
    const { page, context } = await house.visit('amira');
    await page.goto(`${house.url}/settings`);
    await page.getByLabel('Single keys').selectOption('off');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Saved' }).waitFor();
    await open(page, row);
    await page.keyboard.press('d');
    await page.keyboard.press('r');
    expect(await page.evaluate('document.activeElement === document.body')).toBe(true);
    await context.close();
  });
});
