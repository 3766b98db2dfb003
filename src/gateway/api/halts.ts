import { Hono } from 'hono';
import { haltId, newSalt, saltedDigest } from '../../contract/digest.js';
import { nudgeTasks } from '../../client/nudge-tasks.js';
import { signHalt, signLift } from '../../contract/halt-record.js';
import { haltQuery, haltRequest, liftRequest, type HaltRequest, type HaltView } from '../../contract/http.js';
import { CountersignError } from '../../domain/errors.js';
import type { HaltId } from '../../domain/ids.js';
import {
  EVERY_TENANT,
  findHalt,
  liftHalt,
  listHalts,
  setHalt,
  tasksUnder,
  type HaltRow,
} from '../../store/halts.js';
import type { Bearer } from '../../store/tokens.js';
import { whileGood } from '../../store/while-good.js';
import { requireScope, requireSight, type GatewayEnv } from '../auth.js';
import { personIn } from '../decider.js';
import type { GatewayDeps } from '../deps.js';
import { haltingRoleOf, SERVICE } from '../halting.js';
import { notFound, refuse } from '../problem.js';
import { findTask } from '../../store/tasks.js';
import { idempotencyKeyOf, readBody, readQuery, taskOf } from '../request.js';

/** `/v1/halts`: set, list, lift. */
export function haltRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/halts', async (c) => {
    const body = await readBody(c.req.raw, haltRequest);
    const row = await set(deps, c.get('bearer'), body, idempotencyKeyOf(c.req.raw));
    tellTasks(deps, row);
    return c.json(viewOf(row), 201);
  });
  app.get('/halts', async (c) => {
    await requireSight(deps, deps.database, c.get('bearer'), null);
    const { state } = readQuery(c.req.raw, haltQuery);
    const rows = await listHalts(deps.database, c.get('bearer').tenant, state);
    return c.json({ halts: rows.map(viewOf) });
  });
  app.post('/halts/:halt/lift', async (c) => {
    const body = await readBody(c.req.raw, liftRequest);
    const row = await lift(deps, c.get('bearer'), c.req.param('halt'), body.why);
    tellTasks(deps, row);
    return c.json(viewOf(row));
  });
  return app;
}

/** In the background: the claim enforces the halt meanwhile, and the dispatcher repeats what does not arrive. */
function tellTasks(deps: GatewayDeps, halt: HaltRow): void {
  const message = { halt: halt.id, jws: halt.liftJws ?? halt.jws };
  tasksUnder(deps.database, halt)
    .then((tasks) => nudgeTasks(deps.tasks, tasks, message))
    .catch(() => deps.log('warn', 'halt-nudges-left-to-dispatcher', { halt: halt.id }));
}

async function set(deps: GatewayDeps, bearer: Bearer, body: HaltRequest, key: string): Promise<HaltRow> {
  const { scope, why } = body;
  if (scope === 'all') requireScope(bearer, 'halt:all');
  const role = await haltingRole(deps, bearer);
  if (scope === 'task' && !(await findTask(deps.database, bearer.tenant, taskOf(body.target ?? ''))))
    notFound();
  const { subject, issuer } = bearer;
  const id = haltId({ tenant: bearer.tenant, subject, issuer, key });
  const tenant = scope === 'all' ? null : bearer.tenant;
  const target = body.target ?? null;
  const whySalt = newSalt();
  const record = {
    id,
    scope,
    tenant,
    target,
    by: subject,
    issuer,
    roles: role === SERVICE ? [] : [role],
    reasonDigest: saltedDigest(why, whySalt),
  };
  // A policy that comes into force meanwhile keeps nobody from stopping.
  const row = await setHalt(whileGood(deps.database, { ...bearer, policyHash: null }), {
    id,
    scope,
    tenant: tenant ?? EVERY_TENANT,
    target: target ?? (scope === 'tenant' ? bearer.tenant : ''),
    why,
    whySalt,
    by: subject,
    role,
    sign: (at) => signHalt(deps.signer, { ...record, at }),
  });
  if (row.scope !== scope || row.why !== why || (target !== null && row.target !== target)) {
    refuse({
      refused: 'idempotency-conflict',
      detail: 'This Idempotency-Key was used for another halt: use a new key.',
    });
  }
  return row;
}

/** The role in which the bearer may set a halt. Throws `forbidden`. */
async function haltingRole(deps: GatewayDeps, bearer: Bearer): Promise<string> {
  if (bearer.kind === 'service') requireScope(bearer, 'halt');
  const roster = await deps.policies.roster(deps.database, bearer.policyHash, bearer.tenant);
  const role = haltingRoleOf(roster, bearer);
  if (role !== undefined) return role;
  throw new CountersignError(
    'forbidden',
    `Only ${roster?.halts.set.join(', ') || 'a token with the scope `halt`'} may set a halt, by the policy in force now.`,
  );
}

async function lift(deps: GatewayDeps, bearer: Bearer, id: string, why: string): Promise<HaltRow> {
  const halt = (await findHalt(deps.database, id as HaltId)) ?? notFound(); // whatever the text, the lookup decides
  if (halt.tenant !== bearer.tenant && halt.tenant !== EVERY_TENANT) notFound();
  if (halt.scope === 'all') requireScope(bearer, 'halt:all');
  const role = await liftingRole(deps, bearer, halt);
  const reasonDigest = saltedDigest(why, halt.whySalt); // the halt's own salt, which its row keeps
  const { subject: by, issuer } = bearer;
  const tenant = halt.scope === 'all' ? null : halt.tenant;
  const sign = (at: number) =>
    signLift(deps.signer, { halt: halt.id, tenant, by, issuer, roles: [role], reasonDigest, at });
  const database = whileGood(deps.database, bearer);
  const row = (await liftHalt(database, { id: halt.id, by, role, why, sign })) ?? notFound();
  if (row.liftedBy !== by)
    refuse({ refused: 'conflict', detail: `${row.liftedBy ?? 'Somebody'} lifted it before.` });
  return row;
}

/** The role in which the bearer may lift this halt: another person, in another role than the setter's. Throws `forbidden`. */
async function liftingRole(deps: GatewayDeps, bearer: Bearer, halt: HaltRow): Promise<string> {
  const roster = await deps.policies.roster(deps.database, bearer.policyHash, bearer.tenant);
  const lifters = (roster?.halts.lift ?? []).filter((role) => role !== halt.setRole);
  const role =
    bearer.kind === 'personal' ? roster?.rolesOf(bearer).find((name) => lifters.includes(name)) : undefined;
  if (role === undefined || personIn(roster, bearer.subject) === personIn(roster, halt.setBy)) {
    throw new CountersignError(
      'forbidden',
      `Lifting takes another person, in the role ${lifters.join(' or ') || '(none may)'}: whoever set a halt cannot lift it.`,
    );
  }
  return role;
}

function viewOf(row: HaltRow): HaltView {
  const { id: halt, scope, why, setBy: by, setAt: at } = row;
  const lifted = row.liftedAt === null ? null : { by: row.liftedBy ?? '', at: row.liftedAt };
  const target = scope === 'task' || scope === 'agent' ? row.target : null;
  return { halt, scope, tenant: scope === 'all' ? null : row.tenant, target, why, by, at, lifted };
}
