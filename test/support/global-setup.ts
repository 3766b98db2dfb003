import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { openTestServers } from './test-servers.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where tests ask for the servers of this run; see stack.ts. */
    countersignServers: string;
  }
}

/**
 * One Postgres, one Temporal dev server and one build for the whole run, each made when the first test asks: tests
 * of pure code start nothing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = openTestServers();
  const desk = createServer((request, response) => {
    const give = servers.give[request.url?.slice(1) ?? ''];
    const answer = give === undefined ? Promise.reject(new Error(`nothing at ${request.url}`)) : give();
    answer.then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  const { port } = desk.address() as AddressInfo;
  project.provide('countersignServers', `http://127.0.0.1:${port}`);
  return async () => {
    desk.closeAllConnections();
    desk.close();
    await servers.close();
  };
}
