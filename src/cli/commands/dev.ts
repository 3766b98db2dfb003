import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadDevConfig, type DevConfig } from '../../config.js';
import type { Environment } from '../../temporal-config.js';
import { embeddedFiles } from '../../dev/embedded.js';
import { makeKeyFiles } from '../../dev/key-files.js';
import { childPidFile } from '../../dev/orphans.js';
import { startStack, type Stack } from '../../dev/stack.js';
import type { ToolFacts } from '../../domain/action.js';
import { CountersignError, ERRORS } from '../../domain/errors.js';
import { visible } from '../../domain/sanitise.js';
import { flag, text, type Command, type Input } from '../command.js';
import { wrap } from '../render/layout.js';
import { revokedToken } from './serve.js';
import { ChildEnded, runToEnd, supervise, type Supervised } from '../supervise.js';

/** What `dev` was told to run. */
interface Plan {
  readonly tools: string;
  readonly policy: string | undefined;
  readonly tenant: string;
  /** What `policy check` warns of, a line each. */
  readonly warnings: readonly string[];
}

export const devCommand: Command = {
  meta: {
    name: 'dev',
    group: 'run',
    summary: 'run everything on this machine: Temporal, Postgres, worker, gateway',
    example: 'countersign dev --policy policy.yaml --tools tools.js',
    notes: [
      'Everything lives in one folder, COUNTERSIGN_DATA (default ./.countersign): started again on it, it goes on where it was. COUNTERSIGN_PORT is the port of the gateway (default 8484, 0 = any); COUNTERSIGN_DATABASE_URL takes the place of the embedded Postgres.',
      'Ctrl-C, SIGTERM: stops in order and ends with 0.',
    ],
  },
  args: [],
  options: {
    policy: { type: 'string', value: 'FILE', help: 'the policy to put in force; default COUNTERSIGN_POLICY' },
    tools: {
      type: 'string',
      value: 'MODULE',
      help: 'the module that exports the tools; default COUNTERSIGN_TOOLS',
    },
    tenant: { type: 'string', value: 'NAME', help: 'the tenant; default: default' },
  },
  async run(input) {
    const stopping = stopSignal(input);
    try {
      await runDev(input, loadDevConfig(), stopping);
    } catch (error) {
      if (!stopping.aborted) throw error;
    }
  },
};

/** Aborts at the first request to end; what follows is only told how long it may take, since servers left behind would be worse. */
function stopSignal(input: Input): AbortSignal {
  const stopping = new AbortController();
  const listen = async (): Promise<void> => {
    await input.io.untilStopped();
    if (stopping.signal.aborted) input.io.complain('Stopping; this takes at most half a minute.');
    else stopping.abort();
    return listen();
  };
  void listen();
  return stopping.signal;
}

async function runDev(input: Input, config: DevConfig, stopping: AbortSignal): Promise<void> {
  const plan = await checkedPlan(input, config, stopping);
  const stack = await startStack({
    dataDir: config.dataDir,
    search: config.search,
    databaseUrl: config.databaseUrl,
    ports: { gateway: config.port },
    stopping,
    restart: true,
    log: (line) => input.io.complain(line),
  });
  const children: Supervised[] = [];
  const stopped = new Promise<void>((done) => stopping.addEventListener('abort', () => done()));
  try {
    await Promise.race([serve(input, config, stack, plan, children), stopped]);
    await stopped;
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await stack.stop();
    input.io.complain(
      `Stopped. Everything is kept in ${stack.folders.map((folder) => visible(folder)).join(' and ')}.`,
    );
  }
}

/** Everything that can be wrong with policy and tools is told before a server is fetched or started. */
async function checkedPlan(input: Input, config: DevConfig, stopping: AbortSignal): Promise<Plan> {
  const env = config.search.environment;
  const tools = text(input, 'tools') ?? env['COUNTERSIGN_TOOLS'];
  const policy = (text(input, 'policy') ?? config.policyFile) || undefined;
  const tenant = text(input, 'tenant') ?? 'default';
  if (tools === undefined || tools === '') throw new CountersignError('config', NO_TOOLS);
  const { checkProvision } = await import('../../provision.js');
  checkProvision({ policyFile: policy, tenant });
  const warnings = checkProvision(
    { policyFile: policy, tenant },
    await requireTools(resolve(tools), env, stopping),
  );
  return { tools: resolve(tools), policy, tenant, warnings };
}

const NO_TOOLS = `There are no tools to guard yet: give --tools MODULE, or set COUNTERSIGN_TOOLS.
MODULE is a .js, .mjs or .ts file that exports what defineTool of the package countersign returns; --policy FILE says who is asked about them. Both in small: "Guard your own tool" in the README, and countersign dev --help.`;

const IMPORT_MS = 60_000;

/** What the module declares. In a process of its own: whatever the module does at import, it does not do it to this one. */
async function requireTools(
  tools: string,
  env: Environment,
  stopping: AbortSignal,
): Promise<readonly ToolFacts[] | null> {
  const errand = { name: 'check', args: ['tools', 'check', tools, '--facts'], env };
  const late = () =>
    new CountersignError(
      'config',
      `tools module ${tools}: importing it did not end within ${IMPORT_MS / 1_000} s; keep out of its top level what waits for something`,
    );
  let how = 'without a word';
  try {
    const told = await runToEnd({ ...errand, withinMs: IMPORT_MS, stopping }, late);
    if (told !== '') return toolsIn(told);
  } catch (error) {
    if (!(error instanceof ChildEnded)) throw error;
    if (error.exit === ERRORS.config.exit) throw withoutStart(error);
    how = /^\w*Error: .*$/m.exec(error.message)?.[0] ?? how;
  }
  throw new CountersignError(
    'config',
    `tools module ${tools}: importing it ended the process (${how}); keep out of its top level what does more than declare tools`,
  );
}

/** The tools in what `tools check --facts` printed, before or after which the module may have printed too; null when they are not found. */
function toolsIn(told: string): readonly ToolFacts[] | null {
  const from = told.lastIndexOf('{\n  "tools": [');
  if (from < 0) return null;
  const printed = told.slice(from, told.indexOf('\n}', from) + 2);
  return (JSON.parse(printed) as { tools: ToolFacts[] }).tools; // printed by this program
}

/** A child's own words, under the code of the table that its exit code stands for. */
function withoutStart(ended: ChildEnded): CountersignError {
  const code = ended.exit === ERRORS.unreachable.exit ? 'unreachable' : 'config';
  return new CountersignError(code, ended.message);
}

async function prepare(
  input: Input,
  config: DevConfig,
  stack: Stack,
  plan: Plan,
): Promise<readonly string[]> {
  const files = embeddedFiles(config.dataDir);
  makeKeyFiles({ signingDir: dirname(files.signingKey), sharedDir: dirname(files.secretsKey) });
  const { provision } = await import('../../provision.js');
  const { policyVersion, replaced, people, revoked } = await provision({
    databaseUrl: stack.databaseUrl,
    tenant: plan.tenant,
    policyFile: plan.policy,
    replace: true,
    tokensFile: files.tokens,
    // Both servers are of one folder, where somebody may have removed Temporal's; a database of another place is not ours to say this of.
    forgetNamespace: stack.postgres !== undefined,
  });
  for (const warning of plan.warnings) input.io.complain(visible(`warning: ${warning}`));
  if (replaced !== null)
    input.io.complain(
      `The policy given, version ${visible(policyVersion ?? '')}, takes the place of the one that was in force, version ${visible(replaced)}.`,
    );
  for (const subject of revoked) input.io.complain(revokedToken(subject));
  if (policyVersion === null)
    input.io.complain(
      'No policy is in force yet. Start again with --policy FILE; people get their tokens then.',
    );
  return people;
}

async function serve(
  input: Input,
  config: DevConfig,
  stack: Stack,
  plan: Plan,
  children: Supervised[],
): Promise<void> {
  const people = await prepare(input, config, stack, plan);
  const logs = join(config.dataDir, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const env = childEnvironment(config, stack, plan.tools);
  const child = (name: 'worker' | 'gateway', ready: (line: string) => string | undefined) => {
    const started = supervise({
      name,
      args: [name, '--with-parent'],
      env,
      logFile: join(logs, `${name}.log`),
      pidFile: childPidFile(config.dataDir, name),
      ready,
      ended: (how, errors) =>
        input.io.complain(`The ${name} ended (${how}) and is started again.${errors && `\n${errors}`}`),
    });
    children.push(started);
    return started.ready;
  };
  const worker = child('worker', (line) => (line.includes('"event":"worker-ready"') ? 'ready' : undefined));
  const gateway = child('gateway', (line) => {
    const at = /"event":"gateway-ready","url":"([^"]+)"/.exec(line)?.[1];
    if (at !== undefined) stack.publishGateway(at); // at each start: its port may be another one
    return at;
  });
  const [, url] = await Promise.all([worker, gateway]).catch((error: unknown) => {
    throw error instanceof ChildEnded ? withoutStart(error) : error;
  });
  announce(input, {
    gateway: url,
    temporalUi: stack.uiUrl,
    temporal: stack.temporalAddress,
    dataDir: config.dataDir,
    people,
  });
}

/** Settings of another installation: how to reach its Temporal, and the build of a worker there, which waits to be made current. */
const OF_OTHERS = /^(TEMPORAL_|COUNTERSIGN_(DEPLOYMENT|BUILD_ID)$)/;

/** What the children are told: this stack and nothing of another installation. */
export function childEnvironment(
  config: Pick<DevConfig, 'dataDir' | 'port' | 'search'>,
  stack: Pick<Stack, 'temporalAddress'>,
  tools: string,
): Environment {
  const files = embeddedFiles(config.dataDir);
  const rest = Object.entries(config.search.environment).filter(([name]) => !OF_OTHERS.test(name));
  return {
    ...Object.fromEntries(rest),
    COUNTERSIGN_DATA: config.dataDir,
    COUNTERSIGN_TOOLS: tools,
    COUNTERSIGN_PORT: String(config.port),
    COUNTERSIGN_SIGNING_KEY_FILE: files.signingKey,
    COUNTERSIGN_VERIFY_KEYS_FILE: files.verifyKeys,
    COUNTERSIGN_SECRETS_KEY_FILE: files.secretsKey,
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_CONFIG_FILE: join(config.dataDir, 'temporal', 'no-profiles.toml'), // none: a profile would say more than the above
  };
}

function announce(
  input: Input,
  at: { gateway: string; temporalUi: string; temporal: string; dataDir: string; people: readonly string[] },
): void {
  if (flag(input, 'json')) return input.io.printJson({ ...at, pid: process.pid });
  const [first = 'SUBJECT'] = at.people;
  const lines = [
    `Gateway      ${at.gateway}`,
    `Temporal UI  ${at.temporalUi}`,
    `Temporal     ${at.temporal}`,
    `Data         ${at.dataDir}`,
    `People       ${at.people.join(', ') || 'none yet'}`,
    '',
    `Try, in another shell: countersign inbox --as ${first}`,
    `For the pages, a link that signs in: countersign sign-in-link ${first}`,
    `Stop with Ctrl-C, or end process ${process.pid}.`,
  ];
  input.io.print(lines.flatMap((line) => wrap(visible(line), input.io.width)));
}
