import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { modelPlanner } from '../../src/activities/adapters/model-planner.js';
import type { PlannerMemory } from '../../src/activities/ports.js';
import { SECRET_MASK } from '../../src/contract/secret.js';
import { calls, completion, done, raw, toolCall, USAGE } from '../support/model-server.js';
import { ask, fault, idleTool, KEY, PAY, server, useModelServer } from './model-scene.js';

useModelServer();

const past = (outcome: PlannerMemory['outcome'], rest: Partial<PlannerMemory> = {}): PlannerMemory => ({
  operation: 1,
  tool: 'pay',
  args: PAY,
  outcome,
  ...rest,
});
const lastMessage = () => server.requests.at(-1)?.body.messages.at(-1);
const told = () => JSON.parse(lastMessage()?.content ?? '') as unknown;

describe('what a model is asked', () => {
  it('is the goal, with the tools that the policy lists for the agent, as functions', async () => {
    server.say(done());
    await ask({ listed: ['pay', 'mail.send'], input: { system: 'Be brief.', temperature: 0 } });
    const { path, headers, body } = server.requests[0]!;
    expect([path, headers.authorization]).toEqual(['/v1/chat/completions', `Bearer ${KEY}`]);
    expect(body).toMatchObject({ model: 'tiny', tool_choice: 'auto', temperature: 0 });
    expect(body.messages).toMatchObject([
      {
        role: 'system',
        content: expect.stringMatching(/^You work on a task[\s\S]*\n\nBe brief\.$/) as string,
      },
      { role: 'user', content: 'Pay Bob' },
    ]);
    expect(body.tools?.map((one) => one.function.name)).toEqual(['pay', 'mail_send']);
    expect(body.tools?.[0]?.function).toEqual({
      name: 'pay',
      description: 'Pay somebody, in cents',
      parameters: {
        type: 'object',
        properties: { cents: expect.objectContaining({ type: 'integer' }) as object, to: { type: 'string' } },
        required: ['cents', 'to'],
        additionalProperties: false,
      },
    });
  });

  it('is every registered tool for an agent that the policy does not know, and none at all for one without', async () => {
    server.say(done());
    await ask();
    await ask({ listed: [] });
    expect(server.requests.map(({ body }) => body.tools?.length)).toEqual([3, undefined]);
    expect(server.requests[1]?.body).not.toHaveProperty('tool_choice');
  });

  it.each<[string, PlannerMemory, unknown]>([
    ['executed', past('executed', { result: { paid: 1 } }), { result: { paid: 1 } }],
    ['rejected', past('rejected', { why: 'not owed' }), { rejected: 'not owed' }],
    ['failed', past('failed', { why: 'no such account' }), { failed: 'no such account' }],
    ['denied', past('denied'), { denied: expect.any(String) as string }],
    ['unknown', past('unknown'), { unknown: expect.any(String) as string }],
    ['voided', past('voided'), { voided: expect.any(String) as string }],
    [
      'edited',
      past('executed', { edited: true, args: { cents: 50, to: 'bob' }, result: null }),
      { result: null, note: expect.stringContaining('a person changed the arguments') as string },
    ],
  ])('is what became of a call that was %s, as the tool message to it', async (_, call, message) => {
    server.say(done());
    await ask({ memory: [past('failed', { why: 'busy' }), call] });
    const { messages } = server.requests[0]!.body;
    expect(messages).toHaveLength(6);
    const [proposed, answer] = messages.slice(4);
    expect(proposed?.tool_calls).toEqual([
      { id: 'call00002', type: 'function', function: { name: 'pay', arguments: JSON.stringify(call.args) } },
    ]);
    expect(answer).toMatchObject({ role: 'tool', tool_call_id: 'call00002' });
    expect(told()).toEqual(message);
  });

  // Seen to fail: the safe action told as a call of the model's own.
  it('is what the policy ran in place of a call that nobody allowed, with that call', async () => {
    server.say(done());
    const safe = past('executed', {
      operation: 2,
      tool: 'mail.send',
      args: {},
      result: { sent: 1 },
      inPlaceOf: 1,
    });
    await ask({ memory: [past('denied'), safe] });
    expect(server.requests[0]?.body.messages).toHaveLength(4);
    expect(told()).toEqual({
      denied: expect.any(String) as string,
      instead: { call: 'mail_send', args: {}, result: { sent: 1 } },
    });
  });

  it('never is a reference to a secret, and a long result is cut', async () => {
    server.say(done());
    const args = { key: { $secret: `hmac-sha256:${'0'.repeat(64)}` } };
    await ask({ memory: [past('executed', { tool: 'mail.send', args, result: 'x'.repeat(30_000) })] });
    const text = JSON.stringify(server.requests[0]?.body.messages);
    expect(text).not.toContain('$secret');
    expect(text).toContain('mail_send');
    expect(told()).toMatchObject({ cut: true, characters: 30_013 });
  });
});

describe('what a model answers', () => {
  it('with several calls at once is proposed in their order, with its words and what they took', async () => {
    server.say(calls(['pay', PAY], ['mail_send', { key: 'k' }], ['look', '']));
    const said = { agentText: 'so be it', readings: { tokens: 120, cost_usd: 0.00014 } };
    expect(await ask({ input: { price: { input: 0.001, output: 0.002 } } })).toEqual({
      calls: [
        { tool: 'pay', args: PAY, ...said },
        { tool: 'mail.send', args: { key: 'k' }, ...said },
        { tool: 'look', args: {}, ...said },
      ],
    });
  });

  it('without a call is the end', async () => {
    server.say(done());
    expect(await ask()).toEqual({ done: true });
  });

  it('for a tool that nobody declared is proposed all the same: the policy asks a person', async () => {
    server.say(calls(['drop_database', { name: 'prod' }]));
    expect(await ask()).toMatchObject({ calls: [{ tool: 'drop_database', args: { name: 'prod' } }] });
  });

  // Seen to fail: an unreadable count taken as 0; the sum of those answers that told.
  it.each<[string, readonly (object | null)[]]>([
    ['no usage', [null]],
    ['a senseless count', [{ prompt_tokens: 100, completion_tokens: 20, total_tokens: -1 }]],
    ['a count left out', [{ total_tokens: 120 }]],
    ['usage in one of two answers', [null, USAGE]],
  ])('with %s gives no readings of what it took', async (_, usages) => {
    const message = { content: null, tool_calls: [toolCall(['pay', PAY])] };
    const faulty = { content: null, tool_calls: [toolCall(['pay', { ...PAY, cents: 'all' }])] };
    const last = usages.length - 1;
    server.say(...usages.map((told, at) => completion(at === last ? message : faulty, 'tool_calls', told)));
    expect(await ask({ input: { price: { input: 1, output: 1 } } })).toEqual({
      calls: [{ tool: 'pay', args: PAY, readings: {} }],
    });
  });
});

/** Seen to fail, each: parseStrictJson replaced by JSON.parse, or throwing; normaliseArgs not called; no look for masks; no look at finish_reason. */
describe('a call that cannot be taken', () => {
  it.each<[string, readonly [string, object | string], RegExp]>([
    ['does not fit the schema', ['pay', { cents: 'all', to: 'bob' }], /\$\.cents: .*expected/],
    ['has a member too many', ['pay', { ...PAY, approved: true }], /approved/],
    ['names a key twice', ['pay', '{"cents":1,"cents":2,"to":"bob"}'], /\$\.cents: the key occurs twice/],
    ['is no JSON', ['pay', '{"cents": 1'], /not JSON/],
    ['nests without end', ['pay', `["\n${'['.repeat(20_000)}`], /nested deeper/],
    ['is a list', ['pay', '[1]'], /one JSON object/],
    [
      'has a number that no reader keeps',
      ['pay', '{"cents":9007199254740993,"to":"b"}'],
      /write it as a string/,
    ],
    ['forges a secret', ['mail_send', { key: { $secret: 'x' } }], /only the gate/],
    ['repeats the mask of a secret', ['mail_send', { key: SECRET_MASK }], /\$\.key: give the secret itself/],
    ['has a name that none can have', ['drop table;', {}], /no tool can have this name/],
  ])('because it %s is told so, and asked again', async (_, wrong, words) => {
    server.say(calls(['look', {}], wrong), calls(['pay', PAY]));
    expect(await ask()).toMatchObject({ calls: [{ tool: 'pay', readings: { tokens: 240 } }] });
    const [assistant, other, refusal] = server.requests[1]!.body.messages.slice(-3);
    expect(assistant?.tool_calls?.map(({ id }) => id)).toEqual(['call00001', 'call00002']);
    for (const call of assistant?.tool_calls ?? [])
      expect(typeof JSON.parse(call.function.arguments)).toBe('object');
    expect(JSON.parse(other?.content ?? '')).toMatchObject({ error: 'not_taken' });
    const { error, detail } = JSON.parse(refusal?.content ?? '') as { error: string; detail: string };
    expect([error, refusal?.tool_call_id]).toEqual(['invalid_action', 'call00002']);
    expect(detail).toMatch(words);
  });

  it('four times in a row asks a person, naming tool and argument and no value', async () => {
    server.say(calls(['pay', { cents: 'planted-value', to: 'bob', 'planted-key': 1 }]));
    expect(await ask()).toEqual({
      calls: [
        {
          tool: 'pay',
          args: {},
          readings: { tokens: 480 },
          question: expect.stringMatching(/\(pay: cents does not fit\)/) as string,
        },
      ],
    });
    expect(server.requests).toHaveLength(4);
  });

  it('four times in a row without a name that a tool can have ends the step for good', async () => {
    server.say(calls(['drop table;', {}]));
    expect(await fault()).toMatchObject({ code: 'invalid' });
    expect(server.requests).toHaveLength(4);
  });

  it.each(['length', 'content_filter', 'insufficient_system_resource', null])(
    'since the answer ended as %s is never half read',
    async (finish) => {
      const half = completion({ content: null, tool_calls: [toolCall(['pay', PAY])] }, finish);
      server.say(half, completion({ content: 'all is' }, finish), done());
      expect(await ask()).toEqual({ done: true });
      expect(server.requests).toHaveLength(3);
      server.say(half);
      expect((await fault()).message).toContain(`ended as ${finish ?? 'nobody knows what'}`);
    },
  );

  it.each(['{}', '[]', 'null', '{"choices":[]}', '{"error":{"message":"planted"}}'])(
    'since %s is no completion ends the step too',
    async (body) => {
      server.say(raw(200, body));
      expect(await fault()).toMatchObject({ code: 'invalid' });
      expect(server.requests).toHaveLength(4);
    },
  );
});

describe('what a model is set to', () => {
  it.each([
    [{ temperature: 3 }, /temperature/],
    [{ url: 'http://planted' }, /settings do not fit/],
    [{ price: { input: 1 } }, /price\.output/],
  ])('%j is refused before it is asked', async (input, words) => {
    expect(await fault({ input })).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(words) as string,
    });
    expect(server.requests).toEqual([]);
  });

  it('includes a goal', async () => {
    expect(await fault({ goal: '' })).toMatchObject({ code: 'invalid' });
  });

  it('needs tools that it can tell apart', () => {
    const twins = new Map(
      [idleTool('a.b', z.strictObject({})), idleTool('a_b', z.strictObject({}))].map((t) => [t.name, t]),
    );
    const endpoint = { url: server.url, model: 'tiny', key: null };
    expect(() => modelPlanner({ endpoint, tools: twins, toolsOf: async () => undefined })).toThrow(
      /a\.b and a_b/,
    );
  });
});
