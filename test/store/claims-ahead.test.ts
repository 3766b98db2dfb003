import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ExecuteInput } from '../../src/activities/api.js';
import { claimsAhead, type ClaimsAhead } from '../../src/activities/claims-ahead.js';
import { execute } from '../../src/activities/execute.js';
import type { ActivityDeps } from '../../src/activities/ports.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { loadPolicy } from '../../src/policy/load.js';
import { activatePolicy } from '../../src/store/policies.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { untilLocked, waitFor } from '../support/wait.js';
import { approved, effectsOf, inputFor, losingAnswer } from '../attacks/scene.js';

const SMALL = POLICY.replace('minor: 50000', 'minor: 5000');
let gate: Gate;
beforeAll(async () => {
  gate = await openGate({ connections: 12, policy: SMALL });
});
afterAll(() => gate.close());

/** Each test has a worker of its own, which says when a claim stands ready. */
let ahead: ClaimsAhead;
let ready: string[];
let hear: (() => void) | undefined;
beforeEach(() => {
  ready = [];
  const point: ActivityDeps['point'] = async (name, { task }) => {
    if (name !== 'claim-ready') return;
    ready.push(task);
    hear?.();
  };
  ahead = claimsAhead({ ...gate.deps, point });
});
afterEach(() => (hear = undefined));

async function untilReady(many = 1): Promise<void> {
  while (ready.length < many) await new Promise<void>((done) => (hear = done));
}

/** An approved payment that nobody has called yet, as its run asks for it. */
async function payment(name: string): Promise<ExecuteInput> {
  const { task, id } = await approved(gate, name);
  return inputFor(task, { decisions: [id] });
}

/** One that the policy lets run, as long as the day's limit has room for it. */
async function permitted(name: string, cents: number): Promise<ExecuteInput> {
  const task = await gate.submit(name, { tool: 'note', args: { cents, to: 'bob' } });
  expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
  return inputFor(task, {});
}

const runOf = ({ task, runId }: ExecuteInput) => ({ workflowId: `${TENANT}/${task}`, runId });
const begin = (input: ExecuteInput) => ahead.begin(runOf(input), structuredClone(input));
const call = (input: ExecuteInput) => execute(gate.deps, input, ahead);

async function statusOf(task: TaskId, more = ''): Promise<string | undefined> {
  const [row] = await gate.database.query<{ status: string }>(
    `select status from ledger where task = $1 ${more}`,
    [task],
  );
  return row?.status;
}
/** Waits for whoever has the call's row locked. */
const statusBehindLocks = (task: TaskId) => statusOf(task, 'for update');
async function claimedAt(task: TaskId): Promise<readonly number[]> {
  const rows = await gate.database.query<{ at: number }>(
    `select at from journal where task = $1 and type = 'call-claimed'`,
    [task],
  );
  return rows.map(({ at }) => at);
}

describe('a claim that is made ready while its activity is on its way', () => {
  // Seen to fail: one that is never taken (claimed after the time that was read), and one committed at once.
  it('holds nothing before, and is the one that the call is made on', async () => {
    const input = await payment('taken');
    begin(input);
    await untilReady();
    expect([await statusOf(input.task), await claimedAt(input.task)]).toEqual(['open', []]);
    const before = await gate.database.now();
    expect(await call(input)).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, input.task)).toHaveLength(1);
    const [at, ...more] = await claimedAt(input.task);
    expect([await statusOf(input.task), more]).toEqual(['done', []]);
    expect(at).toBeLessThanOrEqual(before);
  });

  // Seen to fail: a claim that stays where it is once it was taken.
  it('is for one attempt: another at the same time calls nothing', async () => {
    const input = await payment('attempts');
    begin(input);
    await untilReady();
    const release = gate.hold();
    const first = call(input);
    await expect(call(input)).rejects.toMatchObject({ type: 'in-flight' });
    release();
    expect(await first).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, input.task)).toHaveLength(1);
  });

  // Seen to fail: taken whatever the activity asks for.
  it('is given up for a call that is asked for otherwise, which is judged by itself', async () => {
    const input = await payment('otherwise');
    begin(input);
    await untilReady();
    expect(await call({ ...input, decisions: ['forged' as DecisionId] })).toMatchObject({
      kind: 'refused',
      reason: 'unverified',
    });
    expect(effectsOf(gate, input.task)).toHaveLength(0);
    expect(await call(input)).toMatchObject({ kind: 'executed' });
  });

  // Seen to fail: room taken before the call is there (the other waits until this one was given up).
  it('takes no room under a limit before, so that others who count there need not wait', async () => {
    const [one, other] = [await permitted('first', 500), await permitted('second', 500)];
    begin(one);
    await untilReady();
    expect(await call(other)).toMatchObject({ kind: 'executed' });
    const before = await gate.database.now();
    expect(await call(one)).toMatchObject({ kind: 'executed' });
    expect((await claimedAt(one.task))[0]).toBeLessThanOrEqual(before);
  });

  // Seen to fail: a claim that waited counted as approved, whose call no limit refuses.
  it('is refused by a limit that has no more room when its call comes', async () => {
    const [one, other] = [await permitted('third', 2_400), await permitted('fourth', 2_400)];
    begin(one);
    await untilReady();
    expect(await call(other)).toMatchObject({ kind: 'executed' });
    expect(await call(one)).toMatchObject({ kind: 'refused', reason: 'limit' });
    expect(effectsOf(gate, one.task)).toHaveLength(0);
  });

  // Seen to fail: a claim that waits judged as if nothing were halted.
  it('is none where the call may not run', async () => {
    const input = await payment('halted');
    await gate.halt('task', input.task);
    begin(input);
    expect(await call(input)).toMatchObject({ kind: 'halted' });
    expect([ready, effectsOf(gate, input.task)]).toEqual([[], []]);
  });

  // Seen to fail: no comparison with who asks.
  it('is none for a call of another task, or of another run of this one', async () => {
    const [own, other] = [await payment('own'), await payment('other')];
    ahead.begin(runOf(other), own);
    ahead.begin({ ...runOf(own), runId: 'of before' }, own);
    begin(other);
    await untilReady();
    expect(ready).toEqual(['other']);
    await call(other);
  });

  it('is made anew where its connection was lost', async () => {
    const input = await payment('cut-off');
    begin(input);
    await untilReady();
    await waitFor(async () => {
      const ended = await gate.database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
      );
      return ended.length > 0 || undefined;
    });
    expect(await call(input)).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, input.task)).toHaveLength(1);
  });

  // Seen to fail: a call that is claimed taken for a free one.
  it('calls nothing on a commit whose answer was lost', async () => {
    const input = await payment('unheard');
    ahead = claimsAhead(losingAnswer(gate.deps, 1));
    begin(input);
    await expect(call(input)).rejects.toMatchObject({ type: 'in-flight' });
    expect([await statusOf(input.task), effectsOf(gate, input.task)]).toEqual(['claimed', []]);
  });
});

describe('a call that does not come', () => {
  // Seen to fail: no time-out (the row stays locked).
  it('leaves nothing claimed and nothing locked, and the next one that comes is made', async () => {
    const input = await payment('lost');
    begin(input);
    await untilReady();
    expect(await statusBehindLocks(input.task)).toBe('open');
    expect(await claimedAt(input.task)).toEqual([]);
    expect(await call(input)).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, input.task)).toHaveLength(1);
  });

  // Seen to fail: no time-out.
  it('is claimed by another worker, which waits no longer than that, and once', async () => {
    const input = await payment('other-worker');
    begin(input);
    await untilReady();
    expect(await execute(gate.deps, input)).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, input.task)).toHaveLength(1);
    expect(await claimedAt(input.task)).toHaveLength(1);
  });

  // Seen to fail: no rest; a rest that nothing ends.
  it('went to another worker, where nothing more is made ready; if it was late, all goes on', async () => {
    const [lost, meanwhile, after] = [
      await payment('elsewhere'),
      await payment('meanwhile'),
      await payment('after'),
    ];
    begin(lost);
    await untilReady();
    await statusBehindLocks(lost.task);
    begin(meanwhile);
    expect(await call(meanwhile)).toMatchObject({ kind: 'executed' });
    expect(ready).toEqual(['elsewhere']);
    await call(lost);
    begin(after);
    await untilReady(2);
    expect(ready).toEqual(['elsewhere', 'after']);
    await call(after);
  });
});

describe('who changes what a claim goes by', () => {
  it('halts it when it is over: what was ready runs, and nothing after it', async () => {
    const [input, next] = [await payment('before-halt'), await payment('after-halt')];
    begin(input);
    await untilReady();
    const halting = gate.halt('agent', 'bot', 'h-ahead');
    await untilLocked(gate.database);
    expect(await call(input)).toMatchObject({ kind: 'executed' });
    await halting;
    expect(await call(next)).toMatchObject({ kind: 'halted' });
    await gate.database.query(`update halts set lifted_at = 1 where id = 'h-ahead'`);
  });

  // Seen to fail: an activation that waits for no claim.
  it('activates a policy when it is over, and what nobody came for is judged by the new one', async () => {
    const input = await payment('policy');
    begin(input);
    await untilReady();
    const source = SMALL.replace('defaults:', 'tools: { pay: { quorum: 2 } }\ndefaults:');
    const loaded = loadPolicy(source);
    if (!('policy' in loaded)) throw new Error('the policy of this test is broken');
    const { hash, version } = loaded.policy;
    await activatePolicy(gate.database, { tenant: TENANT, hash, version, source, author: 'tests' });
    expect(await call(input)).toMatchObject({ kind: 'refused', reason: 'quorum' });
    expect(effectsOf(gate, input.task)).toHaveLength(0);
  });
});
