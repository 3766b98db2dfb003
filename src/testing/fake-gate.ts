import type { ProposedCall } from '../contract/case-file.js';
import { idempotencyKey, undoKey } from '../contract/digest.js';
import { ToolFailure, type Tool } from '../contract/tool.js';
import type { RunContext } from '../contract/tool-definition.js';
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
  let operation = 0;
  return {
    effects,
    clock,
    async propose(given) {
      operation += 1;
      const call = callOf({ ...given, at: clock.iso() });
      const { recall } = memory;
      const playing = playingOf({ policy, call, tools, clock, review, recall });
      const hand = { tool: playing.tool, operation, effects, results: [] };
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
  readonly operation: number;
  readonly effects: FakeEffect[];
  /** What the tool gave, newest last: an undo is handed it. */
  readonly results: Json[];
}

async function endOf({ do: what, args, generation }: PlayedStep, hand: Hand): Promise<StepEnd> {
  const { tool, operation } = hand;
  const read = tool?.normaliseArgs(args);
  if (tool === undefined || read === undefined || 'problems' in read) return { kind: 'failed' };
  const [tenant, task] = ['testing' as TenantId, 'testing' as TaskId]; // nobody's in particular
  const effect = { tenant, task, operation, generation };
  const key = what === 'undo' ? undoKey(effect) : idempotencyKey(effect);
  const context = {
    idempotencyKey: key,
    signal: new AbortController().signal,
    tenant,
    task,
    operation,
  };
  if (what === 'run') hand.effects.push({ tool: tool.name, args: read.args, idempotencyKey: key });
  try {
    if (what === 'undo') return await undone(tool, read.args, { hand, context });
    const result = await tool.run(read.args, context);
    hand.results.push(result);
    return { kind: 'done', result };
  } catch (error) {
    return { kind: error instanceof ToolFailure ? 'failed' : 'unknown' };
  }
}

async function undone(
  { undo }: Tool,
  args: Json,
  { hand, context }: { readonly hand: Hand; readonly context: RunContext },
): Promise<StepEnd> {
  if (undo === null) return { kind: 'failed' };
  return { kind: 'done', result: await undo(args, hand.results.at(-1) ?? null, context) };
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
      if (outcome !== 'executed' && outcome !== 'rejected' && outcome !== 'failed') return;
      const before = histories.get(pair(input)) ?? NONE;
      histories.set(pair(input), { ...before, [outcome]: before[outcome] + 1 });
    },
  };
}
