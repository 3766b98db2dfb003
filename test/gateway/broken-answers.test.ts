import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSend } from '../../src/sdk/transport.js';
import { listening } from '../support/listening.js';

type Answer = (response: ServerResponse) => void;

let server: Awaited<ReturnType<typeof listening>>;
let asked: IncomingMessage[] = [];
let answers: Answer[] = [];

beforeAll(async () => {
  server = await listening(() => (request, response) => {
    asked.push(request);
    request.resume();
    answers.shift()?.(response);
  });
});
afterAll(() => server.close());

const whole: Answer = (response) => response.end('{"n":7}');
const half = (then: Answer): Answer => {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
    response.write('{"n":', () => then(response));
  };
};
const breaksOff = half((response) => response.destroy());
const stalls = half(() => undefined);

/** Decides against a gateway that answers so, one after the other. */
function decide(...given: Answer[]) {
  [asked, answers] = [[], given];
  const send = createSend({ url: server.origin, token: 'secret', timeoutMs: 300 });
  return send({ method: 'POST', path: 'v1/decide', answer: z.object({ n: z.number() }) });
}

const keys = () => new Set(asked.map(({ headers }) => headers['idempotency-key']));

describe('a client whose answer', () => {
  // Seen to fail: with the text read outside of the attempt, both ended as `What answers at ... is no gateway` after one request.
  it.each([
    ['breaks off', breaksOff],
    ['stalls', stalls],
  ])('%s asks again under the same key', async (_how, broken) => {
    expect(await decide(broken, whole)).toEqual({ n: 7 });
    expect([asked.length, keys().size]).toEqual([2, 1]);
    await expect(decide(broken, broken, broken)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('does not answer'),
    });
  });

  it('is whole and no JSON is told so, at once', async () => {
    await expect(decide((response) => response.end('<h1>hi</h1>'))).rejects.toThrow(/is no gateway/);
    expect(asked).toHaveLength(1);
  });

  // Seen to fail: without `redirect: 'manual'` the other address was asked, on one machine with the token.
  it.each([301, 302, 307, 308])('is a redirect (%i) goes nowhere, and is told where to', async (status) => {
    const away: Answer = (response) => response.writeHead(status, { location: '/new' }).end();
    await expect(decide(away, whole)).rejects.toThrow(/sends elsewhere, to \/new, .*give its address/);
    expect(asked.map(({ url }) => url)).toEqual(['/v1/decide']);
  });
});
