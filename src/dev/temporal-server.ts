import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { manageServer, type ManagedServer } from './managed-server.js';
import { searchAttributes } from './search-attributes.js';

/** A Temporal server of our own: where it answers, and its process. */
export interface TemporalServer extends ManagedServer {
  /** host:port of the gRPC frontend. */
  readonly address: string;
  /** Address of Temporal's own UI, if it has one. */
  readonly uiUrl: string | undefined;
}

/**
 * Describes a dev server on a database file in `dir`; it survives kill -9 and a new start with all its state.
 * Listens on 127.0.0.1 only; the search attributes of Countersign are registered.
 */
export function devServer(options: {
  readonly executable: string;
  readonly dir: string;
  readonly port: number;
  readonly uiPort: number;
  readonly readyTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  /** The server's own settings, on top of what Countersign needs. */
  readonly dynamicConfig?: Readonly<Record<string, string>>;
}): TemporalServer {
  const { executable, dir, port, uiPort, readyTimeoutMs, stopTimeoutMs } = options;
  const dynamicConfig = { 'system.enableActivityEagerExecution': 'true', ...options.dynamicConfig };
  const address = `127.0.0.1:${port}`;
  const server = manageServer({
    name: 'The Temporal dev server',
    command: executable,
    args: [
      'server',
      'start-dev',
      ...flags({
        ip: '127.0.0.1',
        port: String(port),
        'ui-port': String(uiPort),
        // SQLite reads it as a URI: a whole path with # or ? would lead elsewhere.
        'db-filename': 'temporal.db',
        'sqlite-pragma': 'journal_mode=wal',
        namespace: 'default',
        'log-level': 'warn',
        'log-format': 'json',
      }),
      ...Object.entries(dynamicConfig).flatMap(([name, value]) =>
        flags({ 'dynamic-config-value': `${name}=${value}` }),
      ),
      ...Object.entries(searchAttributes).flatMap(([name, type]) =>
        flags({ 'search-attribute': `${name}=${type}` }),
      ),
    ],
    cwd: dir,
    logFile: join(dir, 'temporal.log'),
    pidFile: join(dir, 'temporal.pid.json'),
    stopSignal: 'SIGTERM',
    probe: () => probeTemporal({ address, namespace: 'default' }),
    ...(readyTimeoutMs === undefined ? {} : { readyTimeoutMs }),
    ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
  });
  return Object.assign(server, { address, uiUrl: `http://127.0.0.1:${uiPort}` });
}

const flags = (values: Record<string, string>) =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);

/** Rejects until the server at `address` answers for the namespace. */
export async function probeTemporal(target: { address: string; namespace: string }): Promise<void> {
  const connection = await Connection.connect({ address: target.address, connectTimeout: 1_000 });
  try {
    const { namespace } = target;
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } finally {
    await connection.close();
  }
}
