import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aDecision } from '../../test/support/escalations.js';
import { VERBS } from '../domain/decision.js';
import { readDecision } from './read-decision.js';

describe('reading a decision', () => {
  it.each(VERBS)('takes a whole one as it is: %s', (verb) => {
    expect(readDecision(aDecision(verb))).toEqual(aDecision(verb));
  });

  it('drops what does not belong to it', () => {
    expect(readDecision({ ...aDecision('approve'), why: 'free text', nested: {} })).toEqual(
      aDecision('approve'),
    );
  });

  it('never throws, and answers nothing for anything else', () => {
    fc.assert(
      fc.property(fc.anything(), (sent) => {
        expect(readDecision(sent)).toBeUndefined();
      }),
    );
  });

  it('answers nothing when any one field is something else', () => {
    const whole = aDecision('edit', { until: 5, resolution: 'leave' });
    const spoil = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.object(),
      fc.double({ noInteger: true }),
      fc.constant(-1),
      fc.constant('a/b\n'),
      fc.constant([]),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(whole)), spoil, (field, value) => {
        expect(readDecision({ ...whole, [field]: value })).toBeUndefined();
      }),
    );
  });

  it('answers nothing when a needed field is missing', () => {
    for (const field of Object.keys(aDecision('approve'))) {
      expect(readDecision({ ...aDecision('approve'), [field]: undefined }), field).toBeUndefined();
    }
  });
});
