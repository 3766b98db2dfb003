import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { z } from 'zod';
import { modelPlanner } from '../../src/activities/adapters/model-planner.js';
import type { PlannerMemory } from '../../src/activities/ports.js';
import { secret } from '../../src/contract/secret.js';
import { defineTool } from '../../src/contract/tool.js';
import type { CountersignError } from '../../src/domain/errors.js';
import type { TaskId } from '../../src/domain/ids.js';
import { TENANT } from '../support/gate.js';
import { startModelServer, type ModelServer } from '../support/model-server.js';

/** The key of the endpoint, to be found in one header and nowhere else. */
export const KEY = 'sk-planted-key-4720';

/** A tool that does nothing. */
export const idleTool = (name: string, input: z.ZodObject) =>
  defineTool({ name, version: '1', tier: 1, input, describe: () => name, run: () => null });

const tools = new Map(
  [
    idleTool('pay', z.strictObject({ cents: z.int(), to: z.string() }).describe('Pay somebody, in cents')),
    idleTool('mail.send', z.strictObject({ key: secret() })),
    idleTool('look', z.strictObject({})),
  ].map((one) => [one.name, one]),
);
/** Arguments that `pay` takes. */
export const PAY = { cents: 100, to: 'bob' };

/** What a step is asked with; a goal and no past unless told otherwise. */
export interface Asked {
  readonly memory?: readonly PlannerMemory[];
  readonly input?: object;
  readonly goal?: string;
  readonly url?: string;
  readonly key?: string;
  /** The agent's tools by the policy; absent = it does not know the agent. */
  readonly listed?: readonly string[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export let server: ModelServer;

/** Starts the endpoint for the tests of a file. */
export function useModelServer(): void {
  beforeAll(async () => {
    server = await startModelServer();
  });
  afterEach(() => void (server.requests as unknown[]).splice(0));
  afterAll(() => server.close());
}

/** One step of the model planner. */
export function ask({ memory = [], input = {}, goal = 'Pay Bob', url = server.url, ...rest }: Asked = {}) {
  const planner = modelPlanner({
    endpoint: { url, model: 'tiny', key: rest.key ?? KEY },
    tools,
    toolsOf: async () => rest.listed && new Set(rest.listed),
    ...(rest.timeoutMs === undefined ? {} : { timeoutMs: rest.timeoutMs }),
  });
  return planner.next({
    tenant: TENANT,
    task: 't' as TaskId, // a valid name
    agent: 'bot',
    request: { goal, situation: '', readings: {}, planner: { ...input, kind: 'model' } },
    step: 1,
    memory,
    signal: rest.signal ?? new AbortController().signal,
  });
}

/** What it throws, which never holds the key nor anything planted. */
export async function fault(asked: Asked = {}): Promise<CountersignError> {
  const error = await ask(asked).then(
    () => undefined,
    (thrown: CountersignError) => thrown,
  );
  if (error === undefined) throw new Error('it was answered');
  const told = `${error.message} ${error.stack} ${JSON.stringify(error.extra)} ${String(error.cause)}`;
  expect(told).not.toContain(KEY);
  expect(told).not.toContain('planted');
  return error;
}
