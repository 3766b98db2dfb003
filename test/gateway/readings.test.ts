import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { READINGS } from '../../src/contract/readings.js';
import type { TaskId } from '../../src/domain/ids.js';
import { callsOf } from '../../src/store/ledger.js';
import { findTask } from '../../src/store/tasks.js';
import { openGate, TENANT, type Gate } from './fixture.js';

let gate: Gate;
let shop: string;
let count = 0;
beforeAll(async () => {
  gate = await openGate();
  shop = await gate.token('shop', { kind: 'service', scopes: ['on-behalf'] });
});
beforeEach(() => gate.reset());
afterAll(() => gate.close());

function aTask(rest: Record<string, unknown> = {}) {
  const action = { tool: 'issue_refund', args: { orderId: '1182', amountCents: 24_000 } };
  return { task: `readings-${++count}`, agent: 'support', action, ...rest };
}
const send = (body: object) => gate.request('POST', '/v1/tasks', shop, body);

describe('readings in a request', () => {
  const detected = READINGS.filter(({ by }) => by === 'detected').map(({ name }) => name);

  // Seen to fail: names not looked at.
  it.each(detected)('%s is the gate’s own word: refused, and nothing is stored', async (name) => {
    const body = aTask({ readings: { confidence: 0.9, [name]: false } });
    const answer = await send(body);
    expect([answer.status, answer.json.problems]).toEqual([
      422,
      [{ path: `$.readings.${name}`, message: 'the gate itself detects this: leave it out' }],
    ]);
    expect(await findTask(gate.database, TENANT, body.task as TaskId)).toBeUndefined();
  });

  it('of any other name are taken', async () => {
    const readings = { confidence: 0.9, mood: 'calm', n: 1 };
    const body = aTask({ readings });
    expect((await send(body)).status).toBe(201);
    const [call] = await callsOf(gate.database, TENANT, body.task as TaskId);
    expect(call?.readings).toEqual(readings);
  });
});

describe('a deadline', () => {
  it('is stored with the request and shown, one task or many', async () => {
    const deadline = Date.UTC(2027, 0, 1);
    const body = aTask({ deadline });
    expect((await send(body)).status).toBe(201);
    expect((await findTask(gate.database, TENANT, body.task as TaskId))?.request.deadline).toBe(deadline);
    const amira = await gate.token('amira');
    const one = await gate.request('GET', `/v1/tasks/${body.task}`, amira);
    expect(one.json.deadline).toBe(deadline);
    const other = aTask();
    await send(other);
    const many = await gate.request('GET', '/v1/tasks', amira);
    const deadlines = many.json.tasks.map((row: { task: string; deadline: number | null }) => [
      row.task,
      row.deadline,
    ]);
    expect(Object.fromEntries(deadlines)).toMatchObject({ [body.task]: deadline, [other.task]: null });
  });

  // Seen to fail: left out of the request's identity.
  it('belongs to the request: the same name with another is another request', async () => {
    const body = aTask({ deadline: 5 });
    expect((await send(body)).status).toBe(201);
    expect((await send(body)).status).toBe(200);
    expect((await send({ ...body, deadline: 6 })).json.code).toBe('idempotency-conflict');
  });

  it.each(['2027-01-01T00:00:00Z', -1, 1.5])('case 22: %j is none', async (deadline) => {
    expect((await send(aTask({ deadline }))).status).toBe(422);
  });
});

describe('a question of the agent', () => {
  it('is stored with the call, free of the secrets that it quotes', async () => {
    const key = 'planted-4711-key';
    const action = { tool: 'send_key', args: { to: 'x', key }, question: `Is ${key} right?` };
    const body = aTask({ action });
    expect((await send(body)).status).toBe(201);
    const [call] = await callsOf(gate.database, TENANT, body.task as TaskId);
    expect(call?.question).toBe('Is •••••• right?');
    expect((await send({ ...body, action: { ...action, question: 'Other?' } })).json.code).toBe(
      'idempotency-conflict',
    );
  });

  it.each([
    ['nothing', ''],
    ['more than 2000 characters', 'x'.repeat(2_001)],
    ['a NUL', 'a\0b'],
    ['a number', 7],
  ])('%s is none', async (_name, question) => {
    const { action } = aTask();
    expect((await send(aTask({ action: { ...action, question } }))).status).toBe(422);
  });
});
