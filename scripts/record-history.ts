import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { continuingEnv } from '../test/support/own-server.js';
import { PATHS } from '../test/support/paths.js';
import { TaskRunner } from '../test/support/task-runner.js';

/**
 * Records the history of every path a task can take, as this release goes it, for all later releases to replay. Files that exist are
 * left as they are: a history of a release is what its runs out there look like. Names on the command line choose paths.
 */
const folder = new URL('../test/replay/histories/', import.meta.url);
const packageFile = await readFile(new URL('../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(packageFile) as { version: string }; // our own package.json
const wanted = process.argv.slice(2);

await mkdir(folder, { recursive: true });
const recorded = await readdir(folder);
const runner = await TaskRunner.open(() => continuingEnv(80));
try {
  for (const [name, go] of Object.entries(PATHS)) {
    const chosen = wanted.length === 0 || wanted.includes(name);
    if (!chosen || recorded.some((file) => file.startsWith(`${name}-${version}`))) continue;
    const task = await go(runner);
    await task.handle.result().catch(() => undefined); // a cancelled run is a path, too
    const runs = await runner.runsOf(task);
    for (const [index, history] of runs.entries()) {
      const part = runs.length === 1 ? '' : `-${index + 1}`;
      await writeFile(
        new URL(`${name}-${version}${part}.json`, folder),
        `${withoutMachine(historyToJSON(history))}\n`,
      );
    }
    console.log(`${name}: ${runs.map((history) => history.events?.length ?? 0).join(' + ')} events`);
  }
} finally {
  await runner.close();
}

/** A history without what tells of the machine it was recorded on; replay reads none of it. */
function withoutMachine(json: string): string {
  const text = json.replaceAll(`${process.pid}@${hostname()}`, 'recorder');
  return JSON.stringify(JSON.parse(text), (key, value: unknown) => (key === 'stackTrace' ? '' : value));
}
