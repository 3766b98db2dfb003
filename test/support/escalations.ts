import type { DecisionMessage, Verb } from '../../src/domain/decision.js';
import { decide } from '../../src/domain/decide.js';
import { evolve } from '../../src/domain/evolve.js';
import type { Command, Escalation, In, Question, Status } from '../../src/domain/escalation.js';
import type { DecisionId, Digest, EscalationId, HaltId } from '../../src/domain/ids.js';

/** Noon, 21 November 2026, UTC. */
export const NOON = Date.UTC(2026, 10, 21, 12);
export const HOUR = 3_600_000;

/** A digest that is told apart by its first letters. */
export function aDigest(letters: string): Digest {
  return `sha256:${letters.padEnd(64, '0')}` as Digest; // test data
}

/** An id of whatever brand the place wants. */
export function anId<Id extends string>(text: string): Id {
  return text as Id; // test data
}

/** A question on the first of two rungs, asked at noon with a day to answer. */
export function aQuestion(rest: Partial<Question> = {}): Question {
  return {
    round: 1,
    generation: 1,
    digest: aDigest('a'),
    briefDigest: aDigest('b'),
    kind: 'approval',
    rung: 0,
    rungs: 2,
    fallback: 'deny',
    role: 'supervisor',
    answerBy: NOON + 24 * HOUR,
    extendableUntil: NOON + 72 * HOUR,
    ...rest,
  };
}

const TRUNK = {
  escalation: anId<EscalationId>('t1:1'),
  operation: 1,
  tool: 'issue_refund',
  tier: 4,
  since: NOON,
} as const;

/** An escalation in the given status, with full defaults. */
export function anEscalation<S extends Status>(status: S, rest: Partial<In<S>> = {}): In<S> {
  const members: { readonly [K in Status]: Omit<In<K>, keyof typeof TRUNK> } = {
    JUDGED: { status: 'JUDGED', generation: 1, round: 1, queued: false, askBy: null },
    PAUSED_PENDING_HUMAN: {
      status: 'PAUSED_PENDING_HUMAN',
      question: aQuestion(),
      delivered: true,
      reason: null,
      halt: null,
    },
    HUMAN_RESPONDED: {
      status: 'HUMAN_RESPONDED',
      question: aQuestion(),
      reason: null,
      decision: aDecision('reject', { id: anId<DecisionId>('d0') }),
      halt: null,
      delivered: true,
      pausedSince: NOON,
    },
    TIMED_OUT: { status: 'TIMED_OUT', question: aQuestion(), reason: null, because: 'unanswered' },
    RESUMING: {
      status: 'RESUMING',
      course: { do: 'execute', decisions: [anId<DecisionId>('d0')] },
      generation: 1,
      round: 1,
      reason: null,
      question: aQuestion(),
      decision: aDecision('approve', { id: anId<DecisionId>('d0') }),
    },
    SETTLED: {
      status: 'SETTLED',
      outcome: { kind: 'executed' },
      asked: true,
      winner: { decision: anId<DecisionId>('d0'), verb: 'approve' },
    },
    FAILED: { status: 'FAILED', reason: 'error', detail: 'internal' },
  };
  return { ...TRUNK, ...members[status], ...rest } as unknown as In<S>; // the record above holds one member per status
}

/** A decision that fits `aQuestion()`, with what its verb needs. */
export function aDecision(verb: Verb, rest: Partial<DecisionMessage> = {}): DecisionMessage {
  const needs: Partial<Record<Verb, Partial<DecisionMessage>>> = {
    edit: { edited: { generation: 2, digest: aDigest('e') } },
    hold: { until: NOON + 48 * HOUR },
    extend: { until: NOON + 48 * HOUR },
    resolve: { resolution: 'happened' },
  };
  return {
    id: anId<DecisionId>(`d-${verb}`),
    verb,
    at: NOON + HOUR,
    escalation: TRUNK.escalation,
    operation: 1,
    generation: 1,
    round: 1,
    digest: aDigest('a'),
    briefDigest: aDigest('b'),
    ...needs[verb],
    ...rest,
  };
}

/** The answer to `aDecision` as if the question were this one. */
export function answering(question: Question, decision: DecisionMessage): DecisionMessage {
  const { round, generation, digest, briefDigest } = question;
  return {
    ...decision,
    round,
    generation,
    digest: digest ?? aDigest('a'),
    briefDigest: briefDigest ?? aDigest('b'),
  };
}

/** An open escalation, for counting what is left. */
export function isOpen(state: Escalation): boolean {
  return state.status !== 'SETTLED' && state.status !== 'FAILED';
}

export const HALT = anId<HaltId>('h1');
export const OTHER_HALT = anId<HaltId>('h2');

/** The state after commands that must be accepted, two hours after noon. */
export function after(state: Escalation, ...commands: readonly Command[]): Escalation {
  return commands.reduce((from, command) => {
    const answer = decide(from, command);
    if ('refused' in answer) throw new Error(answer.detail);
    return answer.reduce((next, event) => evolve(next, event, NOON + 2 * HOUR), from);
  }, state);
}
