import { join } from 'node:path';
import { installInCache, rememberFailure } from './cache.js';
import { StackError } from './errors.js';
import { executableName, isExecutable, onPath, runTool } from './executables.js';
import { cachedBuild, goInstall } from './go-install.js';
import { downloadCli } from './sdk-download.js';
import { firstFound, NotHere, type ServerSearch } from './search.js';

/** The last release that `go install` accepts (later ones carry a `replace` line): server 1.29.1, UI 2.42.1. */
const VERSION = 'v1.5.1';
const MODULE = 'github.com/temporalio/cli/cmd/temporal';

/**
 * Finds a `temporal` executable: COUNTERSIGN_TEMPORAL_CLI, PATH, our cache, the SDK's download, `go install`.
 * Throws one error that lists all five with the reason why each did not work.
 */
export async function findTemporalCli(search: ServerSearch): Promise<string> {
  const cached = join(search.cacheDir, cachedBuild('temporal', VERSION), executableName('temporal'));
  return await firstFound({
    what: 'Temporal dev server (the `temporal` command)',
    ways: [
      { name: 'COUNTERSIGN_TEMPORAL_CLI', find: () => given(search.temporalCli) },
      { name: '`temporal` on PATH', find: () => installed(search) },
      { name: `cache (${cached})`, find: () => existing(cached) },
      { name: 'download, as the SDK does it', find: () => download(search, cached) },
      {
        name: `go install ${MODULE}@${VERSION}`,
        find: () => goInstall({ module: MODULE, version: VERSION, binary: 'temporal', search }),
      },
    ],
  });
}

async function given(path: string | undefined): Promise<string> {
  if (path === undefined) throw new NotHere('not set');
  if (!isExecutable(path))
    throw new StackError(
      `COUNTERSIGN_TEMPORAL_CLI: "${path}" is not an executable file. Set it to a \`temporal\` executable, or leave it out.`,
      { exitCode: 2 },
    );
  return path;
}

async function installed(search: ServerSearch): Promise<string> {
  const path = onPath('temporal', search.environment);
  if (path === undefined) throw new NotHere('none');
  const args = ['server', 'start-dev', '--help'];
  const help = await runTool({ command: path, args, timeoutMs: 10_000, environment: search.environment });
  if (!help.includes('--db-filename')) throw new NotHere(`${path} has no \`server start-dev --db-filename\``);
  return path;
}

async function existing(path: string): Promise<string> {
  if (!isExecutable(path)) throw new NotHere('nothing there yet');
  return path;
}

async function download(search: ServerSearch, cached: string): Promise<string> {
  const { cacheDir } = search;
  await rememberFailure({
    cacheDir,
    name: 'download-cli',
    nowMs: (search.now ?? Date.now)(),
    run: () =>
      installInCache({
        cacheDir,
        name: cachedBuild('temporal', VERSION),
        install: async (dir) => {
          await downloadCli({ dir, version: VERSION, search });
          const command = join(dir, executableName('temporal'));
          await runTool({ command, args: ['--version'], timeoutMs: 10_000 });
        },
      }),
  });
  return cached;
}
