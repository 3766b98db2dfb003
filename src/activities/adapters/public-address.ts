import { isIP, isIPv4, type BlockList } from 'node:net';
import { rangesOf } from '../../contract/hooks-file.js';

/** What is not globally reachable of IPv4: IANA's registry of special-purpose addresses, the 6to4 relay, multicast, and what is reserved. */
const NOT_PUBLIC_4 = rangesOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
/** Global unicast of IPv6 is this one block; loopback, link-local, ULA, multicast, IPv4-mapped and NAT64 all lie outside of it. */
const PUBLIC_6 = rangesOf(['2000::/3']);
/** Within it: protocol assignments with Teredo, documentation, and 6to4, which leads to any IPv4 address. */
const NOT_PUBLIC_6 = rangesOf(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** Whether a request may go to an address: a public one, or one that the operator has named. Anything that is no address may not. */
export function mayReach(address: string, allowed: BlockList): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  if (isIPv4(address)) return !NOT_PUBLIC_4.check(address) || allowed.check(address);
  if (allowed.check(address, 'ipv6')) return true;
  return PUBLIC_6.check(address, 'ipv6') && !NOT_PUBLIC_6.check(address, 'ipv6');
}
