import type { Stack } from '../../src/dev/stack.js';
import { migrate } from '../../src/store/migrate.js';
import { ownStack } from '../support/stack.js';
import { deploy, type Deployment } from './deployment.js';

/** A deployment over servers that nobody else uses: Temporal on a database file, and a Postgres that keeps what it acknowledged. */
export async function deployOnOwnServers(): Promise<Deployment & { readonly stack: Stack }> {
  const stack = await ownStack({ durable: true });
  await migrate(stack.databaseUrl);
  const temporal = { address: stack.temporalAddress, namespace: 'default', taskQueue: 'own' };
  const there = await deploy({ databaseUrl: stack.databaseUrl, temporal });
  return {
    ...there,
    stack,
    async stop() {
      await there.stop();
      await stack.stop();
    },
  };
}
