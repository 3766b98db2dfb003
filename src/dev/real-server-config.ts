/** The ports of the four services of one server process; each gossips on a second one. */
export interface ServicePorts {
  readonly frontend: number;
  readonly http: number;
  readonly others: readonly number[];
}

const HOST = '127.0.0.1';

/** The static configuration of a whole Temporal server in one process on Postgres, as YAML (JSON is YAML). */
export function serverConfig(options: {
  readonly databaseUrl: string;
  readonly databases: { readonly main: string; readonly visibility: string };
  readonly ports: ServicePorts;
  readonly dynamicConfigFile: string;
}): string {
  const { databaseUrl, databases, ports, dynamicConfigFile } = options;
  const [frontend, matching, matchingGossip, history, historyGossip, worker, workerGossip] = ports.others;
  const service = (grpcPort?: number, membershipPort?: number) => ({
    rpc: { grpcPort, membershipPort, bindOnIP: HOST },
  });
  const frontendRpc = {
    grpcPort: ports.frontend,
    membershipPort: frontend,
    bindOnIP: HOST,
    httpPort: ports.http,
  };
  return JSON.stringify({
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'main',
      visibilityStore: 'visibility',
      numHistoryShards: 4,
      datastores: {
        main: sqlStore({ databaseUrl, databaseName: databases.main, connections: 30 }),
        visibility: sqlStore({ databaseUrl, databaseName: databases.visibility, connections: 10 }),
      },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: HOST } },
    services: {
      frontend: { rpc: frontendRpc },
      matching: service(matching, matchingGossip),
      history: service(history, historyGossip),
      worker: service(worker, workerGossip),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `${HOST}:${ports.frontend}`,
          httpAddress: `${HOST}:${ports.http}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '60s' },
  });
}

function sqlStore(store: { databaseUrl: string; databaseName: string; connections: number }) {
  const url = new URL(store.databaseUrl);
  return {
    sql: {
      pluginName: 'postgres12',
      databaseName: store.databaseName,
      connectAddr: `${url.hostname}:${url.port || '5432'}`,
      connectProtocol: 'tcp',
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      maxConns: store.connections,
      maxIdleConns: store.connections,
      maxConnLifetime: '1h',
    },
  };
}

/** What made a measured difference at this size: eager activities, and one partition instead of four. */
export function dynamicConfig(): string {
  const values = {
    'system.enableActivityEagerExecution': true,
    'matching.numTaskqueueReadPartitions': 1,
    'matching.numTaskqueueWritePartitions': 1,
  };
  const entries = Object.entries(values).map(([name, value]) => [name, [{ value, constraints: {} }]]);
  return JSON.stringify(Object.fromEntries(entries));
}
