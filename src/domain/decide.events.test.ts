import { describe, expect, it } from 'vitest';
import { aDecision, anEscalation, anId, aQuestion, HALT } from '../../test/support/escalations.js';
import { decide } from './decide.js';
import type { DecisionMessage } from './decision.js';
import type { Command, Escalation, Question } from './escalation.js';
import type { DecisionId } from './ids.js';

const window = aQuestion({ kind: 'confirmation', round: 2, rungs: 1 });
const unknown = aQuestion({ kind: 'resolution' });

function verified(decision: DecisionMessage, question: Question = aQuestion()) {
  const state = anEscalation('HUMAN_RESPONDED', { decision, question });
  return decide(state, { type: 'verify', decision: decision.id, genuine: true });
}

const refused = (state: Escalation, command: Command) => 'refused' in decide(state, command);

// Seen to fail: each with the course of another verb or of another kind of question.
describe('a genuine decision resumes as what it says', () => {
  it.each([
    ['approve', aQuestion(), { do: 'execute', decisions: ['d-approve'] }],
    ['approve', window, { do: 'confirm', decision: 'd-approve' }],
    ['reject', aQuestion(), { do: 'reject', decision: 'd-reject' }],
    ['reject', window, { do: 'undo', decision: 'd-reject' }],
    ['respond', aQuestion(), { do: 'answer', decision: 'd-respond' }],
    ['take-over', aQuestion(), { do: 'take-over', decision: 'd-take-over' }],
    ['resolve', unknown, { do: 'resolve', decision: 'd-resolve', resolution: 'happened' }],
  ] as const)('%s', (verb, question, course) => {
    expect(verified(aDecision(verb), question)).toEqual([{ type: 'resumed', course, generation: 1 }]);
  });

  // Seen to fail: an approval of whatever was asked let a call run, and a field that is not there was taken as it was.
  it('or not at all, where it does not fit its question or lacks what it needs', () => {
    const { until: _until, ...hold } = aDecision('hold');
    const { resolution: _resolution, ...resolve } = aDecision('resolve');
    expect(verified(aDecision('approve'), unknown)).toMatchObject({ refused: 'conflict' });
    expect(verified(aDecision('approve'), aQuestion({ kind: 'stop' }))).toMatchObject({
      refused: 'conflict',
    });
    expect(verified(hold)).toMatchObject({ refused: 'conflict' });
    expect(verified({ ...hold, verb: 'extend' })).toMatchObject({ refused: 'conflict' });
    expect(verified(resolve, unknown)).toMatchObject({ refused: 'conflict' });
  });

  // Seen to fail: every forgery journalled as a vote that was taken back.
  it('and one that is not is a forgery, unless it was taken back', () => {
    const state = anEscalation('HUMAN_RESPONDED', { decision: aDecision('approve') });
    const said = { type: 'verify', decision: anId<DecisionId>('d-approve'), genuine: false } as const;
    expect(decide(state, said)).toEqual([{ type: 'forged', decision: 'd-approve' }]);
    expect(decide(state, { ...said, withdrawn: true })).toEqual([
      { type: 'taken-back', decision: 'd-approve' },
    ]);
  });
});

// Seen to fail: what ran softly denied, and so left as it is.
it.each([
  ['a window', window, { do: 'undo', decision: null }],
  ['a question', aQuestion({ rungs: 1 }), { do: 'deny', because: 'unanswered' }],
] as const)('silence on the last rung of %s resumes as what it means', (_, question, course) => {
  const late = anEscalation('TIMED_OUT', { question });
  expect(decide(late, { type: 'fall-back' })).toEqual([{ type: 'resumed', course, generation: 1 }]);
});

// Seen to fail: the window not told from another question, or from an earlier round.
it('what ran softly goes into a window of a later round, and into nothing else', () => {
  const course = { do: 'execute', decisions: [] } as const;
  const ran = anEscalation('RESUMING', { course, question: null, decision: null });
  const into = (about: Partial<Question>) => refused(ran, { type: 'act', question: { ...window, ...about } });
  expect(into({})).toBe(false);
  expect(into({ kind: 'approval' })).toBe(true);
  expect(into({ round: 1 })).toBe(true);
  expect(into({ round: 0 })).toBe(true);
});

describe('what comes late or for another', () => {
  const asking = anEscalation('PAUSED_PENDING_HUMAN', {
    question: aQuestion({ round: 2, generation: 2, rung: 1 }),
    delivered: false,
  });

  // Seen to fail: an answer about an earlier round or another generation taken for the one that was asked for.
  it.each([
    ['an earlier round', { round: 1, generation: 2 }],
    ['another generation', { round: 2, generation: 1 }],
    ['an earlier rung', { round: 2, generation: 2, rung: 0 }],
  ])('is no answer of the asking: %s', (_, about) => {
    const question = aQuestion({ rung: 1, ...about });
    expect(refused(asking, { type: 'deliver', question, tier: 4 })).toBe(true);
    expect(refused(asking, { type: 'miss', question })).toBe(true);
    expect(refused(asking, { type: 'bar', halt: HALT, question })).toBe(true);
  });

  // Seen to fail: time run out on a rung that was not asked yet.
  it('runs out no time of a rung that nobody was asked on', () => {
    expect(refused(asking, { type: 'expire' })).toBe(true);
    expect(refused({ ...asking, delivered: true }, { type: 'expire' })).toBe(false);
  });

  // Seen to fail: queued while somebody's answer was being verified.
  it('queues nothing that was answered meanwhile', () => {
    expect(refused(asking, { type: 'queue', askBy: 1 })).toBe(false);
    expect(refused(anEscalation('HUMAN_RESPONDED', { delivered: false }), { type: 'queue', askBy: 1 })).toBe(
      true,
    );
  });
});
