import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Hono } from 'hono';

/** A file that browsers keep for good: its name changes with its content. */
interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

function asset(file: string, extension: string, type: string): Asset {
  const text = readFileSync(new URL(`assets/${file}`, import.meta.url), 'utf8');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { path: `/assets/${hash}.${extension}`, type, text };
}

/** The style sheet and the script of the pages, read once. */
export const ASSETS = {
  css: asset('pages.css', 'css', 'text/css; charset=utf-8'),
  js: asset('pages.js', 'js', 'text/javascript; charset=utf-8'),
} as const;

/** Serves them to everybody: there is nothing in them about anybody. */
export function assetRoutes(): Hono {
  const app = new Hono();
  for (const { path, type, text } of Object.values(ASSETS)) {
    app.get(
      path,
      () =>
        new Response(text, {
          headers: {
            'content-type': type,
            'cache-control': 'public, max-age=31536000, immutable',
            'x-content-type-options': 'nosniff',
            'cross-origin-resource-policy': 'same-origin',
          },
        }),
    );
  }
  return app;
}
