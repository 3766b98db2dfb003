import { z } from 'zod';
import type { Digest } from '../domain/ids.js';
import { labelled } from './digest.js';
import { chainName, digest, instant, tenantName } from './fields.js';
import { AUDIENCE } from './sign.js';
import type { Signer, Verifier } from './sign.js';

/** The last entry of a task's chain at some moment. */
export const journalHead = z.strictObject({
  task: chainName,
  seq: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** The payload of a signed checkpoint: heads of all tasks of a tenant that moved since the checkpoint before. */
export const checkpointRecord = z
  .strictObject({
    aud: z.literal(AUDIENCE),
    /** 1, 2, 3 ... within the tenant. */
    n: z.int().min(1),
    at: instant,
    tenant: tenantName,
    heads: z.array(journalHead),
    /** checkpointDigest of the one before; null for the first. */
    prev: digest.nullable(),
  })
  .refine(
    (record) => (record.prev === null) === (record.n === 1),
    'every checkpoint but the first names the one before',
  );

/** A head of one task's chain. */
export type JournalHead = Readonly<z.infer<typeof journalHead>>;
/** A head that somebody outside the database attests; `source` names who, for people. */
export type AttestedHead = JournalHead & { readonly tenant: string; readonly source: string };
/** A checkpoint's content. */
export type CheckpointRecord = Readonly<z.infer<typeof checkpointRecord>>;

/** The signed line that goes outside the database. Throws a ZodError when the record contradicts itself. */
export function signCheckpoint(signer: Signer, record: Omit<CheckpointRecord, 'aud'>): string {
  return signer.sign('checkpoint', checkpointRecord.parse({ ...record, aud: AUDIENCE }));
}

/** The checkpoint that was signed by a known key, or undefined. */
export function verifyCheckpoint(jws: unknown, verifier: Verifier): CheckpointRecord | undefined {
  const payload = verifier.verify('checkpoint', jws);
  return payload === undefined ? undefined : checkpointRecord.safeParse(payload).data;
}

/** What the next checkpoint names as `prev`. */
export function checkpointDigest(jws: string): Digest {
  return labelled('checkpoint', jws);
}
