import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { defineTool, type Tool } from '../../src/contract/tool.js';
import type { RunContext } from '../../src/contract/tool-definition.js';

/** What the outside world saw: each call that came in, each that changed something, and each change that was taken back. */
export interface Entry {
  readonly kind: 'call' | 'effect' | 'undone';
  readonly tool: string;
  readonly key: string;
  readonly task: string;
  readonly operation: number;
  /** The process that called. */
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Where a call can be stopped: before it changed anything, and after. */
export type CallPoint = 'call-entered' | 'call-effected';

/** Passed by every call; a test may hold it there. */
export type OnCall = (point: CallPoint, where: { task: string; operation: number }) => Promise<void>;

/** How long one call may take: enough for a test to kill it, and over when the server finds out that its worker is lost. */
const CALL_MS = 4_000;

/**
 * Tools over a world that is a file: append-only, one line each, so that it outlives every process. `pay` and `refund` are of tier 4 and
 * do the same, but only `refund` honours keys; `hasty` is asked along a ladder of seconds; `look` is of tier 1 and runs without asking;
 * `draft` (with keys) and `jot` (without) run softly and can be undone.
 */
export function worldTools(
  book: string,
  onCall: OnCall = () => Promise.resolve(),
  callMs = CALL_MS,
): readonly Tool[] {
  const run = (tool: string, honoursKeys: boolean) => async (_: unknown, context: RunContext) => {
    const { idempotencyKey: key, task, operation } = context;
    const write = (kind: Entry['kind']) =>
      appendFileSync(
        book,
        `${JSON.stringify({ kind, tool, key, task, operation, pid: process.pid, at: Date.now() } satisfies Entry)}\n`,
      );
    write('call');
    await onCall('call-entered', { task, operation });
    if (!honoursKeys || !readBook(book).some((entry) => entry.kind === 'effect' && entry.key === key))
      write('effect');
    await onCall('call-effected', { task, operation });
    return { ok: true };
  };
  const undo =
    (tool: string, honoursKeys: boolean) => async (_: unknown, __: unknown, context: RunContext) => {
      const { idempotencyKey: key, task, operation } = context;
      if (honoursKeys && readBook(book).some((entry) => entry.kind === 'undone' && entry.key === key)) return;
      const entry: Entry = { kind: 'undone', tool, key, task, operation, pid: process.pid, at: Date.now() };
      appendFileSync(book, `${JSON.stringify(entry)}\n`);
    };
  const input = z.strictObject({ n: z.int() });
  const common = { version: '1', input, timeout: `${callMs}ms` };
  const describe = ({ n }: { n: number }) => `Pay number ${n}`;
  const idempotency = { keyLifetime: '24h' };
  return [
    defineTool({ ...common, name: 'pay', tier: 4, describe, run: run('pay', false) }),
    defineTool({ ...common, name: 'refund', tier: 4, describe, idempotency, run: run('refund', true) }),
    defineTool({ ...common, name: 'hasty', tier: 4, describe, run: run('hasty', false) }),
    defineTool({
      ...common,
      name: 'jot',
      tier: 2,
      describe,
      run: run('jot', false),
      undo: undo('jot', false),
    }),
    defineTool({
      ...common,
      name: 'draft',
      tier: 2,
      describe,
      idempotency,
      run: run('draft', true),
      undo: undo('draft', true),
    }),
    defineTool({ ...common, name: 'look', tier: 1, describe, run: run('look', false) }),
  ];
}

/** Everything that happened so far. A line that a killed process left unfinished would be a defect of the test: it throws. */
export function readBook(book: string): readonly Entry[] {
  if (!existsSync(book)) return [];
  const lines = readFileSync(book, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Entry); // written by worldTools above
}

/** The policy of these tests: all but `look` asks a supervisor, and a director after that. */
export const WORLD_POLICY = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [pay, refund, hasty, look, draft, jot] }
roles:
  supervisor: { members: [amira, joon], backup: director }
  director: { members: [ruth, tomas] }
ladders:
  seconds: { ttl: 3s, then: backup, fallback: deny }
tools:
  hasty: { ladder: seconds }
  draft: { level: soft, window: 5m }
  jot: { level: soft, window: 5m }
defaults: { route: supervisor, ladder: ordinary }
`;
