/** The HTTP API's bodies and queries about anomalies; see http.ts for what holds of all of them. */
import { z } from 'zod';
import { closedAs } from './closing-record.js';
import { anomalyIdText, count, freeText, instant } from './fields.js';
import { cursor, page } from './http-page.js';
import { DAY, duration, MINUTE } from './policy-fields.js';

/** `GET /v1/anomalies`: query. `state` defaults to the open ones. */
export const anomalyQuery = z.strictObject({
  state: z.enum(['open', 'closed', 'all']).default('open'),
  ...page,
});

/** One class of anomalies: the same rule, agent, tool and situation. `closing` is the last one, also of one that was seen again since. */
export const anomalyView = z.object({
  anomaly: anomalyIdText,
  state: z.enum(['open', 'closed']),
  agent: z.string(),
  tool: z.string(),
  rule: z.string(),
  /** Whether the gate has the rule of itself: then it asks whatever was closed. */
  builtIn: z.boolean(),
  situation: z.string().nullable(),
  owner: z.string(),
  count,
  firstSeenAt: instant,
  lastSeenAt: instant,
  last: z.object({ task: z.string(), operation: count }),
  closing: z
    .object({
      as: closedAs,
      by: z.string(),
      at: instant,
      learnt: z.string(),
      /** Until when one that is expected does not ask. */
      until: instant.nullable(),
    })
    .nullable(),
});
/** `GET /v1/anomalies`: answer, the newest first. */
export const anomalyPage = z.object({ anomalies: z.array(anomalyView), next: cursor.nullable() });

/** `POST /v1/anomalies/{anomaly}/close`. */
export const closeRequest = z
  .strictObject({
    as: closedAs,
    /** What was learnt. */
    learnt: freeText(1, 2000).refine((text) => text.trim() !== '', 'must say something'),
    /** How long it is expected; absent: as long as the policy lets. */
    for: z.exactOptional(duration(MINUTE, 90 * DAY, 'How long it does not ask.')),
  })
  .refine((body) => body.for === undefined || body.as === 'expected', '`for` belongs to expected');

export type AnomalyView = Readonly<z.infer<typeof anomalyView>>;
export type AnomalyPage = Readonly<z.infer<typeof anomalyPage>>;
export type CloseRequest = Readonly<z.infer<typeof closeRequest>>;
