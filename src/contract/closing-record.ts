import { z } from 'zod';
import { anomalyIdText, closingIdText, digest, instant, issuerText, name, tenantName } from './fields.js';
import { AUDIENCE, type Signer, type Verifier } from './sign.js';

/** What an anomaly turned out to be. */
export const closedAs = z.enum(['expected', 'fixed', 'incident']);

/** The payload of a signed closing. `anomaly` says by itself of which tenant, agent, tool, rule and situation it is. */
const closingRecord = z
  .strictObject({
    aud: z.literal(AUDIENCE),
    id: closingIdText,
    anomaly: anomalyIdText,
    tenant: tenantName,
    as: closedAs,
    by: name,
    issuer: issuerText,
    roles: z.array(name).max(64),
    /** saltedDigest of what was learnt. */
    learntDigest: digest,
    /** Epoch milliseconds, the database's clock. */
    at: instant,
    /** Until when it is expected; null for the others. */
    until: instant.nullable(),
  })
  .refine(
    (r) => (r.until !== null) === (r.as === 'expected'),
    'what is expected has an end, and nothing else',
  );

/** A signed closing's content. */
export type ClosingRecord = Readonly<z.infer<typeof closingRecord>>;
/** What an anomaly turned out to be. */
export type ClosedAs = z.infer<typeof closedAs>;

/** Throws a ZodError when the record contradicts itself. */
export function signClosing(signer: Signer, record: Omit<ClosingRecord, 'aud'>): string {
  return signer.sign('closing', closingRecord.parse({ ...record, aud: AUDIENCE }));
}

/** The closing that was signed by a known key, or undefined. */
export function verifyClosing(jws: unknown, verifier: Verifier): ClosingRecord | undefined {
  const payload = verifier.verify('closing', jws);
  return payload === undefined ? undefined : closingRecord.safeParse(payload).data;
}
