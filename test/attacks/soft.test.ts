import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ExecuteResult, UndoInput } from '../../src/activities/api.js';
import { closeEnded } from '../../src/activities/endings.js';
import { execute } from '../../src/activities/execute.js';
import { undo } from '../../src/activities/undo.js';
import { verify } from '../../src/activities/verify.js';
import type { ActivityDeps } from '../../src/activities/ports.js';
import { defineTool, ToolFailure } from '../../src/contract/tool.js';
import type { DecisionMessage } from '../../src/domain/decision.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { findDecision } from '../../src/store/decisions.js';
import { readJournal } from '../../src/store/journal.js';
import { callsOf } from '../../src/store/ledger.js';
import { findTask } from '../../src/store/tasks.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { executeWith, forge, losingAnswer } from './scene.js';

/** What the world holds: a draft is there or not. Outlives every attempt. */
const drafts = new Map<string, number>();
const undone: string[] = [];
let undoFails = false;
let undoHangs: (() => Promise<void>) | null = null;

const drafting = (name: string, keyed: boolean) =>
  defineTool({
    name,
    version: '1',
    tier: 2,
    input: z.strictObject({ text: z.string() }),
    describe: (a) => `Draft ${a.text}`,
    preview: (a) => ({ diff: [{ field: 'draft', before: 'none', after: a.text }] }),
    ...(keyed ? { idempotency: { keyLifetime: '1h' } } : {}),
    timeout: '1s',
    run: (_a, { task }) => {
      drafts.set(task, (drafts.get(task) ?? 0) + 1);
      return { id: `draft-${task}` };
    },
    undo: async (_a, _result, { task, idempotencyKey }) => {
      if (undoFails) throw new ToolFailure('gone', 'it was sent already');
      await undoHangs?.();
      if (undone.includes(idempotencyKey) && keyed) return;
      undone.push(idempotencyKey);
      drafts.set(task, (drafts.get(task) ?? 0) - 1);
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

async function acted(name: string, tool = 'draft'): Promise<{ task: TaskId; result: ExecuteResult }> {
  const task = await gate.submit(name, { tool, args: { text: 'hello' } });
  expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
  return { task, result: await gate.execute(task, []) };
}

function takeBack(task: TaskId, rest: Partial<UndoInput> = {}, deps: ActivityDeps = gate.deps) {
  return undo(deps, { ...carry(task), operation: 1, generation: 1, resolution: null, ...rest });
}

async function hear(task: TaskId, id: DecisionId): Promise<boolean> {
  const row = await findDecision(gate.database, TENANT, id);
  const { genuine } = await verify(gate.deps, { ...carry(task), decision: row?.message as DecisionMessage }); // just stored
  return genuine;
}

async function statusOf(task: TaskId): Promise<string | undefined> {
  return (await callsOf(gate.database, TENANT, task))[0]?.status;
}

async function questions(task: TaskId) {
  return gate.database.query<{ kind: string; status: string; closed_as: string | null; round: number }>(
    'select kind, status, closed_as, round from questions where tenant = $1 and task = $2 order by round',
    [TENANT, task],
  );
}

async function typesOf(task: TaskId): Promise<readonly string[]> {
  const entries = await readJournal(gate.database, { tenant: TENANT, task, limit: 100 });
  return entries.map((entry) => entry.type);
}

describe('a call at level soft', () => {
  it('opens its window in the transaction that records that it ran', async () => {
    const { task, result } = await acted('opens');
    expect(result).toMatchObject({ kind: 'executed', confirm: { kind: 'confirmation', round: 2, rungs: 1 } });
    expect(drafts.get(task)).toBe(1);
    expect(await questions(task)).toMatchObject([
      { kind: 'confirmation', status: 'permitted' },
      { kind: 'confirmation', status: 'open' },
    ]);
    // The brief was made before it ran: before and after are those of the call.
    const [row] = await gate.database.query<{ brief: string }>(
      "select brief from questions where task = $1 and status = 'open'",
      [task],
    );
    expect(JSON.parse(row?.brief ?? '')).toMatchObject({
      onSilence: 'undo',
      diff: [{ before: 'none', after: 'hello' }],
      question: expect.stringContaining('May it stay?') as string,
    });
  });

  // Seen to fail: a call that completes its task whatever its level (the task is over with its window open).
  it('does not complete its task, though nothing else is left of it', async () => {
    const task = await gate.submit('completes', { tool: 'draft', args: { text: 'hello' } });
    await gate.ask(task);
    const result = await gate.execute(task, [], { completes: true });
    expect(result).toMatchObject({ kind: 'executed', confirm: { kind: 'confirmation' } });
    expect(result).not.toHaveProperty('closed');
    expect(await findTask(gate.database, TENANT, task)).toMatchObject({ closedAt: null });
  });

  it('gives a run that asks again the same window, and runs once', async () => {
    const { task, result } = await acted('again');
    const again = await gate.execute(task, []);
    expect(again).toMatchObject({ kind: 'executed', confirm: result.kind === 'executed' && result.confirm });
    expect(drafts.get(task)).toBe(1);
  });

  // Seen to fail: the window taken for a later question, and the run told of none: its next word closes it.
  it('tells its run of the window when the answer of the commit that opened it is lost', async () => {
    const task = await gate.submit('answer-lost', { tool: 'draft', args: { text: 'hello' } });
    await gate.ask(task);
    const result = await executeWith(losingAnswer(gate.deps, 2), task, {});
    expect(result).toMatchObject({ kind: 'executed', confirm: { kind: 'confirmation', round: 2 } });
    expect(await gate.execute(task, [])).toMatchObject({ confirm: 'confirm' in result && result.confirm });
    expect(drafts.get(task)).toBe(1);
    expect(await questions(task)).toHaveLength(2);
  });

  it('leaves no effect without a window when its worker dies between the two', async () => {
    const task = await gate.submit('dies', { tool: 'keyed', args: { text: 'hello' } });
    await gate.ask(task);
    const dies: ActivityDeps = {
      ...gate.deps,
      point: (point) => (point === 'called' ? Promise.reject(new Error('killed')) : Promise.resolve()),
    };
    const input = { operation: 1, generation: 1, round: 1, decisions: [], resolution: null };
    await expect(execute(dies, { ...carry(task), ...input })).rejects.toThrow('killed');
    expect(await questions(task)).toHaveLength(1);
    await gate.database.query('update ledger set call_by = call_by - 3600000 where task = $1', [task]);
    expect(await gate.execute(task, [])).toMatchObject({
      kind: 'executed',
      confirm: { kind: 'confirmation' },
    });
    expect(await questions(task)).toHaveLength(2);
  });

  // Seen to fail: a hand-over that did not know of a window; one that named a confirmed call.
  it('is named in the hand-over when its run is ended by force in the window, unless it was confirmed', async () => {
    const unknownsOf = async (task: TaskId) => {
      await closeEnded(gate.deps, { tenant: TENANT, task }, 'TERMINATED');
      const [row] = await gate.database.query<{ brief: string }>(
        "select brief from questions where task = $1 and kind = 'hand-over'",
        [task],
      );
      return (JSON.parse(row?.brief ?? '{}') as { unknowns: readonly string[] }).unknowns;
    };
    const { task } = await acted('ended');
    expect(await unknownsOf(task)).toContain(
      'draft (operation 1) was neither confirmed nor undone and may still stand',
    );
    const { task: confirmed } = await acted('ended-confirmed');
    expect(await hear(confirmed, await gate.decide(confirmed, 'amira', { decision: 'approve' }))).toBe(true);
    expect(await unknownsOf(confirmed)).toHaveLength(1);
  });

  it('is asked about first when it became soft only after it was let run', async () => {
    const task = await gate.submit('became', { tool: 'draft', args: { text: 'hello' } });
    await gate.ask(task);
    await gate.database.query(
      `update questions set verdict = replace(verdict, '"level":"soft"', '"level":"notify"') where task = $1`,
      [task],
    );
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
    expect(drafts.get(task)).toBeUndefined();
  });
});

describe('confirming', () => {
  it('lets it stay: nothing takes it back afterwards', async () => {
    const { task } = await acted('stays');
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await hear(task, id)).toBe(true);
    expect(await questions(task)).toMatchObject([{}, { status: 'closed', closed_as: 'confirmed' }]);
    // Seen to fail: a run that was reset before it heard of it is told of the window again.
    expect(await gate.execute(task, [])).not.toHaveProperty('confirm');
    expect(await takeBack(task)).toMatchObject({ kind: 'stands', decision: id });
    expect(drafts.get(task)).toBe(1);
  });

  it('counts when it was stored in time though its run never heard of it', async () => {
    const { task } = await acted('unheard');
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await takeBack(task)).toMatchObject({ kind: 'stands', decision: id });
    expect(drafts.get(task)).toBe(1);
  });

  // Seen to fail: `isAnswer` without its signature.
  it('does not count when it is forged', async () => {
    const { task } = await acted('forged');
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    await forge(gate, id, {});
    expect(await hear(task, id)).toBe(false);
    expect(await takeBack(task)).toMatchObject({ kind: 'undone' });
    expect(drafts.get(task)).toBe(0);
  });

  it('is nobody’s who asked for it', async () => {
    const { task } = await acted('own');
    await gate.database.query("update tasks set requester = 'amira' where task = $1", [task]);
    await expect(gate.decide(task, 'amira', { decision: 'approve' })).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('is possible under a halt, and so is undoing: neither starts anything', async () => {
    const { task } = await acted('halted');
    await gate.halt('task', task);
    const id = await gate.decide(task, 'joon', { decision: 'reject' });
    expect(await hear(task, id)).toBe(true);
    expect(await takeBack(task)).toMatchObject({ kind: 'undone' });
    expect(drafts.get(task)).toBe(0);
  });
});

describe('undoing', () => {
  it('happens once, and the ledger, the desk and the journal say so', async () => {
    const { task } = await acted('once');
    expect(await hear(task, await gate.decide(task, 'amira', { decision: 'reject' }))).toBe(true);
    expect(await takeBack(task)).toMatchObject({ kind: 'undone' });
    expect(await takeBack(task)).toMatchObject({ kind: 'undone' });
    expect(drafts.get(task)).toBe(0);
    expect(await statusOf(task)).toBe('undone');
    expect(await typesOf(task)).toEqual(expect.arrayContaining(['undo-claimed', 'call-undone']));
  });

  it('never reaches a call that was approved, whoever asks for it', async () => {
    const task = await gate.submit('approved-call', { tool: 'pay', args: { cents: 100, to: 'bob' } });
    await gate.ask(task);
    await gate.execute(task, [await gate.decide(task, 'amira', { decision: 'approve' })]);
    await expect(takeBack(task)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('that fails is known as failed, and a person decides: again, by hand, or let it stand', async () => {
    undoFails = true;
    const { task } = await acted('fails');
    expect(await takeBack(task)).toMatchObject({ kind: 'failed' });
    undoFails = false;
    expect(await takeBack(task)).toMatchObject({ kind: 'failed' });
    expect(drafts.get(task)).toBe(1);
    expect(await gate.ask(task, { round: 3, reason: 'undo-failed' })).toMatchObject({
      kind: 'asked',
      question: { kind: 'resolution' },
    });
    const [asked] = await gate.database.query<{ brief: string; ttl: number }>(
      'select brief, answer_by - asked_at as ttl from questions where task = $1 and round = 3',
      [task],
    );
    expect(asked?.ttl).toBeLessThanOrEqual(30 * 60_000);
    expect(JSON.parse(asked?.brief ?? '')).toMatchObject({
      question: expect.stringContaining('Is this undone?') as string,
    });
    const id = await gate.decide(task, 'amira', { decision: 'resolve', resolution: 'not-happened' });
    expect(await takeBack(task, { resolution: { decision: id, as: 'not-happened' } })).toMatchObject({
      kind: 'undone',
    });
    expect(drafts.get(task)).toBe(0);
  });

  it('is not settled by a finding that nobody made', async () => {
    undoFails = true;
    const { task } = await acted('no-finding');
    await takeBack(task);
    undoFails = false;
    await gate.ask(task, { round: 3, reason: 'undo-failed' });
    const id = await gate.decide(task, 'amira', { decision: 'resolve', resolution: 'leave' });
    await forge(gate, id, {});
    expect(await takeBack(task, { resolution: { decision: id, as: 'leave' } })).toMatchObject({
      kind: 'unverified',
    });
    expect(await takeBack(task, { resolution: { decision: id, as: 'happened' } })).toMatchObject({
      kind: 'unverified',
    });
    expect(await statusOf(task)).toBe('done');
  });

  it('whose worker died is not tried again without a key that the tool honours', async () => {
    const dies: ActivityDeps = {
      ...gate.deps,
      point: (point) => (point === 'undo-called' ? Promise.reject(new Error('killed')) : Promise.resolve()),
    };
    const past = (task: TaskId) =>
      gate.database.query('update undos set call_by = call_by - 3600000 where task = $1', [task]);
    const { task } = await acted('undo-dies');
    await expect(takeBack(task, {}, dies)).rejects.toThrow('killed');
    await expect(takeBack(task)).rejects.toMatchObject({ type: 'in-flight' });
    await past(task);
    expect(await takeBack(task)).toMatchObject({ kind: 'failed' });
    expect(drafts.get(task)).toBe(0);

    const { task: keyed } = await acted('undo-dies-keyed', 'keyed');
    await expect(takeBack(keyed, {}, dies)).rejects.toThrow('killed');
    await past(keyed);
    expect(await takeBack(keyed)).toMatchObject({ kind: 'undone' });
    expect(drafts.get(keyed)).toBe(0);
  });

  // Seen to fail: the key's life compared with the moment of the claim alone.
  it('is not tried again where the key may be over before the attempt is', async () => {
    const dies: ActivityDeps = {
      ...gate.deps,
      point: (point) => (point === 'undo-claimed' ? Promise.reject(new Error('killed')) : Promise.resolve()),
    };
    const { task } = await acted('key-ends', 'keyed');
    await expect(takeBack(task, {}, dies)).rejects.toThrow('killed');
    const nearlyOver = (await gate.database.now()) - 3_599_100;
    await gate.database.query('update undos set call_by = 0, first_called_at = $2 where task = $1', [
      task,
      nearlyOver,
    ]);
    expect(await takeBack(task)).toMatchObject({ kind: 'failed' });
    expect(drafts.get(task)).toBe(1);
  });

  it('that answers after its deadline settles what was unknown', async () => {
    let release = (): void => undefined;
    undoHangs = () => new Promise((resolve) => (release = resolve));
    const { task } = await acted('late');
    expect(await takeBack(task)).toMatchObject({ kind: 'failed' });
    undoHangs = null;
    release();
    await expect.poll(() => statusOf(task), { timeout: 30_000 }).toBe('undone');
  });
});
