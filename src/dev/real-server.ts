import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { lockFolder } from './folder-lock.js';
import { chooseLowPorts, choosePort } from './free-port.js';
import { goInstall } from './go-install.js';
import { endOrphan, manageServer } from './managed-server.js';
import { prepareNamespace } from './namespace.js';
import { dynamicConfig, serverConfig, type ServicePorts } from './real-server-config.js';
import { firstFound, type ServerSearch } from './search.js';
import { prepareTemporalDatabase, schemaFolder } from './temporal-schema.js';
import type { TemporalServer } from './temporal-server.js';

const VERSION = 'v1.29.1';
const SERVER = 'go.temporal.io/server/cmd/server';
const SQL_TOOL = 'go.temporal.io/server/cmd/tools/sql';
const ENVIRONMENT = 'countersign';

/** How to run the whole server. The user of `databaseUrl` must be allowed to make databases. */
export interface RealServerOptions {
  readonly databaseUrl: string;
  /** Configuration, log and pid file; belongs to one process at a time. */
  readonly dataDir: string;
  readonly search: ServerSearch;
  /** 0 or absent: any free one. */
  readonly port?: number;
  /** Default `temporal` and `temporal_visibility`. */
  readonly databases?: { readonly main: string; readonly visibility: string };
  readonly readyTimeoutMs?: number;
}

/**
 * Starts what production runs, without containers: a whole Temporal server on Postgres in one process on
 * 127.0.0.1, with the namespace `default` and our search attributes. Built by Go into the cache on first use.
 */
export async function startRealServer(options: RealServerOptions): Promise<TemporalServer> {
  const { databaseUrl, search, readyTimeoutMs = 60_000 } = options;
  const { databases = { main: 'temporal', visibility: 'temporal_visibility' } } = options;
  const dataDir = resolve(options.dataDir);
  const lock = lockFolder({ dataDir });
  const pidFile = join(dataDir, 'server.pid.json');
  try {
    await endOrphan({ pidFile, signal: 'SIGTERM', timeoutMs: 10_000 });
    const { serverBinary, sqlTool, schemaDir } = await findRealServer(search);
    const database = (name: string, schema: string) =>
      prepareTemporalDatabase({ databaseUrl, name, sqlTool, schemaDir: join(schemaDir, schema), search });
    await database(databases.main, 'temporal');
    await database(databases.visibility, 'visibility');

    const ports = await choosePorts(options.port);
    const address = `127.0.0.1:${ports.frontend}`;
    writeConfig({ dataDir, databaseUrl, databases, ports });
    const server = manageServer({
      name: 'The Temporal server',
      command: serverBinary,
      args: ['--root', dataDir, '--config', 'config', '--env', ENVIRONMENT, '--allow-no-auth', 'start'],
      cwd: dataDir,
      logFile: join(dataDir, 'server.log'),
      pidFile,
      stopSignal: 'SIGTERM',
      probe: () => answers(address),
      readyTimeoutMs,
    });
    await server.start();
    try {
      await prepareNamespace({ address, namespace: 'default', timeoutMs: readyTimeoutMs });
    } catch (error) {
      await server.stop();
      throw error;
    }
    const stop = async () => {
      await server.stop();
      lock.release();
    };
    const { start, kill, crashed } = server;
    return {
      address,
      uiUrl: undefined,
      start,
      kill,
      crashed,
      stop,
      get pid() {
        return server.pid;
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function findRealServer(search: ServerSearch) {
  return await firstFound({
    what: 'Temporal server for Postgres',
    ways: [
      {
        name: `cache (${search.cacheDir}), else go install ${SERVER}@${VERSION}`,
        find: async () => ({
          serverBinary: await goInstall({ module: SERVER, version: VERSION, binary: 'server', search }),
          sqlTool: await goInstall({ module: SQL_TOOL, version: VERSION, binary: 'sql', search }),
          schemaDir: await schemaFolder({ version: VERSION, search }),
        }),
      },
    ],
  });
}

/** The server records the ports by which its services find each other in a 15-bit column. */
async function choosePorts(wanted: number | undefined): Promise<ServicePorts> {
  const [frontend = 0, http = 0, ...others] = await chooseLowPorts({ count: 9 });
  if (wanted === undefined || wanted === 0) return { frontend, http, others };
  return { frontend: await choosePort({ wanted, purpose: 'the Temporal server' }), http, others };
}

/** The password is in it: 0600. */
function writeConfig(options: {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly databases: { readonly main: string; readonly visibility: string };
  readonly ports: ServicePorts;
}): void {
  const { dataDir, databaseUrl, databases, ports } = options;
  const folder = join(dataDir, 'config');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const dynamicConfigFile = join(folder, 'dynamic.yaml');
  writeFileSync(dynamicConfigFile, dynamicConfig());
  const config = serverConfig({ databaseUrl, databases, ports, dynamicConfigFile });
  writeFileSync(join(folder, `${ENVIRONMENT}.yaml`), config, { mode: 0o600 });
}

async function answers(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  await connection.close();
}
