import { votersOf } from '../domain/verdict.js';
import type { Verb } from '../domain/decision.js';
import type { QuestionRow } from '../store/questions.js';
import type { DecisionLine } from '../store/review.js';
import type { Bearer } from '../store/tokens.js';
import { isStandingVote } from './voting.js';
import {
  type Decider,
  isHeardUnderHalt,
  movedDeadline,
  nextRole,
  refuseDecider,
  refuseEditor,
  VERBS_OF,
} from '../contract/question-rules.js';

/** What a reviewer may do with a question now, and why not more. Only for show: storing a decision checks again. */
export function permissions(look: {
  readonly question: QuestionRow;
  readonly bearer: Bearer;
  readonly requester: string;
  readonly decider: Decider;
  /** Who edited the call into what is asked about, where somebody else must approve it. */
  readonly editors: readonly string[];
  readonly halted: boolean;
  readonly decisions: readonly DecisionLine[];
  readonly now: number;
}): { mayDo: Verb[]; mayNot: string | null } {
  const { question, bearer, requester, decider, editors, halted, decisions, now } = look;
  const none = (mayNot: string) => ({ mayDo: [], mayNot });
  if (bearer.kind !== 'personal') return none('A service token never decides.');
  const own = withdrawable(look) ? (['withdraw'] as const) : [];
  if (question.status !== 'open')
    return { mayDo: [...own], mayNot: `It is closed: ${question.closedAs ?? 'the task has ended'}.` };
  if (halted && !isHeardUnderHalt(question))
    return none('A halt is in force: nobody can decide before it is lifted.');
  if (question.rungOver || (question.answerBy !== null && now > question.answerBy))
    return none('The time to answer is over.');
  const several = votersOf(question) > 1;
  const edited = refuseEditor(question, decider, editors);
  const votes = several ? decisions.filter((row) => isStandingVote(question, row, now)) : [];
  const voted = votes.some(({ subject }) => subject === decider.subject);
  const refusals = VERBS_OF[question.kind].map((verb) => ({
    verb,
    refused: refuseVerb(look, decider, verb),
  }));
  return {
    mayDo: [
      ...refusals
        .filter(
          ({ verb, refused }) =>
            !refused && verb !== 'withdraw' && !((voted || edited) && verb === 'approve'),
        )
        .map(({ verb }) => verb),
      ...own,
    ],
    mayNot:
      (refuseDecider(question, decider, requester, VERBS_OF[question.kind][0]) ?? edited)?.detail ?? null,
  };
}

function refuseVerb(
  look: { readonly question: QuestionRow; readonly requester: string },
  decider: Decider,
  verb: Verb,
) {
  const immovable =
    (verb === 'hold' || verb === 'extend') && 'refused' in movedDeadline(look.question, undefined);
  const last = verb === 'escalate' && nextRole(look.question) === null;
  return immovable || last || refuseDecider(look.question, decider, look.requester, verb) !== undefined;
}

function withdrawable({
  question,
  decider,
  decisions,
}: {
  question: QuestionRow;
  decider: Decider;
  decisions: readonly DecisionLine[];
}): boolean {
  const open = question.status === 'open';
  return (
    open &&
    decisions.some(
      (row) =>
        row.subject === decider.subject &&
        row.round === question.round &&
        (row.verb === 'approve' || row.verb === 'edit') &&
        (row.outcome === null || row.outcome === 'applied'),
    )
  );
}
