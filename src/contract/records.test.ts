import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import type { DecisionId, Digest, EscalationId, HaltId, TaskId, TenantId } from '../domain/ids.js';
import { sameDecision, signDecision, verifyDecision } from './decision-record.js';
import type { DecisionRecord } from './decision-record.js';
import { signHalt, signLift, verifyHalt, verifyLift } from './halt-record.js';
import type { HaltRecord } from './halt-record.js';
import { AUDIENCE, createSigner, createVerifier, generateSigningKey } from './sign.js';

const key = generateSigningKey();
const signer = createSigner({ privateKey: key.privateKey });
const verifier = createVerifier({ keys: [key.publicKey] });
const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;

function aDecision(change: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    aud: AUDIENCE,
    id: 'decision-1' as DecisionId,
    tenant: 'acme' as TenantId,
    task: 't-1' as TaskId,
    escalation: 't-1:3' as EscalationId,
    operation: 3,
    generation: 1,
    round: 2,
    digest: digest('a'),
    briefDigest: digest('b'),
    verb: 'approve',
    subject: 'amira',
    issuer: 'https://id.example',
    roles: ['support_supervisor'],
    whyDigest: digest('c'),
    at: 1_795_000_000_000,
    executeBy: 1_795_000_900_000,
    ...change,
  };
}

describe('decision records', () => {
  it('come back as they were signed, for every verb', () => {
    const records = [
      aDecision(),
      aDecision({ verb: 'reject' }),
      aDecision({ verb: 'edit', edited: { generation: 2, digest: digest('d') } }),
      aDecision({ verb: 'escalate' }),
      aDecision({ verb: 'hold', until: 1_795_000_100_000 }),
      aDecision({ verb: 'extend', until: 1_795_000_100_000 }),
      aDecision({ verb: 'withdraw' }),
      aDecision({ verb: 'resolve', resolution: 'happened', resultDigest: digest('e') }),
      aDecision({ verb: 'resolve', resolution: 'leave' }),
    ];
    for (const record of records) {
      const { aud: _aud, ...given } = record;
      expect(verifyDecision(signDecision(signer, given), verifier)).toEqual(record);
    }
  });

  it.each([
    ['edit without what it means', { verb: 'edit' }],
    ['approve with an edit', { edited: { generation: 2, digest: digest('d') } }],
    ['approve with a deadline', { until: 5 }],
    ['extend without a deadline', { verb: 'extend' }],
    ['resolve without an outcome', { verb: 'resolve' }],
    [
      'a result of what did not happen',
      { verb: 'resolve', resolution: 'not-happened', resultDigest: digest('e') },
    ],
    ['another operation than its question', { operation: 4 }],
    ['another task than its question', { task: 't-2' }],
    ['a tenant with a slash', { tenant: 'a/b' }],
    ['an unknown verb', { verb: 'take-over' }],
    ['a digest in capitals', { digest: `sha256:${'A'.repeat(64)}` }],
    ['a half generation', { generation: 1.5 }],
    ['case 44: exp', { exp: 1 }],
    ['case 44: nbf', { nbf: 4_000_000_000 }],
    ['a member nobody reads', { admin: true }],
  ] as const)('refuse %s, at signing and at reading', (_name, change) => {
    const record = { ...aDecision(), ...change } as DecisionRecord;
    expect(() => signDecision(signer, record)).toThrow(ZodError);
    expect(verifyDecision(signer.sign('decision', record), verifier)).toBeUndefined();
  });

  it('belong to a message only if every field says the same', () => {
    const record = aDecision({ verb: 'edit', edited: { generation: 2, digest: digest('d') } });
    const { id, escalation, operation, generation, round, briefDigest, verb, at, edited } = record;
    const message = {
      id,
      escalation,
      operation,
      generation,
      round,
      digest: record.digest,
      briefDigest,
      verb,
      at,
      ...(edited && { edited }),
    };
    expect(sameDecision(record, message)).toBe(true);
    const changes = [
      { id: 'decision-2' as DecisionId },
      { escalation: 't-1:4' as EscalationId },
      { operation: 4 },
      { generation: 2 },
      { round: 3 },
      { digest: digest('f') },
      { briefDigest: digest('f') },
      { verb: 'approve' as const },
      { at: 1 },
      { edited: { generation: 2, digest: digest('f') } },
      { edited: { generation: 3, digest: digest('d') } },
      { until: 1 },
      { resolution: 'leave' as const },
    ];
    for (const change of changes) expect(sameDecision(record, { ...message, ...change })).toBe(false);
    const { edited: _edited, ...without } = message;
    expect(sameDecision(record, without)).toBe(false);
  });
});

describe('halt and lift records', () => {
  const author = { by: 'ruth', issuer: 'local', roles: ['operator'], reasonDigest: digest('a'), at: 5 };
  const halt: HaltRecord = {
    aud: AUDIENCE,
    id: 'halt-0001' as HaltId,
    scope: 'agent',
    tenant: 'acme' as TenantId,
    target: 'support',
    ...author,
  };

  it('come back as they were signed, and only as what they are', () => {
    const jws = signHalt(signer, halt);
    expect(verifyHalt(jws, verifier)).toEqual(halt);
    expect(verifyLift(jws, verifier)).toBeUndefined();
    expect(verifyDecision(jws, verifier)).toBeUndefined();
    const lift = { halt: 'halt-0001' as HaltId, tenant: null, ...author };
    expect(verifyLift(signLift(signer, lift), verifier)).toEqual({ aud: AUDIENCE, ...lift });
    expect(verifyHalt(signLift(signer, lift), verifier)).toBeUndefined();
  });

  it.each([
    ['of all with a tenant', { scope: 'all', target: null }],
    ['of a tenant without one', { scope: 'tenant', tenant: null, target: null }],
    ['of a task without its name', { scope: 'task', target: null }],
    ['of a tenant with a target', { scope: 'tenant' }],
  ] as const)('refuse a halt %s', (_name, change) => {
    expect(() => signHalt(signer, { ...halt, ...change })).toThrow(ZodError);
  });
});
