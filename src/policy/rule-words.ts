import type { ReaskReason } from '../domain/escalation.js';
import type { Fired, Trigger } from '../domain/verdict.js';
import { EQUAL_PROPOSALS, STEPS_WITHOUT_EFFECT } from './defaults.js';

/** What each trigger means. */
export const TRIGGER_WORDS: Readonly<Record<Trigger, string>> = {
  confidence: 'The agent is unsure.',
  boundary: 'An amount, a kind of action, a class of customer or data, a region.',
  anomaly: 'Something is not as expected: an unknown situation, a result of another shape.',
  risk: 'The text or the case may do harm: injection, fraud, high emotion, hidden characters.',
  policy: 'A contract, a regulation, a sample for an audit.',
  sla: 'A deadline is near.',
  sentiment: 'Whom it is about is unhappy, or calls failed in a row.',
  irreversibility: 'It cannot be taken back.',
  stall: 'The agent makes no progress.',
  request: 'The agent itself asks for a person.',
};

/** When each built-in rule fires; what is particular to one policy is in capitals. */
export const BUILT_IN_WORDS: Readonly<Record<string, string>> = {
  'tier:TIER':
    "The tier of the tool, the autonomy of the agent or the tier's floor asks for more than `auto`.",
  'tool:NAME': '`tools.NAME.level` asks for more than the floor of the tier.',
  'always-ask:CATEGORY': 'The tool, or `tools.NAME.categories`, declares the category.',
  'always-ask:money':
    'One call moves more than the limit of its currency, a currency without limit or that no cumulative limit counts, or an amount that the tool does not state.',
  'limit:ID': 'The call would pass a cumulative limit.',
  'stage:assistant': 'The agent is at stage `assistant`, and the tool above tier 1.',
  'risk-map': 'The class of the call in `risk_map` asks for more than `auto`.',
  'soft-without-undo': 'Something asks for `soft`, and the call cannot be undone: tier 3 or 4, or no undo.',
  'unknown-tool': 'No worker has registered the tool. Its tier is 4.',
  'unknown-agent': 'The policy does not name the agent.',
  'unlisted-tool': 'The agent does not list the tool (at stage `broad`: no worker has registered it).',
  uninspectable:
    'The tool cannot read the arguments or cannot say their impact (the tier is then 4), or arguments hold encoded data or more than 64 KiB.',
  'deep-arguments': 'Arguments are nested deeper than 64 levels. Rules see none of them.',
  'repeated-proposal': `At least ${EQUAL_PROPOSALS} equal proposals in the task, this one included.`,
  'no-progress': `Nothing was executed after ${STEPS_WITHOUT_EFFECT} planner steps in a row.`,
  'agent-asks': 'The agent puts a `question` to a person.',
};

/** Why a question is asked anew, or at all after an earlier effect: it stands among the rules that fired. */
export const ROUND_WORDS: Readonly<Record<ReaskReason | 'earlier-effect', string>> = {
  'earlier-effect': 'An earlier version of the call ran, or may have.',
  drift: 'The state of the world that the decision relied on is another one.',
  'digest-changed': 'What would run is not what was decided.',
  'approval-expired': 'The call did not start within `validity` of the decision.',
  withdrawn: 'The approval was taken back.',
  unverified: 'The decision could not be verified.',
  'policy-stricter': 'The policy now in force asks for more than was collected.',
  limit: 'A cumulative limit would be passed.',
  'needs-another-subject': 'Whoever decided may not decide this call.',
  quorum: 'More people have to approve than did; an edit is asked about with none.',
  unknown: 'The call was begun and nobody knows its end.',
  'undo-failed': 'A call that was to be undone could not be.',
  'halt-lifted': 'A halt over the task was lifted.',
};

/** A built-in rule's id as it is documented: what is particular to one policy in capitals. */
export function documentedAs(rule: string): string {
  if (rule === 'always-ask:money') return rule;
  const [kind = '', ...rest] = rule.split(':');
  const name = { tier: 'TIER', tool: 'NAME', limit: 'ID', 'always-ask': 'CATEGORY' }[kind];
  return rest.length > 0 && name !== undefined ? `${kind}:${name}` : rule;
}

const OWN_WORDS = new Map(Object.entries({ ...BUILT_IN_WORDS, ...ROUND_WORDS }));

/** Whether the gate has a rule of this name, in any policy. Those with a colon no rule of a file can have. */
export function isOwnRule(name: string): boolean {
  return OWN_WORDS.has(name);
}

/** Why a question is asked anew, in a sentence; a reason that this version does not know, as it is. */
export function roundWords(reason: string): string {
  return OWN_WORDS.get(reason) ?? reason;
}

/**
 * Why a rule fired, in a sentence: of a rule of the gate its own, of a rule of the policy what its trigger means. Names in backticks are
 * those of the policy file.
 */
export function ruleWords({ rule, trigger }: Pick<Fired, 'rule' | 'trigger'>): string {
  return OWN_WORDS.get(documentedAs(rule)) ?? TRIGGER_WORDS[trigger];
}
