import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { exportSPKI, generateKeyPair, importJWK, type JWTHeaderParameters } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIdentityProvider, type ProviderOptions } from '../../src/gateway/identity-provider.js';
import { readJournal, TENANT_CHAIN } from '../../src/store/journal.js';
import { openGate, POLICY, TENANT, type Gate } from '../gateway/fixture.js';
import { createBrowser } from '../support/browser.js';
import { keyPair, startLyingProvider, type Answers, type LyingProvider } from '../support/lying-provider.js';

const OWN = 'https://countersign.example.com';
const DISCOVERY = '/.well-known/openid-configuration';

let lying: LyingProvider;
let gate: Gate;
/** Makes the ID token of the next sign-in, which has its nonce by then. */
let made: () => Promise<string> | string;

beforeAll(async () => {
  lying = await startLyingProvider();
  gate = await openGate({
    publicUrl: OWN,
    policy: `${POLICY}people: { amira: { issuer: '${lying.issuer}', sub: 00u1 } }\n`,
  });
});
beforeEach(() => {
  gate.reset();
  lying.instead.clear();
  made = () => lying.sign();
});
afterAll(async () => {
  await gate.close();
  await lying.close();
});

/** A gateway that starts anew: it has asked the provider nothing yet. */
function freshGate(over: Partial<ProviderOptions> = {}) {
  const { issuer, clientId } = lying;
  const provider = createIdentityProvider({
    issuer,
    clientId,
    clientSecret: undefined,
    scope: 'openid',
    answerMs: 1_000,
    ...over,
  });
  const deps = { ...gate.deps, publicUrl: OWN, signIn: { provider, tenant: TENANT } };
  return gate.appOf(deps);
}

/** Signs in with whatever the provider makes of it. */
async function signIn(fetch = freshGate()) {
  const browser = createBrowser(OWN, fetch);
  const begun = await browser.step(`${OWN}/sign-in/oidc`);
  if (begun.location === undefined) return { ...begun, cookie: undefined };
  const query = new URL(begun.location).searchParams;
  lying.nonce = query.get('nonce') ?? '';
  lying.token = await made();
  const done = await browser.step(`${OWN}/sign-in/callback?code=x&state=${query.get('state')}`);
  return { ...done, cookie: browser.cookie('__Host-countersign') };
}

async function refusals(): Promise<readonly string[]> {
  const journal = await readJournal(gate.database, { tenant: TENANT, task: TENANT_CHAIN, limit: 1_000 });
  return journal
    .filter((entry) => entry.type === 'sign-in-refused')
    .map((entry) => JSON.parse(entry.body).reason);
}

const now = () => Math.floor(Date.now() / 1000);
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = (over: Record<string, unknown>) => () => lying.sign({ claims: over });
const header = (over: Partial<JWTHeaderParameters>) => () =>
  lying.sign({ header: { alg: 'RS256', kid: 'own', ...over } });

/** Signs the right claims with HMAC and whatever bytes a public key gives. */
async function confused(secretOf: () => Promise<string>, alg = 'HS256'): Promise<string> {
  const [, payload = ''] = (await lying.sign()).split('.');
  const signed = `${encoded({ alg, kid: 'own' })}.${payload}`;
  return `${signed}.${createHmac('sha256', await secretOf())
    .update(signed)
    .digest('base64url')}`;
}

const publicPem = async () => {
  const key = await importJWK({ ...lying.keys[0] }, 'RS256', { extractable: true });
  if (key instanceof Uint8Array) throw new Error('the key is symmetric');
  return exportSPKI(key);
};

const LIES: Readonly<Record<string, () => Promise<string> | string>> = {
  'alg none': async () => `${encoded({ alg: 'none' })}.${(await lying.sign()).split('.')[1]}.`,
  'alg None, with a signature': async () =>
    (await lying.sign()).replace(/^[^.]+/, encoded({ alg: 'None', kid: 'own' })),
  'HS256 with the public key': () => confused(publicPem),
  'HS256 with the JWK': () => confused(async () => JSON.stringify(lying.keys[0])),
  'HS256 with an empty key': () => confused(async () => ''),
  'a key of somebody else under our kid': async () => lying.sign({ key: (await keyPair('own')).privateKey }),
  'a foreign kid': async () =>
    lying.sign({ key: (await keyPair('x')).privateKey, header: { alg: 'RS256', kid: 'x' } }),
  'a key that the token brings along': async () => {
    const { privateKey, jwk } = await keyPair('own');
    return lying.sign({ key: privateKey, header: { alg: 'RS256', kid: 'own', jwk } });
  },
  'keys at an address of its own': async () => {
    const { privateKey } = await keyPair('own');
    return lying.sign({
      key: privateKey,
      header: { alg: 'RS256', kid: 'own', jku: 'http://127.0.0.1:1/keys' },
    });
  },
  'an algorithm off the list': async () => {
    const { privateKey } = await generateKeyPair('RS512');
    return lying.sign({ key: privateKey, header: { alg: 'RS512', kid: 'own' } });
  },
  'an access token by its type': header({ typ: 'at+jwt' }),
  'a logout token by its type': header({ typ: 'logout+jwt' }),
  'what must be understood and is not': async () => {
    const [, payload, signature] = (await lying.sign()).split('.');
    const head = encoded({ alg: 'RS256', kid: 'own', crit: ['b64'], b64: false });
    return `${head}.${payload}.${signature}`;
  },
  'no audience': claims({ aud: undefined }),
  'another audience': claims({ aud: 'another' }),
  'several audiences and no authorised party': claims({ aud: ['countersign', 'another'] }),
  'another authorised party': claims({ azp: 'another' }),
  'another issuer': claims({ iss: 'https://id.example.com' }),
  'an issuer of one more letter': () => lying.sign({ claims: { iss: `${lying.issuer}/` } }),
  'no subject': claims({ sub: undefined }),
  'an empty subject': claims({ sub: '' }),
  'a subject that is no text': () => lying.sign({ claims: { sub: 7 } }),
  'no end': claims({ exp: undefined }),
  'its end behind it': () => lying.sign({ claims: { exp: now() - 60 } }),
  'its begin ahead': () => lying.sign({ claims: { nbf: now() + 120 } }),
  'its making ahead': () => lying.sign({ claims: { iat: now() + 120 } }),
  'its making long behind': () => lying.sign({ claims: { iat: now() - 3_600, exp: now() + 3_600 } }),
  'a sign-in that is still to come': () => lying.sign({ claims: { auth_time: now() + 3_600 } }),
  'the nonce of another sign-in': claims({ nonce: 'n'.repeat(43) }),
  'no nonce': claims({ nonce: undefined }),
  'more than any provider says': claims({ groups: Array.from({ length: 2_000 }, (_, at) => `group-${at}`) }),
  'a signature of which a letter was changed': async () => `${(await lying.sign()).slice(0, -8)}AAAAAAAA`,
  'claims that were changed': async () => {
    const [head, , signature] = (await lying.sign()).split('.');
    const forged = {
      iss: lying.issuer,
      aud: 'countersign',
      sub: '00u1',
      nonce: lying.nonce,
      iat: now(),
      exp: now() + 60,
    };
    return `${head}.${encoded(forged)}.${signature}`;
  },
  'no token at all': () => '',
  'what is no token': () => 'a.b.c',
};

describe('attack 44: an ID token with', () => {
  it('nothing wrong signs in: the provider of these tests can', async () => {
    const done = await signIn();
    expect([done.status, done.cookie]).toEqual([303, expect.any(String)]);
  });

  it.each(Object.entries(LIES))(
    '%s is refused, by one page for all, one line of the log and none of the journal',
    async (_what, token) => {
      const before = await refusals();
      made = token;
      const done = await signIn();
      expect([done.status, done.cookie]).toEqual([400, undefined]);
      expect(done.text).toContain('The identity provider gave no answer that can be trusted.');
      expect(await refusals()).toEqual(before);
      expect(gate.logged.filter(({ event }) => event === 'sign-in-refused')).toMatchObject([
        { level: 'warn', fields: { reason: 'untrusted' } },
      ]);
    },
  );
});

describe('attack 45: the keys of the provider', () => {
  const down: Answers = (_, response) => void response.writeHead(503).end();

  it('hold while they cannot be read, up to their age; after that nobody signs in', async () => {
    const young = freshGate();
    const old = freshGate({ keysMaxAgeMs: 1 });
    for (const fetch of [young, old]) expect((await signIn(fetch)).status).toBe(303);
    lying.instead.set('/keys', down);
    expect((await signIn(young)).status).toBe(303);
    expect((await signIn(old)).status).toBe(503);
    lying.instead.clear();
    expect((await signIn(old)).status).toBe(303);
  });

  it('are read again for one that is unknown, and not again soon', async () => {
    const fetch = freshGate({ keysCooldownMs: 60_000 });
    await signIn(fetch);
    const asked = () => lying.asked.get('/keys') ?? 0;
    const before = asked();
    made = LIES['a foreign kid'] ?? (() => '');
    for (let each = 0; each < 5; each++) expect((await signIn(fetch)).status).toBe(400);
    expect(asked() - before).toBeLessThanOrEqual(1);
  });

  it('fault 26: are changed while people sign in, and nobody is refused who has a token of either', async () => {
    const fetch = freshGate({ keysCooldownMs: 0 });
    await signIn(fetch);
    const [own, next] = [lying.keys[0] ?? {}, await keyPair('next')];
    const newer = () => lying.sign({ key: next.privateKey, header: { alg: 'RS256', kid: 'next' } });
    lying.keys = [own, next.jwk];
    made = newer;
    expect((await signIn(fetch)).status).toBe(303);
    made = () => lying.sign();
    expect((await signIn(fetch)).status).toBe(303);
    lying.keys = [own];
    made = newer;
    expect((await signIn()).status).toBe(400); // a gateway that never saw the key
  });
});

describe('fault: the identity provider', () => {
  const silent: Answers = () => undefined;
  const faults: Readonly<Record<string, Answers>> = {
    'is down': (request) => void request.socket.destroy(),
    fails: (_, response) => void response.writeHead(500).end('oops'),
    'never answers': silent,
    'answers a byte at a time': (_, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    'sends without end': (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(Buffer.alloc(10 * 1024 * 1024, ' '));
    },
  };

  it.each(Object.entries(faults))(
    '%s: the person is told, nothing else waits, and it is asked again',
    async (_what, answer) => {
      const fetch = freshGate();
      lying.instead.set(DISCOVERY, answer);
      const begun = performance.now();
      const told = await signIn(fetch);
      expect([told.status, told.text]).toEqual([503, expect.stringContaining('does not answer')]);
      expect(performance.now() - begun).toBeLessThan(10_000);
      expect((await fetch(new Request(`${OWN}/healthz`))).status).toBe(200);
      lying.instead.clear();
      expect((await signIn(fetch)).status).toBe(303);
      lying.instead.set('/token', answer);
      expect((await signIn(fetch)).status).toBe(503);
      lying.instead.clear();
    },
  );

  it('says that it is another, or leads elsewhere: nobody is sent there', async () => {
    const metadata = (await (await fetch(`${lying.issuer}${DISCOVERY}`)).json()) as object; // as the provider makes it
    for (const over of [
      { issuer: 'https://id.example.com' },
      { authorization_endpoint: 'javascript:alert(1)' },
      { jwks_uri: 'file:///etc/passwd' },
    ]) {
      lying.instead.set(DISCOVERY, (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ ...metadata, ...over }));
      });
      const done = await signIn();
      expect([over, done.status, done.location]).toEqual([over, 503, undefined]);
    }
  });

  it('redirects the gateway: it does not follow', async () => {
    lying.instead.set(
      DISCOVERY,
      (_, response) => void response.writeHead(302, { location: `${lying.issuer}/elsewhere` }).end(),
    );
    expect((await signIn()).status).toBe(503);
    expect(lying.asked.get('/elsewhere')).toBeUndefined();
  });
});
