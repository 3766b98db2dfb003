import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HaltId, TaskId, TenantId } from '../../src/domain/ids.js';
import {
  EVERY_TENANT,
  findHalt,
  haltsOver,
  leaseFanOut,
  liftHalt,
  listHalts,
  markFannedOut,
  outlivedRounds,
  setHalt,
  tasksUnder,
  type HaltScope,
} from '../../src/store/halts.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';

const PAY = { tool: 'pay', args: { cents: 100, to: 'bob' } };
const OTHER = 'other' as TenantId; // a valid name

let gate: Gate;
let n = 0;
let task: TaskId;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());
beforeEach(async () => {
  await gate.database.query('delete from halts');
  task = await gate.submit(`halted-${++n}`, PAY);
});

async function set(
  scope: HaltScope,
  target: string,
  tenant: TenantId = TENANT,
  prefix = '',
): Promise<HaltId> {
  const id = `${prefix}${scope}-${target}-${tenant}-${n}` as HaltId; // ids of tests are valid
  const said = { why: 'test', whySalt: 'salt', by: 'ruth', role: 'director', sign: () => 'unsigned' };
  await setHalt(gate.database, { ...said, id, scope, tenant, target });
  return id;
}

async function lift(id: HaltId, at?: number): Promise<void> {
  await liftHalt(gate.database, { id, by: 'tomas', role: 'director', why: 'over', sign: () => 'lifted' });
  if (at !== undefined) await gate.database.query('update halts set lifted_at = $2 where id = $1', [id, at]);
}

const subject = () => ({ tenant: TENANT, task });

describe('the halts over a task', () => {
  // Seen to fail: in the order in which they were set: the run waited for a lift of the tenant's, and its task was over.
  it('are told the narrowest first, and of two alike the older', async () => {
    const all = await set('all', '', EVERY_TENANT);
    const tenant = await set('tenant', TENANT);
    const [agent, narrow] = [await set('agent', 'bot'), await set('task', task)];
    const again = await set('task', task, TENANT, 'again-');
    await gate.database.query('update halts set set_at = set_at - 1000 where id = $1', [again]);
    const { inForce } = await haltsOver(gate.database, subject());
    expect(inForce.map(({ id }) => id)).toEqual([again, narrow, agent, tenant, all]);
  });

  // Seen to fail: found by their target alone, or by their scope alone.
  it("are neither another tenant's nor of another agent or task", async () => {
    for (const [scope, target] of [
      ['tenant', OTHER],
      ['agent', 'bot'],
      ['task', task],
    ] as const) {
      await lift(await set(scope, target, OTHER));
      await gate.database.query("update halts set id = 'lifted-' || id where lifted_at is not null");
      await set(scope, target, OTHER);
    }
    await lift(await set('agent', 'another'));
    await set('task', 'another');
    expect(await haltsOver(gate.database, subject())).toEqual({ inForce: [], lastLiftAt: 0 });
  });
});

describe('a round that was asked before a halt over it was lifted', () => {
  const asked = async () => {
    const rows = await gate.database.query<{ at: number }>(
      'select asked_at as at from questions where task = $1',
      [task],
    );
    return rows[0]?.at ?? 0;
  };
  const outlived = () => outlivedRounds(gate.database, subject());

  beforeEach(async () => {
    expect(await gate.ask(task)).toMatchObject({ kind: 'asked' });
  });

  // Seen to fail: compared the other way round in the very millisecond; another halt than the last one told.
  it('is told with the halt that was lifted last, to the millisecond of its asking', async () => {
    const [first, last] = [await set('tenant', TENANT), await set('all', '', EVERY_TENANT)];
    await lift(first, (await asked()) - 1);
    expect(await outlived()).toEqual([]);
    await lift(last, await asked());
    expect(await outlived()).toEqual([{ operation: 1, round: 1, halt: last }]);
    await gate.database.query('update halts set lifted_at = $2 where id = $1', [first, (await asked()) + 1]);
    expect(await outlived()).toEqual([{ operation: 1, round: 1, halt: first }]);
  });

  // Seen to fail: halts of an agent left out, and taken for everybody's; other tenants' taken for this one's.
  it('is under no halt of another agent, task or tenant, and under that of its own', async () => {
    await lift(await set('agent', 'another'));
    await lift(await set('task', 'another'));
    await lift(await set('agent', 'bot', OTHER));
    await lift(await set('task', task, OTHER));
    await lift(await set('tenant', OTHER, OTHER));
    expect(await outlived()).toEqual([]);
    const own = await set('agent', 'bot');
    expect(await outlived(), 'not lifted yet').toEqual([]);
    await lift(own);
    expect(await outlived()).toEqual([{ operation: 1, round: 1, halt: own }]);
  });

  // Seen to fail: each of them told, though nothing waits on it, or nobody is asked anew.
  it.each([
    ['was decided', "status = 'closed', closed_as = 'approve'"],
    ['is a hand-over', "kind = 'hand-over'"],
    ['asks whether what ran may stay', "kind = 'confirmation'"],
  ])('is not told when it %s', async (_, change) => {
    await lift(await set('agent', 'bot'));
    expect(await outlived()).toHaveLength(1);
    await gate.database.query(`update questions set ${change} where task = $1`, [task]);
    expect(await outlived()).toEqual([]);
  });
});

// Seen to fail: tasks that have ended among them, and each condition of a scope left out.
it.each<[HaltScope, (task: TaskId) => string, number]>([
  ['task', (own) => own, 1],
  ['agent', () => 'bot', 2],
  ['tenant', () => TENANT, 3],
  ['all', () => '', 4],
])('a halt of scope %s concerns the open tasks under it and no others', async (scope, target, count) => {
  await gate.database.query('update tasks set closed_at = 1 where task <> $1', [task]);
  const names = [`beside-${n}`, `of-another-agent-${n}`, `of-another-tenant-${n}`];
  for (const name of names) await gate.submit(name, PAY);
  await gate.database.query("update tasks set agent = 'another' where task = $1", [names[1]]);
  // Another tenant may have a task of the same name.
  await gate.database.query('update tasks set tenant = $2, task = $3 where task = $1', [
    names[2],
    OTHER,
    task,
  ]);
  const id = await set(scope, target(task), scope === 'all' ? EVERY_TENANT : TENANT);
  const halt = await findHalt(gate.database, id);
  const under = halt === undefined ? [] : await tasksUnder(gate.database, halt);
  const concerned = [task, ...names.slice(0, 2), task].slice(0, count);
  expect(under.map((one) => one.task).toSorted()).toEqual(concerned.toSorted());
});

const told = async () => (await leaseFanOut(gate.database, await gate.database.now(), 0)).map(({ id }) => id);

describe('a lift', () => {
  // Seen to fail: the mark kept of the tasks that had heard of the halt: none heard that it was lifted.
  it('is told to the tasks though all of them had been told of the halt', async () => {
    const id = await set('agent', 'bot');
    const halt = await findHalt(gate.database, id);
    if (!halt) throw new Error('no halt was set');
    await markFannedOut(gate.database, halt, 1);
    expect(await told()).toEqual([]);
    await lift(id);
    expect(await told()).toEqual([id]);
    await markFannedOut(gate.database, halt, 1);
    expect(await told(), 'only those were told who heard of the halt').toEqual([id]);
  });

  // Seen to fail: the halt read without its lock: both were told that they had lifted it.
  it('of two people at once is one, and the other hears whose it was', async () => {
    const id = await set('agent', 'bot');
    const said = { id, role: 'director', why: 'over' };
    const waits = async () => {
      const rows = await gate.database.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length > 0;
    };
    let second: Promise<unknown> | undefined;
    let over = false;
    const first = liftHalt(gate.database, {
      ...said,
      by: 'tomas',
      sign: async () => {
        second = liftHalt(gate.database, { ...said, by: 'ruth', sign: () => 'second' });
        void second.finally(() => (over = true));
        await waitFor(async () => over || (await waits()) || undefined);
        return 'first';
      },
    });
    const lifted = { liftedBy: 'tomas', liftJws: 'first' };
    expect(await first).toMatchObject(lifted);
    expect(await second).toMatchObject(lifted);
  });
});

// Seen to fail: other tenants' halts listed, and those of everything not, in force and lifted.
it("a tenant's list shows its own halts and those of everything, and no other tenant's", async () => {
  const own = [await set('agent', 'bot'), await set('all', '', EVERY_TENANT)];
  const others = [await set('agent', 'bot', OTHER), await set('tenant', OTHER, OTHER)];
  const listed = async (state: 'in-force' | 'lifted') =>
    (await listHalts(gate.database, TENANT, state)).map(({ id }) => id).toSorted();
  expect(await listed('in-force')).toEqual(own.toSorted());
  expect(await listed('lifted')).toEqual([]);
  for (const id of [...own, ...others]) await lift(id);
  expect(await listed('in-force')).toEqual([]);
  expect(await listed('lifted')).toEqual(own.toSorted());
});
