import { describe, expect, it } from 'vitest';
import { createClient } from './client.js';
import type { ClientOptions } from './transport.js';

/** A client of a gateway that answers everything with this, and what was sent there. */
function clientOf(answer: () => Response, options: Partial<ClientOptions> = {}) {
  const sent: string[] = [];
  const given: typeof fetch = async (target, init) => {
    const request = new Request(target, init);
    sent.push(`${request.url} ${request.headers.get('idempotency-key')}`);
    return Promise.resolve(answer());
  };
  const client = createClient({ url: 'http://gate', token: 'secret', fetch: given, retries: 0, ...options });
  return { client, sent };
}

const problem = { type: 'x', title: 'x', status: 404, detail: 'There is none.', code: 'not-found' };
const none = () => Response.json(problem, { status: 404 });
const submission = { task: 't', agent: 'bot', goal: 'Pay' };

describe('a request that cannot be sent', () => {
  const loop: unknown[] = [];
  loop.push(loop);

  // Seen to fail: each a TypeError, or told as a gateway that does not answer.
  it.each<[string, Partial<ClientOptions>]>([
    ['`url`', { url: 'localhost:8484' }],
    ['`url`', { url: '' }],
    ['`url`', { url: 'ftp://gate' }],
    ['`url`', { url: 'http://user@gate' }],
    ['`token`', { token: 'planted\ntext' }],
    ['`token`', { token: 'planted é' }],
  ])('names %s and nothing of it: %j', async (named, options) => {
    const { client, sent } = clientOf(none, options);
    const error: unknown = await client.tasks.get('t').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(named) as string });
    expect(String(error)).not.toContain('planted');
    expect(sent).toEqual([]);
  });

  it('is one whose body is no JSON, or whose key no header can carry', async () => {
    const { client, sent } = clientOf(none);
    for (const args of [{ cents: 1n }, { loop }])
      await expect(
        client.tasks.submit({ ...submission, action: { tool: 'pay', args: args as never } }),
      ).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('plain JSON') as string });
    for (const idempotencyKey of ['ключ', 'a\nb', ''])
      await expect(client.tasks.cancel('t', { why: 'x', idempotencyKey })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('`idempotencyKey`') as string,
      });
    expect(sent).toEqual([]);
  });

  // Seen to fail: a long one told as an `idempotencyKey` of over 255 characters.
  it('is none whose name no task can have: the gateway says so', async () => {
    const { client, sent } = clientOf(none, { token: 'secret\n' });
    for (const asked of [
      client.tasks.get('\ud800'),
      client.tasks.submit({ ...submission, task: 'задача'.repeat(40) }),
    ])
      await expect(asked).rejects.toMatchObject({ code: 'not-found', message: 'There is none.' });
    expect(sent).toEqual([
      'http://gate/v1/tasks/%EF%BF%BD null',
      expect.stringMatching(/^http:\/\/gate\/v1\/tasks [0-9a-f-]{36}$/),
    ]);
  });
});

describe('an answer', () => {
  // Seen to fail: `internal`, which says that trying again cannot help.
  it('of a proxy that has too much to do counts as none', async () => {
    const { client } = clientOf(() => new Response('slow down', { status: 429 }));
    await expect(client.tasks.get('t')).rejects.toMatchObject({ code: 'unreachable' });
  });

  // Seen to fail: asked without end.
  it('that gives the same page again and again ends the list', async () => {
    const { client, sent } = clientOf(() => Response.json({ anchors: [], entries: [], next: 'again' }));
    await expect(client.evidence.anchors()).rejects.toMatchObject({ code: 'internal' });
    await expect(client.journal.all().next()).rejects.toMatchObject({ code: 'internal' });
    const numbered = clientOf(() => Response.json({ checkpoints: [], next: 7 }));
    await expect(numbered.client.evidence.checkpoints()).rejects.toMatchObject({ code: 'internal' });
    expect([sent.length, numbered.sent.length]).toEqual([4, 2]);
  });
});
