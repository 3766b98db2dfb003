import type { Question } from './escalation.js';

/** Whether another role can still be asked. */
export function hasFurtherRung(question: Question): boolean {
  return question.rung + 1 < question.rungs;
}

/** Whether every rung fell silent and the question lies with the agent's owner, without deadline. */
export function isWithOwner(question: Question): boolean {
  return question.rung >= question.rungs;
}

/** The same question for the next role; its deadline is made when it is put on that desk. */
export function nextRung(question: Question): Question {
  return { ...question, rung: question.rung + 1, answerBy: null, extendableUntil: null };
}

/** The same question for the agent's owner. */
export function toOwner(question: Question): Question {
  return { ...question, rung: question.rungs, answerBy: null, extendableUntil: null };
}

/**
 * The next asking about the same operation, before it is asked: the digests, the deadline and, where nobody was asked before, the
 * ladder come with the asking. Until then silence would mean holding.
 */
export function nextRound(
  previous: Question | null,
  next: Pick<Question, 'round' | 'generation' | 'kind'>,
): Question {
  return {
    ...next,
    digest: null,
    briefDigest: null,
    rung: 0,
    rungs: previous?.rungs ?? 1,
    fallback: previous?.fallback ?? 'hold',
    role: previous?.role ?? '',
    answerBy: null,
    extendableUntil: null,
  };
}
