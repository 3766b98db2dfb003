import type { Client } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';

/** What the history of a closed run says. */
export interface HistoryFacts {
  readonly events: number;
  readonly workflowTasks: number;
  /** When the run closed, epoch milliseconds by the server's clock. */
  readonly closedAtWall: number;
}

/** temporal.api.enums.v1.EventType */
const WORKFLOW_TASK_COMPLETED = 7;
const AT_ONCE = 8;

/** Reads the histories of these runs, a few at a time. */
export async function readHistories(client: Client, ids: readonly string[]): Promise<HistoryFacts[]> {
  const facts: HistoryFacts[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE)
    facts.push(...(await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => readHistory(client, id)))));
  return facts;
}

async function readHistory(client: Client, id: string): Promise<HistoryFacts> {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  const types = (events ?? []).map((event) => Number(event.eventType));
  return {
    events: types.length,
    workflowTasks: types.filter((type) => type === WORKFLOW_TASK_COMPLETED).length,
    closedAtWall: tsToMs(events?.at(-1)?.eventTime),
  };
}
