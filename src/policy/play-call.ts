import type { Json } from '../domain/action.js';
import { isAboutUndo, mayActSoftly } from '../domain/course.js';
import { isClosed } from '../domain/decide.js';
import type { Course, In, Outcome, ReaskReason } from '../domain/escalation.js';
import { localIdentity } from '../domain/identity.js';
import { hasFurtherRung } from '../domain/ladder.js';
import { hear, open, openWindow, place } from './play-desk.js';
import { NOTHING_TO_WITHDRAW, type PlayedAnswer } from './play-people.js';
import { begun, decisionOf, outcomeOf, say, unvote, votesOf } from './play-state.js';
import type { Play, Played, PlayedStep, Playing, StepEnd } from './play-state.js';
import { ownerRoleOf, ownerSubjectOf, rolesOf } from './roster.js';
import { impactRaised, stricterNow } from './stricter.js';

/**
 * Plays one call from its verdict to its end, by the state machine and the rules of the gate; it yields each call that is to be made, and is
 * told what came of it. No store, no signatures, no drift check, no limits beside the verdict's.
 */
export function* playCall(playing: Playing): Generator<PlayedStep, Played, StepEnd> {
  const play = begun(playing);
  while (!isClosed(play.state)) {
    const { state } = play;
    if (state.status === 'JUDGED') open(playing, play, state);
    else if (state.status === 'PAUSED_PENDING_HUMAN') {
      if (!(state.delivered ? hear : place)(playing, play, state)) break; // it lies with its owner
    } else if (state.status === 'HUMAN_RESPONDED') weigh(playing, play, state);
    else if (state.status === 'TIMED_OUT')
      say(playing, play, { type: hasFurtherRung(state.question) ? 'climb' : 'fall-back' });
    else if (state.status === 'RESUMING') yield* resume(playing, play, state);
  }
  const { verdict, questions, refused, decision, result, told, movedMs } = play;
  return { verdict, questions, refused, decision, result, told, movedMs, outcome: outcomeOf(play.state) };
}

/** Counts an approval of several with the others of its round; one that is not enough settles nothing. */
function weigh(playing: Playing, play: Play, { decision: { id } }: In<'HUMAN_RESPONDED'>): void {
  const votes = votesOf(playing, play).map(({ by }) => decisionOf(by));
  say(playing, play, { type: 'verify', decision: id, genuine: true, votes });
  const withdrawn = play.decision?.withdrawn;
  if (play.state.status !== 'PAUSED_PENDING_HUMAN') return;
  [play.decision, play.taken] = [null, null];
  if (withdrawn !== undefined && !unvote(playing, play, withdrawn.by)) refuseWithdrawal(play, withdrawn);
}

function refuseWithdrawal(play: Play, withdrawn: NonNullable<PlayedAnswer['withdrawn']>): void {
  const { refused: code, detail: because } = NOTHING_TO_WITHDRAW;
  play.refused.push({ answer: { ...withdrawn, verb: 'withdraw' }, code, because });
}

function* resume(playing: Playing, play: Play, state: In<'RESUMING'>): Generator<PlayedStep, void, StepEnd> {
  const { course } = state;
  const finish = (outcome: Outcome) => say(playing, play, { type: 'finish', outcome });
  const body = play.taken?.body;
  switch (course.do) {
    case 'execute':
      return yield* execute(playing, play, state);
    case 'resolve':
      return yield* resolve(playing, play, state, course);
    case 'undo':
      return yield* undo(playing, play, state);
    case 'reject':
      play.told = body?.why ?? null;
      return finish({ kind: 'rejected', decision: course.decision });
    case 'answer':
      play.told = body?.answer ?? null;
      return finish({ kind: 'answered', decision: course.decision });
    case 'take-over':
      play.result = body?.outcome ?? null;
      return finish({ kind: 'taken-over', decision: course.decision });
    case 'confirm':
      return finish({ kind: 'confirmed', decision: course.decision });
    case 'deny':
      return finish({ kind: 'denied', because: course.because });
  }
}

/** What the claim looks at before the call: whether the approval still stands, and whether the policy asks for more about an edit. */
function* execute(playing: Playing, play: Play, state: In<'RESUMING'>): Generator<PlayedStep, void, StepEnd> {
  const { decision, taken } = play;
  const withdrawn = decision?.withdrawn;
  const own = decision?.by === withdrawn?.by || play.votes.some(({ by }) => by === withdrawn?.by);
  if (withdrawn !== undefined && own) return again(playing, play, 'withdrawn');
  if (withdrawn !== undefined) refuseWithdrawal(play, withdrawn);
  if (decision !== null && taken?.edited !== undefined) {
    const reason = askedAnew(playing, play, state, { decision, edited: taken.edited });
    play.args = taken.edited;
    play.editors.push(decision.by);
    if (reason !== undefined) return again(playing, play, reason);
    play.verdict = playing.judgeAs(taken.edited, null);
  }
  yield* run(playing, play, state);
}

function askedAnew(
  { policy, tool, call, judgeAs }: Playing,
  { args, verdict, editors }: Play,
  { question }: In<'RESUMING'>,
  { decision, edited }: { readonly decision: PlayedAnswer; readonly edited: Json },
): ReaskReason | undefined {
  const raised = tool === undefined || impactRaised({ args: edited }, { args }, tool);
  const owner = ownerRoleOf(policy, call.agent);
  const ownerSubject = ownerSubjectOf(policy, call.agent);
  const now = { verdict: judgeAs(edited, null), impactRaised: raised, editors, owner, ownerSubject };
  const record = {
    roles: [...rolesOf(policy, localIdentity(decision.by))],
    verb: decision.verb,
    subject: decision.by,
  };
  return stricterNow([record], now, { rung: question?.rung ?? 0, verdict });
}

function again(playing: Playing, play: Play, reason: ReaskReason): void {
  say(playing, play, { type: 'reask', reason });
  [play.decision, play.taken, play.votes, play.roles] = [null, null, [], []];
  play.verdict = playing.judgeAs(play.args, reason);
}

function* run(playing: Playing, play: Play, state: In<'RESUMING'>): Generator<PlayedStep, void, StepEnd> {
  const end = yield { do: 'run', args: play.args, generation: state.generation };
  if (end.kind === 'unknown') return again(playing, play, 'unknown');
  if (end.kind === 'failed')
    return say(playing, play, { type: 'finish', outcome: { kind: 'call-failed', code: 'failed' } });
  play.result = end.result;
  if (play.verdict.level !== 'soft' || !mayActSoftly(state))
    return say(playing, play, { type: 'finish', outcome: { kind: 'executed' } });
  openWindow(playing, play, state);
}

/** What somebody found out about a call, or about its undo. */
function* resolve(
  playing: Playing,
  play: Play,
  state: In<'RESUMING'>,
  { resolution, decision }: Extract<Course, { readonly do: 'resolve' }>,
): Generator<PlayedStep, void, StepEnd> {
  const ofUndo = isAboutUndo(state);
  const finish = (outcome: Outcome) => say(playing, play, { type: 'finish', outcome });
  if (resolution === 'leave') return finish({ kind: ofUndo ? 'confirmed' : 'left-unknown', decision });
  if (resolution === 'not-happened') return yield* (ofUndo ? undo : run)(playing, play, state);
  if (!ofUndo) play.result = play.taken?.body.result ?? null;
  finish({ kind: ofUndo ? 'undone' : 'executed' });
}

function* undo(playing: Playing, play: Play, state: In<'RESUMING'>): Generator<PlayedStep, void, StepEnd> {
  const end = yield { do: 'undo', args: play.args, generation: state.generation };
  if (end.kind !== 'done') return again(playing, play, 'undo-failed');
  play.told = play.taken?.body.why ?? null;
  say(playing, play, { type: 'finish', outcome: { kind: 'undone' } });
}
