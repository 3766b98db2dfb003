import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as evidence from './http-evidence.js';
import * as http from './http.js';
import { problem as problemSchema } from './problem.js';

const digest = `sha256:${'a'.repeat(64)}`;
const action = { tool: 'issue_refund', args: { amountCents: 1 } };
const refused = (schema: z.ZodType, value: unknown) => {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? 'taken'
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
};

describe('requests', () => {
  it('take a planner, or one ready-made action with its goal', () => {
    const base = { task: 't-1', agent: 'support' };
    for (const body of [
      { ...base, planner: { name: 'scripted', input: [1, { a: null }] } },
      {
        ...base,
        action,
        goal: 'verbatim request',
        requester: 'mia',
        situation: 'refund',
        readings: { confidence: 0.4, new: true },
      },
    ]) {
      expect(http.submitRequest.parse(body)).toEqual(body);
    }
  });

  it.each([
    ['neither planner nor action', { goal: 'refund order 1182' }, /give an `action`/],
    ['planner and action', { planner: { name: 'p' }, action }, /not both/],
    ['a slash in the task', { task: 'a/b', action }, /task/],
    ['a member nobody reads', { action, priority: 'high' }, /priority/],
    ['arguments that are a list', { action: { tool: 'x', args: [] } }, /args: must be an object/],
    ['no arguments', { action: { tool: 'x' } }, /args: is required/],
    ['a level of its own', { action: { ...action, level: 'auto' } }, /level/],
    ['a tier of its own', { action: { ...action, tier: 1 } }, /tier/],
    ['NUL in the goal', { goal: 'a\0b' }, /NUL/],
    ['a reading that is an object', { action, readings: { confidence: {} } }, /readings/],
  ])('case 64, bad input: refuse a task with %s', (_name, change, message) => {
    expect(refused(http.submitRequest, { task: 't-1', agent: 'support', ...change })).toMatch(message);
  });

  const decision = { why: 'fits the order', digest, version: 1 };
  it.each([
    [{ decision: 'approve' }],
    [{ decision: 'reject' }],
    [{ decision: 'reject', reason: 'wrong-amount' }],
    [{ decision: 'reject', reason: 'other', why: '' }],
    [{ decision: 'edit', edits: { amountCents: 2 } }],
    [{ decision: 'escalate' }],
    [{ decision: 'hold' }],
    [{ decision: 'hold', until: 5 }],
    [{ decision: 'extend', until: 5 }],
    [{ decision: 'withdraw' }],
    [{ decision: 'resolve', resolution: 'happened', result: null }],
    [{ decision: 'resolve', resolution: 'leave' }],
  ])('take the decision %j', (verb) => {
    expect(http.decisionRequest.parse({ ...decision, ...verb })).toEqual({ ...decision, ...verb });
  });

  it.each([
    ['no reason', { decision: 'approve', why: '' }, /why/],
    ['a code of no reason', { decision: 'reject', reason: 'no' }, /reason/],
    ['the reason of a refusal for an approval', { decision: 'approve', reason: 'other' }, /reason/],
    [
      'words too long with their code',
      { decision: 'reject', reason: 'other', why: 'x'.repeat(1994) },
      /2000 characters/,
    ],
    ['no digest', { decision: 'approve', digest: undefined }, /digest/],
    ['no version', { decision: 'approve', version: undefined }, /version/],
    ['an unknown verb', { decision: 'APPROVE' }, /decision/],
    ['an edit without edits', { decision: 'edit' }, /edits/],
    ['edits that are a list', { decision: 'edit', edits: [] }, /must be an object/],
    ['an approval with edits', { decision: 'approve', edits: {} }, /edits/],
    ['defect 5: another tool', { decision: 'edit', edits: {}, tool: 'other' }, /tool/],
    ['a client time', { decision: 'approve', at: 5 }, /at/],
    ['an approval until', { decision: 'approve', until: 5 }, /until/],
    ['an extension without end', { decision: 'extend' }, /extend needs/],
    ['a resolution without outcome', { decision: 'resolve' }, /resolution/],
    [
      'a result of what did not happen',
      { decision: 'resolve', resolution: 'not-happened', result: 1 },
      /result/,
    ],
  ])('refuse a decision with %s', (_name, change, message) => {
    expect(refused(http.decisionRequest, { ...decision, ...change })).toMatch(message);
  });

  it('name what they halt', () => {
    for (const body of [
      { scope: 'task', target: 't-1' },
      { scope: 'agent', target: 'a' },
      { scope: 'tenant' },
      { scope: 'all' },
    ]) {
      expect(refused(http.haltRequest, { ...body, why: 'x' })).toBe('taken');
    }
    expect(refused(http.haltRequest, { scope: 'task', why: 'x' })).toMatch(/target/);
    expect(refused(http.haltRequest, { scope: 'all', target: 'x', why: 'x' })).toMatch(/target/);
    expect(refused(http.haltRequest, { scope: 'all' })).toMatch(/why/);
  });

  it('read queries from text, with defaults and bounds', () => {
    expect(http.inboxQuery.parse({ mine: 'true', limit: '10' })).toEqual({
      mine: true,
      limit: 10,
      state: 'open',
    });
    expect(evidence.journalQuery.parse({ task: '~tenant', from: '5' })).toEqual({
      task: '~tenant',
      from: 5,
      of: 'tenant',
      limit: 50,
    });
    expect(http.resultQuery.parse({ wait: '30' })).toEqual({ wait: 30 });
    for (const limit of ['0', '201', 'x', '1.5', ''])
      expect(refused(http.taskQuery, { limit })).toMatch(/limit/);
    expect(refused(http.taskQuery, { cursor: '../x' })).toMatch(/cursor/);
    expect(refused(http.inboxQuery, { mine: 'maybe' })).toMatch(/mine/);
    expect(refused(http.resultQuery, { wait: '61' })).toMatch(/wait/);
  });
});

describe('answers', () => {
  it('pass over members that a newer gateway adds', () => {
    expect(
      http.submitAnswer.parse({ task: 't', tenant: 'acme', created: true, state: 'RUNNING', more: 1 }),
    ).not.toHaveProperty('more');
    const problem = {
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'x',
      code: 'already-decided',
      winner: { decision: 'd' },
    };
    expect(problemSchema.parse(problem)).toEqual(problem);
  });

  it('and requests all have a JSON Schema, from which the API document is made', () => {
    const schemas = [...Object.values(http), ...Object.values(evidence)].filter(
      (value) => value instanceof z.ZodType,
    );
    expect(schemas.length).toBeGreaterThan(20);
    for (const schema of schemas)
      expect(z.toJSONSchema(schema, { io: 'input' })).toHaveProperty('type', 'object');
  });
});
