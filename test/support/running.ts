import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorker, type RunningWorker, type WorkerExtras } from '../../src/worker.js';
import { startGateway, type Gateway, type GatewayOptions } from '../../src/gateway.js';
import type { GatewayConfig, WorkerConfig } from '../../src/config.js';
import { generateSecretKeys } from '../../src/contract/seal.js';
import { generateSigningKey } from '../../src/contract/sign.js';
import type { Tool } from '../../src/contract/tool.js';
import { createClient } from '../../src/sdk/client.js';
import { loadPolicy } from '../../src/policy/load.js';
import { openDatabase, type Clock, type Database } from '../../src/store/database.js';
import { activatePolicy } from '../../src/store/policies.js';
import { createToken } from '../../src/store/tokens.js';
import { enterableFolder } from './folder.js';
import { POLICY, TENANT } from './gate.js';
import { builtBundle, testDatabase, testTemporal } from './stack.js';

/** Everything a deployment consists of, in this process: worker with dispatcher, gateway over a real socket, store, Temporal. */
export interface Running {
  readonly database: Database;
  readonly url: string;
  readonly workerConfig: WorkerConfig;
  readonly gatewayConfig: GatewayConfig;
  readonly gateway: Gateway;
  /** An HTTP client with the token of a person of the policy, or of the submitting service. */
  as(subject: string): Promise<ReturnType<typeof createClient>>;
  service(): Promise<ReturnType<typeof createClient>>;
  startWorker(extras?: Partial<WorkerExtras>): Promise<RunningWorker>;
  stop(): Promise<void>;
}

/** Starts a gateway, and a worker unless told otherwise. */
export async function startRunning(options: {
  tools: readonly Tool[];
  policy?: string;
  worker?: false;
  gateway?: GatewayOptions;
  temporal?: { address: string; namespace: string; taskQueue: string };
  /** A migrated database of the caller's own. */
  databaseUrl?: string;
  /** Where the planner `model` asks. */
  model?: WorkerConfig['model'];
  /** Web hooks, as `COUNTERSIGN_HOOKS_FILE` names them. */
  hooksFile?: string;
  /** What everybody takes for the time, instead of the database's clock. */
  clock?: Clock;
}): Promise<Running> {
  await builtBundle();
  const databaseUrl = options.databaseUrl ?? (await testDatabase()).url;
  const temporal = options.temporal ?? (await testTemporal());
  const dataDir = enterableFolder('countersign-running-');
  mkdirSync(join(dataDir, 'keys'), { recursive: true });
  const files = {
    signing: join(dataDir, 'keys', 'signing.json'),
    verify: join(dataDir, 'keys', 'verify.json'),
    secrets: join(dataDir, 'keys', 'secrets.json'),
  };
  const key = generateSigningKey();
  writeFileSync(files.signing, JSON.stringify(key.privateKey));
  writeFileSync(files.verify, JSON.stringify({ keys: [key.publicKey] }));
  writeFileSync(files.secrets, generateSecretKeys());
  const server = {
    databaseUrl,
    dataDir,
    taskQueue: temporal.taskQueue,
    publicUrl: undefined,
    oidc: undefined,
    hooksFile: options.hooksFile,
    temporal: { namespace: temporal.namespace, connection: { address: temporal.address } },
  };
  const gatewayConfig: GatewayConfig = {
    ...server,
    port: 0,
    slackSecretFile: undefined,
    host: '127.0.0.1',
    checkpointsDir: join(dataDir, 'checkpoints'),
    signingKeyFile: files.signing,
    verifyKeysFile: files.verify,
    secretsKeyFile: files.secrets,
  };
  const workerConfig: WorkerConfig = {
    ...server,
    toolsFile: '',
    verifyKeysFile: files.verify,
    secretsKeyFile: files.secrets,
    mail: undefined,
    slackTokenFile: undefined,
    firstChannel: 'mail',
    model: options.model,
    deployment: undefined,
  };
  const clock = options.clock ? { clock: options.clock } : {};
  const database = openDatabase({ url: databaseUrl, ...clock });
  const source = options.policy ?? POLICY;
  const loaded = loadPolicy(source);
  if (!('policy' in loaded)) throw new Error(JSON.stringify(loaded));
  await activatePolicy(database, {
    tenant: TENANT,
    hash: loaded.policy.hash,
    version: loaded.policy.version,
    source,
    author: 'tests',
  });
  const workers: RunningWorker[] = [];
  const startOne = async (extras: Partial<WorkerExtras> = {}) => {
    const tools = new Map(options.tools.map((tool) => [tool.name, tool]));
    const worker = await createWorker(workerConfig, { tools, log: () => undefined, ...clock, ...extras });
    workers.push(worker);
    return worker;
  };
  if (options.worker !== false) await startOne();
  const gateway = await startGateway(gatewayConfig, { log: () => undefined, ...clock, ...options.gateway });
  const client = async (kind: 'personal' | 'service', subject: string) => {
    const made = await createToken(database, {
      tenant: TENANT,
      kind,
      subject,
      issuer: 'tests',
      scopes: ['submit', 'read', 'on-behalf'],
      now: await database.now(),
      ttlMs: 3_600_000,
    });
    if (!made) throw new Error('a token of that id exists');
    return createClient({ url: gateway.url, token: made.token });
  };
  return {
    database,
    url: gateway.url,
    workerConfig,
    gatewayConfig,
    gateway,
    as: (subject) => client('personal', subject),
    service: () => client('service', 'shop'),
    startWorker: startOne,
    async stop() {
      await gateway.stop();
      for (const worker of workers) await worker.stop();
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
