import type { Identity } from '../domain/identity.js';
import { hasRole, personOf } from './people.js';
import type { Policy } from './policy.js';

/** The subjects who may decide for a role; none for a role that the policy does not know. */
export function membersOf(policy: Policy, role: string): readonly string[] {
  return policy.roles.get(role)?.members ?? [];
}

/** Whether the members of any role stand in the store. */
export function hasKeptRoles({ roles }: Policy): boolean {
  return [...roles.values()].some(({ keptBy }) => keptBy !== null);
}

/** The policy with the members that the store keeps; those of other roles stand in the file alone. */
export function withMembers(policy: Policy, kept: ReadonlyMap<string, readonly string[]>): Policy {
  const roles = [...policy.roles].map(
    ([name, role]) =>
      [name, role.keptBy === null ? role : { ...role, members: kept.get(name) ?? [] }] as const,
  );
  return { ...policy, roles: new Map(roles) };
}

/** Whose agent it is; null = nobody is named. */
export function ownerSubjectOf(policy: Policy, agent: string): string | null {
  const owner = policy.agents.get(agent)?.ownerSubject ?? null;
  return owner === null ? null : personOf(policy, owner);
}

/** The roles of somebody, in the order of the file. */
export function rolesOf(policy: Policy, who: Identity): readonly string[] {
  return [...policy.roles].filter(([, role]) => hasRole(policy, role, who)).map(([name]) => name);
}

/** Who may decide for a role, for people to read: its members, and what an identity provider has to say of others. */
export function peopleOf(policy: Policy, role: string): readonly string[] {
  const { members = [], from = [] } = policy.roles.get(role) ?? {};
  return [...members, ...from.map(({ claim, value }) => `${claim} ${value}`)];
}

/** Whether somebody could decide for a role; whom an identity provider means, or the store names, is not known to the policy. */
export function isStaffed(policy: Policy, role: string): boolean {
  const { members = [], from = [], keptBy = null } = policy.roles.get(role) ?? {};
  return from.length > 0 || keptBy !== null || members.length > 0;
}

/** Whether an identity provider may mean somebody for a role whom the policy does not name. */
export function takesClaims(policy: Policy, role: string): boolean {
  return (policy.roles.get(role)?.from.length ?? 0) > 0;
}

/** The role that is asked after this one; null = none. */
export function backupOf(policy: Policy, role: string): string | null {
  return policy.roles.get(role)?.backup ?? null;
}

/** How many questions may be open on a role's desk; null = any number. */
export function depthOf(policy: Policy, role: string): number | null {
  return policy.roles.get(role)?.depth ?? null;
}

/** Where the notifications of a role go on a channel; none when it has no address there. */
export function addressesOf(policy: Policy, role: string, channel: string): readonly string[] {
  const { mail, slack } = policy.roles.get(role) ?? { mail: [], slack: null };
  if (channel === 'mail') return mail;
  return channel === 'slack' && slack !== null ? [slack] : [];
}

/** The role that answers for an agent; for one that the policy does not know, the default route or the first role of the file. */
export function ownerRoleOf(policy: Policy, agent: string): string {
  const owner = policy.agents.get(agent)?.owner ?? policy.defaults.route;
  return owner ?? policy.roles.keys().next().value ?? '';
}

/** The roles that may close an anomaly of an agent. */
export function closersOf(policy: Policy, agent: string): readonly string[] {
  return policy.anomalies.close ?? [ownerRoleOf(policy, agent)];
}

/** The role that is asked when nothing more particular is said. */
export function defaultRouteOf(policy: Policy, agent: string): string {
  return policy.defaults.route ?? ownerRoleOf(policy, agent);
}

/** The role itself and its backups, in the order in which they are asked. */
export function chainOf(policy: Policy, role: string): readonly string[] {
  const chain: string[] = [];
  for (
    let next: string | null = role;
    next !== null && !chain.includes(next);
    next = backupOf(policy, next)
  ) {
    chain.push(next);
  }
  return chain;
}
