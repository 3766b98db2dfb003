import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ServerSearch } from '../../src/dev/search.js';
import { findTestServer } from '../../src/dev/test-server.js';
import { script, testFolder } from '../support/folder.js';

function aSearch(): ServerSearch & { bin: string } {
  const dir = testFolder();
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const downloadUrl = 'http://127.0.0.1:9';
  return { cacheDir: join(dir, 'cache'), environment: { PATH: `${bin}:/bin` }, downloadUrl, bin };
}

describe('finding the time-skipping test server', () => {
  it('takes COUNTERSIGN_TEST_SERVER before all else, and does not search on when it is wrong', async () => {
    const search = aSearch();
    const path = script(search.bin, 'server', '');
    expect(await findTestServer({ ...search, testServer: path })).toEqual({ type: 'existing-path', path });
    await expect(findTestServer({ ...search, testServer: '/nowhere' })).rejects.toThrow(
      '"/nowhere" is not an executable',
    );
  });

  it('lets the SDK download where its host answers', async () => {
    const search = aSearch();
    const host = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    const downloadUrl = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    const found = await findTestServer({ ...search, downloadUrl });
    host.close();
    expect(found).toEqual({ type: 'cached-download', downloadDir: search.cacheDir });
  });

  it('collects the class path with Maven and wraps it in a script with the port as first argument', async () => {
    const search = aSearch();
    script(search.bin, 'mvn', 'mkdir lib; cp pom.xml lib/; echo "$@" > arguments');
    script(search.bin, 'java', 'echo "java $@"');
    const path = join(search.cacheDir, 'temporal-test-server-1.39.0', 'temporal-test-server');
    expect(await findTestServer(search)).toEqual({ type: 'existing-path', path });
    expect(readFileSync(path, 'utf8')).toContain('io.temporal.testserver.TestServer "$@"');
    expect(readFileSync(join(path, '..', 'lib', 'pom.xml'), 'utf8')).toContain('<version>1.39.0</version>');
    expect(await findTestServer({ ...search, environment: {} })).toEqual({ type: 'existing-path', path });
  });

  it('leaves nothing half made when Maven fails, and lists every way', async () => {
    const search = aSearch();
    script(search.bin, 'mvn', 'mkdir lib; echo "offline"; exit 1');
    script(search.bin, 'java', '');
    await expect(findTestServer(search)).rejects.toThrow(
      /COUNTERSIGN_TEST_SERVER[^]*cache[^]*SDK[^]*Maven[^]*offline/,
    );
    expect(readdirSync(search.cacheDir)).toEqual(['download-test-server.failed']);
  });
});
