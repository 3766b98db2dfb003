import { z } from 'zod';
import type { Readings } from '../../domain/action.js';
import { CountersignError } from '../../domain/errors.js';
import type { TenantId } from '../../domain/ids.js';
import { freeText } from '../../contract/fields.js';
import { limited } from '../../contract/time-limit.js';
import { scrubberOf } from '../../contract/secret.js';
import type { Toolbox } from '../load-tools.js';
import type { Planner, Proposal } from '../ports.js';
import { readAnswer, type Faulty } from './model-answer.js';
import { complete, type ModelEndpoint } from './model-endpoint.js';
import { conversation, correction, type Message } from './model-messages.js';
import { offered, toolNames } from './model-tools.js';

/** How often a model is asked again within one step after an answer that cannot be taken. */
const MOST_CORRECTIONS = 3;
/** One step, all its requests together; the plan activity has two minutes. */
const STEP_MS = 100_000;
/** The agent's own words to the reviewer, as long as the HTTP API takes them. */
const MOST_WORDS = 20_000;
/** As much of what was wrong as a question holds. */
const MOST_WHAT = 1_000;
/** A shorter key (`test`, `none`) is a placeholder, and may be a word of what the model says: it is not looked for. */
const SHORTEST_KEY = 12;

const settings = z.strictObject({
  kind: z.string(),
  /** Said to the model after our own words. */
  system: z.exactOptional(freeText(1, 20_000)),
  temperature: z.exactOptional(z.number().min(0).max(2)),
  /** US dollars for a thousand tokens: gives the reading `cost_usd`. */
  price: z.exactOptional(z.strictObject({ input: z.number().min(0), output: z.number().min(0) })),
});
type Settings = z.infer<typeof settings>;

const count = z.int().min(0);
const usage = z.object({
  usage: z.object({ prompt_tokens: count, completion_tokens: count, total_tokens: count }),
});
type Usage = z.infer<typeof usage>['usage'];

/** What a model planner needs of the outside world. */
export interface ModelPlannerOptions {
  readonly endpoint: ModelEndpoint;
  readonly tools: Toolbox;
  /** The tools that the policy in force lists for an agent; undefined when it does not know the agent. */
  toolsOf(tenant: TenantId, agent: string): Promise<ReadonlySet<string> | undefined>;
  /** For one step; for tests. */
  readonly timeoutMs?: number;
}

/**
 * A planner that asks a model behind an OpenAI-compatible endpoint: `{ kind: 'model', system?, temperature?, price? }`. Whatever the model
 * says is a proposal, judged like any other. Throws `config` when the tools cannot be told apart.
 */
export function modelPlanner(options: ModelPlannerOptions): Planner {
  const { timeoutMs: ms = STEP_MS } = options;
  const { next } = unlimited(options);
  return {
    next: (step) => limited({ ms, signals: [step.signal] }, (signal) => next({ ...step, signal })),
  };
}

function unlimited({ endpoint, tools, toolsOf }: ModelPlannerOptions): Planner {
  const names = toolNames(tools);
  const { key } = endpoint;
  const scrub = scrubberOf(key === null || key.length < SHORTEST_KEY ? [] : [key]);
  return {
    async next({ tenant, agent, request, memory, signal }) {
      const { goal } = request;
      if (goal === '')
        throw new CountersignError(
          'invalid',
          'a model needs to be told what is wanted: give the task a goal',
        );
      const given = settingsOf(request.planner);
      const messages = conversation({ goal, system: given.system }, memory, names);
      const functions = offered(tools, await toolsOf(tenant, agent));
      const spent: (Usage | undefined)[] = [];
      let earlier = memory.length;
      for (let corrections = 0; ; corrections++) {
        const body = await complete(endpoint, requestOf(given, messages, functions), signal);
        spent.push(usage.safeParse(body).data?.usage);
        const answer = readAnswer(body, tools, names, scrub);
        if ('done' in answer) return answer;
        if ('proposed' in answer) {
          const words = answer.content === null ? {} : { agentText: answer.content.slice(0, MOST_WORDS) };
          const readings = readingsOf(spent, given);
          return { calls: answer.proposed.map((call) => ({ ...call, ...words, readings })) };
        }
        if (corrections === MOST_CORRECTIONS) return giveUp(answer.faulty, readingsOf(spent, given));
        messages.push(...correction(answer.faulty, earlier));
        earlier += answer.faulty.calls.length;
      }
    },
  };
}

function settingsOf(given: unknown): Settings {
  const parsed = settings.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CountersignError(
    'invalid',
    `the model's settings do not fit at ${issue?.path.join('.') || 'their top'}: ${issue?.message ?? 'wrong'}`,
  );
}

function requestOf(
  { temperature }: Settings,
  messages: readonly Message[],
  functions: readonly object[],
): Readonly<Record<string, unknown>> {
  return {
    messages,
    ...(functions.length === 0 ? {} : { tools: functions, tool_choice: 'auto' }),
    ...(temperature === undefined ? {} : { temperature }),
  };
}

/**
 * The way out when a model cannot be made to propose what a tool takes: a person is asked, and answers it. What it wrote for arguments is
 * left out, since nothing says where in it a secret stands. Throws `invalid` where not even the tool can be told: then the task fails, and
 * lies on the desk of its agent's owner.
 */
function giveUp({ what, tool }: Faulty, readings: Readings): { readonly calls: readonly Proposal[] } {
  if (tool === null)
    throw new CountersignError(
      'invalid',
      `the model proposed nothing that can be taken, asked ${MOST_CORRECTIONS + 1} times: ${what}`,
    );
  const question = `I could not write a call that can be taken (${what.slice(0, MOST_WHAT)}). What should I do?`;
  return { calls: [{ tool, args: {}, readings, question }] };
}

/**
 * What the step took; every call of a step carries the whole of it. Nothing unless each answer told it readably: a reading that is left out
 * makes a rule over it ask, one that is too low keeps it silent.
 */
function readingsOf(spent: readonly (Usage | undefined)[], { price }: Settings): Readings {
  const told = spent.filter((one) => one !== undefined);
  if (told.length < spent.length) return {};
  const sum = (part: keyof Usage) => told.reduce((total, one) => total + one[part], 0);
  const cost =
    price && (sum('prompt_tokens') * price.input + sum('completion_tokens') * price.output) / 1_000;
  return {
    tokens: sum('total_tokens'),
    ...(cost === undefined ? {} : { cost_usd: Math.round(cost * 1e6) / 1e6 }),
  };
}
