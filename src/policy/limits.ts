import { sha256Digest } from '../contract/digest.js';
import { normalised } from '../domain/sanitise.js';
import type { Reservation } from '../domain/verdict.js';
import type { Case } from './case.js';
import type { Limit, Per } from './policy.js';
import { plainReason, type Reason } from './reason.js';

/**
 * What the action would add to each limit that counts it; the caller reads these counters before judging. Keys are unique within a tenant.
 * Amounts are absolute: money towards us counts as well.
 */
export function reservationsOf(input: Case): readonly Reservation[] {
  return input.policy.limits.flatMap((limit) => {
    const amount = amountOf(input, limit);
    return amount === null ? [] : [{ key: keyOf(input, limit), amount, limit: limit.limit }];
  });
}

/** One reason for each limit that the action would pass. A counter that is no number counts as passed. */
export function limitReasons(
  reservations: readonly Reservation[],
  counters: Readonly<Record<string, number>>,
): readonly Reason[] {
  return reservations.flatMap(({ key, amount, limit }) => {
    const counted = counters[key] ?? 0;
    if (counted >= 0 && counted + amount <= limit) return [];
    const values = { counted: Number.isFinite(counted) ? counted : null, amount, limit };
    return [
      plainReason({
        rule: `limit:${key.slice(0, key.indexOf('|'))}`,
        trigger: 'boundary',
        level: 'approve',
        values,
      }),
    ];
  });
}

function amountOf({ action }: Case, limit: Limit): number | null {
  if (limit.currency === null) return 1;
  const money = action.impact.money;
  if (money?.currency !== limit.currency) return null;
  return Number.isSafeInteger(money.minor) ? Math.abs(money.minor) : Number.MAX_SAFE_INTEGER;
}

/** Limit id and the values it is counted apart for. A payee is a name: only its digest is kept, made of the letters that a reader sees of it. */
function keyOf(input: Case, limit: Limit): string {
  return [limit.id, ...limit.per.map((per) => `${per}=${valueOf(input, per)}`)].join('|');
}

function valueOf({ action, task, now }: Case, per: Per): string {
  switch (per) {
    case 'agent':
      return task.agent;
    case 'requester':
      return task.requester;
    case 'tool':
      return action.tool;
    case 'day':
      return new Date(now).toISOString().slice(0, 10);
    case 'payee':
      return sha256Digest(
        normalised(action.impact.payee ?? '')
          .replace(/\s/gu, '')
          .toLowerCase(),
      );
  }
}
