import { parseDuration } from '../contract/duration.js';
import type { Refusal } from '../domain/errors.js';
import type { In, Question } from '../domain/escalation.js';
import { isWithOwner } from '../domain/ladder.js';
import { SETTLING } from '../domain/respond.js';
import { asksFirst, votersOf } from '../domain/verdict.js';
import { DIGEST, take, type PlayedAnswer, type PlayedQuestion } from './play-people.js';
import {
  attempt,
  decisionOf,
  ESCALATION,
  OPERATION,
  type Play,
  type Playing,
  say,
  unvote,
  votesOf,
} from './play-state.js';
import { membersOf, ownerRoleOf, ownerSubjectOf } from './roster.js';

/** Asks, or lets run, as the verdict says. */
export function open(playing: Playing, play: Play, { generation, round }: In<'JUDGED'>): void {
  const { level, tier, ladder } = play.verdict;
  if (!asksFirst(level)) return say(playing, play, { type: 'permit', generation, tier });
  const fresh = { generation, round, kind: level === 'stop' ? 'stop' : 'approval' } as const;
  const { fallback, rungs } = ladder;
  const none = { role: '', answerBy: null, extendableUntil: null, digest: null, briefDigest: null };
  put(playing, play, { ...none, ...fresh, rung: 0, rungs: rungs.length, fallback });
}

/** Puts the next rung or round on its desk; false = nobody is there, and it lies with its owner. */
export function place(playing: Playing, play: Play, { question }: In<'PAUSED_PENDING_HUMAN'>): boolean {
  if (put(playing, play, question)) return true;
  return !isWithOwner(question);
}

/** The question with role and deadline, on its desk; false = nobody there may answer, and its time is over at once. */
function put(playing: Playing, play: Play, asked: Question): boolean {
  const { policy, call, clock } = playing;
  const { ladder, tier, level } = play.verdict;
  const kind = asked.kind === 'approval' && level === 'stop' ? 'stop' : asked.kind;
  const question: Question = {
    ...asked,
    ...placeOf(playing, play, asked.rung),
    kind,
    quorum: votersOf({ kind, verdict: play.verdict }),
    rungs: ladder.rungs.length,
    fallback: ladder.fallback,
    digest: DIGEST,
    briefDigest: DIGEST,
  };
  if (!membersOf(policy, question.role).some((member) => member !== call.requester)) {
    attempt(playing, play, {
      type: 'miss',
      question: { ...question, answerBy: null, extendableUntil: null },
    });
    return false;
  }
  say(playing, play, { type: 'deliver', question, tier });
  note(playing, play, question, clock.now());
  return true;
}

function placeOf({ policy, call, clock }: Playing, { verdict }: Play, rung: number) {
  const step = verdict.ladder.rungs[rung];
  if (!step) return { rung, role: ownerRoleOf(policy, call.agent), answerBy: null, extendableUntil: null };
  const answerBy = clock.now() + step.ttlMs;
  return { rung, role: step.role, answerBy, extendableUntil: answerBy + verdict.extendByMs };
}

function note({ policy, call }: Playing, play: Play, question: Question, askedAt: number): void {
  const { role, answerBy, kind } = question;
  const { state, verdict, args } = play;
  play.roles = [...play.roles.filter((each) => each !== role), role];
  const reason = 'reason' in state && state.status !== 'FAILED' ? state.reason : null;
  const members = membersOf(policy, role);
  play.questions.push({ tool: call.tool, args, kind, reason, role, members, verdict, askedAt, answerBy });
}

/** Far more than anybody says about one call. */
const MOST_ANSWERS = 1000;

/** Asks whoever has the question; false = it has no deadline, and nobody answers. */
export function hear(playing: Playing, play: Play, { question }: In<'PAUSED_PENDING_HUMAN'>): boolean {
  const { clock } = playing;
  const shown = play.questions.at(-1);
  play.heard += 1;
  if (play.heard > MOST_ANSWERS)
    throw new Error('the review never settles it: let it return null once it has said what it has to say');
  const answer = shown === undefined ? null : answerInTime(playing, shown);
  const refusal = answer === null ? null : answered(playing, play, question, answer);
  if (answer !== null && refusal === null) return true;
  if (answer !== null && refusal !== null)
    play.refused.push({ answer, code: refusal.refused, because: refusal.detail });
  if (question.answerBy === null) return false;
  clock.advance(question.answerBy - clock.now());
  say(playing, play, { type: 'expire' });
  return true;
}

/** An answer in time, the clock moved to when it came; null = silence. */
function answerInTime({ clock, review }: Playing, question: PlayedQuestion): PlayedAnswer | null {
  const answer = review(question);
  if (answer === null) return null;
  const delayMs = parseDuration(answer.after ?? '0ms');
  if (delayMs === undefined)
    throw new Error(`after: ${answer.after} is no duration: write one such as 30s, 15m or 24h`);
  if (question.answerBy !== null && clock.now() + delayMs > question.answerBy) return null;
  clock.advance(delayMs);
  return answer;
}

function answered(playing: Playing, play: Play, question: Question, answer: PlayedAnswer): Refusal | null {
  const { policy, call, tool, clock } = playing;
  const { verdict, roles, args, editors } = play;
  const now = clock.now();
  const requester = call.requester ?? 'requester';
  const asked = { ...question, digest: DIGEST, verdict, roles, rungOver: false };
  const reason = play.questions.at(-1)?.reason ?? null;
  const approved = votesOf(playing, play).map(({ by }) => by);
  const ownerSubject = ownerSubjectOf(policy, call.agent);
  const known = { policy, requester, tool, args, editors, approved, ownerSubject };
  const taken = take({ answer, question: asked, reason, ...known, now });
  if ('refused' in taken) return taken;
  if (answer.verb === 'withdraw') {
    unvote(playing, play, answer.by);
    return null;
  }
  const { edited, until, body } = taken;
  const generation = question.generation + 1;
  const refusal = attempt(playing, play, {
    type: 'respond',
    decision: {
      id: decisionOf(answer.by),
      escalation: ESCALATION,
      operation: OPERATION,
      generation: question.generation,
      round: question.round,
      digest: DIGEST,
      briefDigest: DIGEST,
      verb: answer.verb,
      at: now,
      ...(edited === undefined ? {} : { edited: { generation, digest: DIGEST } }),
      ...(until === undefined ? {} : { until }),
      ...(body.resolution === undefined ? {} : { resolution: body.resolution }),
    },
  });
  if (refusal !== null) return refusal;
  if (until !== undefined) move(play, until);
  if (SETTLING.includes(answer.verb)) [play.decision, play.taken] = [answer, taken];
  if (answer.verb === 'approve')
    play.votes = [...votesOf(playing, play), { by: answer.by, executeBy: now + verdict.validityMs }];
  return null;
}

function move(play: Play, until: number): void {
  const last = play.questions.pop();
  if (last === undefined) return;
  play.movedMs += until - (last.answerBy ?? until);
  play.questions.push({ ...last, answerBy: until });
}

/** What ran softly can be confirmed until the window closes. */
export function openWindow(playing: Playing, play: Play, { round, generation }: In<'RESUMING'>): void {
  const { rungs, fallback } = play.verdict.ladder;
  const question: Question = {
    ...placeOf(playing, play, 0),
    round: round + 1,
    generation,
    kind: 'confirmation',
    rungs: rungs.length,
    fallback,
    digest: DIGEST,
    briefDigest: DIGEST,
  };
  say(playing, play, { type: 'act', question });
  play.roles = [];
  note(playing, play, question, playing.clock.now());
}
