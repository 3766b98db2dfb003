import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CarriedEvent } from '../../src/activities/api.js';
import type { Escalation } from '../../src/domain/escalation.js';
import { escalationId, type DecisionId, type TaskId } from '../../src/domain/ids.js';
import type { Carryover, TaskInput } from '../../src/workflows/messages.js';
import { TENANT } from '../support/gate.js';
import { openLive, type Live } from './live.js';

let live: Live;
beforeAll(async () => {
  live = await openLive();
});
afterAll(() => live.stop());

/** What a run hands to its next one, as somebody wrote it who may start workflows. */
const handedOver = (task: string, events: readonly CarriedEvent[]): TaskInput => ({
  tenant: TENANT,
  task: task as TaskId, // a valid name
  agent: 'bot',
  ready: null,
  resume: {
    step: 0,
    nextOperation: 2,
    branches: [],
    inbox: { handled: [], dismissed: [], waiting: [] },
    head: null,
    events,
    planning: false,
    nudged: false,
    path: [],
  } satisfies Carryover,
});

/** A branch beside the task's own, in which nobody has taken the task over. */
const takenOver = (task: string): Escalation => ({
  escalation: escalationId(task as TaskId, 9), // a valid name
  operation: 9,
  tool: 'pay',
  tier: 4,
  since: 0,
  status: 'RESUMING',
  course: { do: 'take-over', decision: 'd_made-up' as DecisionId }, // a name that nothing has
  generation: 1,
  round: 1,
  reason: null,
  question: null,
  decision: null,
});

const start = (workflowId: string, input: TaskInput) =>
  live.temporal.workflow
    .start('agentTask', { workflowId, taskQueue: live.running.workerConfig.taskQueue, args: [input] })
    .then((handle) => handle.result());

const entryOf = (task: string) => ({ id: 'claimed/1.1.1', type: 'settled', operation: 1, body: { task } });

/** Seen to fail: activities that do the work of whatever task their input names (the victim ends as completed, its journal lacks the claim). */
it('a run under another name does nothing for a task: neither its end, nor an entry of its journal', async () => {
  const task = 'forgery-victim';
  await live.submit(task);
  await live.asked(task);
  const [before, journal] = [await live.standing(task), await live.journal(task)];
  await expect(start('elsewhere', handedOver(task, [entryOf(task)]))).rejects.toThrow('failed');
  expect(await live.standing(task)).toEqual(before);
  expect(await live.journal(task)).toEqual(journal);
  await live.decide(task);
  expect(await live.end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'executed' }] });
  expect((await live.journal(task)).map((entry) => entry.type)).toContain('call-claimed');
});

// Seen to fail: carried events journalled under the ids they come with; any type taken.
it('a run under its own name that tells the journal what only the store may say takes no entry’s place', async () => {
  const task = 'forgery-claims';
  await live.submit(task);
  await live.asked(task);
  await live.handle(task).terminate('to start another one in its place');
  const forged = { ...entryOf(task), type: 'call-claimed' };
  await expect(start(`${TENANT}/${task}`, handedOver(task, [forged]))).rejects.toThrow('failed');
  const told = entryOf(task);
  await start(`${TENANT}/${task}`, handedOver(task, [told]));
  const entries = await live.running.database.query<{ event_id: string; type: string }>(
    'select event_id, type from journal where tenant = $1 and task = $2',
    [TENANT, task],
  );
  expect(entries.filter((entry) => entry.event_id.includes('claimed/'))).toEqual([
    { event_id: 'told/claimed/1.1.1', type: 'settled' },
  ]);
});

// Seen to fail: completed, the question closed, and nobody told; then, taken at its word that somebody had taken the task over.
it.each(['nothing', 'taken-over'] as const)(
  'a run under its own name that ends its task while people are asked, saying %s, is handed over',
  async (saying) => {
    const task = `forgery-ends-${saying}`;
    await live.submit(task);
    await live.asked(task);
    await live.handle(task).terminate('to start another one in its place');
    const input = handedOver(task, []);
    const branches = saying === 'nothing' ? [] : [takenOver(task)];
    await start(`${TENANT}/${task}`, { ...input, resume: { ...(input.resume as Carryover), branches } });
    const questions = await live.running.database.query(
      'select kind, status, closed_as as "closedAs" from questions where tenant = $1 and task = $2 order by operation desc',
      [TENANT, task],
    );
    expect(questions).toEqual([
      { kind: 'approval', status: 'closed', closedAs: 'task completed' },
      { kind: 'hand-over', status: 'open', closedAs: null },
    ]);
  },
);
