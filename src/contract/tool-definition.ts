import type { z } from 'zod';
import type { AlwaysAsk, Impact, Json, Tier } from '../domain/action.js';
import type { Change, Evidence } from '../domain/brief.js';
import type { TaskId, TenantId } from '../domain/ids.js';

/** What a call is told besides its arguments. */
export interface RunContext {
  /** The same for every attempt at one effect. */
  readonly idempotencyKey: string;
  /** Aborted at the call's deadline. */
  readonly signal: AbortSignal;
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly operation: number;
}

/** What a tool can show beforehand; it must change nothing. */
export interface Preview {
  readonly diff?: readonly Change[];
  readonly evidence?: readonly Evidence[];
  readonly alternatives?: readonly string[];
  readonly unknowns?: readonly string[];
}

/** What an author declares; see defineTool. */
export interface ToolDefinition<Input extends z.ZodObject> {
  /** 1 to 64 letters, digits, `_`, `-`, `.`; begins with a letter. */
  readonly name: string;
  /** Change it with the meaning of a call: an approval holds for one version only. */
  readonly version: string;
  readonly tier: Tier;
  readonly input: Input;
  /** What `run` returns, as JSON. A result of another shape is kept as it is, marked, and told to the rules that judge later calls of the task. */
  readonly output?: z.ZodType;
  /** Plain words from the arguments, one line: what the reviewer reads first. Synchronous and quick; secrets arrive masked. */
  describe(args: z.output<Input>): string;
  /** What the call would change; absent = nothing countable. */
  impact?(args: z.output<Input>): Impact;
  readonly categories?: readonly AlwaysAsk[];
  preview?(args: z.output<Input>, context: { readonly signal: AbortSignal }): Preview | Promise<Preview>;
  /** The state of the world the call relies on; another value right before the call refuses it. */
  fingerprint?(args: z.output<Input>, context: { readonly signal: AbortSignal }): string | Promise<string>;
  /** Takes a call back; `result` is what `run` returned. */
  undo?(args: z.output<Input>, result: Json, context: RunContext): unknown;
  /** Declares that the tool honours the key for so long (`24h`): only then is a call that may have happened made again. */
  readonly idempotency?: { readonly keyLifetime: string };
  /** How long one call may take, claim and drift check included, as `30s`; default 60 s, at most 10 min (`LONGEST_CALL_MS`). */
  readonly timeout?: string;
  /** Makes the call. Throw ToolFailure for what certainly did not happen; anything else thrown counts as unknown. */
  run(args: z.output<Input>, context: RunContext): unknown;
}
