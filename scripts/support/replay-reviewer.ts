import { setTimeout as sleep } from 'node:timers/promises';
import type { InboxItem } from '../../src/contract/http.js';
import { CountersignError, type ErrorCode } from '../../src/domain/errors.js';
import type { CountersignClient } from '../../src/sdk/client.js';
import type { RecordedRun } from './recorded-runs.js';
import { expectations } from './recorded-runs.js';

/** How long a reviewer with an empty desk waits before the next look. */
const LOOK_AGAIN_MS = 300;
/** Somebody or something else was first: the next look at the desk tells. */
const OVERTAKEN: readonly ErrorCode[] = ['stale', 'already-decided', 'not-open', 'too-late', 'not-found'];

/** Knows of each question whether the call is one of the expected actions of its run, each of which counts once. */
export interface AnswerKey {
  approves(
    escalation: string,
    call: { readonly task: string; readonly tool: string; readonly args: unknown },
  ): boolean;
}

/** The answers for these runs. A question that is asked anew gets the answer it got before. */
export function answerKey(runs: readonly RecordedRun[]): AnswerKey {
  const open = new Map(runs.map((run) => [run.task, expectations(run.calls.filter((call) => call.right))]));
  const given = new Map<string, boolean>();
  return {
    approves(escalation, { task, tool, args }) {
      const answer = given.get(escalation) ?? open.get(task)?.take({ tool, args: args as never }) ?? false; // JSON, it came over HTTP
      given.set(escalation, answer);
      return answer;
    },
  };
}

/** A scripted person at a desk: looks at the inbox, reads each question, decides. Rejects when the gateway refuses unexpectedly. */
export async function review(client: CountersignClient, key: AnswerKey, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const { escalations } = await client.escalations.list({ mine: true, limit: 100 });
    for (const item of escalations) {
      if (stop.aborted) return;
      await answer(client, key, item);
    }
    if (escalations.length === 0)
      await sleep(LOOK_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

async function answer(
  client: CountersignClient,
  key: AnswerKey,
  { escalation, task }: InboxItem,
): Promise<void> {
  try {
    const { brief, digest, version, mayDo } = await client.escalations.get(escalation);
    if (!mayDo.includes('approve')) return;
    const approved = key.approves(escalation, { task, tool: brief.tool.name, args: brief.fullArguments });
    const why = approved ? 'the customer asked for exactly this' : 'not what the customer may have';
    await client.escalations.decide(escalation, {
      decision: approved ? 'approve' : 'reject',
      why,
      digest,
      version,
    });
  } catch (error) {
    if (!(error instanceof CountersignError) || !OVERTAKEN.includes(error.code)) throw error;
  }
}
