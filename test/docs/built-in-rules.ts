import { stringify } from 'yaml';
import type { ProposedCall } from '../../src/contract/case-file.js';
import type { Fired } from '../../src/domain/verdict.js';
import { EQUAL_PROPOSALS, STEPS_WITHOUT_EFFECT } from '../../src/policy/defaults.js';
import { judgeCall } from '../../src/policy/judge-case.js';
import { loadPolicy } from '../../src/policy/load.js';
import { documentedAs } from '../../src/policy/rule-words.js';
import { merged } from '../support/page.js';

/** A reason that verdicts name without any rule of the file, and calls that make it fire. */
export interface BuiltInRule {
  /** `always-ask:CATEGORY` stands for each of them. */
  readonly id: string;
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
    shown: [{ call: tier(2) }, { call: tier(4) }],
  },
  {
    id: 'tool:NAME',
    shown: ['notify', 'soft', 'approve', 'stop'].map((level) => ({
      policy: { tools: { act: { level } } },
      call: tier(1, { undo: true }),
    })),
  },
  {
    id: 'always-ask:CATEGORY',
    shown: [{ call: tier(1, { categories: ['delete-data'] }) }],
  },
  {
    id: 'always-ask:money',
    shown: [{ call: { ...tier(1), impact: usd(10_001) } }, { call: tier(1, { categories: ['money'] }) }],
  },
  {
    id: 'limit:ID',
    shown: [{ call: { ...tier(1), impact: usd(1), counted: { 'agent-day-usd': 50_000 } } }],
  },
  {
    id: 'stage:assistant',
    shown: [{ policy: { agents: { bot: { stage: 'assistant' } } }, call: tier(2) }],
  },
  {
    id: 'risk-map',
    shown: ['notify', 'soft', 'approve', 'stop'].map((level) => ({
      policy: map(level),
      call: tier(1, { undo: true }),
    })),
  },
  {
    id: 'soft-without-undo',
    shown: [{ policy: map('soft'), call: tier(1) }],
  },
  {
    id: 'unknown-tool',
    shown: [{ call: { facts: 'unknown' } }],
  },
  {
    id: 'unknown-agent',
    shown: [{ call: { ...tier(1), agent: 'stranger' } }],
  },
  {
    id: 'unlisted-tool',
    shown: [{ call: { ...tier(1), tool: 'other' } }],
  },
  {
    id: 'uninspectable',
    shown: [{ call: { ...tier(1), args: { blob: `data:text/plain;base64,${'YQ'.repeat(40)}` } } }],
  },
  {
    id: 'deep-arguments',
    shown: [{ call: { ...tier(1), args: DEEP as Record<string, never> } }], // plain JSON
  },
  {
    id: 'repeated-proposal',
    shown: [{ call: { ...tier(1), before: { repeated_proposal: EQUAL_PROPOSALS - 1 } } }],
  },
  {
    id: 'no-progress',
    shown: [{ call: { ...tier(1), before: { steps_without_effect: STEPS_WITHOUT_EFFECT } } }],
  },
  {
    id: 'agent-asks',
    shown: [{ call: { ...tier(1), question: 'Shall I?' } }],
  },
];

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
