import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { childEnvironment } from '../../src/cli/commands/dev.js';
import { loadDevConfig } from '../../src/config.js';
import { readTemporal, type ConfigIssue } from '../../src/temporal-config.js';
import { testFolder } from '../support/folder.js';

// Seen to fail: without a file of its own the profile's key and TLS were taken; without the filter the worker got deployment and build.
it('tells the processes of a dev stack nothing of another installation', () => {
  const home = testFolder();
  mkdirSync(join(home, 'temporalio'));
  const profile =
    '[profile.default]\naddress = "cloud.example.com:7233"\nnamespace = "prod"\napi_key = "k"\n';
  writeFileSync(join(home, 'temporalio', 'temporal.toml'), profile);
  const config = loadDevConfig({
    HOME: home,
    XDG_CONFIG_HOME: home,
    TEMPORAL_PROFILE: 'other',
    COUNTERSIGN_DATA: join(home, 'data'),
    COUNTERSIGN_DEPLOYMENT: 'prod',
    COUNTERSIGN_BUILD_ID: '7',
    SMTP: 'of the tools',
  });
  const env = childEnvironment(config, { temporalAddress: '127.0.0.1:1234' }, 'tools.js');
  expect(env).toMatchObject({ COUNTERSIGN_TOOLS: 'tools.js', SMTP: 'of the tools' });
  expect(Object.keys(env)).not.toContain('COUNTERSIGN_DEPLOYMENT');
  expect(Object.keys(env)).not.toContain('COUNTERSIGN_BUILD_ID');
  const issues: ConfigIssue[] = [];
  expect(readTemporal(env, issues)).toEqual({
    namespace: 'default',
    connection: { address: '127.0.0.1:1234' },
  });
  expect(issues).toEqual([]);
});
