import { describe, expect, it } from 'vitest';
import { aPolicy, policyText } from '../../test/support/policy-case.js';
import { localIdentity } from '../domain/identity.js';
import {
  backupOf,
  chainOf,
  depthOf,
  may,
  mayHalt,
  mayLift,
  membersOf,
  ownerRoleOf,
  rolesOf,
} from './roster.js';

const policy = aPolicy(
  policyText(
    '  night: { members: [ruth, noor], depth: 3 }\nhalts: { set: [supervisor, director], lift: [director, finance] }',
  ),
);

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
    expect([
      may(policy, 'ines', ['director', 'finance']),
      may(policy, 'ines', ['director']),
      may(policy, 'ines', []),
    ]).toEqual([true, false, false]);
  });

  it('lets only the named roles halt', () => {
    expect([mayHalt(policy, 'amira'), mayHalt(policy, 'ines'), mayHalt(policy, 'stranger')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    ['the setter', 'ruth', { subject: 'ruth', roles: [] }, false],
    ['somebody of the same role', 'tomas', { subject: 'ruth', roles: ['director', 'night'] }, false],
    ['somebody of another lifting role', 'ines', { subject: 'ruth', roles: ['director', 'night'] }, true],
    ['somebody who may not lift', 'joon', { subject: 'ruth', roles: ['director'] }, false],
  ])('lifting by %s is %s', (_, subject, setter, allowed) => {
    expect(mayLift(policy, subject, setter)).toBe(allowed);
  });
});
