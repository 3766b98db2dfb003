import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { HookTarget } from '../../src/contract/hooks-file.js';
import { parseWebhookSecret } from '../../src/contract/standard-webhook.js';
import { TENANT } from './gate.js';

/** A secret of these tests: another one for each number. */
export function aSecret(n = 1): string {
  return `whsec_${Buffer.alloc(32, n).toString('base64')}`;
}

/** One message as it came, verified by the official library. */
export interface Received {
  readonly id: string;
  readonly signatures: number;
  readonly contentType: string | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into events of many shapes
  readonly event: any;
}

/** How a message is answered. */
export type Reply = (response: ServerResponse) => void;

/** A program that is told by web hook, on loopback, and answers as a test has it answer. */
export interface TargetServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Connections that are open now. */
  open(): number;
  /** What it answers next, one reply a message; the last one for ever. */
  answer(...replies: Reply[]): void;
  close(): Promise<void>;
}

/** Answers with this status. */
export const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  (response) =>
    response.writeHead(code, headers).end();

/** Starts one that takes everything. */
export async function startTarget(secret = aSecret()): Promise<TargetServer> {
  const received: Received[] = [];
  let replies: Reply[] = [status(204)];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(verified(request, Buffer.concat(chunks), secret));
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      reply?.(response);
    });
  });
  const sockets = new Set<unknown>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    open: () => sockets.size,
    answer: (...wanted) => void (replies = wanted),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function verified(request: IncomingMessage, body: Buffer, secret: string): Received {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  return {
    id: headers['webhook-id'] ?? '',
    signatures: (headers['webhook-signature'] ?? '').split(' ').length,
    contentType: headers['content-type'],
    event: new Webhook(secret).verify(body, headers),
  };
}

/** A target at a server on loopback that is told of everything, unless said otherwise. */
export function aTarget(url: string, rest: Partial<HookTarget> = {}): HookTarget {
  return {
    id: 'crm',
    tenant: TENANT,
    url,
    events: [
      'asked',
      'reminded',
      'decided',
      'timed-out',
      'executed',
      'failed',
      'unknown',
      'undone',
      'halted',
      'lifted',
      'closed',
    ],
    allow_private: ['127.0.0.1'],
    secrets: [parseWebhookSecret(aSecret())],
    ...rest,
  };
}
