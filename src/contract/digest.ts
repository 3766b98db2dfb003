import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Json } from '../domain/action.js';
import type { AnomalyId, DecisionId, Digest, EscalationId, HaltId, TaskId, TenantId } from '../domain/ids.js';
import { canonicalJson } from './canonical.js';

/** SHA-256 of the UTF-8 text, 64 lower-case hex digits. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** SHA-256 of the UTF-8 text, in the form `sha256:` + hex. */
export function sha256Digest(text: string): Digest {
  return `sha256:${sha256Hex(text)}` as Digest; // the one place where such a digest is made
}

/** What a decision binds to. */
export interface ActionIdentity {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly operation: number;
  readonly generation: number;
  readonly tool: string;
  readonly toolVersion: string;
  /** Digest of the tool's input schema, where the tool is known. */
  readonly toolSchema?: Digest;
  /** Secrets stand in it as keyed-hash references (see secret.ts), so that the digest tells nothing of them. */
  readonly args: Json;
  /** The policy it was judged under. */
  readonly policyHash: Digest;
}

/** The digest fixed before anybody is asked and recomputed right before the call. Times are not in it. */
export function actionDigest(action: ActionIdentity): Digest {
  const { tenant, task, operation, generation, tool, toolVersion, toolSchema, args, policyHash } = action;
  return labelled('action', {
    tenant,
    task,
    operation,
    generation,
    tool,
    toolVersion,
    toolSchema: toolSchema ?? null,
    args,
    policyHash,
  });
}

/** One effect. */
export interface EffectIdentity {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly operation: number;
  readonly generation: number;
}

/** The key a tool gets to recognise a repeat: 43 characters of base64url, made from business ids only. */
export function idempotencyKey({ tenant, task, operation, generation }: EffectIdentity): string {
  return compact('effect', { tenant, task, operation, generation });
}

/** The key under which an effect is taken back: its own, the same for every attempt. */
export function undoKey({ tenant, task, operation, generation }: EffectIdentity): string {
  return compact('undo', { tenant, task, operation, generation });
}

/** Who answers what, under which `Idempotency-Key`. */
export interface DecisionIdentity {
  readonly tenant: TenantId;
  readonly escalation: EscalationId;
  readonly issuer: string;
  readonly subject: string;
  readonly key: string;
}

/** The id of a decision: equal for a retry of the same request, through whichever gateway. 43 characters of base64url. */
export function decisionId({ tenant, escalation, issuer, subject, key }: DecisionIdentity): DecisionId {
  return compact('decision', { tenant, escalation, issuer, subject, key }) as DecisionId; // the one place where such an id is made
}

/** Who sets a halt under which `Idempotency-Key`; or the question whose silence does. */
export type HaltIdentity =
  | {
      readonly tenant: TenantId;
      readonly issuer: string;
      readonly subject: string;
      readonly key: string;
    }
  | { readonly tenant: TenantId; readonly task: TaskId; readonly operation: number };

/** The id of a halt: equal for a repeat of the same setting, another in every tenant. 43 characters of base64url. */
export function haltId(identity: HaltIdentity): HaltId {
  return compact('halt', { ...identity }) as HaltId; // the one place where such an id is made
}

/** What makes two anomalies the same one. */
export interface AnomalyIdentity {
  readonly tenant: TenantId;
  readonly agent: string;
  readonly tool: string;
  readonly rule: string;
  /** Of the rule as the policy has it, so that a rule that was changed is another one; null = one of the gate's own. */
  readonly ruleDigest: Digest | null;
  readonly situation: string;
}

/** The id of a class of anomalies: 43 characters of base64url, made from business names only. */
export function anomalyId(identity: AnomalyIdentity): AnomalyId {
  const { tenant, agent, tool, rule, ruleDigest, situation } = identity;
  return compact('anomaly', { tenant, agent, tool, rule, ruleDigest, situation }) as AnomalyId; // the one place where such an id is made
}

/** The id of one closing of an anomaly: equal for a retry of the same request. */
export function closingId(identity: {
  readonly anomaly: AnomalyId;
  readonly issuer: string;
  readonly subject: string;
  readonly key: string;
}): string {
  return compact('closing', { ...identity });
}

/** One delegation by one person under one `Idempotency-Key`. */
export function delegationId(identity: {
  readonly tenant: TenantId;
  readonly issuer: string;
  readonly subject: string;
  readonly key: string;
}): string {
  return compact('delegation', { ...identity });
}

/** The same digest in 43 characters of base64url. */
function compact(label: string, value: Json): string {
  return Buffer.from(labelled(label, value).slice('sha256:'.length), 'hex').toString('base64url');
}

/** A digest of any JSON value under a label, so that digests of different things never meet. */
export function labelled(label: string, value: Json): Digest {
  return sha256Digest(canonicalJson({ label: `countersign/${label}/1`, value }));
}

/** 128 random bits, hex. Kept beside the text it salts and erased with it. */
export function newSalt(): string {
  return randomBytes(16).toString('hex');
}

/** The digest under which a text may stand in the journal or a signed record: without the salt it tells nothing of the text. */
export function saltedDigest(text: string, salt: string): Digest {
  const hash = createHmac('sha256', salt).update(text, 'utf8').digest('hex');
  return `sha256:${hash}` as Digest; // same shape as sha256Digest, over salt and text
}
