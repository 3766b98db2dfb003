import { z } from 'zod';
import { count } from '../../contract/fields.js';
import type { inboxQuery, InboxItem, InboxPage } from '../../contract/http.js';
import { escalationId } from '../../domain/ids.js';
import { deskCursor, pageDesk, type DeskLine } from '../../store/desk.js';
import type { Bearer } from '../../store/tokens.js';
import { readAuthority } from '../../store/delegations.js';
import { isInside } from '../auth.js';
import { lentTo } from '../decider.js';
import type { GatewayDeps } from '../deps.js';
import { notFound } from '../problem.js';
import { readCursor, writeCursor } from '../request.js';
import { standOf } from './question.js';

type Query = z.output<typeof inboxQuery>;

const deskPlace = z.strictObject({
  due: z.int(),
  tier: count,
  askedAt: z.int(),
  task: z.string(),
  operation: count,
  generation: count,
  round: count,
});

/** A page of an inbox, and the roles whose desks it is made of; null = every role's. */
export interface DeskView {
  readonly page: InboxPage;
  readonly roles: readonly string[] | null;
}

/** One page of the desks of this bearer's roles, the most pressing first; of what is closed, the latest. Throws the uniform 404 for whoever has no role at all. */
export async function inboxFor(deps: GatewayDeps, bearer: Bearer, query: Query): Promise<DeskView> {
  const authority = await readAuthority(deps.database, bearer);
  const { policyHash, tenant } = bearer;
  const roster = await deps.policies.roster(deps.database, policyHash, tenant, authority.kept);
  if (!isInside(bearer, roster)) notFound();
  const own = bearer.kind === 'service' ? null : (roster?.rolesOf(bearer) ?? []);
  const lent = own === null ? NOTHING : lentTo(authority, roster);
  const rows = await pageDesk(deps.database, {
    tenant,
    roles: query.role === undefined ? own && [...own, ...lent.roles] : [query.role],
    named: query.role === undefined ? lent.questions : [],
    status: query.state,
    notRequester: query.mine === true ? bearer.subject : null,
    after: readCursor(query.cursor, deskPlace),
    limit: query.limit,
  });
  const last = rows.length === query.limit ? rows.at(-1) : undefined;
  const next = last ? writeCursor({ ...deskCursor(last) }) : null;
  return { page: { escalations: rows.map(itemOf), next }, roles: own };
}

const NOTHING = { roles: [], questions: [] } as const;

function itemOf(row: DeskLine): InboxItem {
  const { task, agent, tool, tier, role, kind, askedAt, answerBy, proposal, flags, round } = row;
  return {
    escalation: escalationId(task, row.operation),
    task,
    agent,
    tool,
    tier,
    role,
    kind,
    proposal: proposal ?? tool,
    flags: [...flags],
    version: round,
    askedAt,
    answerBy,
    state: standOf(row),
    quorum: row.quorum,
    claimedBy: row.takenUp?.subject ?? null,
    claimedUntil: row.takenUp?.until ?? null,
  };
}
