import type { BriefInput } from '../../src/contract/brief.js';
import type { Digest, EscalationId, TaskId, TenantId } from '../../src/domain/ids.js';

/** When these briefs are read. */
export const NOW = Date.UTC(2026, 10, 21, 9);
export const HOUR = 3_600_000;

/** What the brief of a plain refund is made of. */
export function aBriefInput(change: Partial<BriefInput> = {}): BriefInput {
  return {
    escalation: 't-1:1' as EscalationId,
    task: 't-1' as TaskId,
    tenant: 'acme' as TenantId,
    round: 1,
    reason: null,
    kind: 'approval',
    tool: { name: 'issue_refund', version: '1', known: true, hasUndo: false },
    args: { orderId: '1182', amountCents: 24000, currency: 'USD' },
    impact: { money: { minor: 24000, currency: 'USD' }, payee: 'mia@example.com' },
    description: 'Refund USD 240.00 on order 1182',
    preview: {
      diff: [{ field: 'refunded', before: '0.00', after: '240.00' }],
      evidence: [{ what: 'parcel marked lost', source: 'carrier', at: NOW - 2 * HOUR }],
      alternatives: ['send a replacement'],
      unknowns: [],
    },
    verdict: {
      level: 'approve',
      tier: 4,
      fired: [
        {
          rule: 'always-ask-money',
          trigger: 'boundary',
          level: 'approve',
          values: { 'action.money.minor': 24000, limit: 10000 },
        },
      ],
      ladder: {
        rungs: [
          { role: 'support_supervisor', ttlMs: 24 * HOUR, remindAfterMs: 12 * HOUR },
          { role: 'support_director', ttlMs: 24 * HOUR, remindAfterMs: null },
        ],
        fallback: 'deny',
      },
      reservations: [],
      validityMs: HOUR,
      extendByMs: 24 * HOUR,
      policyHash: `sha256:${'a'.repeat(64)}` as Digest,
      policyVersion: '1',
    },
    trackRecord: { executed: 18, rejected: 1, failed: 1 },
    workDone: [{ what: 'get_order', outcome: 'executed', at: NOW - HOUR }],
    earlierEffects: [],
    request: 'My parcel never came, I want my 240 dollars back.',
    agentText: 'The customer deserves $240.',
    authority: {
      requester: 'mia',
      agent: 'support',
      credentials: 'shop-api',
      mayDecide: ['support_supervisor', 'support_director'],
    },
    session: 'acme/t-1',
    ...change,
  };
}
