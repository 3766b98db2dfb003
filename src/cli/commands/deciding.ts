import type { DecisionReceipt, DecisionRequest, EscalationView } from '../../contract/http.js';
import type { Verb } from '../../domain/decision.js';
import { parseEscalationId } from '../../domain/ids.js';
import { visible } from '../../domain/sanitise.js';
import { labelled, wrap } from '../render/layout.js';

/** What a decision says beside its verb and reason. */
export type Details = Partial<Omit<DecisionRequest, 'decision' | 'why' | 'digest' | 'version'>>;

/** What is about to be decided, in words. */
export function whatIsDecided(
  verb: Verb,
  { brief, version }: EscalationView,
  { edits }: Details,
  width: number,
): string[] {
  const line = (label: string, text: string) => labelled(label, visible(text), width, verb.length + 2);
  return [
    ...line(`${verb}:`, `${brief.proposal} (version ${version}, tier ${brief.tier})`),
    ...(edits === undefined ? [] : line('with:', JSON.stringify(edits))),
  ];
}

/** What an applied decision leads to. */
const THEN: Readonly<Record<Verb, string>> = {
  approve: 'the call goes ahead',
  reject: 'the call is off, and the agent is told why',
  edit: 'the new arguments are judged again',
  respond: 'the agent gets your answer',
  'take-over': 'the task ends with your result',
  escalate: 'the next role is asked',
  hold: 'the question stays open longer',
  extend: 'the deadline is moved',
  withdraw: 'your approval is taken back',
  resolve: 'what became of the call is settled',
};

/** The same where one approval is not enough. */
const VOTED = 'your approval counts, and the call goes ahead once enough people have approved';

/** The same of a call that ran already. */
const THEN_OF_WINDOW: Partial<Record<Verb, string>> = {
  approve: 'what ran stays',
  reject: 'what ran is undone, and the agent is told why',
};

/** What a decision led to, and how to see more of it: the command stands on a line of its own, to be copied whole. */
export function whatWasDecided(
  { applied, decision: id, verb, escalation }: DecisionReceipt,
  { kind, quorum }: Pick<EscalationView, 'kind' | 'quorum'>,
  width: number,
): string[] {
  if (!applied) {
    const stored = `Stored, not yet applied (decision ${id}): no worker has answered. It will be applied without you.`;
    return wrap(visible(stored), width);
  }
  const task = parseEscalationId(escalation)?.task ?? '';
  const voted = quorum > 1 && verb === 'approve' ? VOTED : undefined;
  const then = (kind === 'confirmation' ? THEN_OF_WINDOW[verb] : voted) ?? THEN[verb];
  return [
    ...wrap(visible(`Done: ${then} (decision ${id}). How it goes on:`), width),
    `  countersign status ${visible(task)}`,
  ];
}
