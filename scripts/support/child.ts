import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { built } from './paths.js';

/** One `countersign` process that this one started; it ends when this one does. */
export interface Child {
  readonly pid: number;
  /** Lets it finish what it does, and waits; after 15 s it is killed. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL: it finishes nothing. */
  kill(): Promise<void>;
}

/** The environment of a child: this process's without settings of another installation, and what is given. */
export function childEnvironment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const foreign = /^(COUNTERSIGN|TEMPORAL)_/;
  const rest = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(rest), ...own };
}

/** Starts a serving command of the CLI and waits until it says that it is ready. What it says goes to a log file. */
export async function startChild(
  name: 'worker' | 'gateway',
  { env, logFile }: { readonly env: NodeJS.ProcessEnv; readonly logFile: string },
): Promise<{ child: Child; url: string }> {
  const started = spawn(process.execPath, [built('src/cli/main.js'), name, '--with-parent'], { env });
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const ended = once(started, 'exit');
  const last: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    const read = (line: string) => {
      log.write(`${line}\n`);
      last.splice(0, Math.max(0, last.push(line) - 8));
      const ready = /"event":"(?:worker|gateway)-ready"(?:,"url":"([^"]+)")?/.exec(line);
      if (ready) resolve(ready[1] ?? '');
    };
    for (const stream of [started.stdout, started.stderr])
      createInterface({ input: stream }).on('line', read);
    started.once('error', reject);
    started.once('close', (code, signal) => {
      log.end();
      reject(new Error(`the ${name} ended (${signal ?? code}) before it was ready:\n${last.join('\n')}`));
    });
  });
  const end = async (signal: NodeJS.Signals) => {
    if (started.exitCode !== null || started.signalCode !== null) return;
    started.kill(signal);
    const late = setTimeout(() => started.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(late);
  };
  return { child: { pid: started.pid ?? -1, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }, url };
}

/** Runs a command of the CLI to its end and answers with its exit code and standard output. */
export async function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; output: string }> {
  const started = spawn(process.execPath, [built('src/cli/main.js'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  started.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(started, 'close');
  return { code: started.exitCode ?? 1, output: Buffer.concat(chunks).toString('utf8') };
}
