import { describe, expect, it } from 'vitest';
import type { TenantId } from '../domain/ids.js';
import { generateSecretKeys, openSecret, parseSecretKeys, sealSecret } from './seal.js';

const place = { tenant: 'acme' as TenantId, reference: 'hmac-sha256:aa' };

describe('a sealed secret', () => {
  it('opens again, and never looks the same twice', () => {
    const keys = parseSecretKeys(generateSecretKeys());
    const [one, two] = [sealSecret(keys, place, 'hunter2 🙂'), sealSecret(keys, place, 'hunter2 🙂')];
    expect(openSecret(keys, place, one)).toBe('hunter2 🙂');
    expect(one).not.toBe(two);
    expect(one).not.toContain('hunter2');
  });

  it('does not open when it was altered, cut, or moved to another tenant or reference', () => {
    const keys = parseSecretKeys(generateSecretKeys());
    const sealed = sealSecret(keys, place, 'hunter2');
    // The very last digit holds two bits that mean nothing.
    const altered = sealed.replace(/.(?=....$)/, (digit) => (digit === 'A' ? 'B' : 'A'));
    for (const text of [altered, sealed.slice(0, -4), '', '1.1..'])
      expect(() => openSecret(keys, place, text)).toThrow(/secret/);
    expect(() => openSecret(keys, { ...place, tenant: 'other' as TenantId }, sealed)).toThrow(/altered/);
    expect(() => openSecret(keys, { ...place, reference: 'hmac-sha256:bb' }, sealed)).toThrow(/altered/);
  });

  it('stays readable after a rotation that kept the old key', () => {
    const before = JSON.parse(generateSecretKeys());
    const after = {
      ...before,
      current: '2',
      keys: { ...before.keys, 2: JSON.parse(generateSecretKeys()).keys['1'] },
    };
    const sealed = sealSecret(parseSecretKeys(JSON.stringify(before)), place, 'hunter2');
    const keys = parseSecretKeys(JSON.stringify(after));
    expect(openSecret(keys, place, sealed)).toBe('hunter2');
    expect(sealSecret(keys, place, 'x')).toMatch(/^1\.2\./);
  });

  it('needs a whole key file, and tells nothing of a bad one', () => {
    const good = JSON.parse(generateSecretKeys());
    const bad = [
      '',
      '{}',
      JSON.stringify({ ...good, current: '9' }),
      JSON.stringify({ ...good, keys: { 1: 'c2hvcnQ' } }),
      JSON.stringify({ ...good, more: 1 }),
    ];
    for (const text of bad) expect(() => parseSecretKeys(text)).toThrow(/secrets key file/);
    expect(() => parseSecretKeys(JSON.stringify({ ...good, keys: { 1: 'c2hvcnQ' } }))).not.toThrow(/c2hvcnQ/);
  });
});
