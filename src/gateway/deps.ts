import type { TaskClient } from '../client/task-client.js';
import type { HookIntegration } from '../contract/hooks-file.js';
import type { SecretKeys } from '../contract/seal.js';
import type { Signer, Verifier } from '../contract/sign.js';
import type { ToolFacts } from '../domain/action.js';
import type { Identity, StepUp } from '../domain/identity.js';
import type { Digest, TenantId } from '../domain/ids.js';
import type { IdentityProvider } from './identity-provider.js';
import type { Marks } from './marks.js';
import type { Database, Queries } from '../store/database.js';
import type { KeptMembers } from '../store/staff.js';

/** Who is who by one policy; the gateway never judges, it only looks people up. */
export interface Roster {
  readonly hash: Digest;
  readonly version: string;
  readonly agents: ReadonlySet<string>;
  /** The roles that somebody has by this policy, with what their identity provider said of them. */
  rolesOf(who: Identity): readonly string[];
  /** The role that answers for an agent. */
  ownerRoleOf(agent: string): string;
  /** Whose agent it is; null = nobody is named. */
  ownerSubjectOf(agent: string): string | null;
  /** Every role: who is in it, by name and by what an identity provider says, the role whose people keep the names in the store (null = the policy itself says them), and who is asked next. */
  readonly roles: ReadonlyMap<
    string,
    {
      readonly members: readonly string[];
      readonly keptBy: string | null;
      readonly from: readonly { readonly issuer: string; readonly claim: string; readonly value: string }[];
      readonly backup: string | null;
    }
  >;
  /** Whom this policy means by a stored subject: two people are compared by what it answers for both. */
  personOf(subject: string): string;
  /** Whom this policy means by somebody who signed in at an identity provider, with what of their claims its roles look at. */
  identityOf(issuer: string, claims: Readonly<Record<string, unknown>> & { readonly sub: string }): Identity;
  /** Whether the policy means somebody at all, by a role or by name: nobody else signs in. */
  knows(who: Identity): boolean;
  /** Which decisions take a fresh proof of who decides; null = none. */
  readonly stepUp: StepUp | null;
  /** The roles that may set and that may lift a halt. */
  readonly halts: { readonly set: readonly string[]; readonly lift: readonly string[] };
  /** The roles that may close an anomaly of an agent, and how long one that is expected does not ask, at most. */
  readonly anomalies: { closers(agent: string): readonly string[]; readonly expectedForMs: number };
}

/** One thing that is wrong with a policy, for its author. */
export interface PolicyProblem {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly what: string;
  readonly todo: string;
}

/** A policy text after loading: usable, or everything that is wrong with it. */
export type PolicyCheck =
  | {
      readonly ok: true;
      readonly hash: Digest;
      readonly version: string;
      readonly warnings: readonly PolicyProblem[];
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** The policies as the gateway needs them; made in the composition root. */
export interface PolicyBook {
  /** The roster of a policy, with the members that the store keeps for this tenant, unless `kept` gives what was read of them just now; undefined for none. */
  roster(
    queries: Queries,
    hash: Digest | null,
    tenant: TenantId,
    kept?: KeptMembers,
  ): Promise<Roster | undefined>;
  check(source: string, tools: readonly ToolFacts[]): PolicyCheck;
}

/** Writes one line of the log: an event's name and figures, never a person, a text or an argument. */
export type Log = (
  level: 'info' | 'warn' | 'alarm',
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | null>>,
) => void;

/** Signed checkpoints outside the database. */
export interface CheckpointShelf {
  /** The signed lines of a tenant, oldest first, after number `after`. */
  list(
    tenant: TenantId,
    after: number,
    limit: number,
  ): Promise<readonly { readonly n: number; readonly jws: string }[]>;
}

/** Everything the gateway's handlers work with. */
export interface GatewayDeps {
  readonly database: Database;
  readonly tasks: TaskClient;
  readonly marks: Marks;
  readonly policies: PolicyBook;
  readonly signer: Signer;
  /** Knows the public keys of all gateways, and gives them to whoever verifies. */
  readonly verifier: Verifier;
  readonly secrets: SecretKeys;
  readonly checkpoints: CheckpointShelf;
  /** Where people reach the gateway, an origin; undefined = on the loopback address, by whatever name and port they asked for. */
  readonly publicUrl: string | undefined;
  /** Where people sign in, and whose people they are; undefined = by links alone. */
  readonly signIn: { readonly provider: IdentityProvider; readonly tenant: TenantId } | undefined;
  readonly log: Log;
  /** Programs whose signed messages are taken; absent = none. */
  readonly hooks?: readonly HookIntegration[];
  /** What the Slack app signs with; absent = there is no door for Slack. */
  readonly slackSecret?: string;
  /** Reached points, for tests that kill the process there. */
  readonly point?: (name: string) => Promise<void>;
}
