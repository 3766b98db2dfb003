import { randomUUID } from 'node:crypto';
import type { ProposedCall } from '../contract/case-file.js';
import { idempotencyKey, undoKey } from '../contract/digest.js';
import { GRACE_MS, mayRepeat } from '../contract/repeat.js';
import { ToolFailure, type Tool } from '../contract/tool.js';
import type { Json } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { Verdict } from '../domain/verdict.js';
import type { History, JudgeInput } from '../policy/case.js';
import { judgeInputOf } from '../policy/judge-case.js';
import { playCall } from '../policy/play-call.js';
import { playingOf } from '../policy/play-given.js';
import type { Review } from '../policy/play-people.js';
import type { Played, PlayedStep, StepEnd } from '../policy/play-state.js';
import { type FakeClock, fakeClock } from './clock.js';
import { callOf, type GivenTools, policyOf, toolsOf } from './given.js';

/** What a fake gate is made of. */
export interface FakeGateOptions {
  /** The policy file's text. */
  readonly policy: string;
  readonly tools: GivenTools;
  /** Who answers what; see `scripted`. Default: nobody answers. */
  readonly review?: Review;
  readonly clock?: FakeClock;
}

/** What became of one proposed call. */
export type FakeRun = Played;

/** One call that a tool really got. */
export interface FakeEffect {
  readonly tool: string;
  readonly args: Json;
  readonly idempotencyKey: string;
}

/** A gate in memory: it judges, asks the reviewers given, runs tools under a key, and counts. No server, no signatures, no journal. */
export interface FakeGate {
  /** Everything that tools were called with, in order. */
  readonly effects: readonly FakeEffect[];
  readonly clock: FakeClock;
  /** One call from proposal to outcome. What earlier ones counted and came to is judged too. */
  propose(call: Omit<ProposedCall, 'at' | 'counted' | 'history' | 'facts' | 'impact'>): Promise<FakeRun>;
}

/** Makes one. Throws with every problem of the policy by line. */
export function fakeGate(options: FakeGateOptions): FakeGate {
  const tools = toolsOf(options.tools);
  const policy = policyOf(options.policy, tools);
  const clock = options.clock ?? fakeClock();
  const review = options.review ?? (() => null);
  const effects: FakeEffect[] = [];
  const memory = remembering();
  const task = `testing-${randomUUID()}` as TaskId; // another one each time: the world under test may remember keys
  let operation = 0;
  return {
    effects,
    clock,
    async propose(given) {
      operation += 1;
      const call = callOf({ ...given, at: clock.iso() });
      const { recall } = memory;
      const playing = playingOf({ policy, call, tools, clock, review, recall });
      const hand = { tool: playing.tool, task, operation, clock, effects, results: [] };
      const course = playCall(playing);
      let step = course.next();
      while (step.done !== true) step = course.next(await endOf(step.value, hand));
      memory.note(judgeInputOf(policy, call, tools), step.value.verdict, step.value.outcome);
      return step.value;
    },
  };
}

/** What carries out the steps of one proposal. */
interface Hand {
  readonly tool: Tool | undefined;
  readonly task: TaskId;
  readonly operation: number;
  readonly clock: FakeClock;
  readonly effects: FakeEffect[];
  /** What the tool gave, newest last: an undo is handed it. */
  readonly results: Json[];
}

async function endOf({ do: what, args, generation }: PlayedStep, hand: Hand): Promise<StepEnd> {
  const { tool, task, operation } = hand;
  const read = tool?.normaliseArgs(args);
  if (tool === undefined || read === undefined || 'problems' in read) return { kind: 'failed' };
  const tenant = 'testing' as TenantId; // nobody's in particular
  const effect = { tenant, task, operation, generation };
  const context = { tenant, task, operation };
  if (what === 'undo') {
    const { undo } = tool;
    if (undo === null) return { kind: 'failed' };
    const made = (signal: AbortSignal) =>
      undo(read.args, hand.results.at(-1) ?? null, { ...context, idempotencyKey: undoKey(effect), signal });
    return oneCall(tool, made);
  }
  const key = idempotencyKey(effect);
  const end = await repeated(tool, hand.clock, (signal) => {
    hand.effects.push({ tool: tool.name, args: read.args, idempotencyKey: key });
    return tool.run(read.args, { ...context, idempotencyKey: key, signal });
  });
  if (end.kind === 'done') hand.results.push(end.result);
  return end;
}

type Make = (signal: AbortSignal) => Promise<Json>;

/** Calls until something is known, as often as harms nobody; the clock moves on to when an attempt must be over. */
async function repeated(tool: Tool, clock: FakeClock, make: Make): Promise<StepEnd> {
  const firstCalledAt = clock.now();
  for (let attempt = 1; ; attempt += 1) {
    const end = await oneCall(tool, make);
    if (end.kind !== 'unknown' || !mayRepeat(tool, { firstCalledAt, attempt }, clock.now())) return end;
    clock.advance(tool.timeoutMs + GRACE_MS);
    if (!mayRepeat(tool, { firstCalledAt, attempt }, clock.now())) return end;
  }
}

/** One call, until the tool's own time is over: then nobody knows. */
async function oneCall(tool: Tool, make: Make): Promise<StepEnd> {
  const controller = new AbortController();
  const made = make(controller.signal).then(
    (result): StepEnd => ({ kind: 'done', result }),
    (error: unknown): StepEnd => ({
      kind: error instanceof ToolFailure || tool.tier === 1 ? 'failed' : 'unknown',
    }),
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<StepEnd>((resolve) => {
    timer = setTimeout(() => {
      controller.abort(new Error(`${tool.name} took longer than ${tool.timeoutMs} ms`));
      resolve({ kind: 'unknown' });
    }, tool.timeoutMs);
  });
  return Promise.race([made, late]).finally(() => clearTimeout(timer));
}

/** Counters and track records, as the store keeps them: what is known not to have happened counts nowhere. */
function remembering() {
  const counters = new Map<string, number>();
  const histories = new Map<string, History>();
  const pair = ({ task, action }: JudgeInput) => `${task.agent} ${action.tool}`;
  const NONE: History = { executed: 0, rejected: 0, failed: 0 };
  return {
    recall(input: JudgeInput): JudgeInput {
      return {
        ...input,
        counters: Object.fromEntries(counters),
        history: histories.get(pair(input)) ?? NONE,
      };
    },
    note(input: JudgeInput, verdict: Verdict, outcome: FakeRun['outcome']): void {
      if (outcome === 'executed' || outcome === 'unknown' || outcome === 'undone')
        for (const { key, amount } of verdict.reservations)
          counters.set(key, (counters.get(key) ?? 0) + amount);
      const record = outcome === 'undone' ? 'rejected' : outcome;
      if (record !== 'executed' && record !== 'rejected' && record !== 'failed') return;
      const before = histories.get(pair(input)) ?? NONE;
      histories.set(pair(input), { ...before, [record]: before[record] + 1 });
    },
  };
}
