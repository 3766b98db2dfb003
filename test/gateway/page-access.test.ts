import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ASSETS } from '../../src/gateway/pages/assets.js';
import { approval, aVisitor, OWN, pageOf, plain, visiting, type Visitor } from './browse.js';
import { openGate, type Gate } from './fixture.js';
import { anOpenQuestion, decide, about, journal, stored } from './questions.js';

let gate: Gate;
let amira: Visitor;

beforeAll(async () => {
  gate = await openGate();
  amira = await aVisitor(gate, 'amira');
});
afterEach(() => gate.reset());
afterAll(() => gate.close());

const CSP =
  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; script-src 'self'";

describe('what a page is sent with', () => {
  it('attacks 12, 42: nothing from elsewhere, no frame, no referrer, no cache', async () => {
    const question = await anOpenQuestion(gate);
    const pages = [
      '/inbox',
      pageOf(question),
      `${pageOf(question)}/edit`,
      `/tasks/${question.task}`,
      '/history',
      '/roster',
      '/settings',
      '/review/none:1',
    ];
    for (const path of pages) {
      const { headers, text } = await amira.get(path);
      expect(Object.fromEntries(headers), path).toMatchObject({
        'content-security-policy': CSP,
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'content-type': expect.stringContaining('text/html'),
      });
      const addresses = [...text.matchAll(/ (?:href|src|action)="([^"]*)"/g)].map(([, address]) => address);
      expect(addresses.filter((address) => !/^(\/(?!\/)|#)/.test(address ?? ''))).toEqual([]);
    }
  });

  it('sends style and script by names that change with their content, to keep for good', async () => {
    for (const { path, text } of Object.values(ASSETS)) {
      const file = await visiting(gate, '').get(path);
      expect([file.status, file.text, file.headers.get('cache-control')]).toEqual([
        200,
        text,
        'public, max-age=31536000, immutable',
      ]);
      expect((await amira.get('/inbox')).text).toContain(`"${path}"`);
    }
    expect((await visiting(gate, '').get('/assets/0000000000000000.css')).status).toBe(404);
  });
});

describe('looking', () => {
  it('attacks 38, 39: GET, HEAD, OPTIONS and prefetching decide nothing and leave nothing behind', async () => {
    const question = await anOpenQuestion(gate);
    const fields = new URLSearchParams(await approval(amira, question)).toString();
    const before = (await journal(gate, question)).length;
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      for (const headers of [{}, { 'sec-purpose': 'prefetch' }, { purpose: 'prefetch' }]) {
        const request = new Request(`${OWN}${pageOf(question)}?${fields}`, {
          method,
          headers: { cookie: amira.cookie, ...headers },
        });
        const answer = await gate.fetch(request);
        expect([200, 404]).toContain(answer.status);
      }
    }
    expect([await stored(gate, question), (await journal(gate, question)).length, gate.tasks.told]).toEqual([
      [],
      before,
      [],
    ]);
  });

  it('attack 69: one 404 for what is not there and what one may not see, whatever is asked for', async () => {
    const question = await anOpenQuestion(gate);
    const stranger = await aVisitor(gate, 'nobody');
    const page = (path: string) =>
      stranger.get(path).then(({ status, text }) => [status, text.replaceAll(/[\w-]{36,}/g, '')]);
    const [hidden, missing] = [await page(pageOf(question)), await page('/review/none:1')];
    expect(hidden).toEqual(missing);
    expect(hidden[0]).toBe(404);
    for (const path of [
      `/tasks/${question.task}`,
      '/tasks/none',
      '/inbox',
      '/roster',
      '/review/%00',
      '/review/none',
      `${pageOf(question)}/edit`,
    ])
      expect(await page(path), path).toEqual(missing);
  });

  it('attack 43: whoever is signed in as somebody else reads if they may, and decides as nobody else', async () => {
    const question = await anOpenQuestion(gate);
    const sven = await aVisitor(gate, 'sven');
    const page = await sven.get(pageOf(question));
    expect(page.status).toBe(200);
    expect(plain(page.text)).toContain('Only supervisor may decide this');
    expect(page.text).not.toContain('name="form" value="approve"');
    const { csrf = '' } = await (await aVisitor(gate, 'sven')).form('/roster', 'absence');
    const theirs = { ...(await approval(amira, question)), csrf };
    expect((await sven.post(pageOf(question), theirs)).status).toBe(403);
    const own = { ...theirs, csrf: (await sven.form('/roster', 'absence'))['csrf'] ?? '' };
    const refused = await sven.post(pageOf(question), own);
    expect([refused.status, plain(refused.text)]).toEqual([403, expect.stringContaining('Not allowed')]);
    expect(await stored(gate, question)).toEqual([]);
    const joon = await aVisitor(gate, 'joon');
    expect((await joon.post(pageOf(question), await approval(joon, question))).status).toBe(303);
    expect((await stored(gate, question)).map(({ subject }) => subject)).toEqual(['joon']);
  });

  it('sends whoever is not signed in to do so, and back', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await visiting(gate, '').get(pageOf(question));
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      `/sign-in?then=${encodeURIComponent(pageOf(question))}`,
    ]);
    expect((await amira.get('/')).headers.get('location')).toBe('/inbox');
  });

  it('attack 46: takes no token of the API for a session', async () => {
    const question = await anOpenQuestion(gate);
    const authorization = `Bearer ${await gate.token('amira')}`;
    expect((await visiting(gate, '').get(pageOf(question), { authorization })).status).toBe(303);
  });

  it('answers a path that is none with a page to a browser, and with a problem to a program', async () => {
    const page = await amira.get('/nowhere', { accept: 'text/html,application/xhtml+xml' });
    expect([page.status, plain(page.text)]).toEqual([404, expect.stringContaining('There is nothing here')]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await amira.get('/nowhere')).headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('the lists', () => {
  it('show the questions of the reader in the order of the store, by role, page by page', async () => {
    const now = await gate.database.now();
    const late = await anOpenQuestion(gate, { answerBy: now + 9_000_000 });
    const soon = await anOpenQuestion(gate, { answerBy: now + 8_000_000 });
    const other = await anOpenQuestion(gate, {
      answerBy: now + 7_000_000,
      role: 'director',
      roles: ['director'],
    });
    const links = async (path: string) =>
      [...(await amira.get(path)).text.matchAll(/href="(\/review\/[^"]+)"/g)].map(([, path = '']) => path);
    const all = await links('/inbox');
    expect(all.indexOf(pageOf(soon))).toBeLessThan(all.indexOf(pageOf(late)));
    expect(all).not.toContain(pageOf(other));
    expect(await links('/inbox?role=director&state=open')).toEqual([pageOf(other)]);
    const first = await amira.get('/inbox?limit=1');
    const next = plain(/rel="next" href="([^"]+)"/.exec(first.text)?.[1] ?? '');
    expect((await links('/inbox?limit=1'))[0]).toBe(all[0]);
    expect((await links(next))[0]).toBe(all[1]);
  });

  // Seen to fail: what he decided with another sign-in left out.
  it('show what the reader decided themselves, whatever they signed in with, newest first', async () => {
    const joon = await aVisitor(gate, 'joon');
    const mine = await anOpenQuestion(gate);
    const his = await anOpenQuestion(gate);
    await decide(gate, mine, await gate.token('joon'), about(mine, 'reject', { why: 'first of all' }));
    await decide(gate, his, await gate.token('amira'), about(his, 'reject', { why: 'hers alone' }));
    const later = await anOpenQuestion(gate);
    const elsewhere = await gate.token('joon', { issuer: 'https://id.example.com' });
    await decide(gate, later, elsewhere, about(later, 'reject', { why: 'second by token' }));
    const text = plain((await joon.get('/history')).text);
    expect(text).toMatch(/second by token.*first of all/s);
    expect(text).not.toContain('hers alone');
  });

  it('show a task with what it waits for', async () => {
    const question = await anOpenQuestion(gate);
    const page = await amira.get(`/tasks/${question.task}`);
    expect(page.text).toContain(`href="${pageOf(question)}"`);
    expect(plain(page.text)).toContain('Waits for people');
  });

  it('cost at most 3 queries each', async () => {
    const quiet = await openGate(); // where nothing is written in the background
    const reader = await aVisitor(quiet, 'amira');
    const question = await anOpenQuestion(quiet);
    for (const path of ['/inbox', pageOf(question), '/history']) {
      await reader.get(path);
      const asked = vi.spyOn(pg.Client.prototype, 'query');
      await reader.get(path);
      expect(asked.mock.calls.length, path).toBeGreaterThan(0);
      expect(asked.mock.calls.length, path).toBeLessThanOrEqual(3);
      asked.mockRestore();
    }
    await quiet.close();
  });
});

describe('the settings of a reader', () => {
  it('show times in their zone beside UTC, and turn keys off', async () => {
    const question = await anOpenQuestion(gate);
    const { csrf = '' } = await amira.form(pageOf(question), 'reject');
    const saved = await amira.post('/settings', { csrf, zone: 'Asia/Tokyo', keys: 'off' });
    expect([saved.status, saved.headers.get('location')]).toEqual([303, '/settings?saved']);
    const cookies = saved.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
    const page = await visiting(gate, [amira.cookie, ...cookies].join('; ')).get(pageOf(question));
    expect(plain(page.text)).toMatch(/\d\d:\d\d UTC = \d{4}-\d\d-\d\d \d\d:\d\d Asia\/Tokyo, in/);
    expect(page.text).toContain('data-keys="off"');
  });

  it('takes no zone that is none', async () => {
    const page = await visiting(gate, `${amira.cookie}; countersign-zone="><script>`).get('/settings');
    expect([page.status, page.text]).toEqual([200, expect.not.stringContaining('"><script>')]);
  });
});
