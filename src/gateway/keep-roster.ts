import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AbsenceRequest, MembersRequest, RosterView } from '../contract/http-who.js';
import { localIdentity, UNNAMED } from '../domain/identity.js';
import { openDelegations } from '../store/delegations.js';
import { appendJournal, TENANT_CHAIN } from '../store/journal.js';
import { keptMembers, lockMembers, readStaff, writeAbsence, writeMembers } from '../store/staff.js';
import type { Bearer } from '../store/tokens.js';
import { whileGood } from '../store/while-good.js';
import { isInside, requireSight } from './auth.js';
import { delegationView } from './delegating.js';
import type { GatewayDeps, Roster } from './deps.js';
import { notFound, refuse } from './problem.js';

/** Who is in which role, who is away, who stands in for whom. Throws the uniform 404 for whoever has no role. */
export async function rosterFor(deps: GatewayDeps, bearer: Bearer): Promise<RosterView> {
  await requireSight(deps, deps.database, bearer, null);
  const { tenant, policyHash, subject } = bearer;
  const roster = (await deps.policies.roster(deps.database, policyHash, tenant)) ?? notFound();
  const now = await deps.database.now();
  const [staff, delegations] = await Promise.all([
    readStaff(deps.database, tenant),
    openDelegations(deps.database, tenant, now),
  ]);
  const own = bearer.kind === 'personal' ? roster.rolesOf(localIdentity(subject)) : [];
  return {
    roles: [...roster.roles].map(([role, { members, keptBy, from, backup }]) => ({
      role,
      members: [...members],
      keptBy,
      from: from.map(({ issuer, claim, value }) => ({ issuer, claim, value })),
      backup,
      maySet: isKeeper(roster, bearer, [role]),
      mayPassOn: own.includes(role),
    })),
    absences: [...staff.absences],
    delegations: delegations.map(delegationView),
  };
}

/**
 * Replaces the members of a role that the store keeps; `was` is the list that somebody read before. Throws `forbidden` unless the bearer
 * keeps it, `policy-refused` when the policy names them itself, `invalid` for a name of the unnamed, `conflict` when the list is neither as it was nor as it shall be.
 */
export async function setMembers(
  deps: GatewayDeps,
  {
    bearer,
    role,
    body,
    was,
  }: { bearer: Bearer; role: string; body: MembersRequest; was?: readonly string[] },
): Promise<RosterView> {
  await whileGood(deps.database, bearer).transaction(async (tx) => {
    const { tenant, subject: by } = bearer;
    const [roster, now] = await Promise.all([deps.policies.roster(tx, bearer.policyHash, tenant), tx.now()]);
    // Outsiders do not hear which roles there are.
    if (!isInside(bearer, roster)) notFound();
    const kept = roster?.roles.get(role) ?? notFound();
    if (!isKeeper(roster, bearer, [role])) refuseKeeper(role, kept.keptBy);
    const members = listed(body.members);
    refuseUnnamed(members);
    await lockMembers(tx, tenant);
    if (was !== undefined) {
      const stand = listed((await keptMembers(tx, tenant)).get(role) ?? []);
      if (isDeepStrictEqual(stand, members)) return; // sent twice
      if (!isDeepStrictEqual(stand, listed(was))) refuseChanged(role, stand);
    }
    writeMembers(tx, { tenant, role, members });
    const event = {
      id: `roster-set/${randomBytes(8).toString('hex')}`,
      type: 'roster-set',
      body: { role, members: members.length },
      texts: { by, members: members.join(', ') },
    };
    await tx.last(appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] }));
  });
  return rosterFor(deps, bearer);
}

function refuseUnnamed(members: readonly string[]): void {
  const unnamed = members.filter((member) => member.startsWith(UNNAMED));
  if (unnamed.length === 0) return;
  refuse({
    refused: 'invalid',
    detail: `Names that begin with \`${UNNAMED}\` are those of people whom the policy does not name, and no members: leave ${unnamed.join(', ')} out, or have the policy bind them to another name under \`people\`, and give that.`,
  });
}

function listed(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}

function refuseChanged(role: string, members: readonly string[]): never {
  return refuse({
    refused: 'conflict',
    detail: `Somebody changed the members of ${role} while you looked; now they are: ${members.join(', ') || 'nobody'}. Correct your list, then send it again.`,
  });
}

function refuseKeeper(role: string, keptBy: string | null): never {
  return keptBy === null
    ? refuse({
        refused: 'policy-refused',
        detail: `The members of ${role} stand in the policy: activate one that names others, or one with \`kept: store\`.`,
      })
    : refuse({ refused: 'forbidden', detail: `Only ${keptBy} keeps the members of ${role}.` });
}

/** Notes when somebody is away: said by themselves, or by whoever keeps a role of theirs. Throws `forbidden`, and the uniform 404 for whoever has no role. */
export async function setAbsence(
  deps: GatewayDeps,
  { bearer, body }: { bearer: Bearer; body: AbsenceRequest },
): Promise<RosterView> {
  await whileGood(deps.database, bearer).transaction(async (tx) => {
    await requireSight(deps, tx, bearer, null);
    const { tenant, subject: by } = bearer;
    const [roster, now] = await Promise.all([deps.policies.roster(tx, bearer.policyHash, tenant), tx.now()]);
    const { subject, from = now, until } = body;
    const roles = roster?.rolesOf(localIdentity(subject)) ?? [];
    if ((subject !== by || bearer.kind !== 'personal') && !isKeeper(roster, bearer, roles))
      refuse({
        refused: 'forbidden',
        detail: `Only ${subject}, or whoever keeps a role of theirs, says when they are away.`,
      });
    writeAbsence(tx, { tenant, subject, from, until });
    const event = {
      id: `absence-set/${randomBytes(8).toString('hex')}`,
      type: 'absence-set',
      body: { from, until },
      texts: { by, subject },
    };
    await tx.last(appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] }));
  });
  return rosterFor(deps, bearer);
}

/** Whether somebody keeps the members of one of these roles. */
function isKeeper(roster: Roster | undefined, bearer: Bearer, roles: readonly string[]): boolean {
  if (bearer.kind !== 'personal') return false;
  const own = roster?.rolesOf(bearer) ?? [];
  return roles.some((role) => {
    const keptBy = roster?.roles.get(role)?.keptBy ?? null;
    return keptBy !== null && own.includes(keptBy);
  });
}
