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
    expect(JSON.stringify(query)).not.toContain(browser.cookie(`${COOKIE}-flow`));
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
    let at = await browser.step(`${OWN}/sign-in/oidc`);
    while (at.location?.startsWith(OWN) === false) at = await browser.step(at.location);
    const answer = at.location ?? '';
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
    const answer = `${OWN}/sign-in/callback?code=x&state=${to.searchParams.get('state')}`;
    const later = createBrowser(OWN, (request) => late.fetch(request));
    const cookie = `${COOKIE}-flow=${browser.cookie(`${COOKIE}-flow`)}`;
    const done = await later.open(answer, { headers: { cookie } });
    expect([done.status, done.text]).toEqual([400, expect.stringContaining('took too long')]);
    await late.close();
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
