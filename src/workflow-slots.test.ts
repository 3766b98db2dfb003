import type { SlotPermit } from '@temporalio/worker';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { workflowSlots } from './workflow-slots.js';

const CONTEXT = { slotType: 'workflow', taskQueue: 'q', workerIdentity: 'w', workerBuildId: 'b' } as const;
const KNOWN = { ...CONTEXT, isSticky: true };
const FRESH = { ...CONTEXT, isSticky: false };
const NEVER = new AbortController().signal;

/** What has come of these by now. */
async function givenAmong(asked: readonly Promise<SlotPermit>[]): Promise<readonly boolean[]> {
  const later = new Promise((resolve) => setImmediate(resolve, 'later'));
  return Promise.all(
    asked.map(async (each) => (await Promise.race([each.catch(() => 'later'), later])) !== 'later'),
  );
}

/** Seen to fail: one lane for both, a slot given back twice over, one who left that is given a slot all the same, no time limit, one for all. */
describe('the slots for workflow tasks', () => {
  afterEach(() => vi.useRealTimers());

  it('new runs leave those of decided ones alone', async () => {
    const slots = workflowSlots(2, 1);
    await slots.reserveSlot(FRESH, NEVER);
    const waits = slots.reserveSlot(FRESH, NEVER);
    expect(slots.tryReserveSlot(FRESH)).toBeNull();
    const known = [slots.reserveSlot(KNOWN, NEVER), slots.reserveSlot(KNOWN, NEVER)];
    expect(await givenAmong([waits, ...known])).toEqual([false, true, true]);
    expect(slots.tryReserveSlot(KNOWN)).toBeNull();
  });

  it('a slot that is given back goes to the one that waited longest, and to one alone', async () => {
    const slots = workflowSlots(1, 1);
    const permit = await slots.reserveSlot(FRESH, NEVER);
    const waiting = [slots.reserveSlot(FRESH, NEVER), slots.reserveSlot(FRESH, NEVER)];
    slots.releaseSlot({ permit });
    expect(await givenAmong(waiting)).toEqual([true, false]);
    expect(slots.tryReserveSlot(FRESH)).toBeNull();
  });

  it('a new run that waits for its preview holds up no other, and ends without giving a second slot', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const slots = workflowSlots(1, 1);
    const slotInfo = { type: 'workflow', workflowType: 'agentTask', isSticky: false } as const;
    const known = await slots.reserveSlot(KNOWN, NEVER);
    slots.markSlotUsed({ slotInfo: { ...slotInfo, isSticky: true }, permit: known });
    const slow = await slots.reserveSlot(FRESH, NEVER);
    slots.markSlotUsed({ slotInfo, permit: slow });
    const waiting = [slots.reserveSlot(FRESH, NEVER), slots.reserveSlot(FRESH, NEVER)];
    vi.advanceTimersByTime(499);
    expect(await givenAmong(waiting)).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    slots.releaseSlot({ slotInfo, permit: slow });
    expect(await givenAmong(waiting)).toEqual([true, false]);
    expect(slots.tryReserveSlot(KNOWN)).toBeNull();
  });

  it('whoever leaves the line is told why, and takes no slot with them', async () => {
    const slots = workflowSlots(1, 1);
    const permit = await slots.reserveSlot(KNOWN, NEVER);
    const leaving = new AbortController();
    const left = slots.reserveSlot(KNOWN, leaving.signal);
    leaving.abort(new Error('shutting down'));
    await expect(left).rejects.toThrow('shutting down');
    await expect(slots.reserveSlot(KNOWN, leaving.signal)).rejects.toThrow('shutting down');
    slots.releaseSlot({ permit });
    expect(slots.tryReserveSlot(KNOWN)).not.toBeNull();
  });
});
