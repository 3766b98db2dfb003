import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { openLive, type Live } from './live.js';

const POLICY = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [pay] }
roles:
  supervisor: { members: [amira, joon], backup: director }
  director: { members: [ruth, tomas] }
rules:
  - { id: hasty, trigger: boundary, when: "action.money.minor == 1", level: approve, route: supervisor, ladder: seconds }
ladders:
  seconds: { ttl: 1s, then: backup, fallback: deny }
defaults: { route: supervisor, ladder: ordinary }
`;

let live: Live;
beforeAll(async () => {
  live = await openLive({ policy: POLICY });
});
afterAll(() => live.stop());

const types = async (task: string) => (await live.journal(task)).map((entry) => entry.type);
const say = (cents: number) => ({ tool: 'pay', args: { cents, to: 'bob' } });

/** Seen to fail: one outcome for whatever the question was closed as. */
it('time-out, cancel, expiry and rejection are four recorded facts (defect 11)', async () => {
  await live.submit('facts-timed-out', say(1));
  await live.submit('facts-cancelled', say(2));
  await live.submit('facts-rejected', say(3));
  await live.submit('facts-expired', say(4));
  await live.asked('facts-cancelled');
  await (await live.running.as('ruth')).tasks.cancel('facts-cancelled', { why: 'wrong' });
  await live.decide('facts-rejected', { decision: 'reject' });
  await live.asked('facts-expired');
  // As if the call had been held up after the decision: the claim comes too late.
  await live.running.database.query(
    `update questions set verdict = jsonb_set(verdict::jsonb, '{validityMs}', '-1')::text where tenant = $1 and task = $2`,
    [TENANT, 'facts-expired'],
  );
  await live.decide('facts-expired');
  await live.asked('facts-expired', 2);
  const [timedOut, cancelled, rejected] = [
    await live.end('facts-timed-out'),
    await live.end('facts-cancelled'),
    await live.end('facts-rejected'),
  ];
  expect(timedOut).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'denied' }] });
  expect(cancelled).toMatchObject({
    state: 'FAILED',
    reason: 'cancelled',
    results: [{ outcome: 'cancelled' }],
  });
  expect(rejected).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'rejected' }] });
  expect(await types('facts-timed-out')).toContain('timed-out');
  expect(await types('facts-cancelled')).toContain('cancel-requested');
  expect(await types('facts-rejected')).toContain('decision-applied');
  const refused = (await live.journal('facts-expired')).find((entry) => entry.type === 'call-refused');
  expect(JSON.parse(refused?.body ?? '{}')).toMatchObject({ reason: 'approval-expired' });
  for (const [task, others] of Object.entries({
    'facts-timed-out': ['cancel-requested', 'decision-applied', 'call-refused'],
    'facts-cancelled': ['timed-out', 'decision-applied', 'call-refused'],
    'facts-rejected': ['timed-out', 'cancel-requested', 'call-refused'],
    'facts-expired': ['timed-out', 'cancel-requested', 'decision-applied'],
  }))
    for (const type of others) expect(await types(task), task).not.toContain(type);
  expect(live.paid).toEqual([]);
  await live.decide('facts-expired', { decision: 'reject' }, { round: 2 });
});

describe('a batch of calls', () => {
  // Seen to fail: a rejection that takes every question of the task off the desk.
  it('one rejection neither runs nor discards the others (defect 4)', async () => {
    const calls = [10, 20, 30, 40].map(say);
    await live.submit('facts-batch', { planner: { name: 'scripted', input: { steps: [{ calls }] } } });
    for (const operation of [1, 2, 3, 4]) await live.asked('facts-batch', 1, operation);
    await live.decide('facts-batch', { decision: 'reject' }, { operation: 2 });
    await waitFor(async () => {
      const { branches } = await live.view('facts-batch');
      return branches.find((branch) => branch.operation === 2)?.status === 'SETTLED' ? true : undefined;
    });
    expect(live.paidIn('facts-batch')).toEqual([]);
    for (const operation of [1, 3, 4]) await live.asked('facts-batch', 1, operation);
    for (const operation of [4, 1]) await live.decide('facts-batch', {}, { operation });
    await live.decide('facts-batch', { decision: 'reject' }, { operation: 3 });
    const { results } = await live.end('facts-batch');
    expect(results.map((result) => result.outcome)).toEqual(['executed', 'rejected', 'rejected', 'executed']);
    expect(
      live
        .paidIn('facts-batch')
        .map((entry) => entry.cents)
        .toSorted((a, b) => a - b),
    ).toEqual([10, 40]);
  });
});
