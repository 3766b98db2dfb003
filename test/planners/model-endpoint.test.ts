import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Proposal } from '../../src/activities/ports.js';
import { SECRET_MASK } from '../../src/contract/secret.js';
import { calls, completion, raw, toolCall } from '../support/model-server.js';
import { ask, fault, KEY, PAY, server, useModelServer } from './model-scene.js';

useModelServer();

/** Seen to fail, each: redirects followed; no bound on the body; no timeout. */
describe('an endpoint that does not answer as it should', () => {
  const SAYS = JSON.stringify({ error: { message: `planted: ${KEY} is wrong` } });
  it.each([
    [401, 'config', /answered 401: check the key in COUNTERSIGN_MODEL_KEY_FILE/],
    [403, 'config', /COUNTERSIGN_MODEL_KEY_FILE/],
    [404, 'config', /COUNTERSIGN_MODEL_URL and COUNTERSIGN_MODEL/],
    [400, 'invalid', /answered 400/],
    [307, 'config', /another address/],
    [429, 'unreachable', /answered 429: it is asked again/],
    [500, 'unreachable', /answered 500/],
    [529, 'unreachable', /answered 529/],
  ])('with %i fails as %s', async (status, code, words) => {
    server.say(raw(status, SAYS, { location: 'http://127.0.0.1:1/elsewhere' }));
    const error = await fault();
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) as string });
    expect(error.message).toContain(new URL(server.url).host);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['7', 7_000, 7_000],
    ['99999999', 900_000, 900_000],
    [new Date(Date.now() + 60_000).toUTCString(), 30_000, 60_000],
    [new Date(0).toUTCString(), 0, 0],
    ['soon', undefined, undefined],
  ])('and says Retry-After: %s is left alone for so long', async (header, least, most) => {
    server.say(raw(429, SAYS, { 'retry-after': header }));
    const { retryAfterMs } = (await fault()).extra as { retryAfterMs?: number };
    if (least === undefined) return expect(retryAfterMs).toBeUndefined();
    expect(retryAfterMs).toBeGreaterThanOrEqual(least);
    expect(retryAfterMs).toBeLessThanOrEqual(most);
  });

  it('in time is asked again later', async () => {
    server.say(() => undefined);
    expect(await fault({ timeoutMs: 50 })).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('did not answer in time') as string,
    });
  });

  it('and nobody waits for is let go', async () => {
    const stop = new AbortController();
    server.say(() => stop.abort());
    expect(await fault({ signal: stop.signal })).toMatchObject({ code: 'unreachable' });
  });

  it('at all is asked again later', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    const port = await new Promise<number>((found) =>
      taken.once('listening', () => found((taken.address() as { port: number }).port)),
    );
    await new Promise((closed) => taken.close(closed));
    const error = await fault({ url: `http://127.0.0.1:${port}/v1` });
    expect(error).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('(ECONNREFUSED)') as string,
    });
  });

  it('over TLS is asked again later', async () => {
    expect(await fault({ url: server.url.replace('http:', 'https:') })).toMatchObject({
      code: 'unreachable',
    });
  });

  const whole = JSON.stringify({
    choices: [{ finish_reason: 'tool_calls', message: { tool_calls: [toolCall(['pay', PAY])] } }],
  });
  it('to the end is asked again later, wherever it was cut', async () => {
    server.say(
      (response) => {
        response.writeHead(200, { 'content-length': String(whole.length) });
        response.write(whole.slice(0, -10));
        setImmediate(() => response.destroy());
      },
      (response) => {
        response.writeHead(200);
        response.write(whole);
        setImmediate(() => response.destroy()); // all is there but the last chunk
      },
      raw(200, whole.slice(0, -1)),
      raw(200, whole),
    );
    for (const _ of [1, 2, 3]) expect(await fault()).toMatchObject({ code: 'unreachable' });
    expect(await ask()).toMatchObject({ calls: [{ tool: 'pay' }] });
  });

  it('and floods is cut off', async () => {
    const chunk = 'planted '.repeat(8_192);
    server.say((response) => {
      const flood = (): void => {
        while (response.write(chunk));
        response.once('drain', flood);
      };
      flood();
    });
    expect(await fault()).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/more than 1048576/) as string,
    });
  });

  // Seen to fail: the words taken as they came.
  it('but repeats the key has it masked in its words', async () => {
    server.say(completion({ content: `I have ${KEY}`, tool_calls: [toolCall(['pay', PAY])] }, 'stop'));
    expect(await ask()).toMatchObject({ calls: [{ args: PAY, agentText: `I have ${SECRET_MASK}` }] });
  });

  // Seen to fail: arguments taken as they came; names taken as they came.
  it('but repeats the key in a call is asked again, and never has that rewritten', async () => {
    const asArgument = calls(['pay', JSON.stringify({ cents: 1, to: KEY }).replace('sk-', '\\u0073k-')]);
    server.say(asArgument, calls([KEY, {}]), calls(['pay', PAY]));
    expect(await ask()).toMatchObject({ calls: [{ tool: 'pay', args: PAY }] });
    expect(server.requests).toHaveLength(3);
    server.say(asArgument);
    const [given] = ((await ask()) as { readonly calls: readonly Proposal[] }).calls; // it is no end
    expect(given).toMatchObject({ tool: 'pay', args: {} });
    expect(given?.question).toContain("(pay: its arguments hold the endpoint's key)");
    server.say(calls([KEY, {}]));
    expect(await fault()).toMatchObject({ code: 'invalid' });
  });

  // Seen to fail: a key of any length looked for; the key replaced in the whole answer.
  it('but holds a short placeholder of a key is taken as it is', async () => {
    server.say(
      completion({ content: 'a test', tool_calls: [toolCall(['pay', { cents: 1, to: 'test' }])] }, 'stop'),
    );
    expect(await ask({ key: 'test' })).toMatchObject({
      calls: [{ args: { cents: 1, to: 'test' }, agentText: 'a test' }],
    });
  });
});
