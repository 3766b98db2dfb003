import { z } from 'zod';
import { anchorPage, checkpointPage, type AnchorPage, type EvidenceOf } from '../contract/http-evidence.js';
import { onward, part, type Send } from './transport.js';

const warning = z.object({
  line: z.int(),
  column: z.int(),
  path: z.string(),
  what: z.string(),
  todo: z.string(),
});
const activeAnswer = z.object({ hash: z.string(), version: z.string(), warnings: z.array(warning) });
const activePolicy = z.object({ hash: z.string(), version: z.string(), source: z.string() });
const newToken = z.object({
  id: z.string(),
  token: z.string(),
  kind: z.string(),
  subject: z.string(),
  scopes: z.array(z.string()),
  expiresAt: z.number(),
});
const tokenLine = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.number(),
  expiresAt: z.number(),
  revokedAt: z.number().nullable(),
});
const signInLink = z.object({ subject: z.string(), url: z.string(), expiresAt: z.number() });
const sessionLine = z.object({
  id: z.string(),
  subject: z.string(),
  issuer: z.string(),
  createdAt: z.number(),
  seenAt: z.number(),
  expiresAt: z.number(),
  revokedAt: z.number().nullable(),
});
const personRevoked = z.object({ subject: z.string(), sessions: z.int(), tokens: z.int() });
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** What a new token may be. */
export interface TokenRequest {
  readonly kind: 'personal' | 'service';
  readonly subject: string;
  readonly scopes?: readonly string[];
  readonly ttlDays?: number;
}

/** Policies, tokens and what the journal is verified with. */
export interface Administration {
  readonly policies: {
    /** Stores and activates a policy file's text. Needs the scope `policy`. */
    activate(source: string): Promise<z.infer<typeof activeAnswer>>;
    active(): Promise<z.infer<typeof activePolicy>>;
  };
  readonly tokens: {
    /** The text of a token is told once. Needs the scope `tokens`. */
    create(request: TokenRequest): Promise<z.infer<typeof newToken>>;
    /** One's own; with the scope `tokens` everybody's. */
    list(): Promise<{ tokens: z.infer<typeof tokenLine>[] }>;
    revoke(id: string): Promise<{ token: string }>;
  };
  readonly sessions: {
    /** A link that signs a person in, once. Needs the scope `tokens`. */
    link(subject: string): Promise<z.infer<typeof signInLink>>;
    /** One's own; with the scope `tokens` everybody's. */
    list(): Promise<{ sessions: z.infer<typeof sessionLine>[] }>;
    revoke(id: string): Promise<{ session: string }>;
    /** Ends every session and token of a person. Needs the scope `tokens`. */
    revokePerson(subject: string): Promise<z.infer<typeof personRevoked>>;
  };
  readonly evidence: {
    /** Every signed checkpoint of the tenant, oldest first. */
    checkpoints(of?: EvidenceOf): Promise<readonly string[]>;
    /** What stood in checkpoints, by the database's account; ask for it before the checkpoints themselves. */
    anchors(query?: {
      readonly task?: string | undefined;
      readonly of?: EvidenceOf | undefined;
    }): Promise<AnchorPage['anchors']>;
    /** The public keys, as a JSON Web Key Set. */
    keys(): Promise<z.infer<typeof keySet>>;
  };
}

/** The administrative half of the client. */
export function createAdministration(send: Send): Administration {
  return {
    policies: {
      activate: (source) =>
        send({ method: 'POST', path: 'v1/policies', body: { source }, answer: activeAnswer }),
      active: () => send({ method: 'GET', path: 'v1/policies/active', answer: activePolicy }),
    },
    tokens: {
      create: (body) => send({ method: 'POST', path: 'v1/tokens', body, answer: newToken }),
      list: () =>
        send({ method: 'GET', path: 'v1/tokens', answer: z.object({ tokens: z.array(tokenLine) }) }),
      revoke: (id) =>
        send({
          method: 'POST',
          path: `v1/tokens/${part(id)}/revoke`,
          answer: z.object({ token: z.string() }),
        }),
    },
    sessions: createSessions(send),
    evidence: {
      async anchors(query = {}) {
        const anchors: AnchorPage['anchors'] = [];
        let cursor: string | undefined;
        do {
          const page: AnchorPage = await send({
            method: 'GET',
            path: 'v1/journal/anchors',
            query: { ...query, cursor, limit: 200 },
            answer: anchorPage,
          });
          anchors.push(...page.anchors);
          cursor = onward(cursor, page.next ?? undefined);
        } while (cursor !== undefined);
        return anchors;
      },
      async checkpoints(of) {
        const lines: string[] = [];
        for (let after: number | null = 0; after !== null;) {
          const page: z.infer<typeof checkpointPage> = await send({
            method: 'GET',
            path: 'v1/checkpoints',
            query: { after, of },
            answer: checkpointPage,
          });
          lines.push(...page.checkpoints.map((checkpoint) => checkpoint.jws));
          after = onward<number | null>(after, page.next);
        }
        return lines;
      },
      keys: () => send({ method: 'GET', path: 'v1/keys', answer: keySet }),
    },
  };
}

function createSessions(send: Send): Administration['sessions'] {
  const post = <Answer>(path: string, answer: z.ZodType<Answer>) => send({ method: 'POST', path, answer });
  return {
    link: (subject) =>
      send({ method: 'POST', path: 'v1/sign-in-links', body: { subject }, answer: signInLink }),
    list: () =>
      send({ method: 'GET', path: 'v1/sessions', answer: z.object({ sessions: z.array(sessionLine) }) }),
    revoke: (id) => post(`v1/sessions/${part(id)}/revoke`, z.object({ session: z.string() })),
    revokePerson: (subject) => post(`v1/people/${part(subject)}/revoke`, personRevoked),
  };
}
