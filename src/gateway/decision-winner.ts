import type { TaskId, TenantId } from '../domain/ids.js';
import { SETTLING } from '../domain/respond.js';
import type { Queries } from '../store/database.js';
import { decisionsOf, type DecisionRow } from '../store/decisions.js';

/** The decision that settled a round, or is about to: what the loser of a race is told. */
export async function winnerOf(
  queries: Queries,
  of: {
    readonly tenant: TenantId;
    readonly task: TaskId;
    readonly operation: number;
    readonly round: number;
    readonly not?: string;
  },
): Promise<DecisionRow | undefined> {
  const rivals = (await decisionsOf(queries, of)).filter(
    (row) =>
      row.round === of.round &&
      row.id !== of.not &&
      SETTLING.includes(row.verb) &&
      row.outcome !== 'refused' &&
      row.outcome !== 'void',
  );
  return rivals.find((row) => row.outcome === 'applied') ?? rivals[0];
}

/** The winner as it stands in a 409. */
export function winnerView(row: DecisionRow | undefined) {
  return row ? { winner: { decision: row.id, verb: row.verb, at: row.at, by: row.subject } } : {};
}

/** Who was first, as the loser of a race is told: perhaps they themselves, in another window or at a terminal. */
export function wasFirst(winner: DecisionRow, to: { readonly subject: string }): string {
  return winner.subject === to.subject
    ? `You have decided this yourself: ${winner.verb}.`
    : `${winner.subject} was first: ${winner.verb}.`;
}
