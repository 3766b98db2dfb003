/**
 * The only reader of the environment. Each process of Countersign has one loader; all problems come back in one
 * {@link ConfigError}, so that nobody fixes a deployment one variable at a time.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { OIDC, OIDC_NEEDS, oidcSettings, readOidc, type OidcConfig } from './oidc-config.js';
import { file, gatewayAddress, modelUrl, origin, port, postgresUrl, smtpUrl } from './setting-shapes.js';
import { readTemporal, type TemporalConfig, type ConfigIssue, type Environment } from './temporal-config.js';

/** Missing or bad settings, all of them at once. A command line ends with `exitCode` (2, usage). */
export class ConfigError extends Error {
  readonly exitCode = 2;
  readonly issues: readonly ConfigIssue[];
  constructor(issues: readonly ConfigIssue[]) {
    const lines = issues.map((issue) => `  ${issue.name}: ${issue.problem}. ${issue.todo}`);
    const count = issues.length === 1 ? '1 setting is' : `${issues.length} settings are`;
    super([`${count} missing or wrong in the environment:`, ...lines].join('\n'));
    this.name = 'ConfigError';
    this.issues = issues;
  }
}

/** Every setting: how it is parsed and what to do about it. `required` is a matter of the process, see the loaders. */
const settings = {
  COUNTERSIGN_POLICY: { schema: z.string(), todo: 'Set it to the policy file, for example ./policy.yaml.' },
  COUNTERSIGN_TOOLS: {
    schema: file,
    todo: 'Set it to the module that exports the tools, for example ./tools.js.',
  },
  COUNTERSIGN_DATABASE_URL: {
    schema: postgresUrl,
    todo: 'Set it to a Postgres 15 or newer, postgres://user:password@host:5432/database, or leave it out for the embedded one.',
  },
  COUNTERSIGN_DATA: {
    schema: z.string(),
    todo: 'Set it to the folder of the embedded stack; default ./.countersign.',
  },
  COUNTERSIGN_PORT: { schema: port, todo: 'Set it to a free port from 0 (any) to 65535; default 8484.' },
  COUNTERSIGN_HOST: {
    schema: z.string().regex(/^[0-9A-Za-z.:-]{1,255}$/, 'not a host name or address'),
    todo: 'Set it to the address to listen on; default 127.0.0.1.',
  },
  COUNTERSIGN_URL: {
    schema: gatewayAddress,
    todo: 'Set it to the address of the gateway, for example http://127.0.0.1:8484.',
  },
  COUNTERSIGN_PUBLIC_URL: {
    schema: origin,
    todo: 'Set it to the address at which people reach the gateway, such as https://countersign.example.com, without a path.',
  },
  COUNTERSIGN_TOKEN: {
    schema: z.string().regex(/^[\x21-\x7e]{16,}$/, 'not a token'),
    todo: 'Set it to a token of `countersign token create`.',
  },
  COUNTERSIGN_SIGNING_KEY_FILE: {
    schema: file,
    todo: 'Set it to the private Ed25519 key (JWK) of this gateway; `countersign keys make` makes one.',
  },
  COUNTERSIGN_VERIFY_KEYS_FILE: {
    schema: file,
    todo: 'Set it to the public keys of all gateways (JWK set).',
  },
  COUNTERSIGN_SECRETS_KEY_FILE: {
    schema: file,
    todo: 'Set it to the key file that encrypts stored secrets.',
  },
  COUNTERSIGN_CHECKPOINTS: {
    schema: z.string(),
    todo: 'Set it to the folder for signed journal checkpoints, outside the database.',
  },
  COUNTERSIGN_TASK_QUEUE: {
    schema: z.string(),
    todo: 'Set it to the Temporal task queue; default countersign.',
  },
  COUNTERSIGN_DEPLOYMENT: {
    schema: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'not a name of letters, digits, `_` and `-`'),
    todo: "Set it to the name of the workers' deployment, together with COUNTERSIGN_BUILD_ID, or leave both out.",
  },
  COUNTERSIGN_BUILD_ID: {
    schema: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'not an id of letters, digits, `.`, `_` and `-`'),
    todo: "Set it to this worker's build, together with COUNTERSIGN_DEPLOYMENT, or leave both out.",
  },
  COUNTERSIGN_SMTP_URL: {
    schema: smtpUrl,
    todo: 'Set it to smtp://user:password@host:587 or smtps://host:465.',
  },
  COUNTERSIGN_MAIL_FROM: {
    schema: z.string().includes('@', { error: 'not a mail address' }),
    todo: 'Set it to the sender of notifications, for example gate@example.com.',
  },
  ...oidcSettings,
  COUNTERSIGN_SLACK_TOKEN_FILE: {
    schema: file,
    todo: "Set it to a file that holds the Slack app's bot token, xoxb-...",
  },
  COUNTERSIGN_SLACK_SIGNING_SECRET_FILE: {
    schema: file,
    todo: "Set it to a file that holds the Slack app's signing secret.",
  },
  COUNTERSIGN_FIRST_CHANNEL: {
    schema: z.enum(['mail', 'slack'], 'neither mail nor slack'),
    todo: 'Set it to the channel that is used first, mail or slack; default mail.',
  },
  COUNTERSIGN_HOOKS_FILE: {
    schema: file,
    todo: 'Set it to the file that says whom to tell by web hook and from whom decisions come, or leave it out.',
  },
  COUNTERSIGN_MODEL_URL: {
    schema: modelUrl,
    todo: 'Set it to the OpenAI-compatible endpoint up to and without /chat/completions, for example https://api.openai.com/v1.',
  },
  COUNTERSIGN_MODEL: {
    schema: z.string().max(200),
    todo: 'Set it to the name of the model that the endpoint serves.',
  },
  COUNTERSIGN_MODEL_KEY_FILE: {
    schema: file,
    todo: "Set it to the file that holds the endpoint's API key and nothing else, or leave it out for an endpoint without keys.",
  },
  COUNTERSIGN_TEMPORAL_CLI: { schema: z.string(), todo: 'Set it to a `temporal` executable.' },
  COUNTERSIGN_TEST_SERVER: { schema: z.string(), todo: 'Set it to a `temporal-test-server` executable.' },
} as const;

type Name = keyof typeof settings;
type Values = { [N in Name]?: z.output<(typeof settings)[N]['schema']> };

/** Reads the named settings. Absent and empty are the same; `required` ones must be there. */
function read(
  env: Environment,
  names: readonly Name[],
  required: readonly Name[],
  issues: ConfigIssue[],
): Values {
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const { schema, todo } = settings[name];
    const text = env[name];
    if (text === undefined || text === '') {
      if (required.includes(name)) issues.push({ name, problem: 'missing', todo });
      continue;
    }
    const parsed = schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else issues.push({ name, problem: parsed.error.issues[0]?.message ?? 'wrong', todo });
  }
  return values as Values; // each value was parsed by the schema of its own name
}

/** What every long-running process needs. Without `databaseUrl` it uses the embedded stack of `dataDir`. */
interface ServerConfig {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly taskQueue: string;
  /** Where people reach the gateway, an origin; undefined = links cannot be written. */
  readonly publicUrl: string | undefined;
  /** Web hooks in both directions; undefined = none. */
  readonly hooksFile: string | undefined;
  readonly temporal: TemporalConfig;
}

/** Settings of a worker process. Key files are required as soon as the database is given by URL. */
export interface WorkerConfig extends ServerConfig {
  readonly toolsFile: string;
  readonly verifyKeysFile: string | undefined;
  readonly secretsKeyFile: string | undefined;
  readonly mail: { readonly smtpUrl: string; readonly from: string } | undefined;
  readonly slackTokenFile: string | undefined;
  readonly firstChannel: 'mail' | 'slack';
  /** Where the planner `model` asks; undefined = this worker has none. */
  readonly model:
    | { readonly url: string; readonly name: string; readonly keyFile: string | undefined }
    | undefined;
  /** Set for worker versioning: which build of which deployment this worker is. */
  readonly deployment: { readonly name: string; readonly buildId: string } | undefined;
}

/** Settings of a gateway process. */
export interface GatewayConfig extends ServerConfig {
  /** The address to listen on; 127.0.0.1 unless told otherwise. */
  readonly host: string;
  /** Where people sign in; undefined = by links alone. */
  readonly oidc: OidcConfig | undefined;
  /** Where signed checkpoints go, outside the database. */
  readonly checkpointsDir: string;
  readonly port: number;
  readonly slackSecretFile: string | undefined;
  readonly signingKeyFile: string | undefined;
  readonly verifyKeysFile: string | undefined;
  readonly secretsKeyFile: string | undefined;
}

/** Settings of the command line. Without `url` it looks for the running stack of `dataDir`. */
export interface CliConfig {
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly dataDir: string;
  /** Where logins are kept, by the XDG base directory specification. */
  readonly configDir: string;
}

/** Settings of the embedded stack and of the search for its servers. */
export interface DevConfig {
  readonly dataDir: string;
  readonly port: number;
  readonly databaseUrl: string | undefined;
  /** The policy to put in force, unless the command line names one. */
  readonly policyFile: string | undefined;
  readonly search: {
    readonly cacheDir: string;
    readonly environment: Environment;
    readonly temporalCli: string | undefined;
    readonly testServer: string | undefined;
  };
}

const server = [
  'COUNTERSIGN_DATABASE_URL',
  'COUNTERSIGN_DATA',
  'COUNTERSIGN_TASK_QUEUE',
  'COUNTERSIGN_PUBLIC_URL',
  'COUNTERSIGN_HOOKS_FILE',
] as const;
const sharedKeys = ['COUNTERSIGN_VERIFY_KEYS_FILE', 'COUNTERSIGN_SECRETS_KEY_FILE'] as const;
const gatewayKeys = ['COUNTERSIGN_SIGNING_KEY_FILE', ...sharedKeys] as const;
const mail = ['COUNTERSIGN_SMTP_URL', 'COUNTERSIGN_MAIL_FROM'] as const;
const channels = [...mail, 'COUNTERSIGN_SLACK_TOKEN_FILE', 'COUNTERSIGN_FIRST_CHANNEL'] as const;
const slackSecret = 'COUNTERSIGN_SLACK_SIGNING_SECRET_FILE';
const model = ['COUNTERSIGN_MODEL_URL', 'COUNTERSIGN_MODEL'] as const;
const modelKey = 'COUNTERSIGN_MODEL_KEY_FILE';
const listening = ['COUNTERSIGN_PORT', 'COUNTERSIGN_HOST', 'COUNTERSIGN_CHECKPOINTS'] as const;
const versioning = ['COUNTERSIGN_DEPLOYMENT', 'COUNTERSIGN_BUILD_ID'] as const;

/** The settings that each process reads, beside Temporal's own (`TEMPORAL_*`) of worker and gateway. */
export const SETTINGS = {
  worker: [...server, ...sharedKeys, ...channels, ...versioning, ...model, modelKey, 'COUNTERSIGN_TOOLS'],
  gateway: [...server, ...gatewayKeys, ...OIDC, ...listening, slackSecret],
  cli: ['COUNTERSIGN_URL', 'COUNTERSIGN_TOKEN', 'COUNTERSIGN_DATA'],
  /** Also of `migrate`, which takes the database's address from it. */
  dev: [
    'COUNTERSIGN_DATA',
    'COUNTERSIGN_PORT',
    'COUNTERSIGN_DATABASE_URL',
    'COUNTERSIGN_POLICY',
    'COUNTERSIGN_TEMPORAL_CLI',
    'COUNTERSIGN_TEST_SERVER',
  ],
} as const satisfies Record<string, readonly Name[]>;

const dataDirOf = (values: Values) => resolve(values.COUNTERSIGN_DATA ?? '.countersign');

function serverConfig(values: Values, temporal: TemporalConfig): ServerConfig {
  return {
    databaseUrl: values.COUNTERSIGN_DATABASE_URL,
    dataDir: dataDirOf(values),
    taskQueue: values.COUNTERSIGN_TASK_QUEUE ?? 'countersign',
    publicUrl: values.COUNTERSIGN_PUBLIC_URL,
    hooksFile: values.COUNTERSIGN_HOOKS_FILE,
    temporal,
  };
}

/** Throws {@link ConfigError} with everything that is missing or wrong for a worker. */
export function loadWorkerConfig(env: Environment = process.env): WorkerConfig {
  const issues: ConfigIssue[] = [];
  const external = Boolean(env['COUNTERSIGN_DATABASE_URL']);
  const together = [mail, versioning, model].filter((names) => names.some((name) => env[name])).flat();
  const asked = env[modelKey] ? model : [];
  const required = ['COUNTERSIGN_TOOLS', ...(external ? sharedKeys : []), ...together, ...asked] as const;
  const values = read(env, SETTINGS.worker, required, issues);
  const temporal = readTemporal(env, issues);
  if (issues.length > 0 || temporal === undefined || values.COUNTERSIGN_TOOLS === undefined)
    throw new ConfigError(issues);
  const { COUNTERSIGN_SMTP_URL: url, COUNTERSIGN_MAIL_FROM: from } = values;
  const { COUNTERSIGN_MODEL_URL: modelAt, COUNTERSIGN_MODEL: modelName } = values;
  const { COUNTERSIGN_DEPLOYMENT: deployment, COUNTERSIGN_BUILD_ID: buildId } = values;
  return {
    ...serverConfig(values, temporal),
    toolsFile: values.COUNTERSIGN_TOOLS,
    verifyKeysFile: values.COUNTERSIGN_VERIFY_KEYS_FILE,
    secretsKeyFile: values.COUNTERSIGN_SECRETS_KEY_FILE,
    mail: url === undefined || from === undefined ? undefined : { smtpUrl: url, from },
    slackTokenFile: values.COUNTERSIGN_SLACK_TOKEN_FILE,
    firstChannel: values.COUNTERSIGN_FIRST_CHANNEL ?? 'mail',
    model:
      modelAt === undefined || modelName === undefined
        ? undefined
        : { url: modelAt, name: modelName, keyFile: values.COUNTERSIGN_MODEL_KEY_FILE },
    deployment: deployment === undefined || buildId === undefined ? undefined : { name: deployment, buildId },
  };
}

/** Throws {@link ConfigError} with everything that is missing or wrong for a gateway. */
export function loadGatewayConfig(env: Environment = process.env): GatewayConfig {
  const issues: ConfigIssue[] = [];
  const oidc = OIDC.some((name) => env[name]) ? OIDC_NEEDS : [];
  const required = [...(env['COUNTERSIGN_DATABASE_URL'] ? gatewayKeys : []), ...oidc];
  const values = read(env, SETTINGS.gateway, required, issues);
  const temporal = readTemporal(env, issues);
  if (issues.length > 0 || temporal === undefined) throw new ConfigError(issues);
  return {
    ...serverConfig(values, temporal),
    host: values.COUNTERSIGN_HOST ?? '127.0.0.1',
    oidc: readOidc(values),
    checkpointsDir: resolve(values.COUNTERSIGN_CHECKPOINTS ?? join(dataDirOf(values), 'checkpoints')),
    port: values.COUNTERSIGN_PORT ?? 8484,
    slackSecretFile: values.COUNTERSIGN_SLACK_SIGNING_SECRET_FILE,
    signingKeyFile: values.COUNTERSIGN_SIGNING_KEY_FILE,
    verifyKeysFile: values.COUNTERSIGN_VERIFY_KEYS_FILE,
    secretsKeyFile: values.COUNTERSIGN_SECRETS_KEY_FILE,
  };
}

/** Throws {@link ConfigError}; nothing is required. */
export function loadCliConfig(env: Environment = process.env): CliConfig {
  const issues: ConfigIssue[] = [];
  const values = read(env, SETTINGS.cli, [], issues);
  if (issues.length > 0) throw new ConfigError(issues);
  return {
    url: values.COUNTERSIGN_URL,
    token: values.COUNTERSIGN_TOKEN,
    dataDir: dataDirOf(values),
    configDir: join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'countersign'),
  };
}

/** Throws {@link ConfigError}; nothing is required. The cache folder follows the XDG base directory specification. */
export function loadDevConfig(env: Environment = process.env): DevConfig {
  const issues: ConfigIssue[] = [];
  const values = read(env, SETTINGS.dev, [], issues);
  if (issues.length > 0) throw new ConfigError(issues);
  return {
    dataDir: dataDirOf(values),
    port: values.COUNTERSIGN_PORT ?? 8484,
    databaseUrl: values.COUNTERSIGN_DATABASE_URL,
    policyFile: values.COUNTERSIGN_POLICY,
    search: {
      cacheDir: join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'countersign'),
      environment: env,
      temporalCli: values.COUNTERSIGN_TEMPORAL_CLI,
      testServer: values.COUNTERSIGN_TEST_SERVER,
    },
  };
}
