import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { PATHS } from '../support/paths.js';
import { bundleTasks } from '../support/task-runner.js';

const folder = new URL('histories/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
let workflowBundle: { readonly code: string };

beforeAll(async () => {
  workflowBundle = await bundleTasks();
});

describe('the histories of this and earlier releases', () => {
  it.each(files)('replay: %s', async (file) => {
    const history: unknown = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    await expect(Worker.runReplayHistory({ workflowBundle }, history)).resolves.toBeUndefined();
  });

  it('hold every path', () => {
    const missing = Object.keys(PATHS).filter((path) => !files.some((file) => file.startsWith(`${path}-`)));
    expect(missing, 'record them with scripts/record-history.ts').toEqual([]);
  });

  it('are found out when the code would go another way', async () => {
    const [file = ''] = files.filter((name) => name.startsWith('approved-'));
    const text = readFileSync(new URL(file, folder), 'utf8');
    const other: unknown = JSON.parse(
      text.replaceAll('"activityType":{"name":"execute"}', '"activityType":{"name":"other"}'),
    );
    await expect(Worker.runReplayHistory({ workflowBundle }, other)).rejects.toThrow('Nondeterminism');
  });
});

describe('protobufjs', () => {
  // Otherwise reading a history from JSON fails with "type must be a Type": two copies do not know each other's classes.
  it('is one and the same for us and for the Temporal SDK', () => {
    const ours = createRequire(import.meta.url);
    const theirs = createRequire(ours.resolve('@temporalio/common'));
    const protos = createRequire(theirs.resolve('@temporalio/proto'));
    expect(protos.resolve('protobufjs')).toBe(ours.resolve('protobufjs'));
    const { dependencies } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { dependencies: Record<string, string> }; // our own package.json
    expect(dependencies).toHaveProperty('protobufjs');
  });
});
