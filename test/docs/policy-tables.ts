import { durationText } from '../../src/contract/duration.js';
import { LEVELS, TRIGGERS, type Level } from '../../src/domain/verdict.js';
import { compileCondition, LIMITS, VARIABLES } from '../../src/policy/compile.js';
import {
  AUTONOMY_LEVEL,
  DEFAULT_AUTONOMY,
  DEFAULT_EXTEND_MS,
  DEFAULT_LIMITS,
  DEFAULT_MONEY_LIMITS,
  DEFAULT_STAGE,
  DEFAULT_VALIDITY_MS,
  DEFAULT_WINDOW_MS,
  EQUAL_PROPOSALS,
  STEPS_WITHOUT_EFFECT,
  TIER_FLOOR,
} from '../../src/policy/defaults.js';
import { FUNCTIONS } from '../../src/policy/expression.js';
import { BUILT_IN_LADDERS } from '../../src/policy/ladder.js';
import type { Stage } from '../../src/policy/policy.js';
import { BUILT_IN_WORDS, ROUND_WORDS, TRIGGER_WORDS } from '../../src/policy/rule-words.js';
import { table } from '../support/page.js';
import { BUILT_IN_RULES, firedBy } from './built-in-rules.js';

const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  auto: 'It runs at once.',
  notify:
    'It runs at once, and a role is sent a notice: the route of the rule that decided, else that of the tool, else the owner of the agent.',
  soft: 'It runs at once, and a role may confirm it until its window closes. Rejected or not confirmed, it is undone. Only for a tool of tier 1 or 2 with an undo; any other call asks first.',
  approve: 'It waits for a person. Nobody in time: the fallback of the ladder.',
  stop: 'It never runs. People take the task over with a result of their own, reject the call, or answer the agent in its place.',
};

const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  assistant: 'every call above tier 1 (`stage:assistant`), and of any tool that is not listed',
  narrow: 'a call of a tool that the agent does not list (`unlisted-tool`)',
  broad: 'a call of a tool that no worker has registered; every other counts as listed',
};

/** Texts that a policy may not hold, each showing another refusal. */
const REFUSED = [
  "action.args.note.matches('^a+$')",
  'action.args.items.exists(i, i.parts.exists(p, p > 3))',
  'has(readings.confidence)',
  'size(readings) > 0',
  'readings[action.tool] > 0.5',
  'has(action.recipients)',
  'action.amount > 100',
  'action.money.minor',
  'now() > 0',
] as const;

/** The generated parts of the reference, by name. */
export const POLICY_TABLES: Readonly<Record<string, () => string>> = {
  levels: () =>
    table(
      ['level', 'meaning'],
      LEVELS.map((level) => [`\`${level}\``, LEVEL_WORDS[level]]),
    ),
  triggers: () =>
    table(
      ['trigger', 'meaning'],
      TRIGGERS.map((trigger) => [`\`${trigger}\``, TRIGGER_WORDS[trigger]]),
    ),
  autonomy: () =>
    table(
      ['', 'tier 1', 'tier 2', 'tier 3', 'tier 4'],
      [...Object.entries(AUTONOMY_LEVEL), ['floor', TIER_FLOOR] as const].map(([name, levels]) => [
        name === DEFAULT_AUTONOMY ? `\`${name}\` (default)` : name === 'floor' ? 'floor' : `\`${name}\``,
        ...Object.values(levels).map((level) => `\`${level}\``),
      ]),
    ),
  stages: () =>
    table(
      ['stage', 'what asks for its sake'],
      Object.entries(STAGE_WORDS).map(([stage, words]) => [
        stage === DEFAULT_STAGE ? `\`${stage}\` (default)` : `\`${stage}\``,
        words,
      ]),
    ),
  ladders: () =>
    table(
      ['ladder', 'each role has', 'reminder after', 'then', 'fallback'],
      [...BUILT_IN_LADDERS].map(([name, { ttlMs, remindAfterMs, backup, fallback }]) => [
        `\`${name}\``,
        durationText(ttlMs),
        remindAfterMs === null ? '' : durationText(remindAfterMs),
        backup ? '`backup`' : '',
        `\`${fallback}\``,
      ]),
    ),
  figures: () => table(['what', 'figure', 'set by'], FIGURES),
  'built-in': () => table(['rule', 'trigger', 'level', 'fires when'], builtInRows()),
  rounds: () =>
    table(
      ['rule', 'fires when'],
      Object.entries(ROUND_WORDS).map(([reason, words]) => [`\`${reason}\``, words]),
    ),
  variables: () => table(['variable', 'type'], variableRows()),
  functions: () => [...FUNCTIONS].map((name) => `\`${name}\``).join(', '),
  'cel-limits': () =>
    table(
      ['limit', 'at most'],
      [
        ['nodes of the expression', LIMITS.maxAstNodes],
        ['nesting', LIMITS.maxDepth],
        ['elements of a list that is written out', LIMITS.maxListElements],
        ['entries of a map that is written out', LIMITS.maxMapEntries],
        ['arguments of one call', LIMITS.maxCallArguments],
      ].map(([what, most]) => [String(what), String(most)]),
    ),
  refused: () =>
    table(
      ['refused', 'because', 'advice'],
      REFUSED.map((text) => [`\`${text}\``, ...refusalOf(text)]),
    ),
};

const FIGURES = [
  ...Object.entries(DEFAULT_MONEY_LIMITS).map(([currency, minor]) => [
    'one call may move without a person',
    `${minor} minor units of ${currency}; any other currency asks`,
    '`always_ask.money.limits`',
  ]),
  ...DEFAULT_LIMITS.map(({ id, per, currency, limit }) => [
    `cumulative limit \`${id}\`, per ${per.join(' and ')}`,
    `${limit} minor units of ${currency}`,
    '`limits`',
  ]),
  ['a call may start after its decision', durationText(DEFAULT_VALIDITY_MS), '`defaults.validity`'],
  ['people may move a deadline, in all', durationText(DEFAULT_EXTEND_MS), '`defaults.extend`'],
  ['a soft call may be confirmed', durationText(DEFAULT_WINDOW_MS), '`defaults.window`, `tools.NAME.window`'],
  ['equal proposals in one task that ask', String(EQUAL_PROPOSALS), ''],
  ['planner steps in a row without effect that ask', String(STEPS_WITHOUT_EFFECT), ''],
];

function builtInRows(): readonly (readonly string[])[] {
  return BUILT_IN_RULES.map((rule) => {
    const fired = firedBy(rule);
    const told = (values: readonly string[]) =>
      [...new Set(values)].map((value) => `\`${value}\``).join(', ');
    return [
      `\`${rule.id}\``,
      told(fired.map(({ trigger }) => trigger)),
      told(fired.map(({ level }) => level)),
      BUILT_IN_WORDS[rule.id] ?? '',
    ];
  });
}

function variableRows(): readonly (readonly string[])[] {
  const rows = Object.entries(VARIABLES).flatMap(([root, fields]) =>
    Object.entries<string | Readonly<Record<string, string>>>(fields).flatMap(([field, type]) =>
      typeof type === 'string'
        ? [[`\`${root}.${field}\``, `\`${type}\``]]
        : Object.entries(type).map(([part, inner]) => [`\`${root}.${field}.${part}\``, `\`${inner}\``]),
    ),
  );
  return [...rows, ['`readings.NAME`', '`dyn`: number, text or boolean']];
}

function refusalOf(text: string): readonly [string, string] {
  const compiled = compileCondition(text);
  const [flaw] = 'flaws' in compiled ? compiled.flaws : [];
  if (flaw === undefined) throw new Error(`${text} is not refused`);
  return [flaw.what, flaw.todo];
}
