import type { TaskId } from '../domain/ids.js';
import type { Transaction } from '../store/database.js';
import { delegationsTo } from '../store/delegations.js';
import { latestQuestion, type QuestionRow } from '../store/questions.js';
import { findTask } from '../store/tasks.js';
import type { Bearer } from '../store/tokens.js';
import { deciderOf, personIn } from './decider.js';
import type { GatewayDeps, Roster } from './deps.js';
import { notFound, refuse } from './problem.js';
import { authorityOf, type Decider } from '../contract/question-rules.js';

/** An open question, and somebody who may decide it. */
export interface AskedPerson {
  readonly question: QuestionRow;
  readonly requester: string;
  readonly decider: Decider;
  readonly roster: Roster | undefined;
  readonly now: number;
}

/** Locks an open question for somebody who may decide it. Throws the uniform 404, `forbidden`, `not-open`. */
export async function askedPerson(
  deps: GatewayDeps,
  tx: Transaction,
  { bearer, task, operation }: { bearer: Bearer; task: TaskId; operation: number },
): Promise<AskedPerson> {
  const of = { tenant: bearer.tenant, task, operation };
  const [latest, row, lent, now] = await Promise.all([
    latestQuestion(tx, of, 'lock'),
    findTask(tx, bearer.tenant, task),
    delegationsTo(tx, bearer),
    tx.now(),
  ]);
  const question = latest ?? notFound();
  const scene = row ?? notFound();
  const roster = await deps.policies.roster(tx, bearer.policyHash, bearer.tenant);
  const decider = deciderOf({ bearer, roster, question, scene, lent, now });
  const requester = personIn(roster, scene.requester);
  if (decider.roles.length === 0 && decider.subject !== requester) notFound();
  if (bearer.kind !== 'personal' || authorityOf(question, decider).roles.length === 0)
    refuse({
      refused: 'forbidden',
      detail: `Only ${question.roles.join(' or ')} may decide this, each as a person of their own.`,
    });
  if (question.status !== 'open')
    refuse({
      refused: 'not-open',
      detail: `The question is closed: ${question.closedAs ?? 'the task has ended'}.`,
    });
  return { question, requester, decider, roster, now };
}
