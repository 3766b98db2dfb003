import { quorumOf, type Verdict } from '../domain/verdict.js';
import { personOf } from '../policy/people.js';
import { membersOf, takesClaims } from '../policy/roster.js';
import type { Policy } from '../policy/policy.js';
import type { Staff } from '../store/staff.js';

/** Who could answer a question that goes to a role. */
export interface Staffing {
  readonly policy: Policy;
  readonly staff: Pick<Staff, 'absences' | 'standIns'>;
  readonly requester: string;
  readonly now: number;
}

/** The members of a role who are there, or for whom somebody stands in; whoever asked for the call counts for nobody. */
export function presentIn({ policy, staff, requester, now }: Staffing, role: string): readonly string[] {
  const asker = personOf(policy, requester);
  const holds = ({ from, until }: { from: number; until: number }) => from <= now && now < until;
  const isAway = (person: string) =>
    staff.absences.some((absence) => absence.subject === person && holds(absence));
  const isStoodInFor = (person: string) =>
    staff.standIns.some(
      (each) =>
        each.by === person && each.role === role && each.to !== asker && holds(each) && !isAway(each.to),
    );
  return membersOf(policy, role).filter(
    (person) => person !== asker && (!isAway(person) || isStoodInFor(person)),
  );
}

/**
 * Whether a question can be answered from a role's desk: somebody is there, and with whoever was asked before and may be asked after them there
 * are enough people to approve.
 */
export function isStaffed(
  staffing: Staffing,
  asked: {
    readonly role: string;
    readonly roles: readonly string[];
    readonly rung: number;
    readonly verdict: Verdict;
  },
): boolean {
  const { policy } = staffing;
  const here = presentIn(staffing, asked.role);
  if (here.length === 0 && !takesClaims(policy, asked.role)) return false;
  const further = asked.verdict.ladder.rungs.slice(asked.rung + 1).map(({ role }) => role);
  const roles = [asked.role, ...asked.roles, ...further];
  // Whom an identity provider means is not known before they sign in.
  if (roles.some((role) => takesClaims(policy, role))) return true;
  const people = roles.flatMap((role) => presentIn(staffing, role));
  return new Set(people).size >= quorumOf(asked.verdict);
}
