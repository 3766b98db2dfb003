import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { outage } from '../../src/cli/outage.js';
import { CountersignError } from '../../src/domain/errors.js';
import { listening } from '../support/listening.js';
import { testFolder } from '../support/folder.js';
import { run } from './terminal.js';

let server: Awaited<ReturnType<typeof listening>>;
let up = true;
const RESULT = { task: 't1', state: 'COMPLETED', reason: null, detail: null, results: [] };

beforeAll(async () => {
  server = await listening(() => (request, response) => {
    if (!up) return void request.socket.destroy();
    const answer = request.url?.startsWith('/v1/escalations') ? { escalations: [], next: null } : RESULT;
    response.end(JSON.stringify(answer));
  });
});
afterEach(() => {
  up = true;
  vi.unstubAllEnvs();
});
afterAll(() => server.close());

function typed(line: readonly string[], looks: readonly (() => Promise<unknown>)[]) {
  vi.stubEnv('COUNTERSIGN_DATA', testFolder());
  vi.stubEnv('COUNTERSIGN_TOKEN', 'csp_a-token-of-somebody');
  return run([...line, '--url', server.origin], { looks });
}

describe('a command that goes on', () => {
  // Seen to fail: without bearing it, `inbox --watch` ended with 5 at the first outage.
  it('outlives a gateway that is away for a moment, and tells of each outage once', async () => {
    const away = async () => (up = false);
    const back = async () => (up = true);
    const { exit, err } = await typed(['inbox', '--watch'], [away, away, back, away, back]);
    expect(exit).toBe(0);
    expect(err.match(/Looking again for up to a minute/g)).toHaveLength(2);
  });

  // Seen to fail: without bearing it, `result --wait` ended with 5.
  it('waits on for a result', async () => {
    up = false;
    const { exit, err, out } = await typed(['result', 't1', '--wait', '--json'], [async () => (up = true)]);
    expect([exit, JSON.parse(out)]).toEqual([0, expect.objectContaining({ state: 'COMPLETED' })]);
    expect(err).toContain('does not answer');
  });

  // Seen to fail: with no end to it, nothing was thrown after a minute; with every error borne, neither was the refusal.
  it('ends after a minute without an answer, and at once when it is refused', () => {
    let now = 0;
    const told: unknown[] = [];
    const { bear, over } = outage({ complain: (line) => told.push(line), now: () => now });
    const gone = new CountersignError('unreachable', 'gone.');
    bear(gone);
    now = 59_999;
    bear(gone);
    over();
    now = 60_001;
    bear(gone);
    expect(told).toHaveLength(2);
    now = 120_001;
    expect(() => bear(gone)).toThrow(gone);
    over();
    const refused = new CountersignError('forbidden', 'no');
    expect(() => bear(refused)).toThrow(refused);
  });
});
