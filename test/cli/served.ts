import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { openGate, type Gate } from '../gateway/fixture.js';
import { run, type Ran, type Typing } from './terminal.js';

/** A gateway on a socket, and people who type command lines at it. */
export interface Served {
  readonly gate: Gate;
  readonly url: string;
  readonly tokens: Readonly<Record<string, string>>;
  /** Runs a line with the token of a person; a name that has none is taken for a token itself. */
  as(subject: string, line: readonly string[], rest?: Typing): Promise<Ran>;
  close(): Promise<void>;
}

/** Serves a gate with tokens for these people; `over` as of `openGate`. No dev stack is found. */
export async function serveGate(
  people: readonly string[],
  over: Parameters<typeof openGate>[0] = {},
): Promise<Served> {
  const gate = await openGate(over);
  const tokens: Record<string, string> = {};
  for (const subject of people) tokens[subject] = await gate.token(subject);
  let server: Server | undefined;
  const url = await new Promise<string>((ready) => {
    server = serve({ fetch: gate.fetch, port: 0, hostname: '127.0.0.1' }, (info: AddressInfo) =>
      ready(`http://127.0.0.1:${info.port}`),
    ) as Server; // plain HTTP
  });
  process.env['COUNTERSIGN_DATA'] = join(tmpdir(), 'countersign-no-such-folder');
  return {
    gate,
    url,
    tokens,
    async as(subject, line, rest = {}) {
      process.env['COUNTERSIGN_TOKEN'] = tokens[subject] ?? subject;
      try {
        return await run([...line, '--url', url], rest);
      } finally {
        delete process.env['COUNTERSIGN_TOKEN'];
      }
    },
    async close() {
      server?.close();
      server?.closeAllConnections();
      await gate.close();
    },
  };
}
