import {
  type CancellationScope,
  condition,
  isCancellation,
  patched,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Carry } from '../activities/api.js';
import { decide, isClosed } from '../domain/decide.js';
import type { DecisionMessage } from '../domain/decision.js';
import type { Refusal } from '../domain/errors.js';
import type { Command, Escalation, FailureReason, State } from '../domain/escalation.js';
import { evolve } from '../domain/evolve.js';
import { factOf } from '../domain/facts.js';
import { escalationId, type HaltId } from '../domain/ids.js';
import { foldTask } from '../domain/task.js';
import { toolLabel } from '../domain/tool-name.js';
import { now } from './clock.js';
import { codeOf } from './failure.js';
import { Inbox } from './inbox.js';
import { JournalBuffer } from './journal-buffer.js';
import type { Carryover, Passage, TaskInput, TaskView } from './messages.js';

/** Why the task ends before its agent is done, once nothing of it is under way any more. */
export interface Ending {
  readonly reason: FailureReason;
  /** An error code, the id of a halt, or of the decision that took it over. */
  readonly detail: string;
}

const FRESH: Carryover = {
  step: 0,
  nextOperation: 1,
  branches: [],
  inbox: { handled: [], dismissed: [], waiting: [] },
  head: null,
  events: [],
  planning: true,
  nudged: false,
  path: [],
};
const MAX_PATH = 50;
/** Since then a decision that this run is not ready for is not refused for good. */
const HEARD_AGAIN = 'heard-again';
/** Since then nor is one for which there was no room. */
const COME_AGAIN = 'come-again';
/** Since then one about a later round has it look whether the store asked that. */
const LOOKED_FURTHER = 'looked-further';
/** Settled branches kept for the view and for whoever decides late. */
const MAX_CLOSED = 100;

/** The state of one run of a task, and the one way to change it. */
export class TaskRun {
  readonly identity: Omit<Carry, 'events'>;
  readonly journal: JournalBuffer;
  readonly inbox: Inbox;
  readonly #input: TaskInput;
  readonly #branches: Map<number, Escalation>;
  readonly #path: Passage[];
  /** By operation: where it stood when a decision about a later round came, which the store may have asked. */
  readonly #overtaken = new Map<number, Escalation>();
  #calls = 0;
  #turn: Promise<unknown> | null = null;
  #ending: Ending | null = null;
  step: number;
  nextOperation: number;
  /** The planner has not yet said that the task is done. */
  planning: boolean;
  /** Somebody said that there is news about halts or delivery in the store. */
  nudged: boolean;
  /** The run hands over to a next one: nothing new is started. */
  leaving = false;
  /** No branch is under way any more. */
  closing = false;
  /** The attendant is at work: the task cannot close yet. */
  attending = false;
  #completed = false;
  /** Cancelled when the task ends before the planner answered. */
  planScope: CancellationScope | null = null;

  constructor(input: TaskInput) {
    const from = input.resume ?? FRESH;
    const { runId } = workflowInfo();
    this.#input = input;
    this.identity = { tenant: input.tenant, task: input.task, runId };
    this.journal = new JournalBuffer(runId, from);
    this.inbox = new Inbox(from.inbox);
    this.#branches = new Map(from.branches.map((branch) => [branch.operation, branch]));
    this.#path = [...from.path];
    this.step = from.step;
    this.nextOperation = from.nextOperation;
    this.planning = input.ready === null && from.planning;
    this.nudged = from.nudged;
    if (input.ready !== null && input.resume === undefined) this.open(1, input.ready.tool);
    this.#passed();
  }

  /** Why the task ends early; null while its agent may complete it. */
  get ending(): Ending | null {
    return this.#ending;
  }

  get branches(): readonly Escalation[] {
    return [...this.#branches.values()];
  }

  get state(): State {
    const fold = foldTask(this.branches, this.planning);
    return this.#ending !== null && this.branches.every(isClosed) ? endState(this.#ending) : fold;
  }

  /** The store closed the task with its last call: whatever would end it otherwise came too late, and nothing is left to be told. */
  get completed(): boolean {
    return this.#completed;
  }

  branch(operation: number): Escalation | undefined {
    return this.#branches.get(operation);
  }

  /** How an operation is called in summaries. */
  label(operation: number): string {
    return `${toolLabel(this.branch(operation)?.tool ?? '')} (operation ${operation})`;
  }

  /** Begins the branch of a proposed operation. Its tier is the strictest until the policy said otherwise. */
  open(operation: number, tool: string): void {
    const escalation = escalationId(this.#input.task, operation);
    const rest = { generation: 1, round: 1, queued: false, askBy: null } as const;
    this.#branches.set(operation, {
      escalation,
      operation,
      tool,
      tier: 4,
      since: now(),
      status: 'JUDGED',
      ...rest,
    });
    this.nextOperation = Math.max(this.nextOperation, operation + 1);
    this.#passed();
  }

  /** Applies a command: the only way a branch changes. The refusal, if it does not apply. */
  apply(operation: number, command: Command): Refusal | null {
    const before = this.#branches.get(operation);
    if (before === undefined) return { refused: 'not-found', detail: `there is no operation ${operation}` };
    const answer = decide(before, command);
    if ('refused' in answer) return answer;
    for (const event of answer) {
      this.#branches.set(operation, evolve(this.#branches.get(operation) ?? before, event, now()));
      const fact = factOf(event);
      if (fact !== null && !this.#completed) this.journal.note(event.type, operation, fact);
      this.#passed();
      if (event.type === 'failed') this.end(event.reason, event.detail);
    }
    return null;
  }

  /**
   * Refuses a decision on record; for good, unless what it came second to may be forged, its question comes after a reset, or another moment
   * may take it: then the store offers it again.
   */
  refuse(decision: DecisionMessage, refusal: Refusal): void {
    const later = this.#mayCountLater(decision, refusal);
    if (!later && refusal.refused !== 'already-decided' && refusal.refused !== 'not-found')
      this.inbox.dismiss(decision);
    this.journal.noteRefusal(decision, refusal, { settles: !later });
    const branch = this.branch(decision.operation);
    if (branch !== undefined && later && refusal.refused === 'stale' && patched(LOOKED_FURTHER))
      this.#overtaken.set(decision.operation, branch);
  }

  /** Whether a decision about a later round came, perhaps a forged one, since the store was looked at. */
  isOvertaken(state: Escalation): boolean {
    return this.#overtaken.get(state.operation) === state;
  }

  /** The store is being looked at. */
  look({ operation }: Escalation): void {
    this.#overtaken.delete(operation);
  }

  /** This run may stand a rung or a round behind the store, or have no room for one more that waits: a flood of forgeries may fill it. */
  #mayCountLater({ operation, round }: DecisionMessage, { refused }: Refusal): boolean {
    if (refused === 'pending') return patched(COME_AGAIN);
    const branch = this.branch(operation);
    const question = branch !== undefined && 'question' in branch ? branch.question : null;
    const behind =
      refused === 'too-late' || (refused === 'stale' && question !== null && round > question.round);
    return behind && patched(HEARD_AGAIN);
  }

  /** Ends the task. The first reason counts; a call under way is waited for, everything else that is open ends now. */
  end(reason: FailureReason, detail: string): void {
    if (this.#ending !== null || this.#completed) return;
    this.#ending = { reason, detail };
    for (const branch of this.branches) if (branch.status !== 'RESUMING') this.endBranch(branch.operation);
    this.planScope?.cancel();
  }

  /** Whether the task is complete once this operation ran. */
  endsWith(operation: number): boolean {
    const rest = this.branches.filter((branch) => branch.operation !== operation);
    return !this.planning && this.#ending === null && rest.every(isClosed);
  }

  /** Hears that the store closed the task with the call that just ran. */
  complete(): void {
    this.#completed = true;
    this.#ending = null;
  }

  /** Ends the task by what an activity threw. Anything else is a defect of ours and fails the workflow task, not the workflow. */
  endBy(error: unknown): void {
    if (isCancellation(error)) return this.end('cancelled', 'requested');
    if (!(error instanceof TemporalFailure)) throw error;
    this.end('error', codeOf(error));
  }

  /** Gives an open branch the task's own ending. */
  endBranch(operation: number): void {
    const branch = this.branch(operation);
    if (this.#ending === null || branch === undefined || isClosed(branch)) return;
    this.apply(operation, endCommand(this.#ending));
  }

  /** Runs one after the other, in the order of asking, whatever became of the ones before. */
  async inTurn<T>(run: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const mine = before === null ? run() : before.then(run, run);
    this.#turn = mine;
    try {
      return await mine;
    } finally {
      if (this.#turn === mine) this.#turn = null;
    }
  }

  callStarted(): void {
    this.#calls += 1;
  }

  callEnded(): void {
    this.#calls -= 1;
  }

  /** Whether the history is long enough for a next run and nothing is under way. */
  mayLeave(): boolean {
    const over = this.#ending !== null || this.#completed;
    return this.leaving || (workflowInfo().continueAsNewSuggested && this.#calls === 0 && !over);
  }

  /** Waits for a change, until epoch milliseconds `deadline` at most. Whoever waits looks at the state afterwards, at nothing else. */
  async until(changed: () => boolean, deadline: number | null): Promise<void> {
    const wake = (): boolean => changed() || this.mayLeave();
    if (deadline === null) await condition(wake);
    else if (deadline > now()) await condition(wake, deadline - now());
    this.leaving = this.mayLeave();
  }

  /** Drops the oldest closed branches; the ledger and the journal keep them. */
  forgetClosed(): void {
    const closed = this.branches.filter(isClosed);
    for (const { operation } of closed.slice(0, -MAX_CLOSED)) this.#branches.delete(operation);
  }

  view(): TaskView {
    return {
      state: this.state,
      since: this.#path.at(-1)?.at ?? 0,
      branches: this.branches,
      path: [...this.#path],
      head: this.journal.head,
    };
  }

  /** All that the next run needs. */
  carryOver(): TaskInput {
    const { step, nextOperation, planning, nudged, branches } = this;
    const { head } = this.journal;
    const resume: Carryover = {
      step,
      nextOperation,
      planning,
      nudged,
      branches,
      head,
      events: this.journal.unacknowledged(),
      inbox: this.inbox.state(),
      path: [...this.#path],
    };
    return { ...this.#input, resume };
  }

  #passed(): void {
    const { state } = this;
    if (this.#path.at(-1)?.state !== state) this.#path.push({ state, at: now() });
    this.#path.splice(0, this.#path.length - MAX_PATH);
  }
}

/** How a task ends: people who finish it themselves complete it. */
export function endState(ending: Ending | null): 'COMPLETED' | 'FAILED' {
  return ending === null || ending.reason === 'taken-over' ? 'COMPLETED' : 'FAILED';
}

function endCommand({ reason, detail }: Ending): Command {
  switch (reason) {
    case 'halted':
      return { type: 'halt', scope: 'task', halt: detail as HaltId }; // that is what the detail of this reason is
    case 'cancelled':
      return { type: 'cancel', detail };
    case 'error':
    case 'fallback':
    case 'taken-over':
      return { type: 'fail', reason, detail };
  }
}
