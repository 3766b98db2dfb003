import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CarriedEvent } from '../../src/activities/api.js';
import { conclude } from '../../src/activities/conclude.js';
import { closeEnded } from '../../src/activities/endings.js';
import { record } from '../../src/activities/record.js';
import type { TaskId } from '../../src/domain/ids.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { untilLocked } from '../support/wait.js';

let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

const LOCKED = {
  calls: 'ledger where tenant = $1 and task = $2 for update nowait',
  task: 'tasks where tenant = $1 and task = $2 for no key update nowait',
  question: 'questions where tenant = $1 and task = $2 for update nowait',
  head: 'journal_heads where tenant = $1 and task = $2 for update nowait',
};
type Lock = keyof typeof LOCKED;

const carry = (task: TaskId, events: readonly CarriedEvent[] = []) => ({
  tenant: TENANT,
  task,
  runId: `run-${task}`,
  events,
});
const CANCELLED = { state: 'FAILED', reason: 'cancelled', detail: '' } as const;
const settled = { id: 'settled/1', type: 'settled', operation: 1, body: { outcome: 'denied' } } as const;

interface Meeting {
  readonly who: string;
  /** What another transaction holds, and takes then. */
  readonly locks: readonly [first: Lock, then: Lock];
  readonly asked: boolean;
  readonly work: (task: TaskId) => Promise<unknown>;
}

const MEETINGS: readonly Meeting[] = [
  // Seen to fail: the task and its questions locked before the calls.
  {
    who: 'the end of a task meets a claim',
    locks: ['calls', 'question'],
    asked: true,
    work: (task) => conclude(gate.deps, { ...carry(task), ...CANCELLED }),
  },
  // Seen to fail: what is carried projected before the calls are locked.
  {
    who: 'the end of a task that carries a settled operation meets an edit',
    locks: ['calls', 'question'],
    asked: true,
    work: (task) => conclude(gate.deps, { ...carry(task, [settled]), ...CANCELLED }),
  },
  // Seen to fail: as the first.
  {
    who: 'the closing of a run that ended meets a claim',
    locks: ['calls', 'question'],
    asked: true,
    work: (task) => closeEnded(gate.deps, { tenant: TENANT, task }, 'terminated'),
  },
  // Seen to fail: no calls locked. Since when a call waits outside a full desk is written into them.
  {
    who: 'a first asking meets the end of its task',
    locks: ['calls', 'task'],
    asked: false,
    work: (task) => gate.ask(task),
  },
  // Seen to fail: as the one before.
  {
    who: 'the asking of a further rung meets an edit',
    locks: ['calls', 'question'],
    asked: true,
    work: (task) => gate.ask(task, { rung: 1 }),
  },
  // Seen to fail: the run written into the task under the lock of the head.
  {
    who: 'the first word of a run meets a request to cancel',
    locks: ['task', 'head'],
    asked: false,
    work: (task) => record(gate.deps, carry(task)),
  },
];

it.each(MEETINGS.map((meeting) => [meeting.who, meeting] as const))(
  '%s holding nothing that comes later',
  async (who, { locks, asked, work }) => {
    const task = await gate.submit(who.replaceAll(' ', '-'), {
      tool: 'pay',
      args: { cents: 100, to: 'bob' },
    });
    if (asked) await gate.ask(task);
    const [first, then] = locks;
    const { working } = await gate.database.transaction(async (tx) => {
      await tx.query(`select 1 from ${LOCKED[first]}`, [TENANT, task]);
      const working = work(task);
      await untilLocked(gate.database);
      await expect(tx.query(`select 1 from ${LOCKED[then]}`, [TENANT, task])).resolves.toHaveLength(1);
      return { working };
    });
    await working;
  },
);
