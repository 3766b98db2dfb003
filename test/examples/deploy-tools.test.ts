import { readFileSync } from 'node:fs';
import { isTool, ToolFailure, type Json, type RunContext } from 'countersign';
import { fakeGate, isIdempotent, scripted, testPolicy, undoes } from 'countersign/testing';
import { describe, expect, it } from 'vitest';
import { runs } from '../../examples/deploy/runs.js';
import * as exported from '../../examples/deploy/tools.js';
import { cluster } from '../../examples/deploy/tools.js';
import { toolFacts } from '../../src/contract/tool.js';
import type { TaskId, TenantId } from '../../src/domain/ids.js';
import { checkPolicy } from '../../src/policy/check.js';

const tools = new Map(
  Object.values<unknown>(exported)
    .filter(isTool)
    .map((tool) => [tool.name, tool]),
);
const toolOf = (name: string) => tools.get(name) ?? expect.fail(`no tool ${name}`);
const fileOf = (name: string) =>
  readFileSync(new URL(`../../examples/deploy/${name}`, import.meta.url), 'utf8');
const files = () => ({ policy: fileOf('policy.yaml'), tools: exported });
const { signal } = new AbortController();
const aCall = (key: string): RunContext => ({
  idempotencyKey: key,
  signal,
  tenant: 'default' as TenantId, // a valid name
  task: 'a-task' as TaskId, // the same
  operation: 1,
});
const state = () => ({
  web: cluster.service('web', 'production'),
  staging: cluster.service('web', 'staging'),
  flags: [...cluster.flags],
  rights: [...cluster.rights],
  keys: [...cluster.keys],
  rows: [...cluster.tables],
});
/** Where nothing but the moment of a change may differ. */
const still = () => JSON.parse(JSON.stringify(state()).replace(/"changedAt":\d+/g, '"changedAt":0')) as Json; // JSON by construction

describe('the deploy example', () => {
  it('has a policy without problems or warnings for its tools', () => {
    const { usable, problems, warnings } = checkPolicy(
      fileOf('policy.yaml'),
      [...tools.values()].map(toolFacts),
    );
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(usable).toMatchObject({ agents: 4, roles: 4 });
  });

  it('has a policy that says of its cases what they expect, every rule shown firing and silent', () => {
    const report = testPolicy({ ...files(), cases: fileOf('cases.yaml') });
    expect(report.outcomes.length).toBeGreaterThan(25);
  });

  it('proposes in its runs only calls that fit the tools', () => {
    const calls = Object.values(runs).flatMap(({ planner }) =>
      (planner.input as unknown as { steps: { calls: { tool: string; args: Json }[] }[] }).steps.flatMap(
        (step) => step.calls,
      ),
    ); // as `scripted` writes it
    for (const { tool, args } of calls) expect(toolOf(tool).parseArgs(args), tool).toEqual({ args });
  });

  it.each([
    ['deploy_staging', { image: 'web:latest' }],
    ['deploy_production', { image: 'web:latest' }],
    ['scale_service', { service: 'web', environment: 'production', replicas: 9 }],
    ['set_flag', { flag: 'a', on: true }],
    ['rotate_keys', { service: 'web', key: 'one-two-three-four-five' }],
    ['delete_data', { table: 'sessions', rows: 10 }],
    ['grant_privilege', { person: 'jo', right: 'read' }],
    ['freeze_service', { service: 'web' }],
    ['rollback', { service: 'web' }],
  ])('%s has one effect under one key', async (name, args) => {
    cluster.push('web:latest');
    cluster.change('web', 'production', { frozen: false, before: ['sha256:earlier', 'sha256:before'] });
    expect(await isIdempotent(toolOf(name), args, { effects: still })).toBe(true);
    cluster.change('web', 'production', { frozen: false });
  });

  it.each([
    ['scale_service', { service: 'web', environment: 'production', replicas: 2 }],
    ['set_flag', { flag: 'b', on: true }],
    ['grant_privilege', { person: 'mo', right: 'deploy' }],
    ['freeze_service', { service: 'web' }],
    ['deploy_production', { image: 'web:latest' }],
  ])('%s takes back what it did', async (name, args) => {
    cluster.push('web:latest');
    expect(await undoes(toolOf(name), args, { state: still })).toBe(true);
  });

  it('case 31: resolves a tag that moves when people are asked, and sees that it moved before the call', async () => {
    const tool = toolOf('deploy_production');
    const image = { image: 'web:latest' };
    const { digest } = cluster.push('web:latest');
    const asked = await tool.fingerprint?.(image, { signal });
    const preview = await tool.preview?.(image, { signal });
    expect(preview).toMatchObject({
      diff: [{ field: 'web in production', before: expect.stringMatching(/^sha256:/), after: digest }],
      evidence: [
        { source: 'registry', at: expect.any(Number) },
        { source: 'cluster', at: expect.any(Number) },
      ],
    });
    expect(await tool.fingerprint?.(image, { signal })).toBe(asked);
    cluster.push('web:latest');
    expect(await tool.fingerprint?.(image, { signal })).not.toBe(asked);
  });

  it('refuses definitely what cannot be done', async () => {
    const failures = [
      toolOf('run_migration').run({ migration: '0001-accounts' }, aCall('m')),
      toolOf('delete_data').run({ table: 'sessions', rows: 10_000_000 }, aCall('d')),
      toolOf('rollback').run({ service: 'api' }, aCall('r')),
      toolOf('deploy_staging').run({ image: 'nothing:latest' }, aCall('n')),
    ];
    for (const failure of failures) await expect(failure).rejects.toBeInstanceOf(ToolFailure);
  });

  it('gives results that fit what its tools declare', async () => {
    const calls: [string, Json][] = [
      ['read_status', { service: 'web', environment: 'production' }],
      ['deploy_staging', { image: 'web:latest' }],
      ['rotate_keys', { service: 'api', key: 'one-two-three-four-five' }],
      ['run_migration', { migration: '0009-check' }],
    ];
    for (const [name, args] of calls) {
      const tool = toolOf(name);
      expect(tool.outputSchema, name).not.toBeNull();
      expect(tool.checkOutput(await tool.run(args, aCall(`out-${name}`))), name).toBeNull();
    }
  });

  it('is let through a gate as far as each agent is trusted', async () => {
    const review = scripted({ by: 'kofi', verb: 'reject', why: 'not today' });
    const gate = fakeGate({ ...files(), review });
    const scale = { service: 'api', environment: 'production', replicas: 4 };
    const scaled = await gate.propose({
      agent: 'autoscaler',
      tool: 'scale_service',
      args: scale,
      situation: 'load',
    });
    const asked = await gate.propose({
      agent: 'intern_bot',
      tool: 'set_flag',
      args: { flag: 'c', on: true },
      situation: 'release',
    });
    expect([scaled.verdict.level, scaled.outcome]).toEqual(['auto', 'executed']);
    expect([asked.outcome, cluster.flags.has('c')]).toEqual(['rejected', false]);
    expect(asked.refused).toEqual([]);
  });
});
