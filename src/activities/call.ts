import type { Json } from '../domain/action.js';
import { openSecret } from '../contract/seal.js';
import { restoreSecrets, scrubJson, scrubberOf, secretReferences } from '../contract/secret.js';
import { failureTexts } from '../contract/tool-answers.js';
import { ToolFailure, type Tool } from '../contract/tool.js';
import type { RunContext } from '../contract/tool-definition.js';
import type { CallEnd, CallRef } from '../store/ledger.js';
import { readSecrets } from '../store/secrets.js';
import type { Claimed } from './claim.js';
import type { ActivityDeps } from './ports.js';

/** Arguments with their secrets in place: from here on these are in this process's memory only. */
export interface ReadyArguments {
  readonly args: Json;
  /** Masks the same secrets in what the tool answers. */
  readonly scrub: (text: string) => string;
}

/** The arguments as they run, or why they cannot. */
export async function readArguments(
  deps: ActivityDeps,
  { call, tool }: Pick<Claimed, 'call' | 'tool'>,
): Promise<ReadyArguments | { problem: CallEnd }> {
  const { tenant } = call;
  const sealed = await readSecrets(deps.database, tenant, secretReferences(call.args));
  const values: string[] = [];
  try {
    const open = (reference: string) => {
      const value = openSecret(deps.secrets, { tenant, reference }, sealed.get(reference) ?? '');
      values.push(value);
      return value;
    };
    const parsed = tool.parseArgs(restoreSecrets(call.args, open));
    if ('args' in parsed) return { ...parsed, scrub: scrubberOf(values) };
  } catch {
    return {
      problem: {
        status: 'failed',
        code: 'secret-unreadable',
        message: 'a secret argument cannot be decrypted: check the secrets key file',
      },
    };
  }
  return {
    problem: {
      status: 'failed',
      code: 'invalid-arguments',
      message: `the arguments do not fit ${tool.name} ${tool.version}`,
    },
  };
}

/** One call of a claimed tool, or the taking back of one. */
export interface Call {
  readonly tool: Tool;
  readonly where: CallRef;
  readonly key: string;
  readonly ready: ReadyArguments;
  readonly remainingMs: number;
  readonly make: (args: Json, context: RunContext) => Promise<Json>;
  /** Where a result is not what was declared; null = it fits. */
  readonly check: (result: Json) => string | null;
  /** Told what a call became that outlived its deadline. */
  readonly late: (end: CallEnd) => Promise<void>;
}

/** Calls the tool, until its deadline at the latest. What it does later is reported as late. */
export async function callTool({
  tool,
  where,
  key,
  ready,
  remainingMs,
  make,
  check,
  late,
}: Call): Promise<CallEnd> {
  const { tenant, task, operation } = where;
  const controller = new AbortController();
  const context = { idempotencyKey: key, signal: controller.signal, tenant, task, operation };
  const running = make(ready.args, context).then(
    (result): CallEnd => ({
      status: 'done',
      result: scrubJson(result, ready.scrub),
      ...(check(result) === null ? {} : { unexpectedShape: true }),
    }),
    (error: unknown) => endOf(error, tool, ready.scrub),
  );
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), remainingMs);
  });
  const first = await Promise.race([running, deadline]);
  clearTimeout(timer);
  if (first !== 'late') return first;
  controller.abort(new Error(`${tool.name} took longer than ${tool.timeoutMs} ms`));
  void running.then(late).catch(() => undefined); // whoever records it logs its own failures
  return { status: 'unknown' };
}

/**
 * A definite failure did not happen, and says so in its author's words; reading again harms nobody; anything else may have happened. What
 * else was thrown is a library's text and may quote credentials: it is kept nowhere.
 */
function endOf(error: unknown, tool: Tool, scrub: ReadyArguments['scrub']): CallEnd {
  if (error instanceof ToolFailure) return { status: 'failed', ...failureTexts(error, scrub) };
  return tool.tier === 1
    ? { status: 'failed', code: 'read-failed', message: READ_FAILED }
    : { status: 'unknown' };
}

const READ_FAILED = 'the tool threw something else than a ToolFailure, which would say more';
