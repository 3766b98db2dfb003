import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { script, testFolder } from './folder.js';

/** A folder of this test as after `npm install countersign zod tsx`, with files of its own. Its commands run what is built in `dist`. */
export function npmFolder(files: Readonly<Record<string, string>>): string {
  const dir = testFolder();
  mkdirSync(join(dir, 'node_modules/.bin'), { recursive: true });
  symlinkSync(resolve('.'), join(dir, 'node_modules/countersign'));
  for (const name of ['zod', 'tsx', '@types'])
    symlinkSync(resolve('node_modules', name), join(dir, 'node_modules', name));
  // npm would link the bins and make them executable; the build does not
  script(join(dir, 'node_modules/.bin'), 'countersign', `exec node ${resolve('dist/src/cli/main.js')} "$@"`);
  script(join(dir, 'node_modules/.bin'), 'tsx', `exec node ${resolve('node_modules/tsx/dist/cli.mjs')} "$@"`);
  writeFileSync(join(dir, 'package.json'), '{ "private": true, "type": "module" }');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}
