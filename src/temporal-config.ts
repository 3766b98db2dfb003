import { loadClientConnectConfig } from '@temporalio/envconfig';

/** The environment as Node gives it; every loader takes one so that tests need not touch the real one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One wrong setting: its name, what is wrong, what to set instead. */
export interface ConfigIssue {
  readonly name: string;
  readonly problem: string;
  readonly todo: string;
}

/** How to reach Temporal; `connection` fits `Connection.connect` and `NativeConnection.connect`. */
export interface TemporalConfig {
  readonly namespace: string;
  readonly connection: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

/** `host`, `host:port` or `[::1]:port`, as gRPC takes it. */
function isHostAndPort(address: string): boolean {
  const parts = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(address);
  return parts !== null && Number(parts[1] ?? 1) >= 1 && Number(parts[1] ?? 1) <= 65_535;
}

/** TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_* and the profile file, as Temporal defines them. */
export function readTemporal(env: Environment, issues: ConfigIssue[]): TemporalConfig | undefined {
  try {
    const present = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: Object.fromEntries(present),
    });
    const address = connectionOptions.address;
    if (typeof address === 'string' && !isHostAndPort(address)) {
      const todo = 'Set it to host:port, for example localhost:7233.';
      issues.push({ name: 'TEMPORAL_ADDRESS', problem: 'not host:port', todo });
    }
    return { namespace: namespace ?? 'default', connection: connectionOptions };
  } catch (error) {
    const problem = error instanceof Error ? error.message.replace(/\.?(\n[^]*)?$/, '') : String(error);
    issues.push({
      name: 'TEMPORAL_*',
      problem,
      todo: 'Check these variables and the profile file (TEMPORAL_CONFIG_FILE).',
    });
    return undefined;
  }
}
