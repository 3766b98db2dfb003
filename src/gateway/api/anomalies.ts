import { Hono } from 'hono';
import { z } from 'zod';
import { signClosing } from '../../contract/closing-record.js';
import { anomalyId, closingId, newSalt, saltedDigest } from '../../contract/digest.js';
import { durationText, parseDuration } from '../../contract/duration.js';
import {
  anomalyQuery,
  closeRequest,
  type AnomalyPage,
  type AnomalyView,
  type CloseRequest,
} from '../../contract/http-anomalies.js';
import { closeAnomaly, findAnomaly, listAnomalies, type AnomalyRow } from '../../store/anomalies.js';
import type { Bearer } from '../../store/tokens.js';
import { whileGood } from '../../store/while-good.js';
import { requireSight, type GatewayEnv } from '../auth.js';
import { personIn } from '../decider.js';
import type { GatewayDeps, Roster } from '../deps.js';
import { notFound, refuse } from '../problem.js';
import { idempotencyKeyOf, readBody, readCursor, readQuery, writeCursor } from '../request.js';

/** `/v1/anomalies`: list, close. */
export function anomalyRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/anomalies', async (c) =>
    c.json(await list(deps, c.get('bearer'), readQuery(c.req.raw, anomalyQuery))),
  );
  app.post('/anomalies/:anomaly/close', async (c) => {
    const bearer = c.get('bearer');
    await requireSight(deps, deps.database, bearer, null);
    const row = (await findAnomaly(deps.database, bearer.tenant, c.req.param('anomaly'))) ?? notFound();
    const body = await readBody(c.req.raw, closeRequest);
    return c.json(viewOf(await close(deps, bearer, { row, body, key: idempotencyKeyOf(c.req.raw) })));
  });
  return app;
}

const place = z.strictObject({ firstSeenAt: z.int(), id: z.string() });

async function list(
  deps: GatewayDeps,
  bearer: Bearer,
  { state, cursor, limit }: z.output<typeof anomalyQuery>,
): Promise<AnomalyPage> {
  await requireSight(deps, deps.database, bearer, null);
  const rows = await listAnomalies(deps.database, {
    tenant: bearer.tenant,
    state: state === 'all' ? null : state,
    after: readCursor(cursor, place),
    limit,
  });
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    anomalies: rows.map(viewOf),
    next: last ? writeCursor({ firstSeenAt: last.firstSeenAt, id: last.id }) : null,
  };
}

interface Closing {
  readonly row: AnomalyRow;
  readonly body: CloseRequest;
  readonly key: string;
}

async function close(
  deps: GatewayDeps,
  bearer: Bearer,
  { row: seen, body, key }: Closing,
): Promise<AnomalyRow> {
  const { as, learnt } = body;
  const { tenant, subject: by, issuer } = bearer;
  const roster = await deps.policies.roster(deps.database, bearer.policyHash, bearer.tenant);
  const learntSalt = newSalt();
  const learntDigest = saltedDigest(learnt, learntSalt);
  const id = closingId({ anomaly: seen.id, issuer, subject: by, key });
  const row = await closeAnomaly(whileGood(deps.database, bearer), {
    tenant,
    anomaly: seen.id,
    id,
    as,
    by,
    learnt,
    learntSalt,
    forMs: as === 'expected' ? expectedMs(roster, body.for) : null,
    admit: (found, requester) => admit(deps, bearer, { roster, row: found, requester }),
    sign: ({ at, until, role }) =>
      signClosing(deps.signer, {
        id,
        anomaly: seen.id,
        tenant,
        as,
        by,
        issuer,
        roles: [role],
        learntDigest,
        at,
        until,
      }),
  });
  if (row === undefined) notFound();
  if (row.closedAs !== as || row.learnt !== learnt)
    refuse({
      refused: 'idempotency-conflict',
      detail: 'This Idempotency-Key was used for another closing: use a new key.',
    });
  return row;
}

/** The role in which the bearer may close it as it stands. Throws what stands against it. */
function admit(
  deps: GatewayDeps,
  bearer: Bearer,
  { roster, row, requester }: { roster: Roster | undefined; row: AnomalyRow; requester: string | null },
): string {
  requireOwnNames(deps, row);
  const closers = roster?.anomalies.closers(row.agent) ?? [];
  const role =
    bearer.kind === 'personal' ? roster?.rolesOf(bearer).find((name) => closers.includes(name)) : undefined;
  if (role === undefined)
    return refuse({
      refused: 'forbidden',
      detail: `Closing takes a person of ${closers.join(' or ') || '(no role)'}, by the policy in force now.`,
    });
  if (requester !== null && personIn(roster, bearer.subject) === personIn(roster, requester))
    refuse({
      refused: 'forbidden',
      detail: `Whoever asked for the task it was last seen in cannot close it: somebody else of ${closers.join(' or ')} must.`,
    });
  if (row.state === 'closed' && row.closedAs !== 'expected')
    refuse({
      refused: 'not-open',
      detail: `It is closed as ${row.closedAs ?? 'something'}; when it is seen again it opens by itself.`,
    });
  return role;
}

/** What is shown must be what is signed: names that somebody changed in the store are those of no anomaly that was seen. */
function requireOwnNames(deps: GatewayDeps, row: AnomalyRow): void {
  if (anomalyId(row) === row.id) return;
  deps.log('alarm', 'anomaly-altered', { anomaly: row.id });
  refuse({
    refused: 'conflict',
    detail: 'What this entry shows is not what was seen: close nothing, and tell the operator.',
  });
}

/** How long it is expected: as long as the policy lets, unless less is wanted. Throws `policy-refused` for more. */
function expectedMs(roster: Roster | undefined, wanted: string | undefined): number {
  const most = roster?.anomalies.expectedForMs ?? 0;
  const forMs = wanted === undefined ? most : (parseDuration(wanted) ?? 0);
  if (forMs > most)
    refuse({
      refused: 'policy-refused',
      detail: `The policy in force lets it be expected for ${durationText(most)} at most: ask for no more.`,
    });
  return forMs;
}

function viewOf(row: AnomalyRow): AnomalyView {
  const { id: anomaly, state, agent, tool, rule, ruleDigest, owner, count, firstSeenAt, lastSeenAt } = row;
  const { closedAs: as, closedBy: by, closedAt: at, learnt, expiresAt: until } = row;
  const closed = as === null || at === null ? null : { as, by: by ?? '', at, learnt: learnt ?? '', until };
  return {
    anomaly,
    state,
    agent,
    tool,
    rule,
    builtIn: ruleDigest === null,
    situation: row.situation === '' ? null : row.situation,
    owner,
    count,
    firstSeenAt,
    lastSeenAt,
    last: { task: row.lastTask, operation: row.lastOperation },
    closing: closed,
  };
}
