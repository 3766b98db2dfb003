import { describe, expect, it } from 'vitest';
import type { Digest, EscalationId, TaskId, TenantId } from '../domain/ids.js';
import {
  actionDigest,
  decisionId,
  idempotencyKey,
  labelled,
  newSalt,
  saltedDigest,
  sha256Digest,
} from './digest.js';
import type { ActionIdentity } from './digest.js';

const action: ActionIdentity = {
  tenant: 'acme' as TenantId,
  task: 't-1' as TaskId,
  operation: 1,
  generation: 1,
  tool: 'issue_refund',
  toolVersion: '1',
  toolSchema: `sha256:${'a'.repeat(64)}` as Digest,
  args: { orderId: '1182', amountCents: 24000 },
  policyHash: `sha256:${'b'.repeat(64)}` as Digest,
};

describe('digests', () => {
  it('are SHA-256 of the UTF-8 text (FIPS 180-4 example)', () => {
    expect(sha256Digest('abc')).toBe(
      'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('case 28, case 29: another digest for every change of tenant, task, operation, generation, tool, version, schema, arguments, policy', () => {
    const other: Partial<ActionIdentity>[] = [
      { tenant: 'other' as TenantId },
      { task: 't-2' as TaskId },
      { operation: 2 },
      { generation: 2 },
      { tool: 'issue_refund2' },
      { toolVersion: '2' },
      { toolSchema: `sha256:${'c'.repeat(64)}` as Digest },
      { args: { orderId: '1182', amountCents: 24001 } },
      { args: { orderId: 1182, amountCents: 24000 } },
      { args: { orderId: '1182', amountCents: 24000, note: null } },
      { policyHash: `sha256:${'d'.repeat(64)}` as Digest },
    ];
    const digests = [action, ...other.map((change) => ({ ...action, ...change }))].map(actionDigest);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('are the same whatever the order of the arguments', () => {
    expect(actionDigest({ ...action, args: { amountCents: 24000, orderId: '1182' } })).toBe(
      actionDigest(action),
    );
  });

  it('case 10: differ for NFC and NFD of one name', () => {
    expect(actionDigest({ ...action, args: 'é' })).not.toBe(actionDigest({ ...action, args: 'e\u0301' }));
  });

  it('of different things never meet: the label is part of what is hashed', () => {
    expect(labelled('brief', { a: 1 })).not.toBe(labelled('action', { a: 1 }));
  });

  it('an idempotency key is made of business ids only and fits a header', () => {
    const { tenant, task } = action;
    const key = idempotencyKey({ tenant, task, operation: 1, generation: 1 });
    expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(idempotencyKey({ tenant, task, operation: 1, generation: 1 })).toBe(key);
    const others = [
      { tenant, task, operation: 1, generation: 2 },
      { tenant, task, operation: 2, generation: 1 },
      { tenant, task: 't-11' as TaskId, operation: 1, generation: 1 },
      { tenant: 'acme2' as TenantId, task, operation: 1, generation: 1 },
    ];
    for (const other of others) expect(idempotencyKey(other)).not.toBe(key);
  });

  it('a decision id is the same for a retry and another for any other subject, issuer, question or key', () => {
    const identity = {
      tenant: action.tenant,
      escalation: 't-1:1' as EscalationId,
      issuer: 'local',
      subject: 'amira',
      key: 'k1',
    };
    const id = decisionId(identity);
    expect(decisionId({ ...identity })).toBe(id);
    for (const change of [
      { issuer: 'x' },
      { subject: 'joon' },
      { key: 'k2' },
      { escalation: 't-1:2' as EscalationId },
    ]) {
      expect(decisionId({ ...identity, ...change })).not.toBe(id);
    }
  });

  it('a salted digest tells nothing without its salt', () => {
    const [one, two] = [newSalt(), newSalt()];
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect(saltedDigest('ok', one)).not.toBe(saltedDigest('ok', two));
    expect(saltedDigest('ok', one)).not.toBe(sha256Digest('ok'));
    expect(saltedDigest('ok', one)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
