import { z } from 'zod';
import type { AnomalyId, DecisionId, Digest, EscalationId, HaltId, TaskId, TenantId } from '../domain/ids.js';
import { isName, parseEscalationId } from '../domain/ids.js';
import { isToolName, TOOL_NAME_RULE } from '../domain/tool-name.js';

/** A zod string whose parsed type is a branded id; the brand exists at compile time only. */
function branded<Brand extends string>(schema: z.ZodString): z.ZodType<Brand, Brand> {
  return schema as unknown as z.ZodType<Brand, Brand>; // at run time it stays the very ZodString, also for the JSON Schema
}

const named = z
  .string()
  .max(128)
  .refine(isName, 'must be 1 to 128 letters, digits, `.`, `_`, `~` or `-`, beginning with a letter or digit');
const opaqueId = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/, 'must be 8 to 64 letters, digits, `_` or `-`');

/** Name of an agent, role or subject. */
export const name = named;
/** A tool's name: one that could be declared, whether or not it is. */
export const toolName = z.string().max(64).refine(isToolName, `must be ${TOOL_NAME_RULE}`);
export const tenantName = branded<TenantId>(named);
export const taskName = branded<TaskId>(named);
/** The task of a journal entry, or a tenant's own chain (`~tenant`). */
export const chainName = z
  .string()
  .max(129)
  .refine((text) => isName(text.replace(/^~/, '')), 'must be a task name or a chain name');
/** `{task}:{operation}`. */
export const escalationIdText = branded<EscalationId>(
  z
    .string()
    .max(140)
    .refine((text) => parseEscalationId(text) !== undefined, 'must be an escalation id: task:operation'),
);
export const decisionIdText = branded<DecisionId>(opaqueId);
export const haltIdText = branded<HaltId>(opaqueId);
export const anomalyIdText = branded<AnomalyId>(opaqueId);
export const closingIdText = opaqueId;
/** `sha256:` and 64 lower-case hex digits. */
export const digest = branded<Digest>(
  z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits'),
);
/** Who vouches for a subject: an issuer's URL, or `local`. */
export const issuerText = z
  .string()
  .regex(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 visible ASCII characters');
/** A number of things: operation, generation, round, row. */
export const count = z.int().min(0).max(1_000_000_000);
/** Epoch milliseconds, up to the year 9999. */
export const instant = z.int().min(0).max(253_402_300_799_999);

/** Free text of people or agents: well-formed, without NUL (which Postgres cannot store as text). `max` counts UTF-16 code units. */
export function freeText(min: number, max: number): z.ZodString {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((text) => !/\0|\p{Surrogate}/u.test(text), 'must be well-formed text without NUL characters');
}

/** The value of one reading. */
export const reading = z.union([z.number(), freeText(0, 500), z.boolean()]);
