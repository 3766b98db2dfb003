import { describe, expect, it } from 'vitest';
import { rangesOf } from '../../contract/hooks-file.js';
import { mayReach } from './public-address.js';

const none = rangesOf([]);

describe('an address', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.0',
    '100.128.0.0',
    '192.0.1.1',
    '223.255.255.255',
  ])('%s is public', (address) => expect(mayReach(address, none)).toBe(true));
  it.each(['2606:4700:4700::1111', '2a00:1450:4001::1', '2001:4860:4860::8888'])('%s is public', (address) =>
    expect(mayReach(address, none)).toBe(true),
  );
  it.each(['fe80::1%eth0', '2a00:1450:4001::1%eth0', '', 'localhost', '1.2.3', '01.2.3.4', '1.1.1.1 '])(
    '%j is none',
    (address) => expect(mayReach(address, none)).toBe(false),
  );
  it.each([
    '0.0.0.0',
    '10.255.255.255',
    '100.127.255.255',
    '127.255.255.255',
    '169.254.0.0',
    '172.16.0.0',
    '192.88.99.1',
    '203.0.113.9',
    '240.0.0.1',
  ])('%s is not public', (address) => expect(mayReach(address, none)).toBe(false));
  it.each([
    'fc00::1',
    'fdff::1',
    'fe80::1',
    'fec0::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '64:ff9b:1::1',
    '2001:db8::1',
    '3fff::1',
    '4000::1',
  ])('%s is not public', (address) => expect(mayReach(address, none)).toBe(false));

  it('that is not public may be reached where it is named', () => {
    const allowed = rangesOf(['10.1.0.0/16', 'fd00::/8', '192.168.7.7']);
    expect(['10.1.2.3', 'fd00::1', '192.168.7.7'].map((address) => mayReach(address, allowed))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['10.2.0.1', 'fe80::1', '192.168.7.8'].map((address) => mayReach(address, allowed))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
