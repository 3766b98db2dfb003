import { join } from 'node:path';
import { endOrphan } from './managed-server.js';

/** Where a supervisor records its worker or gateway. */
export function childPidFile(dataDir: string, name: 'worker' | 'gateway'): string {
  return join(dataDir, `${name}.pid.json`);
}

/** Ends what a killed owner of the folder left running: first those who use the servers, then the servers. */
export async function endOrphans(dataDir: string, timeoutMs: number): Promise<void> {
  const orphan = (pidFile: string, signal: NodeJS.Signals) => endOrphan({ pidFile, signal, timeoutMs });
  await Promise.all([
    orphan(childPidFile(dataDir, 'gateway'), 'SIGTERM'),
    orphan(childPidFile(dataDir, 'worker'), 'SIGTERM'),
  ]);
  await orphan(join(dataDir, 'temporal', 'temporal.pid.json'), 'SIGTERM');
  await orphan(join(dataDir, 'postgres.pid.json'), 'SIGINT');
}
