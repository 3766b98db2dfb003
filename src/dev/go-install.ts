import { join } from 'node:path';
import { installInCache } from './cache.js';
import { executableName, onPath, runTool } from './executables.js';
import { NotHere, type ServerSearch } from './search.js';

const BUILD_TIMEOUT_MS = 30 * 60_000;

/** Builds one Go command at an exact version into the cache (once) and answers the path of the executable. */
export async function goInstall(build: {
  readonly module: string;
  readonly version: string;
  readonly binary: string;
  readonly search: ServerSearch;
}): Promise<string> {
  const { module, version, binary, search } = build;
  const go = onPath('go', search.environment);
  const dir = await installInCache({
    cacheDir: search.cacheDir,
    name: cachedBuild(binary, version),
    install: async (draft) => {
      if (go === undefined) throw new NotHere('no `go` on PATH');
      search.log?.(`building ${module}@${version} with Go, once; this takes a few minutes`);
      const environment = { ...search.environment, GOBIN: draft };
      const args = ['install', `${module}@${version}`];
      const { stopping } = search;
      await runTool({ command: go, args, timeoutMs: BUILD_TIMEOUT_MS, cwd: draft, environment, stopping });
    },
  });
  return join(dir, executableName(binary));
}

/** The folder of a build in the cache. */
export const cachedBuild = (binary: string, version: string) => `${binary}-${version}`;
