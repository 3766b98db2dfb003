/** The HTTP API's bodies and queries about evidence; see http.ts for what holds of all of them. */
import { z } from 'zod';
import { chainName, count, instant } from './fields.js';
import { cursor, page } from './http-page.js';

/** Whose evidence: the token's tenant's, or that of the halts over every tenant (scope `halt:all`). */
const of = z.enum(['tenant', 'all']).default('tenant');

/** `GET /v1/journal`: query; `from` and `to` in epoch milliseconds, both included. */
export const journalQuery = z.strictObject({
  of,
  task: chainName.optional(),
  from: z.coerce.number().pipe(instant).optional(),
  to: z.coerce.number().pipe(instant).optional(),
  ...page,
});
/** One entry, with all that its verification needs. */
export const journalEntry = z.object({
  tenant: z.string(),
  task: z.string(),
  seq: count,
  eventId: z.string(),
  type: z.string(),
  at: instant,
  body: z.string(),
  prev: z.string(),
  hash: z.string(),
  texts: z.string().nullable(),
  salt: z.string().nullable(),
});
/** `GET /v1/journal`: answer. */
export const journalPage = z.object({ entries: z.array(journalEntry), next: cursor.nullable() });

/** `GET /v1/journal/anchors`: query. */
export const anchorQuery = z.strictObject({ of, task: chainName.optional(), ...page });
/** Up to which entry the database says that a chain stands in a checkpoint: the checkpoints have to show it. */
export const journalAnchor = z.object({ tenant: z.string(), task: z.string(), seq: count });
/** `GET /v1/journal/anchors`: answer. */
export const anchorPage = z.object({ anchors: z.array(journalAnchor), next: cursor.nullable() });

/** `GET /v1/checkpoints`: query; those after number `after`. */
export const checkpointQuery = z.strictObject({
  of,
  after: z.coerce.number().pipe(z.int().min(0)).default(0),
});
/** `GET /v1/checkpoints`: answer, oldest first. */
export const checkpointPage = z.object({
  checkpoints: z.array(z.object({ n: z.int(), jws: z.string() })),
  next: z.int().nullable(),
});

/** Whose evidence a request asks for. */
export type EvidenceOf = z.infer<typeof of>;
export type JournalPage = Readonly<z.infer<typeof journalPage>>;
export type AnchorPage = Readonly<z.infer<typeof anchorPage>>;
