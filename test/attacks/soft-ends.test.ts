import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ExecuteInput, UndoInput } from '../../src/activities/api.js';
import { close } from '../../src/activities/conclude.js';
import { execute } from '../../src/activities/execute.js';
import type { ActivityDeps, Point } from '../../src/activities/ports.js';
import { undo } from '../../src/activities/undo.js';
import { defineTool, ToolFailure } from '../../src/contract/tool.js';
import type { TaskId } from '../../src/domain/ids.js';
import { callsOf } from '../../src/store/ledger.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';

/** What the world holds for a task: its draft, or nothing. */
const drafts = new Map<string, string>();
let undoFails = false;
let runWaits: (() => Promise<void>) | null = null;
let undoWaits: (() => Promise<void>) | null = null;

const drafting = (name: string, keyed: boolean, version = '1') =>
  defineTool({
    name,
    version,
    tier: 2,
    input: z.strictObject({ text: z.string() }),
    describe: (a) => `Draft ${a.text}`,
    ...(keyed ? { idempotency: { keyLifetime: '1h' } } : {}),
    timeout: '1s',
    run: async (a, { task }) => {
      await runWaits?.();
      drafts.set(task, a.text);
      return { ok: true };
    },
    undo: async (_a, _result, { task }) => {
      if (undoFails) throw new ToolFailure('gone', 'it was sent already');
      await undoWaits?.();
      drafts.delete(task);
    },
  });

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({
    policy: `${POLICY.replace('[pay, note, look]', '[pay, note, look, draft, keyed]')}
tools:
  draft: { level: soft, window: 1h }
  keyed: { level: soft, window: 1h }
`,
    tools: [drafting('draft', false), drafting('keyed', true)],
  });
});
afterAll(() => gate.close());

const carry = (task: TaskId) => ({ tenant: TENANT, task, runId: `run-${task}`, events: [] });
const first = { operation: 1, generation: 1 } as const;

async function permitted(name: string, tool = 'draft'): Promise<TaskId> {
  const task = await gate.submit(name, { tool, args: { text: 'hello' } });
  expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
  return task;
}

async function acted(name: string, tool = 'draft'): Promise<TaskId> {
  const task = await permitted(name, tool);
  expect(await gate.execute(task, [])).toMatchObject({ kind: 'executed', confirm: { round: 2 } });
  return task;
}

const takeBack = (task: TaskId, rest: Partial<UndoInput> = {}, deps: ActivityDeps = gate.deps) =>
  undo(deps, { ...carry(task), ...first, resolution: null, ...rest });
const run = (task: TaskId, rest: Partial<ExecuteInput> = {}, deps: ActivityDeps = gate.deps) =>
  execute(deps, { ...carry(task), ...first, round: 1, decisions: [], resolution: null, ...rest });
const diesAt = (point: Point): ActivityDeps => ({
  ...gate.deps,
  point: (passed) => (passed === point ? Promise.reject(new Error('killed')) : Promise.resolve()),
});
const statusOf = async (task: TaskId) => (await callsOf(gate.database, TENANT, task))[0]?.status;
const openOf = (task: TaskId) =>
  gate.database.query<{ kind: string; round: number; brief: string }>(
    "select kind, round, brief from questions where task = $1 and status = 'open' order by operation, round",
    [task],
  );

/** An undo that failed, about which a person is asked. */
async function failed(name: string, tool = 'draft'): Promise<TaskId> {
  undoFails = true;
  const task = await acted(name, tool);
  expect(await takeBack(task)).toMatchObject({ kind: 'failed' });
  undoFails = false;
  await gate.ask(task, { round: 3, reason: 'undo-failed' });
  return task;
}

function waiting(): { wait: () => Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  return { wait: () => held, release: () => release() };
}

describe('a finding about an undo', () => {
  it.each(['leave', 'happened'] as const)('%s, is answered again as it was the first time', async (as) => {
    const task = await failed(`finding-${as}`);
    const decision = await gate.decide(task, 'amira', { decision: 'resolve', resolution: as });
    const resolution = { decision, as };
    const answer = await takeBack(task, { resolution });
    expect(answer).toMatchObject({ kind: as === 'leave' ? 'stands' : 'undone' });
    // Seen to fail: `unverified`, for a question that the first answer had closed.
    expect(await takeBack(task, { resolution })).toMatchObject({ kind: answer.kind });
    expect(await takeBack(task)).toMatchObject({ kind: answer.kind });
  });

  it.each([
    ['keyed', 'undone', 'undone'],
    ['draft', 'failed', 'done'],
  ] as const)('to try again, whose worker dies: %s', async (tool, kind, status) => {
    const task = await failed(`dies-${tool}`, tool);
    const decision = await gate.decide(task, 'amira', { decision: 'resolve', resolution: 'not-happened' });
    const resolution = { decision, as: 'not-happened' } as const;
    await expect(takeBack(task, { resolution }, diesAt('undo-claimed'))).rejects.toThrow('killed');
    await gate.database.query('update undos set call_by = call_by - 3600000 where task = $1', [task]);
    expect(await takeBack(task, { resolution })).toMatchObject({ kind });
    expect(await takeBack(task, { resolution })).toMatchObject({ kind });
    expect(await statusOf(task)).toBe(status);
  });

  // Seen to fail, as the one before: `unverified`, by which the run takes a genuine finding for a forgery and asks the closed round again.
  it('to try again, of a try that failed too, is answered again as it was the first time', async () => {
    const task = await failed('finding-fails');
    const decision = await gate.decide(task, 'amira', { decision: 'resolve', resolution: 'not-happened' });
    const resolution = { decision, as: 'not-happened' } as const;
    undoFails = true;
    expect(await takeBack(task, { resolution })).toMatchObject({ kind: 'failed' });
    undoFails = false;
    expect(await takeBack(task, { resolution })).toMatchObject({ kind: 'failed' });
    expect(drafts.has(task)).toBe(true);
    await gate.ask(task, { round: 4, reason: 'undo-failed' });
    expect(await takeBack(task, { resolution })).toMatchObject({ kind: 'failed' });
    const left = await gate.decide(task, 'joon', { decision: 'resolve', resolution: 'leave' });
    expect(await takeBack(task, { resolution: { decision: left, as: 'leave' } })).toMatchObject({
      kind: 'stands',
      decision: left,
    });
  });
});

// Seen to fail: thrown as a defect of ours, which is tried again for ever.
it('an undo of a tool that has lost it since is a question, until a worker has it again', async () => {
  const task = await acted('lost-undo');
  const tools = new Map([...gate.deps.tools].filter(([name]) => name !== 'draft'));
  expect(await takeBack(task, {}, { ...gate.deps, tools })).toMatchObject({ kind: 'failed' });
  await gate.ask(task, { round: 3, reason: 'undo-failed' });
  const decision = await gate.decide(task, 'amira', { decision: 'resolve', resolution: 'not-happened' });
  const resolution = { decision, as: 'not-happened' } as const;
  expect(await takeBack(task, { resolution })).toMatchObject({ kind: 'undone' });
  expect(drafts.has(task)).toBe(false);
});

describe('an undo that answers late', () => {
  it('leaves the question open that people are asked, and every answer to it finds it undone', async () => {
    const { wait, release } = waiting();
    undoWaits = wait;
    const task = await acted('late-undo');
    expect(await takeBack(task)).toMatchObject({ kind: 'failed' });
    undoWaits = null;
    await gate.ask(task, { round: 3, reason: 'undo-failed' });
    release();
    await expect.poll(() => statusOf(task), { timeout: 30_000 }).toBe('undone');
    expect(await openOf(task)).toMatchObject([{ kind: 'resolution', round: 3 }]);
    const decision = await gate.decide(task, 'amira', { decision: 'resolve', resolution: 'leave' });
    expect(await takeBack(task, { resolution: { decision, as: 'leave' } })).toMatchObject({ kind: 'undone' });
  });
});

describe('a window', () => {
  it('takes no confirmation once the undo has begun', async () => {
    const task = await acted('too-late', 'keyed');
    await expect(takeBack(task, {}, diesAt('undo-called'))).rejects.toThrow('killed');
    expect(drafts.has(task)).toBe(false);
    await expect(gate.decide(task, 'amira', { decision: 'approve' })).rejects.toMatchObject({
      code: 'not-open',
    });
    await gate.database.query('update undos set call_by = call_by - 3600000 where task = $1', [task]);
    expect(await takeBack(task)).toMatchObject({ kind: 'undone' });
  });

  it('goes by the word that came first when its run heard none', async () => {
    const task = await acted('order');
    await gate.decide(task, 'joon', { decision: 'reject' });
    await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await takeBack(task)).toMatchObject({ kind: 'undone' });
    expect(drafts.has(task)).toBe(false);
  });

  it('is not opened for what nobody was shown: other arguments, another version', async () => {
    const changed = await permitted('changed-arguments');
    await gate.database.query(`update ledger set args = '{"text":"other"}' where task = $1`, [changed]);
    expect(await run(changed)).toMatchObject({ kind: 'refused', reason: 'digest-changed' });
    const deployed = await permitted('changed-version');
    const tools = new Map([...gate.deps.tools, ['draft', drafting('draft', false, '2')] as const]);
    expect(await run(deployed, {}, { ...gate.deps, tools })).toMatchObject({ reason: 'digest-changed' });
    expect([drafts.has(changed), drafts.has(deployed)]).toEqual([false, false]);
  });
});

describe('a soft call whose result comes late', () => {
  it.each([
    ['not-happened', { kind: 'executed', confirm: { kind: 'confirmation', round: 3 } }],
    ['leave', { kind: 'executed', confirm: { kind: 'confirmation', round: 3 } }],
    ['happened', { kind: 'executed' }],
  ] as const)('is confirmed or undone, unless a person found that it happened: %s', async (as, expected) => {
    const { wait, release } = waiting();
    runWaits = wait;
    const task = await permitted(`late-${as}`);
    expect(await run(task)).toMatchObject({ kind: 'refused', reason: 'unknown' });
    runWaits = null;
    await gate.ask(task, { round: 2, reason: 'unknown' });
    release();
    await expect.poll(() => statusOf(task), { timeout: 30_000 }).toBe('done');
    const decision = await gate.decide(task, 'amira', { decision: 'resolve', resolution: as });
    const answer = await run(task, { round: 2, resolution: { decision, as } });
    expect(answer).toMatchObject(expected);
    expect('confirm' in answer).toBe('confirm' in expected);
    // The same again is the same answer.
    expect(await run(task, { round: 2, resolution: { decision, as } })).toMatchObject(expected);
    if ('confirm' in answer) expect(await takeBack(task)).toMatchObject({ kind: 'undone' });
  });
});

describe('a task that ends while its soft call runs', () => {
  const cancelled = async (task: TaskId) => {
    await gate.database.query('update tasks set cancel_at = 1 where task = $1', [task]);
    const now = await gate.database.now();
    const ending = {
      tenant: TENANT,
      task,
      state: 'FAILED',
      reason: 'cancelled',
      detail: 'requested',
      now,
    } as const;
    await gate.database.transaction((tx) => close(tx, gate.deps, ending));
  };

  it('is handed over: the call may stand', async () => {
    const task = await permitted('ends-lost');
    await expect(run(task, {}, diesAt('called'))).rejects.toThrow('killed');
    await cancelled(task);
    const [handOver, ...more] = await openOf(task);
    expect([handOver?.kind, more]).toEqual(['hand-over', []]);
    expect(handOver?.brief).toContain('draft (operation 1)');
  });

  it('opens no window that nobody would close', async () => {
    const task = await permitted('ends-frozen');
    const frozen: ActivityDeps = {
      ...gate.deps,
      point: (passed) => (passed === 'called' ? cancelled(task) : Promise.resolve()),
    };
    expect(await run(task, {}, frozen)).toMatchObject({ kind: 'executed' });
    expect((await openOf(task)).map(({ kind }) => kind)).toEqual(['hand-over']);
  });

  // Seen to fail: a permit whose window was never opened counted for nothing, and nobody was told of what stands.
  it('is handed over when its result came while people were asked what became of it', async () => {
    const { wait, release } = waiting();
    runWaits = wait;
    const task = await permitted('ends-late');
    expect(await run(task)).toMatchObject({ kind: 'refused', reason: 'unknown' });
    runWaits = null;
    await gate.ask(task, { round: 2, reason: 'unknown' });
    release();
    await expect.poll(() => statusOf(task), { timeout: 30_000 }).toBe('done');
    await cancelled(task);
    expect((await openOf(task)).map(({ kind }) => kind)).toEqual(['hand-over']);
  });

  // Seen to fail: an attempt that came after the end opened one, on a desk of a task that nobody drives any more.
  it('opens none either for a finding that is heard after the end', async () => {
    const { wait, release } = waiting();
    runWaits = wait;
    const task = await permitted('ends-unknown');
    expect(await run(task)).toMatchObject({ kind: 'refused', reason: 'unknown' });
    runWaits = null;
    await gate.ask(task, { round: 2, reason: 'unknown' });
    const decision = await gate.decide(task, 'amira', { decision: 'resolve', resolution: 'leave' });
    await cancelled(task);
    release();
    await expect.poll(() => statusOf(task), { timeout: 30_000 }).toBe('done');
    const answer = await run(task, { round: 2, resolution: { decision, as: 'leave' } });
    expect(answer).toEqual({ kind: 'executed', head: expect.anything() as unknown });
    expect((await openOf(task)).map(({ kind }) => kind)).toEqual(['hand-over']);
  });
});
