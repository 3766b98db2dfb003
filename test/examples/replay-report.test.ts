import { describe, expect, it } from 'vitest';
import { readRuns } from '../../scripts/support/recorded-runs.js';
import { reportLines, reportOf, type Effect, type Replayed } from '../../scripts/support/replay-report.js';
import { answerKey } from '../../scripts/support/replay-reviewer.js';
import type { OperationView, TaskView } from '../../src/contract/http.js';
import type { EscalationId, TaskId, TenantId } from '../../src/domain/ids.js';
import { aRunLine } from './recorded-lines.js';

const cancel = (id: string) => ({ tool: 'cancel_reservation', args: { reservation_id: id } });
const RUNS = readRuns(
  aRunLine({
    steps: [
      { tool: 'think', args: { thought: 'x' }, result: '' },
      { ...cancel('AAAAAA'), result: 'cancelled' },
      { ...cancel('BBBBBB'), result: 'cancelled' },
    ],
    expected_actions: [cancel('AAAAAA')],
  }),
);
const TASK = 'run-0001';

function anOperation(operation: number, rest: Partial<OperationView>): OperationView {
  const asked = rest.tool !== 'think';
  return {
    operation,
    generation: 1,
    tool: 'cancel_reservation',
    tier: 4,
    status: 'done',
    outcome: 'executed',
    escalation: asked ? (`${TASK}:${operation}` as EscalationId) : null,
    proposal: null,
    at: 0,
    ...rest,
  };
}

function aView(rest: Partial<TaskView> = {}): TaskView {
  return {
    task: TASK as TaskId,
    tenant: 'default' as TenantId,
    agent: 'airline',
    requester: 'local',
    goal: null,
    deadline: null,
    state: 'COMPLETED',
    since: 0,
    submittedAt: 0,
    closedAt: 0,
    reason: null,
    detail: null,
    halt: null,
    head: null,
    waitsFor: [],
    operations: [
      anOperation(1, { tool: 'think', tier: 1 }),
      anOperation(2, {}),
      anOperation(3, { status: 'open', outcome: 'rejected' }),
    ],
    ...rest,
  };
}

const anEffect = (operation: number, tool = 'cancel_reservation'): Effect => ({
  key: `k${operation}`,
  tool,
  task: TASK,
  operation,
});

function aReplay(rest: Partial<Replayed> = {}): Replayed {
  return {
    runs: RUNS,
    views: new Map([[TASK, aView()]]),
    effects: [anEffect(1, 'think'), anEffect(2)],
    journals: { verified: 1, fault: null },
    wallSeconds: 1,
    tierOf: (tool) => (tool === 'think' ? 1 : 4),
    ...rest,
  };
}

describe('the report of a replay', () => {
  it('has exactly the agreed members, and nothing to complain of when all went as it should', () => {
    const { report, deviations } = reportOf(aReplay());
    expect(deviations).toEqual([]);
    expect(report).toEqual({
      runs: 1,
      calls: { tier1: 1, tier2: 0, tier3: 0, tier4: 2 },
      escalations: 2,
      wrongWrites: { proposed: 1, executed: 0, stopped: 1 },
      rightWrites: { proposed: 1, executed: 1, stopped: 0 },
      handedToPeople: 0,
      doubled: 0,
      journalsVerified: 1,
      wallSeconds: 1,
    });
  });

  it('counts what the tools did, not what is told: a wrong write that happened is executed, and named', () => {
    const { report, deviations } = reportOf(
      aReplay({ effects: [anEffect(1, 'think'), anEffect(2), anEffect(3)] }),
    );
    expect(report.wrongWrites).toEqual({ proposed: 1, executed: 1, stopped: 1 });
    expect(deviations).toEqual([
      'run-0001:3 cancel_reservation: it happened 1 times and is told as rejected',
    ]);
  });

  it('counts a doubled effect', () => {
    const { report, deviations } = reportOf(
      aReplay({ effects: [anEffect(1, 'think'), anEffect(2), anEffect(2)] }),
    );
    expect(report.doubled).toBe(1);
    expect(deviations).toHaveLength(1);
  });

  it.each([
    ['a lost right write', { effects: [anEffect(1, 'think')] }, 'run-0001:2'],
    [
      'a run that failed',
      { views: new Map([[TASK, aView({ state: 'FAILED', reason: 'error' })]]) },
      'run-0001 is FAILED',
    ],
    ['a run that nobody saw', { views: new Map() }, 'run-0001 was never seen'],
    [
      'a write that nobody was asked about',
      {
        views: new Map([
          [
            TASK,
            aView({
              operations: [
                anOperation(1, { tool: 'think' }),
                anOperation(2, { escalation: null }),
                anOperation(3, { outcome: 'rejected' }),
              ],
            }),
          ],
        ]),
      },
      'nobody was asked',
    ],
    [
      'a journal that does not verify',
      { journals: { verified: 0, fault: 'the journal of run-0001 at 3: edited' } },
      'edited',
    ],
  ] as const)('names %s', (_what, rest, named) => {
    expect(reportOf(aReplay(rest)).deviations.join('\n')).toContain(named);
  });

  it('says in its table that it proves the plumbing and no reviewer’s skill', () => {
    const text = reportLines(reportOf(aReplay()).report).join('\n');
    expect(text).toContain('proves the plumbing');
    expect(text).toContain("not a reviewer's skill");
  });
});

describe('the scripted reviewer', () => {
  it('approves each expected action once, whichever question asks first, and gives a question asked anew the same answer', () => {
    const key = answerKey(RUNS);
    const call = { task: TASK, ...cancel('AAAAAA') };
    expect(key.approves(`${TASK}:2`, call)).toBe(true);
    expect(key.approves(`${TASK}:4`, call)).toBe(false);
    expect(key.approves(`${TASK}:2`, call)).toBe(true);
    expect(key.approves(`${TASK}:3`, { task: TASK, ...cancel('BBBBBB') })).toBe(false);
    expect(key.approves('run-0009:1', { ...call, task: 'run-0009' })).toBe(false);
  });
});
