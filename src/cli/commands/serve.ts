import { createInterface } from 'node:readline';
import { loadDevConfig, loadGatewayConfig, loadWorkerConfig } from '../../config.js';
import { databaseUrlOf } from '../../dev/embedded.js';
import { tellStrayFailures } from '../../stray-failures.js';
import { visible } from '../../domain/sanitise.js';
import { flag, text, type Command, type Input, type OptionSpec } from '../command.js';

/** What a supervisor or a test may want of a serving process. */
const SUPERVISED = {
  'with-parent': { type: 'boolean', help: 'end when standard input ends', hidden: true },
  'report-points': { type: 'boolean', help: 'print `point NAME` and wait for a line at each', hidden: true },
} as const satisfies Record<string, OptionSpec>;

export const workerCommand: Command = {
  meta: {
    name: 'worker',
    group: 'run',
    summary: 'run a worker: workflows, tools, and the dispatcher',
    notes: [
      'Settings: COUNTERSIGN_TOOLS; COUNTERSIGN_DATABASE_URL with COUNTERSIGN_VERIFY_KEYS_FILE and COUNTERSIGN_SECRETS_KEY_FILE, else the running stack of COUNTERSIGN_DATA; TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*.',
      'The planner `model`: COUNTERSIGN_MODEL_URL (OpenAI-compatible, without /chat/completions) and COUNTERSIGN_MODEL, both or neither; COUNTERSIGN_MODEL_KEY_FILE for an endpoint with keys.',
      'Worker versioning: COUNTERSIGN_DEPLOYMENT and COUNTERSIGN_BUILD_ID, both or neither. Such a worker gets no work before Temporal is told that its build is current.',
      'SIGTERM, Ctrl-C: lets running calls end, then ends with 0. A wrong setting ends with 2; a database or Temporal that cannot be reached at the start with 5.',
    ],
  },
  args: [],
  options: SUPERVISED,
  async run(input) {
    const config = loadWorkerConfig();
    const { createWorker, jsonLog } = await import('../../worker.js');
    tellStrayFailures((facts) => jsonLog('error', 'stray-failure', facts));
    const report = reporter(input);
    const worker = await createWorker(
      config,
      report ? { point: (name, where) => report(`${name} ${where.task} ${where.operation}`) } : {},
    );
    input.io.print('{"event":"worker-ready"}');
    await Promise.race([worker.done, stopped(input)]);
    await worker.stop();
  },
};

export const gatewayCommand: Command = {
  meta: {
    name: 'gateway',
    group: 'run',
    summary: 'run a gateway: the HTTP API for programs and reviewers',
    notes: [
      'Settings: COUNTERSIGN_PORT (default 8484), COUNTERSIGN_HOST (default 127.0.0.1), COUNTERSIGN_CHECKPOINTS; COUNTERSIGN_DATABASE_URL with COUNTERSIGN_SIGNING_KEY_FILE, COUNTERSIGN_VERIFY_KEYS_FILE and COUNTERSIGN_SECRETS_KEY_FILE, else the running stack of COUNTERSIGN_DATA; TEMPORAL_*.',
      'SIGTERM, Ctrl-C: finishes running requests, then ends with 0. A wrong setting ends with 2; a database that cannot be reached at the start with 5. Without Temporal it serves and stores decisions: /readyz and the log say so.',
    ],
  },
  args: [],
  options: SUPERVISED,
  async run(input) {
    const config = loadGatewayConfig();
    const { startGateway, jsonLog } = await import('../../gateway.js');
    tellStrayFailures((facts) => jsonLog('alarm', 'stray-failure', facts));
    const report = reporter(input);
    const gateway = await startGateway(config, report ? { point: report } : {});
    input.io.print(`{"event":"gateway-ready","url":"${gateway.url}"}`);
    await stopped(input);
    await gateway.stop();
  },
};

export const migrateCommand: Command = {
  meta: {
    name: 'migrate',
    group: 'run',
    summary: "bring the database to this version's tables",
    example: 'countersign migrate --policy policy.yaml --tokens tokens.json',
  },
  args: [],
  options: {
    policy: { type: 'string', value: 'FILE', help: 'put this policy in force if there is none yet' },
    tokens: {
      type: 'string',
      value: 'FILE',
      help: 'make tokens where none is good, and keep them here (0600)',
    },
    tenant: { type: 'string', value: 'NAME', help: 'whose policy and tokens; default: default' },
    'forget-namespace': {
      type: 'boolean',
      help: 'Temporal was made anew: every open task is closed and handed over',
    },
  },
  async run(input) {
    const { provision } = await import('../../provision.js');
    const done = await provision({
      databaseUrl: databaseUrlOf(loadDevConfig()),
      tenant: text(input, 'tenant') ?? 'default',
      policyFile: text(input, 'policy'),
      replace: false,
      tokensFile: text(input, 'tokens'),
      forgetNamespace: flag(input, 'forget-namespace'),
    });
    if (flag(input, 'json')) return input.io.printJson(done);
    input.io.print(`The database is up to date; policy in force: ${done.policyVersion ?? 'none'}.`);
    if (done.notActivated !== null)
      input.io.complain(
        `The policy given, version ${done.notActivated}, does not take its place: \`countersign policy activate FILE\` does.`,
      );
    for (const subject of done.revoked) input.io.complain(revokedToken(subject));
  },
};

/** Why somebody's token in the file of tokens lets nobody in. */
export function revokedToken(subject: string): string {
  return visible(
    `The token of ${subject} was revoked and stays so: \`countersign token create\` or a new file of tokens gives another.`,
  );
}

function stopped(input: Input): Promise<void> {
  const signals = input.io.untilStopped();
  if (!flag(input, 'with-parent')) return signals;
  const parentGone = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve).once('close', resolve);
    process.stdin.resume();
  });
  return Promise.race([signals, parentGone]);
}

/** Reports points on standard output and lets each pass when a line arrives; after the last line all pass. */
function reporter(input: Input): ((name: string) => Promise<void>) | undefined {
  if (!flag(input, 'report-points')) return undefined;
  const waiting: (() => void)[] = [];
  let closed = false;
  const lines = createInterface({ input: process.stdin });
  lines.on('line', () => waiting.shift()?.());
  lines.on('close', () => {
    closed = true;
    for (const pass of waiting.splice(0)) pass();
  });
  return (name) => {
    input.io.print(`point ${name}`);
    return closed ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
  };
}
