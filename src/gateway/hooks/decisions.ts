import { Hono } from 'hono';
import { hookDecision } from '../../contract/hook-decision.js';
import type { HookIntegration } from '../../contract/hooks-file.js';
import { decisionRequest } from '../../contract/http.js';
import type { Json } from '../../domain/action.js';
import type { Bearer } from '../../store/tokens.js';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { refuse } from '../problem.js';
import { escalationOf, fitBody } from '../request.js';
import { takeDecision } from '../take-decision.js';
import { journallingRefusal, receiveHook } from './receive.js';
import { takeStep } from './steps.js';

/** `POST /hooks/decisions`: a decision that a configured integration passes on from one of its people. Answers as the API does. */
export function hookDecisionRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/hooks/decisions', async (c) => {
    const { integration, id, body } = await receiveHook(deps, c.req.raw);
    const { bearer, about, rest } = await journallingRefusal(deps, integration, id, async () =>
      addressed(integration, body),
    );
    const done = await journallingRefusal(deps, integration, id, async () =>
      takeStep(deps, { bearer, about, key: id, rest }),
    );
    if (done) return c.json(done.view, done.status);
    const { status, receipt } = await journallingRefusal(deps, integration, id, async () =>
      takeDecision(deps, {
        ...about,
        bearer,
        key: id,
        channel: 'hook',
        body: () => fitBody(decisionRequest, rest),
      }),
    );
    return c.json(receipt, status);
  });
  return app;
}

/** Who decides about what. The sender names a person of its own; who that is here, the operator has said. */
function addressed(integration: HookIntegration, body: Json) {
  const { integration: claimed, subject, escalation, ...rest } = fitBody(hookDecision, body);
  if (claimed !== integration.id)
    return refuse({
      refused: 'forbidden',
      detail: `The message was signed by ${integration.id}: \`integration\` must say so.`,
    });
  const reviewer = integration.reviewers.get(subject);
  if (reviewer === undefined)
    return refuse({
      refused: 'forbidden',
      detail:
        'This person of the sender is bound to no reviewer: the operator does that, in `reviewers` of the integration.',
    });
  return { bearer: bearerOf(integration, reviewer), about: escalationOf(escalation), rest: rest as Json }; // the body was strict JSON
}

/** The reviewer as whom the operator has bound the sender's person; nothing of it is the sender's own word. */
function bearerOf({ id, tenant }: HookIntegration, subject: string): Bearer {
  const issuer = `hook:${id}`;
  return {
    via: 'hook',
    tokenId: issuer,
    tenant,
    kind: 'personal',
    subject,
    issuer,
    scopes: [],
    claims: null,
    authTime: null,
    acr: null,
    policyHash: null, // a decision reads which one is in force
  };
}
