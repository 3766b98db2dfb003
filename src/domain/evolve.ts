import type { Escalation, EscalationEvent, In, Question, Status, Winner } from './escalation.js';
import { nextRound, nextRung, toOwner } from './ladder.js';

type Of<T extends EscalationEvent['type']> = Extract<EscalationEvent, { readonly type: T }>;

/**
 * The state after an event, at epoch milliseconds `at`. Total over the events that `decide` answers for this state; any other pair is
 * a defect and throws.
 */
export function evolve(state: Escalation, event: EscalationEvent, at: number): Escalation {
  switch (event.type) {
    case 'permitted':
      return permitted(expect(state, event, 'JUDGED', 'PAUSED_PENDING_HUMAN'), event, at);
    case 'asked':
      return asked(expect(state, event, 'JUDGED', 'PAUSED_PENDING_HUMAN'), event, at);
    case 'queued':
      return queued(expect(state, event, 'JUDGED', 'PAUSED_PENDING_HUMAN'), event);
    case 'timed-out':
      return timedOut(expect(state, event, 'JUDGED', 'PAUSED_PENDING_HUMAN'), event, at);
    case 'responded':
      return responded(expect(state, event, 'PAUSED_PENDING_HUMAN'), event, at);
    case 'forged':
      return forged(expect(state, event, 'HUMAN_RESPONDED', 'RESUMING'), at);
    case 'taken-back':
    case 'voted':
      return asBefore(expect(state, event, 'HUMAN_RESPONDED'));
    case 'voided':
      return pause(state, expect(state, event, 'HUMAN_RESPONDED').question, at, { halt: event.halt });
    case 'escalated':
      return pause(state, nextRung(expect(state, event, 'HUMAN_RESPONDED').question), at, {});
    case 'held':
    case 'extended':
      return moved(expect(state, event, 'HUMAN_RESPONDED'), event, at);
    case 'resumed':
      return resumed(expect(state, event, 'PAUSED_PENDING_HUMAN', 'HUMAN_RESPONDED', 'TIMED_OUT'), event, at);
    case 'acted':
      return pause(expect(state, event, 'RESUMING'), event.question, at, { delivered: true });
    case 'climbed':
      return pause(state, nextRung(expect(state, event, 'TIMED_OUT').question), at, {});
    case 'held-for-owner':
      return pause(state, toOwner(expect(state, event, 'TIMED_OUT').question), at, {});
    case 'halted':
      return halted(expect(state, event, 'PAUSED_PENDING_HUMAN', 'HUMAN_RESPONDED', 'TIMED_OUT'), event, at);
    case 'barred':
      return barred(expect(state, event, 'JUDGED', 'PAUSED_PENDING_HUMAN', 'RESUMING'), event, at);
    case 'lifted':
      return lifted(expect(state, event, 'PAUSED_PENDING_HUMAN'), at);
    case 'reasked':
      return reasked(expect(state, event, 'RESUMING'), event, at);
    case 'settled':
      return settled(expect(state, event, 'RESUMING'), event, at);
    case 'failed':
      return failed(state, event, at);
  }
}

type Asking = In<'JUDGED'> | In<'PAUSED_PENDING_HUMAN'>;

function asked(from: Asking, event: Of<'asked'>, at: number): Escalation {
  const since = from.status === 'JUDGED' ? at : from.since;
  return pause({ ...from, tier: event.tier }, event.question, since, { delivered: true });
}

function queued(from: Asking, event: Of<'queued'>): Escalation {
  return from.status === 'JUDGED' ? { ...from, queued: true, askBy: event.askBy } : from;
}

function timedOut(from: Asking, { question, because }: Of<'timed-out'>, at: number): Escalation {
  return { ...trunk(from), since: at, status: 'TIMED_OUT', question, reason: reasonOf(from), because };
}

function responded(from: In<'PAUSED_PENDING_HUMAN'>, { decision }: Of<'responded'>, at: number): Escalation {
  const { question, reason, halt, delivered, since: pausedSince } = from;
  return {
    ...trunk(from),
    since: at,
    status: 'HUMAN_RESPONDED',
    question,
    reason,
    decision,
    halt,
    delivered,
    pausedSince,
  };
}

function moved(from: In<'HUMAN_RESPONDED'>, { until }: Of<'held' | 'extended'>, at: number): Escalation {
  return pause(from, { ...from.question, answerBy: until }, at, { delivered: from.delivered });
}

function halted(
  from: In<'PAUSED_PENDING_HUMAN' | 'HUMAN_RESPONDED' | 'TIMED_OUT'>,
  { halt }: Of<'halted'>,
  at: number,
): Escalation {
  return from.status === 'TIMED_OUT' ? pause(from, from.question, at, { halt }) : { ...from, halt };
}

function barred(from: Escalation, { halt, question }: Of<'barred'>, at: number): Escalation {
  return pause(from, question, at, { halt });
}

function permitted(from: Asking, event: Of<'permitted'>, at: number): Escalation {
  return {
    ...trunk(from),
    tier: event.tier,
    since: at,
    status: 'RESUMING',
    course: { do: 'execute', decisions: [] },
    generation: event.generation,
    round: from.status === 'JUDGED' ? from.round : from.question.round,
    reason: null,
    question: null,
    decision: null,
  };
}

function resumed(
  from: In<'PAUSED_PENDING_HUMAN'> | In<'HUMAN_RESPONDED'> | In<'TIMED_OUT'>,
  event: Of<'resumed'>,
  at: number,
): Escalation {
  // What its task's end takes back was taken back by nobody's word.
  const byNobody = event.course.do === 'undo' && event.course.decision === null;
  const decision = from.status === 'HUMAN_RESPONDED' && !byNobody ? from.decision : null;
  return {
    ...trunk(from),
    since: at,
    status: 'RESUMING',
    course: event.course,
    generation: event.generation,
    round: from.question.round,
    reason: from.reason,
    question: from.question,
    decision,
  };
}

/**
 * The question as it was. Found forged by its verification, nothing else happened meanwhile; found by the claim, the rung is asked once
 * more, which answers what is stored, with the decisions that the forged one stood in front of.
 */
function forged(from: In<'HUMAN_RESPONDED'> | In<'RESUMING'>, at: number): Escalation {
  if (from.status === 'HUMAN_RESPONDED') return asBefore(from);
  if (from.question === null) throw new Error('nobody was asked, so nothing can be forged');
  return pause(from, from.question, at, {});
}

/** The pause as if nobody had answered. */
function asBefore(from: In<'HUMAN_RESPONDED'>): Escalation {
  return pause(from, from.question, from.pausedSince, { delivered: from.delivered, halt: from.halt });
}

/** An edit that was taken back leaves the operation as it was; any other is what is asked about now. */
function reasked(from: In<'RESUMING'>, event: Of<'reasked'>, at: number): Escalation {
  const { round } = from;
  const generation =
    event.reason === 'withdrawn' && from.question !== null ? from.question.generation : from.generation;
  const kind = event.reason === 'unknown' || event.reason === 'undo-failed' ? 'resolution' : 'approval';
  const question = nextRound(from.question, { round: round + 1, generation, kind });
  return { ...pause(from, question, at, {}), reason: event.reason };
}

function settled(from: In<'RESUMING'>, { outcome }: Of<'settled'>, at: number): Escalation {
  return {
    ...trunk(from),
    since: at,
    status: 'SETTLED',
    outcome,
    asked: from.question !== null,
    winner: winnerOf(from),
  };
}

/** The decision that closed a question; null when nobody decided. */
export function winnerOf({ decision }: In<'RESUMING'>): Winner | null {
  return decision === null ? null : { decision: decision.id, verb: decision.verb };
}

function failed(from: Escalation, event: Of<'failed'>, at: number): Escalation {
  if (from.status === 'SETTLED' || from.status === 'FAILED') throw misfit(event, from);
  return { ...trunk(from), since: at, status: 'FAILED', reason: event.reason, detail: event.detail };
}

/** What made a question about what became of a call be asked stays its reason: a lifted halt does not turn it into an approval. */
function lifted(from: In<'PAUSED_PENDING_HUMAN'>, at: number): Escalation {
  const { round, generation, kind } = from.question;
  const reason = kind === 'resolution' ? (from.reason ?? 'unknown') : 'halt-lifted';
  return { ...pause(from, nextRound(from.question, { round: round + 1, generation, kind }), at, {}), reason };
}

function pause(
  from: Escalation,
  question: Question,
  since: number,
  rest: Partial<Pick<In<'PAUSED_PENDING_HUMAN'>, 'delivered' | 'halt'>>,
): In<'PAUSED_PENDING_HUMAN'> {
  return {
    ...trunk(from),
    since,
    status: 'PAUSED_PENDING_HUMAN',
    question,
    delivered: false,
    reason: reasonOf(from),
    halt: null,
    ...rest,
  };
}

function reasonOf(state: Escalation): In<'PAUSED_PENDING_HUMAN'>['reason'] {
  return 'reason' in state && state.status !== 'FAILED' ? state.reason : null;
}

/** What every status keeps; nothing of the former one leaks into the next. */
function trunk({
  escalation,
  operation,
  tool,
  tier,
}: Escalation): Pick<Escalation, 'escalation' | 'operation' | 'tool' | 'tier'> {
  return { escalation, operation, tool, tier };
}

function expect<S extends Status>(state: Escalation, event: EscalationEvent, ...from: readonly S[]): In<S> {
  if ((from as readonly Status[]).includes(state.status)) return state as In<S>; // the line above is the check
  throw misfit(event, state);
}

function misfit(event: EscalationEvent, state: Escalation): Error {
  return new Error(`${event.type} does not follow from ${state.status}`);
}
