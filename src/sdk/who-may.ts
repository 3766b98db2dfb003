import type { z } from 'zod';
import {
  claimView,
  delegationView,
  rosterView,
  type AbsenceRequest,
  type ClaimView,
  type DelegateRequest,
  type DelegationView,
  type RoleDelegation,
  type RosterView,
} from '../contract/http-who.js';
import { part, type Send } from './transport.js';

interface Keyed {
  readonly idempotencyKey?: string | undefined;
}

/** Who looks into a question, who stands in for whom, who is in a role. */
export interface WhoMay {
  readonly claims: {
    /** Shows others that one looks into a question, for 15 minutes; nobody is kept from deciding. */
    claim(escalation: string): Promise<ClaimView>;
    release(escalation: string): Promise<ClaimView>;
  };
  readonly delegations: {
    /** Passes one question on. */
    question(escalation: string, request: DelegateRequest, keyed?: Keyed): Promise<DelegationView>;
    /** Passes one of one's own roles on. */
    role(request: RoleDelegation, keyed?: Keyed): Promise<DelegationView>;
    revoke(delegation: string): Promise<DelegationView>;
  };
  readonly roster: {
    get(): Promise<RosterView>;
    /** Everybody who is in a role from now on, where the store keeps its members. */
    setMembers(role: string, members: readonly string[]): Promise<RosterView>;
    setAbsence(request: AbsenceRequest): Promise<RosterView>;
  };
}

/** The client's part for who may decide. */
export function createWhoMay(send: Send): WhoMay {
  const post = <Schema extends z.ZodType>(
    path: string,
    { body = {}, answer, keyed = {} }: { body?: unknown; answer: Schema; keyed?: Keyed | undefined },
  ) => send({ method: 'POST', path, body, idempotencyKey: keyed.idempotencyKey, answer });
  return {
    claims: {
      claim: (escalation) => post(`v1/escalations/${part(escalation)}/claim`, { answer: claimView }),
      release: (escalation) => post(`v1/escalations/${part(escalation)}/release`, { answer: claimView }),
    },
    delegations: {
      question: (escalation, body, keyed) =>
        post(`v1/escalations/${part(escalation)}/delegate`, { body, answer: delegationView, keyed }),
      role: (body, keyed) => post('v1/delegations', { body, answer: delegationView, keyed }),
      revoke: (delegation) => post(`v1/delegations/${part(delegation)}/revoke`, { answer: delegationView }),
    },
    roster: {
      get: () => send({ method: 'GET', path: 'v1/roster', answer: rosterView }),
      setMembers: (role, members) =>
        post(`v1/roster/roles/${part(role)}`, { body: { members }, answer: rosterView }),
      setAbsence: (body) => post('v1/roster/absences', { body, answer: rosterView }),
    },
  };
}
