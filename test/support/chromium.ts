import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where Chromium is: COUNTERSIGN_CHROMIUM, else on PATH; undefined = this machine has none. */
export function findChromium(): string | undefined {
  const named = process.env['COUNTERSIGN_CHROMIUM'];
  if (named !== undefined) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Why tests that need a browser cannot run here. */
export const NO_CHROMIUM = 'no Chromium: install one, or name it in COUNTERSIGN_CHROMIUM';

/** A real Chromium without a window. Its sandbox cannot run as root. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(NO_CHROMIUM);
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}
