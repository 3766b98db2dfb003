import { z } from 'zod';
import type { Brief } from '../domain/brief.js';
import { LEVELS, TRIGGERS } from '../domain/verdict.js';
import { count, escalationIdText, instant, taskName, tenantName } from './fields.js';
import { json } from './json-field.js';

const fired = z.object({
  rule: z.string(),
  trigger: z.enum(TRIGGERS),
  level: z.enum(LEVELS),
  values: z.record(z.string(), json),
  tag: z.exactOptional(z.string()),
  error: z.exactOptional(z.string()),
});

const argumentLine = z.object({
  name: z.string(),
  value: z.string(),
  bytes: count,
  folded: z.boolean(),
  sha256: z.exactOptional(z.string()),
});

/** Every flag; see domain/brief.ts. */
export const flag = z.enum([
  'control-characters',
  'bidi',
  'invisible-characters',
  'mixed-scripts',
  'normalisation',
  'opaque',
  'oversized',
  'uninspectable',
  'pressure-language',
  'number-mismatch',
  'unknown-tool',
  'earlier-effect',
]);

/** The brief as it travels over HTTP: exactly the type of domain/brief.ts, raw text in it. */
export const briefSchema = z.object({
  escalation: escalationIdText,
  task: taskName,
  tenant: tenantName,
  round: count,
  tier: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  reason: z.string(),
  proposal: z.string(),
  tool: z.object({ name: z.string(), version: z.string() }),
  reversibility: z.string(),
  money: z.object({ minor: z.int(), currency: z.string(), text: z.string() }).nullable(),
  rows: count.nullable(),
  recipients: z.array(z.string()),
  environment: z.string().nullable(),
  fired: z.array(fired),
  diff: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
  evidence: z.array(z.object({ what: z.string(), source: z.string(), at: instant })),
  unknowns: z.array(z.string()),
  flags: z.array(flag),
  onSilence: z.enum(['deny', 'safe', 'hold', 'fail', 'halt', 'undo']),
  options: z.array(
    z.object({
      verb: z.enum(['approve', 'reject', 'edit', 'respond', 'take-over', 'escalate', 'resolve', 'silence']),
      label: z.string(),
      consequence: z.string(),
    }),
  ),
  question: z.string(),
  trackRecord: z.object({ executed: count, rejected: count, failed: count }),
  arguments: z.array(argumentLine),
  fullArguments: json,
  request: z.string(),
  workDone: z.array(z.object({ what: z.string(), outcome: z.string(), at: instant })),
  alternatives: z.array(z.string()),
  authority: z.object({
    requester: z.string(),
    agent: z.string(),
    credentials: z.string(),
    mayDecide: z.array(z.string()),
  }),
  session: z.string(),
  earlierEffects: z.array(z.string()),
  agentQuestion: z.exactOptional(z.string()),
  agentText: z.string().nullable(),
}) satisfies z.ZodType<Brief>;
