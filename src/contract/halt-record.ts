import { z } from 'zod';
import { AUDIENCE } from './sign.js';
import type { Signer, Verifier } from './sign.js';
import { digest, haltIdText, instant, issuerText, name, tenantName } from './fields.js';

/** What a halt stops. */
export const haltScope = z.enum(['task', 'agent', 'tenant', 'all']);

const author = {
  by: name,
  issuer: issuerText,
  roles: z.array(name).max(64),
  /** saltedDigest of the reason. */
  reasonDigest: digest,
  /** Epoch milliseconds, the database's clock. */
  at: instant,
};

/** The payload of a signed halt. `tenant` is null for `all`; `target` is the task's or agent's name, null for `tenant` and `all`. */
export const haltRecord = z
  .strictObject({
    aud: z.literal(AUDIENCE),
    id: haltIdText,
    scope: haltScope,
    tenant: tenantName.nullable(),
    target: name.nullable(),
    ...author,
  })
  .refine((r) => (r.tenant === null) === (r.scope === 'all'), 'a halt names its tenant unless it is of all')
  .refine(
    (r) => (r.target === null) === (r.scope === 'all' || r.scope === 'tenant'),
    'a halt of a task or an agent names it',
  );

/** The payload of a signed lift of one halt. */
export const liftRecord = z.strictObject({
  aud: z.literal(AUDIENCE),
  halt: haltIdText,
  tenant: tenantName.nullable(),
  ...author,
});

/** A signed halt's content. */
export type HaltRecord = Readonly<z.infer<typeof haltRecord>>;
/** A signed lift's content. */
export type LiftRecord = Readonly<z.infer<typeof liftRecord>>;

/** Throws a ZodError when the record contradicts itself. */
export function signHalt(signer: Signer, record: Omit<HaltRecord, 'aud'>): string {
  return signer.sign('halt', haltRecord.parse({ ...record, aud: AUDIENCE }));
}

/** The halt that was signed by a known key, or undefined. */
export function verifyHalt(jws: unknown, verifier: Verifier): HaltRecord | undefined {
  const payload = verifier.verify('halt', jws);
  return payload === undefined ? undefined : haltRecord.safeParse(payload).data;
}

/** Throws a ZodError when the record contradicts itself. */
export function signLift(signer: Signer, record: Omit<LiftRecord, 'aud'>): string {
  return signer.sign('lift', liftRecord.parse({ ...record, aud: AUDIENCE }));
}

/** The lift that was signed by a known key, or undefined. */
export function verifyLift(jws: unknown, verifier: Verifier): LiftRecord | undefined {
  const payload = verifier.verify('lift', jws);
  return payload === undefined ? undefined : liftRecord.safeParse(payload).data;
}
