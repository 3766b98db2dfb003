import { expect, it } from 'vitest';
import type { HaltId } from '../../src/domain/ids.js';
import { decideSignal, haltSignal } from '../../src/workflows/messages.js';
import { digestOf, ORDINARY } from '../support/fake-activities.js';
import { devServerEnv } from '../support/environments.js';
import {
  askedAnew,
  crowdedOut,
  MAX_WAITING,
  outlivedWhileVerifying,
  overtaken,
  unheardHalt,
} from '../support/moments.js';
import { decideBy, eventually, gate, startAsked, useTasks } from '../support/tasks.js';

const tasks = useTasks(devServerEnv);

// Seen to fail: dismissed as stale (asked anew, and waited for), settled in the store by the refusal.
it('a decision about a round that the run has still to hear of is refused on record, not for good, and counts in that round', async () => {
  const world = tasks.newWorld();
  world.next('execute', () => ({ kind: 'refused', reason: 'drift' }));
  const task = await startAsked(tasks, world);
  const early = await world.decision('reject', { round: 2, briefDigest: digestOf('brief 1.2') });
  await task.handle.signal(decideSignal, early);
  await decideBy(task, await world.decision('approve'));
  await task.handle.result();
  expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'rejected' } }] });
  expect(world.effects).toEqual([]);
  const [refused] = world.journal.filter(({ type }) => type === 'decision-refused');
  expect(refused).toMatchObject({ body: { decision: early.id, code: 'stale' } });
  expect(refused).not.toHaveProperty('refused');
});

// Seen to fail: nobody looks once the decision is void (it waits under a halt that is no more).
it('a halt that comes and goes while a decision is being verified is not waited under for ever', async () => {
  const task = await startAsked(tasks);
  const { world } = task;
  const { passed, open } = gate();
  for (const _attempt of ['quick', 'ordinary'])
    world.next('verify', async () => {
      await passed;
      return { genuine: true };
    });
  await task.handle.signal(decideSignal, await world.decision('reject'));
  await eventually(() => expect(world.count('verify')).toBe(2));
  const halt = 'h1' as HaltId; // test data
  world.halts = [{ halt, scope: 'wider' }];
  await task.handle.signal(haltSignal, { halt, jws: '' });
  await eventually(async () => expect(await task.view()).toMatchObject({ branches: [{ halt }] }));
  world.halts = [];
  const looked = world.answered('inspect');
  await task.handle.signal(haltSignal, { halt, jws: '' });
  await looked;
  const again = world.answered('ask', ({ round }) => round === 2);
  open();
  await again;
  await decideBy(task, await world.decision('reject'));
  await task.handle.result();
});

// Seen to fail: passed over, since somebody had responded (the question of before the halt stays, with its time moved).
it('a halt that came and went before the run looked has asked anew what was being verified', async () => {
  const task = await outlivedWhileVerifying(tasks);
  expect(task.world.facts()).toEqual(['responded', 'halted', 'voided', 'lifted']);
  await decideBy(task, await task.world.decision('approve'));
  await task.handle.result();
  expect(task.world.effects).toEqual(['1.1']);
});

it('a run whose rung ends under a halt that it has not heard of looks, and counts no silence', async () => {
  const task = await unheardHalt(tasks);
  await decideBy(task, await task.world.decision('approve'));
  await task.handle.result();
  expect(task.world.facts()).not.toContain('timed-out');
  expect(task.world.effects).toEqual(['1.1']);
});

// Seen to fail: taken for silence (the next role asked about a round that is closed).
it('a run whose round was asked anew without it waits on the later one', async () => {
  const task = await askedAnew(tasks);
  await decideBy(task, await task.world.decision('approve'));
  await task.handle.result();
  expect(task.world.effects).toEqual(['1.1']);
  expect(task.world.facts()).not.toContain('timed-out');
});

// Seen to fail: heard of with the end of the rung, in seven days (the decision is refused as stale, however often it is offered).
it('a run whose round was asked anew without it looks once somebody decides about the later one', async () => {
  const task = await overtaken(tasks);
  await task.handle.result();
  expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'rejected' } }] });
  expect(task.world.count('expire')).toBe(0);
});

// Seen to fail: whatever the look brings taken for a later round (the run fails).
it.each([
  ['a role', ORDINARY],
  ["the owner's desk", { ...ORDINARY, roles: ['supervisor'], ttlMs: 300, fallback: 'hold' as const }],
])('a forged decision about a later round costs a look, and changes nothing for %s', async (_, ladder) => {
  const world = Object.assign(tasks.newWorld(), { ladders: { 1: ladder } });
  const forOwner = ladder.fallback === 'hold';
  const waits = world.answered('ask', (input) => (input.forOwner === true) === forOwner);
  const task = await tasks.start(world);
  await waits;
  await task.view();
  const [asked, expired] = [world.count('ask'), world.count('expire')];
  const looked = world.answered('ask');
  await task.handle.signal(decideSignal, await world.decision('reject', { round: 9, forge: true }));
  await looked;
  await decideBy(task, await world.decision('approve'));
  await task.handle.result();
  expect(world.effects).toEqual(['1.1']);
  expect([world.count('ask'), world.count('expire')]).toEqual([asked + 1, expired]);
});

// Seen to fail: written with the sibling's next call, which may be weeks away.
it('a question that falls silent beside one that waits leaves its desk at once', async () => {
  const world = Object.assign(tasks.newWorld(), {
    steps: [['issue_refund', 'issue_refund']],
    ladders: { 1: { ...ORDINARY, roles: ['supervisor'], ttlMs: 300 } },
  });
  const task = await tasks.start(world);
  await eventually(() => expect(world.facts(1)).toContain('settled'));
  expect(await task.view()).toMatchObject({
    branches: [{ status: 'SETTLED' }, { status: 'PAUSED_PENDING_HUMAN' }],
  });
  await decideBy(task, await world.decision('reject', { operation: 2 }));
  await task.handle.result();
});

// Seen to fail: refused in the store for good, and dismissed, because 51 forgeries came first.
it('a decision for which there is no room beside forgeries is refused on record, not for good, and counts when it is offered again', async () => {
  const { task, genuine, release } = await crowdedOut(tasks);
  const { world } = task;
  const [refused] = world.journal.filter(({ body }) => body['decision'] === genuine.id);
  expect(refused).toMatchObject({ type: 'decision-refused', body: { code: 'pending' } });
  expect(refused).not.toHaveProperty('refused');
  const last = world.answered('verify', ({ decision }) => decision.id === `forged-${MAX_WAITING}`);
  release();
  await last;
  // The next role is asked: the answer tells of all that still stand.
  await decideBy(task, await world.decision('escalate'));
  await task.handle.result();
  expect(await task.view()).toMatchObject({
    branches: [{ outcome: { kind: 'rejected', decision: genuine.id } }],
  });
});
