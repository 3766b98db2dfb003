import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { openBrowser } from '../support/chromium.js';
import { openGate, type Gate } from '../gateway/fixture.js';

/** A gateway that listens, and a browser in front of it. */
export interface House {
  readonly gate: Gate;
  readonly url: string;
  readonly browser: Browser;
  /** A browser of somebody who signed in by a link; each call is another browser. */
  visit(
    subject: string,
    options?: BrowserContextOptions,
  ): Promise<{ readonly context: BrowserContext; readonly page: Page }>;
  /** The path of a link that signs somebody in, once. */
  link(subject: string): Promise<string>;
  /** Cuts every connection that is open, answered or not. */
  cut(): void;
  close(): Promise<void>;
}

/** Opens both. */
export async function openHouse(): Promise<House> {
  const gate = await openGate();
  const server = await new Promise<Server>((resolve) => {
    const made = serve({ fetch: gate.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(made as Server)); // HTTP/1 unless told otherwise
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const url = `http://127.0.0.1:${port}`;
  const browser = await openBrowser();
  const admin = await gate.token('ops', { kind: 'service', scopes: ['tokens'] });
  const link = async (subject: string) => {
    const { json } = await gate.request('POST', '/v1/sign-in-links', admin, { subject });
    return new URL(json.url as string).pathname; // the API's own answer
  };
  return {
    gate,
    url,
    browser,
    link,
    async visit(subject, options = {}) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      await page.goto(`${url}${await link(subject)}`);
      await page.getByRole('button', { name: `Sign in as ${subject}` }).click();
      await page.waitForURL(`${url}/inbox`);
      return { context, page };
    },
    cut: () => server.closeAllConnections(),
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
      await gate.close();
    },
  };
}
