import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anInput, frame, policyWith, rule, strictness } from '../../test/support/random-case.js';
import type { AnomalyId } from '../domain/ids.js';
import type { JudgeInput } from './case.js';
import { judge } from './judge.js';

const rules = fc.array(
  fc.oneof(
    rule,
    rule.map((each) => ({ ...each, trigger: 'anomaly' as const })),
  ),
  { maxLength: 4 },
);
/** Any rules of the file, names of the gate's own, and names that nothing has. */
const known: fc.Arbitrary<NonNullable<JudgeInput['known']>> = fc
  .uniqueArray(
    fc.constantFrom('r0', 'r1', 'r2', 'r3', 'tier:4', 'unknown-tool', 'uninspectable', 'unlisted-tool', 'x'),
  )
  .map(
    (names) => new Map(names.map((name) => [name, { anomaly: `id-${name}-1234` as AnomalyId, until: 0 }])),
  );

describe('judge with known anomalies', () => {
  // Caught: lowering where `known` is there at all.
  it('is as without any when none is known', () => {
    fc.assert(
      fc.property(rules, frame, anInput, (specs, more, input) => {
        const policy = policyWith(specs, more);
        expect(judge({ ...input, policy, known: new Map() })).toEqual(judge({ ...input, policy }));
      }),
    );
  });

  // Caught: lowering a rule of any trigger; one that erred; to `auto`; lowering all reasons once one is known.
  it('never asks for less than the same policy without its rules of trigger anomaly, nor for more than with them', () => {
    fc.assert(
      fc.property(rules, frame, anInput, known, (specs, more, input, those) => {
        const policy = policyWith(specs, more);
        const without = { ...policy, rules: policy.rules.filter(({ trigger }) => trigger !== 'anomaly') };
        const whole = judge({ ...input, policy });
        const verdict = judge({ ...input, policy, known: those });
        const floor = judge({ ...input, policy: without });
        expect(strictness(verdict.level)).toBeGreaterThanOrEqual(strictness(floor.level));
        expect(strictness(verdict.level)).toBeLessThanOrEqual(strictness(whole.level));
        const lowered = verdict.fired.filter(({ values }) => 'knownAnomaly' in values);
        for (const fired of lowered) expect(fired).toMatchObject({ trigger: 'anomaly', level: 'notify' });
        expect(lowered.filter(({ error }) => error !== undefined)).toEqual([]);
        expect(verdict.reservations).toEqual(whole.reservations);
      }),
      { numRuns: 300 },
    );
  });
});
