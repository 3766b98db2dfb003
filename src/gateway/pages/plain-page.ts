import type { MiddlewareHandler } from 'hono';
import { html } from 'hono/html';
import { CountersignError, ERRORS } from '../../domain/errors.js';

/** Text that is markup already. */
type Markup = ReturnType<typeof html>;

/** What every page is sent with: nothing from elsewhere, in nobody's frame, no referrer, in no cache. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Sends the headers of a page with every answer, unless the answer has its own. */
export const pageHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(PAGE_HEADERS))
    if (!c.res.headers.has(name)) c.header(name, value);
};

/** A whole page of a heading and what stands under it. */
export function plainPage(title: string, body: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - Countersign</title>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;
}

/** A refusal as a page. Throws what is no refusal: that has an incident, which the gateway logs. */
export async function refusalPage(error: Error): Promise<Response> {
  if (!(error instanceof CountersignError)) throw error;
  const { status } = ERRORS[error.code];
  const page = await plainPage('This did not work', html`<p>${error.message}</p>`);
  return new Response(page.toString(), {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
  });
}
