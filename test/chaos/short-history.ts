import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadDevConfig } from '../../src/config.js';
import { choosePort } from '../../src/dev/free-port.js';
import { manageServer } from '../../src/dev/managed-server.js';
import { searchAttributes } from '../../src/dev/search-attributes.js';
import { findTemporalCli } from '../../src/dev/temporal-cli.js';
import { probeTemporal } from '../../src/dev/temporal-server.js';
import { enterableFolder } from '../support/folder.js';

/** A dev server that suggests continue-as-new after so few events that every task hands over several times. */
export async function shortHistoryServer(
  events: number,
): Promise<{ address: string; stop(): Promise<void> }> {
  const dir = enterableFolder('countersign-short-');
  mkdirSync(join(dir, 'temporal'));
  const port = await choosePort({ purpose: 'the Temporal server of short histories' });
  const uiPort = await choosePort({ purpose: 'its UI' });
  const address = `127.0.0.1:${port}`;
  const flags = {
    ip: '127.0.0.1',
    port: String(port),
    'ui-port': String(uiPort),
    'db-filename': join(dir, 'temporal', 'temporal.db'),
    'sqlite-pragma': 'journal_mode=wal',
    'log-level': 'warn',
    'dynamic-config-value': `limit.historyCount.suggestContinueAsNew=${events}`,
  };
  const attributes = Object.entries(searchAttributes).map(([name, type]) => [
    'search-attribute',
    `${name}=${type}`,
  ]);
  const server = manageServer({
    name: 'The Temporal dev server of short histories',
    command: await findTemporalCli(loadDevConfig().search),
    args: [
      'server',
      'start-dev',
      ...[...Object.entries(flags), ...attributes].flatMap(([name, value]) => [`--${name}`, value ?? '']),
    ],
    logFile: join(dir, 'temporal.log'),
    pidFile: join(dir, 'temporal.pid.json'),
    stopSignal: 'SIGTERM',
    probe: () => probeTemporal({ address, namespace: 'default' }),
  });
  await server.start();
  return {
    address,
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
