import { actionDigest, labelled } from '../contract/digest.js';
import { openSecret } from '../contract/seal.js';
import { carrySecrets, forgedReferences, restoreSecrets, secretReferences } from '../contract/secret.js';
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
  const whole = await wholeArguments(deps, tx, { from, schema: published?.schema ?? {}, edits });
  const { args, secrets } = await cleanArguments(deps, tx, {
    tenant: question.tenant,
    tool: from.tool,
    args: whole,
  });
  storeSecrets(tx, question.tenant, secrets, now);
  const generation = await insertGeneration(tx, from, args, now);
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

/** Edited arguments with the values of the secrets that were left as their masks. Throws `invalid` with the places. */
export async function wholeArguments(
  deps: GatewayDeps,
  queries: Queries,
  { from, schema, edits }: { readonly from: LedgerRow; readonly schema: Json; readonly edits: Json },
): Promise<Json> {
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
  const carried = carrySecrets(schema, edits, from.args);
  const sealed = await readSecrets(queries, from.tenant, secretReferences(carried));
  return restoreSecrets(carried, (reference) =>
    openStored(deps, from.tenant, reference, sealed.get(reference)),
  );
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
