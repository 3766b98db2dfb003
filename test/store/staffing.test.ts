import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAbsence, writeMembers } from '../../src/store/staff.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { PAY } from '../attacks/scene.js';

const HOUR = 3_600_000;
/** The night desk is kept in the store and asked first; two of it and of the directors must approve what is noted. */
const KEPT = POLICY.replace(
  'roles:',
  'roles:\n  night: { kept: store, owner: director, backup: director }',
).replace(
  'defaults: { route: supervisor }',
  'tools: { note: { level: approve, quorum: 3 } }\ndefaults: { route: night, validity: 8h }',
);

let gate: Gate;
let now: number;
beforeAll(async () => {
  gate = await openGate({ policy: KEPT });
  now = await gate.database.now();
});
afterAll(() => gate.close());

const keep = (...members: string[]) =>
  gate.database.transaction((tx) => writeMembers(tx, { tenant: TENANT, role: 'night', members }));
const away = (subject: string, until = now + HOUR) =>
  gate.database.transaction((tx) => writeAbsence(tx, { tenant: TENANT, subject, from: 0, until }));
const standIn = (to: string) =>
  gate.database.query(
    `insert into delegations (tenant, id, by_subject, to_subject, role, starts_at, ends_at, why, why_salt, made_at)
     values ($1, $2, 'nina', $3, 'night', 0, $4, 'leave', 'salt', 0)`,
    [TENANT, `d-${to}`, to, now + HOUR],
  );
async function askedAs(name: string, tool: 'pay' | 'note' = 'pay'): Promise<string> {
  const task = await gate.submit(name, { ...PAY, tool });
  return (await gate.ask(task)).kind;
}

/** Seen to fail: whoever is away counted as there. */
describe('a role whose people are not there', () => {
  it('is passed over at once where nobody is in it (fault 21)', async () => {
    expect(await askedAs('nobody')).toBe('undeliverable');
    await keep('nina');
    expect(await askedAs('nina')).toBe('asked');
  });

  it('is passed over while all of it are away, and asked again when they are back (fault 21)', async () => {
    await keep('nina');
    await away('nina');
    expect(await askedAs('away')).toBe('undeliverable');
    await away('nina', 1);
    expect(await askedAs('back')).toBe('asked');
  });

  it('is asked where somebody stands in who is there and did not ask for it', async () => {
    await keep('nina');
    await away('nina');
    await standIn('rita');
    expect(await askedAs('own-stand-in')).toBe('undeliverable');
    await standIn('joon');
    expect(await askedAs('stood-in')).toBe('asked');
    await away('joon');
    expect(await askedAs('both-away')).toBe('undeliverable');
  });

  it('counts with those who may be asked after it whether enough could approve', async () => {
    await keep('nina');
    await away('nina', 1);
    expect(await askedAs('enough', 'note')).toBe('asked');
    await away('tomas');
    expect(await askedAs('too-few', 'note')).toBe('undeliverable');
  });
});
