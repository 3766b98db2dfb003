import { Hono } from 'hono';
import { z } from 'zod';
import { inboxQuery, type EscalationView, type InboxItem, type InboxPage } from '../../contract/http.js';
import { escalationId } from '../../domain/ids.js';
import { decisionsOf } from '../../store/decisions.js';
import { haltsOver } from '../../store/halts.js';
import { deskCursor, latestQuestion, pageDesk, type QuestionRow } from '../../store/questions.js';
import { findTask } from '../../store/tasks.js';
import type { Bearer } from '../../store/tokens.js';
import { requireSight, type GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { permissions } from '../permissions.js';
import { notFound } from '../problem.js';
import { escalationOf, readCursor, readQuery, writeCursor } from '../request.js';

/** `/v1/escalations`: the inbox, and one question with its brief. */
export function escalationRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/escalations', async (c) =>
    c.json(await inbox(deps, c.get('bearer'), readQuery(c.req.raw, inboxQuery))),
  );
  app.get('/escalations/:escalation', async (c) => {
    const { task, operation } = escalationOf(c.req.param('escalation'));
    const question =
      (await latestQuestion(deps.database, { tenant: c.get('bearer').tenant, task, operation })) ??
      notFound();
    return c.json(await view(deps, c.get('bearer'), question));
  });
  return app;
}

const deskPlace = z.strictObject({
  due: z.int(),
  tier: z.int(),
  askedAt: z.int(),
  task: z.string(),
  operation: z.int(),
  generation: z.int(),
  round: z.int(),
});

async function inbox(
  deps: GatewayDeps,
  bearer: Bearer,
  query: z.output<typeof inboxQuery>,
): Promise<InboxPage> {
  await requireSight(deps, deps.database, bearer, null);
  const roster = await deps.policies.roster(deps.database, bearer.policyHash, bearer.tenant);
  const own = bearer.kind === 'service' ? null : (roster?.rolesOf(bearer.subject) ?? []);
  const rows = await pageDesk(deps.database, {
    tenant: bearer.tenant,
    roles: query.role === undefined ? own : [query.role],
    status: query.state === 'all' ? null : query.state,
    notRequester: query.mine === true ? bearer.subject : null,
    after: readCursor(query.cursor, deskPlace),
    limit: query.limit,
  });
  const last = rows.length === query.limit ? rows.at(-1) : undefined;
  return { escalations: rows.map(itemOf), next: last ? writeCursor({ ...deskCursor(last) }) : null };
}

function itemOf(row: QuestionRow): InboxItem {
  const { task, agent, tool, tier, role, kind, askedAt, answerBy } = row;
  const proposal = row.brief?.proposal ?? tool;
  const flags = [...(row.brief?.flags ?? [])];
  const escalation = escalationId(task, row.operation);
  return {
    escalation,
    task,
    agent,
    tool,
    tier,
    role,
    kind,
    proposal,
    flags,
    version: row.round,
    askedAt,
    answerBy,
    state: stateOf(row),
  };
}

function stateOf(row: QuestionRow): string {
  return row.status === 'open' ? 'PAUSED_PENDING_HUMAN' : (row.closedAs ?? 'closed');
}

async function view(deps: GatewayDeps, bearer: Bearer, question: QuestionRow): Promise<EscalationView> {
  const { tenant, task, operation } = question;
  const [found, halts, decisions, now] = await deps.database.reads((queries) =>
    Promise.all([
      findTask(queries, tenant, task),
      haltsOver(queries, question),
      decisionsOf(queries, { tenant, task, operation }),
      queries.now(),
    ]),
  );
  const row = found ?? notFound();
  await requireSight(deps, deps.database, bearer, row.requester);
  const roster = await deps.policies.roster(deps.database, bearer.policyHash, bearer.tenant);
  const halt = halts.inForce[0]?.id ?? null;
  const { brief, briefDigest, digest, kind, role, askedAt, answerBy, extendableUntil } = question;
  return {
    escalation: escalationId(task, operation),
    state: stateOf(question),
    kind,
    brief: (brief ?? notFound()) as EscalationView['brief'], // readonly in the domain, mutable as zod infers it
    briefDigest,
    digest,
    version: question.round,
    role,
    askedAt,
    answerBy,
    extendableUntil,
    halt,
    ...permissions({
      question,
      bearer,
      requester: row.requester,
      roles: roster?.rolesOf(bearer.subject) ?? [],
      halted: halt !== null,
      decisions,
      now,
    }),
    decisions: decisions.map(({ id, verb, subject, at, round, outcome }) => ({
      decision: id,
      verb,
      by: subject,
      at,
      version: round,
      outcome,
    })),
  };
}
