import { accessSync, constants, mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { StackError } from './errors.js';
import { lockFolder } from './folder-lock.js';
import { choosePort } from './free-port.js';
import { keepRunning } from './keep-running.js';
import type { ManagedServer } from './managed-server.js';
import { endOrphans } from './orphans.js';
import { embeddedPostgres, type PostgresServer } from './postgres.js';
import { readEarlierStack, writeStack, type StackAddresses } from './stack-file.js';
import { findTemporalCli } from './temporal-cli.js';
import { devServer, type TemporalServer } from './temporal-server.js';
import type { ServerSearch } from './search.js';

/** How to run the embedded stack. All but the folder and the search has a default. */
export interface StackOptions {
  /** Belongs to one process at a time; made if missing. */
  readonly dataDir: string;
  readonly search: ServerSearch;
  /** 0 or absent: the port used last time if it is free, else any free one. */
  readonly ports?: {
    readonly temporal?: number;
    readonly ui?: number;
    readonly postgres?: number;
    /** Only looked at: whether whoever serves on it later will find it free. */
    readonly gateway?: number;
  };
  /** Use this Postgres instead of an embedded one. */
  readonly databaseUrl?: string | undefined;
  /** False turns off fsync in Postgres; for tests only. Default true. */
  readonly durable?: boolean;
  /** Executables of Postgres, if not those that the search finds. */
  readonly postgresBinDir?: string | undefined;
  readonly readyTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  /** Aborted: what is started is stopped again, and `startStack` rejects. */
  readonly stopping?: AbortSignal;
  readonly log?: (line: string) => void;
  /** True: a server that ends by itself is started again, and `log` is told. Default false. */
  readonly restart?: boolean;
}

/** The running embedded stack. */
export interface Stack {
  readonly dataDir: string;
  /** All that a backup is to hold: the data folder, and the database's own where that lies outside of it. */
  readonly folders: readonly string[];
  readonly temporalAddress: string;
  readonly uiUrl: string;
  readonly databaseUrl: string;
  /** Each server can be killed and started again on the same data and address. */
  readonly temporal: TemporalServer;
  /** Undefined when the database was given by URL. */
  readonly postgres: PostgresServer | undefined;
  /** Tells other shells where the gateway listens. */
  publishGateway(url: string): void;
  /** Stops both servers and gives the folder back. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts Temporal's dev server and Postgres on a data folder that this process then owns. Servers that a killed
 * owner left running are ended first. Throws FolderInUse, PortTaken, or a StackError that says what to do.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir);
  makeDataFolder(dataDir);
  const lock = lockFolder({ dataDir });
  try {
    return await startOwned({ ...options, dataDir }, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Throws a StackError that names COUNTERSIGN_DATA when the folder cannot be made or written to. */
function makeDataFolder(dataDir: string): void {
  try {
    // Root's Postgres runs as another user, who must be able to pass through, not to look around.
    mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    accessSync(dataDir, constants.W_OK);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    const reason = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file stands in its place' : code;
    throw new StackError(
      `The data folder ${dataDir} cannot be used (${reason}). Set COUNTERSIGN_DATA to a folder that this user may write to.`,
      { exitCode: 2, cause },
    );
  }
}

async function startOwned(options: StackOptions, lock: { release(): void }): Promise<Stack> {
  const { dataDir, log = () => undefined } = options;
  const { stopping } = options;
  const search = { ...options.search, log, stopping };
  const servers = await describeServers(options, search);
  stopping?.throwIfAborted();
  const { temporal, postgres, databaseUrl } = servers;
  const kept: { release(): void }[] = [];
  const stop = async () => {
    for (const each of kept) each.release();
    await Promise.all([temporal.stop(), postgres?.stop()]);
    lock.release();
  };
  const started = await Promise.allSettled([temporal.start(), postgres?.start()]);
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined || stopping?.aborted === true) {
    await stop();
    throw failed?.reason ?? stopping?.reason;
  }
  if (options.restart === true) kept.push(...keepAll({ Temporal: temporal, Postgres: postgres }, log));
  let { addresses } = servers;
  writeStack({ dataDir, addresses });
  log(`Temporal at ${temporal.address}, its UI at ${addresses.uiUrl}`);
  return {
    dataDir,
    folders: [dataDir, ...(postgres && liesOutside(postgres.home, dataDir) ? [postgres.home] : [])],
    temporalAddress: temporal.address,
    uiUrl: addresses.uiUrl,
    databaseUrl,
    temporal,
    postgres,
    publishGateway(gatewayUrl) {
      addresses = { ...addresses, gatewayUrl };
      writeStack({ dataDir, addresses });
    },
    stop,
  };
}

function liesOutside(home: string, dataDir: string): boolean {
  return relative(dataDir, home).startsWith('..');
}

function keepAll(servers: Readonly<Record<string, ManagedServer | undefined>>, log: (line: string) => void) {
  return Object.entries(servers).flatMap(([name, server]) =>
    server === undefined ? [] : [keepRunning(server, { name, log })],
  );
}

async function describeServers(options: StackOptions, search: ServerSearch) {
  const { dataDir, ports, databaseUrl: givenUrl, durable = true, postgresBinDir: binDir } = options;
  const { readyTimeoutMs = 30_000, stopTimeoutMs = 10_000 } = options;
  const timeouts = { readyTimeoutMs, stopTimeoutMs };
  const earlier = readEarlierStack({ dataDir });
  await endOrphans(dataDir, stopTimeoutMs); // first: they hold the earlier ports
  await choosePort({ wanted: ports?.gateway, purpose: 'the gateway, COUNTERSIGN_PORT' });
  const executable = await findTemporalCli(search);
  const port = await choosePort({
    wanted: ports?.temporal,
    earlier: portOf(earlier?.temporalAddress),
    purpose: 'the Temporal server',
  });
  const uiPort = await choosePort({
    wanted: ports?.ui,
    earlier: portOf(earlier?.uiUrl),
    purpose: 'the Temporal UI',
  });
  const temporalDir = join(dataDir, 'temporal');
  mkdirSync(temporalDir, { recursive: true, mode: 0o700 });
  const temporal = devServer({ executable, dir: temporalDir, port, uiPort, ...timeouts });
  const uiUrl = `http://127.0.0.1:${uiPort}`;
  const addresses = { pid: process.pid, temporalAddress: temporal.address, uiUrl, gatewayUrl: undefined };
  if (givenUrl !== undefined) {
    const none: StackAddresses = { ...addresses, database: undefined };
    return { temporal, postgres: undefined, databaseUrl: givenUrl, addresses: none };
  }
  const databasePort = await choosePort({
    wanted: ports?.postgres,
    earlier: earlier?.database?.port,
    purpose: 'Postgres',
  });
  const postgres = await embeddedPostgres({
    dataDir,
    port: databasePort,
    search,
    durable,
    binDir,
    ...timeouts,
  });
  const database = { host: '127.0.0.1', port: databasePort, name: 'countersign' };
  const all: StackAddresses = { ...addresses, database };
  return { temporal, postgres, databaseUrl: postgres.url, addresses: all };
}

function portOf(address: string | undefined): number | undefined {
  const port = Number(/:(\d+)$/.exec(address ?? '')?.[1]);
  return Number.isInteger(port) ? port : undefined;
}
