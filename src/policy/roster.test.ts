import { describe, expect, it } from 'vitest';
import { aPolicy, policyText } from '../../test/support/policy-case.js';
import { localIdentity } from '../domain/identity.js';
import { backupOf, chainOf, depthOf, membersOf, ownerRoleOf, rolesOf } from './roster.js';

const policy = aPolicy(policyText('  night: { members: [ruth, noor], depth: 3 }\n'));

describe('roster', () => {
  it('tells members, roles, backups, owners and depths', () => {
    expect(membersOf(policy, 'finance')).toEqual(['ines', 'karl']);
    expect(membersOf(policy, 'nobody')).toEqual([]);
    expect(rolesOf(policy, localIdentity('ruth'))).toEqual(['director', 'night']);
    expect(rolesOf(policy, localIdentity('stranger'))).toEqual([]);
    expect([backupOf(policy, 'finance'), backupOf(policy, 'director')]).toEqual(['director', null]);
    expect(chainOf(policy, 'supervisor')).toEqual(['supervisor', 'director']);
    expect([depthOf(policy, 'night'), depthOf(policy, 'finance')]).toEqual([3, null]);
    expect([ownerRoleOf(policy, 'support'), ownerRoleOf(policy, 'stranger')]).toEqual([
      'director',
      'supervisor',
    ]);
  });
});
