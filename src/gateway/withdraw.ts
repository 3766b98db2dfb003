import type { Transaction } from '../store/database.js';
import { decisionsOf, withdrawDecision } from '../store/decisions.js';
import { lockOperation } from '../store/ledger.js';
import { personIn } from './decider.js';
import { refuse } from './problem.js';
import type { DecisionScene, IncomingDecision } from './decision-scene.js';

/**
 * Takes back the subject's own last approval of an operation, whatever way it came, under the lock that the claim takes too: one of the two
 * is first, and the other sees it.
 */
export async function withdraw(
  tx: Transaction,
  incoming: IncomingDecision,
  scene: DecisionScene,
): Promise<void> {
  const { question, decider, roster, now } = scene;
  const { tenant, task, operation } = question;
  if (incoming.body.version !== question.round || incoming.body.digest !== question.digest) {
    refuse(
      { refused: 'stale', detail: 'The question has changed since you looked: read it again.' },
      { version: question.round, digest: question.digest },
    );
  }
  const calls = await lockOperation(tx, { tenant, task, operation });
  const decisions = await decisionsOf(tx, { tenant, task, operation });
  const own = decisions.findLast(
    (row) =>
      row.round === question.round &&
      personIn(roster, row.subject) === decider.subject &&
      (row.verb === 'approve' || row.verb === 'edit') &&
      (row.outcome === null || row.outcome === 'applied'),
  );
  if (!own) refuse({ refused: 'not-open', detail: 'You have no approval here that could be taken back.' });
  const approved = own.message.edited?.generation ?? own.generation;
  const call = calls.find((row) => row.generation === approved);
  if (call?.status !== 'open') {
    refuse({
      refused: 'already-claimed',
      detail: 'The call was claimed already: it can no longer be taken back. A halt stops what follows.',
    });
  }
  await withdrawDecision(tx, { tenant, id: own.id, now });
}
