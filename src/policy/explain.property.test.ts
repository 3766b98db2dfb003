import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aCase, aPolicy, policyText } from '../../test/support/policy-case.js';
import { type Level, LEVELS } from '../domain/verdict.js';
import type { JudgeInput } from './case.js';
import { explain } from './explain.js';
import { judge } from './judge.js';
import type { Policy } from './policy.js';
import { withValue } from './with-value.js';

/* fast-check prints the seed of a failure. Each property names the mutation of the code that it was seen to catch. */

const when = fc.constantFrom(
  'readings.confidence < 0.5',
  'readings.confidence < 0.5 || readings.score > 2',
  'readings.confidence < 0.9 && history.failed > 1',
  'action.money.minor > 100 || action.money.minor < -100',
  "action.money.currency == 'USD' && action.money.minor >= 7000",
  '!(task.situation in agent.situations)',
  "action.args.text.contains('a')",
  'readings.flag',
  'action.tier > 2',
  '!readings.flag || action.args.n > 3',
);
const aRule = fc.record({ when, level: fc.constantFrom('notify', 'approve') });
type Spec = { readonly id: string; readonly when: string; readonly level: string };
const rules = fc
  .array(aRule, { maxLength: 5 })
  .map((some): readonly Spec[] => some.map((each, index) => ({ id: `r${index}`, ...each })));
const policyOf = (specs: readonly Spec[]): Policy =>
  aPolicy(policyText(`rules: ${JSON.stringify(specs.map((spec) => ({ trigger: 'policy', ...spec })))}`));

const aCall: fc.Arbitrary<Omit<JudgeInput, 'policy'>> = fc
  .record({
    tool: fc.constantFrom('read', 'note', 'mail', 'refund', 'pay'),
    readings: fc.record(
      { confidence: fc.double({ min: 0, max: 1, noNaN: true }), score: fc.nat(4), flag: fc.boolean() },
      { requiredKeys: [] },
    ),
    args: fc.record({ text: fc.constantFrom('a', 'b', ''), n: fc.nat(6) }, { requiredKeys: [] }),
    minor: fc.option(fc.integer({ min: -20_000, max: 20_000 })),
    currency: fc.constantFrom('USD', 'EUR'),
    situation: fc.constantFrom('refund', 'other'),
    failed: fc.nat(3),
    counted: fc.nat(60_000),
  })
  .map(({ tool, readings, args, minor, currency, situation, failed, counted }) =>
    aCase({
      tool,
      action: { readings, args, impact: minor === null ? {} : { money: { minor, currency } } },
      task: { ...aCase().task, situation },
      history: { executed: 0, rejected: 0, failed },
      counters: { 'agent-day-usd|agent=support|day=2026-11-21': counted },
    }),
  );

const strictness = (level: Level) => LEVELS.indexOf(level);

// Caught: reasons below the strictest level named too; only the first reason at the level named.
it('an explanation names exactly the rules that decided: without them all the level is lower', () => {
  fc.assert(
    fc.property(rules, aCall, (specs, call) => {
      const made = explain({ ...call, policy: policyOf(specs) });
      const named = made.because.map(({ fired }) => fired.rule);
      // Each rule judged alone, and what holds without any: who asks for how much, found without the explanation.
      const bare = judge({ ...call, policy: policyOf([]) }).fired;
      const alone = specs.flatMap((spec) =>
        judge({ ...call, policy: policyOf([spec]) }).fired.filter(({ rule }) => rule === spec.id),
      );
      const all = [...alone, ...bare];
      const top = Math.max(0, ...all.map(({ level }) => strictness(level)));
      const deciding = all.filter(({ level }) => strictness(level) === top).map(({ rule }) => rule);
      expect([strictness(made.level), named.toSorted()]).toEqual([top, deciding.toSorted()]);

      const rest = policyOf(specs.filter(({ id }) => !named.includes(id)));
      const left = judge({ ...call, policy: rest }).fired.filter(({ rule }) => !named.includes(rule));
      const without = Math.max(0, ...left.map(({ level }) => strictness(level)));
      expect(strictness(made.without)).toBe(without);
      if (named.length > 0) expect(without).toBeLessThan(top);
    }),
  );
});

// Caught: the first value tried, whether or not the reason is gone with it.
it('whatever an explanation says would change a reason does', () => {
  fc.assert(
    fc.property(rules, aCall, (specs, call) => {
      const policy = policyOf(specs);
      for (const { fired, waysOut, instead } of explain({ ...call, policy }).because) {
        expect(waysOut.length === 0).toBe(instead !== '');
        for (const { changes, after } of waysOut) {
          const changed = changes.reduce<JudgeInput>(
            (so, { variable, to }) =>
              withValue(so, variable.split('.'), to as string) ?? expect.fail(variable),
            { ...call, policy },
          );
          const verdict = judge(changed);
          expect(verdict.fired.map(({ rule }) => rule)).not.toContain(fired.rule);
          expect(verdict.level).toBe(after);
        }
      }
    }),
  );
});
