import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadDevConfig } from '../../src/config.js';
import { choosePort } from '../../src/dev/free-port.js';
import { embeddedPostgres } from '../../src/dev/postgres.js';
import { startRealServer } from '../../src/dev/real-server.js';
import { isExecutable, onPath } from '../../src/dev/executables.js';
import { testFolder } from '../support/folder.js';

const { search } = loadDevConfig();
const cached = isExecutable(join(search.cacheDir, 'server-v1.29.1', 'server'));
const reason =
  'needs the Temporal server for Postgres in the cache (npm run bench builds it) and Go for its schema';

describe('a whole Temporal server on Postgres', () => {
  it('keeps its runs over kill -9 and a later start', async ({ skip }) => {
    skip(!cached || onPath('go', search.environment) === undefined, reason);
    const dataDir = testFolder();
    const port = await choosePort({ purpose: 'a test' });
    const postgres = await embeddedPostgres({ dataDir, port, search, durable: false });
    onTestFinished(() => postgres.stop());
    await postgres.start();
    const options = { databaseUrl: postgres.url, dataDir: join(dataDir, 'server'), search };

    const server = await startRealServer(options);
    onTestFinished(() => server.stop());
    expect(statSync(join(options.dataDir, 'config', 'countersign.yaml')).mode & 0o777).toBe(0o600);
    const attributes = { CountersignState: ['RUNNING'] };
    await use(server.address, (client) =>
      client.workflow.start('nobody', {
        taskQueue: 'none',
        workflowId: 'kept',
        searchAttributes: attributes,
      }),
    );
    await server.kill();
    await server.start();
    expect(
      await use(
        server.address,
        async (client) => (await client.workflow.getHandle('kept').describe()).status.name,
      ),
    ).toBe('RUNNING');

    await server.stop();
    const again = await startRealServer(options);
    onTestFinished(() => again.stop());
    expect(
      await use(
        again.address,
        async (client) => (await client.workflow.getHandle('kept').describe()).status.name,
      ),
    ).toBe('RUNNING');
  }, 180_000);
});

async function use<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
