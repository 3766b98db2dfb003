import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyDecision } from '../../src/contract/decision-record.js';
import { SECRET_MASK } from '../../src/contract/secret.js';
import type { Json } from '../../src/domain/action.js';
import { callsOf, lockOperation } from '../../src/store/ledger.js';
import { latestQuestion, openQuestion } from '../../src/store/questions.js';
import { findTool, publishTools } from '../../src/store/tools.js';
import { aKey } from './browse.js';
import { openGate, TENANT, type Gate } from './fixture.js';
import { about, anOpenQuestion, decide, journal, stored } from './questions.js';

let gate: Gate;
let amira: string;
let joon: string;

beforeAll(async () => {
  gate = await openGate();
  [amira, joon] = [await gate.token('amira'), await gate.token('joon')];
});
beforeEach(() => gate.reset());
afterAll(() => gate.close());

describe('an edit', () => {
  it('case 32: makes a new generation with its own digest, and the tool stays', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await decide(
      gate,
      question,
      amira,
      about(question, 'edit', { edits: { orderId: '1182', amountCents: 10_000 } }),
    );
    expect(answer.status).toBe(200);
    const calls = await callsOf(gate.database, TENANT, question.task);
    expect(calls.map((call) => [call.generation, call.tool, call.args])).toEqual([
      [1, 'issue_refund', { orderId: '1182', amountCents: 24_000 }],
      [2, 'issue_refund', { orderId: '1182', amountCents: 10_000 }],
    ]);
    const [row] = await stored(gate, question);
    expect(row?.message.edited).toMatchObject({ generation: 2 });
    expect(verifyDecision(row?.jws, gate.deps.verifier)?.edited).toEqual(row?.message.edited);
    expect(row?.message.edited?.digest).not.toBe(question.digest);
  });

  it('beyond what was asked is offered for approval to everybody but its editor', async () => {
    const question = await anOpenQuestion(gate);
    const edits = { orderId: '1182', amountCents: 90_000 };
    await decide(gate, question, amira, about(question, 'edit', { edits }));
    const asked = { task: question.task, generation: 2, round: 2, reason: 'needs-another-subject' } as const;
    await gate.database.transaction((tx) => openQuestion(tx, { ...question, ...asked }));
    const seen = async (token: string) => {
      const { json } = await gate.request('GET', `/v1/escalations/${question.task}:1`, token);
      return {
        approve: json.mayDo.includes('approve'),
        reject: json.mayDo.includes('reject'),
        why: json.mayNot,
      };
    };
    expect(await seen(amira)).toEqual({
      approve: false,
      reject: true,
      why: 'You edited this call into what it is: somebody else must approve it.',
    });
    expect(await seen(joon)).toEqual({ approve: true, reject: true, why: null });
    // Seen to fail: asked again for another reason, it was offered to its editor.
    const anew = { ...asked, round: 3, reason: 'halt-lifted' } as const;
    await gate.database.transaction((tx) => openQuestion(tx, { ...question, ...anew }));
    expect([(await seen(amira)).approve, (await seen(joon)).approve]).toEqual([false, true]);
  });

  // Seen to fail: the edit stored as written.
  it('is stored with the defaults of the tool', async () => {
    const facts = { name: 'restart', version: '1', tier: 3, categories: [], hasUndo: false } as const;
    const schema = {
      type: 'object',
      properties: { host: { type: 'string' }, wait: { type: 'integer', default: 0 } },
      required: ['host', 'wait'],
      additionalProperties: false,
    };
    await publishTools(gate.database, [{ facts, schema }], 0);
    const question = await anOpenQuestion(gate, { tool: 'restart', args: { host: 'a', wait: 5 } });
    const edit = about(question, 'edit', { edits: { host: 'b' } });
    expect((await decide(gate, question, amira, edit)).status).toBe(200);
    const calls = await callsOf(gate.database, TENANT, question.task);
    expect(calls.map(({ args }) => args)).toEqual([
      { host: 'a', wait: 5 },
      { host: 'b', wait: 0 },
    ]);
  });

  it('that does not fit the tool is refused and leaves no generation (defect 5)', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await decide(
      gate,
      question,
      amira,
      about(question, 'edit', { edits: { orderId: '1182', amountCents: '100' } }),
    );
    expect([answer.status, answer.json.code]).toEqual([422, 'invalid']);
    expect(answer.json.problems[0].path).toBe('$.amountCents');
    expect(await callsOf(gate.database, TENANT, question.task)).toHaveLength(1);
  });

  it('that changes nothing is refused', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await decide(
      gate,
      question,
      amira,
      about(question, 'edit', { edits: { amountCents: 24_000, orderId: '1182' } }),
    );
    expect([answer.status, answer.json.code]).toEqual([422, 'invalid']);
  });

  it('case 67: takes new secrets out before it is stored, and may not name one', async () => {
    const question = await anOpenQuestion(gate, {
      tool: 'send_key',
      args: { to: 'a', key: { $secret: 'hmac-sha256:00' } },
    });
    const forged = await decide(
      gate,
      question,
      amira,
      about(question, 'edit', { edits: { to: 'b', key: { $secret: 'hmac-sha256:00' } } }),
    );
    expect([forged.status, forged.json.code]).toEqual([422, 'invalid']);
    const answer = await decide(
      gate,
      question,
      amira,
      about(question, 'edit', { edits: { to: 'b', key: 'new-secret-value' } }),
    );
    expect(answer.status).toBe(200);
    const everything = await gate.database.query<{ t: string }>(
      `select to_jsonb(l)::text as t from ledger l union all select to_jsonb(d)::text from decisions d union all select to_jsonb(j)::text from journal j
       union all select to_jsonb(s)::text from secrets s`,
    );
    expect(everything.filter((row) => row.t.includes('new-secret-value'))).toEqual([]);
  });

  // Seen to fail: the right guess changed nothing, or had been edited away before, and was refused.
  it('case 67: takes a secret that is typed for a new one, whichever it is', async () => {
    const first = await aKey(gate);
    const edited = async (round: number, edits: Json) => {
      const generation = round;
      const [before] = (await stored(gate, first)).slice(-1);
      const digest = before?.message.edited?.digest ?? first.digest;
      const question = { ...first, round, generation, digest };
      if (round > 1) await gate.database.transaction((tx) => openQuestion(tx, question));
      return (await decide(gate, question, amira, about(question, 'edit', { edits }))).status;
    };
    expect(await edited(1, { to: 'mia', key: 'key-of-mia' })).toBe(200);
    expect(await edited(2, { to: 'joon', key: 'key-of-mia' })).toBe(200);
    expect(await edited(3, { to: 'mia', key: SECRET_MASK })).toBe(200);
    expect(await callsOf(gate.database, TENANT, first.task)).toHaveLength(4);
    expect(await edited(4, { to: 'mia', key: SECRET_MASK })).toBe(422);
  });

  // Seen to fail: only the tool's version compared (what was sealed is opened, and stored as it is).
  it('case 67: is refused when the tool was published anew, without its marks, under the same version', async () => {
    const question = await anOpenQuestion(gate, { tool: 'send_key', args: { to: 'a', key: 'x' } });
    const { facts, schema } = (await findTool(gate.database, 'send_key')) ?? expect.unreachable();
    const bare = JSON.parse(JSON.stringify(schema).replaceAll('"x-secret":true', '"x":true')) as Json; // it was JSON
    expect(bare).not.toEqual(schema);
    await publishTools(gate.database, [{ facts, schema: bare }], 0);
    const edit = about(question, 'edit', { edits: { to: 'b', key: 'x' } });
    const answer = await decide(gate, question, amira, edit);
    await publishTools(gate.database, [{ facts, schema }], 0);
    expect([answer.status, answer.json.code]).toEqual([409, 'stale']);
  });
});

describe('a withdrawal', () => {
  it('takes the own approval back and never goes to Temporal', async () => {
    const question = await anOpenQuestion(gate);
    await decide(gate, question, amira, about(question, 'approve'));
    gate.tasks.told.length = 0;
    const answer = await decide(gate, question, amira, about(question, 'withdraw'));
    expect([answer.status, answer.json.applied]).toEqual([200, true]);
    expect((await stored(gate, question)).map((row) => [row.verb, row.outcome])).toEqual([
      ['approve', 'withdrawn'],
      ['withdraw', 'applied'],
    ]);
    expect(gate.tasks.told).toEqual([]);
  });

  it('does not touch the approval of somebody else', async () => {
    const question = await anOpenQuestion(gate);
    await decide(gate, question, amira, about(question, 'approve'));
    expect((await decide(gate, question, joon, about(question, 'withdraw'))).json.code).toBe('not-open');
    expect((await stored(gate, question)).map((row) => row.outcome)).toEqual([null]);
  });

  it('is refused once the call was claimed', async () => {
    const question = await anOpenQuestion(gate);
    await decide(gate, question, amira, about(question, 'approve'));
    await gate.database.transaction(async (tx) => {
      await lockOperation(tx, question);
      await tx.query("update ledger set status = 'claimed' where task = $1", [question.task]);
    });
    const answer = await decide(gate, question, amira, about(question, 'withdraw'));
    expect([answer.status, answer.json.code]).toEqual([409, 'already-claimed']);
  });
});

describe('a hand-over', () => {
  it('is resolved in the store, without Temporal', async () => {
    const question = await anOpenQuestion(gate, {
      operation: 0,
      kind: 'hand-over',
      roles: ['supervisor'],
      answerBy: null,
      extendableUntil: null,
    });
    const wrong = await decide(gate, question, amira, about(question, 'approve'));
    expect([wrong.status, wrong.json.code]).toEqual([422, 'invalid']);
    const answer = await decide(gate, question, amira, about(question, 'resolve', { resolution: 'leave' }));
    expect([answer.status, answer.json.applied]).toEqual([200, true]);
    expect(gate.tasks.told).toEqual([]);
    expect(
      (await latestQuestion(gate.database, { tenant: TENANT, task: question.task, operation: 0 }))?.closedAs,
    ).toBe('leave');
    expect((await journal(gate, question)).map((entry) => entry.type)).toContain('hand-over-closed');
  });
});
