import { canonicalJson } from '../contract/canonical.js';
import { decisionId, labelled } from '../contract/digest.js';
import type { DecisionRequest } from '../contract/http.js';
import { secretMac } from '../contract/secret.js';
import type { Json } from '../domain/action.js';
import type { Channel } from '../domain/decision.js';
import { CountersignError } from '../domain/errors.js';
import { escalationId, type DecisionId, type Digest, type TaskId } from '../domain/ids.js';
import { appendJournal } from '../store/journal.js';
import { findTask } from '../store/tasks.js';
import type { Bearer } from '../store/tokens.js';
import { whileGood } from '../store/while-good.js';
import type { IncomingDecision, StoredDecision } from './decision-scene.js';
import { deliverDecision, type DecisionAnswer } from './deliver-decision.js';
import type { GatewayDeps } from './deps.js';
import { storeDecision } from './store-decision.js';
import { faultName } from '../domain/failure-facts.js';

/** A decision as some channel hears it. `body` reads it, once, when its refusal can be journalled like any other. */
export interface HeardDecision {
  readonly bearer: Bearer;
  readonly task: TaskId;
  readonly operation: number;
  readonly body: () => DecisionRequest | Promise<DecisionRequest>;
  /** The same key by the same person about the same question is the same decision. */
  readonly key: string;
  readonly channel: Channel;
}

/**
 * Takes a decision, whatever way it came: stored first, then brought to its run; every refusal is journalled. Throws a CountersignError
 * when it is refused, `not-stored` when nothing could be stored.
 */
export async function takeDecision(deps: GatewayDeps, heard: HeardDecision): Promise<DecisionAnswer> {
  const { bearer, task, operation, key, channel } = heard;
  const { tenant, subject, issuer } = bearer;
  const id = decisionId({ tenant, escalation: escalationId(task, operation), issuer, subject, key });
  const stored = await journallingRefusals(deps, heard, id, async () => {
    const body = await heard.body();
    return store(deps, {
      bearer,
      task,
      operation,
      body,
      id,
      requestDigest: requestDigest(deps, body),
      channel,
    });
  });
  await deps.point?.('decision-stored');
  return deliverDecision(deps, stored);
}

/** Tells a retry from another decision under the same key. Edits may hold secrets, so it is keyed. */
function requestDigest(deps: GatewayDeps, body: DecisionRequest): Digest {
  const text = canonicalJson(body as unknown as Json); // parsed from strict JSON, so it is JSON
  return labelled('decision-request', secretMac(deps.secrets.mac, text));
}

async function store(deps: GatewayDeps, incoming: IncomingDecision): Promise<StoredDecision> {
  try {
    return await storeDecision(deps, incoming);
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    deps.log('alarm', 'decision-not-stored', { error: faultName(error) });
    throw new CountersignError(
      'not-stored',
      'The database did not confirm that the decision is stored. Send it again with the same Idempotency-Key: it counts once.',
    );
  }
}

async function journallingRefusals<T>(
  deps: GatewayDeps,
  heard: HeardDecision,
  id: DecisionId,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CountersignError && !isNobodys(error))
      await journalRefusal(deps, heard, id, error.code);
    throw error;
  }
}

/** Refusals that are no word on anybody's decision: it may be stored, or nobody known sent it. */
function isNobodys({ code }: CountersignError): boolean {
  return code === 'not-stored' || code === 'unauthenticated';
}

async function journalRefusal(
  deps: GatewayDeps,
  { bearer, task, operation, channel }: HeardDecision,
  id: DecisionId,
  code: string,
): Promise<void> {
  const { tenant, subject: by } = bearer;
  // What is refused before anything was read, such as a body, may be so to a token that is good no more.
  const database = whileGood(deps.database, { ...bearer, policyHash: null });
  await database.transaction(async (tx) => {
    if (!(await findTask(tx, tenant, task))) return;
    const event = {
      id: `decision-refused/${id}/${code}`,
      type: 'decision-refused',
      body: { decision: id, operation, code, channel },
      texts: { by },
    };
    await appendJournal(tx, { tenant, task, now: await tx.now(), events: [event] });
  });
}
