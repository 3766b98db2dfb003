import type { DecisionMessage, Verb } from './decision.js';
import type { ErrorCode, Refusal } from './errors.js';
import type { Escalation, EscalationEvent, In, Question, QuestionKind, Winner } from './escalation.js';
import { winnerOf } from './evolve.js';
import { hasFurtherRung } from './ladder.js';
import { quorumOf } from './verdict.js';

/** The verbs that end the question for good, whatever rung it is on. */
export const SETTLING: readonly Verb[] = ['approve', 'edit', 'reject', 'respond', 'take-over', 'resolve'];

/**
 * What a decision does to an escalation. An edit, and an approval that is enough by itself, resume at once, because the claim verifies them in
 * front of the call; every other one waits for its verification. `pending`: keep it and try again once the asking or the verification under way has ended.
 */
export function respond(state: Escalation, decision: DecisionMessage): readonly EscalationEvent[] | Refusal {
  if (decision.verb === 'withdraw')
    return refuse('not-open', 'a withdrawal is settled in the store and changes no state');
  if (decision.escalation !== state.escalation || decision.operation !== state.operation)
    return refuse('stale', 'the decision is about another question');
  switch (state.status) {
    case 'JUDGED':
      // After a reset the store may have asked a later round than this one.
      return decision.round > state.round ||
        (decision.round === state.round && decision.generation === state.generation)
        ? refuse('pending', 'the question is being asked')
        : refuse('stale', 'the decision is about another round');
    case 'PAUSED_PENDING_HUMAN':
      return respondToPause(state, decision);
    case 'HUMAN_RESPONDED':
      return answers(decision, state.question)
        ? refuse('pending', `decision ${state.decision.id} (${state.decision.verb}) is being verified`)
        : refuse('stale', 'the question changed since it was shown');
    case 'TIMED_OUT':
      return refuse('too-late', 'the time to answer is over');
    case 'RESUMING':
      // The store opens the window of a soft call when it records that it ran: somebody may confirm it before the run hears of it.
      return state.question === null && decision.round > state.round
        ? refuse('pending', 'the call is under way')
        : closed(winnerOf(state), state.question !== null);
    case 'SETTLED':
      return closed(state.winner, state.asked);
    case 'FAILED':
      return state.reason === 'halted'
        ? refuse('halted', 'the task was halted')
        : refuse('not-open', 'the question is closed');
  }
}

function respondToPause(
  state: In<'PAUSED_PENDING_HUMAN'>,
  decision: DecisionMessage,
): readonly EscalationEvent[] | Refusal {
  const { question } = state;
  if (
    question.digest === null &&
    decision.round === question.round &&
    decision.generation === question.generation
  ) {
    return state.halt === null
      ? refuse('pending', 'the question is being asked')
      : refuse('halted', 'the task waits under a halt');
  }
  if (!answers(decision, question)) return refuse('stale', 'the question changed since it was shown');
  if (state.halt !== null) return refuse('halted', 'the task waits under a halt');
  if (question.answerBy !== null && decision.at > question.answerBy)
    return refuse('too-late', 'the time to answer is over');
  if (!state.delivered && !SETTLING.includes(decision.verb))
    return refuse('pending', 'the question is being put to the next role');
  const refusal = unfit(question, decision);
  if (refusal !== null) return refusal;
  const responded = { type: 'responded', decision } as const;
  const suffices = decision.verb === 'edit' || (decision.verb === 'approve' && quorumOf(question) === 1);
  const claims = question.kind === 'approval' && suffices;
  if (!claims) return [responded];
  const generation = decision.edited?.generation ?? question.generation;
  return [responded, { type: 'resumed', course: { do: 'execute', decisions: [decision.id] }, generation }];
}

/** Whether a decision answers this very question: same round, same generation, same digests. */
function answers(decision: DecisionMessage, question: Question): boolean {
  return (
    decision.round === question.round &&
    decision.generation === question.generation &&
    decision.digest === question.digest &&
    decision.briefDigest === question.briefDigest
  );
}

/** What can be said to a question of each kind; `withdraw` is settled in the store and never said to a run. */
export const VERBS_OF_KIND = {
  approval: ['approve', 'reject', 'edit', 'respond', 'take-over', 'escalate', 'hold', 'extend'],
  resolution: ['resolve', 'escalate', 'hold', 'extend'],
  stop: ['take-over', 'reject', 'respond', 'escalate', 'hold', 'extend'],
  confirmation: ['approve', 'reject', 'hold', 'extend'],
} as const satisfies Record<QuestionKind, readonly Verb[]>;

/** Why this verb cannot be said to this question; null when it can. */
function unfit(question: Question, decision: DecisionMessage): Refusal | null {
  const verbs: readonly Verb[] = VERBS_OF_KIND[question.kind];
  if (!verbs.includes(decision.verb)) return refuse('conflict', `this question takes ${verbs.join(', ')}`);
  switch (decision.verb) {
    case 'edit':
      return decision.edited !== undefined && decision.edited.generation > question.generation
        ? null
        : refuse('invalid', 'an edit needs a new generation and its digest');
    case 'resolve':
      return decision.resolution === undefined ? refuse('invalid', 'a resolution needs its finding') : null;
    case 'escalate':
      if (decision.rung !== undefined && decision.rung < question.rung)
        return refuse('conflict', 'the next role is asked already');
      return hasFurtherRung(question) ? null : refuse('conflict', 'no further role can be asked');
    case 'hold':
    case 'extend':
      return unmovable(question, decision.until);
    case 'approve':
    case 'reject':
    case 'respond':
    case 'take-over':
    case 'withdraw':
      return null;
  }
}

function unmovable(question: Question, until: number | undefined): Refusal | null {
  if (until === undefined) return refuse('invalid', 'a new deadline is needed');
  if (question.answerBy === null || question.extendableUntil === null)
    return refuse('conflict', 'the question has no deadline');
  if (until < question.answerBy) return refuse('invalid', 'a deadline can only be moved back');
  return until > question.extendableUntil
    ? refuse('policy-refused', 'the policy does not let the deadline move so far')
    : null;
}

function closed(winner: Winner | null, asked: boolean): Refusal {
  if (winner !== null)
    return {
      ...refuse('already-decided', `decision ${winner.decision} (${winner.verb}) came first`),
      winner,
    };
  return asked ? refuse('too-late', 'the time to answer is over') : refuse('not-open', 'nobody was asked');
}

function refuse(refused: ErrorCode, detail: string): Refusal {
  return { refused, detail };
}
