import { afterEach, beforeEach, expect, it } from 'vitest';
import { listHalts } from '../../src/store/halts.js';
import { createSession, listSessions } from '../../src/store/sessions.js';
import { listTokens } from '../../src/store/tokens.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';

let gate: Gate;
beforeEach(async () => {
  gate = await openGate();
});
afterEach(() => gate.close());

// Seen to fail: the newest 500 of all of them read, whatever their state (the one in force was not among them).
it('a halt in force is listed behind however many newer ones that were lifted', async () => {
  await gate.halt('agent', 'bot', 'old');
  await gate.database.query(
    `insert into halts (id, scope, tenant, target, why, why_salt, set_by, set_role, jws, set_at, lifted_at)
     select 'lifted-' || n, 'agent', $1, 'bot', 'w', 's', 'ruth', 'director', 'j', $2::bigint + n, $2 from generate_series(1, 600) n`,
    [TENANT, await gate.database.now()],
  );
  const ids = async (state: 'in-force' | 'lifted' | 'all') =>
    (await listHalts(gate.database, TENANT, state)).map((row) => row.id);
  expect(await ids('in-force')).toEqual(['old']);
  expect(await ids('lifted')).toHaveLength(500);
  expect((await ids('lifted'))[0]).toBe('lifted-600');
  expect((await ids('all')).at(-1)).toBe('old');
});

// Seen to fail: the newest 500 of all of them read (the valid one was not among them).
it('a token that is valid is listed behind however many newer ones that are not', async () => {
  const now = await gate.database.now();
  const insert = (id: string, createdAt: number, expiresAt: number, count: number) =>
    gate.database.query(
      `insert into tokens (hash, id, tenant, kind, subject, issuer, scopes, created_at, expires_at, revoked_at)
       select $1 || n, $1 || n, $2, 'service', 'bot', 'tests', '{}', $3::bigint, $4::bigint, case when $1 = 'revoked-' then $3::bigint end from generate_series(1, $5::int) n`,
      [id, TENANT, createdAt, expiresAt, count],
    );
  await insert('valid-', now - 5_000, now + 3_600_000, 1);
  await insert('expired-', now - 2_000, now - 1_000, 300);
  await insert('revoked-', now - 3_000, now + 3_600_000, 300);
  const listed = (await listTokens(gate.database, TENANT, null)).map((token) => token.id);
  expect(listed).toHaveLength(501);
  expect(listed.at(-1)).toBe('valid-1');
});

// Seen to fail: the newest 500 of all of them read (the good one was not among them).
it('a session that is good is listed behind however many newer ones that are over', async () => {
  const now = await gate.database.now();
  const amira = { tenant: TENANT, subject: 'amira', issuer: 'tests', claims: null, authTime: now, acr: null };
  const { id } = await createSession(gate.database, { ...amira, now: now - 60_000 });
  await gate.database.query(
    `insert into sessions (hash, id, tenant, subject, issuer, created_at, expires_at, seen_at, revoked_at)
     select 'over-' || n, 'over-' || n, $1, 'joon', 'tests', $2::bigint - n, $2::bigint + 3600000, $2, $2 from generate_series(1, 600) n`,
    [TENANT, now],
  );
  const listed = (await listSessions(gate.database, TENANT, null)).map((session) => session.id);
  expect(listed).toHaveLength(501);
  expect(listed.at(-1)).toBe(id);
  expect(await listSessions(gate.database, TENANT, 'amira')).toHaveLength(1);
});
