import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listening } from '../support/listening.js';
import { run } from './terminal.js';

let server: Awaited<ReturnType<typeof listening>>;
let halted: object;
beforeEach(async () => {
  halted = { scope: 'agent', tenant: 'default', target: 'bot' };
  server = await listening(() => (request, response) => {
    const set = request.method === 'POST';
    response.writeHead(set ? 201 : 403, {
      'content-type': set ? 'application/json' : 'application/problem+json',
    });
    const halt = {
      halt: 'halt-number-1',
      ...halted,
      why: 'odd',
      by: 'ops',
      at: 1_767_268_800_000,
      lifted: null,
    };
    response.end(JSON.stringify(set ? halt : { code: 'forbidden', detail: 'no', status: 403 }));
  });
  vi.stubEnv('COUNTERSIGN_TOKEN', 'x'.repeat(20));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

// Seen to fail: without its catch, the command ended with 4 although the halt was set.
it('halt ends with 0 once the halt is set, also when nobody can tell whether the agent ever had a task', async () => {
  const ran = await run(['halt', 'agent', 'bot', '--why', 'odd', '--url', server.origin]);
  expect(ran).toMatchObject({ exit: 0, err: '', out: expect.stringMatching(/^Halted \(halt-number-1\)/) });
});

// Seen to fail: a command that no token of anybody can carry out.
it('halt all says with what token it is lifted', async () => {
  halted = { scope: 'all', tenant: null, target: null };
  const ran = await run(['halt', 'all', '--why', 'odd', '--url', server.origin]);
  expect(ran.out).toContain('token create --kind personal --subject SUBJECT --scope halt:all');
});
