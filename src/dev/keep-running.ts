import type { ManagedServer } from './managed-server.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** Starts a server again whenever it ends by itself, on its data and port, after growing pauses; until `release`. Tells of each end and of each start that failed. */
export function keepRunning(
  server: Pick<ManagedServer, 'start' | 'crashed'>,
  { name, log }: { readonly name: string; readonly log: (line: string) => void },
): { release(): void } {
  let released = false;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | undefined;
  let upSince = performance.now();
  const again = async (): Promise<void> => {
    try {
      await server.start();
      upSince = performance.now();
    } catch (error) {
      if (released) return;
      log(`${error instanceof Error ? error.message : String(error)}\n${name} is started again.`);
      later();
    }
  };
  const later = (): void => {
    timer = setTimeout(() => void again(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  };
  server.crashed((how) => {
    if (released) return;
    if (performance.now() - upSince > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
    log(`${name} ended (${how}) and is started again.`);
    later();
  });
  return {
    release() {
      released = true;
      clearTimeout(timer);
    },
  };
}
