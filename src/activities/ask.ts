import { CountersignError } from '../domain/errors.js';
import { withMembers } from '../policy/roster.js';
import type { Transaction } from '../store/database.js';
import { haltsOver, type HaltInForce } from '../store/halts.js';
import type { JournalEvent } from '../store/journal.js';
import { callsOf, clearQueued, lockCalls } from '../store/ledger.js';
import { enqueueNotices } from '../store/outbox.js';
import {
  closeEarlierRounds,
  findQuestion,
  isRefusal,
  latestQuestion,
  lockQuestion,
  openQuestion,
  reopenQuestion,
  type QuestionRow,
  type RoundRef,
} from '../store/questions.js';
import { readStaff, type Staff } from '../store/staff.js';
import { findTask, lockTask, type TaskRow } from '../store/tasks.js';
import type { AskInput, AskResult } from './api.js';
import { journal } from './carry.js';
import { asked, climb, deliver, questionOf, type Told } from './desk.js';
import type { ActivityDeps } from './ports.js';
import { prepare, type Fresh } from './prepare.js';
import { sight } from './sight.js';

/**
 * Judges a call and, where a person is needed, puts the question on a desk. Keyed by operation, generation, round and rung: a repeat
 * returns what was stored, with the decisions that came since; a run that was reset gets the round that is open by now.
 */
export async function ask(deps: ActivityDeps, input: AskInput): Promise<AskResult> {
  const { database } = deps;
  const ref: RoundRef = {
    tenant: input.tenant,
    task: input.task,
    operation: input.operation,
    generation: input.generation,
    round: input.round,
  };
  const [task, calls, stored, policy, staff, now] = await database.reads((queries) =>
    Promise.all([
      findTask(queries, input.tenant, input.task),
      callsOf(queries, input.tenant, input.task),
      findQuestion(queries, ref),
      deps.policies.active(queries, input.tenant),
      readStaff(queries, input.tenant),
      queries.now(),
    ]),
  );
  const call = calls.find((row) => row.operation === input.operation && row.generation === input.generation);
  if (!task || !call)
    throw new CountersignError(
      'not-found',
      `operation ${input.operation} of task ${input.task} is not in the ledger`,
    );

  refuseFailed(task);
  const fresh = stored ? undefined : await prepare(deps, { input, task, call, calls, policy, now });
  const answer = await database.transaction(async (tx) => {
    lockCalls(tx, ref);
    // Preparing takes as long as a preview does: meanwhile the task may have been closed, and from here on it waits.
    const [standing, { inForce, lastLiftAt }, now] = await Promise.all([
      lockTask(tx, input.tenant, input.task),
      haltsOver(tx, task),
      tx.now(),
    ]);
    if (standing) refuseFailed(standing);
    const asking = { input, ref, task, staff, now };
    const told = fresh
      ? await open(tx, deps, { ...asking, fresh, halt: inForce[0], lastLiftAt })
      : await again(tx, deps, asking);
    return { ...told.answer, head: await tx.last(journal(tx, input, now, told.events)) };
  });
  await deps.point?.('ask-stored', { task: input.task, operation: input.operation });
  return answer;
}

function refuseFailed({ task, state, closedAt }: Pick<TaskRow, 'task' | 'state' | 'closedAt'>): void {
  if (closedAt !== null && state === 'FAILED')
    throw new CountersignError('not-open', `task ${task} has failed: nobody is asked for it any more`);
}

interface Asking {
  readonly input: AskInput;
  readonly ref: RoundRef;
  readonly task: TaskRow;
  readonly staff: Staff;
  readonly now: number;
}

type Opening = Asking & {
  readonly fresh: Fresh;
  readonly halt: HaltInForce | undefined;
  /** Of the halts that covered the task; 0 = never. */
  readonly lastLiftAt: number;
};

async function open(tx: Transaction, deps: ActivityDeps, asking: Opening): Promise<Told> {
  const { input, ref, task, fresh, halt, lastLiftAt, now } = asking;
  // Under a halt nobody could have taken it: what it waits outside a full desk counts from the end of the last one.
  if (lastLiftAt > 0) clearQueued(tx, ref, lastLiftAt);
  if (halt) {
    const question = questionOf(
      { ...fresh.row, rung: input.rung, role: fresh.row.verdict.ladder.rungs[0]?.role ?? '', answerBy: null },
      null,
    );
    return {
      answer: {
        kind: 'halted',
        tier: fresh.row.tier,
        halt: halt.id,
        scope: halt.scope === 'task' ? 'task' : 'wider',
        question,
      },
      events: [],
    };
  }
  if (fresh.row.status === 'permitted') {
    const first = await openQuestion(tx, { ...fresh.row, askedAt: now });
    closeEarlierRounds(tx, fresh.row, now);
    if (first) tell(tx, deps, fresh.row, now);
    const seen = first ? await sight(tx, asking) : [];
    return {
      answer: { kind: 'permitted', tier: fresh.row.tier },
      events: [judged(fresh.row, input), ...seen],
    };
  }
  const told = await deliver(tx, deps, {
    row: { ...fresh.row, askedAt: now },
    rung: input.rung,
    forOwner: input.forOwner === true,
    requester: task.requester,
    policy: withMembers(fresh.policy, asking.staff.members),
    staff: asking.staff,
    now,
  });
  // Another worker may have asked the same between our look and now: then what it stored is the answer.
  if (told === 'asked-before') return again(tx, deps, asking);
  if (told.answer.kind !== 'asked') return told;
  return { ...told, events: [judged(fresh.row, input), ...told.events, ...(await sight(tx, asking))] };
}

/** At level `notify` a role hears of what runs without it. */
function tell(tx: Transaction, deps: ActivityDeps, row: QuestionRow, now: number): void {
  const { tell: role } = row.verdict;
  if (role !== undefined)
    enqueueNotices(tx, { ...row, kind: 'notice', channels: deps.channels, role, dueAt: now });
}

async function again(tx: Transaction, deps: ActivityDeps, asking: Asking): Promise<Told> {
  const { input, ref, now } = asking;
  const row = await lockQuestion(tx, ref);
  if (!row)
    throw new CountersignError(
      'internal',
      `round ${ref.round} of ${ref.task}:${ref.operation} vanished while it was being asked`,
    );
  if (row.status === 'permitted') return { answer: { kind: 'permitted', tier: row.tier }, events: [] };
  const newest = await latestQuestion(tx, ref, 'lock');
  if (newest && newest.round > row.round) return { answer: await standingOf(tx, newest), events: [] };
  if (row.rung >= input.rung) return { answer: await standingOf(tx, row), events: [] };
  const policy = await deps.policies.active(tx, ref.tenant);
  return climb(tx, deps, {
    row,
    rung: input.rung,
    forOwner: input.forOwner === true,
    requester: asking.task.requester,
    policy: withMembers(policy, asking.staff.members),
    staff: asking.staff,
    now,
  });
}

/** A round that is closed because its call was refused, with nobody's word left and no round after it, is put on the desk again. */
async function standingOf(tx: Transaction, row: QuestionRow): Promise<Told['answer']> {
  const answer = await asked(tx, row);
  const heard = answer.kind === 'asked' && answer.decisions.length > 0;
  if (!heard && row.status === 'closed' && isRefusal(row.closedAs)) reopenQuestion(tx, row);
  return answer;
}

function judged(row: QuestionRow, input: AskInput): JournalEvent {
  const { verdict } = row;
  return {
    id: `judged/${row.operation}.${row.generation}.${row.round}`,
    type: 'judged',
    body: {
      operation: row.operation,
      generation: row.generation,
      round: row.round,
      tool: row.tool,
      toolVersion: row.toolVersion,
      tier: row.tier,
      level: verdict.level,
      reason: input.reason,
      rules: verdict.fired.map((fired) => fired.rule),
      policy: verdict.policyHash,
      policyVersion: verdict.policyVersion,
      digest: row.digest,
    },
  };
}
