/** The HTTP API's bodies about who may decide; see http.ts for what holds of all of them. */
import { z } from 'zod';
import { escalationIdText, freeText, instant, name } from './fields.js';

const why = freeText(1, 2000);
const id = z.string();

/** `POST /v1/escalations/{esc}/claim` and `release`: no members. */
export const noBody = z.strictObject({});
/** Answer to both: who looks into the question now. */
export const claimView = z.object({
  escalation: escalationIdText,
  claimedBy: z.string().nullable(),
  claimedUntil: instant.nullable(),
});

/** `POST /v1/escalations/{esc}/delegate`: from now on, at most 30 days. */
export const delegateRequest = z.strictObject({ to: name, until: instant, why });
/** `POST /v1/delegations`: one of one's own roles, at most 30 days; `from` defaults to now. */
export const roleDelegation = z.strictObject({
  role: name,
  to: name,
  from: z.exactOptional(instant),
  until: instant,
  why,
});
/** A delegation: of a role, or of one question. */
export const delegationView = z.object({
  delegation: id,
  by: z.string(),
  to: z.string(),
  role: z.string().nullable(),
  escalation: escalationIdText.nullable(),
  from: instant,
  until: instant,
  why: z.string(),
  revokedAt: instant.nullable(),
});

/** `POST /v1/roster/roles/{role}`: everybody who is in it from now on. */
export const membersRequest = z.strictObject({ members: z.array(name).max(500) });
/** `POST /v1/roster/absences`: replaces what was noted of the person; one that is over ends it. `from` defaults to now. */
export const absenceRequest = z
  .strictObject({ subject: name, from: z.exactOptional(instant), until: instant })
  .refine((body) => body.from === undefined || body.from <= body.until, '`from` lies after `until`');

const roleView = z.object({
  role: z.string(),
  members: z.array(z.string()),
  /** The role whose people keep the members in the store; null = they stand in the policy. */
  keptBy: z.string().nullable(),
  /** Who is in it too: whoever signs in there and of whom it says this. */
  from: z.array(z.object({ issuer: z.string(), claim: z.string(), value: z.string() })),
  /** The role that is asked after it; null = none. */
  backup: z.string().nullable(),
  /** Whether whoever asks sets its members, and may pass it on. Only for show: doing either checks again. */
  maySet: z.boolean(),
  mayPassOn: z.boolean(),
});
const absenceView = z.object({ subject: z.string(), from: instant, until: instant });
/** `GET /v1/roster`: who is in which role, who is away, who stands in for whom. What is over is left out. */
export const rosterView = z.object({
  roles: z.array(roleView),
  absences: z.array(absenceView),
  delegations: z.array(delegationView),
});

export type ClaimView = Readonly<z.infer<typeof claimView>>;
export type DelegateRequest = Readonly<z.infer<typeof delegateRequest>>;
export type RoleDelegation = Readonly<z.infer<typeof roleDelegation>>;
export type DelegationView = Readonly<z.infer<typeof delegationView>>;
export type MembersRequest = Readonly<z.infer<typeof membersRequest>>;
export type AbsenceRequest = Readonly<z.infer<typeof absenceRequest>>;
export type RosterView = Readonly<z.infer<typeof rosterView>>;
