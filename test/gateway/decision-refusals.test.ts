import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { labelled } from '../../src/contract/digest.js';
import type { HaltId } from '../../src/domain/ids.js';
import { applyDecision, refuseStored } from '../../src/store/decisions.js';
import { setHalt } from '../../src/store/halts.js';
import { closeQuestion, endRung, type QuestionRow } from '../../src/store/questions.js';
import { openGate, POLICY, TENANT, type Gate } from './fixture.js';
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

describe('a decision is refused', () => {
  const refusals: [
    string,
    number,
    string,
    (question: QuestionRow) => Promise<{ status: number; json: { code: string } }>,
  ][] = [
    [
      'when the version is another',
      409,
      'stale',
      (q) => decide(gate, q, amira, { ...about(q, 'approve'), version: 2 }),
    ],
    [
      'when the digest is another',
      409,
      'stale',
      (q) => decide(gate, q, amira, { ...about(q, 'approve'), digest: labelled('x', 1) }),
    ],
    [
      'for a service token (case 53)',
      403,
      'forbidden',
      async (q) => decide(gate, q, await gate.token('amira', { kind: 'service' }), about(q, 'approve')),
    ],
    [
      'for a role that was not asked',
      403,
      'forbidden',
      async (q) => decide(gate, q, await gate.token('ruth'), about(q, 'approve')),
    ],
    [
      'for somebody without any role, as if it did not exist (case 69)',
      404,
      'not-found',
      async (q) => decide(gate, q, await gate.token('mallory'), about(q, 'approve')),
    ],
    [
      'for another tenant, as if it did not exist (case 69)',
      404,
      'not-found',
      async (q) =>
        decide(gate, q, await gate.token('amira', { tenant: 'other' as typeof TENANT }), about(q, 'approve')),
    ],
    [
      'for a verb of another kind',
      422,
      'invalid',
      (q) => decide(gate, q, amira, about(q, 'resolve', { resolution: 'leave' })),
    ],
    ['without a reason', 422, 'invalid', (q) => decide(gate, q, amira, { ...about(q, 'approve'), why: ' ' })],
    [
      'with a member that nothing reads',
      422,
      'invalid',
      (q) => decide(gate, q, amira, about(q, 'approve', { force: true })),
    ],
    [
      'for an extension beyond what the policy lets',
      409,
      'policy-refused',
      (q) => decide(gate, q, amira, about(q, 'extend', { until: (q.extendableUntil ?? 0) + 1 })),
    ],
    [
      'for an extension into the past',
      422,
      'invalid',
      (q) => decide(gate, q, amira, about(q, 'extend', { until: (q.answerBy ?? 0) - 1 })),
    ],
    ['for a withdrawal of nothing', 409, 'not-open', (q) => decide(gate, q, amira, about(q, 'withdraw'))],
  ];
  it.each(refusals)('%s', async (_name, status, code, attempt) => {
    const question = await anOpenQuestion(gate);
    const answer = await attempt(question);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(await stored(gate, question)).toEqual([]);
    expect(gate.tasks.told).toEqual([]);
  });

  it('and the refusal is journalled with who tried', async () => {
    const question = await anOpenQuestion(gate);
    await decide(gate, question, await gate.token('ruth'), about(question, 'approve'));
    const refused = (await journal(gate, question)).find((entry) => entry.type === 'decision-refused');
    expect(JSON.parse(refused?.body ?? '{}')).toMatchObject({ code: 'forbidden', operation: 1 });
    expect(JSON.parse(refused?.texts ?? '{}')).toEqual({ by: 'ruth' });
  });

  // Seen to fail: nobody comparing the brief with its digest.
  it('case 28: about a question whose brief was altered in the store', async () => {
    const question = await anOpenQuestion(gate);
    await gate.database.query(
      "update questions set brief = replace(brief, 'USD 240.00', 'USD 2.40') where tenant = $1 and task = $2",
      [TENANT, question.task],
    );
    const answer = await decide(gate, question, amira, about(question, 'approve'));
    expect([answer.status, answer.json.code]).toEqual([409, 'conflict']);
    expect(await stored(gate, question)).toEqual([]);
  });

  it('with the current version and digest when it was stale', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await decide(gate, question, amira, { ...about(question, 'approve'), version: 9 });
    expect(answer.json).toMatchObject({ version: 1, digest: question.digest });
  });

  it('case 53: for whoever asked for it, though they may reject it', async () => {
    const question = await anOpenQuestion(gate, { requester: 'amira' });
    expect((await decide(gate, question, amira, about(question, 'approve'))).json.code).toBe('forbidden');
    expect(
      (
        await decide(
          gate,
          question,
          amira,
          about(question, 'edit', { edits: { orderId: '1', amountCents: 1 } }),
        )
      ).json.code,
    ).toBe('forbidden');
    expect((await decide(gate, question, amira, about(question, 'reject'))).status).toBe(200);
  });

  it('too late: after the deadline, with the role that is asked next', async () => {
    const now = await gate.database.now();
    const question = await anOpenQuestion(gate, { answerBy: now - 1 });
    const answer = await decide(gate, question, amira, about(question, 'approve'));
    expect([answer.status, answer.json.code]).toEqual([409, 'too-late']);
    expect(answer.json.detail).toContain('director is asked next');
  });

  it('too late: between two rungs, whatever the clock says', async () => {
    const question = await anOpenQuestion(gate);
    await gate.database.transaction((tx) => endRung(tx, question));
    expect((await decide(gate, question, amira, about(question, 'approve'))).json.code).toBe('too-late');
  });

  it('under a halt, with its id', async () => {
    const question = await anOpenQuestion(gate);
    const id = `halt-${question.task}` as HaltId;
    await setHalt(gate.database, {
      id,
      scope: 'task',
      tenant: TENANT,
      target: question.task,
      why: 'x',
      whySalt: 's',
      by: 'ruth',
      role: 'director',
      sign: () => 'jws',
    });
    const answer = await decide(gate, question, amira, about(question, 'approve'));
    expect([answer.status, answer.json.code, answer.json.halt]).toEqual([409, 'halted', id]);
  });

  it('once the question is closed, with the decision that won', async () => {
    const question = await anOpenQuestion(gate);
    const won = await decide(gate, question, joon, about(question, 'approve'));
    await gate.database.transaction((tx) => closeQuestion(tx, question, 'approve', 1));
    const answer = await decide(gate, question, amira, about(question, 'reject'));
    expect([answer.status, answer.json.code, answer.json.winner.decision]).toEqual([
      409,
      'already-decided',
      won.json.decision,
    ]);
    expect(answer.json.detail).toBe('joon was first: approve.');
    // Seen to fail: "joon was first", since he had signed in with something else.
    const elsewhere = await gate.token('joon', { issuer: 'https://id.example.com' });
    const again = await decide(gate, question, elsewhere, about(question, 'reject'));
    expect([again.status, again.json.detail]).toEqual([409, 'You have decided this yourself: approve.']);
  });

  it('case 54: after the role was taken away between looking and deciding', async () => {
    const question = await anOpenQuestion(gate);
    const view = await gate.request('GET', `/v1/escalations/${question.task}:1`, joon);
    expect(view.json.mayDo).toContain('approve');
    const without = POLICY.replace('[amira, joon]', '[amira]');
    await activate(without);
    const answer = await decide(gate, question, joon, about(question, 'approve'));
    await activate(POLICY);
    expect([answer.status, answer.json.code]).toEqual([404, 'not-found']);
    expect(await stored(gate, question)).toEqual([]);
  });

  /** Seen to fail: 200 and `applied`, for a decision that had lost: a lost workflow task was done again, and heard it first. */
  it.each([
    { verb: 'escalate', state: 'HUMAN_RESPONDED' },
    { verb: 'approve', state: 'RESUMING' },
  ])(
    'when its run took it before it looked into the store, where another one holds: $verb',
    async ({ verb, state }) => {
      const question = await anOpenQuestion(gate);
      gate.tasks.answer.decide = async () => ({ kind: 'pending', sent: true });
      const first = await decide(gate, question, joon, about(question, 'reject'));
      gate.tasks.answer.decide = async ({ tenant, task }, { id }) => {
        await gate.database.transaction(async (tx) => {
          applyDecision(tx, { tenant, id: first.json.decision, now: 1 });
          closeQuestion(tx, question, 'rejected', 1);
          await refuseStored(tx, { tenant, task, id, code: 'already-decided', now: 1 });
        });
        return { kind: 'applied', state };
      };
      const second = await decide(gate, question, amira, about(question, verb));
      expect([second.status, second.json.code]).toEqual([409, 'already-decided']);
      expect(second.json.winner).toMatchObject({ decision: first.json.decision, by: 'joon' });
    },
  );
});

async function activate(source: string): Promise<void> {
  const answer = await gate.request(
    'POST',
    '/v1/policies',
    await gate.token('ruth', { scopes: ['policy'] }),
    { source },
  );
  expect(answer.status).toBe(201);
}
