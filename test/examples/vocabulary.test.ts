import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/domain/verdict.js';
import { judgeCall } from '../../src/policy/judge-case.js';
import { runPlays, unmetByPlays } from '../../src/policy/run-plays.js';
import { anExample, type Example } from '../support/example.js';
import { aPolicy } from '../support/policy-case.js';
import { sorted, VOCABULARY } from '../support/vocabulary.js';

interface Judged {
  readonly tools: Example['tools'];
  readonly verdict: Verdict;
  readonly autonomy: string;
  readonly stage: string;
}

const EXAMPLES = ['support', 'deploy'] as const;

const judged: readonly Judged[] = EXAMPLES.flatMap((name) => {
  const { policy: text, tools, cases } = anExample(name);
  const policy = aPolicy(text);
  return cases.map(({ case: { name: _name, expect: _expect, plays: _plays, ...call } }) => {
    const { autonomy = '', stage = '' } = policy.agents.get(call.agent) ?? {};
    return { tools, verdict: judgeCall(policy, call, tools), autonomy, stage };
  });
});

/** What at least one case has, and what another one has not. */
function shown(of: (each: Judged) => readonly string[]): {
  has: readonly string[];
  lacks: readonly string[];
} {
  const sets = judged.map((each) => new Set(of(each)));
  const has = sorted(sets.flatMap((set) => [...set]));
  return { has, lacks: has.filter((member) => sets.some((set) => !set.has(member))) };
}

// Seen to fail: a member that no case has, such as a level that is added to LEVELS.
describe('the cases of both examples', () => {
  it.each([
    ['trigger', VOCABULARY.triggers, ({ verdict }: Judged) => verdict.fired.map(({ trigger }) => trigger)],
    ['level', VOCABULARY.levels, ({ verdict }: Judged) => [verdict.level]],
    ['autonomy tier', VOCABULARY.autonomies, ({ autonomy }: Judged) => [autonomy]],
    ['stage', VOCABULARY.stages, ({ stage }: Judged) => [stage]],
    [
      'fallback',
      VOCABULARY.fallbacks,
      ({ verdict: { ladder } }: Judged) => (ladder.rungs.length === 0 ? [] : [ladder.fallback]),
    ],
  ] as const)('show every %s, and each of them absent', (_what, all, of) => {
    expect(shown(of)).toEqual({ has: all, lacks: all });
  });

  // Seen to fail: a verb that no row has, such as one that is added to VERBS.
  it('show every verb at work, and each of them refused', () => {
    const { rows, works, refused } = playedVerbs();
    expect(rows).toBeGreaterThan(30);
    expect({ works, refused }).toEqual({ works: VOCABULARY.verbs, refused: VOCABULARY.verbs });
  });

  // Seen to fail: the name of a service cut off at the colon of a digest.
  it('name safe actions that their tools can read', () => {
    const actions = judged.flatMap(({ tools, verdict: { ladder } }) =>
      ladder.safe === undefined ? [] : [{ tools, ...ladder.safe }],
    );
    expect(actions.length).toBeGreaterThan(4);
    for (const { tools, tool, args } of actions)
      expect(tools.get(tool)?.parseArgs(args), JSON.stringify(args)).toEqual({ args });
  });
});

/** The verbs that the rows under `plays` show doing what the row expects, and those that they show not to be taken. */
function playedVerbs() {
  const played = EXAMPLES.flatMap((name) => {
    const { policy: text, tools, cases } = anExample(name);
    const policy = aPolicy(text);
    return cases.flatMap((each) => runPlays(policy, each.case, tools));
  });
  expect(unmetByPlays(played)).toEqual([]);
  const refused = played.flatMap((row) => row.refused.map(({ answer }) => answer.verb));
  const works = played
    .filter(({ refused: none }) => none.length === 0)
    .flatMap(({ row: { said } }) => said.flatMap((answer) => answer?.verb ?? []));
  return { rows: played.length, works: sorted(works), refused: sorted(refused) };
}

/** Names that only an example can have given: those of two words or more. */
function namesOf(example: 'support' | 'deploy'): readonly string[] {
  const { policy: text, tools } = anExample(example);
  const { agents, roles, rules } = aPolicy(text);
  const names = [...tools.keys(), ...agents.keys(), ...roles.keys(), ...rules.map(({ id }) => id)];
  return names.filter((name) => /[_-]/.test(name));
}

/** What runs: no tests, no comments, and no help texts, which need an example. */
function sources(): readonly { readonly file: string; readonly code: string }[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('cli/'))
    .map((file) => ({
      file,
      code: readFileSync(join('src', file), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*/g, ''),
    }));
}

// Seen to fail: `issue_refund` in a source.
it('are of worlds that the product knows nothing of', () => {
  const names = [...namesOf('support'), ...namesOf('deploy')];
  expect(names.length).toBeGreaterThan(35);
  const named = sources().flatMap(({ file, code }) =>
    names.filter((name) => code.includes(name)).map((name) => `${file}: ${name}`),
  );
  expect(named).toEqual([]);
});
