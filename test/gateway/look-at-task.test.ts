import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeTask } from '../../src/store/tasks.js';
import { openGate, TENANT, type Gate } from './fixture.js';
import { anOpenQuestion } from './questions.js';

let gate: Gate;
let amira: string;

beforeAll(async () => {
  gate = await openGate();
  amira = await gate.token('amira');
});
beforeEach(() => gate.reset());
afterAll(() => gate.close());

describe('looking at a task', () => {
  it('tells what it waits for, from the store when no worker answers', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await gate.request('GET', `/v1/tasks/${question.task}`, amira);
    expect(answer.json).toMatchObject({
      state: 'PAUSED_PENDING_HUMAN',
      since: question.askedAt,
      waitsFor: [{ escalation: `${question.task}:1`, role: 'supervisor' }],
    });
    expect(answer.json.operations).toMatchObject([
      { operation: 1, tool: 'issue_refund', status: 'open', outcome: null },
    ]);
  });

  it('tells the live state when its run answers', async () => {
    const question = await anOpenQuestion(gate);
    await gate.database.query("update tasks set run_id = 'r' where task = $1", [question.task]);
    gate.tasks.answer.view = async () => ({
      state: 'RESUMING',
      since: 5,
      branches: [],
      path: [],
      head: null,
    });
    const answer = await gate.request('GET', `/v1/tasks/${question.task}`, amira);
    expect(answer.json).toMatchObject({ state: 'RESUMING', since: 5 });
  });

  it('case 69: is the same 404 for another tenant, for an outsider, and for what does not exist', async () => {
    const { task } = await anOpenQuestion(gate);
    const others = [
      await gate.request(
        'GET',
        `/v1/tasks/${task}`,
        await gate.token('amira', { tenant: 'other' as typeof TENANT }),
      ),
      await gate.request('GET', `/v1/tasks/${task}`, await gate.token('mallory')),
      await gate.request('GET', '/v1/tasks/nothing', amira),
      await gate.request('GET', '/v1/tasks/not%2Fa%2Fname', amira),
      await gate.request('GET', '/v1/nowhere', amira),
    ];
    expect(new Set(others.map((answer) => JSON.stringify([answer.status, answer.json]))).size).toBe(1);
    expect(others[0]?.status).toBe(404);
  });

  it('shows people what they asked for themselves', async () => {
    const { task } = await anOpenQuestion(gate, { requester: 'mallory' });
    expect((await gate.request('GET', `/v1/tasks/${task}`, await gate.token('mallory'))).status).toBe(200);
  });

  it('waits for the result, and tells it as soon as the task is closed', async () => {
    const { task } = await anOpenQuestion(gate);
    expect((await gate.request('GET', `/v1/tasks/${task}/result`, amira)).status).toBe(202);
    const waiting = gate.request('GET', `/v1/tasks/${task}/result?wait=30`, amira);
    await gate.database.transaction((tx) =>
      closeTask(tx, { tenant: TENANT, task, state: 'FAILED', reason: 'cancelled', detail: 'x', now: 7 }),
    );
    const answer = await waiting;
    expect([answer.status, answer.json.state, answer.json.reason]).toEqual([200, 'FAILED', 'cancelled']);
  });

  it('lists what waits for people by its state', async () => {
    const { task } = await anOpenQuestion(gate);
    const listed = async (state: string) => {
      const { json } = await gate.request('GET', `/v1/tasks?limit=200&state=${state}`, amira);
      return (json.tasks as { task: string; state: string }[]).find((row) => row.task === task);
    };
    expect(await listed('PAUSED_PENDING_HUMAN')).toMatchObject({ state: 'PAUSED_PENDING_HUMAN' });
    expect(await listed('RUNNING')).toBeUndefined();
  });

  it('lists tasks page by page, each once', async () => {
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: { json: { tasks: { task: string }[]; next: string | null } } = await gate.request(
        'GET',
        `/v1/tasks?limit=3${next === '' ? '' : `&cursor=${next}`}`,
        amira,
      );
      seen.push(...page.json.tasks.map((task) => task.task));
      next = page.json.next;
    }
    const [row] = await gate.database.query<{ n: number }>(
      'select count(*) as n from tasks where tenant = $1',
      [TENANT],
    );
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(row?.n ?? -1);
    expect((await gate.request('GET', '/v1/tasks?cursor=AAAA', amira)).json.code).toBe('usage');
  });
});
