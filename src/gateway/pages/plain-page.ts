import type { MiddlewareHandler } from 'hono';
import { CountersignError, ERRORS } from '../../domain/errors.js';
import { html, type Html } from './html.js';
import { page } from './layout.js';

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
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
};

/** The same with the one script of ours. */
export const scriptedHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  c.res.headers.set(
    'content-security-policy',
    `${PAGE_HEADERS['content-security-policy']}; script-src 'self'`,
  );
};

/** A whole page of a heading and what stands under it, for whoever is not signed in. */
export function plainPage(title: string, body: Html, { scripted = false } = {}): Html {
  return page(
    { title, reader: null, kind: 'plain-body', scripted },
    html`<section class="part">
      <h1>${title}</h1>
      ${body}
    </section>`,
  );
}

/** A refusal as a page. Throws what is no refusal: that has an incident, which the gateway logs. */
export async function refusalPage(error: Error): Promise<Response> {
  if (!(error instanceof CountersignError)) throw error;
  const { status } = ERRORS[error.code];
  const refusal = plainPage('This did not work', html`<p>${error.message}</p>`);
  return new Response(refusal.toString(), {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
  });
}
