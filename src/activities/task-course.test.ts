import { describe, expect, it } from 'vitest';
import type { Json } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { LedgerRow } from '../store/ledger.js';
import { coursesOf, type Past } from './task-course.js';
import type { Toolbox } from './load-tools.js';

function aCall(operation: number, change: Partial<LedgerRow> = {}): LedgerRow {
  return {
    tenant: 'acme' as TenantId,
    task: 't' as TaskId,
    operation,
    generation: 1,
    tool: 'note',
    args: { to: 'bob' },
    readings: {},
    agentText: null,
    question: null,
    detected: {},
    proposedAt: 0,
    status: 'open',
    attempt: 0,
    callBy: null,
    claimedAt: null,
    firstCalledAt: null,
    endedAt: null,
    decisions: [],
    reserved: [],
    result: undefined,
    unexpectedShape: false,
    errorCode: null,
    safeFor: null,
    ...change,
  };
}
const tools = new Map([['look', { tier: 1 }]]) as unknown as Toolbox; // only the tier is looked at
const courses = (past: Partial<Past>, ...proposed: { tool?: string; args?: Json }[]) =>
  coursesOf(
    { calls: [], rejected: new Set(), steps: [], ...past },
    proposed.map((call) => ({ tool: 'note', args: { to: 'bob' }, ...call })),
    tools,
  );
const course = (past: Partial<Past>, proposed = {}) => courses(past, proposed)[0];

it('says nothing of the first call', () => {
  expect(course({})).toEqual({
    unexpected_shape: false,
    contradictory_state: false,
    repeated_failure: 0,
    steps_without_effect: 0,
    repeated_proposal: 0,
  });
});

it('unexpected_shape: after any result of another shape, of whatever tool', () => {
  const odd = aCall(1, { tool: 'look', status: 'done', unexpectedShape: true });
  expect(course({ calls: [odd, aCall(2, { status: 'done' })] })).toMatchObject({ unexpected_shape: true });
  expect(course({ calls: [aCall(1, { status: 'done' })] })).toMatchObject({ unexpected_shape: false });
});

// Seen to fail: calls compared as they are; reads not passed over; open calls counted as run.
describe('contradictory_state', () => {
  it.each(['done', 'claimed', 'unknown', 'left'] as const)('an equal call is %s', (status) => {
    expect(course({ calls: [aCall(1, { status })] })).toMatchObject({ contradictory_state: true });
  });
  it.each(['open', 'failed', 'voided'] as const)('not when it is %s', (status) => {
    expect(course({ calls: [aCall(1, { status })] })).toMatchObject({ contradictory_state: false });
  });
  it('an equal call ran as somebody edited it', () => {
    const calls = [aCall(1, { args: { to: 'eve' } }), aCall(1, { generation: 2, status: 'done' })];
    expect(course({ calls })).toMatchObject({ contradictory_state: true });
  });
  it.each([
    ['case 10: decomposed', { to: 'Zu\u0308rich' }],
    ['case 8: with a zero-width space', { to: 'Zü\u200brich' }],
  ])('equal to who reads it, %s', (_name, args) => {
    const calls = [aCall(1, { status: 'done', args: { to: 'Zürich' } })];
    expect(course({ calls }, { args })).toMatchObject({ contradictory_state: true, repeated_proposal: 1 });
  });
  it.each([
    ['another argument', { args: { to: 'eve' } }],
    ['case 19: a number for a text', { args: { to: 1 } }],
    ['another tool', { tool: 'pay' }],
  ])('not with %s', (_name, other) => {
    const calls = [aCall(1, { status: 'done', args: { to: '1' } }), aCall(2, { status: 'done' })];
    expect(course({ calls }, other)).toMatchObject({ contradictory_state: false, repeated_proposal: 0 });
  });
  it('not by reading again', () => {
    const calls = [aCall(1, { status: 'done', tool: 'look' })];
    expect(course({ calls }, { tool: 'look' })).toMatchObject({
      contradictory_state: false,
      repeated_proposal: 1,
    });
  });
});

it('repeated_proposal: counts earlier equal ones, edited or not, also of the same step', () => {
  const calls = [aCall(1), aCall(1, { generation: 2, args: { to: 'eve' } }), aCall(2, { status: 'failed' })];
  expect(courses({ calls }, {}, { args: { to: 'eve' } }, {}).map((each) => each.repeated_proposal)).toEqual([
    2, 0, 3,
  ]);
});

// Seen to fail: counted over all tools; a call without outcome ending the row.
describe('repeated_failure', () => {
  const failed = { status: 'failed' } as const;
  const done = { status: 'done' } as const;
  const other = { ...done, tool: 'pay' } as const;
  it.each([
    ['failures in a row', [failed, failed], [], 2],
    ['a rejection counts', [failed, {}], [2], 2],
    ['what worked ends the row', [failed, failed, done, failed], [], 1],
    ['so does what may have worked', [failed, { status: 'unknown' }], [], 0],
    ['other tools do not', [failed, other, failed], [], 2],
    ['nor what has no outcome yet, or was voided', [failed, {}, { status: 'voided' }], [], 1],
    ['nothing failed', [done, {}], [], 0],
  ] as const)('%s', (_name, changes, rejected, count) => {
    const calls = changes.map((change, at) => aCall(at + 1, change));
    expect(course({ calls, rejected: new Set(rejected) })).toMatchObject({ repeated_failure: count });
  });
  it('takes an operation that was edited for one', () => {
    const calls = [aCall(1, failed), aCall(2), aCall(2, { generation: 2, ...failed })];
    expect(course({ calls })).toMatchObject({ repeated_failure: 2 });
    expect(course({ calls: [...calls, aCall(2, { generation: 3, ...done })] })).toMatchObject({
      repeated_failure: 0,
    });
  });
});

// Seen to fail: steps counted over the whole task.
it.each([
  ['no step before', [], [], 0],
  ['nothing ran', [[1], [2, 3]], [], 2],
  ['one of several ran', [[1], [2, 3]], [3], 0],
  ['it ran, then nothing did', [[1], [2], [3, 4]], [1], 2],
  ['a step that proposed nothing', [[1], []], [1], 1],
] as const)('steps_without_effect: %s', (_name, steps, ran, count) => {
  const calls = steps
    .flat()
    .map((at) => aCall(at, { status: ran.some((each) => each === at) ? 'done' : 'failed' }));
  expect(course({ calls, steps })).toMatchObject({ steps_without_effect: count });
});
