/** The HTTP API's bodies about web hooks; see http.ts for what holds of all of them. */
import { z } from 'zod';
import { count, instant } from './fields.js';

/** Somebody who is told by web hook, as the workers' file names them. */
const hookTargetView = z.object({
  hook: z.string(),
  events: z.array(z.string()),
  /** Since when it is told nothing, because it answered 410; null = it is told. */
  disabledAt: instant.nullable(),
  deliveredAt: instant.nullable(),
  /** Messages that wait for their first or another attempt. */
  waiting: count,
  /** Messages that were given up in the last thirty days. */
  dead: count,
  /** Why the latest attempt failed of a message that is not delivered, a code; null = none failed. */
  error: z.string().nullable(),
});
/** `GET /v1/hooks`: the targets, and the integrations whose messages this gateway takes. */
export const hookPage = z.object({
  targets: z.array(hookTargetView),
  integrations: z.array(
    z.object({
      integration: z.string(),
      reviewers: count,
      /** Messages that were signed with an older secret, ever: when it stands still, nobody needs that secret any more. */
      signedWithOldSecret: count,
    }),
  ),
});
/** `POST /v1/hooks/{hook}/enable`: answer. */
export const hookEnabled = z.object({ hook: z.string(), enabled: z.literal(true) });

export type HookPage = Readonly<z.infer<typeof hookPage>>;
export type HookEnabled = Readonly<z.infer<typeof hookEnabled>>;
