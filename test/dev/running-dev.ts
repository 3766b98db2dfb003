import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { choosePort } from '../../src/dev/free-port.js';
import { readIdentity } from '../../src/dev/folder-lock.js';
import { isRunning, type ProcessIdentity } from '../../src/dev/process-identity.js';
import { createClient } from '../../src/sdk/client.js';
import { startBinary } from '../cli/binary.js';
import { waitFor } from '../support/wait.js';

const PARTS = {
  dev: 'lock.json',
  temporal: 'temporal/temporal.pid.json',
  postgres: 'postgres.pid.json',
  worker: 'worker.pid.json',
  gateway: 'gateway.pid.json',
} as const;

/** One process of a running `countersign dev`. */
export type Part = keyof typeof PARTS;

/** Charging it never answers, and throws in a callback. */
export const THROWS = 13;
const TOOLS = `import { appendFileSync } from 'node:fs';
import { defineTool } from ${JSON.stringify(join(process.cwd(), 'dist/src/index.js'))};
import { z } from ${JSON.stringify(join(process.cwd(), 'node_modules/zod/index.js'))};
export const charge = defineTool({
  name: 'charge', version: '1', tier: 4, input: z.strictObject({ n: z.int() }), describe: ({ n }) => \`Charge \${n}\`,
  run: async ({ n }) => {
    if (n === ${THROWS}) return new Promise(() => setTimeout(() => { throw new Error('secret=hunter2'); }));
    appendFileSync(process.env['CHARGES'], \`\${n}\\n\`);
    void Promise.reject(new Error('nobody waits for this'));
    return { charged: n };
  },
});
`;
const POLICY = `version: "1"
owner: team
agents:
  bot: { owner: boss, tools: [charge], situations: [any] }
roles:
  boss: { members: [ada, grace] }
ladders:
  ordinary: { ttl: 7d, fallback: deny }
defaults: { route: boss, ladder: ordinary }
`;

/** A folder in which a newcomer has tools and a policy. */
export interface DevFolder {
  readonly dir: string;
  readonly port: number;
  /** Starts `countersign dev` there, in a process group of its own. */
  start(env?: Readonly<Record<string, string>>): Promise<RunningDev>;
  /** The process of that part, if one is recorded and lives. */
  living(part: Part): ProcessIdentity | undefined;
  /** The names of all parts that live. */
  livingParts(): Part[];
  client(who: 'ada' | 'service' | 'operator'): ReturnType<typeof createClient>;
  /** What the tool did, one line for each call. */
  charges(): string;
  text(file: string): string;
}

/** One `countersign dev`, whether it came up or not. */
export interface RunningDev {
  readonly child: ChildProcess;
  readonly printed: { out: string; err: string };
  /** Waits until it told its addresses; rejects with what it said when it ended before. */
  up(): Promise<void>;
  /** Waits for its end. */
  ended(): Promise<number | NodeJS.Signals>;
}

const started: ChildProcess[] = [];

/** Kills what a failed test left running; the servers of a killed one die with the end of their folder's next start, so they are ended too. */
export async function endAll(folder: DevFolder): Promise<void> {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  for (const part of folder.livingParts()) {
    const identity = folder.living(part);
    if (identity) process.kill(identity.pid, 'SIGKILL');
  }
}

/** Writes tools and policy into a folder, and chooses a port for its gateway. */
export async function devFolder(dir: string): Promise<DevFolder> {
  writeFileSync(join(dir, 'tools.mjs'), TOOLS);
  writeFileSync(join(dir, 'policy.yaml'), POLICY);
  writeFileSync(join(dir, 'charges'), '');
  const port = await choosePort({ purpose: 'the gateway of a test' });
  const text = (file: string) => readFileSync(join(dir, '.countersign', file), 'utf8');
  const living = (part: Part) => {
    const identity = readIdentity(join(dir, '.countersign', PARTS[part]));
    return identity && isRunning(identity) ? identity : undefined;
  };
  return {
    dir,
    port,
    text,
    living,
    livingParts: () => (Object.keys(PARTS) as Part[]).filter((part) => living(part)), // Object.keys forgets the literal keys
    charges: () => readFileSync(join(dir, 'charges'), 'utf8'),
    client(who) {
      const { people, ...programs }: { people: Record<string, string> } & Record<string, string> = JSON.parse(
        text('tokens.json'),
      );
      const token = programs[who] ?? people[who] ?? '';
      return createClient({ url: `http://127.0.0.1:${port}`, token });
    },
    async start(env = {}) {
      const line = ['dev', '--tools', 'tools.mjs', '--policy', 'policy.yaml'];
      const settings = { COUNTERSIGN_PORT: String(port), CHARGES: join(dir, 'charges'), ...env };
      return watched(await startBinary(line, { cwd: dir, env: settings, ownGroup: true }));
    },
  };
}

function watched(child: ChildProcess): RunningDev {
  started.push(child);
  const printed = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (printed.err += chunk.toString()));
  const end = new Promise<number | NodeJS.Signals>((done) =>
    child.once('close', (code, signal) => done(signal ?? code ?? -1)),
  );
  return {
    child,
    printed,
    async up() {
      await waitFor(() => {
        if (printed.out.includes('Stop with Ctrl-C')) return true;
        if (child.exitCode !== null) throw new Error(`it ended: ${printed.err}`);
        return undefined;
      });
    },
    ended: () => end,
  };
}
