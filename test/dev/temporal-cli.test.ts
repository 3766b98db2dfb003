import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ServerSearch } from '../../src/dev/search.js';
import { findTemporalCli } from '../../src/dev/temporal-cli.js';
import { script, testFolder } from '../support/folder.js';

const NOWHERE = 'http://127.0.0.1:9'; // discard: nothing listens there
const HELP = 'echo "--db-filename"';

/** A search that finds nothing, on a PATH with the shell's own tools only. */
function aSearch(over: Partial<ServerSearch> = {}): ServerSearch & { bin: string } {
  const dir = testFolder();
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const environment = { PATH: `${bin}:/bin` };
  return {
    cacheDir: join(dir, 'cache'),
    environment,
    downloadUrl: NOWHERE,
    probeTimeoutMs: 300,
    bin,
    ...over,
  };
}

async function serve(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** `go` that "builds" slowly enough for two searches to meet, and counts its calls. */
function fakeGo(bin: string): string {
  const calls = join(bin, 'calls');
  script(
    bin,
    'go',
    `echo "$2" >> ${calls}; sleep 0.3; printf '#!/bin/sh\\n' > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"`,
  );
  return calls;
}

describe('finding a Temporal dev server', () => {
  it('takes COUNTERSIGN_TEMPORAL_CLI before all else, and does not search on when it is wrong', async () => {
    const search = aSearch();
    script(search.bin, 'temporal', HELP);
    const own = script(search.bin, 'my-temporal', HELP);
    expect(await findTemporalCli({ ...search, temporalCli: own })).toBe(own);
    await expect(findTemporalCli({ ...search, temporalCli: '/nowhere' })).rejects.toThrow(
      'COUNTERSIGN_TEMPORAL_CLI: "/nowhere" is not an executable file',
    );
  });

  it('takes `temporal` on PATH, unless it is another program of that name', async () => {
    const search = aSearch();
    const path = script(search.bin, 'temporal', HELP);
    expect(await findTemporalCli(search)).toBe(path);
    script(search.bin, 'temporal', 'echo "a calendar"');
    await expect(findTemporalCli(search)).rejects.toThrow(/has no `server start-dev --db-filename`/);
  });

  it('downloads like the SDK into the cache and then uses the cache', async () => {
    const search = aSearch();
    script(search.bin, 'temporal-real', HELP);
    execFileSync('tar', ['-czf', 'cli.tar.gz', '--transform', 's/temporal-real/temporal/', 'temporal-real'], {
      cwd: search.bin,
    });
    let requests = 0;
    const downloadUrl = await serve(
      createServer((request, response) => {
        requests++;
        expect(request.url).toMatch(/^\/cli\/archive\/v1\.5\.1\?platform=\w+&arch=\w+$/);
        response.end(readFileSync(join(search.bin, 'cli.tar.gz')));
      }),
    );
    const cached = join(search.cacheDir, 'temporal-v1.5.1', 'temporal');
    expect(await findTemporalCli({ ...search, downloadUrl })).toBe(cached);
    expect(await findTemporalCli(search)).toBe(cached);
    expect(requests).toBe(1);
    expect(readdirSync(search.cacheDir)).toEqual(['temporal-v1.5.1']);
  });

  it('falls through a download that hangs, and spares the next search the wait for a day', async () => {
    let requests = 0;
    const downloadUrl = await serve(createServer(() => void requests++));
    let nowMs = 1_000_000;
    const search = aSearch({ downloadUrl, now: () => nowMs });
    await expect(findTemporalCli(search)).rejects.toThrow(
      /download, as the SDK does it: .*cannot be reached/,
    );
    await expect(findTemporalCli(search)).rejects.toThrow(/failed within the last day/);
    expect(requests).toBe(1);
    nowMs += 86_400_000;
    await expect(findTemporalCli(search)).rejects.toThrow(/cannot be reached/);
    expect(requests).toBe(2);
  });

  it('builds with Go last; two searches at once leave one whole build', async () => {
    const search = aSearch();
    const calls = fakeGo(search.bin);
    const cached = join(search.cacheDir, 'temporal-v1.5.1', 'temporal');
    expect(await Promise.all([findTemporalCli(search), findTemporalCli(search)])).toEqual([cached, cached]);
    expect(existsSync(cached)).toBe(true);
    expect(readFileSync(calls, 'utf8')).toContain('github.com/temporalio/cli/cmd/temporal@v1.5.1');
    expect(readdirSync(search.cacheDir).filter((name) => name.startsWith('draft-'))).toEqual([]);
  });

  it('leaves nothing in the cache when the build fails, and clears what a killed one left', async () => {
    const search = aSearch();
    script(search.bin, 'go', 'echo "no network" >&2; touch "$GOBIN/half"; exit 1');
    mkdirSync(join(search.cacheDir, 'draft-999999999-abcd'), { recursive: true });
    await expect(findTemporalCli(search)).rejects.toThrow(/no network/);
    expect(readdirSync(search.cacheDir)).toEqual(['download-cli.failed']);
  });

  it('lists every way when none works', async () => {
    const failure = await findTemporalCli(aSearch()).catch(String);
    expect(failure.split('\n').map((line) => line.trim().split(/[:(]/)[0])).toEqual([
      'StackError',
      'COUNTERSIGN_TEMPORAL_CLI',
      '`temporal` on PATH',
      'cache ',
      'download, as the SDK does it',
      'go install github.com/temporalio/cli/cmd/temporal@v1.5.1',
    ]);
  });
});
