import { afterAll, describe, expect, it } from 'vitest';
import { ask } from '../../src/activities/ask.js';
import { execute } from '../../src/activities/execute.js';
import { recall } from '../../src/activities/memory.js';
import { safeguard } from '../../src/activities/safeguard.js';
import { labelled } from '../../src/contract/digest.js';
import type { Readings } from '../../src/domain/action.js';
import type { TaskId } from '../../src/domain/ids.js';
import { callsOf, insertCalls, insertGeneration } from '../../src/store/ledger.js';
import { submitTask } from '../../src/store/tasks.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { untilLocked } from '../support/wait.js';

const LOOK = '{ tool: look, args: {} }';
const gates: Gate[] = [];
afterAll(() => Promise.all(gates.map((gate) => gate.close())));

/** A gate where this takes the place of a note that nobody answers, under these rules beside the one that asks about it. */
async function opened(safe = LOOK, ...rules: readonly string[]): Promise<Gate> {
  const gate = await openGate({
    policy: `${POLICY}
tools: { note: { ladder: careful } }
ladders: { careful: { ttl: 1h, fallback: safe, safe: ${safe} } }
rules:
  - { id: noted, trigger: policy, when: "action.tool == 'note'", level: approve }
${rules.map((rule) => `  - ${rule}\n`).join('')}`,
  });
  gates.push(gate);
  return gate;
}

/** Nobody answered for a note: what becomes of the look in its place, asked and claimed, under this rule beside those of the file. */
async function inItsPlace(rule: string, readings: Readings = {}): Promise<unknown> {
  const gate = await opened(LOOK, `{ id: looked, trigger: policy, ${rule} }`);
  const task = 'silent' as TaskId; // a valid name
  const request = { goal: 'test', situation: 'test', readings, planner: null };
  const ready = { tool: 'note', args: { cents: 1, to: 'bob' }, readings, agentText: null };
  const who = { tenant: TENANT, task, agent: 'bot', requester: 'rita' };
  await submitTask(gate.database, { ...who, request, requestDigest: labelled('request', rule), ready });
  expect(await gate.ask(task)).toMatchObject({ kind: 'asked', question: { fallback: 'safe' } });
  const carry = { tenant: TENANT, task, runId: 'run-silent', events: [] };
  await safeguard(gate.deps, { ...carry, operation: 1, generation: 1, round: 1, as: 2 });
  const second = { ...carry, operation: 2, generation: 1, round: 1 };
  const asked = await ask(gate.deps, { ...second, rung: 0, reason: null });
  const ran = await execute(gate.deps, { ...second, decisions: [], resolution: null });
  return { asked: asked.kind, ran: ran.kind, effects: gate.effects.map(({ tool }) => tool) };
}

const STOPPED = { asked: 'asked', ran: 'refused', effects: [] };
const RAN = { asked: 'permitted', ran: 'executed', effects: ['look'] };

/** Seen to fail: judged without any rule; by every rule; without what was measured of the call. */
describe('a safe action', () => {
  it('is not done where a rule of the file stops it', async () => {
    expect(await inItsPlace(`when: "action.tool == 'look'", level: stop`)).toEqual(STOPPED);
  });

  it('is done where a rule would have asked about it', async () => {
    expect(await inItsPlace(`when: "action.tool == 'look'", level: approve`)).toEqual(RAN);
  });

  it('is judged by what was measured of the call in whose place it is done', async () => {
    const rule = (limit: number) => `when: "readings.risk > ${limit} && action.tool == 'look'", level: stop`;
    expect(await inItsPlace(rule(0.9), { risk: 0.5 })).toEqual(RAN);
    expect(await inItsPlace(rule(0.3), { risk: 0.5 })).toEqual(STOPPED);
  });
});

/** A note in the place of another that asks, being over the limit, and what a person made of it: asked about, and told to the planner. */
async function edited(edits: { readonly cents: number }) {
  const gate = await opened(`{ tool: note, args: { cents: "60000", to: "'bob'" } }`);
  const { database, deps } = gate;
  const task = await gate.submit('edited', { tool: 'note', args: { cents: 1, to: 'bob' } });
  await gate.ask(task);
  const carry = { tenant: TENANT, task, runId: 'run-edited', events: [] };
  await safeguard(deps, { ...carry, operation: 1, generation: 1, round: 1, as: 2 });
  const second = { ...carry, operation: 2, rung: 0, reason: null };
  expect(await ask(deps, { ...second, generation: 1, round: 1 })).toMatchObject({
    kind: 'asked',
    question: { fallback: 'deny' },
  });
  await database.transaction(async (tx) => {
    const from = (await callsOf(tx, TENANT, task)).find(({ operation }) => operation === 2);
    if (!from) throw new Error('the safe action was not stored');
    await insertGeneration(tx, from, { args: { ...edits, to: 'bob' }, anew: false }, await tx.now());
  });
  const asked = await ask(deps, { ...second, generation: 2, round: 2 });
  const told = recall(deps, await callsOf(database, TENANT, task), [], [{ operation: 2, generation: 2 }]);
  return { asked, told };
}

describe('a safe action that a person edited', () => {
  // Seen to fail: taken for a call that an agent proposed (another safe action in its place; told as what the planner proposed).
  it('is one still: nothing stands in for it, and no planner proposed it', async () => {
    const { asked, told } = await edited({ cents: 55_000 });
    expect(asked).toMatchObject({ kind: 'asked', question: { fallback: 'deny' } });
    expect(told).toMatchObject([{ operation: 1 }, { operation: 2, edited: true, inPlaceOf: 1 }]);
  });

  // Seen to fail: judged by those rules alone that stop, as what the policy wrote itself.
  it('is judged by every rule: it is no longer the word of the policy', async () => {
    const { asked } = await edited({ cents: 1 });
    expect(asked).toMatchObject({ kind: 'asked', question: { fallback: 'deny' } });
  });
});

describe('safe actions of one task', () => {
  const note = { tool: 'note', args: { cents: 1, to: 'bob' }, readings: {}, agentText: null };

  /** A task whose three notes were asked about; what puts a look in the place of one, and the looks that are stored. */
  async function threeNotes() {
    const gate = await opened();
    const { database, deps } = gate;
    const task = await gate.submit('three-notes', note);
    const carry = { tenant: TENANT, task, runId: 'run-three-notes', events: [] };
    const insert = (...calls: Parameters<typeof insertCalls>[1]['calls']) =>
      database.transaction((tx) => insertCalls(tx, { tenant: TENANT, task, agent: 'bot', now: 1, calls }));
    await insert({ ...note, operation: 2 }, { ...note, operation: 3 });
    for (const operation of [1, 2, 3])
      await ask(deps, { ...carry, operation, generation: 1, round: 1, rung: 0, reason: null });
    return {
      database,
      task,
      insert,
      inPlaceOf: (operation: number) =>
        safeguard(deps, { ...carry, operation, generation: 1, round: 1, as: 4 }),
      /** By the operation in whose place each is done. */
      stored: async () => {
        const calls = await callsOf(database, TENANT, task);
        return Object.fromEntries(
          calls.flatMap((row) => (row.safeFor === null ? [] : [[row.safeFor, row.operation]])),
        );
      },
    };
  }

  // Seen to fail: the ledger read without the calls' lock (both take one number, and one is dropped in silence).
  it('that are taken together get a number each', async () => {
    const { database, task, inPlaceOf, stored } = await threeNotes();
    const { taken } = await database.transaction(async (tx) => {
      await tx.query('select 1 from journal_heads where tenant = $1 and task = $2 for update', [
        TENANT,
        task,
      ]);
      const taken = Promise.all([inPlaceOf(1), inPlaceOf(3)]);
      await untilLocked(database, 2);
      return { taken };
    });
    const [first, third] = await taken;
    expect(await stored()).toEqual({ 1: first.operation, 3: third.operation });
  });

  // Seen to fail: the other call dropped in silence, and told as stored.
  it('lose no number to another call, which is told so', async () => {
    const { insert, stored, inPlaceOf } = await threeNotes();
    await inPlaceOf(2);
    await expect(insert({ ...note, operation: 4 })).rejects.toMatchObject({ code: '23505' });
    expect(await stored()).toEqual({ 2: 4 });
  });
});
