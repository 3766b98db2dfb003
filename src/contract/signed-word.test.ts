import { describe, expect, it } from 'vitest';
import type { DecisionMessage } from '../domain/decision.js';
import type { DecisionId, Digest, EscalationId } from '../domain/ids.js';
import { saltedDigest } from './digest.js';
import { signDecision, signedWord } from './decision-record.js';
import { createSigner, createVerifier, generateSigningKey } from './sign.js';

const key = generateSigningKey();
const signer = createSigner({ privateKey: key.privateKey });
const verifier = createVerifier({ keys: [key.publicKey] });
const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;
const about = { operation: 3, generation: 1, round: 2, digest: digest('a'), briefDigest: digest('b') };
const message: DecisionMessage = {
  ...about,
  id: 'decision-1' as DecisionId,
  escalation: 't-1:3' as EscalationId,
  verb: 'approve',
  at: 1_000,
};
const who = { tenant: 'acme', task: 't-1', subject: 'amira', issuer: 'local' };
const stored = {
  ...message,
  ...who,
  message,
  why: 'it is right',
  whySalt: 'salt',
  result: undefined,
  onBehalfOf: null,
  jws: signDecision(signer, {
    ...message,
    ...who,
    roles: ['supervisor'],
    whyDigest: saltedDigest('it is right', 'salt'),
    executeBy: 2_000,
  } as Parameters<typeof signDecision>[1]), // branded where it is read
};
const asked = { ...about, tenant: 'acme', task: 't-1', roles: ['supervisor'], answerBy: 1_000 };

describe('the signed word about a question', () => {
  it('is the record of a decision that fits in everything', () => {
    expect(signedWord(stored, verifier)).toMatchObject({ id: 'decision-1' });
    expect(signedWord(stored, verifier, asked)).toMatchObject({ subject: 'amira' });
    expect(signedWord(stored, verifier, { ...asked, answerBy: null })).toBeDefined();
  });

  it.each([
    { id: 'decision-2' },
    { tenant: 'other' },
    { task: 't-2' },
    { operation: 4 },
    { generation: 2 },
    { round: 3 },
    { verb: 'reject' as const },
    { subject: 'joon' },
    { issuer: 'elsewhere' },
    { onBehalfOf: 'ruth' },
    { why: 'pay eve instead' },
    { whySalt: 'other' },
    { result: 'a report' },
    { jws: signer.sign('halt', { id: 'decision-1' }) },
    { message: { ...message, at: 999 } },
    { message: { ...message, until: 5 } },
  ])('says nothing where the store tells otherwise: %o', (change) => {
    expect(signedWord({ ...stored, ...change }, verifier, asked)).toBeUndefined();
    expect(signedWord({ ...stored, ...change }, verifier)).toBeUndefined();
  });

  it.each([
    { tenant: 'other' },
    { task: 't-2' },
    { operation: 4 },
    { generation: 2 },
    { round: 3 },
    { digest: digest('f') },
    { briefDigest: digest('f') },
    { roles: ['director'] },
    { roles: [] },
    { answerBy: 999 },
  ])('is no answer to another question, another role, or too late: %o', (change) => {
    expect(signedWord(stored, verifier, { ...asked, ...change })).toBeUndefined();
  });
});
