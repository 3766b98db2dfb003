/** Races for the folders 0..ROUNDS-1 under BASE, one every 20 ms from START on: BASE ROUNDS START. Prints its wins. */
import { join } from 'node:path';
import { lockFolder } from '../../src/dev/folder-lock.js';
import { FolderInUse } from '../../src/dev/errors.js';

const [base = '', rounds = '0', start = '0'] = process.argv.slice(2);
const wins: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  // Spinning meets the others within microseconds; a timer would not.
  while (Date.now() < Number(start) + round * 20);
  try {
    lockFolder({ dataDir: join(base, String(round)) });
    wins.push(round);
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
  }
}
process.stdout.write(`${JSON.stringify(wins)}\n`);
// The winners must live until the others have lost.
setTimeout(() => undefined, 2_000);
