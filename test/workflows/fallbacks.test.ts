import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { z } from 'zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defineTool } from '../../src/contract/tool.js';
import type { DecisionRequest } from '../../src/contract/http.js';
import { LONGEST_CALL_MS, PERSIST_MS } from '../../src/domain/call-times.js';
import type { TaskId } from '../../src/domain/ids.js';
import { DAY } from '../support/fake-activities.js';
import { TENANT } from '../support/gate.js';
import { startRunning, type Running } from '../support/running.js';
import { timeSkippingEnv } from '../support/environments.js';
import { builtBundle } from '../support/stack.js';
import { registerSearchAttributes } from '../support/task-runner.js';
import { waitFor } from '../support/wait.js';

/** A ladder for each fallback, and a tool for each ladder. The agents' owner is on none. */
const POLICY = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [hold, fail, deny, safe, note] }
  night: { owner: director, tools: [halt, deny] }
roles:
  supervisor: { members: [amira], backup: manager }
  manager: { members: [joon] }
  director: { members: [ruth] }
ladders:
  held: { ttl: 7d, remind: 50%, then: backup, fallback: hold }
  failed: { ttl: 3d, fallback: fail }
  halted: { ttl: 2d, then: backup, fallback: halt }
  denied: { ttl: 30d, then: backup, fallback: deny }
  safely: { ttl: 2d, fallback: safe, safe: { tool: note, args: {} } }
tools:
  hold: { ladder: held }
  fail: { ladder: failed }
  halt: { ladder: halted }
  deny: { ladder: denied }
  safe: { ladder: safely, level: approve }
defaults: { route: supervisor }
`;

const effects: string[] = [];
const tools = ['hold', 'fail', 'halt', 'deny'].map((name) =>
  defineTool({
    name,
    version: '1',
    tier: 4,
    input: z.strictObject({}),
    describe: () => name,
    timeout: '5s',
    run: (_args, { task }) => void effects.push(task),
  }),
);

const safeTools = [
  defineTool({
    name: 'safe',
    version: '1',
    tier: 3,
    input: z.strictObject({}),
    describe: () => 'what something safe stands in for',
    run: () => void effects.push('the call itself'),
  }),
  defineTool({
    name: 'note',
    version: '1',
    tier: 2,
    input: z.strictObject({ text: z.string().default('nobody answered') }),
    describe: ({ text }) => `note: ${text}`,
    run: ({ text }) => void effects.push(`noted: ${text}`),
  }),
];

let env: TestWorkflowEnvironment;
let running: Running;
beforeAll(async () => {
  env = await timeSkippingEnv();
  await registerSearchAttributes(env);
  const temporal = { address: env.address, namespace: env.namespace ?? 'default', taskQueue: 'fallbacks' };
  running = await startRunning({
    tools: [...tools, ...safeTools],
    policy: POLICY,
    temporal,
    clock: () => env.currentTimeMs(),
  });
});
const submitted: TaskId[] = [];
/** The code must do again what it did. */
async function replaySubmitted(): Promise<void> {
  const workflowBundle = { codePath: await builtBundle() };
  for (const task of submitted.splice(0)) {
    const history = await env.client.workflow.getHandle(`${TENANT}/${task}`).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle }, history);
  }
}
afterEach(replaySubmitted);
afterAll(async () => {
  await running.stop();
  await env.teardown();
});

async function submit(name: string, tool: string, agent = 'bot'): Promise<TaskId> {
  const task = name as TaskId; // a valid name
  await (await running.service()).tasks.submit({ task, agent, goal: 'test', action: { tool, args: {} } });
  submitted.push(task);
  return task;
}

interface Lying {
  readonly role: string;
  readonly answerBy: number | null;
  readonly round: number;
}

/** Waits until the task's open question lies with a role. */
function liesWith(task: TaskId, role: string): Promise<Lying> {
  return waitFor(async () => {
    const [row] = await running.database.query<Lying>(
      `select role, answer_by as "answerBy", round from questions where tenant = $1 and task = $2 and operation = 1
         and status = 'open'`,
      [TENANT, task],
    );
    return row?.role === role ? row : undefined;
  });
}

/** Skips until a rung is over. */
async function outlast({ answerBy }: Lying): Promise<void> {
  await env.sleep((answerBy ?? 0) - (await env.currentTimeMs()) + 1_000);
}

/** A token is good for an hour: whoever comes back after days has a new one. */
async function decide(
  subject: string,
  task: TaskId,
  body: Partial<DecisionRequest>,
  operation = 1,
): Promise<unknown> {
  const client = await running.as(subject);
  const { version, digest } = await client.escalations.get(`${task}:${operation}`);
  const whole = { why: 'somebody has to', version, digest, ...body } as DecisionRequest; // whole, with the defaults
  return client.escalations.decide(`${task}:${operation}`, whole);
}

async function end(task: TaskId) {
  return waitFor(async () => {
    const result = await (await running.service()).tasks.result(task, { waitSeconds: 5 });
    return result.state === 'COMPLETED' || result.state === 'FAILED' ? result : undefined;
  });
}

/** The owner finds the task on her desk, and takes it off. */
async function expectHandedOver(task: TaskId): Promise<void> {
  const { escalations } = await (await running.as('ruth')).escalations.list();
  expect(escalations.filter((item) => item.task === task)).toMatchObject([
    { kind: 'hand-over', role: 'director' },
  ]);
  await decide('ruth', task, { decision: 'resolve', resolution: 'leave' }, 0);
}

describe('silence for days, on the real store', () => {
  // Seen to fail: the claim taking roles of the ladder alone; the gateway on another clock than the worker.
  it('holds for the owner, whose approval runs the call', async () => {
    const task = await submit('held', 'hold');
    const first = await liesWith(task, 'supervisor');
    const since = await env.currentTimeMs();
    expect(first.answerBy).toBeGreaterThan(since + 6.9 * DAY);
    await env.sleep(6 * DAY);
    await liesWith(task, 'supervisor');
    await outlast(first);
    await outlast(await liesWith(task, 'manager'));
    expect(await liesWith(task, 'director')).toMatchObject({ answerBy: null, round: 1 });
    expect(await env.currentTimeMs()).toBeGreaterThanOrEqual(since + 13.9 * DAY);
    await env.sleep(100 * DAY);
    expect(await liesWith(task, 'director')).toMatchObject({ round: 1 });
    expect(await decide('ruth', task, { decision: 'approve' })).toMatchObject({ applied: true });
    expect(await end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'executed' }] });
    expect(effects.filter((effect) => effect === task)).toHaveLength(1);
  });

  // Seen to fail: ten minutes for `execute`.
  it('leaves the execution room for the longest call and for recording it', async () => {
    const { events } = await env.client.workflow.getHandle(`${TENANT}/held`).fetchHistory();
    const scheduled = events?.map((event) => event.activityTaskScheduledEventAttributes);
    const execute = scheduled?.find((event) => event?.activityType?.name === 'execute');
    const seconds = Number(execute?.startToCloseTimeout?.seconds);
    expect(seconds * 1_000).toBeGreaterThan(LONGEST_CALL_MS + PERSIST_MS);
  });

  // Seen to fail: the policy's arguments stored as they stand, which the tool then cannot read.
  it('does the safe action instead, with the defaults of its tool', async () => {
    const task = await submit('safe', 'safe');
    await outlast(await liesWith(task, 'supervisor'));
    const { state, results } = await end(task);
    expect([state, results.map(({ tool, outcome }) => [tool, outcome])]).toEqual([
      'COMPLETED',
      [
        ['safe', 'denied'],
        ['note', 'executed'],
      ],
    ]);
    expect(effects.filter((effect) => / /.test(effect))).toEqual(['noted: nobody answered']);
  });

  // Seen to fail: the safe action counted as a call of the script, whose next step was then never taken.
  it('does the safe action beside the steps of a script', async () => {
    const task = 'safe-script' as TaskId; // a valid name
    const noted = (text: string) => ({ calls: [{ tool: 'note', args: { text } }] });
    const steps = [{ calls: [{ tool: 'safe', args: {} }] }, noted('second step'), noted('third step')];
    const planner = { name: 'scripted', input: { steps } };
    await (await running.service()).tasks.submit({ task, agent: 'bot', goal: 'test', planner });
    submitted.push(task);
    await outlast(await liesWith(task, 'supervisor'));
    const { state, results } = await end(task);
    expect([state, results.map(({ outcome }) => outcome)]).toEqual([
      'COMPLETED',
      ['denied', 'executed', 'executed', 'executed'],
    ]);
    expect(effects.slice(-3)).toEqual(['noted: nobody answered', 'noted: second step', 'noted: third step']);
  });

  // Seen to fail: `close` not handing over after a fallback.
  it('fails the task, and hands it over to the owner', async () => {
    const task = await submit('failed', 'fail');
    await outlast(await liesWith(task, 'supervisor'));
    expect(await end(task)).toMatchObject({ state: 'FAILED', reason: 'fallback', detail: 'fail' });
    await expectHandedOver(task);
    expect(effects).not.toContain(task);
  });

  // Seen to fail: the id of the halt made of the task's name.
  it('halts the agent; another role lifts the halt, and the agent goes on', async () => {
    const task = await submit('halted.~', 'halt', 'night');
    await outlast(await liesWith(task, 'supervisor'));
    await outlast(await liesWith(task, 'manager'));
    expect(await end(task)).toMatchObject({ state: 'FAILED', reason: 'fallback', detail: 'halt' });
    await expectHandedOver(task);
    const ruth = await running.as('ruth');
    const halt = await waitFor(async () => (await ruth.halts.list({ state: 'in-force' })).halts[0]);
    expect(halt).toMatchObject({ scope: 'agent', target: 'night', by: 'policy' });
    const waiting = await submit('halted-next', 'deny', 'night');
    await waitFor(async () => {
      const { state } = await ruth.tasks.get(waiting);
      return state === 'PAUSED_PENDING_HUMAN' ? true : undefined;
    });
    expect(await running.database.query('select 1 from questions where task = $1', [waiting])).toEqual([]);
    expect(await ruth.halts.lift(halt.halt, { why: 'it may go on' })).toMatchObject({
      lifted: { by: 'ruth' },
    });
    await liesWith(waiting, 'supervisor');
    await decide('amira', waiting, { decision: 'approve' });
    expect(await end(waiting)).toMatchObject({ state: 'COMPLETED' });
    expect(effects).not.toContain(task);
    expect(effects).toContain(waiting);
  });

  // Seen to fail: a last rung that falls back to holding.
  it('denies the call, and nobody is bothered any more', async () => {
    const task = await submit('denied', 'deny');
    await outlast(await liesWith(task, 'supervisor'));
    await outlast(await liesWith(task, 'manager'));
    expect(await end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'denied' }] });
    const { escalations } = await (await running.as('ruth')).escalations.list();
    expect(escalations.filter((item) => item.task === task)).toEqual([]);
    expect(effects).not.toContain(task);
  });
});
