import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIdentityProvider } from '../../src/gateway/identity-provider.js';
import { readJournal, TENANT_CHAIN } from '../../src/store/journal.js';
import { sessionOf } from '../../src/store/sessions.js';
import { createBrowser, type Browser } from '../support/browser.js';
import { startIdentityProvider, type TestProvider } from '../support/identity-provider.js';
import { openGate, POLICY, TENANT, type Gate } from './fixture.js';

const OWN = 'https://countersign.example.com';
const COOKIE = '__Host-countersign';

let provider: TestProvider;
let gate: Gate;

/** The fixture's policy, with two people bound, a role by group, and a fresh sign-in for tier 4. */
function policyOf(issuer: string): string {
  return `${POLICY.replace('director: { members: [ruth, tomas] }', `director: { members: [ruth, tomas], from: [{ issuer: '${issuer}', claim: groups, value: directors }] }`)}
people:
  amira: { issuer: '${issuer}', sub: 00u1 }
  joon: { issuer: '${issuer}', sub: 00u2 }
step_up: { tier: 4, within: 15m, acr: [phr] }
`;
}

beforeAll(async () => {
  provider = await startIdentityProvider(`${OWN}/sign-in/callback`);
  const { issuer, clientId, clientSecret } = provider;
  const made = createIdentityProvider({ issuer, clientId, clientSecret, scope: 'openid groups' });
  gate = await openGate({
    publicUrl: OWN,
    signIn: { provider: made, tenant: TENANT },
    policy: policyOf(issuer),
  });
});
beforeEach(() => {
  provider.account = { sub: '00u1' };
  provider.asked = 0;
});
afterAll(async () => {
  await gate.close();
  await provider.close();
});

const newBrowser = () => createBrowser(OWN, gate.fetch);
const bearerIn = (browser: Browser) => sessionOf(gate.database, browser.cookie(COOKIE) ?? '');
const refusals = async () => {
  const journal = await readJournal(gate.database, { tenant: TENANT, task: TENANT_CHAIN, limit: 1_000 });
  return journal
    .filter((entry) => entry.type === 'sign-in-refused')
    .map((entry) => JSON.parse(entry.body).reason);
};

/** Where the provider sends a browser that comes to it. */
async function answerTo(browser: Browser, asked: string): Promise<string> {
  let at = asked;
  while (!at.startsWith(OWN)) at = (await browser.step(at)).location ?? OWN;
  return at;
}

describe('signing in at an identity provider', () => {
  it('leads back to the page that was asked for, as the subject that the policy binds', async () => {
    const browser = newBrowser();
    const asked = await browser.open(`${OWN}/sign-in?then=${encodeURIComponent('/review/refund-1:1')}`);
    const [, path = ''] = /href="(\/sign-in\/oidc[^"]+)"/.exec(asked.text) ?? [];
    const done = await browser.open(`${OWN}${path.replaceAll('&amp;', '&')}`);
    expect(done.url).toBe(`${OWN}/review/refund-1:1`);
    expect(await bearerIn(browser)).toMatchObject({
      via: 'session',
      kind: 'personal',
      tenant: TENANT,
      subject: 'amira',
      issuer: provider.issuer,
      claims: { sub: '00u1' },
    });
  });

  // Seen to fail: the second tab took the place of the first, and "Try again" forgot the way.
  it('is begun in two tabs of one browser and ended in both, and tried again on the same way', async () => {
    const browser = newBrowser();
    const tabs = [await browser.step(`${OWN}/sign-in/oidc`), await browser.step(`${OWN}/sign-in/oidc`)];
    for (const { location = '' } of tabs)
      expect((await browser.step(await answerTo(browser, location))).status).toBe(303);
    await browser.step(`${OWN}/sign-in?step-up=1&then=/roster`);
    const failed = await browser.step(`${OWN}/sign-in/callback?code=x&state=y`);
    expect(failed.text).toContain('href="/sign-in?then=%2Froster"');
    const states: (string | null)[] = [];
    for (let begun = 0; begun < 6; begun += 1) {
      const { location = '' } = await browser.step(`${OWN}/sign-in/oidc`);
      states.push(new URL(location).searchParams.get('state'));
    }
    const kept = states.filter((state) => browser.cookie(`${COOKIE}-flow-${state}`) !== undefined);
    expect(kept).toEqual(states.slice(-4)); // no cookies without end
  });

  it('sends the browser off with PKCE, state and nonce, and the exact address to come back to', async () => {
    const browser = newBrowser();
    const { location = '' } = await browser.step(`${OWN}/sign-in/oidc`);
    const query = Object.fromEntries(new URL(location).searchParams);
    expect(query).toMatchObject({
      response_type: 'code',
      client_id: provider.clientId,
      redirect_uri: `${OWN}/sign-in/callback`,
      scope: 'openid groups',
      code_challenge_method: 'S256',
    });
    for (const each of ['state', 'nonce', 'code_challenge']) expect(query[each]).toMatch(/^[\w-]{43}$/);
    const other = await newBrowser().step(`${OWN}/sign-in/oidc`);
    expect(new URL(other.location ?? '').searchParams.get('state')).not.toBe(query['state']);
    expect(JSON.stringify(query)).not.toContain(browser.cookie(`${COOKIE}-flow-${query['state']}`));
  });

  it('gives the role that the provider says, to somebody whom no policy names', async () => {
    provider.account = { sub: '00u7', claims: { groups: ['staff', 'directors'], email: 'x@example.com' } };
    const browser = newBrowser();
    await browser.open(`${OWN}/sign-in/oidc`);
    const bearer = await bearerIn(browser);
    expect(bearer).toMatchObject({
      subject: 'oidc~00u7',
      claims: { sub: '00u7', groups: ['staff', 'directors'] },
    });
    expect(JSON.stringify(bearer)).not.toContain('x@example.com');
    const roster = await gate.deps.policies.roster(gate.database, bearer?.policyHash ?? null, TENANT);
    expect(bearer && roster?.rolesOf(bearer)).toEqual(['director']);
  });

  it('is of no use to whom the policy does not know, and says so; on record', async () => {
    provider.account = { sub: 'amira', claims: { groups: ['staff'] } };
    const before = await refusals();
    const browser = newBrowser();
    const done = await browser.open(`${OWN}/sign-in/oidc`);
    expect([done.status, done.text]).toEqual([403, expect.stringContaining('You have no role here')]);
    expect(browser.cookie(COOKIE)).toBeUndefined();
    expect(await refusals()).toEqual([...before, 'no-role']);
  });

  it('ends the session that the browser had', async () => {
    const browser = newBrowser();
    await browser.open(`${OWN}/sign-in/oidc`);
    const before = browser.cookie(COOKIE) ?? '';
    await browser.open(`${OWN}/sign-in/oidc`);
    expect(await sessionOf(gate.database, before)).toBeUndefined();
    expect(await bearerIn(browser)).toBeDefined();
  });
});

describe('attack 46: an answer of the provider', () => {
  it('that another browser began is of no use, nor one a second time, nor one of which a letter was changed', async () => {
    const browser = newBrowser();
    const { location = '' } = await browser.step(`${OWN}/sign-in/oidc`);
    const answer = await answerTo(browser, location);
    expect(answer).toContain('/sign-in/callback?code=');
    const thief = newBrowser();
    expect((await thief.open(answer)).status).toBe(400);
    await thief.step(`${OWN}/sign-in/oidc`); // now it has begun one itself
    expect((await thief.open(answer)).status).toBe(400);
    expect(thief.cookie(COOKIE)).toBeUndefined();
    expect((await browser.step(answer)).status).toBe(303);
    expect((await browser.step(answer)).status).toBe(400);
    expect(await bearerIn(browser)).toBeDefined();
  });

  it('comes too late after ten minutes', async () => {
    const browser = newBrowser();
    const { location = '' } = await browser.step(`${OWN}/sign-in/oidc`);
    const real = gate.deps.database.now;
    const database = { ...gate.database, now: async () => (await real()) + 600_001 };
    const late = await openGate({ ...gate.deps, database });
    const to = new URL(location);
    const state = to.searchParams.get('state');
    const answer = `${OWN}/sign-in/callback?code=x&state=${state}`;
    const later = createBrowser(OWN, (request) => late.fetch(request));
    const cookie = `${COOKIE}-flow-${state}=${browser.cookie(`${COOKIE}-flow-${state}`)}`;
    const done = await later.open(answer, { headers: { cookie } });
    expect([done.status, done.text]).toEqual([400, expect.stringContaining('took too long')]);
    await late.close();
  });
});

describe('somebody whom nobody knows', () => {
  const rows = async () => {
    const tables = await gate.database.query<{ name: string }>(
      `select quote_ident(tablename) as name from pg_tables where schemaname = current_schema()`,
    );
    const counts = tables.map(({ name }) =>
      gate.database.query<{ n: number }>(`select '${name}' as name, count(*)::int as n from ${name}`),
    );
    return (await Promise.all(counts)).flat();
  };

  it('leaves nothing in the database by failing to sign in, whatever they send', async () => {
    const begun = async (browser: Browser) => {
      const { location = '' } = await browser.step(`${OWN}/sign-in/oidc`);
      return new URL(location).searchParams.get('state');
    };
    const secret = 'a'.repeat(43);
    const post = (body: object) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await newBrowser().open(`${OWN}/sign-in/oidc`); // the provider has been asked what it is
    gate.reset();
    const before = await rows();
    for (const error of ['code=made-up', 'error=access_denied']) {
      const browser = newBrowser();
      const state = await begun(browser);
      expect((await browser.step(`${OWN}/sign-in/callback?${error}&state=${state}`)).status).toBe(400);
      await begun(browser);
      expect((await browser.step(`${OWN}/sign-in/callback?${error}&state=x`)).status).toBe(400);
      expect((await browser.step(`${OWN}/sign-in/callback?${error}&state=x`)).status).toBe(400);
    }
    const browser = newBrowser();
    expect((await browser.open(`${OWN}/sign-in/once/${secret}`)).status).toBe(404);
    const origin = { origin: OWN };
    const used = await browser.open(`${OWN}/sign-in/once/${secret}`, { method: 'POST', headers: origin });
    expect(used.status).toBe(404);
    const token = await browser.open(`${OWN}/sign-in/token`, post({ code: secret, verifier: secret }));
    expect(token.status).toBe(401);
    const bearer = { authorization: `Bearer csp_${secret}` };
    expect((await browser.open(`${OWN}/v1/sessions`, { headers: bearer })).status).toBe(401);
    await browser.open(`${OWN}/inbox`, { headers: { cookie: `${COOKIE}=${secret}` } });
    expect(await rows()).toEqual(before);
    expect(gate.logged.filter(({ event }) => event === 'sign-in-refused')).toHaveLength(6);
  });

  it('stands in the journal once under a policy when the provider knows them and no role does', async () => {
    provider.account = { sub: 'stranger' };
    const before = await refusals();
    for (let each = 0; each < 3; each++)
      expect((await newBrowser().open(`${OWN}/sign-in/oidc`)).status).toBe(403);
    expect(await refusals()).toEqual([...before, 'no-role']);
  });
});

describe('a sign-in for what takes a fresh one', () => {
  it('has the provider ask again, in the way the policy wants, whoever is signed in there', async () => {
    const browser = newBrowser();
    await browser.open(`${OWN}/sign-in/oidc`);
    expect([provider.asked, (await bearerIn(browser))?.acr]).toEqual([1, null]);
    await browser.open(`${OWN}/sign-in/oidc`);
    expect(provider.asked).toBe(1); // the provider remembered
    provider.account = { sub: '00u1', acr: 'phr' };
    const page = await browser.open(`${OWN}/sign-in?then=/&step-up=1`);
    expect(page.text).toContain('Sign in again');
    const { location = '' } = await browser.step(`${OWN}/sign-in/oidc?step-up=1`);
    const query = Object.fromEntries(new URL(location).searchParams);
    expect(query).toMatchObject({ prompt: 'login', max_age: '0', acr_values: 'phr' });
    await browser.open(`${OWN}/sign-in/oidc?step-up=1`);
    expect(provider.asked).toBe(2);
    const bearer = await bearerIn(browser);
    expect(bearer?.acr).toBe('phr');
    expect(Math.abs((bearer?.authTime ?? 0) - Date.now())).toBeLessThan(60_000);
  });
});
