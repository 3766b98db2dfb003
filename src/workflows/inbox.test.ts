import { describe, expect, it } from 'vitest';
import { aDecision, aDigest, anId } from '../../test/support/escalations.js';
import type { Receipt } from '../domain/decision.js';
import type { EscalationId } from '../domain/ids.js';
import { Inbox } from './inbox.js';

const EMPTY = { handled: [], dismissed: [], waiting: [] };
const RECEIPT: Receipt = { applied: true, escalation: anId('t1:1'), state: 'RESUMING' };

describe('the inbox', () => {
  it('gives the first answer again to the very same decision', () => {
    const inbox = new Inbox(EMPTY);
    inbox.remember(aDecision('approve'), RECEIPT);
    expect(inbox.receiptFor(aDecision('approve'))).toEqual(RECEIPT);
  });

  it.each([
    ['verb', { verb: 'reject' }],
    ['round', { round: 2 }],
    ['operation', { operation: 2 }],
    ['edit', { edited: { generation: 2, digest: aDigest('f') } }],
    ['deadline', { until: 1 }],
    ['finding', { resolution: 'leave' }],
    ['digest', { digest: `sha256:${'f'.repeat(64)}` as never }],
    ['digest of the same end', { digest: aDigest('f') }],
    ['brief of the same end', { briefDigest: aDigest('f') }],
    ['escalation', { escalation: anId<EscalationId>('t2:1') }],
    ['time', { at: 1 }],
  ] as const)('does not take another %s under the same id for it', (_, difference) => {
    const inbox = new Inbox(EMPTY);
    inbox.remember(aDecision('approve'), RECEIPT);
    expect(inbox.receiptFor({ ...aDecision('approve'), ...difference })).toBeUndefined();
  });

  it('forgets the answer to a decision that fell, and knows it again', () => {
    const inbox = new Inbox(EMPTY);
    inbox.remember(aDecision('reject'), RECEIPT);
    inbox.dismiss(aDecision('reject'));
    expect(inbox.receiptFor(aDecision('reject'))).toBeUndefined();
    expect(inbox.wasDismissed(aDecision('reject'))).toBe(true);
    expect(inbox.wasDismissed(aDecision('approve'))).toBe(false);
  });

  it('keeps what waits, by operation and in order, within bounds', () => {
    const inbox = new Inbox(EMPTY);
    const [first, other, second] = [1, 2, 1].map((operation, index) =>
      aDecision('approve', { operation, id: anId(`d${index}`) }),
    );
    for (const decision of [first, other, second]) if (decision !== undefined) inbox.keep(decision);
    expect(inbox.receiptFor(aDecision('approve', { id: anId('d0') }))).toEqual({
      applied: false,
      pending: true,
    });
    expect(inbox.takeWaiting(1)).toEqual([first, second]);
    expect(inbox.takeWaiting(1)).toEqual([]);
    for (let turn = 0; turn < 49; turn += 1) inbox.keep(aDecision('approve', { operation: 3 }));
    expect(inbox.hasRoom()).toBe(false);
  });

  it('survives being handed over, and stays bounded', () => {
    const inbox = new Inbox(EMPTY);
    for (let turn = 0; turn < 300; turn += 1)
      inbox.remember(aDecision('approve', { id: anId(`d${turn}`) }), RECEIPT);
    inbox.dismiss(aDecision('reject'));
    inbox.keep(aDecision('hold'));
    const next = new Inbox(JSON.parse(JSON.stringify(inbox.state())));
    expect(next.state()).toEqual(inbox.state());
    expect(next.state().handled).toHaveLength(200);
    expect(next.receiptFor(aDecision('approve', { id: anId('d299') }))).toEqual(RECEIPT);
    expect(next.receiptFor(aDecision('approve', { id: anId('d0') }))).toBeUndefined();
  });
});
