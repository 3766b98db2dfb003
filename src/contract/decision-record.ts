import { z } from 'zod';
import type { Json } from '../domain/action.js';
import { VERBS } from '../domain/decision.js';
import type { DecisionMessage, Verb } from '../domain/decision.js';
import { labelled, saltedDigest } from './digest.js';
import { AUDIENCE } from './sign.js';
import type { Signer, Verifier } from './sign.js';
import {
  count,
  decisionIdText,
  digest,
  escalationIdText,
  instant,
  name,
  issuerText,
  taskName,
  tenantName,
} from './fields.js';

/** The payload of a signed decision: who decided what about exactly which question, when, and why (as a salted digest). */
export const decisionRecord = z
  .strictObject({
    aud: z.literal(AUDIENCE),
    id: decisionIdText,
    tenant: tenantName,
    task: taskName,
    escalation: escalationIdText,
    operation: count,
    generation: count,
    round: count,
    digest,
    briefDigest: digest,
    verb: z.enum(VERBS),
    /** For `edit` only: what the operation means from now on. */
    edited: z.exactOptional(z.strictObject({ generation: count, digest })),
    /** For `hold` and `extend` only: the new deadline. */
    until: z.exactOptional(instant),
    /** For `escalate` only: the rung that was seen. */
    rung: z.exactOptional(count),
    /** For `resolve` only. */
    resolution: z.exactOptional(z.enum(['happened', 'not-happened', 'leave'])),
    /** Digest of what the person reports: the result for `resolve` as `happened` and `take-over`, the answer for `respond`. */
    resultDigest: z.exactOptional(digest),
    subject: name,
    issuer: issuerText,
    roles: z.array(name).max(64),
    /** Whose authority it rests on, where that was passed on for a time. */
    onBehalfOf: z.exactOptional(name),
    /** saltedDigest of the reason; text and salt are beside it in the store and may be erased. */
    whyDigest: digest,
    /** Epoch milliseconds, the database's clock. */
    at: instant,
    /** Until when a call may be claimed on it: `at` and the validity of the policy it was asked under. */
    executeBy: instant,
  })
  .refine((r) => r.escalation === `${r.task}:${r.operation}`, 'the escalation is not this task and operation')
  .refine((r) => (r.edited !== undefined) === (r.verb === 'edit'), '`edited` belongs to edit')
  .refine(
    (r) => (r.until !== undefined) === (r.verb === 'hold' || r.verb === 'extend'),
    '`until` belongs to hold and extend',
  )
  .refine((r) => r.rung === undefined || r.verb === 'escalate', '`rung` belongs to escalate')
  .refine((r) => (r.resolution !== undefined) === (r.verb === 'resolve'), '`resolution` belongs to resolve')
  .refine(
    (r) => r.resultDigest === undefined || r.resolution === 'happened' || reports(r.verb),
    '`resultDigest` belongs to a call that happened, an answer and a take-over',
  )
  .refine(
    (r) => r.resultDigest !== undefined || !reports(r.verb),
    'respond and take-over need the digest of what was said',
  );

function reports(verb: Verb): boolean {
  return verb === 'respond' || verb === 'take-over';
}

/** A signed decision's content. */
export type DecisionRecord = Readonly<z.infer<typeof decisionRecord>>;

/** Throws a ZodError when the record contradicts itself: nothing inconsistent is ever signed. */
export function signDecision(signer: Signer, record: Omit<DecisionRecord, 'aud'>): string {
  return signer.sign('decision', decisionRecord.parse({ ...record, aud: AUDIENCE }));
}

/** The decision that was signed by a known key, or undefined; why it failed is not told. */
export function verifyDecision(jws: unknown, verifier: Verifier): DecisionRecord | undefined {
  const payload = verifier.verify('decision', jws);
  return payload === undefined ? undefined : decisionRecord.safeParse(payload).data;
}

/** A decision as it is stored beside its signed record. */
interface StoredDecision {
  readonly id: string;
  readonly tenant: string;
  readonly task: string;
  readonly message: DecisionMessage;
  readonly verb: Verb;
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
  readonly subject: string;
  readonly issuer: string;
  readonly onBehalfOf: string | null;
  readonly why: string;
  readonly whySalt: string;
  readonly result: Json | undefined;
  readonly jws: string;
}

/** The asking that a decision is to be about, and whom it was put to. */
interface Asked {
  readonly tenant: string;
  readonly task: string;
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
  readonly digest: string;
  readonly briefDigest: string;
  readonly roles: readonly string[];
  readonly answerBy: number | null;
}

/**
 * The signed record of a stored decision, if it covers all that the store tells of it, who, why and report included, and, given an asking,
 * answers exactly that one, in time, by a role that was asked; undefined otherwise: what it does not cover nobody said.
 */
export function signedWord(
  stored: StoredDecision,
  verifier: Verifier,
  about?: Asked,
): DecisionRecord | undefined {
  const record = verifyDecision(stored.jws, verifier);
  if (record === undefined || !covers(record, stored)) return undefined;
  return about === undefined || answers(record, about) ? record : undefined;
}

function covers(record: DecisionRecord, stored: StoredDecision): boolean {
  return (
    sameDecision(record, stored.message) &&
    record.id === stored.id &&
    record.tenant === stored.tenant &&
    record.task === stored.task &&
    record.operation === stored.operation &&
    record.generation === stored.generation &&
    record.round === stored.round &&
    record.verb === stored.verb &&
    record.subject === stored.subject &&
    record.issuer === stored.issuer &&
    (record.onBehalfOf ?? null) === stored.onBehalfOf &&
    record.whyDigest === saltedDigest(stored.why, stored.whySalt) &&
    record.resultDigest === (stored.result === undefined ? undefined : labelled('result', stored.result))
  );
}

function answers(record: DecisionRecord, about: Asked): boolean {
  return (
    record.tenant === about.tenant &&
    record.task === about.task &&
    record.operation === about.operation &&
    record.generation === about.generation &&
    record.round === about.round &&
    record.digest === about.digest &&
    record.briefDigest === about.briefDigest &&
    record.roles.some((role) => about.roles.includes(role)) &&
    (about.answerBy === null || record.at <= about.answerBy)
  );
}

/** Whether the plain message that moved the workflow says what was signed, field by field. */
export function sameDecision(record: DecisionRecord, message: DecisionMessage): boolean {
  return (
    record.id === message.id &&
    record.escalation === message.escalation &&
    record.operation === message.operation &&
    record.generation === message.generation &&
    record.round === message.round &&
    record.digest === message.digest &&
    record.briefDigest === message.briefDigest &&
    record.verb === message.verb &&
    record.at === message.at &&
    record.edited?.generation === message.edited?.generation &&
    record.edited?.digest === message.edited?.digest &&
    record.until === message.until &&
    record.rung === message.rung &&
    record.resolution === message.resolution
  );
}
