import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { getRequestListener } from '@hono/node-server';
import { readJournal, TENANT_CHAIN } from '../../src/store/journal.js';
import { openGate, TENANT, type Gate } from '../gateway/fixture.js';
import { createBrowser, type Browser } from '../support/browser.js';
import { listening } from '../support/listening.js';
import { run } from './terminal.js';

let gate: Gate;
let server: Awaited<ReturnType<typeof listening>>;
let operator: string;
const config = mkdtempSync(join(tmpdir(), 'countersign-login-'));
const logins = join(config, 'countersign', 'logins.json');

beforeAll(async () => {
  gate = await openGate();
  operator = await gate.token('ops', { kind: 'service', scopes: ['tokens'] });
  server = await listening(() => getRequestListener(gate.fetch));
  vi.stubEnv('XDG_CONFIG_HOME', config);
  vi.stubEnv('COUNTERSIGN_URL', server.origin);
  vi.stubEnv('COUNTERSIGN_DATA', join(config, 'none'));
});
afterEach(() => vi.stubEnv('COUNTERSIGN_TOKEN', ''));
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await gate.close();
  rmSync(config, { recursive: true, force: true });
});

/** A browser in which somebody has signed in by a link of the operator. */
async function browserOf(subject: string): Promise<Browser> {
  vi.stubEnv('COUNTERSIGN_TOKEN', operator);
  const { out } = await run(['sign-in-link', subject, '--json']);
  vi.stubEnv('COUNTERSIGN_TOKEN', '');
  const browser = createBrowser(server.origin, (request) => gate.fetch(request));
  const { url } = JSON.parse(out) as { url: string }; // as the command prints it
  await browser.step(url, { method: 'POST', headers: { origin: server.origin } });
  return browser;
}

/** Starts `countersign login` and gives the address that it prints. */
async function login(): Promise<{ readonly address: string; readonly done: ReturnType<typeof run> }> {
  let told = (_address: string): void => undefined;
  const address = new Promise<string>((resolve) => (told = resolve));
  const heard = (text: string) => {
    const [found] = /http\S+/.exec(text) ?? [];
    if (found !== undefined) told(found);
  };
  const done = run(['login', '--no-browser'], { heard });
  return { address: await address, done };
}

/** Opens the address and presses the button of the page. */
async function allow(browser: Browser, address: string) {
  const page = await browser.open(address);
  const fields = [...page.text.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  const body = new URLSearchParams(Object.fromEntries(fields)).toString();
  const headers = { origin: server.origin, 'content-type': 'application/x-www-form-urlencoded' };
  return { page, sent: await browser.step(`${server.origin}/terminal`, { method: 'POST', body, headers }) };
}

describe('countersign login', () => {
  it('lets the terminal act as whoever allowed it in the browser, and other commands take it from there', async () => {
    const browser = await browserOf('amira');
    const { address, done } = await login();
    const { page, sent } = await allow(browser, address);
    expect(page.text).toContain('Allow this terminal to act as amira');
    expect(page.headers.get('content-security-policy')).toContain(
      `form-action 'self' http://127.0.0.1:${new URL(address).searchParams.get('port')};`,
    );
    expect((await browser.open(sent.location ?? '')).text).toContain('go back to your terminal');
    const ended = await done;
    expect([ended.exit, ended.out]).toEqual([0, expect.stringContaining('You are amira here until')]);
    expect(statSync(logins).mode & 0o777).toBe(0o600);
    expect(ended.out + ended.err).not.toContain('csp_');
    const inbox = await run(['inbox', '--json']);
    expect([inbox.exit, inbox.err]).toEqual([0, '']);
    const [row] = await gate.database.query<{ subject: string; authTime: number }>(
      `select subject, auth_time as "authTime" from tokens where subject = 'amira'`,
    );
    expect(row).toEqual({ subject: 'amira', authTime: expect.any(Number) });
  });

  it('is taken back by logout, there and here', async () => {
    const { token } =
      Object.values(JSON.parse(readFileSync(logins, 'utf8')) as Record<string, { token: string }>)[0] ?? {}; // as login wrote it
    expect((await gate.request('GET', '/v1/tasks', token ?? '')).status).toBe(200);
    expect((await run(['logout'])).exit).toBe(0);
    expect((await gate.request('GET', '/v1/tasks', token ?? '')).status).toBe(401);
    expect(readFileSync(logins, 'utf8')).toBe('{}\n');
    expect((await run(['logout'])).exit).toBe(3);
    expect((await run(['inbox'])).err).toContain('countersign login');
  });

  it('gives its token once, to the terminal that asked alone, and within a minute', async () => {
    const browser = await browserOf('amira');
    const codeOf = async () => {
      const { address, done } = await login();
      const { sent } = await allow(browser, address);
      const code = new URL(sent.location ?? '').searchParams.get('code') ?? '';
      return { code, finish: async () => (await browser.open(sent.location ?? ''), await done) };
    };
    const fetchToken = (code: string, verifier = 'v'.repeat(43)) =>
      gate.request('POST', '/sign-in/token', null, { code, verifier });
    const stolen = await codeOf();
    expect((await fetchToken(stolen.code)).json.code).toBe('unauthenticated');
    expect((await stolen.finish()).exit).toBe(4); // used up: whoever was robbed learns of it
    const late = await codeOf();
    await gate.database.query("update one_time set expires_at = expires_at - 60000 where kind = 'code'");
    expect((await late.finish()).exit).toBe(4);
  });

  // Seen to fail: a login that began before an upgrade ended in an error of the gateway.
  it('says to begin again when the code is of a version that kept something else', async () => {
    const { address, done } = await login();
    const { sent } = await allow(await browserOf('amira'), address);
    await gate.database.query("update one_time set body = body - 'session' where kind = 'code'");
    await createBrowser(server.origin, (request) => gate.fetch(request)).open(sent.location ?? '');
    expect(await done).toMatchObject({
      exit: 4,
      err: expect.stringContaining('run `countersign login` again'),
    });
  });

  // Seen to fail: in a session's last minute it got twelve hours more, with the groups that the provider had told of before.
  it('is over after the twelve hours of the session that it was made in', async () => {
    const browser = await browserOf('joon');
    const [session] = await gate.database.query<{ end: number }>(
      `update sessions set expires_at = expires_at - 43000000 where subject = 'joon' returning expires_at as end`,
    );
    const { address, done } = await login();
    const { sent } = await allow(browser, address);
    await browser.open(sent.location ?? '');
    expect((await done).out).toContain(`until ${new Date(session?.end ?? 0).toISOString()}`);
    const [token] = await gate.database.query<{ end: number }>(
      `select expires_at as end from tokens where subject = 'joon'`,
    );
    expect(token).toEqual(session);
  });

  it('brings a terminal nothing that it did not ask for', async () => {
    const browser = await browserOf('amira');
    const { address, done } = await login();
    const port = new URL(address).searchParams.get('port');
    const forged = await fetch(
      `http://127.0.0.1:${port}/callback?code=${'c'.repeat(43)}&state=${'s'.repeat(43)}`,
    );
    expect(forged.status).toBe(404);
    const { sent } = await allow(browser, address);
    await browser.open(sent.location ?? '');
    expect((await done).exit).toBe(0);
    const journal = await readJournal(gate.database, { tenant: TENANT, task: TENANT_CHAIN, limit: 1_000 });
    expect(
      journal.filter((entry) => entry.type === 'token-created' && JSON.parse(entry.body).how === 'login')
        .length,
    ).toBeGreaterThan(0);
  });

  it('asks nothing in the name of a page that makes up the address', async () => {
    const browser = await browserOf('amira');
    const bad = ['port=80', 'port=99999', 'port=8080@evil.example', 'port=8080&state=x'].map(
      (query) => `${server.origin}/terminal?${query}&challenge=${'c'.repeat(43)}`,
    );
    for (const url of bad) expect((await browser.open(url)).status).toBe(400);
    const { sent } = await allow(
      browser,
      `${server.origin}/terminal?port=8080&challenge=${'c'.repeat(43)}&state=${'s'.repeat(43)}`,
    );
    expect(sent.location).toMatch(/^http:\/\/127\.0\.0\.1:8080\/callback\?/);
  });
});
