import { describe, expect, it } from 'vitest';
import { saltedDigest } from '../contract/digest.js';
import { signDecision } from '../contract/decision-record.js';
import { createSigner, createVerifier, generateSigningKey } from '../contract/sign.js';
import type { DecisionMessage } from '../domain/decision.js';
import type { DecisionId, Digest, EscalationId, TaskId, TenantId } from '../domain/ids.js';
import type { QuestionRow } from '../store/questions.js';
import { checkBinding, checkGrant, type GrantCase } from './grant.js';

const key = generateSigningKey();
const signer = createSigner({ privateKey: key.privateKey });
const verifier = createVerifier({ keys: [key.publicKey] });
const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;

const [AT, VALIDITY] = [10_000, 5_000];
const operation = { tenant: 'acme' as TenantId, task: 't-1' as TaskId, operation: 3 };
const asked = { ...operation, generation: 1, round: 2, digest: digest('a'), briefDigest: digest('b') };
const question = {
  ...asked,
  kind: 'approval',
  status: 'open',
  roles: ['supervisor'],
  answerBy: null,
  verdict: { quorum: 1 },
} as unknown as QuestionRow; // all that a grant looks at

type Said = Partial<Pick<DecisionMessage, 'verb' | 'resolution'>>;

/** What lets the call run unless a test says otherwise. */
function aGrant({ verb = 'approve', resolution }: Said = {}): GrantCase {
  const { tenant, task, ...about } = asked;
  const message: DecisionMessage = {
    ...about,
    id: 'decision-1' as DecisionId,
    escalation: 't-1:3' as EscalationId,
    verb,
    at: AT,
    ...(resolution && { resolution }),
    ...(verb === 'edit' && { edited: { generation: 1, digest: asked.digest } }),
  };
  const who = { tenant, task, subject: 'amira', issuer: 'local' };
  const jws = signDecision(signer, {
    ...message,
    ...who,
    roles: ['supervisor'],
    whyDigest: saltedDigest('it is right', 'salt'),
    executeBy: AT + VALIDITY,
  });
  const decision = {
    ...message,
    ...who,
    message,
    why: 'it is right',
    whySalt: 'salt',
    onBehalfOf: null,
    result: undefined,
    requestDigest: digest('c'),
    jws,
    outcome: null,
    outcomeCode: null,
  };
  return {
    decision,
    question,
    call: { ...operation, generation: 1, decisions: [] } as unknown as GrantCase['call'], // see above
    digest: asked.digest,
    askedLater: false,
    lastLiftAt: 0,
    validityMs: VALIDITY,
    now: AT,
  };
}

const refusal = (grant: GrantCase) => {
  const checked = checkGrant(grant, verifier);
  return 'refused' in checked ? checked.refused : undefined;
};

// Seen to fail: each compared the other way round in its very millisecond, and left out.
describe('a grant', () => {
  it('holds to its last millisecond, by what was signed and by the policy in force', () => {
    const last = AT + VALIDITY;
    expect(refusal({ ...aGrant(), now: last, validityMs: 2 * VALIDITY })).toBeUndefined();
    expect(refusal({ ...aGrant(), now: last + 1, validityMs: 2 * VALIDITY })).toBe('approval-expired');
    expect(refusal({ ...aGrant(), now: AT + 10, validityMs: 10 })).toBeUndefined();
    expect(refusal({ ...aGrant(), now: AT + 11, validityMs: 10 })).toBe('approval-expired');
  });

  it('is void when a halt was lifted after it, or in its millisecond', () => {
    expect(refusal({ ...aGrant(), lastLiftAt: AT - 1 })).toBeUndefined();
    expect(refusal({ ...aGrant(), lastLiftAt: AT })).toBe('halt-lifted');
  });
});

describe('a genuine decision lets run nothing but the call that was asked about', () => {
  // Seen to fail: each comparison left out.
  it.each([{ tenant: 'other' }, { task: 't-2' }, { operation: 4 }, { generation: 2 }])(
    'no other one: %o',
    (change) => {
      const grant = aGrant();
      const call = { ...grant.call, ...change } as GrantCase['call']; // names of a test
      expect(checkBinding({ ...grant, call }, verifier)).toEqual({ refused: 'unverified' });
    },
  );

  // Seen to fail: the kind of question, the verb and the finding not looked at.
  it.each([
    ['approve', undefined, 'resolution'],
    ['approve', undefined, 'confirmation'],
    ['edit', undefined, 'resolution'],
    ['reject', undefined, 'approval'],
    ['resolve', 'not-happened', 'approval'],
    ['resolve', 'not-happened', 'hand-over'],
    ['resolve', 'happened', 'resolution'],
    ['resolve', 'leave', 'resolution'],
  ] as const)('%s (%s) of a question of kind %s', (verb, resolution, kind) => {
    const grant = aGrant({ verb, ...(resolution && { resolution }) });
    expect(refusal({ ...grant, question: { ...question, kind } })).toBe('unverified');
  });

  it('and a finding that it did not happen lets it run', () => {
    const grant = aGrant({ verb: 'resolve', resolution: 'not-happened' });
    expect(refusal({ ...grant, question: { ...question, kind: 'resolution' } })).toBeUndefined();
  });
});

describe('a decision about a question that is closed', () => {
  const closed = { ...question, status: 'closed' } as const;
  const applied = (grant: GrantCase) => ({ ...grant.decision, outcome: 'applied' }) as const;

  // Seen to fail: whatever was applied taken for usable again.
  it('counts again only for the claim that it made', () => {
    const grant = { ...aGrant(), question: closed };
    expect(refusal(grant)).toBe('unverified');
    const decision = applied(grant);
    expect(refusal({ ...grant, decision })).toBe('unverified');
    const call = { ...grant.call, decisions: [decision.id] };
    expect(refusal({ ...grant, decision, call })).toBeUndefined();
    expect(refusal({ ...grant, call })).toBe('unverified');
  });

  // Seen to fail: the finding taken for a forgery once its answer was lost.
  it('counts again when it found that the call did not happen', () => {
    const grant = aGrant({ verb: 'resolve', resolution: 'not-happened' });
    const found = { ...grant, question: { ...closed, kind: 'resolution' } } as const;
    expect(refusal({ ...found, decision: applied(grant) })).toBeUndefined();
    expect(refusal(found)).toBe('unverified');
  });
});
