import { isDeepStrictEqual } from 'node:util';
import { actionDigest, labelled } from '../contract/digest.js';
import { openSecret, type TakenSecrets } from '../contract/seal.js';
import {
  carrySecrets,
  forgedReferences,
  restoreSecrets,
  secretReferences,
  withNewSecrets,
} from '../contract/secret.js';
import type { Json } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import type { Digest, TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from '../store/database.js';
import { insertGeneration, lockOperation, type LedgerRow } from '../store/ledger.js';
import { readSecrets, storeSecrets } from '../store/secrets.js';
import { findTool } from '../store/tools.js';
import { cleanArguments } from './arguments.js';
import type { DecisionScene } from './decision-scene.js';
import type { GatewayDeps } from './deps.js';
import { refuse } from './problem.js';

/**
 * Makes the edited arguments the operation's next generation. The tool stays; the arguments must fit its schema; a secret that was left as
 * its mask keeps its value where carrySecrets can tell whose it is. Nothing of it counts before the decision that names its digest was verified.
 */
export async function storeEdit(
  deps: GatewayDeps,
  tx: Transaction,
  scene: DecisionScene,
  edits: Json,
): Promise<{ generation: number; digest: Digest }> {
  const { question, now } = scene;
  const rows = await lockOperation(tx, question);
  const from = rows.find((row) => row.generation === question.generation);
  if (!from)
    throw new Error(
      `operation ${question.operation} of ${question.tenant}/${question.task} is asked about and not in the ledger`,
    );
  const published = await findTool(tx, question.tool);
  const digestOf = (generation: number, args: Json): Digest => {
    const { tenant, task, operation, tool, policyHash } = question;
    const toolVersion = published?.facts.version ?? '';
    const identity = { tenant, task, operation, generation, tool, toolVersion, args, policyHash };
    return actionDigest(
      published ? { ...identity, toolSchema: labelled('tool-schema', published.schema) } : identity,
    );
  };
  if (digestOf(from.generation, from.args) !== question.digest) {
    refuse({
      refused: 'stale',
      detail: 'The tool was changed since this was asked: reject it, or approve it to have it asked anew.',
    });
  }
  const schema = published?.schema ?? {};
  const { args, compared, secrets } = await editedArguments(deps, tx, { from, schema, edits });
  storeSecrets(tx, question.tenant, secrets, now);
  // With secrets in it, only what is asked about is looked at: that an earlier generation is the same would say of a secret which it was.
  const anew = secretReferences(args).length > 0 && !isDeepStrictEqual(compared, from.args);
  const generation = await insertGeneration(tx, from, { args, anew }, now);
  if (generation <= question.generation) {
    refuse({
      refused: 'invalid',
      detail:
        generation === question.generation
          ? 'The edit changes nothing: approve the action as it is, or send other arguments.'
          : 'These arguments were edited away before, and an operation goes one way only: send others, or reject.',
    });
  }
  return { generation, digest: digestOf(generation, args) };
}

/**
 * What an edit makes of a call's arguments, with all that the tool's schema fills in and the secrets that were left as their masks, and
 * the same as it is compared with them (withNewSecrets). Throws `invalid` with the places.
 */
export async function editedArguments(
  deps: GatewayDeps,
  queries: Queries,
  { from, schema, edits }: { readonly from: LedgerRow; readonly schema: Json; readonly edits: Json },
): Promise<Pick<TakenSecrets, 'args' | 'secrets'> & { readonly compared: Json }> {
  const forged = forgedReferences(edits);
  if (forged.length > 0) {
    throw new CountersignError(
      'invalid',
      'Arguments may not hold references to secrets: leave the mask, or give a new value.',
      {
        problems: forged.map((path) => ({ path, message: 'only the gate writes such a reference' })),
      },
    );
  }
  const { tenant, tool } = from;
  const carried = carrySecrets(schema, edits, from.args);
  const sealed = await readSecrets(queries, tenant, secretReferences(carried));
  const whole = restoreSecrets(carried, (reference) =>
    openStored(deps, tenant, reference, sealed.get(reference)),
  );
  const { args, secrets } = await cleanArguments(deps, queries, { tenant, tool, args: whole });
  return { args, secrets, compared: withNewSecrets(carried, args) };
}

function openStored(
  deps: GatewayDeps,
  tenant: TenantId,
  reference: string,
  sealed: string | undefined,
): string {
  if (sealed === undefined)
    throw new Error('a secret that the stored arguments refer to is not in the table');
  return openSecret(deps.secrets, { tenant, reference }, sealed);
}
