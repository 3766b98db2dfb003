import type { Course, EscalationEvent } from './escalation.js';

/** What the journal keeps of an event: references and figures, no names, no free text, no arguments. */
export type FactBody = Readonly<Record<string, string | number | boolean | null>>;

/** The types of what a run tells the journal: its facts, and the decisions it refused. Whatever the store makes true itself has others. */
export const TOLD: ReadonlySet<string> = new Set([
  'timed-out',
  'responded',
  'forged',
  'taken-back',
  'voted',
  'escalated',
  'held',
  'extended',
  'resumed',
  'climbed',
  'held-for-owner',
  'halted',
  'lifted',
  'barred',
  'voided',
  'reasked',
  'settled',
  'failed',
  'decision-refused',
] satisfies (EscalationEvent['type'] | 'decision-refused')[]);

/**
 * The journal's body of an event that the workflow makes; null for one that the store journals itself, in the transaction that made
 * it true (the asking, the permission, the full desk).
 */
export function factOf(event: EscalationEvent): FactBody | null {
  switch (event.type) {
    case 'permitted':
    case 'asked':
    case 'acted':
    case 'queued':
      return null;
    case 'timed-out': {
      const { round, rung, answerBy } = event.question;
      return { because: event.because, round, rung, answerBy };
    }
    case 'responded': {
      const { id, verb, round, generation } = event.decision;
      return { decision: id, verb, round, generation };
    }
    case 'forged':
    case 'taken-back':
    case 'escalated':
      return { decision: event.decision };
    case 'voted':
      return { decision: event.decision, votes: event.votes };
    case 'held':
    case 'extended':
      return { decision: event.decision, until: event.until };
    case 'resumed':
      return { course: event.course.do, decision: decisionOf(event.course), generation: event.generation };
    case 'climbed':
    case 'held-for-owner':
      return {};
    case 'halted':
    case 'lifted':
      return { halt: event.halt };
    case 'barred':
      return { halt: event.halt, round: event.question.round };
    case 'voided':
      return { decision: event.decision, halt: event.halt };
    case 'reasked':
      return { reason: event.reason };
    case 'settled': {
      const { kind } = event.outcome;
      return { outcome: kind };
    }
    case 'failed':
      return { reason: event.reason, detail: event.detail };
  }
}

function decisionOf(course: Course): string | null {
  switch (course.do) {
    case 'execute':
      return course.decisions[0] ?? null;
    case 'resolve':
    case 'reject':
    case 'answer':
    case 'take-over':
    case 'confirm':
    case 'undo':
      return course.decision;
    case 'deny':
      return null;
  }
}
