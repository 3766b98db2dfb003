import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { loadDevConfig } from '../../src/config.js';
import { embeddedFiles } from '../../src/dev/embedded.js';
import { makeKeyFiles } from '../../src/dev/key-files.js';
import { startStack, type Stack } from '../../src/dev/stack.js';
import { provision } from '../../src/provision.js';
import { createClient, type CountersignClient } from '../../src/sdk/client.js';
import { childEnvironment, runCli, startChild, type Child } from './child.js';

/** What a script runs on the embedded stack. */
export interface HouseOptions {
  readonly policyFile: string;
  readonly toolsFile: string;
  /** Settings of the tools, once the servers are up. */
  readonly toolSettings: (stack: Stack) => Promise<Readonly<Record<string, string>>>;
  /** Told what the start is busy with. */
  readonly log: (line: string) => void;
}

/** Temporal, Postgres, a gateway and a worker, each a process of its own. */
export interface House {
  readonly dataDir: string;
  readonly gatewayUrl: string;
  readonly uiUrl: string;
  readonly toolSettings: Readonly<Record<string, string>>;
  /** Acts as a person of the policy, or as `service`, with their own token. */
  as(subject: string): CountersignClient;
  /** `countersign ...` of another shell on this folder. */
  cli(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }>;
  readonly worker: {
    pid(): number;
    /** SIGKILL. */
    kill(): Promise<void>;
    start(): Promise<void>;
  };
  /** The last alarms in the logs, for whoever has to find out why something failed. */
  lastWords(): string;
  /** Stops everything and removes the folder. */
  stop(): Promise<void>;
}

const tokenFile = z.object({ service: z.string(), people: z.record(z.string(), z.string()) });

/**
 * Starts everything that `countersign dev` starts, in a temporary folder, but so that the worker can be killed and started again. An
 * interrupt (Ctrl-C) stops it all before this process ends.
 */
export async function startHouse(options: HouseOptions): Promise<House> {
  const dataDir = temporaryFolder();
  const children: Child[] = [];
  const stack = startStack({ dataDir, search: loadDevConfig().search, log: options.log });
  const stop = async () => {
    release();
    await Promise.all(children.map((child) => child.stop()));
    await stack.then((started) => started.stop()).catch(() => undefined); // one that never started is told below
    rmSync(dataDir, { recursive: true, force: true });
  };
  const release = stopOnSignal(stop);
  try {
    return await furnish(options, await stack, children, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Cleans up when somebody interrupts, then ends by that same signal. Answers with what undoes this. */
function stopOnSignal(stop: () => Promise<void>): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const heard = (signal: NodeJS.Signals) => void stop().finally(() => process.kill(process.pid, signal));
  for (const signal of signals) process.once(signal, heard);
  return () => {
    for (const signal of signals) process.off(signal, heard);
  };
}

async function furnish(
  options: HouseOptions,
  stack: Stack,
  children: Child[],
  stop: () => Promise<void>,
): Promise<House> {
  const { dataDir } = stack;
  const files = embeddedFiles(dataDir);
  makeKeyFiles({ signingDir: dirname(files.signingKey), sharedDir: dirname(files.secretsKey) });
  await provision({
    databaseUrl: stack.databaseUrl,
    tenant: 'default',
    policyFile: options.policyFile,
    replace: false,
    tokensFile: files.tokens,
    forgetNamespace: false,
  });
  const tokens = tokenFile.parse(JSON.parse(readFileSync(files.tokens, 'utf8')));
  const toolSettings = await options.toolSettings(stack);
  const env = childEnvironment({
    COUNTERSIGN_DATA: dataDir,
    COUNTERSIGN_TOOLS: options.toolsFile,
    COUNTERSIGN_PORT: '0',
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    ...toolSettings,
  });
  const logs = join(dataDir, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const start = async (name: 'worker' | 'gateway') => {
    const started = await startChild(name, { env, logFile: join(logs, `${name}.log`) });
    children.push(started.child);
    return started;
  };
  const [{ child }, { url: gatewayUrl }] = await Promise.all([start('worker'), start('gateway')]);
  let worker = child;
  stack.publishGateway(gatewayUrl);
  const tokenOf = (subject: string) => (subject === 'service' ? tokens.service : tokens.people[subject]);
  return {
    dataDir,
    gatewayUrl,
    uiUrl: stack.uiUrl,
    toolSettings,
    as: (subject) => createClient({ url: gatewayUrl, token: tokenOf(subject) ?? '' }),
    cli: (...args) => runCli(args, childEnvironment({ COUNTERSIGN_DATA: dataDir })),
    worker: {
      pid: () => worker.pid,
      kill: () => worker.kill(),
      start: async () => {
        ({ child: worker } = await start('worker'));
      },
    },
    lastWords: () => ['worker', 'gateway'].map((name) => alarmsIn(join(logs, `${name}.log`))).join(''),
    stop,
  };
}

function alarmsIn(logFile: string): string {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n') : [];
  const alarms = lines.filter((line) => /"level":"(warn|error|alarm)"|Error/.test(line)).slice(-5);
  return alarms.map((line) => `${basename(logFile)}: ${line}\n`).join('');
}

/** Root's Postgres runs as another user, who must be able to pass through. */
function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-'));
  if (process.getuid?.() === 0) chmodSync(dir, 0o711);
  return dir;
}
