import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A listener on this machine alone, to which a browser brings a code. */
export interface Loopback {
  readonly port: number;
  /** The code that came with the right state; undefined when none came in time. */
  code(): Promise<string | undefined>;
  close(): void;
}

const HERE = 'http://127.0.0.1';
const PAGE = '<!doctype html><title>Countersign</title><p>Done: go back to your terminal.</p>';

/** The code in an address that was asked for; undefined unless it is the right one, with the right state. */
function codeIn(asked: string, state: string): string | undefined {
  if (!URL.canParse(asked, HERE)) return undefined; // `//`, say: anybody on this machine may ask for it
  const { pathname, searchParams } = new URL(asked, HERE);
  const fits = pathname === '/callback' && searchParams.get('state') === state;
  return (fits && searchParams.get('code')) || undefined;
}

/** Listens on a free port of 127.0.0.1 (RFC 8252, section 7.3) for one answer that carries `state`; others are told nothing. */
export function listenForCode(state: string, withinMs: number): Promise<Loopback> {
  let bring: (code: string | undefined) => void;
  const code = new Promise<string | undefined>((resolve) => (bring = resolve));
  const server = createServer((request, response) => {
    const brought = codeIn(request.url ?? '/', state);
    const fits = brought !== undefined;
    response.writeHead(fits ? 200 : 404, { 'content-type': 'text/html; charset=utf-8', connection: 'close' });
    response.end(fits ? PAGE : '');
    if (fits) bring(brought);
  });
  const late = setTimeout(() => bring(undefined), withinMs);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // it listens on TCP
      resolve({
        port,
        code: () => code,
        close() {
          clearTimeout(late);
          server.close();
        },
      });
    });
  });
}
