import { describe, expect, it } from 'vitest';
import {
  HALT,
  HOUR,
  NOON,
  aDecision,
  aDigest,
  aQuestion,
  after,
  anEscalation,
  anId,
} from '../../test/support/escalations.js';
import { decide } from './decide.js';
import type { DecisionMessage } from './decision.js';
import type { Escalation } from './escalation.js';

function refusal(state: Escalation, decision: DecisionMessage): string {
  const answer = decide(state, { type: 'respond', decision });
  return 'refused' in answer ? answer.refused : 'accepted';
}

describe('a decision about another question', () => {
  const paused = anEscalation('PAUSED_PENDING_HUMAN');

  it.each([
    ['escalation', { escalation: anId('t1:2') }],
    ['operation', { operation: 2 }],
    ['generation', { generation: 2 }],
    ['round', { round: 2 }],
    ['digest', { digest: aDigest('x') }],
    ['brief', { briefDigest: aDigest('x') }],
  ] satisfies readonly [string, Partial<DecisionMessage>][])(
    'is stale when its %s differs',
    (_, difference) => {
      expect(refusal(paused, aDecision('approve', difference))).toBe('stale');
      expect(refusal(anEscalation('HUMAN_RESPONDED'), aDecision('approve', difference))).toBe('stale');
      expect(refusal({ ...paused, halt: HALT }, aDecision('approve', difference))).toBe('stale');
    },
  );

  it('is stale while the next round is being asked', () => {
    const unasked = after(anEscalation('RESUMING'), { type: 'reask', reason: 'drift' });
    expect(refusal(unasked, aDecision('approve'))).toBe('stale');
    expect(refusal(unasked, aDecision('approve', { round: 2 }))).toBe('pending');
    expect(refusal(anEscalation('JUDGED', { round: 2 }), aDecision('approve'))).toBe('stale');
  });

  it('waits when it is about a round that a run that was reset has not come to', () => {
    expect(refusal(anEscalation('JUDGED'), aDecision('approve', { round: 2 }))).toBe('pending');
  });
});

describe('a decision in time', () => {
  const { question } = anEscalation('PAUSED_PENDING_HUMAN');
  const deadline = question.answerBy ?? 0;

  it('counts up to the last millisecond, by the time at which it was stored', () => {
    expect(refusal(anEscalation('PAUSED_PENDING_HUMAN'), aDecision('approve', { at: deadline }))).toBe(
      'accepted',
    );
    expect(refusal(anEscalation('PAUSED_PENDING_HUMAN'), aDecision('approve', { at: deadline + 1 }))).toBe(
      'too-late',
    );
  });

  it('may come from an earlier role until the next deadline is known', () => {
    const climbing = after(anEscalation('PAUSED_PENDING_HUMAN'), { type: 'expire' }, { type: 'climb' });
    expect(refusal(climbing, aDecision('approve', { at: deadline + 1 }))).toBe('accepted');
  });
});

describe('a permission', () => {
  const waiting = after(anEscalation('JUDGED'), {
    type: 'bar',
    halt: HALT,
    question: aQuestion({ digest: null, briefDigest: null }),
  });

  it('that comes too late lets nothing run that is asked about because a halt was lifted', () => {
    const lifted = after(waiting, { type: 'lift', halt: HALT });
    for (const state of [waiting, lifted])
      expect(decide(state, { type: 'permit', generation: 1, tier: 1 })).toMatchObject({
        refused: 'conflict',
      });
  });
});

describe('a malformed decision', () => {
  const paused = anEscalation('PAUSED_PENDING_HUMAN');
  const { edited: _edited, ...bareEdit } = aDecision('edit');
  const { until: _until, ...bareHold } = aDecision('hold');

  it.each([
    ['an edit without its digest', bareEdit, 'invalid'],
    [
      'an edit of the same generation',
      aDecision('edit', { edited: { generation: 1, digest: aDigest('e') } }),
      'invalid',
    ],
    ['a hold without a date', bareHold, 'invalid'],
    ['a hold that shortens', aDecision('hold', { until: NOON + HOUR }), 'invalid'],
    ['a hold beyond the bound', aDecision('hold', { until: NOON + 73 * HOUR }), 'policy-refused'],
  ])('is refused: %s', (_, decision, code) => {
    expect(refusal(paused, decision)).toBe(code);
  });

  it('is refused: a resolution without its finding', () => {
    const { resolution: _resolution, ...bare } = aDecision('resolve');
    expect(
      refusal(anEscalation('PAUSED_PENDING_HUMAN', { question: aQuestion({ kind: 'resolution' }) }), bare),
    ).toBe('invalid');
  });
});

describe('approve and edit', () => {
  it('resume with the digest that was decided on', () => {
    const approved = after(anEscalation('PAUSED_PENDING_HUMAN'), {
      type: 'respond',
      decision: aDecision('approve'),
    });
    expect(approved).toMatchObject({
      status: 'RESUMING',
      generation: 1,
      decision: { verb: 'approve' },
    });
    const edited = after(anEscalation('PAUSED_PENDING_HUMAN'), {
      type: 'respond',
      decision: aDecision('edit'),
    });
    expect(edited).toMatchObject({
      status: 'RESUMING',
      generation: 2,
      decision: { verb: 'edit' },
    });
  });

  it('tell the loser which decision won', () => {
    const approved = after(anEscalation('PAUSED_PENDING_HUMAN'), {
      type: 'respond',
      decision: aDecision('approve'),
    });
    expect(decide(approved, { type: 'respond', decision: aDecision('reject') })).toEqual({
      refused: 'already-decided',
      detail: 'decision d-approve (approve) came first',
      winner: { decision: 'd-approve', verb: 'approve' },
    });
  });
});

describe('a forged decision', () => {
  it.each(['reject', 'escalate', 'hold', 'extend'] as const)(
    'leaves the pause exactly as it was: %s',
    (verb) => {
      const paused = anEscalation('PAUSED_PENDING_HUMAN');
      const decision = aDecision(verb);
      expect(
        after(
          paused,
          { type: 'respond', decision },
          { type: 'verify', decision: decision.id, genuine: false },
        ),
      ).toEqual(paused);
    },
  );

  it('that was a vote which was taken back is told apart', () => {
    const paused = anEscalation('PAUSED_PENDING_HUMAN');
    const decision = aDecision('escalate');
    const responded = after(paused, { type: 'respond', decision });
    const found = { type: 'verify', decision: decision.id, genuine: false, withdrawn: true } as const;
    expect(decide(responded, found)).toEqual([{ type: 'taken-back', decision: decision.id }]);
    expect(after(responded, found)).toEqual(paused);
  });

  it('leaves a role that is still being asked as it was', () => {
    const climbing = after(anEscalation('PAUSED_PENDING_HUMAN'), { type: 'expire' }, { type: 'climb' });
    const decision = aDecision('reject');
    expect(
      after(
        climbing,
        { type: 'respond', decision },
        { type: 'verify', decision: decision.id, genuine: false },
      ),
    ).toEqual(climbing);
  });

  it.each(['approve', 'edit'] as const)(
    'that the claim found leaves the question and its deadline: %s',
    (verb) => {
      const paused = anEscalation('PAUSED_PENDING_HUMAN', { reason: 'drift' });
      const fallen = after(
        paused,
        { type: 'respond', decision: aDecision(verb) },
        { type: 'reask', reason: 'unverified' },
      );
      expect(fallen).toEqual({ ...paused, delivered: false, since: NOON + 2 * HOUR });
    },
  );

  it('is not verified in the name of another', () => {
    expect(
      decide(anEscalation('HUMAN_RESPONDED'), { type: 'verify', decision: anId('other'), genuine: true }),
    ).toHaveProperty('refused');
  });
});

describe('a verified decision', () => {
  const verified = (decision: DecisionMessage): Escalation =>
    after(anEscalation('HUMAN_RESPONDED', { decision }), {
      type: 'verify',
      decision: decision.id,
      genuine: true,
    });

  it('escalates to the next role, which has still to be asked', () => {
    expect(verified(aDecision('escalate'))).toMatchObject({
      delivered: false,
      question: { rung: 1, answerBy: null, round: 1 },
    });
  });

  it.each(['hold', 'extend'] as const)('moves the deadline and asks nobody again: %s', (verb) => {
    expect(verified(aDecision(verb))).toMatchObject({
      delivered: true,
      question: { rung: 0, answerBy: NOON + 48 * HOUR },
    });
  });

  it('has no effect when a halt overtook it', () => {
    const overtaken = anEscalation('HUMAN_RESPONDED', { halt: HALT });
    expect(
      after(overtaken, { type: 'verify', decision: overtaken.decision.id, genuine: true }),
    ).toMatchObject({ status: 'PAUSED_PENDING_HUMAN', halt: HALT });
    expect(
      after(overtaken, { type: 'verify', decision: overtaken.decision.id, genuine: false }),
    ).toMatchObject({ status: 'PAUSED_PENDING_HUMAN', halt: HALT });
  });
});

describe('an answer of the asking', () => {
  it.each([
    ['an earlier round', { round: 1 }],
    ['another generation', { round: 2, generation: 2 }],
  ])('is refused when it is about %s', (_, difference) => {
    const second = anEscalation('JUDGED', { round: 2 });
    expect(decide(second, { type: 'deliver', question: aQuestion(difference), tier: 4 })).toHaveProperty(
      'refused',
    );
  });

  it('may be about a later round: the store is further than a run that was reset', () => {
    const question = aQuestion({ round: 2, generation: 2 });
    for (const state of [anEscalation('JUDGED'), anEscalation('PAUSED_PENDING_HUMAN', { delivered: false })])
      expect(after(state, { type: 'deliver', question, tier: 4 })).toMatchObject({
        status: 'PAUSED_PENDING_HUMAN',
        delivered: true,
        question,
      });
  });

  it('is refused when it is about an earlier rung', () => {
    const climbing = after(anEscalation('PAUSED_PENDING_HUMAN'), { type: 'expire' }, { type: 'climb' });
    expect(decide(climbing, { type: 'deliver', question: aQuestion({ rung: 0 }), tier: 4 })).toHaveProperty(
      'refused',
    );
  });

  it('sets the tier the policy found', () => {
    expect(after(anEscalation('JUDGED'), { type: 'deliver', question: aQuestion(), tier: 3 })).toMatchObject({
      tier: 3,
      delivered: true,
    });
  });
});

describe('silence', () => {
  it('keeps the reason why nobody answered', () => {
    const missed = after(anEscalation('PAUSED_PENDING_HUMAN', { question: aQuestion({ rungs: 1 }) }), {
      type: 'miss',
      question: aQuestion({ rungs: 1 }),
    });
    expect(
      after(
        missed,
        { type: 'fall-back' },
        { type: 'finish', outcome: { kind: 'denied', because: 'undelivered' } },
      ),
    ).toMatchObject({
      status: 'SETTLED',
      outcome: { kind: 'denied', because: 'undelivered' },
      winner: null,
    });
  });

  it("ends on the owner's desk without a deadline, where no silence counts", () => {
    const held = after(anEscalation('TIMED_OUT', { question: aQuestion({ rung: 1, fallback: 'hold' }) }), {
      type: 'fall-back',
    });
    expect(held).toMatchObject({ delivered: false, question: { rung: 2, answerBy: null } });
    expect(decide(held, { type: 'miss', question: aQuestion({ rung: 2 }) })).toHaveProperty('refused');
  });

  it('never denies a call whose outcome is unknown', () => {
    const late = anEscalation('TIMED_OUT', {
      question: aQuestion({ rung: 1, fallback: 'deny', kind: 'resolution' }),
    });
    expect(after(late, { type: 'fall-back' })).toMatchObject({
      status: 'PAUSED_PENDING_HUMAN',
      question: { rung: 2 },
    });
  });
});
