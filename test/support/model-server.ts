import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came. */
export interface ModelRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly messages: readonly {
      readonly role: string;
      readonly content: string | null;
      readonly tool_call_id?: string;
      readonly tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
    }[];
    readonly tools?: readonly { function: { name: string; description?: string; parameters: object } }[];
    readonly [rest: string]: unknown;
  };
}

/** How one request is answered. */
export type Reply = (response: ServerResponse, request: ModelRequest) => void;

/** A server that speaks the OpenAI protocol on loopback and says what a test has it say. */
export interface ModelServer {
  /** The base URL, without `/chat/completions`. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** What it says next, one reply a request; the last one for ever. */
  say(...replies: Reply[]): void;
  close(): Promise<void>;
}

/** Starts one; without anything to say it says that it is done. */
export async function startModelServer(): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  let queue: Reply[] = [done()];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as ModelRequest['body'];
      const request = { path: incoming.url ?? '', headers: incoming.headers, body };
      requests.push(request);
      const reply = queue.length > 1 ? queue.shift() : queue[0];
      reply?.(response, request);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    say: (...replies) => void (queue = replies),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Any body with any status. */
export function raw(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}

/** A completion with this message and end. */
export function completion(message: object, finish: string | null, usage: object | null = USAGE): Reply {
  const choices = [{ index: 0, finish_reason: finish, message: { role: 'assistant', ...message } }];
  return raw(200, JSON.stringify({ id: 'x', object: 'chat.completion', choices, ...(usage && { usage }) }));
}

/** What an answer took unless a test says otherwise. */
export const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

/** Tool calls; arguments that are text are sent as they are. */
export function calls(...wanted: readonly (readonly [name: string, args: object | string])[]): Reply {
  return completion({ content: 'so be it', tool_calls: wanted.map(toolCall) }, 'tool_calls');
}

/** One tool call of an answer, as the protocol writes it. */
export function toolCall([name, args]: readonly [string, object | string], index = 0): object {
  const text = typeof args === 'string' ? args : JSON.stringify(args);
  return { id: `theirs-${index}`, type: 'function', function: { name, arguments: text } };
}

/** No further call. */
export function done(): Reply {
  return completion({ content: 'all is done' }, 'stop');
}
