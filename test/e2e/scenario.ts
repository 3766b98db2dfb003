import type { EscalationView } from '../../src/contract/http.js';
import type { Verb } from '../../src/domain/decision.js';
import type { Played } from '../support/played.js';

/** How a task goes, and how it ends. */
export interface Scenario {
  readonly task: Parameters<Played['submit']>[0];
  readonly goes?: (play: Played, task: string) => Promise<void>;
  readonly ends: { readonly outcomes: readonly string[]; readonly state?: string; readonly reason?: string };
  readonly fallback?: string;
}

/** What most people say. */
export const approve = { decision: 'approve', why: 'it is right' } as const;
/** What the others say. */
export const reject = { decision: 'reject', why: 'it is not right' } as const;
/** One question, one answer. */
export const answered =
  (person: string, said: Parameters<Played['decide']>[2]): NonNullable<Scenario['goes']> =>
  async (play, task) => {
    await play.decide(person, await play.asked(person, task), said);
  };

/** Every verb with what belongs to it. */
const SAID: Readonly<Record<Verb, Parameters<Played['decide']>[2]>> = {
  approve,
  reject,
  edit: { decision: 'edit', why: 'less', edits: { orderId: '1001' } },
  respond: { decision: 'respond', why: 'I know', answer: 'Leeds.' },
  'take-over': { decision: 'take-over', why: 'ours', outcome: { queued: 'by hand', leavesAt: 'now' } },
  escalate: { decision: 'escalate', why: 'not mine' },
  hold: { decision: 'hold', why: 'later' },
  extend: { decision: 'extend', why: 'later', until: 1 },
  withdraw: { decision: 'withdraw', why: 'not that one' },
  resolve: { decision: 'resolve', why: 'I looked', resolution: 'leave' },
};

/** The verbs that a question did not take, or not from this person. */
export const refused: Verb[] = [];

/** Whether a verb is refused here, and noted as that. */
export async function refuses(
  play: Played,
  person: string,
  view: EscalationView,
  verb: Verb,
): Promise<boolean> {
  const code = await play.refused(person, view, SAID[verb]);
  if (code === 'taken' || code === undefined) return false;
  refused.push(verb);
  return true;
}
