import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskId } from '../../src/domain/ids.js';
import { policyHash } from '../../src/policy/load.js';
import { readJournal, TENANT_CHAIN } from '../../src/store/journal.js';
import { activatePolicy } from '../../src/store/policies.js';
import type { QuestionRow } from '../../src/store/questions.js';
import { revokePerson } from '../../src/store/sessions.js';
import { revokeToken } from '../../src/store/tokens.js';
import { whileGood } from '../../src/store/while-good.js';
import { aVisitor, OWN, REASON, visiting, type Visitor } from './browse.js';
import { openGate, POLICY, TENANT, type Gate } from './fixture.js';
import { about, anOpenQuestion, stored } from './questions.js';

/** Beside the roles of the fixture one that the store keeps. */
const KEPT = POLICY.replace('roles:\n', 'roles:\n  night: { kept: store, owner: director }\n');
const SCOPES = ['tokens', 'policy', 'halt:all', 'on-behalf'];
/** A task that comes too late. */
const LATE = { task: 'late', agent: 'support', planner: { name: 'any' } };
const VERIFIER = 'v'.repeat(43);

let gate: Gate;
let question: QuestionRow;
let halt: string;
let until: number;

beforeAll(async () => {
  gate = await openGate({ policy: KEPT });
  question = await anOpenQuestion(gate);
  until = (await gate.database.now()) + 3_600_000;
  const body = { scope: 'agent', target: 'other', why: REASON };
  halt = (await gate.request('POST', '/v1/halts', await gate.token('tomas'), body)).json.halt;
});
afterAll(() => gate.close());

const end = (subject: string) => async () => {
  await revokePerson(gate.database, TENANT, subject, await gate.database.now());
};

async function activate(source: string): Promise<void> {
  const policy = { tenant: TENANT, hash: policyHash(source), version: '2', source, author: 'ruth' };
  await activatePolicy(gate.database, policy);
}

const tokenOf = (subject: string) =>
  subject === 'ops' ? gate.token(subject, { kind: 'service', scopes: SCOPES }) : gate.token(subject);

/** A request whose body comes when somebody reads it, and `meanwhile` has been done. */
function slowly(
  path: string,
  headers: Record<string, string>,
  body: string,
  meanwhile: () => Promise<void>,
): Request {
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    await meanwhile();
    controller.enqueue(Buffer.from(body));
    controller.close();
  };
  const stream = new ReadableStream({ pull }, { highWaterMark: 0 });
  return new Request(`${OWN}${path}`, { method: 'POST', headers, body: stream, duplex: 'half' });
}

const asJson = async (subject: string) => ({
  authorization: `Bearer ${await tokenOf(subject)}`,
  'content-type': 'application/json',
});

const sent = async (subject: string, path: string, body: object, meanwhile: () => Promise<void>) =>
  gate.fetch(slowly(path, await asJson(subject), JSON.stringify(body), meanwhile));

/** The gateway over a database in which something happens whenever a transaction begins. */
const during = (meanwhile: () => Promise<void>): Gate => ({
  ...gate,
  fetch: gate.appOf({
    ...gate.deps,
    database: {
      ...gate.database,
      async transaction(work) {
        await meanwhile();
        return gate.database.transaction(work);
      },
    },
  }),
});

const sentDuring = async (subject: string, path: string, body: object, meanwhile: () => Promise<void>) => {
  const init = { method: 'POST', headers: await asJson(subject), body: JSON.stringify(body) };
  return during(meanwhile).fetch(new Request(`${OWN}${path}`, init));
};

const newToken = { kind: 'service', subject: 'other', scopes: SCOPES };
const lift = () => `/v1/halts/${halt}/lift`;
const escalation = (what: string) => `/v1/escalations/${question.task}:1/${what}`;

/** The fields of the button by which a terminal may act as somebody. */
async function terminalForm(who: Visitor): Promise<Record<string, string>> {
  const challenge = createHash('sha256').update(VERIFIER).digest('base64url');
  const asking = { port: '5555', challenge, state: 's'.repeat(43) };
  const page = await who.get(`/terminal?${new URLSearchParams(asking).toString()}`);
  return { ...asking, csrf: /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '' };
}

const codeIn = (location: string | null) => new URL(location ?? '', OWN).searchParams.get('code');

describe('while a request is still being sent', () => {
  it('its token can be revoked, and makes no other', async () => {
    expect((await sent('ops', '/v1/tokens', newToken, end('ops'))).status).toBe(401);
  });

  it('its token can be revoked, and decides nothing', async () => {
    const answer = await sent('amira', escalation('decisions'), about(question, 'reject'), end('amira'));
    expect(answer.status).toBe(401);
    expect(await stored(gate, question)).toEqual([]);
  });

  it('its session can be ended, and lets no terminal in', async () => {
    const joon = await aVisitor(gate, 'joon');
    const fields = new URLSearchParams(await terminalForm(joon)).toString();
    const headers = {
      cookie: joon.cookie,
      origin: OWN,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const answer = await gate.fetch(slowly('/terminal', headers, fields, end('joon')));
    expect(answer.headers.get('location')).toMatch(/^\/sign-in\?/);
  });

  it('the policy can take the role away that it needs', async () => {
    const without = KEPT.replace('[sven, ruth]', '[ruth]');
    expect((await sent('sven', lift(), { why: REASON }, () => activate(without))).status).toBe(403);
    await activate(KEPT);
  });
});

describe('after its look-up a token can end, and then nothing is stored:', () => {
  const cases: readonly [string, string, () => string, () => object][] = [
    ['a token', 'ops', () => '/v1/tokens', () => newToken],
    ['a sign-in link', 'ops', () => '/v1/sign-in-links', () => ({ subject: 'amira' })],
    ['a policy', 'ops', () => '/v1/policies', () => ({ source: KEPT.replace('.1"', '.2"') })],
    ['a task', 'amira', () => '/v1/tasks', () => LATE],
    ['a cancel', 'tomas', () => `/v1/tasks/${question.task}/cancel`, () => ({ why: REASON })],
    ['a halt', 'tomas', () => '/v1/halts', () => ({ scope: 'tenant', why: REASON })],
    ['a lift', 'sven', lift, () => ({ why: REASON })],
    ['a decision', 'amira', () => escalation('decisions'), () => about(question, 'reject')],
    ['a hold', 'amira', () => escalation('claim'), () => ({})],
    [
      'a question passed on',
      'amira',
      () => escalation('delegate'),
      () => ({ to: 'joon', until, why: REASON }),
    ],
    [
      'a role passed on',
      'amira',
      () => '/v1/delegations',
      () => ({ role: 'supervisor', to: 'joon', until, why: REASON }),
    ],
    ['a role kept', 'ruth', () => '/v1/roster/roles/night', () => ({ members: ['joon'] })],
    ['an absence', 'amira', () => '/v1/roster/absences', () => ({ subject: 'amira', until })],
  ];

  const entries = async () => {
    const of = (task: TaskId) => readJournal(gate.database, { tenant: TENANT, task, limit: 200 });
    const chains = [TENANT_CHAIN, question.task, LATE.task as TaskId]; // test data
    const all = (await Promise.all(chains.map(of))).flat();
    return all.map(({ type }) => type).filter((type) => type !== 'decision-refused');
  };

  it.each(cases)('%s', async (_, subject, path, body) => {
    const before = await entries();
    const answer = await sentDuring(subject, path(), body(), end(subject));
    expect(await answer.json()).toMatchObject({ code: 'unauthenticated', status: 401 });
    expect(await entries()).toEqual(before);
    expect(await stored(gate, question)).toEqual([]);
  });

  it('a code for a terminal', async () => {
    const joon = await aVisitor(gate, 'joon');
    const fields = await terminalForm(joon);
    const answer = await visiting(during(end('joon')), joon.cookie).post('/terminal', fields);
    expect([answer.status, answer.headers.get('location')]).toEqual([401, null]);
  });

  // Seen to fail: all held to the policy of their look-up (a halt in an emergency was refused).
  it.each([
    ['a halt', 'tomas', '/v1/halts', { scope: 'agent', target: 'other', why: REASON }, 201],
    ['a task', 'amira', '/v1/tasks', { ...LATE, task: 'under-another-policy' }, 201],
  ])('but no other policy keeps %s from being stored', async (_, subject, path, body, status) => {
    const answer = await sentDuring(subject, path, body, () => activate(KEPT.concat('# another\n')));
    expect(answer.status).toBe(status);
    await activate(KEPT);
  });

  it('and what another policy would not allow', async () => {
    const without = KEPT.replace('[sven, ruth]', '[ruth]');
    const answer = await sentDuring('sven', lift(), { why: REASON }, () => activate(without));
    expect(await answer.json()).toMatchObject({ code: 'conflict' });
    await activate(KEPT);
  });
});

describe('a token that ends', () => {
  it('during a transaction stores nothing of it, also when that commits with its last statement', async () => {
    const bearer = { via: 'token', tenant: TENANT, policyHash: null } as const;
    for (const early of [true, false]) {
      const [tokenId = ''] = /(?<=^csp_)[0-9a-f]+/.exec(await gate.token('amira')) ?? [];
      const work = whileGood(gate.database, { ...bearer, tokenId }).transaction(async (tx) => {
        await revokeToken(gate.database, { tenant: TENANT, id: tokenId, person: null }, 1);
        const written = tx.query("update tokens set subject = 'kept' where id = $1", [tokenId]);
        return early ? tx.last(written) : written;
      });
      await expect(work).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    expect(await gate.database.query("select from tokens where subject = 'kept'")).toEqual([]);
  });
});

describe('a token that a decision was taken with', () => {
  const decide = (token: string, on: QuestionRow, body: object) =>
    gate.request('POST', `/v1/escalations/${on.task}:1/decisions`, token, body);
  const ends: readonly [string, (token: string) => Promise<unknown>][] = [
    ['is revoked', (token) => setTo(token, 'revoked_at = 1')],
    ['runs out', (token) => setTo(token, 'expires_at = 1')],
  ];
  const setTo = (token: string, change: string) =>
    gate.database.query(`update tokens set ${change} where id = $1`, [token.split('_')[1]]);

  // Seen to fail: a refused body was journalled under the name of whoever had the token; the answer said that it had ended, or of no question that there is none.
  it.each(ends)('and %s is no different from one that never was', async (_, end) => {
    const [decided, open] = [await anOpenQuestion(gate), await anOpenQuestion(gate)];
    const asked: readonly [QuestionRow, object][] = [
      [open, about(open, 'approve')],
      [open, about(open, 'reject')],
      [open, { decision: 'approve' }],
      [decided, about(decided, 'reject')],
      [{ ...open, task: 'no:such' as TaskId }, about(open, 'reject')],
    ];
    const tokens = await Promise.all(asked.map(() => gate.token('amira')));
    // The same key by the same person: each token is known once it has been used, and one decision is stored.
    for (const token of tokens)
      expect((await decide(token, decided, about(decided, 'approve'))).status).toBe(200);
    await Promise.all(tokens.map(end));
    const chains = () => gate.database.query('select task, seq from journal order by task, seq');
    const before = await chains();
    const wrong = [await decide('csp_aaaaaaaaaaaa_'.padEnd(60, 'x'), open, about(open, 'reject'))];
    for (const [index, [on, body]] of asked.entries())
      wrong.push(await decide(tokens[index] ?? '', on, body));
    expect(new Set(wrong.map(({ status, json }) => JSON.stringify([status, json]))).size).toBe(1);
    expect(wrong[0]).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
    expect(await stored(gate, open)).toEqual([]);
    expect(await chains()).toEqual(before);
  });

  // Seen to fail: with the statement behind all others alone, it waited for the question's lock.
  it('and is revoked waits for no question that somebody else holds', async () => {
    const [decided, open] = [await anOpenQuestion(gate), await anOpenQuestion(gate)];
    const token = await gate.token('amira');
    expect((await decide(token, decided, about(decided, 'approve'))).status).toBe(200);
    await setTo(token, 'revoked_at = 1');
    await gate.database.transaction(async (tx) => {
      await tx.query('select from questions where task = $1 for update', [open.task]);
      expect((await decide(token, open, about(open, 'reject'))).status).toBe(401);
    });
  });
});

describe('the code of a terminal', () => {
  it('goes with the session that it was made in', async () => {
    const joon = await aVisitor(gate, 'joon');
    const code = codeIn((await joon.post('/terminal', await terminalForm(joon))).headers.get('location'));
    expect(code).not.toBeNull();
    const { csrf = '' } = await terminalForm(joon);
    expect((await joon.post('/sign-out', { csrf })).status).toBe(303);
    const token = await gate.request('POST', '/sign-in/token', null, { code, verifier: VERIFIER });
    expect(token).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
  });
});
