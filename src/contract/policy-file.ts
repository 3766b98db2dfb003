import { z } from 'zod';
import { parseDuration } from './duration.js';
import { name } from './fields.js';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** A strict object whose refusal of an unknown key says which keys there are. */
function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `nothing enforces it; known here: ${known}` : undefined,
  });
}

/** Tool names may hold `/` and `:` beside the characters of a name, as those of MCP servers do. */
const toolName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._~:/-]{0,127}$/,
    'must be 1 to 128 letters, digits, `.`, `_`, `~`, `:`, `/` or `-`, and begin with a letter or digit',
  );

const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD');
const minorUnits = z.int().min(0, 'must not be negative').describe('Integer minor units (cents).');

function duration(minMs: number, min: string, maxMs: number, max: string) {
  return z
    .string()
    .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'must be a duration such as 30m, 24h or 7d')
    .refine((text) => within(parseDuration(text), minMs, maxMs), `must lie between ${min} and ${max}`);
}

/** What is no duration at all is told by the pattern, once. */
function within(ms: number | undefined, minMs: number, maxMs: number): boolean {
  return ms === undefined || (ms >= minMs && ms <= maxMs);
}

const route = name.describe('The role that is asked.');
const ladder = name.describe(
  'One of `ladders`, or the built-in ordinary (7d), sensitive (24h), urgent (30m).',
);

/** One agent: whose it is, what it may call, which situations it was made for. */
export const agentEntry = strict({
  owner: name.describe('The role that answers for the agent: hand-overs and held questions go to its desk.'),
  tools: z.array(toolName).describe('A call of any other tool asks a person.'),
  situations: z.array(z.string().min(1).max(200)).optional().describe('Read by rules as agent.situations.'),
});

/** One role. */
export const roleEntry = strict({
  members: z.array(name).describe('Subjects who may decide for the role.'),
  backup: name.optional().describe('The role that is asked when this one stays silent.'),
  mail: z
    .array(z.email())
    .max(20)
    .optional()
    .describe('Where its notifications go; a shared mailbox is best.'),
  depth: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('How many questions may be open on its desk; without it, any number.'),
});

const alwaysAskName = z.enum([
  'deploy-production',
  'external-communication',
  'money',
  'delete-data',
  'change-privileges',
]);

/** What the policy says of one tool; its tier is the tool's own. */
export const toolEntry = strict({
  level: z
    .enum(['auto', 'notify', 'approve'])
    .optional()
    .describe(
      'Default by tier: 1 auto, 2 notify, 3 and 4 approve. Not below the floor: tier 3 notify, tier 4 approve.',
    ),
  categories: z
    .array(alwaysAskName)
    .optional()
    .describe('Always-ask categories beside those that the tool declares.'),
  route: route.optional(),
  ladder: ladder.optional(),
});

/** One rule: fires when its CEL condition is true, or cannot be evaluated. It only ever tightens. */
export const ruleEntry = strict({
  id: name,
  trigger: z.enum(['confidence', 'boundary', 'anomaly', 'irreversibility', 'policy']),
  when: z.string().min(1).max(2000).describe('CEL over task, agent, action, readings, history.'),
  level: z.enum(['notify', 'approve'], { error: 'must be notify or approve: a rule can only tighten' }),
  route: route.optional(),
  ladder: ladder.optional(),
  tag: z.string().min(1).max(100).optional(),
});

const remind = z
  .string()
  .regex(
    /^([1-9]\d?%|\d{1,9}(ms|s|m|h|d))$/,
    'must be a share of the ttl from 1% to 99%, or a duration such as 12h',
  );

/** How long each role is asked, and what silence means. */
export const ladderEntry = strict({
  ttl: duration(100, '100ms', 365 * DAY, '365d').describe('How long each role has.'),
  remind: remind
    .optional()
    .describe('When a reminder is due: a share of the ttl, or a duration shorter than it.'),
  // oxlint-disable-next-line unicorn/no-thenable -- a key of the file; its value is never a function
  then: z
    .literal('backup')
    .optional()
    .describe('After the role its backup, then the backup of that, each for the ttl.'),
  fallback: z
    .enum(['deny', 'hold', 'fail', 'halt'])
    .describe(
      'After the last role: deny the action, hold it for the owner, fail the task, fail it and halt the agent.',
    ),
});

/** How long after the asking a reminder is due, in milliseconds; `text` is a share (`50%`) or a duration. */
export function remindMs(text: string, ttlMs: number): number {
  return text.endsWith('%')
    ? Math.floor((ttlMs * Number(text.slice(0, -1))) / 100)
    : (parseDuration(text) ?? Infinity);
}

/** A cumulative limit: either `currency` and `minor`, or `count`. */
export const limitEntry = strict({
  id: name,
  per: z
    .array(z.enum(['agent', 'payee', 'tool', 'requester', 'day']))
    .min(1)
    .describe('Counted apart for each of these; day is the UTC day.'),
  currency: currency.optional(),
  minor: minorUnits.optional(),
  count: z.int().min(0).optional().describe('Number of calls, instead of an amount.'),
});

const category = { route: route.optional(), ladder: ladder.optional() };

/** Money asks above the limit of its currency. */
export const moneyEntry = strict({
  limits: z
    .record(currency, minorUnits)
    .optional()
    .describe(
      'What one call may move without a person, by currency. Default USD 10000 (100 USD). Any other currency asks.',
    ),
  ...category,
});

/** The five categories that always ask. They can be routed, not switched off. */
export const alwaysAskEntry = strict({
  'deploy-production': strict(category).optional(),
  'external-communication': strict(category).optional(),
  money: moneyEntry.optional(),
  'delete-data': strict(category).optional(),
  'change-privileges': strict(category).optional(),
});

/** What holds where nothing more particular is said. */
export const defaultsEntry = strict({
  route: route.optional().describe('Default: the role that owns the agent.'),
  ladder: ladder.optional().describe('Default: ordinary; sensitive for tier 4.'),
  validity: duration(SECOND, '1s', 7 * DAY, '7d')
    .optional()
    .describe('How long after a decision the call may still start. Default 15m.'),
  extend: duration(0, '0s', 30 * DAY, '30d')
    .optional()
    .describe('How far people may move a deadline, in all. Default 24h.'),
});

/** Who may halt, and who may lift a halt that somebody of another role set. */
export const haltsEntry = strict({
  set: z.array(name).min(1, 'must name at least one role').optional().describe('Default: every role.'),
  lift: z.array(name).min(1, 'must name at least one role').optional().describe('Default: every role.'),
});

/** The whole policy file, as YAML gives it. Every key is enforced by something; any other is refused. */
export const policyFile = strict({
  version: z.string({ error: 'must be text in quotes, such as "2026-11-21.1"' }).min(1).max(64),
  owner: z.string().min(1).max(200).describe('The team that answers for this file.'),
  agents: z.record(name, agentEntry),
  roles: z.record(name, roleEntry),
  tools: z.record(toolName, toolEntry).optional(),
  rules: z.array(ruleEntry).max(500).optional(),
  ladders: z.record(name, ladderEntry).optional(),
  always_ask: alwaysAskEntry.optional(),
  limits: z.array(limitEntry).max(100).optional().describe('Default: 500 USD per agent and day.'),
  defaults: defaultsEntry.optional(),
  halts: haltsEntry.optional(),
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
