import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columns } from '../../src/cli/render/layout.js';
import { showAnomalies } from '../../src/cli/render/show-anomalies.js';
import type { AnomalyView } from '../../src/contract/http-anomalies.js';
import type { AnomalyId } from '../../src/domain/ids.js';
import { openAnomalyGate, type AnomalyGate } from '../support/anomalies.js';
import { DANGEROUS, run, type Ran } from './terminal.js';

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;

function anAnomaly(change: Partial<AnomalyView> = {}): AnomalyView {
  return {
    anomaly: 'q3kX0vYd2b1cJ8m7sT5uR9wE4aZ6fH_LgN-oPiBxCyM' as AnomalyId, // the shape of one
    state: 'open',
    agent: 'support',
    tool: 'issue_refund',
    rule: 'new-situation',
    builtIn: false,
    situation: 'goodwill',
    owner: 'support_lead',
    count: 14,
    firstSeenAt: NOW - 9 * DAY,
    lastSeenAt: NOW - 3_600_000,
    last: { task: 'ticket-17', operation: 2 },
    closing: null,
    ...change,
  };
}

it('shows which, how often and what was learnt, in 80 columns and inert', async () => {
  const learnt = 'goodwill vouchers are new this season;\u001b[2K the policy gets them next week';
  const closing = { as: 'expected', by: 'ruth', at: NOW - DAY, learnt, until: NOW + 29 * DAY } as const;
  const lines = showAnomalies(
    [
      anAnomaly(),
      anAnomaly({ state: 'closed', closing }),
      anAnomaly({ closing: { ...closing, as: 'fixed', until: null }, count: 15 }),
      anAnomaly({ rule: 'unknown-tool', builtIn: true, situation: null, tool: `rm\u202e-rf`, count: 1 }),
    ],
    { width: 80, now: NOW, zone: 'Europe/Berlin', as: '' },
  );
  expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(80);
  expect(lines.join('\n')).not.toMatch(DANGEROUS);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('snapshots/anomalies.txt');
});

describe('anomalies', () => {
  let at: AnomalyGate;
  let server: Server;
  let url: string;
  beforeAll(async () => {
    at = await openAnomalyGate();
    await new Promise<void>((ready) => {
      server = serve({ fetch: at.fetch, port: 0, hostname: '127.0.0.1' }, (info: AddressInfo) => {
        url = `http://127.0.0.1:${info.port}`;
        ready();
      }) as Server; // HTTP/1 unless told otherwise
    });
  });
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await at.stop();
  });

  async function as(subject: string, ...line: string[]): Promise<Ran> {
    process.env['COUNTERSIGN_TOKEN'] = await at.token(subject);
    try {
      return await run(['anomalies', ...line, '--url', url]);
    } finally {
      delete process.env['COUNTERSIGN_TOKEN'];
    }
  }

  it('lists the open ones, closes one, and lists it by its state', async () => {
    expect((await as('ruth')).out).toBe('No anomalies.\n');
    await at.meet('cli-1', { situation: 'bank' });
    const { anomaly } = await at.classOf('bank');
    expect((await as('amira')).out).toContain(`${anomaly}\n  odd: bot with note in bank\n  open, seen once `);
    const beginning = anomaly.slice(0, 8);
    const closed = await as('ruth', 'close', 'expected', beginning, '--learnt', 'their bank', '--for', '7d');
    expect([closed.exit, closed.out.replaceAll(/\s+/g, ' ')]).toEqual([
      0,
      expect.stringMatching(
        /^Closed as expected\. It notifies, and does not ask by itself, until 20\d\d-.* in (6 d 23 h|7 d)\. $/,
      ),
    ]);
    expect((await as('ruth')).out).toBe('No anomalies.\n');
    expect((await as('ruth', '--state', 'closed')).out).toContain('their bank');
    const { out } = await as('ruth', '--state', 'all', '--json');
    expect(JSON.parse(out)).toMatchObject({ anomalies: [{ anomaly, closing: { by: 'ruth' } }], next: null });
  });

  it.each([
    ['a state that is none', ['--state', 'odd'], 2, '--state odd is none of open, closed, all'],
    [
      'an end that is none',
      ['close', 'solved', 'x', '--learnt', 'x'],
      2,
      'solved is none of expected, fixed, incident',
    ],
    ['nothing learnt', ['close', 'fixed', 'x'], 2, '--learnt is missing'],
    ['a span that is none', ['close', 'expected', 'x', '--learnt', 'x', '--for', 'long'], 2, 'is not a span'],
    [
      'a span for what is fixed',
      ['close', 'fixed', 'x', '--learnt', 'x', '--for', '7d'],
      2,
      'belongs to expected',
    ],
    ['a beginning of none', ['close', 'fixed', '0000', '--learnt', 'x'], 3, 'No anomaly begins with 0000'],
    ['one that is not there', ['close', 'fixed', `-${'a'.repeat(42)}`, '--learnt', 'x'], 3, 'nothing here'],
  ])('ends with the exit code of %s', async (_what, line, exit, message) => {
    const ran = await as('ruth', ...line);
    expect([ran.exit, ran.err]).toEqual([exit, expect.stringContaining(message)]);
  });

  it('is not closed by whoever does not own the agent', async () => {
    await at.meet('cli-2', { situation: 'other' });
    const { anomaly } = await at.classOf('other');
    expect((await as('amira', 'close', 'fixed', anomaly, '--learnt', 'x')).exit).toBe(4);
  });

  // Seen to fail: the first of several closed.
  it('is not guessed from a beginning that several have', async () => {
    const ids = new Set<string>();
    let first = '';
    for (let n = 0; first === '' && n < 100; n += 1) {
      await at.meet(`cli-many-${n}`, { situation: `s${n}` });
      const { anomaly } = await at.classOf(`s${n}`);
      if ([...ids].some((id) => id[0] === anomaly[0])) first = anomaly[0] ?? '';
      ids.add(anomaly);
    }
    expect((await as('ruth', 'close', 'fixed', first, '--learnt', 'x')).exit).toBe(2);
  });
});
