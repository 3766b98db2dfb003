import type { ProposedCall } from '../contract/case-file.js';
import type { PLAY_OUTCOMES } from '../contract/play-entry.js';
import type { Tool } from '../contract/tool.js';
import type { Json } from '../domain/action.js';
import { decide } from '../domain/decide.js';
import type { Refusal } from '../domain/errors.js';
import type { Command, Escalation, ReaskReason } from '../domain/escalation.js';
import { evolve } from '../domain/evolve.js';
import { escalationId, type DecisionId, type TaskId } from '../domain/ids.js';
import type { Verdict } from '../domain/verdict.js';
import type { PlayedAnswer, PlayedQuestion, Review, Taken } from './play-people.js';
import type { Policy } from './policy.js';

/** One call, and all that playing it takes. */
export interface Playing {
  readonly policy: Policy;
  readonly call: ProposedCall;
  /** The arguments as the tool reads them. */
  readonly args: Json;
  /** Undefined = no tool of that name is registered. */
  readonly tool: Tool | undefined;
  readonly clock: { now(): number; advance(ms: number): void };
  readonly review: Review;
  /** The verdict on the call with these arguments; a reason asks a person whatever the rules say. */
  judgeAs(args: Json, reason: ReaskReason | null): Verdict;
}

/** A call that is to be made now; the generation belongs to its key. */
export interface PlayedStep {
  readonly do: 'run' | 'undo';
  readonly args: Json;
  readonly generation: number;
}

/** What came of it. `failed` = it certainly did not happen. */
export type StepEnd =
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unknown' };

/** How the asking went. */
export interface Asked {
  /** Every role that was asked, in order, with the deadline as it was moved last. */
  readonly questions: readonly PlayedQuestion[];
  /** Answers that the gate would not take: the code, and why in words. */
  readonly refused: readonly {
    readonly answer: PlayedAnswer;
    readonly code: string;
    readonly because: string;
  }[];
  /** The answer that settled it; null when none did. */
  readonly decision: PlayedAnswer | null;
}

/** What became of a call. */
export interface Played extends Asked {
  /** The verdict as it was judged last. */
  readonly verdict: Verdict;
  /** `unanswered`: the fallback of the verdict's ladder applies. `failed`: it certainly did not happen; `unknown`: nobody knows. */
  readonly outcome: (typeof PLAY_OUTCOMES)[number];
  /** What the tool returned, or the person who took the task over or resolved the call said; null = neither. */
  readonly result: Json;
  /** What the agent is told in the place of a result: why it was rejected, or the answer. */
  readonly told: string | null;
  /** By how much deadlines were moved, in milliseconds. */
  readonly movedMs: number;
}

/** One person's approval among several. */
export interface PlayedVote {
  readonly by: string;
  /** Epoch milliseconds: how long it holds. */
  readonly executeBy: number;
}

/** What changes while a call is played. */
export interface Play {
  state: Escalation;
  verdict: Verdict;
  args: Json;
  readonly questions: PlayedQuestion[];
  readonly refused: Asked['refused'][number][];
  decision: PlayedAnswer | null;
  taken: Taken | null;
  /** The approvals of this round, where several people must approve. */
  votes: readonly PlayedVote[];
  /** Who was asked in this round. */
  roles: string[];
  readonly editors: string[];
  result: Json;
  told: string | null;
  movedMs: number;
  /** How often somebody was heard. */
  heard: number;
}

/** The one operation that is played. */
export const OPERATION = 1;
export const ESCALATION = escalationId('played' as TaskId, OPERATION); // about no task in particular
/** A person's decision: one is said at a time, and only those of different people are told apart. */
export const decisionOf = (by: string) => `played/${by}` as DecisionId; // nobody looks it up

/** A call that was judged and nothing else. */
export function begun({ call, args, clock, judgeAs }: Playing): Play {
  const verdict = judgeAs(args, null);
  const state: Escalation = {
    status: 'JUDGED',
    escalation: ESCALATION,
    operation: OPERATION,
    tool: call.tool,
    tier: verdict.tier,
    since: clock.now(),
    generation: 1,
    round: 1,
    queued: false,
    askBy: null,
  };
  const nothing = { decision: null, taken: null, result: null, told: null, movedMs: 0, heard: 0 };
  return { state, verdict, args, questions: [], refused: [], votes: [], roles: [], editors: [], ...nothing };
}

/** The approvals of this round that hold now, each of another person. */
export function votesOf({ clock }: Playing, { votes }: Play): readonly PlayedVote[] {
  return votes.filter(({ executeBy }) => clock.now() <= executeBy);
}

/** Takes an approval back; false = it was none that counted. */
export function unvote(playing: Playing, play: Play, by: string): boolean {
  const left = votesOf(playing, play).filter((vote) => vote.by !== by);
  const had = left.length < votesOf(playing, play).length;
  play.votes = left;
  return had;
}

/** Moves the state; a command that cannot apply here is a defect, a person's answer may be refused. */
export function attempt({ clock }: Playing, play: Play, command: Command): Refusal | null {
  const events = decide(play.state, command);
  if ('refused' in events) return events;
  for (const event of events) play.state = evolve(play.state, event, clock.now());
  return null;
}

/** Moves the state by a command that applies here; any other is a defect and throws. */
export function say(playing: Playing, play: Play, command: Command): void {
  const refusal = attempt(playing, play, command);
  if (refusal !== null) throw new Error(refusal.detail);
}

/** What a state means for whoever proposed the call. */
export function outcomeOf(state: Escalation): Played['outcome'] {
  if (state.status !== 'SETTLED')
    return 'question' in state && state.question?.kind === 'resolution' ? 'unknown' : 'unanswered';
  switch (state.outcome.kind) {
    case 'executed':
    case 'confirmed':
      return 'executed';
    case 'call-failed':
      return 'failed';
    case 'denied':
      return 'unanswered';
    case 'left-unknown':
      return 'unknown';
    case 'rejected':
    case 'answered':
    case 'taken-over':
    case 'undone':
      return state.outcome.kind;
  }
}
