import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TenantId } from '../../src/domain/ids.js';
import { choosePort } from '../../src/dev/free-port.js';
import { makeKeyFiles } from '../../src/dev/key-files.js';
import { loadPolicy } from '../../src/policy/load.js';
import { createClient, type CountersignClient } from '../../src/sdk/client.js';
import { openDatabase } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrate.js';
import { activatePolicy } from '../../src/store/policies.js';
import { createToken, type TokenKind } from '../../src/store/tokens.js';
import type { SideContext } from './bare-side.js';
import { POLICY, REVIEWER, TENANT } from './bench-policy.js';
import { startChild, type Child } from './child.js';
import { pollerIs } from './pollers.js';

const QUEUE = 'bench-countersign';
const tenant = TENANT as TenantId; // a valid name

/** Countersign as it is deployed: a gateway process and worker processes. */
export interface Deployment {
  readonly gateway: Child;
  readonly service: CountersignClient;
  readonly reviewer: CountersignClient;
  startWorker(): Promise<Child>;
}

/** Migrates, makes keys, tokens and a policy, and starts the gateway. `nodeArgs` go before the script of both. */
export async function deploy(
  options: SideContext & {
    readonly databaseUrl: string;
    readonly nodeArgs: (process: 'worker' | 'gateway') => readonly string[];
  },
): Promise<Deployment> {
  const { dir, address, client, marks, databaseUrl, nodeArgs } = options;
  await migrate(databaseUrl);
  const keys = join(dir, 'keys');
  makeKeyFiles({ signingDir: keys, sharedDir: keys });
  const port = await choosePort({ purpose: 'the gateway' });
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    COUNTERSIGN_DATABASE_URL: databaseUrl,
    COUNTERSIGN_DATA: join(dir, 'data'),
    COUNTERSIGN_TASK_QUEUE: QUEUE,
    COUNTERSIGN_PORT: String(port),
    COUNTERSIGN_SIGNING_KEY_FILE: join(keys, 'signing.json'),
    COUNTERSIGN_VERIFY_KEYS_FILE: join(keys, 'verify.json'),
    COUNTERSIGN_SECRETS_KEY_FILE: join(keys, 'secrets.json'),
    COUNTERSIGN_TOOLS: fileURLToPath(new URL('./bench-tools.js', import.meta.url)),
    TEMPORAL_ADDRESS: address,
    BENCH_MARKS: marks.path,
  };
  const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
  const start = (name: 'worker' | 'gateway', ready: (pid: number) => Promise<unknown>) =>
    startChild({
      name: `the ${name}`,
      args: [...nodeArgs(name), cli, name],
      environment,
      logFile: join(dir, `${name}.log`),
      ready,
    });
  const tokens = await prepareTenant(databaseUrl);
  const gateway = await start('gateway', async () => {
    if (!(await fetch(`${url}/readyz`)).ok) throw new Error('the gateway is not ready');
  });
  return {
    gateway,
    service: createClient({ url, token: tokens.service }),
    reviewer: createClient({ url, token: tokens.personal }),
    startWorker: () => start('worker', (pid) => pollerIs(client, QUEUE, pid)),
  };
}

async function prepareTenant(url: string): Promise<Readonly<Record<TokenKind, string>>> {
  const database = openDatabase({ url, maxConnections: 1 });
  try {
    const loaded = loadPolicy(POLICY);
    if (!('policy' in loaded))
      throw new Error(`the bench's policy does not load: ${JSON.stringify(loaded.problems)}`);
    const { hash, version } = loaded.policy;
    await activatePolicy(database, { tenant, hash, version, source: POLICY, author: 'bench' });
    const now = await database.now();
    const token = async (kind: TokenKind, subject: string, scopes: readonly string[]) => {
      const made = await createToken(database, {
        tenant,
        kind,
        subject,
        issuer: 'bench',
        scopes,
        now,
        ttlMs: 86_400_000,
      });
      if (!made) throw new Error('there is a token of that id');
      return made.token;
    };
    return {
      service: await token('service', 'shop', ['submit', 'read', 'on-behalf']),
      personal: await token('personal', REVIEWER, ['read']),
    };
  } finally {
    await database.close();
  }
}
