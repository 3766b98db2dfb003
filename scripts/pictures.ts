/** Makes a picture of every page, light and dark, wide and phone: `node dist/scripts/pictures.js FOLDER [--screen] [NAME ...]`; `--screen`: of what fits the window. */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ASSETS } from '../src/gateway/pages/assets.js';
import { openBrowser } from '../test/support/chromium.js';
import { gallery } from '../test/support/page-gallery.js';

const SIZES = { wide: { width: 1240, height: 800 }, phone: { width: 390, height: 844 } } as const;

const [folder, ...rest] = process.argv.slice(2);
const fullPage = !rest.includes('--screen');
const names = rest.filter((name) => name !== '--screen');
if (folder === undefined) throw new Error('Name the folder for the pictures.');
mkdirSync(folder, { recursive: true });

const pages = gallery();
const files = Object.values(ASSETS);
const server = createServer((request, response) => {
  const file = files.find(({ path }) => path === request.url);
  const page = pages[decodeURIComponent(request.url ?? '').slice(1)];
  response.setHeader('content-type', file?.type ?? 'text/html; charset=utf-8');
  response.end(file?.text ?? page?.toString() ?? '');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo; // it listens on TCP
const browser = await openBrowser();
try {
  for (const scheme of ['light', 'dark'] as const) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const context = await browser.newContext({ viewport, colorScheme: scheme });
      const tab = await context.newPage();
      for (const name of Object.keys(pages)) {
        if (names.length > 0 && !names.includes(name)) continue;
        await tab.goto(`http://127.0.0.1:${port}/${name}`);
        const path = join(folder, `${name}-${scheme}-${size}.png`);
        await tab.screenshot({ path, fullPage });
        process.stdout.write(`${path}\n`);
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  server.close();
}
