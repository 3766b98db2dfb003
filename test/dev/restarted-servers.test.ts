import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { choosePort } from '../../src/dev/free-port.js';
import { keepRunning } from '../../src/dev/keep-running.js';
import { manageServer } from '../../src/dev/managed-server.js';
import { identify } from '../../src/dev/process-identity.js';
import { testFolder } from '../support/folder.js';
import { waitFor } from '../support/wait.js';

/** A server of a few lines, kept running; every pid that it ever had is in a file. */
async function kept(listensAfterMs = 0) {
  const dir = testFolder();
  const port = await choosePort({ purpose: 'a test' });
  const code = `require('fs').appendFileSync('pids', process.pid + ' ');
    const first = require('fs').readFileSync('pids', 'utf8').trim().split(' ').length === 1;
    setTimeout(() => require('net').createServer(() => {}).listen(${port}, '127.0.0.1'), first ? 0 : ${listensAfterMs});`;
  const probe = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() && undefined));
      socket.on('error', reject);
    });
  const server = manageServer({
    name: 'A server',
    command: process.execPath,
    args: ['-e', code],
    cwd: dir,
    logFile: join(dir, 'log'),
    pidFile: join(dir, 'pid.json'),
    stopSignal: 'SIGTERM',
    probe,
  });
  const told: string[] = [];
  const keeping = keepRunning(server, { name: 'It', log: (line) => told.push(line) });
  onTestFinished(() => {
    keeping.release();
    return server.stop();
  });
  await server.start();
  const pids = () => readFileSync(join(dir, 'pids'), 'utf8').trim().split(' ').map(Number);
  return { server, keeping, told, pids, probe };
}

describe('a server that is kept running', () => {
  // Seen to fail: with nobody told of its end, it stayed down.
  it('is started again whenever it ends by itself, and its end is told', async () => {
    const { server, told, pids, probe } = await kept();
    process.kill(server.pid ?? Number.NaN, 'SIGKILL');
    await waitFor(() =>
      pids().length === 2
        ? probe().then(
            () => true,
            () => undefined,
          )
        : undefined,
    );
    expect(server.pid).toBe(pids()[1]);
    expect(told).toEqual(['It ended (SIGKILL) and is started again.']);
  });

  // Seen to fail: with every end taken for a crash, a server that was stopped was told of and came back.
  it('stays away when it is stopped or killed on purpose', async () => {
    const { server, told, pids } = await kept();
    await server.kill();
    await server.start();
    await server.stop();
    expect([told, pids().length, server.pid]).toEqual([[], 2, undefined]);
  });

  // Seen to fail: with the wish not looked at before a launch, a server was launched after it had been stopped.
  it('leaves nothing behind when it is stopped while it is started again', async () => {
    const { server, keeping, pids } = await kept(600_000);
    process.kill(server.pid ?? Number.NaN, 'SIGKILL');
    await waitFor(() => (pids().length === 2 ? true : undefined));
    keeping.release();
    await server.stop();
    expect(pids().map(identify)).toEqual([undefined, undefined]);
    const starting = server.start();
    await Promise.all([expect(starting).rejects.toThrow(/was stopped while it started/), server.stop()]);
    expect(pids().map(identify)).toEqual([undefined, undefined]);
  });

  // Seen to fail: with a failed start not followed by another, it stayed down once its port was free again.
  it('is tried again when a start fails, and that is told', async () => {
    const starts: (() => Promise<void>)[] = [
      () => Promise.reject(new Error('not yet')),
      () => Promise.resolve(),
    ];
    const told: string[] = [];
    let crash = (_how: string): void => undefined;
    const start = async () => starts.shift()?.();
    const keeping = keepRunning(
      { start, crashed: (heard) => void (crash = heard) },
      { name: 'It', log: (line) => told.push(line) },
    );
    crash('exit 1');
    await waitFor(() => (starts.length === 0 ? true : undefined));
    keeping.release();
    expect(told).toEqual(['It ended (exit 1) and is started again.', 'not yet\nIt is started again.']);
  });
});
