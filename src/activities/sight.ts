import { anomaliesIn } from '../policy/anomalies.js';
import { ownerRoleOf } from '../policy/roster.js';
import { sightAnomalies } from '../store/anomalies.js';
import type { Transaction } from '../store/database.js';
import type { JournalEvent } from '../store/journal.js';
import type { TaskRow } from '../store/tasks.js';
import type { Fresh } from './prepare.js';

/** Records the anomalies of a round that was just stored, which happens once; answers what to journal of those that opened again. */
export async function sight(
  tx: Transaction,
  {
    task,
    fresh,
    now,
  }: { readonly task: TaskRow; readonly fresh: Pick<Fresh, 'row' | 'policy'>; readonly now: number },
): Promise<readonly JournalEvent[]> {
  const { tenant, agent, request } = task;
  const { row, policy } = fresh;
  const { tool, operation, generation, round } = row;
  const call = { tenant, agent, tool, situation: request.situation };
  const classes = anomaliesIn(policy, call, row.verdict);
  if (classes.length === 0) return [];
  const owner = ownerRoleOf(policy, agent);
  const reopened = await sightAnomalies(tx, { ...call, owner, task: task.task, operation, classes, now });
  return reopened.map((anomaly) => ({
    id: `anomaly-reopened/${operation}.${generation}.${round}/${anomaly}`,
    type: 'anomaly-reopened',
    body: { operation, generation, round, anomaly },
  }));
}
