import { randomUUID } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { constants } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Client, Connection } from '@temporalio/client';
import { createTaskClient } from './client/task-client.js';
import type { GatewayConfig } from './config.js';
import { databaseUrlOf } from './dev/embedded.js';
import { CountersignError } from './domain/errors.js';
import type { TenantId } from './domain/ids.js';
import { createApp } from './gateway/app.js';
import { checkpointFolder } from './gateway/checkpoint-folder.js';
import { startCheckpointer } from './gateway/checkpointer.js';
import { createMarks } from './gateway/marks.js';
import type { GatewayDeps, Log, PolicyBook } from './gateway/deps.js';
import { createIdentityProvider } from './gateway/identity-provider.js';
import { readHooks } from './hooks-file.js';
import { readSecretKeys, readSigner, readSlackSecret, readVerifier } from './keys.js';
import { createPolicyCache, loadPolicy } from './policy/load.js';
import { identityOf, isKnown, personOf } from './policy/people.js';
import {
  closersOf,
  hasKeptRoles,
  ownerRoleOf,
  ownerSubjectOf,
  rolesOf,
  withMembers,
} from './policy/roster.js';
import { openReadyDatabase } from './ready-database.js';
import { requireSameNamespace } from './ready-namespace.js';
import type { Clock, Database } from './store/database.js';
import { findPolicy } from './store/policies.js';
import { keptMembers } from './store/staff.js';
import { fileFault, readTextFile } from './text-file.js';

/** A gateway that listens. */
export interface Gateway {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Finishes what was begun, writes a last checkpoint, closes. May be called twice. */
  stop(): Promise<void>;
}

/** What an embedder may replace. */
export interface GatewayOptions {
  readonly log?: Log;
  readonly point?: (name: string) => Promise<void>;
  /** How often a checkpoint is written, when something grew; default 5,000. */
  readonly checkpointEveryMs?: number;
  /** Instead of the database's clock; for tests with skipped time. */
  readonly clock?: Clock;
}

/**
 * Starts a gateway process' work. Throws `config` when a key file, the checkpoints' folder, the address or the tables do not fit, `unreachable`
 * without database. Temporal may be away: decisions are stored meanwhile, and the log says so.
 */
export async function startGateway(config: GatewayConfig, options: GatewayOptions = {}): Promise<Gateway> {
  const log = options.log ?? jsonLog;
  const keys = readKeys(config);
  const doors = doorsOf(config);
  const database = await openReadyDatabase({
    url: databaseUrlOf(config),
    applicationName: 'countersign-gateway',
    maxConnections: 20,
    ...(options.clock ? { clock: options.clock } : {}),
  });
  await requireFolder(config.checkpointsDir).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const connection = Connection.lazy(config.temporal.connection);
  const client = new Client({
    connection,
    namespace: config.temporal.namespace,
    identity: `countersign-gateway-${randomUUID()}`,
  });
  const folder = checkpointFolder(config.checkpointsDir);
  const marks = createMarks(database, log);
  const deps: GatewayDeps = {
    database,
    tasks: createTaskClient({ client, taskQueue: config.taskQueue, log }),
    marks,
    policies: policyBook(),
    checkpoints: folder,
    publicUrl: config.publicUrl,
    log,
    ...keys,
    ...doors,
    ...(options.point ? { point: options.point } : {}),
  };
  const app = createApp(deps);
  const closeAll = () => Promise.all([connection.close(), database.close()]);
  try {
    await lookAtTemporal(connection, config, database, log);
    const server = await listen(app.fetch, config);
    const checkpointer = startCheckpointer(
      { database, signer: deps.signer, folder, log },
      options.checkpointEveryMs === undefined ? {} : { everyMs: options.checkpointEveryMs },
    );
    const url = `http://127.0.0.1:${server.port}`;
    log('info', 'gateway-listening', { port: server.port });
    const stop = async () => {
      await server.stop();
      await marks.flush();
      await checkpointer.stop();
      await closeAll();
    };
    let stopped: Promise<void> | undefined;
    return { url, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** By which ways, beside tokens, people and programs come in. */
function doorsOf(config: GatewayConfig): Pick<GatewayDeps, 'signIn' | 'hooks' | 'slackSecret'> {
  const { slackSecretFile } = config;
  return {
    signIn: signInOf(config),
    hooks: readHooks(config.hooksFile).in,
    ...(slackSecretFile === undefined ? {} : { slackSecret: readSlackSecret(slackSecretFile) }),
  };
}

function signInOf({ oidc }: GatewayConfig): GatewayDeps['signIn'] {
  if (oidc === undefined) return undefined;
  const { secretFile, tenant } = oidc;
  const clientSecret =
    secretFile === undefined ? undefined : readTextFile(secretFile, SECRET, 'config').trim();
  if (clientSecret === '') throw new CountersignError('config', `${secretFile} is empty. ${SECRET}`);
  return { provider: createIdentityProvider({ ...oidc, clientSecret }), tenant: tenant as TenantId }; // the settings take names only
}

const SECRET = 'COUNTERSIGN_OIDC_CLIENT_SECRET_FILE has to hold the client secret and nothing else.';

/** Throws `config` for another namespace than the tasks'. A gateway that cannot reach Temporal serves, and stores decisions; somebody must know. */
async function lookAtTemporal(
  connection: Connection,
  { temporal }: GatewayConfig,
  database: Database,
  log: Log,
): Promise<void> {
  try {
    await requireSameNamespace(connection, temporal, database, 1_000);
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    log('alarm', 'temporal-unreachable', {
      address: String(temporal.connection.address ?? 'localhost:7233'),
      namespace: temporal.namespace,
      todo: 'start it, or correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE; decisions are stored meanwhile',
    });
  }
}

async function requireFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new CountersignError(
      'config',
      `COUNTERSIGN_CHECKPOINTS, ${folder}: ${exists ? 'it is not a folder' : fileFault(error)}. Name a folder that this process may write to.`,
    );
  }
}

function readKeys(config: GatewayConfig): Pick<GatewayDeps, 'signer' | 'verifier' | 'secrets'> {
  const signer = readSigner(config);
  const verifier = readVerifier(config);
  if (!verifier.keys.keys.some(({ kid }) => kid === signer.kid)) {
    throw new CountersignError(
      'config',
      'The signing key is not among the keys of COUNTERSIGN_VERIFY_KEYS_FILE: workers would refuse every decision. Add its public half.',
    );
  }
  return { signer, verifier, secrets: readSecretKeys(config) };
}

/** Policies as the gateway needs them: looked up at every use, compiled once each. */
export function policyBook(): PolicyBook {
  const compiled = createPolicyCache();
  return {
    async roster(queries, hash, tenant, kept) {
      if (hash === null) return undefined;
      const inFile = await compiled(hash, async () => (await findPolicy(queries, hash))?.source ?? '');
      const policy = hasKeptRoles(inFile)
        ? withMembers(inFile, kept ?? (await keptMembers(queries, tenant)))
        : inFile;
      const { version, agents, halts, roles } = policy;
      return {
        hash,
        version,
        agents: new Set(agents.keys()),
        halts,
        roles,
        ownerRoleOf: (agent) => ownerRoleOf(policy, agent),
        ownerSubjectOf: (agent) => ownerSubjectOf(policy, agent),
        anomalies: {
          closers: (agent) => closersOf(policy, agent),
          expectedForMs: policy.anomalies.expectedForMs,
        },
        rolesOf: (who) => rolesOf(policy, who),
        personOf: (subject) => personOf(policy, subject),
        identityOf: (issuer, claims) => identityOf(policy, issuer, claims),
        knows: (who) => isKnown(policy, who),
        stepUp: policy.stepUp,
      };
    },
    check(source, tools) {
      const loaded = loadPolicy(source, tools);
      if (!('policy' in loaded)) return { ok: false, problems: loaded.problems };
      return {
        ok: true,
        hash: loaded.policy.hash,
        version: loaded.policy.version,
        warnings: loaded.warnings,
      };
    },
  };
}

function listen(
  fetch: Parameters<typeof serve>[0]['fetch'],
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ port: number; stop(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = serve(
      { fetch, port, hostname: host },
      (info: AddressInfo) => resolve({ port: info.port, stop: () => close(server as Server) }), // HTTP/1 unless told otherwise
    );
    server.on('error', (error) => reject(listenFault(error, host, port)));
  });
}

/** Why nothing can listen there, and which setting to correct. */
function listenFault(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const said: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is taken by another program: set COUNTERSIGN_PORT to a free port (0 = any).`,
    EACCES: `This user may not listen on port ${port}: set COUNTERSIGN_PORT to one above 1023.`,
    EADDRNOTAVAIL: `${host} is no address of this machine: correct COUNTERSIGN_HOST.`,
    ENOTFOUND: `There is no host ${host}: correct COUNTERSIGN_HOST.`,
  };
  const detail = said[error.code ?? ''];
  return detail === undefined ? error : new CountersignError('config', detail);
}

/** Lets running requests end for a while, then closes what is left: a long poll must not hold a deploy. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 5_000).unref();
  });
}

/** One JSON line per event on standard output. */
export const jsonLog: Log = (level, event, fields = {}) => {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...fields })}\n`);
};
