import { describe, expect, it } from 'vitest';
import { webhookSender, type WebhookOptions } from '../../src/activities/adapters/webhook.js';
import type { HookEntry } from '../../src/contract/hook-event.js';
import type { HookTarget } from '../../src/contract/hooks-file.js';
import { aTarget, startTarget, status } from '../support/hook-target.js';

const ENTRY: HookEntry = {
  tenant: 'acme',
  task: 't1',
  seq: 1,
  hash: 'f'.repeat(64),
  kind: 'closed',
  type: 'task-completed',
  at: Date.now(),
  body: '{"reason":null}',
  tier: null,
};
/** What the hosts of these tests resolve to, one answer a look-up; the last one for ever. */
function resolving(...answers: string[][]): NonNullable<WebhookOptions['resolve']> & { asked: number } {
  const resolve = async () => {
    const addresses = answers[Math.min(resolve.asked, answers.length - 1)] ?? [];
    resolve.asked += 1;
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  resolve.asked = 0;
  return resolve;
}

const send = (target: HookTarget, options: WebhookOptions = {}) =>
  webhookSender([target], options).send(target.id, ENTRY, Date.now(), new AbortController().signal);
const blocked = { kind: 'failed', code: 'blocked-address' };

// Seen to fail: a sender that checks names only; one that looks up again when it connects; one that takes the first address that may be reached.
describe('attack 52: a web hook into the own network', () => {
  it.each([
    'https://169.254.169.254/latest/meta-data/',
    'https://localhost/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://017700000001/',
    'https://0/',
    'https://10.0.0.1/',
    'https://100.64.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[::127.0.0.1]/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[2002:a9fe:a9fe::1]/',
    'https://[2001:0:a9fe:a9fe::1]/',
    'https://[ff02::1]/',
    'https://[100::1]/',
  ])('at %s is not sent', async (url) => {
    expect(await send(aTarget(url, { allow_private: [] }))).toEqual(blocked);
  });

  it.each([[['10.0.0.1']], [['93.184.216.34', '10.0.0.1']], [['::1']], [['not an address']], [[]]])(
    'behind a name of %j is not sent',
    async (addresses) => {
      const target = aTarget('https://hooks.example.com/', { allow_private: [] });
      expect(await send(target, { resolve: resolving(addresses) })).toEqual(blocked);
    },
  );

  it('behind a name that changes its address goes where was checked, and nowhere else', async () => {
    const allowed = await startTarget();
    const { port } = new URL(allowed.url);
    // The name first stands for what may be reached, and from then on for something else.
    const resolve = resolving(['127.0.0.1'], ['127.0.0.2']);
    const target = aTarget(`http://rebinding.example.com:${port}/`, { allow_private: ['127.0.0.1'] });
    expect(await send(target, { resolve })).toEqual({ kind: 'delivered' });
    expect([resolve.asked, allowed.received.length]).toEqual([1, 1]);
    expect(await send(target, { resolve })).toEqual(blocked);
    expect(allowed.received).toHaveLength(1);
    await allowed.close();
  });

  it('by a redirect is not followed', async () => {
    const [outside, inside] = [await startTarget(), await startTarget()];
    for (const code of [301, 302, 303, 307, 308]) {
      outside.answer(status(code, { location: inside.url }));
      expect(await send(aTarget(outside.url))).toEqual({ kind: 'failed', code: `status-${code}` });
    }
    expect(inside.received).toEqual([]);
    await Promise.all([outside.close(), inside.close()]);
  });

  it('by a proxy of the environment is not sent', async () => {
    const [wanted, proxy] = [await startTarget(), await startTarget()];
    const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'all_proxy', 'NODE_USE_ENV_PROXY'];
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url;
    expect(await send(aTarget(wanted.url))).toEqual({ kind: 'delivered' });
    for (const name of names) delete process.env[name];
    expect([wanted.received.length, proxy.received.length]).toEqual([1, 0]);
    await Promise.all([wanted.close(), proxy.close()]);
  });

  it('is sent only where the operator has named the address', async () => {
    const server = await startTarget();
    expect(await send(aTarget(server.url, { allow_private: ['127.0.0.0/8'] }))).toEqual({
      kind: 'delivered',
    });
    for (const allowed of [[], ['127.0.0.2'], ['10.0.0.0/8'], ['::1']])
      expect(await send(aTarget(server.url, { allow_private: allowed }))).toEqual(blocked);
    await server.close();
  });

  it('is given up when the look-up does not end', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    const target = aTarget('https://hooks.example.com/', { allow_private: [] });
    expect(await send(target, { resolve, longestMs: 50 })).toEqual({ kind: 'failed', code: 'timeout' });
  });
});
