import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { NotHere } from './search.js';

const execute = promisify(execFile);

/** `name` with the suffix that executables have on this system. */
export const executableName = (name: string) => (process.platform === 'win32' ? `${name}.exe` : name);

/** True for a file (not a folder) that this process may run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first executable of that name in the PATH of the given environment. */
export function onPath(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, executableName(name))).find(isExecutable);
}

/** Runs a tool to its end and answers its output; a failure is {@link NotHere} with the last lines it said. */
export async function runTool(tool: {
  readonly command: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  readonly stopping?: AbortSignal | undefined;
}): Promise<string> {
  try {
    const { stdout } = await execute(tool.command, tool.args, {
      timeout: tool.timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
      ...(tool.cwd === undefined ? {} : { cwd: tool.cwd }),
      ...(tool.environment === undefined ? {} : { env: { ...tool.environment } }),
      ...tool.account,
      ...(tool.stopping === undefined ? {} : { signal: tool.stopping }),
    });
    return stdout;
  } catch (error) {
    tool.stopping?.throwIfAborted();
    const text = error instanceof Error ? error.message : String(error);
    const output = error instanceof Error && 'stdout' in error ? `${String(error.stdout)}\n` : '';
    const tail = `${output}${text}`.trim().split('\n').slice(-4).join(' | ');
    throw new NotHere(`\`${tool.command} ${tool.args[0] ?? ''}\` failed: ${tail}`);
  }
}
