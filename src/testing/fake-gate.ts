import type { ProposedCall } from '../contract/case-file.js';
import { idempotencyKey } from '../contract/digest.js';
import { ToolFailure, type Tool } from '../contract/tool.js';
import type { Json } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import { asksFirst, type Verdict } from '../domain/verdict.js';
import type { History, JudgeInput } from '../policy/case.js';
import { judge } from '../policy/judge.js';
import { judgeInputOf } from '../policy/judge-case.js';
import { type FakeClock, fakeClock } from './clock.js';
import { askAll, type Asked, type Review } from './fake-reviewers.js';
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
export interface FakeRun extends Asked {
  readonly verdict: Verdict;
  /** `unanswered`: the policy's fallback (`verdict.ladder.fallback`) applies. `failed`: the tool said that it did not happen; `unknown`: it threw anything else. */
  readonly outcome: 'executed' | 'rejected' | 'unanswered' | 'stopped' | 'failed' | 'unknown';
  /** What the tool returned; null when it did not. */
  readonly result: Json;
}

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
      const input = memory.recall(judgeInputOf(policy, call, tools));
      const verdict = judge(input);
      const asked = asksFirst(verdict.level)
        ? askAll({ policy, verdict, call, clock, review })
        : { questions: [], refused: [], decision: null };
      const tool = tools.get(call.tool);
      const ended = await endOf({ verdict, asked, tool, call, operation, effects });
      memory.note(input, verdict, ended.outcome);
      return { ...asked, verdict, ...ended };
    },
  };
}

type Ended = Pick<FakeRun, 'outcome' | 'result'>;

async function endOf(made: {
  readonly verdict: Verdict;
  readonly asked: Asked;
  readonly tool: Tool | undefined;
  readonly call: ProposedCall;
  readonly operation: number;
  readonly effects: FakeEffect[];
}): Promise<Ended> {
  const { verdict, asked, tool, call } = made;
  if (verdict.level === 'stop') return { outcome: 'stopped', result: null };
  if (asked.decision?.verb === 'reject') return { outcome: 'rejected', result: null };
  if (asksFirst(verdict.level) && asked.decision === null) return { outcome: 'unanswered', result: null };
  const read = tool?.normaliseArgs(call.args ?? {});
  if (tool === undefined || read === undefined || 'problems' in read)
    return { outcome: 'failed', result: null };
  const [tenant, task] = ['testing' as TenantId, 'testing' as TaskId]; // nobody's in particular
  const { operation } = made;
  const key = idempotencyKey({ tenant, task, operation, generation: 1 });
  made.effects.push({ tool: tool.name, args: read.args, idempotencyKey: key });
  try {
    const signal = new AbortController().signal;
    return {
      outcome: 'executed',
      result: await tool.run(read.args, { idempotencyKey: key, signal, tenant, task, operation }),
    };
  } catch (error) {
    return { outcome: error instanceof ToolFailure ? 'failed' : 'unknown', result: null };
  }
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
      if (outcome === 'executed' || outcome === 'unknown')
        for (const { key, amount } of verdict.reservations)
          counters.set(key, (counters.get(key) ?? 0) + amount);
      if (outcome !== 'executed' && outcome !== 'rejected' && outcome !== 'failed') return;
      const before = histories.get(pair(input)) ?? NONE;
      histories.set(pair(input), { ...before, [outcome]: before[outcome] + 1 });
    },
  };
}
