import { VERBS, type DecisionMessage, type Resolution, type Verb } from '../domain/decision.js';
import type { DecisionId, Digest, EscalationId } from '../domain/ids.js';

const ID = /^[A-Za-z0-9._:~-]{1,200}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const RESOLUTIONS: readonly Resolution[] = ['happened', 'not-happened', 'leave'];

/**
 * A decision out of whatever was sent, or undefined when it is none. By hand, because a schema library would cost every cached
 * workflow its memory; unknown fields are dropped.
 */
export function readDecision(sent: unknown): DecisionMessage | undefined {
  if (!isRecord(sent)) return undefined;
  const { id, escalation, verb, operation, generation, round, at, digest, briefDigest } = sent;
  if (!isText(id, ID) || !isText(escalation, ID) || !isVerb(verb)) return undefined;
  if (!isCount(operation) || !isCount(generation) || !isCount(round) || !isCount(at)) return undefined;
  if (!isText(digest, DIGEST) || !isText(briefDigest, DIGEST)) return undefined;
  const more = readMore(sent);
  if (more === undefined) return undefined;
  return {
    id: id as DecisionId, // checked by ID above
    escalation: escalation as EscalationId, // only ever compared
    digest: digest as Digest, // checked by DIGEST above
    briefDigest: briefDigest as Digest, // checked by DIGEST above
    verb,
    operation,
    generation,
    round,
    at,
    ...more,
  };
}

function readMore(
  sent: Readonly<Record<string, unknown>>,
): Pick<DecisionMessage, 'edited' | 'until' | 'resolution' | 'rung'> | undefined {
  const { edited, until, resolution, rung } = sent;
  if (rung !== undefined && !isCount(rung)) return undefined;
  if (until !== undefined && !isCount(until)) return undefined;
  if (resolution !== undefined && !isResolution(resolution)) return undefined;
  const replaced = edited === undefined ? null : readEdited(edited);
  if (replaced === undefined) return undefined;
  return {
    ...(until === undefined ? {} : { until }),
    ...(resolution === undefined ? {} : { resolution }),
    ...(rung === undefined ? {} : { rung }),
    ...(replaced === null ? {} : { edited: replaced }),
  };
}

function readEdited(sent: unknown): NonNullable<DecisionMessage['edited']> | undefined {
  if (!isRecord(sent)) return undefined;
  const { generation, digest } = sent;
  if (!isCount(generation) || !isText(digest, DIGEST)) return undefined;
  return { generation, digest: digest as Digest }; // checked by DIGEST above
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isVerb(value: unknown): value is Verb {
  return VERBS.some((verb) => verb === value);
}

function isResolution(value: unknown): value is Resolution {
  return RESOLUTIONS.some((resolution) => resolution === value);
}
