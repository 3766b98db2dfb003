import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { columns } from '../../src/cli/render/layout.js';
import { openGate, POLICY, type Gate } from '../gateway/fixture.js';
import { testFolder } from '../support/folder.js';
import { run, type Ran } from './terminal.js';

const STRICTER = `${POLICY}tools: { note: { level: approve, route: supervisor, ladder: urgent } }\n`;
const CASES = `cases:
  - { name: a note, agent: support, tool: note, facts: { tier: 2 }, expect: { includes: [unlisted-tool] } }
  - { name: a key, agent: support, tool: send_key, facts: { tier: 1 }, expect: { level: auto } }
`;

let gate: Gate;
let server: Server;
let url: string;
let operator: string;

beforeAll(async () => {
  gate = await openGate();
  operator = await gate.token('ops', { kind: 'service', scopes: ['policy'] });
  await new Promise<void>((ready) => {
    server = serve({ fetch: gate.fetch, port: 0, hostname: '127.0.0.1' }, (info: AddressInfo) => {
      url = `http://127.0.0.1:${info.port}`;
      ready();
    }) as Server;
  });
});
beforeEach(async () => {
  await gate.request('POST', '/v1/policies', operator, { source: POLICY });
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await gate.close();
});

function file(name: string, text: string): string {
  const path = join(testFolder(), name);
  writeFileSync(path, text);
  return path;
}

async function activate(
  source: string,
  cases: string,
  options: readonly string[] = [],
  token = operator,
): Promise<Ran> {
  process.env['COUNTERSIGN_TOKEN'] = token;
  try {
    const line = ['policy', 'activate', file('policy.yaml', source), '--cases', file('cases.yaml', cases)];
    return await run([...line, '--url', url, ...options]);
  } finally {
    delete process.env['COUNTERSIGN_TOKEN'];
  }
}

async function inForce(): Promise<string> {
  return (await gate.request('GET', '/v1/policies/active', operator)).json.source;
}

describe('policy activate with cases', () => {
  it('tells which verdicts become tighter or looser, and who is asked otherwise, before it activates', async () => {
    const { exit, out } = await activate(STRICTER, CASES);
    expect([exit, await inForce()]).toEqual([0, STRICTER]);
    expect(out.replace(/\s+/g, ' ')).toContain(
      '1 of 2 verdicts change. otherwise: a note: approve (director 7d, else deny) -> approve (supervisor 30m, director 30m, else deny)',
    );
    expect(Math.max(...out.split('\n').map(columns))).toBeLessThanOrEqual(80);
    const tight = `${STRICTER}rules: [{ id: all, trigger: policy, when: "true", level: notify, route: supervisor }]\n`;
    const cases = CASES.replace('expect: { level: auto }', 'expect: { tier: 1 }');
    expect((await activate(tight, cases)).out).toContain('tighter: a key: auto -> notify (supervisor)');
    expect((await activate(STRICTER, cases)).out).toContain('looser: a key: notify (supervisor) -> auto');
  });

  // Seen to fail: activated before the cases were looked at.
  it('activates nothing, with exit 6, when a case fails', async () => {
    const { exit, out } = await activate(STRICTER, CASES.replace('level: auto', 'level: approve'));
    expect([exit, await inForce()]).toEqual([6, POLICY]);
    expect(out).toMatch(/cases\.yaml:3: a key\n {2}level: expected approve, got auto\n/);
    expect(out).toContain('Not activated: a case fails.');
  });

  // Seen to fail: the switch not looked at.
  it('only tells with --dry-run', async () => {
    const { exit, out } = await activate(STRICTER, CASES, ['--dry-run']);
    expect([exit, await inForce()]).toEqual([0, POLICY]);
    expect(out).toContain('Not activated: this was a dry run.');
    const { out: json } = await activate(STRICTER, CASES, ['--dry-run', '--json']);
    expect(JSON.parse(json)).toEqual({
      comparison: { cases: 2, changes: [expect.objectContaining({ becomes: 'otherwise' })], failures: [] },
    });
  });

  it('tells so when nothing is in force yet', async () => {
    const other = await gate.token('ops', { kind: 'service', scopes: ['policy'], tenant: 'new' as never });
    const { exit, out } = await activate(POLICY, CASES, [], other);
    expect([exit, out]).toEqual([0, expect.stringContaining('Nothing in force to compare 2 cases with.')]);
  });

  it('is open to whoever has the scope, and reading what is in force too, whatever their role', async () => {
    const person = await gate.token('nobody', { scopes: ['policy'] });
    expect((await activate(STRICTER, CASES, [], person)).out).toContain('1 of 2 verdicts change.');
    const stranger = await gate.token('nobody');
    const { exit } = await activate(POLICY, CASES, [], stranger);
    expect([exit, await inForce()]).toEqual([4, STRICTER]);
    expect((await gate.request('GET', '/v1/policies/active', stranger)).status).toBe(404);
  });

  it('ends with 2 for options that mean nothing, and for cases that cannot be read', async () => {
    const policy = file('policy.yaml', POLICY);
    expect((await run(['policy', 'activate', policy, '--dry-run', '--url', url])).exit).toBe(2);
    expect((await activate(POLICY, 'cases: []')).exit).toBe(2);
  });
});
