import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listenForCode } from '../../src/cli/loopback.js';

describe('the listener of a login', () => {
  // Seen to fail: with `new URL` of what was asked, `GET //` threw `Invalid URL` in the server, and nothing was answered.
  it('answers a request that is no address with 404, and waits on', async () => {
    const loopback = await listenForCode('right', 30_000);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(loopback.port, '127.0.0.1', () => {
        socket.write('GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      });
      socket.once('data', (data) => resolve(data.toString()));
    });
    expect(answer).toContain('404');
    await fetch(`http://127.0.0.1:${loopback.port}/callback?state=right&code=brought`);
    expect(await loopback.code()).toBe('brought');
    loopback.close();
  });
});
