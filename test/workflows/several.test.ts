import { describe, expect, it, vi } from 'vitest';
import { ORDINARY } from '../support/fake-activities.js';
import { devServerEnv } from '../support/environments.js';
import { decideBy, refusalOf, type StartedTask, useTasks } from '../support/tasks.js';

const tasks = useTasks(devServerEnv);

async function askedAbout(task: StartedTask, ...operations: readonly number[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const { branches } = await task.view();
      const waiting = branches
        .filter((branch) => branch.status === 'PAUSED_PENDING_HUMAN')
        .map((branch) => branch.operation);
      expect(waiting).toEqual(operations);
    },
    { timeout: 30_000, interval: 20 },
  );
}

describe('several questions of one task', () => {
  it('are answered each on its own, in any order', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund', 'issue_refund', 'close_account', 'get_order']];
    world.ladders = { 4: null };
    const task = await tasks.start(world);
    await askedAbout(task, 1, 2, 3);
    await decideBy(task, await world.decision('reject', { operation: 3 }));
    await decideBy(task, await world.decision('edit', { operation: 2 }));
    await decideBy(task, await world.decision('approve', { operation: 1 }));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(world.effects.toSorted()).toEqual(['1.1', '2.2', '4.1']);
    const { branches } = await task.view();
    expect(
      branches.map((branch) => (branch.status === 'SETTLED' ? branch.outcome.kind : branch.status)),
    ).toEqual(['executed', 'executed', 'rejected', 'executed']);
  });

  it('let a branch go on that asks nobody, and the next step wait for all', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund', 'get_order'], ['draft_reply']];
    world.ladders = { 2: null, 3: null };
    const task = await tasks.start(world);
    await vi.waitFor(() => expect(world.effects).toEqual(['2.1']), { timeout: 30_000 });
    await askedAbout(task, 1);
    expect(world.count('plan')).toBe(1);
    await decideBy(task, await world.decision('approve'));
    await task.handle.result();
    expect(world.effects).toEqual(['2.1', '1.1', '3.1']);
    expect(world.calls.filter((call) => call.name === 'plan').map((call) => call.input)).toMatchObject([
      { step: 1, firstOperation: 1 },
      { step: 2, firstOperation: 3 },
      { step: 3, firstOperation: 4 },
    ]);
  });

  it('cannot be settled by one answer (defect 9)', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund', 'issue_refund']];
    const task = await tasks.start(world);
    await askedAbout(task, 1, 2);
    const first = await world.decision('approve', { operation: 1 });
    await decideBy(task, first);
    expect(
      await refusalOf(decideBy(task, { ...first, id: `${first.id}-again` as typeof first.id, operation: 2 })),
    ).toBe('stale');
    await decideBy(task, await world.decision('reject', { operation: 2 }));
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });

  it('show the most urgent one in the search attributes', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund', 'delete_account']];
    world.ladders = { 2: { ...ORDINARY, roles: ['director'], ttlMs: 3_600_000 } };
    const task = await tasks.start(world);
    await askedAbout(task, 1, 2);
    const shown = async (name: string) => {
      const pairs = (await task.handle.describe()).typedSearchAttributes.getAll();
      return pairs.find(({ key }) => key.name === name)?.value;
    };
    expect(await shown('CountersignTool')).toBe('delete_account');
    await decideBy(task, await world.decision('reject', { operation: 2 }));
    await vi.waitFor(async () => expect(await shown('CountersignTool')).toBe('issue_refund'), {
      timeout: 30_000,
    });
    await decideBy(task, await world.decision('reject', { operation: 1 }));
    await task.handle.result();
    expect(await shown('CountersignTool')).toBeUndefined();
  });
});

describe('asking anew', () => {
  it.each([
    'drift',
    'digest-changed',
    'approval-expired',
    'withdrawn',
    'policy-stricter',
    'limit',
    'needs-another-subject',
  ] as const)('is a next round with its own question: %s', async (reason) => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund']];
    world.next('execute', () => ({ kind: 'refused', reason }));
    const task = await tasks.start(world);
    await askedAbout(task, 1);
    const first = await world.decision('approve');
    const again = world.answered('ask', (input) => input.round === 2);
    await decideBy(task, first);
    await again;
    await askedAbout(task, 1);
    expect(world.calls.findLast((call) => call.name === 'ask')?.input).toMatchObject({
      round: 2,
      rung: 0,
      reason,
    });
    expect(await refusalOf(decideBy(task, { ...first, id: 'late' as typeof first.id }))).toBe('stale');
    await decideBy(task, await world.decision('approve'));
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });

  it('happens to what the policy alone let run, too', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund']];
    world.ladders = { 1: null };
    world.next('execute', () => ({ kind: 'refused', reason: 'limit' }));
    const task = await tasks.start(world);
    await askedAbout(task, 1);
    await decideBy(task, await world.decision('reject'));
    await task.handle.result();
    expect(world.effects).toEqual([]);
  });
});
