import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package: scripts run from `dist/scripts`, and from `scripts` in tests. */
export const packageRoot = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(dir: string): string {
  return existsSync(join(dir, 'package.json')) ? dir : rootAbove(dirname(dir));
}

/** A built file of this package, such as `src/cli/main.js`. */
export function built(path: string): string {
  return join(packageRoot, 'dist', path);
}
