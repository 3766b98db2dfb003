import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aDecision,
  aDigest,
  anEscalation,
  anId,
  aQuestion,
  HALT,
  HOUR,
  isOpen,
  NOON,
  OTHER_HALT,
} from '../../test/support/escalations.js';
import { decide } from './decide.js';
import type { DecisionMessage } from './decision.js';
import { VERBS } from './decision.js';
import type { Command, Escalation, EscalationEvent } from './escalation.js';
import { evolve } from './evolve.js';
import { factOf } from './facts.js';
import { foldTask, questionOf } from './task.js';
import { TRANSITIONS } from './transitions.js';

const halts = fc.constantFrom(HALT, OTHER_HALT);

/** A command that looks at the state it is said to, so that long sequences get somewhere. */
const commands: fc.Arbitrary<(state: Escalation) => Command> = fc.oneof(
  fc.constant((): Command => ({ type: 'permit', generation: 1, tier: 2 })),
  fc
    .record({
      rungs: fc.integer({ min: 1, max: 3 }),
      fallback: fc.constantFrom('deny', 'hold', 'fail', 'halt'),
    })
    .map((ladder) => (state: Escalation): Command => ({
      type: 'deliver',
      tier: 4,
      question: { ...asked(state), ...ladder, answerBy: NOON + HOUR },
    })),
  fc.constant((): Command => ({ type: 'queue', askBy: NOON })),
  fc.constant((state: Escalation): Command => ({ type: 'miss', question: asked(state) })),
  fc.constant((): Command => ({ type: 'expire' })),
  fc
    .record({
      verb: fc.constantFrom(...VERBS),
      id: fc.constantFrom('d1', 'd2', 'd3'),
      at: fc.integer({ min: NOON, max: NOON + 2 * HOUR }),
    })
    .map(({ verb, id, at }) => (state: Escalation): Command => ({
      type: 'respond',
      decision: decisionFor(state, aDecision(verb, { id: anId(id), at })),
    })),
  fc.boolean().map((genuine) => (state: Escalation): Command => ({
    type: 'verify',
    decision: state.status === 'HUMAN_RESPONDED' ? state.decision.id : anId('d1'),
    genuine,
  })),
  fc.constant((): Command => ({ type: 'climb' })),
  fc.constant((): Command => ({ type: 'fall-back' })),
  fc
    .record({ halt: halts, scope: fc.constantFrom('wider', 'wider', 'wider', 'task') })
    .map((halt) => (): Command => ({ type: 'halt', ...halt })),
  halts.map((halt) => (state: Escalation): Command => ({ type: 'bar', halt, question: asked(state) })),
  halts.map((halt) => (): Command => ({ type: 'lift', halt })),
  fc
    .constantFrom('executed', 'call-failed', 'rejected', 'denied', 'left-unknown')
    .map((kind) => (): Command => ({
      type: 'finish',
      outcome: { kind, code: 'c', decision: anId('d1'), because: 'unanswered' },
    })),
  fc
    .constantFrom('drift', 'unknown', 'unverified')
    .map((reason) => (): Command => ({ type: 'reask', reason })),
);

const endings: fc.Arbitrary<() => Command> = fc.oneof(
  fc.constant((): Command => ({ type: 'cancel', detail: 'requested' })),
  fc.constant((): Command => ({ type: 'fail', reason: 'error', detail: 'internal' })),
);

function asked(state: Escalation): ReturnType<typeof aQuestion> {
  const question =
    questionOf(state) ??
    aQuestion(state.status === 'JUDGED' ? { round: state.round, generation: state.generation } : {});
  return { ...question, digest: aDigest('a'), briefDigest: aDigest('b'), extendableUntil: NOON + 72 * HOUR };
}

function decisionFor(state: Escalation, decision: DecisionMessage): DecisionMessage {
  const { round, generation } = asked(state);
  return {
    ...decision,
    round,
    generation,
    ...(decision.verb === 'edit' ? { edited: { generation: generation + 1, digest: aDigest('e') } } : {}),
  };
}

interface Step {
  readonly before: Escalation;
  readonly command: Command;
  readonly events: readonly EscalationEvent[];
  readonly after: Escalation;
}

/** Walks a sequence of commands from the beginning; refused ones are steps without events. */
function walk(makers: readonly ((state: Escalation) => Command)[]): readonly Step[] {
  let state: Escalation = anEscalation('JUDGED');
  return makers.map((make) => {
    const [before, command] = [state, make(state)];
    const answer = decide(before, command);
    const events = 'refused' in answer ? [] : answer;
    state = events.reduce((from, event) => evolve(from, event, NOON), before);
    return { before, command, events, after: state };
  });
}

const walks = fc
  .array(fc.oneof({ arbitrary: commands, weight: 30 }, { arbitrary: endings, weight: 1 }), {
    minLength: 1,
    maxLength: 60,
  })
  .map(walk);
const RUNS = { numRuns: 3000 };

describe('any sequence of commands', () => {
  it('has at most one terminal event, and nothing after it', () => {
    fc.assert(
      fc.property(walks, (steps) => {
        const types = steps.flatMap((step) => step.events.map((event) => event.type));
        const end = types.findIndex((type) => type === 'settled' || type === 'failed');
        expect(end === -1 ? [] : types.slice(end + 1)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('moves only along the table', () => {
    fc.assert(
      fc.property(walks, (steps) => {
        for (const { before, command, events, after } of steps) {
          if (events.length === 0) continue;
          const row: Readonly<Partial<Record<string, readonly string[]>>> = TRANSITIONS[before.status];
          expect(row[command.type] ?? []).toContain(after.status);
        }
      }),
      RUNS,
    );
  });

  it('executes nothing that was not permitted, approved, edited or resolved', () => {
    fc.assert(
      fc.property(walks, (steps) => {
        for (const { before, after } of steps) {
          if (after.status !== 'SETTLED' || before.status === 'SETTLED' || after.outcome.kind !== 'executed')
            continue;
          expect(
            before.status === 'RESUMING' &&
              (before.course.do === 'execute' || before.course.do === 'resolve'),
          ).toBe(true);
          expect(after.asked ? after.winner?.verb : 'permitted').toMatch(
            /^(approve|edit|resolve|permitted)$/,
          );
        }
      }),
      RUNS,
    );
  });

  it('is not changed by a forged decision', () => {
    fc.assert(
      fc.property(walks, fc.constantFrom(...VERBS), (steps, verb) => {
        const state = steps.at(-1)?.after ?? anEscalation('JUDGED');
        const decision = decisionFor(state, aDecision(verb, { id: anId('forged') }));
        const answer = decide(state, { type: 'respond', decision });
        if ('refused' in answer) return;
        const responded = answer.reduce((from, event) => evolve(from, event, NOON + 1), state);
        const unproven = verb === 'approve' || verb === 'edit';
        const disproof: Command = unproven
          ? { type: 'reask', reason: 'unverified' }
          : { type: 'verify', decision: decision.id, genuine: false };
        const verdict = decide(responded, disproof);
        if ('refused' in verdict) throw new Error(verdict.detail);
        const after = verdict.reduce((from, event) => evolve(from, event, NOON + 2), responded);
        // The claim's finding asks the same rung once more, which answers what is stored.
        const question = (of: Escalation): unknown => (unproven ? questionOf(of) : of);
        expect(question(after)).toEqual(question(state));
      }),
      RUNS,
    );
  });

  it('never goes back to an earlier round or rung of it', () => {
    fc.assert(
      fc.property(walks, (steps) => {
        for (const { before, after } of steps) {
          const [was, is] = [questionOf(before), questionOf(after)];
          if (was === null || is === null) continue;
          expect(is.round > was.round || (is.round === was.round && is.rung >= was.rung)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('tells the journal no more than references', () => {
    fc.assert(
      fc.property(walks, (steps) => {
        for (const event of steps.flatMap((step) => step.events)) {
          for (const value of Object.values(factOf(event) ?? {}))
            expect(String(value)).toMatch(/^[\w.:-]{1,80}$/);
        }
      }),
      RUNS,
    );
  });

  it('reaches every status', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(walks, (steps) => steps.forEach(({ after }) => seen.add(after.status))),
      RUNS,
    );
    expect(seen).toEqual(new Set(Object.keys(TRANSITIONS)));
  });
});

describe('a task', () => {
  it('is COMPLETED or FAILED only when no branch is open', () => {
    fc.assert(
      fc.property(fc.array(walks, { maxLength: 4 }), fc.boolean(), (all, planning) => {
        const branches = all.map((steps, operation) => ({
          ...(steps.at(-1)?.after ?? anEscalation('JUDGED')),
          operation,
        }));
        const ended = ['COMPLETED', 'FAILED'].includes(foldTask(branches, planning));
        const open = branches.some(isOpen);
        expect(ended ? !open : open || planning).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
