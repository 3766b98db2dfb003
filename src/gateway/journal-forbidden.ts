import { randomBytes } from 'node:crypto';
import { appendJournal, TENANT_CHAIN } from '../store/journal.js';
import type { Bearer } from '../store/tokens.js';
import type { GatewayDeps } from './deps.js';
import { faultName } from '../domain/failure-facts.js';

/**
 * Journals that somebody tried what they may not: policies, tokens, halts, tasks in another's name. Decisions journal their refusals in the
 * chain of their task. The refusal is answered whether this succeeds or not.
 */
export async function journalForbidden(deps: GatewayDeps, bearer: Bearer, path: string): Promise<void> {
  const { tenant, subject, tokenId } = bearer;
  // The kind of thing alone: the rest of a path is text of whoever asks.
  const [what = ''] = path.replace(/^\/(v1\/)?/, '').split('/');
  const event = {
    id: `request-refused/${randomBytes(16).toString('hex')}`,
    type: 'request-refused',
    body: { what, token: tokenId },
    texts: { by: subject },
  };
  try {
    await deps.database.transaction(async (tx) => {
      const now = await tx.now();
      await tx.last(appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] }));
    });
  } catch (error) {
    deps.log('alarm', 'refusal-not-journalled', { error: faultName(error) });
  }
}
