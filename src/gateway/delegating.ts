import { delegationId, newSalt } from '../contract/digest.js';
import type { DelegateRequest, DelegationView, RoleDelegation } from '../contract/http-who.js';
import { escalationId, type TaskId } from '../domain/ids.js';
import { localIdentity } from '../domain/identity.js';
import type { Transaction } from '../store/database.js';
import {
  alreadyPassedOn,
  findDelegation,
  insertDelegation,
  MAX_DELEGATION_MS,
  MOST_TO_EACH,
  revokeDelegation,
  type Delegation,
} from '../store/delegations.js';
import { appendJournal, TENANT_CHAIN } from '../store/journal.js';
import type { Bearer } from '../store/tokens.js';
import { whileGood } from '../store/while-good.js';
import { askedPerson } from './asked-person.js';
import type { GatewayDeps, Roster } from './deps.js';
import { notFound, refuse } from './problem.js';

interface Asked<Body> {
  readonly bearer: Bearer;
  readonly body: Body;
  readonly key: string;
}

/** Passes one question on to somebody, until a day. Throws `forbidden` for what one may not decide in one's own right, `invalid`. */
export async function delegateQuestion(
  deps: GatewayDeps,
  { bearer, body, key, task, operation }: Asked<DelegateRequest> & { task: TaskId; operation: number },
): Promise<DelegationView> {
  return whileGood(deps.database, bearer).transaction(async (tx) => {
    const { question, requester, roster, now } = await askedPerson(deps, tx, { bearer, task, operation });
    requireOwn(roster, bearer, question.roles);
    if ([bearer.subject, body.to].includes(requester))
      refuse({
        refused: 'forbidden',
        detail: `${requester} asked for it: it is passed on neither by nor to them.`,
      });
    const about = { role: null, task, operation, from: now };
    return make(tx, roster, {
      bearer,
      key,
      about: { ...about, to: body.to, until: body.until, why: body.why },
      now,
    });
  });
}

/** Passes one of one's own roles on to somebody for a time, such as when one is away. Throws as for a question. */
export async function delegateRole(
  deps: GatewayDeps,
  { bearer, body, key }: Asked<RoleDelegation>,
): Promise<DelegationView> {
  return whileGood(deps.database, bearer).transaction(async (tx) => {
    const [roster, now] = await Promise.all([
      deps.policies.roster(tx, bearer.policyHash, bearer.tenant),
      tx.now(),
    ]);
    requireOwn(roster, bearer, [body.role]);
    const about = { ...body, task: null, operation: null, from: Math.max(now, body.from ?? now) };
    return make(tx, roster, { bearer, key, about, now });
  });
}

/** Takes one back: by whoever passed it on or whoever has it. Throws the uniform 404, `conflict` when it was taken back before. */
export async function revoke(deps: GatewayDeps, bearer: Bearer, id: string): Promise<DelegationView> {
  return whileGood(deps.database, bearer).transaction(async (tx) => {
    const [found, now] = await Promise.all([findDelegation(tx, bearer.tenant, id), tx.now()]);
    const { subject: by } = bearer;
    if (!found || bearer.kind !== 'personal' || (found.by !== by && found.to !== by)) return notFound();
    if (!(await revokeDelegation(tx, { ...found, by, now })))
      refuse({ refused: 'conflict', detail: 'It was taken back before.' });
    const event = {
      id: `delegation-revoked/${id}`,
      type: 'delegation-revoked',
      body: { delegation: id },
      texts: { by },
    };
    await tx.last(appendJournal(tx, { tenant: bearer.tenant, task: chainOf(found), now, events: [event] }));
    return delegationView({ ...found, revokedAt: now });
  });
}

/** What one holds because somebody passed it on goes no further, nor does what a name holds that is somebody else's by now. */
function requireOwn(roster: Roster | undefined, bearer: Bearer, wanted: readonly string[]): void {
  const named = roster?.rolesOf(localIdentity(bearer.subject)) ?? [];
  const own = roster?.rolesOf(bearer).filter((role) => named.includes(role)) ?? [];
  if (bearer.kind === 'personal' && own.some((role) => wanted.includes(role))) return;
  refuse({
    refused: 'forbidden',
    detail: `Only whoever the policy or the roster names for ${wanted.join(' or ')} passes that on: what was passed on to you, or what your sign-in alone says, goes no further.`,
  });
}

type About = Pick<Delegation, 'to' | 'role' | 'task' | 'operation' | 'from' | 'until' | 'why'>;

async function make(
  tx: Transaction,
  roster: Roster | undefined,
  { bearer, key, about, now }: { bearer: Bearer; key: string; about: About; now: number },
): Promise<DelegationView> {
  const { tenant, subject: by, issuer } = bearer;
  requireUsable(roster, { ...about, by }, now);
  const id = delegationId({ tenant, issuer, subject: by, key });
  const before = await findDelegation(tx, tenant, id);
  if (before) return sameOrRefuse(before, about);
  const { count, same } = await alreadyPassedOn(tx, { ...about, tenant, by }, now);
  if (same !== null)
    refuse({
      refused: 'conflict',
      detail: `${about.to} stands in for you in this already (${same}): for another end take that back first.`,
    });
  if (count >= MOST_TO_EACH)
    refuse({
      refused: 'conflict',
      detail: `${about.to} stands in for you in ${MOST_TO_EACH} matters already: take some back first, or pass on a role instead of questions.`,
    });
  const made: Delegation = {
    ...about,
    tenant,
    id,
    by,
    whySalt: newSalt(),
    madeAt: now,
    revokedAt: null,
    revokedBy: null,
  };
  insertDelegation(tx, made);
  const { role, operation, from, until, to, why } = made;
  const event = {
    id: `delegated/${id}`,
    type: role === null ? 'question-delegated' : 'role-delegated',
    body: { delegation: id, from, until, ...(role === null ? { operation } : { role }) },
    texts: { by, to, why },
  };
  await tx.last(appendJournal(tx, { tenant, task: chainOf(made), now, events: [event] }));
  return delegationView(made);
}

function requireUsable(
  roster: Roster | undefined,
  { by, to, from, until }: Pick<Delegation, 'by' | 'to' | 'from' | 'until'>,
  now: number,
): void {
  const invalid = (detail: string) => refuse({ refused: 'invalid', detail });
  if (to === by) invalid('One stands in for somebody else: name another person.');
  if ((roster?.rolesOf(localIdentity(to)) ?? []).length === 0)
    invalid(`The policy in force names no ${to} in any role: only such a person can stand in.`);
  if (until <= Math.max(now, from)) invalid('It would be over before it begins: give a later end.');
  if (until - now > MAX_DELEGATION_MS)
    invalid('Nothing is passed on for longer than 30 days from now: give an earlier end.');
}

function sameOrRefuse(before: Delegation, about: About): DelegationView {
  const { to, role, task, operation, until } = before;
  const same =
    to === about.to &&
    role === about.role &&
    task === about.task &&
    operation === about.operation &&
    until === about.until;
  if (same) return delegationView(before);
  return refuse({
    refused: 'idempotency-conflict',
    detail: 'This Idempotency-Key was used for another delegation: use a new key for a new one.',
  });
}

function chainOf({ task }: Pick<Delegation, 'task'>): TaskId {
  return task ?? TENANT_CHAIN;
}

/** One as it is shown. */
export function delegationView(made: Delegation): DelegationView {
  const { id: delegation, by, to, role, task, operation, from, until, why, revokedAt } = made;
  const escalation = task === null || operation === null ? null : escalationId(task, operation);
  return { delegation, by, to, role, escalation, from, until, why, revokedAt };
}
