import { describe, expect, it } from 'vitest';
import { anEscalation, aQuestion, HOUR, NOON } from '../../test/support/escalations.js';
import type { Escalation, State } from './escalation.js';
import { foldTask, mostUrgent } from './task.js';

const soon = anEscalation('PAUSED_PENDING_HUMAN', {
  operation: 3,
  question: aQuestion({ answerBy: NOON + HOUR }),
});
const later = anEscalation('HUMAN_RESPONDED', {
  operation: 1,
  question: aQuestion({ answerBy: NOON + 2 * HOUR }),
});
const held = anEscalation('TIMED_OUT', { operation: 2, question: aQuestion({ answerBy: null }) });
const permitted = anEscalation('RESUMING', { question: null });
const settled = anEscalation('SETTLED');
const failed = anEscalation('FAILED');

describe('foldTask', () => {
  it.each([
    ['a planner that has not said done', [], true, 'RUNNING'],
    ['nothing left', [settled], false, 'COMPLETED'],
    ['a settled step with more to plan', [settled], true, 'RUNNING'],
    ['a branch that asked nobody', [permitted, soon], false, 'RUNNING'],
    ['a branch that is being asked', [anEscalation('JUDGED'), soon], false, 'RUNNING'],
    ['an open question, although the planner has more', [soon, settled], true, 'PAUSED_PENDING_HUMAN'],
    ['an approved call that runs', [anEscalation('RESUMING'), settled], false, 'RESUMING'],
    ['a failed branch beside an open one', [failed, soon], false, 'PAUSED_PENDING_HUMAN'],
    ['a failed branch alone', [failed, settled], true, 'FAILED'],
  ] satisfies readonly [string, readonly Escalation[], boolean, State][])(
    '%s',
    (_, branches, planning, state) => {
      expect(foldTask(branches, planning)).toBe(state);
    },
  );

  it('takes the nearest deadline, no deadline last', () => {
    expect(foldTask([held, later, soon], false)).toBe('PAUSED_PENDING_HUMAN');
    expect(foldTask([held, later], false)).toBe('HUMAN_RESPONDED');
    expect(foldTask([held], false)).toBe('TIMED_OUT');
  });

  it('takes the higher tier, then the lower operation, on one deadline', () => {
    const low = { ...soon, operation: 1, tier: 3 } as const;
    const high = { ...soon, operation: 2, tier: 4 } as const;
    expect(mostUrgent([low, high])).toBe(high);
    expect(mostUrgent([{ ...high, operation: 9 }, high])).toBe(high);
  });
});
