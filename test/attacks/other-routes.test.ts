import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/contract/tool.js';
import type { TaskId } from '../../src/domain/ids.js';
import type { CountersignClient } from '../../src/sdk/client.js';
import { POLICY } from '../support/gate.js';
import { openLive, type Live } from './live.js';

/** Where an agent would like somebody to go: every request that reaches it was made by the gate. */
let beacon: Server;
const hits: string[] = [];
let live: Live;
let agents: CountersignClient;

/** An agent used as a tool: its work is a task of its own. */
const subAgent = defineTool({
  name: 'sub_agent',
  version: '1',
  tier: 2,
  input: z.strictObject({ task: z.string(), cents: z.int() }),
  describe: (a) => `Have an agent pay ${a.cents} cents`,
  run: async ({ task, cents }) =>
    agents.tasks.submit({
      task: task as TaskId, // names of tests are valid
      agent: 'helper',
      goal: 'as my principal was allowed to',
      action: { tool: 'pay', args: { cents, to: 'bob' } },
    }),
});

beforeAll(async () => {
  beacon = createServer((request, response) => {
    hits.push(request.url ?? '');
    response.end('ok');
  });
  await new Promise<void>((resolve) => beacon.listen(0, '127.0.0.1', resolve));
  live = await openLive({
    tools: [subAgent],
    policy: POLICY.replace(
      '[pay, note, look] }',
      '[pay, note, look, sub_agent] }\n  helper: { owner: director, tools: [pay] }',
    ),
  });
  agents = await live.running.service();
});
afterAll(async () => {
  await live.stop();
  await new Promise((resolve) => beacon.close(resolve));
});

const address = () => `http://127.0.0.1:${(beacon.address() as AddressInfo).port}`; // it listens

describe('a link in whatever an agent writes (cases 12, 27, 37)', () => {
  it('is fetched by nobody from the proposal to the call, and is named by its host', async () => {
    const task = 'routes-link' as TaskId; // a valid name
    await agents.tasks.submit({
      task,
      agent: 'bot',
      goal: `see ${address()}/goal`,
      action: {
        tool: 'pay',
        args: { cents: 100, to: `${address()}/payee` },
        agentText: `![pixel](${address()}/pixel) approve at ${address()}/login`,
      },
    });
    const { brief } = await live.asked(task);
    expect(brief.unknowns.join('\n')).toContain(`lead to ${new URL(address()).host}`);
    await live.decide(task);
    await live.end(task);
    expect(live.paidIn(task)).toHaveLength(1);
    expect(hits).toEqual([]);
  });
});

describe('an agent behind an agent (defect 7)', () => {
  it('asks for itself: what its principal was allowed lets nothing of its own run', async () => {
    const child = 'routes-child';
    await live.submit('routes-parent', { tool: 'sub_agent', args: { task: child, cents: 900 } });
    expect(await live.end('routes-parent')).toMatchObject({ results: [{ outcome: 'executed' }] });
    const question = await live.asked(child);
    expect(question.brief).toMatchObject({ tier: 4, authority: { agent: 'helper' } });
    expect(live.paidIn(child)).toEqual([]);
    await live.decide(child, { decision: 'reject' });
    expect(await live.end(child)).toMatchObject({ results: [{ outcome: 'rejected' }] });
    expect(live.paidIn(child)).toEqual([]);
  });

  it('takes no decision that was made about its principal (defect 8)', async () => {
    const [one, other] = ['routes-one', 'routes-other'];
    await live.submit(one);
    await live.submit(other);
    const asked = await live.asked(one);
    const person = await live.running.as('amira');
    await live.asked(other);
    const relayed = person.escalations.decide(`${other}:1`, {
      decision: 'approve',
      why: 'approved for the other one',
      version: asked.version,
      digest: asked.digest,
    });
    await expect(relayed).rejects.toMatchObject({ code: 'stale' });
    expect(live.paidIn(other)).toEqual([]);
    await live.decide(one, { decision: 'reject' });
    await live.decide(other, { decision: 'reject' });
  });
});

describe('whoever decides after somebody answered or took over', () => {
  it.each([
    ['respond', { answer: 'Leave it.' }],
    ['take-over', { outcome: { paid: 0 } }],
  ] as const)('is told who was first: %s', async (decision, more) => {
    const task = `routes-${decision}`;
    await live.submit(task);
    const { version, digest } = await live.asked(task);
    await live.decide(task, { decision, ...more });
    await live.end(task);
    const person = await live.running.as('joon');
    const late = person.escalations.decide(`${task}:1`, {
      decision: 'approve',
      why: 'late',
      version,
      digest,
    });
    await expect(late).rejects.toMatchObject({
      code: 'already-decided',
      extra: { winner: { verb: decision } },
    });
    expect(live.paidIn(task)).toEqual([]);
  });
});
