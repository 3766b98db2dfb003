import { isOpen } from '../../contract/question-rules.js';
import type { EscalationView } from '../../contract/http.js';
import { SETTLING } from '../../domain/respond.js';

/** One decision about a question, as it is shown. */
type Made = EscalationView['decisions'][number];

/** The reader's own answer to the round that is shown, as long as it stands. */
export function ownAnswer({ decisions, version }: EscalationView, subject: string): Made | undefined {
  return decisions.findLast(
    (made) => made.by === subject && made.version === version && SETTLING.includes(made.verb) && stands(made),
  );
}

function stands({ outcome }: Made): boolean {
  return outcome === null || outcome === 'applied';
}

/** Who settled the round that is shown before this reader could, as far as this reader may hear of it. */
export function firstAnswer({ decisions, version }: EscalationView, subject: string): Made | undefined {
  const others = decisions.filter(
    (made) => made.by !== subject && made.version === version && SETTLING.includes(made.verb) && stands(made),
  );
  return others.find(({ outcome }) => outcome === 'applied') ?? others[0];
}

/** Whether it is one approval of several that an open question still waits for; it tells nothing of the others. */
function isOneOfSeveral({ state, quorum, version }: EscalationView, made: Made): boolean {
  const open = isOpen({ state }) && quorum > 1;
  return open && made.verb === 'approve' && made.version === version && stands(made);
}

/** What became of a decision, to the person who took it. */
export function became(view: EscalationView, made: Made): string {
  if (isOneOfSeveral(view, made))
    return `Your approval counts; ${view.quorum} people must approve, and the call waits for the others.`;
  const first = made.outcome === 'refused' ? firstAnswer(view, made.by) : undefined;
  if (first !== undefined) return `${first.by} was first: ${first.verb}. Your ${made.verb} changed nothing.`;
  return OUTCOMES[made.outcome ?? 'open'] ?? '';
}

const OUTCOMES: Readonly<Record<string, string>> = {
  open: 'Its task goes on with it.',
  applied: 'It was applied.',
  refused: 'It did not take effect and changed nothing.',
  void: 'It is void: the question is asked anew.',
  withdrawn: 'It was taken back.',
  lapsed: 'It has lapsed and no longer counts: approve again if it is still right.',
};

/** The same in a list, of whomever. */
export function outcomeWords(view: EscalationView, made: Made): string {
  return isOneOfSeveral(view, made) ? 'counts' : (LISTED[made.outcome ?? 'open'] ?? '');
}

const LISTED: Readonly<Record<string, string>> = {
  open: 'on its way',
  applied: 'applied',
  refused: 'not applied',
  void: 'void',
  withdrawn: 'taken back',
  lapsed: 'has lapsed',
};
