import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCase, someFacts } from '../../test/support/policy-case.js';
import {
  anInput,
  dayOf,
  frame,
  policyWith,
  readings,
  rule,
  strictness,
  words,
} from '../../test/support/random-case.js';
import { asksFirst } from '../domain/verdict.js';
import { judge } from './judge.js';
import { reservationsOf } from './limits.js';

/*
 * fast-check prints the seed of a failure. Each property names the mutation of the code that it was seen to catch.
 */

describe('judge', () => {
  // Caught: the day of a limit taken from the process's clock instead of `now`.
  it('gives the same verdict for the same input, also from a policy loaded anew', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), frame, anInput, (rules, more, input) => {
        const verdict = judge({ ...input, policy: policyWith(rules, more) });
        expect(judge({ ...structuredClone(input), policy: policyWith(rules, more) })).toEqual(verdict);
        expect(verdict.reservations.every(({ key }) => key.endsWith(`day=${dayOf(input.now)}`))).toBe(true);
      }),
    );
  });

  // Caught: `strictest` that takes the level of the first reason; any reason at `notify` that decides the level.
  it('never loosens by a further rule, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 4 }),
        rule,
        fc.nat(4),
        frame,
        anInput,
        (rules, further, at, more, input) => {
          const before = judge({ ...input, policy: policyWith(rules, more) });
          const after = judge({ ...input, policy: policyWith(rules.toSpliced(at, 0, further), more) });
          expect(strictness(after.level)).toBeGreaterThanOrEqual(strictness(before.level));
          expect(after.fired.length).toBeGreaterThanOrEqual(before.fired.length);
        },
      ),
    );
  });

  // Caught: the tier taken from `action.args.tier` when present; the tier's reason left out when `readings.confidence` is above 0.9.
  it('defect 6: never loosens by words of a model or a requester: below what the call itself asks for', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), frame, anInput, (rules, more, input) => {
        const silent = {
          ...input,
          action: { ...input.action, args: {}, readings: {} },
          task: { ...input.task, situation: 'refund' },
        };
        const floor = judge({ ...silent, policy: policyWith([], more) });
        expect(strictness(judge({ ...input, policy: policyWith(rules, more) }).level)).toBeGreaterThanOrEqual(
          strictness(floor.level),
        );
      }),
      { numRuns: 300 },
    );
  });

  // Caught: judged as a call whose impact cannot be read (tier 4, another ladder); a hard reason (a rule that rests on readings asks nobody).
  it('asks about arguments that nobody can read, and loosens nothing by it', () => {
    const names = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), anInput, names, (rules, input, unshown) => {
        const plain = { ...input, policy: policyWith(rules) };
        const before = judge(plain);
        const after = judge({ ...plain, unshown });
        expect(after).toMatchObject({
          level: before.level === 'stop' ? 'stop' : 'approve',
          tier: before.tier,
        });
        expect(after.reservations).toEqual(before.reservations);
        expect(after.fired.filter((fired) => fired.rule !== 'uninspectable')).toEqual(before.fired);
        expect(after.fired).toHaveLength(before.fired.length + 1);
        if (asksFirst(before.level)) expect(after.ladder).toEqual(before.ladder);
      }),
    );
  });

  // Caught: a condition that errs counted as not firing.
  it('never loosens by a reading that is withheld', () => {
    fc.assert(
      fc.property(
        rule,
        anInput,
        fc.constantFrom('confidence', 'score', 'flag', 'mood'),
        (one, input, withheld) => {
          const policy = policyWith([one]);
          const { [withheld]: _, ...rest } = input.action.readings;
          const without = judge({ ...input, policy, action: { ...input.action, readings: rest } });
          expect(strictness(without.level)).toBeGreaterThanOrEqual(
            strictness(judge({ ...input, policy }).level),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  // Caught: `decidingAsk` that takes the first reason with a route, soft or not.
  it('lets no reading and no situation change whom a call asks that asks by itself', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 4 }),
        anInput,
        readings,
        words,
        (rules, input, said, situation) => {
          // At level stop nothing runs: who takes the work over is for the claims that stop it.
          const policy = policyWith(
            rules.filter(
              ({ when, level }) =>
                level !== 'stop' && (when.includes('readings') || when.includes('situation')),
            ),
          );
          const asks = {
            ...input,
            policy,
            facts: someFacts('refund'),
            action: { ...input.action, tool: 'refund' },
          };
          const other = {
            ...asks,
            action: { ...asks.action, readings: said },
            task: { ...asks.task, situation },
          };
          expect(judge(other).ladder).toEqual(judge(asks).ladder);
        },
      ),
    );
  });

  // Caught: evaluating the rules on the action as it is only.
  it('case 8: finds a word however it is split invisibly', () => {
    const policy = policyWith([
      {
        when: `action.args.text.contains('rm -rf')`,
        trigger: 'boundary',
        level: 'approve',
        route: undefined,
      },
    ]);
    const invisible = fc.constantFrom(
      '\u200b',
      '\u200d',
      '\u2060',
      '\ufeff',
      '\u00ad',
      '\ufe0f',
      '\u{e0041}',
      '\u202e',
      '\u0008',
    );
    fc.assert(
      fc.property(
        words,
        words,
        fc.array(fc.tuple(fc.nat(6), invisible), { maxLength: 6 }),
        (before, after, splits) => {
          const split = splits.reduce(
            (text, [at, what]) => text.slice(0, at) + what + text.slice(at),
            'rm -rf',
          );
          expect(
            judge({ ...aCase({ action: { args: { text: `${before}${split} ${after}` } } }), policy }).level,
          ).toBe('approve');
        },
      ),
    );
  });

  // Caught: `counted <= limit` without the amount; the amount taken with its sign.
  it('case 34: lets no more than the limit through without a person, however it is split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(9_900, -9_900), fc.integer({ min: -10_000, max: 10_000 })), {
          minLength: 15,
          maxLength: 40,
        }),
        (amounts) => {
          const counters: Record<string, number> = {};
          let through = 0;
          for (const minor of amounts) {
            const input = aCase({ counters, action: { impact: { money: { minor, currency: 'USD' } } } });
            if (judge(input).level === 'approve') continue;
            through += Math.abs(minor);
            for (const { key, amount } of reservationsOf(input))
              counters[key] = (counters[key] ?? 0) + amount;
          }
          expect(through).toBeLessThanOrEqual(50_000);
        },
      ),
    );
  });

  // Caught: `tools.X.level` applied without the floor; facts of another name believed.
  it('asks for every tier 4 call and every unknown tool, whatever the policy says', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 3 }),
        frame,
        anInput,
        fc.constantFrom('auto', 'notify', 'soft'),
        fc.constantFrom('none', 'other', 'own'),
        (rules, more, input, level, kind) => {
          const policy = policyWith(rules, { ...more, tools: { refund: { level } } });
          const facts = kind === 'none' ? null : someFacts(kind === 'own' ? 'refund' : 'read');
          const verdict = judge({ ...input, policy, facts, action: { ...input.action, tool: 'refund' } });
          expect(verdict.tier).toBe(4);
          expect(asksFirst(verdict.level)).toBe(true);
          expect(verdict.ladder.rungs.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
