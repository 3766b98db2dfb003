import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call that Slack took in. */
export interface SlackCall {
  readonly method: string;
  readonly token: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into messages of many shapes
  readonly body: any;
}

/** How a call is answered; a text body is sent as it is. */
export interface SlackAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** A server that plays Slack: takes, refuses, lies, or keeps the caller waiting. */
export interface SlackServer {
  readonly url: string;
  readonly calls: SlackCall[];
  /** What the next calls are answered with, one each; then each is taken. */
  readonly answers: SlackAnswer[];
  /** From now on nothing is answered until what it returns is called. */
  hold(): () => void;
  close(): Promise<void>;
}

export async function slackServer(): Promise<SlackServer> {
  const calls: SlackCall[] = [];
  const answers: SlackAnswer[] = [];
  let held = Promise.resolve();
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer); // without an encoding it gives buffers
      const call = callOf(request, Buffer.concat(chunks).toString('utf8'));
      calls.push(call);
      await held;
      reply(response, answers.shift() ?? { body: { ok: true, channel: call.body.channel, ts: tsOf(calls) } });
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a TCP port
  return {
    url: `http://127.0.0.1:${port}/api`,
    calls,
    answers,
    hold() {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => release();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const tsOf = (calls: readonly SlackCall[]) => `1531420618.${String(calls.length).padStart(6, '0')}`;

function callOf({ url = '', headers }: IncomingMessage, body: string): SlackCall {
  return {
    method: url.slice('/api/'.length),
    token: headers.authorization?.replace(/^Bearer /, '') ?? '',
    body: JSON.parse(body),
  };
}

function reply(response: ServerResponse, { status = 200, headers = {}, body = {} }: SlackAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
