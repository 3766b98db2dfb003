import { describe, expect, it } from 'vitest';
import {
  HALT,
  NOON,
  OTHER_HALT,
  aDecision,
  aQuestion,
  after,
  anEscalation,
} from '../../test/support/escalations.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';

describe('asking anew', () => {
  it('is a next round without digests, from the first role', () => {
    const asked = after(anEscalation('RESUMING', { question: aQuestion({ rung: 1 }) }), {
      type: 'reask',
      reason: 'limit',
    });
    expect(asked).toMatchObject({ status: 'PAUSED_PENDING_HUMAN', delivered: false, reason: 'limit' });
    expect(asked).toMatchObject({
      question: { round: 2, rung: 0, digest: null, briefDigest: null, answerBy: null, kind: 'approval' },
    });
  });

  it('asks about the edit when it was genuine and about the original when it fell', () => {
    const edited = after(anEscalation('PAUSED_PENDING_HUMAN'), {
      type: 'respond',
      decision: aDecision('edit'),
    });
    expect(after(edited, { type: 'reask', reason: 'policy-stricter' })).toMatchObject({
      question: { generation: 2 },
    });
    expect(after(edited, { type: 'reask', reason: 'withdrawn' })).toMatchObject({
      question: { generation: 1 },
    });
    expect(after(edited, { type: 'bar', halt: HALT, question: null })).toMatchObject({
      question: { generation: 1 },
      halt: HALT,
    });
  });

  it('of an unknown call asks what became of it, also after a halt', () => {
    const unknown = after(anEscalation('RESUMING'), { type: 'reask', reason: 'unknown' });
    expect(unknown).toMatchObject({ reason: 'unknown', question: { kind: 'resolution' } });
    const lifted = after(unknown, { type: 'halt', halt: HALT, scope: 'wider' }, { type: 'lift', halt: HALT });
    expect(lifted).toMatchObject({ reason: 'unknown', question: { kind: 'resolution', round: 3 } });
  });

  it('of what the policy alone let run starts without a ladder', () => {
    const permitted = after(anEscalation('JUDGED'), { type: 'permit', generation: 1, tier: 1 });
    expect(after(permitted, { type: 'reask', reason: 'limit' })).toMatchObject({
      question: { round: 2, rungs: 1, fallback: 'hold', role: '' },
    });
  });
});

describe('a wider halt', () => {
  it('waits until the same halt is lifted, then starts a new round', () => {
    const halted = after(anEscalation('PAUSED_PENDING_HUMAN'), { type: 'halt', halt: HALT, scope: 'wider' });
    expect(decide(halted, { type: 'lift', halt: OTHER_HALT })).toHaveProperty('refused');
    expect(after(halted, { type: 'lift', halt: HALT })).toMatchObject({
      halt: null,
      delivered: false,
      reason: 'halt-lifted',
      question: { round: 2 },
    });
  });

  it('is replaced by another that is still in force', () => {
    const halted = after(anEscalation('PAUSED_PENDING_HUMAN'), { type: 'halt', halt: HALT, scope: 'wider' });
    expect(after(halted, { type: 'halt', halt: OTHER_HALT, scope: 'wider' })).toMatchObject({
      halt: OTHER_HALT,
    });
  });
});

describe('evolve', () => {
  it('throws on an event that does not follow', () => {
    expect(() =>
      evolve(anEscalation('SETTLED'), { type: 'failed', reason: 'error', detail: 'x' }, NOON),
    ).toThrow('does not follow from SETTLED');
  });

  it('carries nothing of a former status along', () => {
    const settled = after(anEscalation('RESUMING'), { type: 'finish', outcome: { kind: 'executed' } });
    expect(Object.keys(settled).toSorted()).toEqual(Object.keys(anEscalation('SETTLED')).toSorted());
    const paused = after(anEscalation('RESUMING'), { type: 'reask', reason: 'drift' });
    expect(Object.keys(paused).toSorted()).toEqual(
      Object.keys(anEscalation('PAUSED_PENDING_HUMAN')).toSorted(),
    );
  });
});
