import { createHash } from 'node:crypto';
import type { HookIntegration } from '../../contract/hooks-file.js';
import {
  isFresh,
  signedBy,
  stampOf,
  TOLERANCE_MS,
  type WebhookStamp,
} from '../../contract/standard-webhook.js';
import type { Json } from '../../domain/action.js';
import { CountersignError } from '../../domain/errors.js';
import { countOldSecret, rememberMessage } from '../../store/hook-receipts.js';
import { appendJournal, TENANT_CHAIN } from '../../store/journal.js';
import type { GatewayDeps } from '../deps.js';
import { refuse } from '../problem.js';
import { jsonOf, readBytes } from '../request.js';

/** The largest message that is read. */
export const MAX_HOOK_BYTES = 64 * 1024;

/** A message that somebody known has signed, now. */
export interface ReceivedHook {
  readonly integration: HookIntegration;
  /** `webhook-id`: the same again is the same message. */
  readonly id: string;
  /** Strict JSON; its shape is the caller's matter. */
  readonly body: Json;
}

/**
 * Reads a request as a message of Standard Webhooks 1.0 (v1). In this order, cheapest first, and nothing of the store before a secret fits:
 * headers, size, signature over the bytes as they came, time by the database's clock, end of the secret, UTF-8 and JSON, replay. Throws
 * `too-large`; `unauthenticated`, the same for whatever is wrong up to there; `usage` for a body that is no JSON; `idempotency-conflict` for
 * another body under an id that was used.
 */
export async function receiveHook(deps: GatewayDeps, request: Request): Promise<ReceivedHook> {
  const stamp = stampOf(request.headers);
  const bytes = stamp && (await readBytes(request, MAX_HOOK_BYTES));
  if (!stamp || !bytes) return nobody(deps, 'malformed');
  const signers = (deps.hooks ?? []).flatMap((integration) =>
    integration.secrets.map(({ secret, until }, age) => ({ integration, secret, until, age })),
  );
  const signer =
    signers[
      signedBy(
        signers.map(({ secret }) => secret),
        stamp,
        bytes,
      )
    ];
  if (!signer) return nobody(deps, 'not-signed');
  const { integration, until, age } = signer;
  const now = await deps.database.now();
  if (!isFresh(stamp, now)) return refused(deps, integration, stamp, 'not-fresh');
  if (until !== undefined && now > until) return refused(deps, integration, stamp, 'secret-ended');
  if (age > 0) await overlap(deps, integration, age);
  const body = await journallingRefusal(deps, integration, stamp.id, async () => jsonOf(bytes));
  const digest = createHash('sha256').update(bytes).digest('hex');
  const kept = { integration: integration.id, id: stamp.id, digest, now, keptMs: 2 * TOLERANCE_MS };
  if ((await rememberMessage(deps.database, kept)) !== 'another') return { integration, id: stamp.id, body };
  return journallingRefusal(deps, integration, stamp.id, async () =>
    refuse({
      refused: 'idempotency-conflict',
      detail: 'This webhook-id was used for another message: use a new id for a new message.',
    }),
  );
}

/** Journals why a message of a known sender was refused, once for each message and reason, and passes the refusal on. */
export async function journallingRefusal<T>(
  deps: GatewayDeps,
  integration: HookIntegration,
  id: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CountersignError) await journalRefusal(deps, integration, id, error.code);
    throw error;
  }
}

async function journalRefusal(
  deps: GatewayDeps,
  { id: integration, tenant }: HookIntegration,
  message: string,
  code: string,
): Promise<void> {
  deps.log('warn', 'hook-refused', { integration, code });
  const event = {
    id: `hook-refused/${integration}/${message}/${code}`,
    type: 'hook-refused',
    body: { integration, message, code },
  };
  await deps.database.transaction(async (tx) => {
    await tx.last(appendJournal(tx, { tenant, task: TENANT_CHAIN, now: await tx.now(), events: [event] }));
  });
}

/** Nobody known speaks: there is no chain that it belongs to, and nothing of it is kept. */
function nobody({ log }: GatewayDeps, code: 'malformed' | 'not-signed'): never {
  log('warn', 'hook-refused', { integration: null, code });
  return unauthenticated();
}

async function refused(
  deps: GatewayDeps,
  integration: HookIntegration,
  { id }: WebhookStamp,
  code: 'not-fresh' | 'secret-ended',
): Promise<never> {
  await journalRefusal(deps, integration, id, code);
  return unauthenticated();
}

function unauthenticated(): never {
  throw new CountersignError(
    'unauthenticated',
    'This is no message that a known sender signed just now: sign its bytes by Standard Webhooks 1.0 (v1), with a secret of this integration.',
  );
}

async function overlap(deps: GatewayDeps, { id, tenant }: HookIntegration, age: number): Promise<void> {
  deps.log('info', 'hook-signed-with-old-secret', { integration: id, age });
  await countOldSecret(deps.database, tenant, id);
}
