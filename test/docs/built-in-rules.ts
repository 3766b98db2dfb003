import { stringify } from 'yaml';
import type { ProposedCall } from '../../src/contract/case-file.js';
import type { Fired } from '../../src/domain/verdict.js';
import { EQUAL_PROPOSALS, STEPS_WITHOUT_EFFECT } from '../../src/policy/defaults.js';
import { judgeCall } from '../../src/policy/judge-case.js';
import { loadPolicy } from '../../src/policy/load.js';
import { merged } from '../support/page.js';

/** A reason that verdicts name without any rule of the file, and calls that make it fire. */
export interface BuiltInRule {
  /** `always-ask:CATEGORY` stands for each of them. */
  readonly id: string;
  readonly when: string;
  readonly shown: readonly { readonly policy?: object; readonly call: Partial<ProposedCall> }[];
}

const BASE = {
  version: '1',
  owner: 'us',
  agents: { bot: { owner: 'boss', tools: ['act'] } },
  roles: { boss: { members: ['ada'] } },
};
const tier = (of: 1 | 2 | 3 | 4, more: object = {}) => ({ facts: { tier: of, ...more } });
const usd = (minor: number) => ({ money: { minor, currency: 'USD' } });
const map = (level: string) => ({
  risk_map: {
    impact: { minor: { rows: 0 } },
    levels: { minor: { reversible: level, hard: 'approve', irreversible: 'approve' } },
  },
});

/** Sixty-five levels. */
const DEEP = Array.from({ length: 65 }).reduce<object>((inner) => ({ inner }), {});

/** All of them, in the order in which they are documented. */
export const BUILT_IN_RULES: readonly BuiltInRule[] = [
  {
    id: 'tier:TIER',
    when: "The tier of the tool, the autonomy of the agent or the tier's floor asks for more than `auto`.",
    shown: [{ call: tier(2) }, { call: tier(4) }],
  },
  {
    id: 'tool:NAME',
    when: '`tools.NAME.level` asks for more than the floor of the tier.',
    shown: ['notify', 'soft', 'approve', 'stop'].map((level) => ({
      policy: { tools: { act: { level } } },
      call: tier(1, { undo: true }),
    })),
  },
  {
    id: 'always-ask:CATEGORY',
    when: 'The tool, or `tools.NAME.categories`, declares the category.',
    shown: [{ call: tier(1, { categories: ['delete-data'] }) }],
  },
  {
    id: 'always-ask:money',
    when: 'One call moves more than the limit of its currency, a currency without limit or that no cumulative limit counts, or an amount that the tool does not state.',
    shown: [{ call: { ...tier(1), impact: usd(10_001) } }, { call: tier(1, { categories: ['money'] }) }],
  },
  {
    id: 'limit:ID',
    when: 'The call would pass a cumulative limit.',
    shown: [{ call: { ...tier(1), impact: usd(1), counted: { 'agent-day-usd': 50_000 } } }],
  },
  {
    id: 'stage:assistant',
    when: 'The agent is at stage `assistant`, and the tool above tier 1.',
    shown: [{ policy: { agents: { bot: { stage: 'assistant' } } }, call: tier(2) }],
  },
  {
    id: 'risk-map',
    when: 'The class of the call in `risk_map` asks for more than `auto`.',
    shown: ['notify', 'soft', 'approve', 'stop'].map((level) => ({
      policy: map(level),
      call: tier(1, { undo: true }),
    })),
  },
  {
    id: 'soft-without-undo',
    when: 'Something asks for `soft`, and the call cannot be undone: tier 3 or 4, or no undo.',
    shown: [{ policy: map('soft'), call: tier(1) }],
  },
  {
    id: 'unknown-tool',
    when: 'No worker has registered the tool. Its tier is 4.',
    shown: [{ call: { facts: 'unknown' } }],
  },
  {
    id: 'unknown-agent',
    when: 'The policy does not name the agent.',
    shown: [{ call: { ...tier(1), agent: 'stranger' } }],
  },
  {
    id: 'unlisted-tool',
    when: 'The agent does not list the tool (at stage `broad`: no worker has registered it).',
    shown: [{ call: { ...tier(1), tool: 'other' } }],
  },
  {
    id: 'uninspectable',
    when: 'The tool cannot read the arguments or cannot say their impact (the tier is then 4), or arguments hold encoded data or more than 64 KiB.',
    shown: [{ call: { ...tier(1), args: { blob: `data:text/plain;base64,${'YQ'.repeat(40)}` } } }],
  },
  {
    id: 'deep-arguments',
    when: 'Arguments are nested deeper than 64 levels. Rules see none of them.',
    shown: [{ call: { ...tier(1), args: DEEP as Record<string, never> } }], // plain JSON
  },
  {
    id: 'repeated-proposal',
    when: `At least ${EQUAL_PROPOSALS} equal proposals in the task, this one included.`,
    shown: [{ call: { ...tier(1), before: { repeated_proposal: EQUAL_PROPOSALS - 1 } } }],
  },
  {
    id: 'no-progress',
    when: `Nothing was executed after ${STEPS_WITHOUT_EFFECT} planner steps in a row.`,
    shown: [{ call: { ...tier(1), before: { steps_without_effect: STEPS_WITHOUT_EFFECT } } }],
  },
  {
    id: 'agent-asks',
    when: 'The agent puts a `question` to a person.',
    shown: [{ call: { ...tier(1), question: 'Shall I?' } }],
  },
];

/** A reason's id as it is documented: what is particular to one policy in capitals. */
export function documentedAs(rule: string): string {
  if (rule === 'always-ask:money') return rule;
  const [kind = '', ...rest] = rule.split(':');
  const name = { tier: 'TIER', tool: 'NAME', limit: 'ID', 'always-ask': 'CATEGORY' }[kind];
  return rest.length > 0 && name !== undefined ? `${kind}:${name}` : rule;
}

/** What the judge says of each call that shows it. Throws when one does not make it fire. */
export function firedBy({ id, shown }: BuiltInRule): readonly Fired[] {
  return shown.map(({ policy = {}, call }) => {
    const loaded = loadPolicy(stringify(merged(BASE, policy)));
    if ('problems' in loaded) throw new Error(`${id}: ${loaded.problems[0]?.what}`);
    const { fired } = judgeCall(loaded.policy, { agent: 'bot', tool: 'act', ...call }, null);
    const found = fired.find(({ rule }) => documentedAs(rule) === id);
    if (found === undefined)
      throw new Error(`${id} does not fire, but ${fired.map(({ rule }) => rule).join()}`);
    return found;
  });
}
