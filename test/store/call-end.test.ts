import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineTool, ToolFailure } from '../../src/contract/tool.js';
import { callsOf } from '../../src/store/ledger.js';
import { findTask } from '../../src/store/tasks.js';
import { approved, executeWith, losingAnswer } from '../attacks/scene.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';

/** Half an emoji, a NUL, and more than anybody reads. */
const ODD = `\u{d83d}\0${'x'.repeat(100_000)}`;
let calls = 0;
const fails = defineTool({
  name: 'fails',
  version: '1',
  tier: 4,
  input: z.strictObject({ how: z.enum(['odd', 'no-text', 'unreadable']) }),
  describe: (a) => `Fail ${a.how}`,
  timeout: '5s',
  run: ({ how }) => {
    calls += 1;
    if (how === 'odd') throw new ToolFailure(ODD, ODD);
    if (how === 'unreadable')
      throw Object.defineProperty(new ToolFailure('odd', ''), 'message', {
        get: () => {
          throw new Error('nobody may read this');
        },
      });
    // What a tool written in plain JavaScript can do.
    throw Object.assign(new ToolFailure('', ''), { code: { toString: null }, message: undefined });
  },
});
const reads = defineTool({
  name: 'reads',
  version: '1',
  tier: 1,
  input: z.strictObject({}),
  describe: () => 'Read',
  timeout: '5s',
  run: () => {
    throw new Error(`cannot reach ${CREDENTIAL}`);
  },
});
const quick = defineTool({
  name: 'quick',
  version: '1',
  tier: 4,
  input: z.strictObject({}),
  describe: () => 'Be quick',
  timeout: '1s',
  run: () => null,
});

let looked = 0;
const slowLook = defineTool({
  name: 'slow_look',
  version: '1',
  tier: 4,
  input: z.strictObject({}),
  describe: () => 'Look slowly, be quick',
  timeout: '1s',
  fingerprint: async () => {
    looked += 1;
    const since = performance.now();
    if (looked > 1) await waitFor(() => (performance.now() - since > 1_200 ? true : undefined));
    return 'the same';
  },
  run: () => null,
});

const failsLate = defineTool({
  name: 'fails_late',
  version: '1',
  tier: 4,
  input: z.strictObject({}),
  describe: () => 'Decline, too late',
  impact: () => ({ money: { minor: 700, currency: 'USD' } }),
  timeout: '1s',
  run: async () => {
    const since = performance.now();
    await waitFor(() => (performance.now() - since > 1_200 ? true : undefined));
    throw new ToolFailure('declined', 'not enough');
  },
});

const CREDENTIAL = 'postgres://desk:hunter2@shop';

let gate: Gate;
beforeAll(async () => {
  const policy = POLICY.replace('look]', 'look, fails, reads, quick, slow_look, fails_late]');
  gate = await openGate({ policy, tools: [fails, reads, quick, slowLook, failsLate] });
});
afterAll(() => gate.close());

const rowOf = async (task: Parameters<typeof callsOf>[2]) => (await callsOf(gate.database, TENANT, task))[0];

/** Seen to fail: code and message kept as the tool gave them; `canonicalJson` and Postgres refuse them until the call counts as unknown. */
describe('a definite failure stays one, whatever text it comes with', () => {
  it('half characters, NUL, far too long', async () => {
    const { task, id } = await approved(gate, 'odd', { tool: 'fails', args: { how: 'odd' } });
    const result = await gate.execute(task, [id], { completes: true });
    expect(await findTask(gate.database, TENANT, task)).toMatchObject({ closedAt: null });
    expect(result).toMatchObject({ kind: 'failed', code: `\uFFFD\uFFFD${'x'.repeat(126)}` });
    const row = await rowOf(task);
    expect(row).toMatchObject({ status: 'failed', attempt: 1 });
    expect(row?.result).toMatchObject({ message: `\uFFFD\uFFFD${'x'.repeat(3_998)}` });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'failed' });
    expect(calls).toBe(1);
  });

  // Seen to fail: told as unknown, and people asked what became of it.
  it('the answer of the commit that records it is lost', async () => {
    const { task, id } = await approved(gate, 'answer-lost', { tool: 'fails', args: { how: 'unreadable' } });
    expect(await executeWith(losingAnswer(gate.deps, 2), task, { decisions: [id] })).toMatchObject({
      kind: 'failed',
      code: 'odd',
    });
  });

  it('no text at all', async () => {
    const { task, id } = await approved(gate, 'no-text', { tool: 'fails', args: { how: 'no-text' } });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'failed', code: 'unreadable' });
    expect(await rowOf(task)).toMatchObject({ result: { message: 'undefined' } });
  });

  it('a message that cannot be read', async () => {
    const { task, id } = await approved(gate, 'unreadable', { tool: 'fails', args: { how: 'unreadable' } });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'failed', code: 'odd' });
    expect(await rowOf(task)).toMatchObject({ result: { message: 'unreadable' } });
  });
});

// Seen to fail: the message of whatever was thrown kept as the failure's (defect 2).
it('what a library throws while reading is kept nowhere: it may quote the credentials', async () => {
  const task = await gate.submit('read', { tool: 'reads', args: {} });
  await gate.ask(task);
  expect(await gate.execute(task, [])).toMatchObject({ kind: 'failed', code: 'read-failed' });
  expect(JSON.stringify(await rowOf(task))).not.toContain(CREDENTIAL);
});

// Seen to fail: told as unknown, and people asked what became of a call that changes nothing.
it('a read that failed in its second attempt has failed', async () => {
  const task = await gate.submit('read-again', { tool: 'reads', args: {} });
  await gate.ask(task);
  const dies = (name: string) =>
    name === 'claimed' ? Promise.reject(new Error('it dies')) : Promise.resolve();
  await expect(executeWith({ ...gate.deps, point: dies }, task, {})).rejects.toThrow('it dies');
  await gate.database.query('update ledger set call_by = 0 where task = $1', [task]);
  expect(await gate.execute(task, [])).toMatchObject({ kind: 'failed', code: 'read-failed' });
  expect(await rowOf(task)).toMatchObject({ status: 'failed', attempt: 2 });
});

/** Seen to fail: the same attempt claiming again, and so calling at an age at which nobody reckons with it. */
it('a claim that came too late to call is given back, and another attempt has its whole time', async () => {
  const { task, id } = await approved(gate, 'late', { tool: 'quick', args: {} });
  const claimed = async () => {
    const since = performance.now();
    await waitFor(() => (performance.now() - since > 1_000 ? true : undefined));
  };
  const slow = {
    ...gate.deps,
    point: (name: string) => (name === 'claimed' ? claimed() : Promise.resolve()),
  };
  await expect(executeWith(slow, task, { decisions: [id] })).rejects.toMatchObject({
    type: 'in-flight',
    message: expect.stringContaining('called nothing') as string,
  });
  expect(await rowOf(task)).toMatchObject({ status: 'open' });
  expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
});

// Seen to fail: the drift check counted as the tool's own time, and the claim given back for ever.
it('a look at the world that takes longer than the tool may does not keep the call from being made', async () => {
  const { task, id } = await approved(gate, 'slow-look', { tool: 'slow_look', args: {} });
  expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
  expect(looked).toBe(2);
});

// Seen to fail: the room under the limit kept for good by what had not happened.
it('a definite failure that comes late gives the room under a limit back', async () => {
  const { task, id } = await approved(gate, 'late-no', { tool: 'fails_late', args: {} });
  const taken = () =>
    gate.database.query<{ total: number }>(
      'select sum(amount)::int as total from counters where tenant = $1',
      [TENANT],
    );
  expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'unknown' });
  expect(await taken()).toMatchObject([{ total: 700 }]);
  await waitFor(async () => ((await rowOf(task))?.status === 'failed' ? true : undefined));
  expect(await taken()).toMatchObject([{ total: 0 }]);
});
