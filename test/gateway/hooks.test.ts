import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyDecision } from '../../src/contract/decision-record.js';
import { parseWebhookSecret, TOLERANCE_MS } from '../../src/contract/standard-webhook.js';
import { databaseClock } from '../../src/store/database.js';
import { publishHooks } from '../../src/store/hooks.js';
import { aSecret } from '../support/hook-target.js';
import { openGate, TENANT, type Gate } from './fixture.js';
import { anIntegration, message, post } from './hook-sender.js';
import { anOpenQuestion, journal, stored } from './questions.js';

const DAY = 24 * 3_600_000;
/** Of the tests' clock: now, whole seconds. */
const START = Math.floor(Date.now() / 1_000) * 1_000;

let gate: Gate;
let frozen: number | undefined;

beforeAll(async () => {
  gate = await openGate({
    clock: async (queries) => frozen ?? databaseClock(queries),
    hooks: [
      anIntegration({
        secrets: [
          { secret: parseWebhookSecret(aSecret(3)) },
          { secret: parseWebhookSecret(aSecret(2)), until: START + DAY },
        ],
      }),
      anIntegration({ id: 'other', secrets: [{ secret: parseWebhookSecret(aSecret(9)) }] }),
    ],
  });
});
beforeEach(() => {
  gate.reset();
  frozen = undefined;
});
afterAll(() => gate.close());

/** What the tenant's chain has of a message that was refused. */
async function refusals(id: string): Promise<string[]> {
  const rows = await gate.database.query<{ code: string }>(
    "select body::json ->> 'code' as code from journal where type = 'hook-refused' and body::json ->> 'message' = $1 order by seq",
    [id],
  );
  return rows.map(({ code }) => code);
}

describe('a decision by web hook', () => {
  it('is signed in, and leaves what one by the API leaves, but for the channel and who vouches', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await post(gate, message(question));
    expect([answer.status, answer.json]).toMatchObject([200, { verb: 'approve', applied: true }]);
    const [row] = await stored(gate, question);
    expect(verifyDecision(row?.jws, gate.deps.verifier)).toMatchObject({
      subject: 'amira',
      issuer: 'hook:desk',
    });
    const entries = await journal(gate, question);
    expect(entries.map(({ type }) => type)).toEqual(['task-submitted', 'decision-stored']);
    expect(JSON.parse(entries.at(-1)?.body ?? '')).toMatchObject({ channel: 'hook', verb: 'approve' });
  });

  // Seen to fail: the sender's own word for a person taken for the reviewer.
  it.each([
    ['a person bound to nobody', { subject: 'U-9' }, 403],
    ['a reviewer by its own claim', { subject: 'amira' }, 403],
    ['the word of another integration', { integration: 'other' }, 403],
    ['a question that is not there', { escalation: 'nowhere:1' }, 404],
    ['a version that is not there', { version: 7 }, 409],
    ['no reason', { why: '' }, 422],
    ['a member that nothing reads', { urgent: true }, 422],
    ['no subject', { subject: null }, 422],
  ])('refuses %s as the API would', async (_what, wrong, status) => {
    const question = await anOpenQuestion(gate);
    expect((await post(gate, message(question, wrong))).status).toBe(status);
    expect(await stored(gate, question)).toEqual([]);
  });

  // Seen to fail: neither in the journal nor in the log.
  it('leaves on record what was refused about a question that is not there', async () => {
    const question = await anOpenQuestion(gate);
    gate.reset();
    await post(gate, message(question, { escalation: 'nowhere:1' }));
    expect(gate.logged.map(({ event }) => event)).toEqual(['hook-refused']);
  });

  it('refuses the requester, whatever integration speaks for them', async () => {
    const question = await anOpenQuestion(gate, { requester: 'amira' });
    expect((await post(gate, message(question))).status).toBe(403);
    expect((await journal(gate, question)).map(({ type }) => type)).toEqual([
      'task-submitted',
      'decision-refused',
    ]);
  });
});

// Seen to fail: each row with the check it is about taken out of `receiveHook`.
describe('attack 47: a message that is not one', () => {
  const now = START;
  const rows: [string, Parameters<typeof post>[2]][] = [
    ['without signature', { headers: { 'webhook-signature': null } }],
    ['without id', { headers: { 'webhook-id': null } }],
    ['without time', { headers: { 'webhook-timestamp': null } }],
    ['signed with another secret', { secret: aSecret(4) }],
    ['signed with an empty signature', { headers: { 'webhook-signature': 'v1,' } }],
    ['with a signature of another version', { headers: { 'webhook-signature': `v1a,${'A'.repeat(43)}=` } }],
    [
      'with more signatures than any sender has',
      { headers: { 'webhook-signature': `v1,${'A'.repeat(43)}= `.repeat(9).trim() } },
    ],
    ['with junk behind the time', { headers: { 'webhook-timestamp': `${now / 1_000}abc` } }],
    ['with a time in milliseconds', { headers: { 'webhook-timestamp': String(now) } }],
    ['with a dot in the id', { id: 'msg_00000000.1795000000' }],
    ['with a short id', { id: 'msg' }],
    ['with an id of 65 characters', { id: 'm'.repeat(65) }],
    ['that is old', { at: now - 3_600_000 }],
    ['that is from the future', { at: now + 3_600_000 }],
    ['whose body is empty', { bytes: '' }],
    ['whose body was cut', { bytes: '{' }],
    ['whose body is another one', { bytes: Buffer.from([0xff, 0xfe, 0x00]) }],
  ];
  it.each(rows)('%s gets the one answer, and nothing of it is kept', async (_what, odd) => {
    frozen = now;
    const question = await anOpenQuestion(gate);
    const plain = await post(gate, message(question), { secret: aSecret(5) });
    const answer = await post(gate, message(question), odd);
    expect([answer.status, answer.json]).toEqual([401, plain.json]);
    expect(await stored(gate, question)).toEqual([]);
    expect(gate.logged.map(({ event }) => event)).toEqual(['hook-refused', 'hook-refused']);
    expect(JSON.stringify(gate.logged)).not.toContain('U-1');
  });

  it('whose body was written anew by a proxy is refused, although it means the same', async () => {
    const question = await anOpenQuestion(gate);
    const text = JSON.stringify(message(question));
    const anew = JSON.stringify(JSON.parse(text), null, 1);
    expect((await post(gate, text, { bytes: anew })).status).toBe(401);
    expect((await post(gate, text)).status).toBe(200);
  });

  // Two bodies that are no UTF-8 read as the same text: a signature over text would hold for both.
  it('whose bytes only read like the signed ones is refused', async () => {
    const signed = `{"a":"${Buffer.from([0xef, 0xbf, 0xbd]).toString()}"}`;
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(bytes.toString()).toBe(signed);
    expect((await post(gate, signed, { bytes })).status).toBe(401);
  });

  it('of 10 MB is refused before it is read', async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(16_384));
        if (pulled > 640) controller.close();
      },
    });
    const asked = { method: 'POST', body: endless, duplex: 'half', headers: await wellFormed() };
    const answer = await gate.fetch(new Request('http://gate/hooks/decisions', asked as RequestInit)); // fetch's own types lag
    expect([answer.status, pulled < 10]).toEqual([413, true]);
    const declared = { 'content-length': '10000000' };
    expect((await post(gate, '{}', { headers: declared })).status).toBe(413);
  });

  async function wellFormed() {
    return {
      'webhook-id': 'msg_00000000',
      'webhook-timestamp': String(Math.floor((await gate.database.now()) / 1_000)),
      'webhook-signature': `v1,${'A'.repeat(43)}=`,
    };
  }

  it.each([
    ['', 'usage', 400],
    ['{"subject":"U-1","subject":"U-2"}', 'usage', 400],
    ['[]', 'invalid', 422],
  ])('signed %j is told what is wrong with it, on record', async (text, code, status) => {
    const id = `msg_signed_${status}_${text.length}`;
    for (let n = 0; n < 2; n++) expect((await post(gate, text, { id })).status).toBe(status);
    expect(await refusals(id)).toEqual([code]);
  });
});

describe('attack 48: a message sent again', () => {
  // Seen to fail: a key of its own for every request.
  it('gets the first answer, and has no second effect', async () => {
    const question = await anOpenQuestion(gate);
    const body = message(question);
    const sent = { id: 'msg_replayed', at: await gate.database.now() };
    const first = await post(gate, body, sent);
    const again = await Promise.all([post(gate, body, sent), post(gate, body, sent)]);
    for (const answer of again)
      expect([answer.status, answer.json.decision]).toEqual([200, first.json.decision]);
    expect(await stored(gate, question)).toHaveLength(1);
  });

  // Seen to fail: ids kept for messages about the same question only.
  it('with another body is a conflict, also about another question', async () => {
    const [question, other] = [await anOpenQuestion(gate), await anOpenQuestion(gate)];
    const sent = { id: 'msg_another1' };
    expect((await post(gate, message(question), sent)).status).toBe(200);
    expect((await post(gate, message(other), sent)).status).toBe(409);
    expect((await post(gate, message(question, { subject: 'U-2' }), sent)).json.code).toBe(
      'idempotency-conflict',
    );
    expect(await stored(gate, other)).toEqual([]);
    expect(await refusals('msg_another1')).toEqual(['idempotency-conflict']);
  });

  it('is remembered for twice the tolerance, and no longer', async () => {
    const kept = async () =>
      (
        await gate.database.query<{ id: string }>("select id from hook_receipts where id like 'msg_kept%'")
      ).map(({ id }) => id);
    frozen = START + 1_000;
    await post(gate, message(await anOpenQuestion(gate)), { id: 'msg_kept_1' });
    frozen += 2 * TOLERANCE_MS;
    await post(gate, message(await anOpenQuestion(gate)), { id: 'msg_kept_2' });
    expect(await kept()).toEqual(['msg_kept_1', 'msg_kept_2']);
    frozen += 1;
    await post(gate, message(await anOpenQuestion(gate)), { id: 'msg_kept_3' });
    expect(await kept()).toEqual(['msg_kept_2', 'msg_kept_3']);
  });
});

// Seen to fail: a tolerance in whole seconds; one that counts to one side.
describe('fault 8: a message that was delayed', () => {
  it.each([
    [4 * 60_000 + 59_000, 200],
    [5 * 60_000, 200],
    [5 * 60_000 + 1, 401],
    [5 * 60_000 + 1_000, 401],
    [-5 * 60_000, 200],
    [-5 * 60_000 - 1, 401],
  ])('by %i ms is answered %i', async (delayMs, status) => {
    const question = await anOpenQuestion(gate, { answerBy: START + DAY });
    frozen = START + delayMs;
    expect((await post(gate, message(question), { at: START })).status).toBe(status);
  });

  it('duplicated and out of order is one decision for each message', async () => {
    const question = await anOpenQuestion(gate);
    const first = { id: 'msg_order_1', at: await gate.database.now() };
    const second = { id: 'msg_order_2', at: first.at - 1_000 };
    const bodies = [message(question), message(question, { subject: 'U-2', decision: 'reject' })] as const;
    const answers = await Promise.all([
      post(gate, bodies[0], first),
      post(gate, bodies[1], second),
      post(gate, bodies[0], first),
      post(gate, bodies[1], second),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await stored(gate, question)).map(({ verb }) => verb).toSorted()).toEqual(['approve', 'reject']);
  });
});

describe('attack 50: a secret that is being replaced', () => {
  it('is taken and counted until its day, then refused like any other', async () => {
    const operator = await gate.token('shop', { kind: 'service', scopes: ['policy'] });
    const counted = async () =>
      (await gate.request('GET', '/v1/hooks', operator)).json.integrations[0].signedWithOldSecret;
    const before = await counted();
    frozen = START + DAY;
    const question = await anOpenQuestion(gate, { answerBy: START + 2 * DAY });
    expect((await post(gate, message(question), { secret: aSecret(2) })).status).toBe(200);
    expect(gate.logged.map(({ event }) => event)).toEqual(['hook-signed-with-old-secret']);
    frozen += 1;
    const late = await post(gate, message(question), { secret: aSecret(2), id: 'msg_too_old_key' });
    expect(late.status).toBe(401);
    expect(await refusals('msg_too_old_key')).toEqual(['secret-ended']);
    frozen = undefined;
    expect(await counted()).toBe(before + 1);
  });

  it('fault 26: under load refuses no valid message', async () => {
    const questions = await Promise.all(Array.from({ length: 40 }, () => anOpenQuestion(gate)));
    const answers = await Promise.all(
      questions.map((question, n) => post(gate, message(question), { secret: aSecret(n % 2 === 0 ? 2 : 3) })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('of a sender that signs with both is one message', async () => {
    const question = await anOpenQuestion(gate);
    const { Webhook } = await import('standardwebhooks');
    const [id, at, text] = [
      'msg_both_keys',
      new Date(await gate.database.now()),
      JSON.stringify(message(question)),
    ];
    const both = [aSecret(7), aSecret(3)].map((secret) => new Webhook(secret).sign(id, at, text)).join(' ');
    const sent = { id, at: at.getTime(), headers: { 'webhook-signature': both } };
    expect((await post(gate, text, sent)).status).toBe(200);
  });
});

describe('/v1/hooks', () => {
  it('is for operators, and shows and enables the own tenant alone', async () => {
    const targets = ['crm', 'foreign'].map((id) => ({
      id,
      tenant: (id === 'crm' ? TENANT : 'other') as never,
      events: ['asked' as const],
    }));
    await publishHooks(gate.database, targets, 1);
    await gate.database.query('update hook_targets set disabled_at = 1');
    const operator = await gate.token('shop', { kind: 'service', scopes: ['policy'] });
    const nobody = await gate.token('ruth');
    expect((await gate.request('GET', '/v1/hooks', nobody)).status).toBe(403);
    expect((await gate.request('POST', '/v1/hooks/crm/enable', nobody)).status).toBe(403);
    const page = await gate.request('GET', '/v1/hooks', operator);
    expect(page.json.targets).toMatchObject([
      { hook: 'crm', disabledAt: 1, waiting: 0, dead: 0, error: null },
    ]);
    expect((await gate.request('POST', '/v1/hooks/foreign/enable', operator)).status).toBe(404);
    expect((await gate.request('POST', '/v1/hooks/crm/enable', operator)).status).toBe(200);
    expect((await gate.request('GET', '/v1/hooks', operator)).json.targets[0].disabledAt).toBeNull();
  });

  it('names what a task may call back: another target, or another tenant’s, is none', async () => {
    const service = await gate.token('shop', { kind: 'service' });
    const work = {
      agent: 'support',
      action: { tool: 'issue_refund', args: { orderId: '1', amountCents: 1 } },
    };
    for (const [n, [callback, status]] of [
      ['crm', 201],
      ['foreign', 422],
      ['nowhere', 422],
    ].entries()) {
      const answer = await gate.request('POST', '/v1/tasks', service, {
        task: `called-${n}`,
        ...work,
        callback,
      });
      expect(answer.status).toBe(status);
    }
    const changed = await gate.request('POST', '/v1/tasks', service, { task: 'called-0', ...work });
    expect(changed.json.code).toBe('idempotency-conflict');
  });
});
