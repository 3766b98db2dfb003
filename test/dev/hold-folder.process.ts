/** Owns the folder named as argument until killed; prints what came of it. Run as a process of its own by tests. */
import { lockFolder } from '../../src/dev/folder-lock.js';

try {
  lockFolder({ dataDir: process.argv[2] ?? '' });
  process.stdout.write('held\n');
  setInterval(() => undefined, 1_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.name : String(error)}\n`);
}
