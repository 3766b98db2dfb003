import { Hono } from 'hono';
import { z } from 'zod';
import {
  anchorQuery,
  checkpointQuery,
  journalQuery,
  type AnchorPage,
  type EvidenceOf,
  type JournalPage,
} from '../../contract/http-evidence.js';
import { escalationId, type TaskId, type TenantId } from '../../domain/ids.js';
import { EVERY_TENANT } from '../../store/halts.js';
import { readAnchors, readJournal, readJournalByTime, TENANT_CHAIN } from '../../store/journal.js';
import { findTask } from '../../store/tasks.js';
import { unheardQuestions } from '../../store/unheard.js';
import type { Bearer } from '../../store/tokens.js';
import { requireScope, requireSight, type GatewayEnv } from '../auth.js';
import { readAuthority } from '../../store/delegations.js';
import { lentTo } from '../decider.js';
import type { GatewayDeps } from '../deps.js';
import { notFound, refuse } from '../problem.js';
import { readCursor, readQuery, writeCursor } from '../request.js';

const bySeq = z.strictObject({ seq: z.int() });
const byTask = z.strictObject({ task: z.string() });
const byTime = z.strictObject({ at: z.int(), task: z.string(), seq: z.int() });
/** How many checkpoints are one page. */
const CHECKPOINTS = 1_000;

/** The journal, the signed checkpoints that vouch for it, and the public keys to verify both with. */
export function journalRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/journal', async (c) =>
    c.json(await page(deps, c.get('bearer'), readQuery(c.req.raw, journalQuery))),
  );
  app.get('/journal/anchors', async (c) =>
    c.json(await anchors(deps, c.get('bearer'), readQuery(c.req.raw, anchorQuery))),
  );
  app.get('/checkpoints', async (c) => {
    const { after, of } = readQuery(c.req.raw, checkpointQuery);
    const tenant = tenantOf(c.get('bearer'), of);
    await requireChain(deps, c.get('bearer'), tenant, undefined); // how far each chain has grown tells as much
    const checkpoints = await deps.checkpoints.list(tenant, after, CHECKPOINTS);
    return c.json({
      checkpoints,
      next: checkpoints.length === CHECKPOINTS ? (checkpoints.at(-1)?.n ?? null) : null,
    });
  });
  app.get('/keys', (c) => c.json(deps.verifier.keys));
  return app;
}

/** Whose evidence is meant: that of halts over every tenant belongs to none of them. Throws `forbidden`. */
function tenantOf(bearer: Bearer, of: EvidenceOf): TenantId {
  if (of === 'tenant') return bearer.tenant;
  requireScope(bearer, 'halt:all');
  return EVERY_TENANT;
}

async function page(
  deps: GatewayDeps,
  bearer: Bearer,
  query: z.output<typeof journalQuery>,
): Promise<JournalPage> {
  return query.task === undefined
    ? pageByTime(deps, bearer, query)
    : pageOfTask(deps, bearer, { ...query, task: query.task as TaskId }); // a chain's name
}

async function requireChain(
  deps: GatewayDeps,
  bearer: Bearer,
  tenant: TenantId,
  task: TaskId | undefined,
): Promise<void> {
  const row =
    task === undefined || task === TENANT_CHAIN
      ? undefined
      : ((await findTask(deps.database, tenant, task)) ?? notFound());
  await requireSight(deps, deps.database, bearer, row?.requester ?? null);
  if (task !== TENANT_CHAIN && tenant === bearer.tenant) await requireHeard(deps, bearer, task ?? null);
}

/** Throws `conflict` while several must answer a question that this person is asked, and they have not: the journal tells what others said. */
async function requireHeard(deps: GatewayDeps, bearer: Bearer, task: TaskId | null): Promise<void> {
  const authority = await readAuthority(deps.database, bearer);
  const { policyHash, tenant } = bearer;
  const roster = await deps.policies.roster(deps.database, policyHash, tenant, authority.kept);
  const own = roster?.rolesOf(bearer) ?? [];
  if (own.length === 0) return;
  const lent = lentTo(authority, roster);
  const open = await unheardQuestions(deps.database, {
    tenant,
    subject: bearer.subject,
    task,
    roles: [...own, ...lent.roles],
    named: lent.questions,
  });
  if (open.length === 0) return;
  const names = open.map((each) => escalationId(each.task, each.operation)).join(', ');
  refuse({
    refused: 'conflict',
    detail: `Several people must answer ${names}, each without hearing the others, and you have not yet: the journal is shown to you afterwards.`,
  });
}

async function pageOfTask(
  deps: GatewayDeps,
  bearer: Bearer,
  query: z.output<typeof journalQuery> & { task: TaskId },
): Promise<JournalPage> {
  const { task, limit } = query;
  const tenant = tenantOf(bearer, query.of);
  await requireChain(deps, bearer, tenant, task);
  const afterSeq = readCursor(query.cursor, bySeq)?.seq ?? 0;
  const entries = await readJournal(deps.database, { tenant, task, afterSeq, limit });
  const last = entries.length === limit ? entries.at(-1) : undefined;
  return { entries: [...entries], next: last ? writeCursor({ seq: last.seq }) : null };
}

async function pageByTime(
  deps: GatewayDeps,
  bearer: Bearer,
  query: z.output<typeof journalQuery>,
): Promise<JournalPage> {
  const tenant = tenantOf(bearer, query.of);
  await requireChain(deps, bearer, tenant, undefined);
  const { from = 0, to = Number.MAX_SAFE_INTEGER, limit } = query;
  const after = readCursor(query.cursor, byTime);
  const entries = await readJournalByTime(deps.database, { tenant, from, to, after, limit });
  const last = entries.length === limit ? entries.at(-1) : undefined;
  return {
    entries: [...entries],
    next: last ? writeCursor({ at: last.at, task: last.task, seq: last.seq }) : null,
  };
}

async function anchors(
  deps: GatewayDeps,
  bearer: Bearer,
  query: z.output<typeof anchorQuery>,
): Promise<AnchorPage> {
  const task = query.task as TaskId | undefined; // a chain's name
  const tenant = tenantOf(bearer, query.of);
  await requireChain(deps, bearer, tenant, task);
  const after = readCursor(query.cursor, byTask)?.task ?? '';
  const rows = await readAnchors(deps.database, { tenant, task, after, limit: query.limit });
  const last = rows.length === query.limit ? rows.at(-1) : undefined;
  return { anchors: [...rows], next: last ? writeCursor({ task: last.task }) : null };
}
