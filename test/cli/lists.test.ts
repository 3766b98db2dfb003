import { describe, expect, it } from 'vitest';
import { columns } from '../../src/cli/render/layout.js';
import { showTasks } from '../../src/cli/render/lists.js';
import type { TaskPage } from '../../src/contract/http.js';
import type { TaskId, TenantId } from '../../src/domain/ids.js';

const NOON = Date.UTC(2026, 10, 21, 12);

function aTask(task: string): TaskPage['tasks'][number] {
  return {
    task: task as TaskId,
    tenant: 'default' as TenantId,
    agent: 'support',
    requester: 'mia',
    deadline: null,
    submittedAt: NOON,
    closedAt: null,
    reason: null,
    detail: '',
    state: 'PAUSED_PENDING_HUMAN',
    since: NOON,
  };
}

describe('showTasks', () => {
  // Seen to fail: one long name pushed the state of every task out of the picture.
  it.each([60, 80, 140])('shows the state of every task beside one with a long name: %i columns', (width) => {
    const long = `nightly-${'x'.repeat(92)}`;
    const lines = showTasks([aTask('read-1'), aTask(long)], { width, now: NOON, zone: 'UTC' });
    expect(lines.filter((line) => line.includes('PAUSED_PENDING_HUMAN'))).toHaveLength(2);
    expect(lines).toContainEqual(expect.stringMatching(/^read-1 +PAUSED_PENDING_HUMAN  support/));
    expect(lines.join('').replaceAll(/\s/g, '')).toContain(long);
    for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(width);
  });
});
