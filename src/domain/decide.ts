import { canEndAs, isReasonOf, mayActSoftly, runs } from './course.js';
import type { Refusal } from './errors.js';
import type { Command, Course, Escalation, EscalationEvent, FailureReason, Question } from './escalation.js';
import { hasFurtherRung, isWithOwner, nextRound } from './ladder.js';
import { respond } from './respond.js';
import { quorumOf } from './verdict.js';

type Answer = readonly EscalationEvent[] | Refusal;
type Of<T extends Command['type']> = Extract<Command, { readonly type: T }>;

/**
 * The rules of the state machine: what a command makes happen, or why it cannot. Pure. It needs no clock: deadlines and the time of a
 * decision are the database's, and whether a rung's time is over was decided there before `expire` is said.
 */
export function decide(state: Escalation, command: Command): Answer {
  switch (command.type) {
    case 'permit':
      return permit(state, command);
    case 'deliver':
      return deliver(state, command);
    case 'queue':
      return isAsking(state) ? [{ type: 'queued', askBy: command.askBy }] : inapplicable(state, command);
    case 'miss':
      return miss(state, command);
    case 'expire':
      return expire(state, command);
    case 'respond':
      return respond(state, command.decision);
    case 'verify':
      return verify(state, command);
    case 'climb':
      return climb(state, command);
    case 'fall-back':
      return fallBack(state, command);
    case 'halt':
      return halt(state, command);
    case 'bar':
      return bar(state, command);
    case 'lift':
      return lift(state, command);
    case 'finish':
      return finish(state, command);
    case 'act':
      return act(state, command);
    case 'reask':
      return reask(state, command);
    case 'cancel':
      return fail(state, command, 'cancelled', command.detail);
    case 'fail':
      return fail(state, command, command.reason, command.detail);
  }
}

/** Whether nothing more can happen to it. */
export function isClosed(state: Escalation): boolean {
  return state.status === 'SETTLED' || state.status === 'FAILED';
}

/** Whether a round or rung has still to be put on a desk. */
function isAsking(state: Escalation): boolean {
  return (
    state.status === 'JUDGED' ||
    (state.status === 'PAUSED_PENDING_HUMAN' && !state.delivered && state.halt === null)
  );
}

/** Whether its first round waits for somebody who can be asked; a round that is asked for a reason is asked whatever the policy says. */
function reachedNobody(state: Escalation): boolean {
  return (
    state.status === 'PAUSED_PENDING_HUMAN' &&
    isAsking(state) &&
    state.question.digest === null &&
    state.reason === null
  );
}

/** Whether it waits on a round after which another was asked, by a worker that died or a run that was reset. */
function isBehind(state: Escalation, question: Question): boolean {
  return (
    state.status === 'PAUSED_PENDING_HUMAN' && state.halt === null && question.round > state.question.round
  );
}

/**
 * Whether an answer of the ask is about the round, generation and rung that was to be asked. The store may be further than a run that was
 * reset: a later round is the one that counts.
 */
function continues(state: Escalation, question: Question): boolean {
  if (state.status === 'JUDGED')
    return (
      question.round > state.round ||
      (question.round === state.round && question.generation === state.generation)
    );
  if (state.status !== 'PAUSED_PENDING_HUMAN') return false;
  const asked = state.question;
  if (question.round > asked.round) return true;
  return (
    question.round === asked.round && question.generation === asked.generation && question.rung >= asked.rung
  );
}

function permit(state: Escalation, command: Of<'permit'>): Answer {
  if (state.status !== 'JUDGED' && !reachedNobody(state)) return inapplicable(state, command);
  return [{ type: 'permitted', generation: command.generation, tier: command.tier }];
}

function deliver(state: Escalation, command: Of<'deliver'>): Answer {
  if (!(isAsking(state) || isBehind(state, command.question)) || !continues(state, command.question))
    return inapplicable(state, command);
  return [{ type: 'asked', question: command.question, tier: command.tier }];
}

function miss(state: Escalation, command: Of<'miss'>): Answer {
  if (state.status !== 'JUDGED' && state.status !== 'PAUSED_PENDING_HUMAN')
    return inapplicable(state, command);
  // On the owner's desk no silence counts, whoever could be told.
  const waits = state.status === 'JUDGED' || (state.halt === null && !isWithOwner(state.question));
  if (!waits || !continues(state, command.question)) return inapplicable(state, command);
  return [{ type: 'timed-out', because: 'undelivered', question: command.question }];
}

function expire(state: Escalation, command: Of<'expire'>): Answer {
  if (state.status !== 'PAUSED_PENDING_HUMAN' || !state.delivered || state.halt !== null)
    return inapplicable(state, command);
  if (state.question.answerBy === null) return inapplicable(state, command);
  return [{ type: 'timed-out', because: 'unanswered', question: state.question }];
}

function verify(state: Escalation, command: Of<'verify'>): Answer {
  if (state.status !== 'HUMAN_RESPONDED' || state.decision.id !== command.decision)
    return inapplicable(state, command);
  const { id, verb, until, resolution } = state.decision;
  if (!command.genuine) return [{ type: command.withdrawn === true ? 'taken-back' : 'forged', decision: id }];
  if (state.halt !== null) return [{ type: 'voided', decision: id, halt: state.halt }];
  const { generation, kind } = state.question;
  const resumed = (course: Course): Answer => [{ type: 'resumed', course, generation }];
  switch (verb) {
    case 'approve':
      if (kind === 'confirmation') return resumed({ do: 'confirm', decision: id });
      return kind === 'approval' ? vote(state.question, command) : inapplicable(state, command);
    case 'reject':
      return resumed({ do: kind === 'confirmation' ? 'undo' : 'reject', decision: id });
    case 'respond':
      return resumed({ do: 'answer', decision: id });
    case 'take-over':
      return resumed({ do: 'take-over', decision: id });
    case 'resolve':
      return resolution === undefined
        ? inapplicable(state, command)
        : resumed({ do: 'resolve', decision: id, resolution });
    case 'escalate':
      return [{ type: 'escalated', decision: id }];
    case 'hold':
      return until === undefined ? inapplicable(state, command) : [{ type: 'held', decision: id, until }];
    case 'extend':
      return until === undefined ? inapplicable(state, command) : [{ type: 'extended', decision: id, until }];
    case 'edit':
    case 'withdraw':
      return inapplicable(state, command);
  }
}

/** Enough people have approved, or others are still asked. */
function vote(question: Question, { decision, votes }: Of<'verify'>): Answer {
  const counted = [...new Set(votes ?? [decision])];
  if (counted.length < quorumOf(question)) return [{ type: 'voted', decision, votes: counted.length }];
  return [
    { type: 'resumed', course: { do: 'execute', decisions: counted }, generation: question.generation },
  ];
}

function climb(state: Escalation, command: Of<'climb'>): Answer {
  if (state.status !== 'TIMED_OUT' || !hasFurtherRung(state.question)) return inapplicable(state, command);
  return [{ type: 'climbed' }];
}

function fallBack(state: Escalation, command: Of<'fall-back'>): Answer {
  if (state.status !== 'TIMED_OUT' || hasFurtherRung(state.question)) return inapplicable(state, command);
  const { kind, fallback, generation } = state.question;
  // Silence says nothing about a call whose outcome is unknown: the owner has to find out.
  if (kind === 'resolution') return [{ type: 'held-for-owner' }];
  if (kind === 'confirmation') return [undoing(state.question)];
  switch (fallback) {
    case 'safe':
    case 'deny':
      return [{ type: 'resumed', course: { do: 'deny', because: state.because }, generation }];
    case 'hold':
      return [{ type: 'held-for-owner' }];
    case 'fail':
    case 'halt':
      return [{ type: 'failed', reason: 'fallback', detail: fallback }];
  }
}

function halt(state: Escalation, command: Of<'halt'>): Answer {
  if (command.scope === 'task') return fail(state, command, 'halted', command.halt);
  switch (state.status) {
    case 'PAUSED_PENDING_HUMAN':
    case 'HUMAN_RESPONDED':
    case 'TIMED_OUT':
      // Confirming starts nothing and an undo may run under a halt, so the window goes on.
      if (state.question.kind === 'confirmation') return [];
      return 'halt' in state && state.halt === command.halt ? [] : [{ type: 'halted', halt: command.halt }];
    case 'JUDGED':
    case 'RESUMING':
    case 'SETTLED':
    case 'FAILED':
      // The ask and the claim read the halts themselves, and say `bar`.
      return inapplicable(state, command);
  }
}

function bar(state: Escalation, command: Of<'bar'>): Answer {
  const { halt: id, question } = command;
  if (state.status === 'RESUMING' && runs(state.course)) {
    const { round, generation } = state;
    return [
      {
        type: 'barred',
        halt: id,
        question: state.question ?? nextRound(null, { round, generation, kind: 'approval' }),
      },
    ];
  }
  if (question === null || !isAsking(state) || !continues(state, question))
    return inapplicable(state, command);
  return [{ type: 'barred', halt: id, question }];
}

function lift(state: Escalation, command: Of<'lift'>): Answer {
  if (state.status !== 'PAUSED_PENDING_HUMAN' || state.halt !== command.halt)
    return inapplicable(state, command);
  return [{ type: 'lifted', halt: command.halt }];
}

function finish(state: Escalation, command: Of<'finish'>): Answer {
  if (state.status !== 'RESUMING' || !canEndAs(state, command.outcome)) return inapplicable(state, command);
  return [{ type: 'settled', outcome: command.outcome }];
}

function act(state: Escalation, { question }: Of<'act'>): Answer {
  const ran = state.status === 'RESUMING' && mayActSoftly(state);
  if (!ran || question.kind !== 'confirmation' || question.round <= state.round)
    return inapplicable(state, { type: 'act', question });
  return [{ type: 'acted', question }];
}

function reask(state: Escalation, command: Of<'reask'>): Answer {
  if (state.status !== 'RESUMING' || !(runs(state.course) || state.course.do === 'undo'))
    return inapplicable(state, command);
  if (!isReasonOf(state, command.reason)) return inapplicable(state, command);
  // The claim found the deciding forged: it is dropped, and the question stands with its deadline. Of several it does not say which.
  const alone = state.course.do !== 'execute' || state.course.decisions.length === 1;
  const forged = command.reason === 'unverified' && state.question !== null && alone ? state.decision : null;
  return [
    forged === null ? { type: 'reasked', reason: command.reason } : { type: 'forged', decision: forged.id },
  ];
}

/** What ran and nobody confirmed is taken back before its branch ends, whatever ends it. */
function fail(state: Escalation, command: Command, reason: FailureReason, detail: string): Answer {
  switch (state.status) {
    case 'PAUSED_PENDING_HUMAN':
    case 'HUMAN_RESPONDED':
    case 'TIMED_OUT':
      // Whether somebody confirmed it in time is for the store to say, when it is to be taken back.
      return state.question.kind === 'confirmation'
        ? [undoing(state.question)]
        : [{ type: 'failed', reason, detail }];
    case 'RESUMING':
      return state.course.do === 'undo' || state.course.do === 'confirm'
        ? inapplicable(state, command)
        : [{ type: 'failed', reason, detail }];
    case 'JUDGED':
      return [{ type: 'failed', reason, detail }];
    case 'SETTLED':
    case 'FAILED':
      return inapplicable(state, command);
  }
}

function undoing({ generation }: Question): EscalationEvent {
  return { type: 'resumed', course: { do: 'undo', decision: null }, generation };
}

function inapplicable(state: Escalation, command: Command): Refusal {
  return {
    refused: isClosed(state) ? 'not-open' : 'conflict',
    detail: `${command.type} does not apply in ${state.status}`,
  };
}
