import { localIdentity } from '../domain/identity.js';
import { isInForce, type Authority, type Lent } from '../store/delegations.js';
import type { QuestionRow } from '../store/questions.js';
import type { Bearer } from '../store/tokens.js';
import type { Roster } from './deps.js';
import type { Decider } from '../contract/question-rules.js';

/** All that says who somebody is to a question. */
interface Known {
  readonly bearer: Bearer;
  readonly roster: Roster | undefined;
  readonly question: Pick<QuestionRow, 'task' | 'operation' | 'roles'>;
  readonly scene: { readonly requester: string; readonly agent: string };
  /** What was passed on to them. */
  readonly lent: readonly Lent[];
  readonly now: number;
}

/**
 * Who somebody is to a question, by the policy in force now. What was passed on counts for as long as whoever did it has the role in their own right,
 * so it goes one hop and no further; whoever asked for the call passes nothing on, nor does anybody to whoever is in no role.
 */
export function deciderOf({ bearer, roster, question, scene, lent, now }: Known): Decider {
  const subject = personIn(roster, bearer.subject);
  const roles = roster?.rolesOf(bearer) ?? [];
  const requester = personIn(roster, scene.requester);
  const standsIn = lent
    .filter((each) => isInForce(each, now) && isAbout(each, question) && each.by !== requester)
    .flatMap((each) => lentRoles(roster, each).map((role) => ({ by: each.by, role })));
  const ownerSubject = roster?.ownerSubjectOf(scene.agent) ?? null;
  return { subject, roles, standsIn: roles.length === 0 ? [] : standsIn, ownerSubject };
}

/** Whom the policy in force means by a stored subject, in every comparison of two people; without a policy the subject itself. */
export function personIn(roster: Roster | undefined, subject: string): string {
  return roster?.personOf(subject) ?? subject;
}

/** What others passed on to somebody and is in force: whole roles, and single questions as `task:operation`. */
export function lentTo(
  { lent, now }: Pick<Authority, 'lent' | 'now'>,
  roster: Roster | undefined,
): { readonly roles: readonly string[]; readonly questions: readonly string[] } {
  const held = lent.filter((each) => isInForce(each, now) && lentRoles(roster, each).length > 0);
  return {
    roles: held.flatMap(({ role }) => role ?? []),
    questions: held.flatMap(({ task, operation }) => (task === null ? [] : [`${task}:${operation}`])),
  };
}

/** Of a role that was passed on that one, of a question all: as far as they are the giver's own still. */
function lentRoles(roster: Roster | undefined, { by, role }: Pick<Lent, 'by' | 'role'>): readonly string[] {
  const own = roster?.rolesOf(localIdentity(by)) ?? [];
  return role === null ? own : own.filter((name) => name === role);
}

function isAbout(
  { role, task, operation }: Lent,
  question: Pick<QuestionRow, 'task' | 'operation'>,
): boolean {
  return role !== null || (task === question.task && operation === question.operation);
}
