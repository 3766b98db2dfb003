import { Hono } from 'hono';
import { canonicalJson } from '../../contract/canonical.js';
import { decisionId, labelled } from '../../contract/digest.js';
import { decisionRequest, type DecisionRequest } from '../../contract/http.js';
import { secretMac } from '../../contract/secret.js';
import { CountersignError } from '../../domain/errors.js';
import { escalationId, type DecisionId, type Digest, type TaskId, type TenantId } from '../../domain/ids.js';
import type { Json } from '../../domain/action.js';
import { appendJournal } from '../../store/journal.js';
import { findTask } from '../../store/tasks.js';
import type { GatewayEnv } from '../auth.js';
import type { IncomingDecision, StoredDecision } from '../decision-scene.js';
import type { DeliveredMarks } from '../delivered-marks.js';
import { deliverDecision } from '../deliver-decision.js';
import type { GatewayDeps } from '../deps.js';
import { escalationOf, idempotencyKeyOf, readBody } from '../request.js';
import { storeDecision } from '../store-decision.js';

/** `POST /v1/escalations/{esc}/decisions`: stored first, then delivered; every refusal is journalled. */
export function decisionRoutes(deps: GatewayDeps & { readonly delivered: DeliveredMarks }): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/escalations/:escalation/decisions', async (c) => {
    const { task, operation } = escalationOf(c.req.param('escalation'));
    const bearer = c.get('bearer');
    const { tenant, subject, issuer } = bearer;
    const key = idempotencyKeyOf(c.req.raw);
    const id = decisionId({ tenant, escalation: escalationId(task, operation), issuer, subject, key });
    const stored = await journallingRefusals(deps, { tenant, task, operation, id, by: subject }, async () => {
      const body = await readBody(c.req.raw, decisionRequest);
      return store(deps, { bearer, task, operation, body, id, requestDigest: requestDigest(deps, body) });
    });
    await deps.point?.('decision-stored');
    const { status, receipt } = await deliverDecision(deps, stored);
    return c.json(receipt, status);
  });
  return app;
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
    deps.log('alarm', 'decision-not-stored', { error: error instanceof Error ? error.name : 'unknown' });
    throw new CountersignError(
      'not-stored',
      'The decision could not be stored, so nothing happened. Send it again with the same Idempotency-Key.',
    );
  }
}

async function journallingRefusals<T>(
  deps: GatewayDeps,
  attempt: { tenant: TenantId; task: TaskId; operation: number; id: DecisionId; by: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CountersignError && error.code !== 'not-stored')
      await journalRefusal(deps, attempt, error.code);
    throw error;
  }
}

async function journalRefusal(
  deps: GatewayDeps,
  attempt: { tenant: TenantId; task: TaskId; operation: number; id: DecisionId; by: string },
  code: string,
): Promise<void> {
  const { tenant, task, operation, id, by } = attempt;
  await deps.database.transaction(async (tx) => {
    if (!(await findTask(tx, tenant, task))) return;
    const event = {
      id: `decision-refused/${id}/${code}`,
      type: 'decision-refused',
      body: { decision: id, operation, code },
      texts: { by },
    };
    await appendJournal(tx, { tenant, task, now: await tx.now(), events: [event] });
  });
}
