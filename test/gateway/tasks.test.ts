import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, toolFacts } from '../../src/contract/tool.js';
import type { TaskClient } from '../../src/client/task-client.js';
import type { TaskId } from '../../src/domain/ids.js';
import { readSecrets } from '../../src/store/secrets.js';
import { closeTask, findTask } from '../../src/store/tasks.js';
import { publishTools, type ToolRow } from '../../src/store/tools.js';
import { callsOf } from '../../src/store/ledger.js';
import { openSecret } from '../../src/contract/seal.js';
import { secretReferences } from '../../src/contract/secret.js';
import { openGate, POLICY, TENANT, type Gate } from './fixture.js';
import { anOpenQuestion } from './questions.js';

let gate: Gate;
let amira: string;
let shop: string;
let count = 0;

beforeAll(async () => {
  gate = await openGate({ policy: POLICY.replace('set: [director]', 'set: [security]') });
  amira = await gate.token('amira');
  shop = await gate.token('shop', { kind: 'service', scopes: ['on-behalf'] });
});
beforeEach(() => gate.reset());
afterAll(() => gate.close());

function aTask(rest: Record<string, unknown> = {}) {
  return {
    task: `task-${++count}`,
    agent: 'support',
    goal: 'Refund order 1182',
    situation: 'refund',
    action: { tool: 'issue_refund', args: { orderId: '1182', amountCents: 24_000 } },
    ...rest,
  };
}

describe('submitting a task', () => {
  it('stores it with its call, then starts its run', async () => {
    const body = aTask();
    const answer = await gate.request('POST', '/v1/tasks', shop, body);
    expect([answer.status, answer.json]).toEqual([
      201,
      { task: body.task, tenant: TENANT, created: true, state: 'RUNNING' },
    ]);
    const row = await findTask(gate.database, TENANT, body.task as TaskId);
    expect(row).toMatchObject({ agent: 'support', requester: 'shop', readyTool: 'issue_refund' });
    expect((await callsOf(gate.database, TENANT, body.task as TaskId)).map((call) => call.args)).toEqual([
      body.action.args,
    ]);
    expect(gate.tasks.told).toEqual([`start ${body.task}`]);
  });

  // Seen to fail: stored as written, which the worker refuses to run as something else.
  it('stores a ready-made call with the defaults of its tool, as the tool reads it', async () => {
    const restart = defineTool({
      name: 'restart',
      version: '1',
      tier: 2,
      input: z.strictObject({
        wait: z.int().default(0),
        hosts: z.array(z.strictObject({ name: z.string(), force: z.boolean().default(false) })),
        reason: z.string().optional(),
      }),
      describe: () => 'Restart',
      run: () => null,
    });
    await publishTools(gate.database, [{ facts: toolFacts(restart), schema: restart.schema }], 0);
    const args = { hosts: [{ name: 'a' }] };
    const body = aTask({ action: { tool: 'restart', args } });
    expect((await gate.request('POST', '/v1/tasks', shop, body)).status).toBe(201);
    const [call] = await callsOf(gate.database, TENANT, body.task as TaskId);
    expect(call?.args).toEqual({ wait: 0, hosts: [{ name: 'a', force: false }] });
    expect(restart.parseArgs(call?.args ?? null)).toEqual({ args: call?.args });
    expect(restart.normaliseArgs(args)).toEqual({ args: call?.args });
    expect((await gate.request('POST', '/v1/tasks', shop, body)).json.created).toBe(false);
  });

  it('is answered with success though Temporal does not answer: the dispatcher starts it', async () => {
    gate.tasks.answer.start = async () => ({ kind: 'unreachable' });
    const body = aTask();
    expect((await gate.request('POST', '/v1/tasks', shop, body)).status).toBe(201);
    expect(await findTask(gate.database, TENANT, body.task as TaskId)).toMatchObject({
      runId: null,
      closedAt: null,
    });
  });

  // Seen to fail: nobody noted it, and the dispatcher started every run once more that waited for a worker.
  it('is noted as started once Temporal has its run, so that the dispatcher leaves it alone', async () => {
    const noted = async (start: TaskClient['start']) => {
      gate.tasks.answer.start = start;
      const body = aTask();
      await gate.request('POST', '/v1/tasks', shop, body);
      await gate.deps.marks.flush();
      const [row] = await gate.database.query(
        'select started_at is not null as noted from tasks where task = $1',
        [body.task],
      );
      return row;
    };
    expect(await noted(async () => ({ kind: 'started', runId: 'r' }))).toEqual({ noted: true });
    expect(await noted(async () => ({ kind: 'exists' }))).toEqual({ noted: true });
    expect(await noted(async () => ({ kind: 'unreachable' }))).toEqual({ noted: false });
  });

  // Seen to fail: looked at within the hour.
  it('is looked at soon when a run had its name before, which may have ended', async () => {
    gate.tasks.answer.start = async () => ({ kind: 'exists' });
    const body = aTask();
    await gate.request('POST', '/v1/tasks', shop, body);
    expect(
      await gate.database.query('select swept_at as "sweptAt" from tasks where task = $1', [body.task]),
    ).toEqual([{ sweptAt: 0 }]);
  });

  it('again under the same name is the first task; another request under it is a conflict', async () => {
    const body = aTask();
    await gate.request('POST', '/v1/tasks', shop, body);
    const again = await gate.request('POST', '/v1/tasks', shop, body);
    expect([again.status, again.json.created]).toEqual([200, false]);
    const other = await gate.request('POST', '/v1/tasks', shop, { ...body, goal: 'Something else' });
    expect([other.status, other.json.code]).toEqual([409, 'idempotency-conflict']);
  });

  // Fails when the later of the two does not look for the first.
  it('twice at once under one name: one task, and both hear of it', async () => {
    for (let round = 0; round < 20; round++) {
      const body = aTask();
      const both = [body, body].map((each) => gate.request('POST', '/v1/tasks', shop, each));
      const answers = (await Promise.all(both)).toSorted((one, other) => one.status - other.status);
      expect(answers.map(({ status, json }) => [status, json.created, json.task])).toEqual([
        [200, false, body.task],
        [201, true, body.task],
      ]);
      expect(await callsOf(gate.database, TENANT, body.task as TaskId)).toHaveLength(1);
    }
  });

  it('case 67: keeps a secret sealed, and nowhere else', async () => {
    const body = aTask({ action: { tool: 'send_key', args: { to: 'a', key: 'hunter2-hunter2' } } });
    expect((await gate.request('POST', '/v1/tasks', shop, body)).status).toBe(201);
    const [call] = await callsOf(gate.database, TENANT, body.task as TaskId);
    const [reference = ''] = secretReferences(call?.args ?? null);
    const sealed = (await readSecrets(gate.database, TENANT, [reference])).get(reference) ?? '';
    expect(openSecret(gate.deps.secrets, { tenant: TENANT, reference }, sealed)).toBe('hunter2-hunter2');
    const everything = await gate.database.query<{ t: string }>(
      `select to_jsonb(t)::text as t from tasks t union all select to_jsonb(l)::text from ledger l union all select to_jsonb(j)::text from journal j
       union all select to_jsonb(s)::text from secrets s`,
    );
    expect(everything.filter((row) => row.t.includes('hunter2'))).toEqual([]);
    expect(JSON.stringify(gate.logged)).not.toContain('hunter2');
  });

  const refusals: [string, number, string, Record<string, unknown>][] = [
    ['an agent that the policy does not know', 422, 'invalid', { agent: 'rogue' }],
    [
      'arguments that do not fit the tool',
      422,
      'invalid',
      { action: { tool: 'issue_refund', args: { orderId: '1' } } },
    ],
    [
      'a reference to a secret',
      422,
      'invalid',
      { action: { tool: 'issue_refund', args: { orderId: { $secret: 'x' }, amountCents: 1 } } },
    ],
    [
      'a reference to a secret of a tool that nobody knows',
      422,
      'invalid',
      { action: { tool: 'unknown_tool', args: { a: [{ $secret: 'x' }] } } },
    ],
    ['nothing to do', 422, 'invalid', { action: undefined, goal: undefined }],
    ['both a planner and an action', 422, 'invalid', { planner: { name: 'scripted' } }],
    ['a name that is none', 422, 'invalid', { task: 'a/b' }],
    ['a member that nothing reads', 422, 'invalid', { level: 'auto' }],
  ];
  it.each(refusals)('refuses %s', async (_name, status, code, rest) => {
    const body = aTask(rest);
    const answer = await gate.request('POST', '/v1/tasks', shop, body);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(gate.tasks.told).toEqual([]);
  });

  it('refuses another requester from whoever may not name one', async () => {
    const answer = await gate.request('POST', '/v1/tasks', amira, aTask({ requester: 'joon' }));
    expect([answer.status, answer.json.code]).toEqual([403, 'forbidden']);
    const plain = await gate.token('other-shop', { kind: 'service' });
    expect((await gate.request('POST', '/v1/tasks', plain, aTask({ requester: 'joon' }))).status).toBe(403);
    expect((await gate.request('POST', '/v1/tasks', shop, aTask({ requester: 'joon' }))).status).toBe(201);
  });

  // Seen to fail: arguments taken as they are while no tool is known (a secret stands in the ledger).
  it('case 67: is told to come again while no worker has published any tool', async () => {
    const kept = await gate.database.query<{ facts: string; schema: string }>(
      'delete from tools returning facts, schema',
    );
    const body = aTask({ action: { tool: 'send_key', args: { to: 'a', key: 'in clear' } } });
    const answer = await gate.request('POST', '/v1/tasks', shop, body);
    const tools = kept.map(({ facts, schema }) => ({ facts: JSON.parse(facts), schema: JSON.parse(schema) }));
    await publishTools(gate.database, tools as ToolRow[], 0); // as publishTools wrote them
    expect([answer.status, answer.json.code]).toEqual([503, 'unreachable']);
    expect(await findTask(gate.database, TENANT, body.task as TaskId)).toBeUndefined();
  });

  it('takes a tool that no worker published: a person will be asked, and nothing can run it', async () => {
    expect(
      (await gate.request('POST', '/v1/tasks', shop, aTask({ action: { tool: 'rm_rf', args: {} } }))).status,
    ).toBe(201);
  });
});

describe('the body of a request', () => {
  const cases: [string, number, string, string, Record<string, string>][] = [
    ['of another type', 415, 'unsupported-media', '{}', { 'content-type': 'text/plain' }],
    [
      'without a type (case 41)',
      415,
      'unsupported-media',
      '{}',
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
    ['that is no JSON', 400, 'usage', '{"task":', {}],
    ['with a duplicate key (case 19)', 400, 'usage', '{"task":"a","task":"b"}', {}],
    ['with an integer that would be rounded (case 19)', 400, 'usage', '{"task":9007199254740993}', {}],
    ['with a prototype key (case 20)', 400, 'usage', '{"__proto__":{}}', {}],
    ['that is too large (fault 16)', 413, 'too-large', `{"a":"${'x'.repeat(1024 * 1024)}"}`, {}],
    ['under a key that no header should carry', 422, 'invalid', '{}', {}],
  ];
  it.each(cases)('%s is refused', async (_name, status, code, body, headers) => {
    const answer = await gate.request('POST', '/v1/tasks', shop, body, headers);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('cancelling a task', () => {
  // Seen to fail: every request about a closed task refused; a repeat told to Temporal once more.
  it('is noted first, then told; a repeat gets the first answer, also when the task has ended', async () => {
    const { task } = await anOpenQuestion(gate);
    gate.tasks.answer.cancel = async () => 'unreachable';
    const answer = await gate.request('POST', `/v1/tasks/${task}/cancel`, shop, { why: 'wrong order' });
    expect(answer.status).toBe(202);
    expect((await findTask(gate.database, TENANT, task))?.cancelAt).toBeGreaterThan(0);
    expect(gate.tasks.told).toEqual([`cancel ${task}`]);
    await gate.database.transaction((tx) =>
      closeTask(tx, { tenant: TENANT, task, state: 'FAILED', reason: 'cancelled', detail: 'x', now: 7 }),
    );
    const again = await gate.request('POST', `/v1/tasks/${task}/cancel`, shop, { why: 'wrong order' });
    expect([again.status, again.json]).toEqual([202, answer.json]);
    expect(gate.tasks.told).toEqual([`cancel ${task}`]);
  });

  it('that has ended is refused, and nothing is noted', async () => {
    const { task } = await anOpenQuestion(gate);
    await gate.database.transaction((tx) =>
      closeTask(tx, { tenant: TENANT, task, state: 'COMPLETED', reason: null, detail: '', now: 7 }),
    );
    const answer = await gate.request('POST', `/v1/tasks/${task}/cancel`, shop, { why: 'too late' });
    expect([answer.status, answer.json.code]).toEqual([409, 'not-open']);
    expect(answer.json.detail).toBe('The task has ended already: completed.');
    expect((await findTask(gate.database, TENANT, task))?.cancelAt).toBeNull();
    expect(gate.tasks.told).toEqual([]);
  });

  // Seen to fail: 202 for everybody inside, whatever their role and scopes.
  it.each([
    ['whoever asked for it', 'rita', {}, 202],
    ['a service that asks in the names of others', 'desk', { kind: 'service', scopes: ['on-behalf'] }, 202],
    ['a service that may halt', 'guard', { kind: 'service', scopes: ['halt'] }, 202],
    ['somebody who may halt', 'sven', {}, 202],
    ["somebody of the agent's owner", 'tomas', {}, 202],
    ['somebody of another role', 'amira', {}, 403],
    ['a service without a scope', 'other', { kind: 'service', scopes: [] }, 403],
    ['a service that has the name of its owner', 'director', { kind: 'service', scopes: [] }, 403],
  ] as const)('of somebody else: %s', async (_name, subject, rest, status) => {
    const { task } = await anOpenQuestion(gate, { requester: 'rita' });
    const token = await gate.token(subject, rest);
    const answer = await gate.request('POST', `/v1/tasks/${task}/cancel`, token, { why: 'not needed' });
    expect(answer.status).toBe(status);
    if (status === 403)
      expect(answer.json.detail).toBe(
        'Only these may cancel it, by the policy in force now: whoever asked for the task, director, security, a token with the scope `halt`. Ask one of them.',
      );
    const noted = (await findTask(gate.database, TENANT, task))?.cancelAt;
    expect([typeof noted === 'number', gate.tasks.told]).toEqual(
      status === 202 ? [true, [`cancel ${task}`]] : [false, []],
    );
  });
});
