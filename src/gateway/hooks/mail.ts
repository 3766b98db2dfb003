import { Hono } from 'hono';
import { mailEvent } from '../../contract/hook-mail.js';
import { bounced } from '../../store/undelivered.js';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { refuse } from '../problem.js';
import { fitBody } from '../request.js';
import { journallingRefusal, receiveHook } from './receive.js';

/**
 * `POST /hooks/mail`: a mail came back, as an integration says that the operator's mail provider told it. The answer says whether it was a
 * notification of the integration's tenant; a repeat changes nothing.
 */
export function hookMailRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/hooks/mail', async (c) => {
    const { integration, id, body } = await receiveHook(deps, c.req.raw);
    const { messageId } = await journallingRefusal(deps, integration, id, async () => {
      if (!integration.bounces)
        refuse({
          refused: 'forbidden',
          detail: 'This integration tells of no mails: the operator allows it, `bounces: true`.',
        });
      return fitBody(mailEvent, body);
    });
    const known = await bounced(deps.database, { tenant: integration.tenant, messageId });
    deps.log('info', 'mail-bounced', { integration: integration.id, known });
    return c.json({ known });
  });
  return app;
}
