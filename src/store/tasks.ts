import type { Json, Readings } from '../domain/action.js';
import type { Digest, TaskId, TenantId } from '../domain/ids.js';
import { canonicalJson } from '../contract/canonical.js';
import { appendJournal } from './journal.js';
import { insertCalls } from './ledger.js';
import { sqlState, type Database, type Queries, type Transaction } from './database.js';

/** What was asked for at submit; frozen. `planner` names the planner and its settings. */
export interface TaskRequest {
  readonly goal: string;
  readonly situation: string;
  readonly readings: Readings;
  readonly planner: { readonly kind: string; readonly [key: string]: Json } | null;
  /** When the work should be done, in epoch milliseconds; absent = whenever. */
  readonly deadline?: number;
}

/** The authority for a task's agent, tenant and requester. */
export interface TaskRow {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly agent: string;
  readonly requester: string;
  readonly request: TaskRequest;
  readonly readyTool: string | null;
  readonly submittedAt: number;
  readonly runId: string | null;
  readonly state: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly closedAt: number | null;
  readonly requestDigest: Digest;
  readonly cancelAt: number | null;
}

/** A task to be written, with the ready-made action when there is one. */
export interface NewTask {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly agent: string;
  readonly requester: string;
  readonly request: TaskRequest;
  /** Over all of the request, to tell a repeat from another request under the same id. */
  readonly requestDigest: Digest;
  /** The web hook that is told when the task is closed. */
  readonly callback?: string;
  readonly ready: {
    readonly tool: string;
    readonly args: Json;
    readonly readings: Readings;
    readonly agentText: string | null;
    readonly question?: string;
  } | null;
}

const UNIQUE_VIOLATION = '23505';

const COLUMNS = `tenant, task, agent, requester, request, ready_tool as "readyTool", submitted_at as "submittedAt", run_id as "runId", state, reason,
  detail, closed_at as "closedAt", request_digest as "requestDigest", cancel_at as "cancelAt"`;

function parse(row: Omit<TaskRow, 'request'> & { request: string }): TaskRow {
  return { ...row, request: JSON.parse(row.request) as TaskRequest }; // written by writeTask below
}

/**
 * Writes a task once, in one round trip; a re-used id gives the first task back, `created: false`. `now` is read here
 * unless it was read with something else before; `within` writes beside the task.
 */
export async function submitTask(
  database: Database,
  task: NewTask,
  { now, within }: { readonly now?: number; readonly within?: (tx: Transaction) => void } = {},
): Promise<{ created: boolean; row: TaskRow }> {
  try {
    return { created: true, row: await writeTask(database, task, now ?? (await database.now()), within) };
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    const first = await findTask(database, task.tenant, task.task);
    if (!first) throw error;
    return { created: false, row: first };
  }
}

async function writeTask(
  database: Database,
  task: NewTask,
  now: number,
  within: ((tx: Transaction) => void) | undefined,
): Promise<TaskRow> {
  return database.transaction(async (tx) => {
    const inserted = tx.query<Omit<TaskRow, 'request'> & { request: string }>(
      `insert into tasks (tenant, task, agent, requester, request, request_digest, ready_tool, submitted_at, swept_at, callback)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) returning ${COLUMNS}`,
      [
        task.tenant,
        task.task,
        task.agent,
        task.requester,
        canonicalJson({ ...task.request }),
        task.requestDigest,
        task.ready?.tool ?? null,
        now,
        task.callback ?? null,
      ],
    );
    inserted.catch(() => undefined); // awaited below
    within?.(tx);
    if (task.ready)
      insertCalls(tx, {
        tenant: task.tenant,
        task: task.task,
        agent: task.agent,
        now,
        calls: [{ operation: 1, ...task.ready }],
      });
    const event = {
      id: 'submitted',
      type: 'task-submitted',
      body: { agent: task.agent, ready: task.ready?.tool ?? null, request: task.requestDigest },
      texts: { requester: task.requester, goal: task.request.goal },
    };
    const appended = tx.last(
      appendJournal(tx, { tenant: task.tenant, task: task.task, now, events: [event] }),
    );
    const [[row]] = await Promise.all([inserted, appended]);
    if (!row) throw new Error(`task ${task.tenant}/${task.task} was not written`);
    return parse(row);
  });
}

/** One task. */
export async function findTask(
  queries: Queries,
  tenant: TenantId,
  task: TaskId,
): Promise<TaskRow | undefined> {
  const [row] = await queries.query<Omit<TaskRow, 'request'> & { request: string }>(
    `select ${COLUMNS} from tasks where tenant = $1 and task = $2`,
    [tenant, task],
  );
  return row && parse(row);
}

/** Which of these tasks are closed, as `tenant/task`. */
export async function closedAmong(
  queries: Queries,
  tasks: readonly { readonly tenant: TenantId; readonly task: TaskId }[],
): Promise<ReadonlySet<string>> {
  const rows = await queries.query<{ name: string }>(
    `select t.tenant || '/' || t.task as name from unnest($1::text[], $2::text[]) as w (tenant, task)
     join tasks t on t.tenant = w.tenant and t.task = w.task where t.closed_at is not null`,
    [tasks.map(({ tenant }) => tenant), tasks.map(({ task }) => task)],
  );
  return new Set(rows.map(({ name }) => name));
}

/** Whether nothing keeps a task from being completed: it is open, nobody asked to cancel it, no halt is on it. Locks it: a cancel comes before or after. */
export async function lockCompletable(tx: Transaction, tenant: TenantId, task: TaskId): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from tasks where tenant = $1 and task = $2 and closed_at is null and cancel_at is null
       and not exists (select 1 from halts where tenant = $1 and scope = 'task' and target = $2 and lifted_at is null)
     for no key update of tasks`,
    [tenant, task],
  );
  return rows.length === 1;
}

/** A task's standing, which nobody changes before the transaction ends. Not shared: its journal may write the run into the row. */
export async function lockTask(
  tx: Transaction,
  tenant: TenantId,
  task: TaskId,
): Promise<Pick<TaskRow, 'task' | 'state' | 'closedAt'> | undefined> {
  const [row] = await tx.query<Pick<TaskRow, 'task' | 'state' | 'closedAt'>>(
    'select task, state, closed_at as "closedAt" from tasks where tenant = $1 and task = $2 for no key update',
    [tenant, task],
  );
  return row;
}

/** Closes a task; the first close stays. False when it was closed before. */
export async function closeTask(
  tx: Transaction,
  task: {
    tenant: TenantId;
    task: TaskId;
    state: 'COMPLETED' | 'FAILED';
    reason: string | null;
    detail: string;
    now: number;
  },
): Promise<boolean> {
  const rows = await tx.query(
    'update tasks set state = $3, reason = $4, detail = $5, closed_at = $6 where tenant = $1 and task = $2 and closed_at is null returning 1',
    [task.tenant, task.task, task.state, task.reason, task.detail, task.now],
  );
  return rows.length === 1;
}

/** Notes a request to cancel; the dispatcher sends it until the task is closed. False when it is closed already. */
export async function requestCancel(
  database: Database,
  cancel: { tenant: TenantId; task: TaskId; by: string; why: string },
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const now = await tx.now();
    const rows = await tx.query(
      `update tasks set cancel_at = coalesce(cancel_at, $3), cancel_by = coalesce(cancel_by, $4), cancel_why = coalesce(cancel_why, $5)
       where tenant = $1 and task = $2 and closed_at is null returning 1`,
      [cancel.tenant, cancel.task, now, cancel.by, cancel.why],
    );
    if (rows.length === 0) return false;
    await appendJournal(tx, {
      tenant: cancel.tenant,
      task: cancel.task,
      now,
      events: [
        {
          id: 'cancel-requested',
          type: 'cancel-requested',
          body: {},
          texts: { by: cancel.by, why: cancel.why },
        },
      ],
    });
    return true;
  });
}

/** Notes that Temporal has runs of these, for as long as they have not told of themselves. */
export async function markStarted(
  queries: Queries,
  tasks: readonly { readonly tenant: TenantId; readonly task: TaskId }[],
  now: number,
): Promise<void> {
  if (tasks.length === 0) return;
  await queries.query(
    `update tasks t set started_at = $3 from unnest($1::text[], $2::text[]) as s (tenant, task)
     where t.tenant = s.tenant and t.task = s.task and t.run_id is null and t.started_at is null`,
    [tasks.map(({ tenant }) => tenant), tasks.map(({ task }) => task), now],
  );
}

/** Has a task started again of which Temporal has no run any more, and which never told of one. */
export async function forgetStart(queries: Queries, tenant: TenantId, task: TaskId): Promise<void> {
  await queries.query(
    'update tasks set started_at = null where tenant = $1 and task = $2 and run_id is null',
    [tenant, task],
  );
}

/** Tasks of which no run is known although they were submitted a while ago; leased so that one dispatcher starts each. */
export async function leaseUnstarted(
  queries: Queries,
  now: number,
  leaseMs: number,
): Promise<readonly TaskRow[]> {
  const rows = await queries.query<Omit<TaskRow, 'request'> & { request: string }>(
    `update tasks set start_lease = $1::bigint + $2::bigint where (tenant, task) in
       (select tenant, task from tasks where run_id is null and started_at is null and closed_at is null and submitted_at <= $1::bigint - 1000 and start_lease <= $1
        order by submitted_at limit 50 for update skip locked)
     returning ${COLUMNS}`,
    [now, leaseMs],
  );
  return rows.map(parse);
}

/** Open tasks that somebody asked to cancel and that nobody told in the last while; leased. */
export async function leaseCancels(queries: Queries, now: number, leaseMs: number) {
  return queries.query<{ tenant: TenantId; task: TaskId }>(
    `update tasks set start_lease = $1::bigint + $2::bigint where (tenant, task) in
       (select tenant, task from tasks where cancel_at is not null and closed_at is null and start_lease <= $1 limit 50 for update skip locked)
     returning tenant, task`,
    [now, leaseMs],
  );
}

/** Has these tasks, as far as they are open, looked at by the next sweep. */
export async function hurrySweep(
  queries: Queries,
  tasks: readonly { readonly tenant: TenantId; readonly task: TaskId }[],
): Promise<void> {
  if (tasks.length === 0) return;
  await queries.query(
    `update tasks t set swept_at = 0 from unnest($1::text[], $2::text[]) as e (tenant, task)
     where t.tenant = e.tenant and t.task = e.task and t.closed_at is null`,
    [tasks.map(({ tenant }) => tenant), tasks.map(({ task }) => task)],
  );
}

/** Open tasks that were not looked at for a while, oldest first: their runs may have ended without closing. */
export async function leaseSweep(queries: Queries, now: number, everyMs: number) {
  return queries.query<{ tenant: TenantId; task: TaskId; runId: string | null }>(
    `update tasks set swept_at = $1 where (tenant, task) in
       (select tenant, task from tasks where closed_at is null and (run_id is not null or started_at is not null) and swept_at <= $1::bigint - $2::bigint
        order by swept_at limit 50 for update skip locked)
     returning tenant, task, run_id as "runId"`,
    [now, everyMs],
  );
}

/** The state as the store knows it: closed, paused by an open question, or running. */
const STATE = `case when closed_at is null and exists (select 1 from questions q where q.tenant = tasks.tenant and q.task = tasks.task
  and q.status = 'open') then 'PAUSED_PENDING_HUMAN' else state end`;

/** Tasks of a tenant by state and agent, newest first, after a cursor. */
export async function searchTasks(
  queries: Queries,
  filter: {
    tenant: TenantId;
    state?: string;
    agent?: string;
    before?: { submittedAt: number; task: string };
    limit: number;
  },
): Promise<readonly TaskRow[]> {
  const rows = await queries.query<Omit<TaskRow, 'request'> & { request: string }>(
    `select ${COLUMNS.replace(' state,', ` ${STATE} as state,`)} from tasks
     where tenant = $1 and ($2::text is null or ${STATE} = $2) and ($3::text is null or agent = $3)
       and ($4::bigint is null or (submitted_at, task) < ($4, $5))
     order by submitted_at desc, task desc limit $6`,
    [
      filter.tenant,
      filter.state ?? null,
      filter.agent ?? null,
      filter.before?.submittedAt ?? null,
      filter.before?.task ?? '',
      filter.limit,
    ],
  );
  return rows.map(parse);
}
