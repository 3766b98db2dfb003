import { z } from 'zod';
import { LEVELS, TRIGGERS } from '../domain/verdict.js';
import { parseDuration } from './duration.js';
import { freeText, name, toolName } from './fields.js';
import {
  currency,
  DAY,
  duration,
  ladder,
  MINUTE,
  minorUnits,
  quorum,
  route,
  SECOND,
  strict,
} from './policy-fields.js';
import { claimEntry, personEntry, stepUpEntry } from './policy-people.js';
import { riskMapEntry } from './policy-risk-map.js';
import { signOffEntry } from './policy-sign-offs.js';

/** One agent: whose it is, what it may call, which situations it was made for. */
export const agentEntry = strict({
  owner: name.describe('The role that answers for the agent: hand-overs and held questions go to its desk.'),
  owner_subject: name
    .optional()
    .describe('The person whose agent it is: never the only one who approves a call of it.'),
  tools: z
    .array(toolName)
    .describe('What it may call. A call of any other tool asks a person, except at stage broad.'),
  autonomy: z.enum(['supervised', 'constrained', 'monitored', 'full']).optional().meta({
    description:
      'Level by tier where `tools` says none. supervised: 1 auto, above approve, and never less; constrained: 1 auto, 2 notify, 3 and 4 approve; monitored: 1 auto, 2 and 3 notify, 4 approve; full: 1 and 2 auto, 3 notify, 4 approve.',
    default: 'constrained',
  }),
  stage: z.enum(['assistant', 'narrow', 'broad']).optional().meta({
    description:
      'assistant: drafts only, every tool above tier 1 asks; narrow: a tool that is not listed asks; broad: every registered tool counts as listed.',
    default: 'narrow',
  }),
  situations: z
    .array(name)
    .optional()
    .describe('The kinds of case it was made for; rules read them as agent.situations.'),
});

/** One role. */
export const roleEntry = strict({
  members: z
    .array(name)
    .optional()
    .describe(
      'Subjects who may decide for the role. Empty only with `from`, or where a backup has members: it is asked at once. Required unless the store keeps them.',
    ),
  kept: z
    .literal('store')
    .optional()
    .describe('Its members stand in the store instead, where the role named by `owner` keeps them.'),
  owner: name.optional().describe('With `kept`: the role whose people keep the members.'),
  from: z
    .array(claimEntry)
    .min(1)
    .max(50)
    .optional()
    .describe('Whoever the identity provider says this of may decide for the role too.'),
  backup: name
    .optional()
    .describe('The role that is asked when this one stays silent, if the ladder says `then: backup`.'),
  mail: z.array(z.email()).max(20).optional().describe('Where its mail goes; a shared mailbox is best.'),
  slack: z
    .string()
    .regex(/^[CG][A-Z0-9]{6,31}$/, 'must be the id of a Slack channel, such as C0123ABCD, not its name')
    .optional()
    .describe('The id of the Slack channel where its messages go; the app has to be a member of it.'),
  depth: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('How many questions may be open on its desk; without it, any number.'),
});

/** The five categories by name. */
export const alwaysAskName = z.enum([
  'deploy-production',
  'external-communication',
  'money',
  'delete-data',
  'change-privileges',
]);

const window = (description: string) => duration(SECOND, 7 * DAY, description).optional();

/** What the policy says of one tool; its tier is the tool's own. */
export const toolEntry = strict({
  level: z
    .enum(LEVELS)
    .optional()
    .describe(
      "Default by tier and the agent's autonomy. Not below the floor: tier 3 notify, tier 4 approve. soft needs a tool of tier 1 or 2 with an undo.",
    ),
  window: window(
    'At level soft: how long a call may be confirmed before it is undone. Default: that of `defaults`.',
  ),
  categories: z
    .array(alwaysAskName)
    .optional()
    .describe('Always-ask categories beside those that the tool declares.'),
  quorum: quorum.optional().meta({ default: 1 }),
  route: route.optional(),
  ladder: ladder.optional(),
});

/** One rule: fires when its CEL condition is true, or cannot be evaluated. It only ever tightens. */
export const ruleEntry = strict({
  id: name.describe('Its own: verdicts, briefs and the journal name it.'),
  trigger: z.enum(TRIGGERS).describe('Why the rule exists; shown to the reviewer.'),
  when: z
    .string()
    .min(1)
    .max(2000)
    .describe(
      'CEL over task, agent, action, readings, history. What cannot be evaluated fires, at approve or stricter.',
    ),
  level: z
    .enum(['notify', 'soft', 'approve', 'stop'], {
      error: 'must be notify, soft, approve or stop: a rule can only tighten',
    })
    .describe('What a call then gets at least. soft becomes approve for a call that cannot be undone.'),
  quorum: quorum.optional().meta({ default: 1 }),
  route: route.optional(),
  ladder: ladder.optional(),
  tag: freeText(1, 100).optional().describe('Words for the reviewer beside the id of the rule.'),
});

const remind = z
  .string()
  .regex(
    /^([1-9]\d?%|\d{1,9}(ms|s|m|h|d))$/,
    'must be a share of the ttl from 1% to 99%, or a duration such as 12h',
  );

/** What is done instead when nobody answers. */
export const safeEntry = strict({
  tool: toolName.describe(
    "A tool of tier 1 or 2 that the task's agent lists; silence denies for another agent.",
  ),
  args: z
    .record(freeText(1, 128), z.string().min(1).max(2000))
    .describe(
      'Each argument as CEL over task (without situation), agent, action, history; a text in quotes: "\'we look into it\'". One that cannot be evaluated, or holds a secret, denies.',
    ),
});

/** How long each role is asked, and what silence means. */
export const ladderEntry = strict({
  ttl: duration(100, 365 * DAY, 'How long each role has.'),
  remind: remind
    .optional()
    .describe('When a reminder is due: a share of the ttl, or a duration shorter than it. Default: none.'),
  // oxlint-disable-next-line unicorn/no-thenable -- a key of the file; its value is never a function
  then: z
    .literal('backup')
    .optional()
    .describe(
      'After the role its backup, then the backup of that, each for the ttl. Default: the role alone.',
    ),
  fallback: z
    .enum(['deny', 'safe', 'hold', 'fail', 'halt'])
    .describe(
      'After the last role: deny the action, take the safe action instead, hold it for the owner, fail the task, fail it and halt the agent. safe denies for tier 4.',
    ),
  safe: safeEntry.optional().describe('With fallback safe: what is done instead.'),
});

/** How long after the asking a reminder is due, in milliseconds; `text` is a share (`50%`) or a duration. */
export function remindMs(text: string, ttlMs: number): number {
  return text.endsWith('%')
    ? Math.floor((ttlMs * Number(text.slice(0, -1))) / 100)
    : (parseDuration(text) ?? Infinity);
}

/** A cumulative limit: either `currency` and `minor`, or `count`. */
export const limitEntry = strict({
  id: name.describe('Its own: counters are kept by it. Another id counts from 0.'),
  per: z
    .array(z.enum(['agent', 'payee', 'tool', 'requester', 'day']))
    .min(1)
    .describe('Counted apart for each of these; day is the UTC day. Without day it is never counted anew.'),
  currency: currency.optional().describe('Counts what calls move in this currency; with `minor`.'),
  minor: minorUnits.optional().describe('So much may run without a person, in integer minor units (cents).'),
  count: z
    .int()
    .min(0)
    .optional()
    .describe('So many calls may run without a person; instead of `currency` and `minor`.'),
});

const category = { route: route.optional(), ladder: ladder.optional() };

/** Money asks above the limit of its currency. */
export const moneyEntry = strict({
  limits: z
    .record(currency, minorUnits)
    .optional()
    .meta({
      description:
        'What one call may move without a person, in minor units by currency. Any other currency asks, and so does one that no cumulative limit counts.',
      default: { USD: 10_000 },
    }),
  ...category,
});

/** The five categories that always ask. They can be routed, not switched off. */
export const alwaysAskEntry = strict({
  'deploy-production': strict(category).optional().describe('Who is asked about what goes into production.'),
  'external-communication': strict(category).optional().describe('Who is asked about what leaves the house.'),
  money: moneyEntry.optional().describe('Who is asked about money, and above which amount.'),
  'delete-data': strict(category).optional().describe('Who is asked about deleting data.'),
  'change-privileges': strict(category).optional().describe('Who is asked about changing who may do what.'),
});

/** What holds where nothing more particular is said. */
export const defaultsEntry = strict({
  route: route
    .optional()
    .describe('The role that is asked where nothing names one. Default: the role that owns the agent.'),
  ladder: ladder
    .optional()
    .describe(
      'The ladder of a question for which nothing names one. Default: ordinary; sensitive for tier 4.',
    ),
  validity: duration(SECOND, 7 * DAY, 'How long after a decision the call may still start.')
    .optional()
    .meta({ default: '15m' }),
  extend: duration(0, 30 * DAY, 'How far people may move a deadline, in all.')
    .optional()
    .meta({ default: '24h' }),
  window: window('At level soft: how long a call may be confirmed before it is undone.').meta({
    default: '30m',
  }),
});

/** Who may halt, and who may lift a halt that somebody of another role set. */
export const haltsEntry = strict({
  set: z
    .array(name)
    .min(1, 'must name at least one role')
    .optional()
    .describe('Roles that may set one. Default: every role.'),
  lift: z
    .array(name)
    .min(1, 'must name at least one role')
    .optional()
    .describe('Roles that may lift one that somebody of another role set. Default: every role.'),
});

/** Who closes anomalies, and how long one that is expected does not ask. */
export const anomaliesEntry = strict({
  close: z
    .array(name)
    .min(1, 'must name at least one role')
    .optional()
    .describe("Roles that may close one. Default: the role that owns the anomaly's agent."),
  expected_for: duration(MINUTE, 90 * DAY, 'How long one that was closed as expected does not ask, at most.')
    .optional()
    .meta({ default: '30d' }),
});

/** The whole policy file, as YAML gives it. Every key is enforced by something; any other is refused. */
export const policyFile = strict({
  version: z
    .string({ error: 'must be text in quotes, such as "2026-11-21.1"' })
    .min(1)
    .max(64)
    .describe(
      'Your name for this state of the file, in quotes; verdicts carry it beside the hash of the text.',
    ),
  owner: z.string().min(1).max(200).describe('The team that answers for this file.'),
  agents: z.record(name, agentEntry).describe('The agents by name. A call of any other agent asks a person.'),
  roles: z.record(name, roleEntry).describe('Who may decide, by role. At least one.'),
  people: z
    .record(name, personEntry)
    .optional()
    .describe(
      'Who the subjects are at the identity provider, by subject. One person is one subject, whatever they sign in with.',
    ),
  step_up: stepUpEntry
    .optional()
    .describe('Who decides must have signed in a short time ago. Default: not asked.'),
  tools: z
    .record(toolName, toolEntry)
    .optional()
    .describe('What is said of a tool beside what it declares itself, by its name. Its tier is its own.'),
  rules: z
    .array(ruleEntry)
    .max(500)
    .optional()
    .describe('Conditions under which a call gets a stricter level. The strictest of all that fire holds.'),
  ladders: z
    .record(name, ladderEntry)
    .optional()
    .describe(
      'How questions are asked, by name. One called ordinary, sensitive or urgent takes the place of the built-in.',
    ),
  always_ask: alwaysAskEntry
    .optional()
    .describe('The five categories that ask whatever the tier. They can be routed, not switched off.'),
  limits: z
    .array(limitEntry)
    .max(100)
    .optional()
    .meta({
      description:
        'Cumulative limits: what would pass one asks a person. Given here, they take the place of the default.',
      default: [{ id: 'agent-day-usd', per: ['agent', 'day'], currency: 'USD', minor: 50_000 }],
    }),
  defaults: defaultsEntry.optional().describe('What holds where nothing more particular is said.'),
  halts: haltsEntry.optional().describe('Who may set a halt and who may lift it.'),
  anomalies: anomaliesEntry
    .optional()
    .describe('Who closes anomalies, and how long one that is expected does not ask.'),
  risk_map: riskMapEntry
    .optional()
    .describe('Impact by reversibility: one more reason, so that it can only tighten.'),
  sign_offs: z
    .array(signOffEntry)
    .max(100)
    .optional()
    .describe(
      'Who signed the file off. `policy check` warns when a review is due; nothing is refused for it.',
    ),
});

/** A policy file that fits the schema; whether its names and conditions hold is for `loadPolicy`. */
export type PolicyFile = z.infer<typeof policyFile>;

/** The JSON Schema of the policy file, for editors. `schema/policy.schema.json` is a copy of it. */
export function policyJsonSchema(): object {
  return {
    title: 'Countersign policy',
    ...z.toJSONSchema(policyFile, { target: 'draft-2020-12', io: 'input' }),
  };
}
