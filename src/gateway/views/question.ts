import { votersOf } from '../../domain/verdict.js';
import type { EscalationView } from '../../contract/http.js';
import { escalationId, type TaskId } from '../../domain/ids.js';
import type { QuestionRow } from '../../store/questions.js';
import { findReview } from '../../store/review.js';
import type { Bearer } from '../../store/tokens.js';
import { maySee } from '../auth.js';
import { authorityOf } from '../../contract/question-rules.js';
import { deciderOf, personIn } from '../decider.js';
import type { GatewayDeps } from '../deps.js';
import { permissions } from '../permissions.js';
import { notFound } from '../problem.js';
import { outcomeOf } from '../task-state.js';
import { hasLapsed, heardBy } from '../voting.js';

/** The newest question about an operation as this bearer may see it. Throws the uniform 404. */
export async function questionFor(
  deps: GatewayDeps,
  bearer: Bearer,
  of: { readonly task: TaskId; readonly operation: number },
): Promise<EscalationView> {
  const review =
    (await findReview(deps.database, { tenant: bearer.tenant, viewer: bearer.subject, ...of })) ?? notFound();
  const { question, haltId, takenUp, authority } = review;
  const { lent, kept, now } = authority;
  const roster = await deps.policies.roster(deps.database, bearer.policyHash, bearer.tenant, kept);
  if (!maySee(bearer, roster, review.requester)) notFound();
  const person = (subject: string) => personIn(roster, subject);
  const requester = person(review.requester);
  const lines = review.decisions.map((line) => ({ ...line, subject: person(line.subject) }));
  const scene = { requester, agent: question.agent };
  const editors = review.editors.map(person);
  // Nothing of who has voted: a stand-in whose own word still counts would hear of it.
  const decider = { ...deciderOf({ bearer, roster, question, scene, lent, now }), spent: editors };
  const decisions = heardBy(question, lines, decider.subject);
  const { onBehalfOf } = authorityOf(question, decider);
  const { brief, briefDigest, digest, kind, role, askedAt, answerBy, extendableUntil } = question;
  return {
    escalation: escalationId(of.task, of.operation),
    state: standOf(question),
    kind,
    brief: (brief ?? notFound()) as EscalationView['brief'], // readonly in the domain, mutable as zod infers it
    briefDigest,
    digest,
    version: question.round,
    role,
    askedAt,
    answerBy,
    extendableUntil,
    nextRole: nextRoleOf(question),
    outcome: outcomeOf(review.call, question),
    halt: haltId,
    quorum: votersOf(question),
    claimedBy: takenUp?.subject ?? null,
    claimedUntil: takenUp?.until ?? null,
    ...(onBehalfOf === undefined ? {} : { standsInFor: onBehalfOf }),
    ...permissions({
      question,
      bearer,
      requester,
      decider,
      editors,
      halted: haltId !== null,
      decisions,
      now,
    }),
    decisions: decisions.map((row) => ({
      decision: row.id,
      verb: row.verb,
      by: row.subject,
      onBehalfOf: row.onBehalfOf,
      at: row.at,
      version: row.round,
      outcome: hasLapsed(question, row, now) ? 'lapsed' : row.outcome,
    })),
  };
}

/** Where a question stands, in one word. */
export function standOf({ status, closedAs }: Pick<QuestionRow, 'status' | 'closedAs'>): string {
  return status === 'open' ? 'PAUSED_PENDING_HUMAN' : (closedAs ?? 'closed');
}

function nextRoleOf({ status, verdict, rung }: QuestionRow): string | null {
  return status === 'open' ? (verdict.ladder.rungs[rung + 1]?.role ?? null) : null;
}
