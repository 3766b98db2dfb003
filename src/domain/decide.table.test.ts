import { describe, expect, it } from 'vitest';
import {
  aDecision,
  anEscalation,
  anId,
  answering,
  aQuestion,
  HALT,
  HOUR,
  NOON,
} from '../../test/support/escalations.js';
import { decide } from './decide.js';
import { VERBS } from './decision.js';
import type { Command, Escalation, Question, Status } from './escalation.js';
import { evolve } from './evolve.js';
import type { DecisionId } from './ids.js';
import { questionOf } from './task.js';
import { TRANSITIONS } from './transitions.js';

const LETTERS = {
  J: 'JUDGED',
  P: 'PAUSED_PENDING_HUMAN',
  H: 'HUMAN_RESPONDED',
  T: 'TIMED_OUT',
  R: 'RESUMING',
  S: 'SETTLED',
  F: 'FAILED',
} as const satisfies Record<string, Status>;

const last = aQuestion({ rung: 1 });
const unasked = aQuestion({
  round: 2,
  digest: null,
  briefDigest: null,
  answerBy: null,
  extendableUntil: null,
});
const climbing = aQuestion({ rung: 1, answerBy: null, extendableUntil: null });
const unknown = aQuestion({ kind: 'resolution', rung: 1 });
const owners = aQuestion({ rung: 2, answerBy: null, extendableUntil: null });
const stop = aQuestion({ kind: 'stop' });
const window = aQuestion({ kind: 'confirmation', round: 2, rungs: 1 });
const undoFailed = aQuestion({ kind: 'resolution', round: 3 });
const several = aQuestion({ quorum: 2 });
const RESOLVED = { do: 'resolve', decision: anId<DecisionId>('d0'), resolution: 'leave' } as const;

/** The columns: every status, in every variant that makes a difference. */
const STATES = {
  judged: anEscalation('JUDGED'),
  unasked: anEscalation('PAUSED_PENDING_HUMAN', { question: unasked, delivered: false }),
  climbing: anEscalation('PAUSED_PENDING_HUMAN', { question: climbing, delivered: false }),
  paused: anEscalation('PAUSED_PENDING_HUMAN'),
  lastRung: anEscalation('PAUSED_PENDING_HUMAN', { question: last }),
  unknown: anEscalation('PAUSED_PENDING_HUMAN', { question: unknown }),
  owner: anEscalation('PAUSED_PENDING_HUMAN', { question: owners }),
  halted: anEscalation('PAUSED_PENDING_HUMAN', { halt: HALT }),
  stopping: anEscalation('PAUSED_PENDING_HUMAN', { question: stop }),
  confirming: anEscalation('PAUSED_PENDING_HUMAN', { question: window }),
  undoFailed: anEscalation('PAUSED_PENDING_HUMAN', { question: undoFailed, reason: 'undo-failed' }),
  rejecting: anEscalation('HUMAN_RESPONDED', { decision: aDecision('reject') }),
  escalating: anEscalation('HUMAN_RESPONDED', { decision: aDecision('escalate') }),
  holding: anEscalation('HUMAN_RESPONDED', { decision: aDecision('hold') }),
  extending: anEscalation('HUMAN_RESPONDED', { decision: aDecision('extend') }),
  resolving: anEscalation('HUMAN_RESPONDED', { decision: aDecision('resolve'), question: unknown }),
  answering: anEscalation('HUMAN_RESPONDED', { decision: aDecision('respond') }),
  takingOver: anEscalation('HUMAN_RESPONDED', { decision: aDecision('take-over'), question: stop }),
  keeping: anEscalation('HUMAN_RESPONDED', { decision: aDecision('approve'), question: window }),
  recalling: anEscalation('HUMAN_RESPONDED', { decision: aDecision('reject'), question: window }),
  overtaken: anEscalation('HUMAN_RESPONDED', { decision: aDecision('reject'), halt: HALT }),
  late: anEscalation('TIMED_OUT'),
  lateDeny: anEscalation('TIMED_OUT', { question: last }),
  lateHold: anEscalation('TIMED_OUT', { question: { ...last, fallback: 'hold' } }),
  lateFail: anEscalation('TIMED_OUT', { question: { ...last, fallback: 'fail' } }),
  lateHalt: anEscalation('TIMED_OUT', { question: { ...last, fallback: 'halt' } }),
  lateUnknown: anEscalation('TIMED_OUT', { question: { ...unknown, fallback: 'deny' } }),
  lateWindow: anEscalation('TIMED_OUT', { question: window }),
  permitted: anEscalation('RESUMING', {
    question: null,
    decision: null,
    course: { do: 'execute', decisions: [] },
  }),
  approved: anEscalation('RESUMING'),
  rejected: anEscalation('RESUMING', {
    course: { do: 'reject', decision: anId('d0') },
    decision: aDecision('reject', { id: anId('d0') }),
  }),
  denied: anEscalation('RESUMING', { course: { do: 'deny', because: 'unanswered' }, decision: null }),
  resolved: anEscalation('RESUMING', {
    course: RESOLVED,
    question: unknown,
    decision: aDecision('resolve', { id: anId('d0') }),
  }),
  answered: anEscalation('RESUMING', {
    course: { do: 'answer', decision: anId('d0') },
    decision: aDecision('respond', { id: anId('d0') }),
  }),
  takenOver: anEscalation('RESUMING', {
    course: { do: 'take-over', decision: anId('d0') },
    decision: aDecision('take-over', { id: anId('d0') }),
    question: stop,
  }),
  confirmed: anEscalation('RESUMING', {
    course: { do: 'confirm', decision: anId('d0') },
    decision: aDecision('approve', { id: anId('d0') }),
    question: window,
  }),
  undoing: anEscalation('RESUMING', {
    course: { do: 'undo', decision: null },
    decision: null,
    question: window,
  }),
  undoLeft: anEscalation('RESUMING', {
    course: RESOLVED,
    question: undoFailed,
    reason: 'undo-failed',
    decision: aDecision('resolve', { id: anId('d0') }),
  }),
  gathering: anEscalation('PAUSED_PENDING_HUMAN', { question: several }),
  voting: anEscalation('HUMAN_RESPONDED', { decision: aDecision('approve'), question: several }),
  gathered: anEscalation('RESUMING', {
    course: { do: 'execute', decisions: [anId('d0'), anId('d1')] },
    question: several,
  }),
  settled: anEscalation('SETTLED'),
  silent: anEscalation('SETTLED', { outcome: { kind: 'denied', because: 'unanswered' }, winner: null }),
  auto: anEscalation('SETTLED', { asked: false, winner: null }),
  failed: anEscalation('FAILED'),
  stopped: anEscalation('FAILED', { reason: 'halted', detail: 'h1' }),
} as const satisfies Readonly<Record<string, Escalation>>;

function questionFor(state: Escalation): Question {
  return questionOf(state) ?? aQuestion();
}

/** The rows: every command, and every verb of `respond`. */
const COMMANDS: Readonly<Record<string, (state: Escalation) => Command>> = {
  permit: () => ({ type: 'permit', generation: 1, tier: 2 }),
  deliver: (state) => ({
    type: 'deliver',
    question: { ...questionFor(state), answerBy: NOON + HOUR },
    tier: 3,
  }),
  'deliver later': (state) => ({
    type: 'deliver',
    question: { ...questionFor(state), round: questionFor(state).round + 1 },
    tier: 3,
  }),
  queue: () => ({ type: 'queue', askBy: NOON + HOUR }),
  miss: (state) => ({ type: 'miss', question: questionFor(state) }),
  expire: () => ({ type: 'expire' }),
  ...Object.fromEntries(
    VERBS.map((verb) => [
      `respond ${verb}`,
      (state: Escalation): Command => ({
        type: 'respond',
        decision: answering(questionFor(state), aDecision(verb)),
      }),
    ]),
  ),
  'verify genuine': (state) => ({
    type: 'verify',
    decision: state.status === 'HUMAN_RESPONDED' ? state.decision.id : anId('d0'),
    genuine: true,
  }),
  'verify enough': (state) => ({
    type: 'verify',
    decision: state.status === 'HUMAN_RESPONDED' ? state.decision.id : anId('d0'),
    genuine: true,
    votes: [anId('d1'), state.status === 'HUMAN_RESPONDED' ? state.decision.id : anId('d0')],
  }),
  'verify forged': (state) => ({
    type: 'verify',
    decision: state.status === 'HUMAN_RESPONDED' ? state.decision.id : anId('d0'),
    genuine: false,
  }),
  'verify taken-back': (state) => ({
    type: 'verify',
    decision: state.status === 'HUMAN_RESPONDED' ? state.decision.id : anId('d0'),
    genuine: false,
    withdrawn: true,
  }),
  climb: () => ({ type: 'climb' }),
  'fall-back': () => ({ type: 'fall-back' }),
  'halt task': () => ({ type: 'halt', halt: HALT, scope: 'task' }),
  'halt wider': () => ({ type: 'halt', halt: HALT, scope: 'wider' }),
  'bar ask': (state) => ({ type: 'bar', halt: HALT, question: questionFor(state) }),
  'bar claim': () => ({ type: 'bar', halt: HALT, question: null }),
  lift: () => ({ type: 'lift', halt: HALT }),
  'finish executed': () => ({ type: 'finish', outcome: { kind: 'executed' } }),
  'finish call-failed': () => ({ type: 'finish', outcome: { kind: 'call-failed', code: 'declined' } }),
  'finish rejected': () => ({ type: 'finish', outcome: { kind: 'rejected', decision: anId('d0') } }),
  'finish denied': () => ({ type: 'finish', outcome: { kind: 'denied', because: 'unanswered' } }),
  'finish left-unknown': () => ({ type: 'finish', outcome: { kind: 'left-unknown', decision: anId('d0') } }),
  'finish answered': () => ({ type: 'finish', outcome: { kind: 'answered', decision: anId('d0') } }),
  'finish taken-over': () => ({ type: 'finish', outcome: { kind: 'taken-over', decision: anId('d0') } }),
  'finish confirmed': () => ({ type: 'finish', outcome: { kind: 'confirmed', decision: anId('d0') } }),
  'finish undone': () => ({ type: 'finish', outcome: { kind: 'undone' } }),
  act: () => ({ type: 'act', question: window }),
  reask: () => ({ type: 'reask', reason: 'drift' }),
  'reask undo-failed': () => ({ type: 'reask', reason: 'undo-failed' }),
  'reask unverified': () => ({ type: 'reask', reason: 'unverified' }),
  cancel: () => ({ type: 'cancel', detail: 'requested' }),
  fail: () => ({ type: 'fail', reason: 'error', detail: 'internal' }),
};

/** A letter is the status it leads to; `.` is refused as conflict, `x` as not-open, else the code of the refusal; `=` is accepted and changes nothing. */
const EXPECTED = `
                    | judged  unasked climbing paused lastRung unknown owner halted | stopping confirming undoFailed | rejecting escalating holding extending resolving answering takingOver keeping recalling overtaken | late     lateDeny lateHold lateFail lateHalt lateUnknown lateWindow | permitted approved        rejected        denied   resolved        answered        takenOver       confirmed       undoing  undoLeft        | gathering voting  gathered        | settled         silent   auto failed stopped
permit              | R       R       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         .       .               | x               x        x    x      x
deliver             | P       P       P        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         .       .               | x               x        x    x      x
deliver later       | P       P       P        P      P        P       P     .      | P        P          P          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | P         .       .               | x               x        x    x      x
queue               | J       P       P        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         .       .               | x               x        x    x      x
miss                | T       T       T        T      T        T       .     .      | T        T          T          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | T         .       .               | x               x        x    x      x
expire              | .       .       .        T      T        T       .     .      | T        T          T          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | T         .       .               | x               x        x    x      x
respond approve     | pending pending R        R      R        .       R     halted | .        H          .          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | H         pending already-decided | already-decided too-late x    x      halted
respond reject      | pending pending H        H      H        .       H     halted | H        H          .          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | H         pending already-decided | already-decided too-late x    x      halted
respond edit        | pending pending R        R      R        .       R     halted | .        .          .          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | R         pending already-decided | already-decided too-late x    x      halted
respond respond     | pending pending H        H      H        .       H     halted | H        .          .          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | H         pending already-decided | already-decided too-late x    x      halted
respond take-over   | pending pending H        H      H        .       H     halted | H        .          .          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | H         pending already-decided | already-decided too-late x    x      halted
respond escalate    | pending pending pending  H      .        .       .     halted | H        .          H          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | H         pending already-decided | already-decided too-late x    x      halted
respond hold        | pending pending pending  H      H        H       .     halted | H        H          H          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | H         pending already-decided | already-decided too-late x    x      halted
respond extend      | pending pending pending  H      H        H       .     halted | H        H          H          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | H         pending already-decided | already-decided too-late x    x      halted
respond withdraw    | x       x       x        x      x        x       x     x      | x        x          x          | x         x          x       x         x         x         x          x       x         x         | x        x        x        x        x        x           x          | x         x               x               x        x               x               x               x               x        x               | x         x       x               | x               x        x    x      x
respond resolve     | pending pending .        .      .        H       .     halted | .        .          H          | pending   pending    pending pending   pending   pending   pending    pending pending   pending   | too-late too-late too-late too-late too-late too-late    too-late   | x         already-decided already-decided too-late already-decided already-decided already-decided already-decided too-late already-decided | .         pending already-decided | already-decided too-late x    x      halted
verify genuine      | .       .       .        .      .        .       .     .      | .        .          .          | R         P          P       P         R         R         R          R       R         P         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         P       .               | x               x        x    x      x
verify enough       | .       .       .        .      .        .       .     .      | .        .          .          | R         P          P       P         R         R         R          R       R         P         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         R       .               | x               x        x    x      x
verify forged       | .       .       .        .      .        .       .     .      | .        .          .          | P         P          P       P         P         P         P          P       P         P         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         P       .               | x               x        x    x      x
verify taken-back   | .       .       .        .      .        .       .     .      | .        .          .          | P         P          P       P         P         P         P          P       P         P         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         P       .               | x               x        x    x      x
climb               | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | P        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         .       .               | x               x        x    x      x
fall-back           | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        R        P        F        F        P           R          | .         .               .               .        .               .               .               .               .        .               | .         .       .               | x               x        x    x      x
halt task           | F       F       F        F      F        F       F     F      | F        R          F          | F         F          F       F         F         F         F          R       R         F         | F        F        F        F        F        F           R          | F         F               F               F        F               F               F               .               .        F               | F         F       F               | x               x        x    x      x
halt wider          | .       P       P        P      P        P       P     =      | P        =          P          | H         H          H       H         H         H         H          =       =         =         | P        P        P        P        P        P           =          | .         .               .               .        .               .               .               .               .        .               | P         H       .               | x               x        x    x      x
bar ask             | P       P       P        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | P         P               .               .        P               .               .               .               .        P               | .         .       P               | x               x        x    x      x
bar claim           | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | P         P               .               .        P               .               .               .               .        P               | .         .       P               | x               x        x    x      x
lift                | .       .       .        .      .        .       .     P      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               .        .               | .         .       .               | x               x        x    x      x
finish executed     | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | S         S               .               .        S               .               .               .               .        .               | .         .       S               | x               x        x    x      x
finish call-failed  | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | S         S               .               .        S               .               .               .               .        .               | .         .       S               | x               x        x    x      x
finish rejected     | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               S               .        .               .               .               .               .        .               | .         .       .               | x               x        x    x      x
finish denied       | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               S        .               .               .               .               .        .               | .         .       .               | x               x        x    x      x
finish left-unknown | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | S         S               .               .        S               .               .               .               .        .               | .         .       S               | x               x        x    x      x
finish answered     | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               S               .               .               .        .               | .         .       .               | x               x        x    x      x
finish taken-over   | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               S               .               .        .               | .         .       .               | x               x        x    x      x
finish confirmed    | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               S               S        S               | .         .       .               | x               x        x    x      x
finish undone       | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               S        S               | .         .       .               | x               x        x    x      x
act                 | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | P         .               .               .        P               .               .               .               .        .               | .         .       .               | x               x        x    x      x
reask               | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | P         P               .               .        P               .               .               .               .        .               | .         .       P               | x               x        x    x      x
reask undo-failed   | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | .         .               .               .        .               .               .               .               P        P               | .         .       .               | x               x        x    x      x
reask unverified    | .       .       .        .      .        .       .     .      | .        .          .          | .         .          .       .         .         .         .          .       .         .         | .        .        .        .        .        .           .          | P         P               .               .        P               .               .               .               .        P               | .         .       P               | x               x        x    x      x
cancel              | F       F       F        F      F        F       F     F      | F        R          F          | F         F          F       F         F         F         F          R       R         F         | F        F        F        F        F        F           R          | F         F               F               F        F               F               F               .               .        F               | F         F       F               | x               x        x    x      x
fail                | F       F       F        F      F        F       F     F      | F        R          F          | F         F          F       F         F         F         F          R       R         F         | F        F        F        F        F        F           R          | F         F               F               F        F               F               F               .               .        F               | F         F       F               | x               x        x    x      x
`;

function readTable(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const [header = '', ...rows] = text.trim().split('\n');
  const columns = header.replaceAll('|', ' ').trim().split(/\s+/);
  return new Map(
    rows.map((row) => {
      const [name = '', ...rest] = row.split('|');
      const cells = rest.join(' ').trim().split(/\s+/);
      if (cells.length !== columns.length)
        throw new Error(`${name.trim()}: ${cells.length} cells for ${columns.length} states`);
      return [name.trim(), new Map(columns.map((column, index) => [column, cells[index] ?? '']))];
    }),
  );
}

/** What the code answers, in the table's own words. */
function outcome(state: Escalation, command: Command): string {
  const answer = decide(state, command);
  if ('refused' in answer)
    return { conflict: '.', 'not-open': 'x' }[answer.refused as string] ?? answer.refused; // looked up by any code
  if (answer.length === 0) return '=';
  const { status } = answer.reduce((from, event) => evolve(from, event, NOON + HOUR), state);
  return Object.entries(LETTERS).find(([, name]) => name === status)?.[0] ?? status;
}

describe('the state machine as a table', () => {
  const expected = readTable(EXPECTED);
  const cells = Object.entries(STATES).flatMap(([column, state]) =>
    Object.entries(COMMANDS).map(([row, make]) => ({ column, state, row, make })),
  );

  it.each(cells)('$column x $row', ({ column, state, row, make }) => {
    expect(outcome(state, make(state))).toBe(expected.get(row)?.get(column) ?? 'no expectation in the table');
  });

  it('has no row or column that the code does not know', () => {
    expect([...expected.keys()].toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
    for (const cellsOfRow of expected.values())
      expect([...cellsOfRow.keys()].toSorted()).toEqual(Object.keys(STATES).toSorted());
  });

  it('has a column for every status', () => {
    expect(new Set(Object.values(STATES).map((state) => state.status))).toEqual(
      new Set(Object.values(LETTERS)),
    );
  });

  it('leads exactly where TRANSITIONS says', () => {
    const seen = new Map<string, Set<Status>>();
    for (const { state, make } of cells) {
      const answer = decide(state, make(state));
      if ('refused' in answer || answer.length === 0) continue;
      const key = `${state.status} ${make(state).type}`;
      const { status } = answer.reduce((from, event) => evolve(from, event, NOON), state as Escalation); // wider than the literal variant
      seen.set(key, (seen.get(key) ?? new Set()).add(status));
    }
    const told = Object.entries(TRANSITIONS).flatMap(([status, row]) =>
      Object.entries(row).map(([command, to]): [string, Set<Status>] => [
        `${status} ${command}`,
        new Set(to),
      ]),
    );
    expect(seen).toEqual(new Map(told));
  });
});
