import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { someFacts } from '../../test/support/policy-case.js';
import { anInput, frame, policyWith, rule, strictness } from '../../test/support/random-case.js';
import { asksFirst, LEVELS, TRIGGERS } from '../domain/verdict.js';
import { judge } from './judge.js';
import { isStricter } from './reason.js';

/*
 * fast-check prints the seed of a failure. Each property names the mutation of the code that it was seen to catch.
 */

const rules = fc.array(rule, { maxLength: 4 });
const RISING = ['full', 'monitored', 'constrained', 'supervised'] as const;

describe('levels', () => {
  // Caught: `strictest` that stops at `approve`.
  it('strictest wins: the level is that of the strictest reason, and auto without any', () => {
    fc.assert(
      fc.property(rules, frame, anInput, (some, more, input) => {
        const verdict = judge({ ...input, policy: policyWith(some, more) });
        const levels = verdict.fired.map(({ level }) => level);
        expect(verdict.level).toBe(LEVELS.findLast((level) => levels.includes(level)) ?? 'auto');
      }),
    );
  });

  // Caught: soft let through without an undo; the window at the ladder's ttl.
  it('soft only ever runs what can be undone, and asks one role for the window', () => {
    const softest = fc.record({ level: fc.constant('soft'), window: fc.constant('10m') });
    fc.assert(
      fc.property(rules, frame, anInput, softest, (some, more, input, entry) => {
        const tools = { read: entry, note: entry, mail: entry, pay: entry };
        const verdict = judge({ ...input, policy: policyWith(some, { ...more, tools }) });
        if (verdict.level !== 'soft') return;
        expect(input.facts?.hasUndo).toBe(true);
        expect(verdict.tier).toBeLessThanOrEqual(2);
        expect(verdict.ladder).toEqual({
          rungs: [{ role: expect.any(String), ttlMs: 600_000, remindAfterMs: 300_000 }],
          fallback: 'deny',
        });
      }),
      { numRuns: 300 },
    );
  });

  // Caught: a ladder at `approve` only.
  it('somebody is asked exactly where people decide', () => {
    fc.assert(
      fc.property(rules, frame, anInput, (some, more, input) => {
        const { level, ladder } = judge({ ...input, policy: policyWith(some, more) });
        expect(ladder.rungs.length > 0).toBe(level === 'soft' || asksFirst(level));
      }),
    );
  });

  // Caught: the tier not looked at when a ladder falls back.
  it('a safe action stands on a ladder that falls back to it, and never under tier 4', () => {
    fc.assert(
      fc.property(rules, frame, anInput, (some, more, input) => {
        const { tier, ladder } = judge({
          ...input,
          policy: policyWith(some, { ...more, ladder: 'careful' }),
        });
        expect(ladder.safe !== undefined).toBe(ladder.fallback === 'safe');
        if (ladder.safe) expect(tier).toBeLessThan(4);
      }),
    );
  });

  // Caught: the rule's own level where that is below approve.
  it('a rule that cannot be evaluated escalates, at its own level where that is stricter', () => {
    const errs = fc.constantFrom(
      'readings.absent > 1',
      'action.args.absent == 1',
      'int(readings.absent) > 0',
    );
    fc.assert(
      fc.property(rules, rule, errs, frame, anInput, (some, one, when, more, input) => {
        const policy = policyWith([...some, { ...one, when }], more);
        const { level, fired } = judge({ ...input, policy });
        const own = fired.find(({ rule: id }) => id === `r${some.length}`);
        expect(own?.error).toBeDefined();
        expect(own?.level).toBe(isStricter(one.level, 'approve') ? one.level : 'approve');
        expect(strictness(level)).toBeGreaterThanOrEqual(strictness(own?.level ?? 'auto'));
      }),
    );
  });
});

describe('what else a policy says', () => {
  // Caught: every trigger recorded as `policy`; a rule of the kind `risk` that counts twice as strict.
  it('the kind of a trigger changes nothing but what is recorded', () => {
    fc.assert(
      fc.property(rules, fc.constantFrom(...TRIGGERS), frame, anInput, (some, trigger, more, input) => {
        const plain = judge({ ...input, policy: policyWith(some, more) });
        const other = judge({
          ...input,
          policy: policyWith(
            some.map((one) => ({ ...one, trigger })),
            more,
          ),
        });
        expect({ ...other, fired: null, policyHash: null }).toEqual({
          ...plain,
          fired: null,
          policyHash: null,
        });
        expect(
          other.fired.filter(({ rule: id }) => /^r\d/.test(id)).every((fired) => fired.trigger === trigger),
        ).toBe(true);
      }),
    );
  });

  // Caught: a level in the table of `full` above that of `monitored`; supervised as a default only.
  it('less autonomy never loosens, and under supervision all but reading asks', () => {
    fc.assert(
      fc.property(rules, frame, anInput, (some, more, input) => {
        const tools = { ...more.tools, note: { level: 'auto' } };
        const levelAt = (autonomy: string | undefined) =>
          judge({ ...input, policy: policyWith(some, { ...more, tools, autonomy }) }).level;
        const levels = RISING.map(levelAt);
        expect(levels.map(strictness)).toEqual(levels.map(strictness).toSorted((a, b) => a - b));
        expect(levelAt(undefined)).toBe(levels[2]);
        if (input.facts?.tier !== 1) expect(asksFirst(levels[3] ?? 'auto')).toBe(true);
      }),
    );
  });

  // Caught: no reason for the stage of drafts; a tool that counts as listed at every stage.
  it('an earlier stage never loosens; one of drafts asks for all but reading, a narrow one for what is not listed', () => {
    const unlisted = fc.boolean();
    fc.assert(
      fc.property(rules, frame, anInput, unlisted, (some, more, input, foreign) => {
        const action = foreign ? { ...input.action, tool: 'other' } : input.action;
        const facts = foreign ? { ...someFacts('note'), name: 'other' } : input.facts;
        const levels = ['broad', 'narrow', 'assistant'].map(
          (stage) => judge({ ...input, action, facts, policy: policyWith(some, { ...more, stage }) }).level,
        );
        expect(levels.map(strictness)).toEqual(levels.map(strictness).toSorted((a, b) => a - b));
        if (foreign) expect(asksFirst(levels[1] ?? 'auto')).toBe(true);
        if (foreign || input.facts?.tier !== 1) expect(asksFirst(levels[2] ?? 'auto')).toBe(true);
      }),
    );
  });

  // Caught: the level of the map in the place of the tier's.
  it('a risk map never loosens', () => {
    fc.assert(
      fc.property(rules, frame, anInput, (some, more, input) => {
        const without = judge({ ...input, policy: policyWith(some, { ...more, riskMap: undefined }) });
        const mapped = judge({ ...input, policy: policyWith(some, more) });
        expect(strictness(mapped.level)).toBeGreaterThanOrEqual(strictness(without.level));
      }),
      { numRuns: 200 },
    );
  });

  // Caught: a reason from outside that takes the place of the others.
  it('a reason from outside the policy never loosens', () => {
    const reason = fc.record({
      rule: fc.constant('outside'),
      trigger: fc.constantFrom(...TRIGGERS),
      level: fc.constantFrom(...LEVELS),
      values: fc.constant({}),
    });
    fc.assert(
      fc.property(
        rules,
        frame,
        anInput,
        fc.array(reason, { minLength: 1, maxLength: 3 }),
        (some, more, input, also) => {
          const plain = { ...input, policy: policyWith(some, more) };
          expect(strictness(judge({ ...plain, also }).level)).toBeGreaterThanOrEqual(
            strictness(judge(plain).level),
          );
        },
      ),
    );
  });

  // Caught: the autonomy taken from the readings.
  it('a reading that no rule names changes nothing', () => {
    fc.assert(
      fc.property(rules, frame, anInput, fc.string(), (some, more, input, said) => {
        const policy = policyWith(some, more);
        const action = {
          ...input.action,
          readings: { ...input.action.readings, unnamed: said, autonomy: 'full' },
        };
        expect(judge({ ...input, policy, action })).toEqual(judge({ ...input, policy }));
      }),
    );
  });

  // Caught: sign-offs that lift the cumulative limits.
  it('a sign-off changes no verdict', () => {
    const signOffs = [
      { role: 'compliance', by: 'iris', on: '2020-01-01', review: '2020-02-01', tools: ['read'] },
    ];
    fc.assert(
      fc.property(rules, frame, anInput, (some, more, input) => {
        const plain = judge({ ...input, policy: policyWith(some, more) });
        const signed = judge({ ...input, policy: policyWith(some, { ...more, signOffs }) });
        expect({ ...signed, policyHash: null }).toEqual({ ...plain, policyHash: null });
      }),
    );
  });
});
