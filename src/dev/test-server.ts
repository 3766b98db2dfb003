import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installInCache, rememberFailure } from './cache.js';
import { StackError } from './errors.js';
import { isExecutable, onPath, runTool } from './executables.js';
import { probeDownload } from './sdk-download.js';
import { firstFound, NotHere, type ServerSearch } from './search.js';

const VERSION = '1.39.0';
const MAVEN_TIMEOUT_MS = 10 * 60_000;

/** What `TestWorkflowEnvironment.createTimeSkipping` takes as `server.executable`. */
export type TestServerExecutable =
  | { readonly type: 'existing-path'; readonly path: string }
  | { readonly type: 'cached-download'; readonly downloadDir: string };

/** Finds the time-skipping test server: COUNTERSIGN_TEST_SERVER, our cache, the SDK's download, Maven. */
export async function findTestServer(search: ServerSearch): Promise<TestServerExecutable> {
  const cached = join(search.cacheDir, `temporal-test-server-${VERSION}`, 'temporal-test-server');
  return await firstFound<TestServerExecutable>({
    what: 'time-skipping test server',
    ways: [
      { name: 'COUNTERSIGN_TEST_SERVER', find: () => given(search.testServer) },
      { name: `cache (${cached})`, find: () => existing(cached) },
      { name: "the SDK's download", find: () => sdkDownload(search) },
      { name: `Maven, io.temporal:temporal-test-server:${VERSION}`, find: () => fromMaven(search, cached) },
    ],
  });
}

async function given(path: string | undefined): Promise<TestServerExecutable> {
  if (path === undefined) throw new NotHere('not set');
  if (!isExecutable(path))
    throw new StackError(
      `COUNTERSIGN_TEST_SERVER: "${path}" is not an executable file. Set it to a test server, or leave it out.`,
      { exitCode: 2 },
    );
  return { type: 'existing-path', path };
}

async function existing(path: string): Promise<TestServerExecutable> {
  if (!isExecutable(path)) throw new NotHere('nothing there yet');
  return { type: 'existing-path', path };
}

/** The SDK downloads without a time-out, so its host is probed first and a failure remembered. */
async function sdkDownload(search: ServerSearch): Promise<TestServerExecutable> {
  const { cacheDir } = search;
  const nowMs = (search.now ?? Date.now)();
  await rememberFailure({ cacheDir, name: 'download-test-server', nowMs, run: () => probeDownload(search) });
  await mkdir(cacheDir, { recursive: true });
  return { type: 'cached-download', downloadDir: cacheDir };
}

async function fromMaven(search: ServerSearch, cached: string): Promise<TestServerExecutable> {
  const maven = onPath('mvn', search.environment);
  const java = onPath('java', search.environment);
  if (maven === undefined || java === undefined) throw new NotHere('needs `mvn` and `java` on PATH');
  await installInCache({
    cacheDir: search.cacheDir,
    name: `temporal-test-server-${VERSION}`,
    install: async (dir) => {
      search.log?.(`fetching the Temporal test server ${VERSION} with Maven, once`);
      await writeFile(join(dir, 'pom.xml'), pom);
      const args = ['-q', '-B', '-f', 'pom.xml', 'dependency:copy-dependencies', '-DincludeScope=runtime'];
      const environment = search.environment;
      const place = '-DoutputDirectory=lib';
      await runTool({
        command: maven,
        args: [...args, place],
        timeoutMs: MAVEN_TIMEOUT_MS,
        cwd: dir,
        environment,
      });
      await writeFile(join(dir, 'temporal-test-server'), wrapper);
      await chmod(join(dir, 'temporal-test-server'), 0o755);
    },
  });
  return { type: 'existing-path', path: cached };
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>countersign</groupId>
  <artifactId>temporal-test-server-classpath</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

/** The SDK calls it as it calls the native binary, with the port as first argument. */
const wrapper = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
exec java -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
`;
